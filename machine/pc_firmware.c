/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What firmware built for QEMU's Q35 is told (QEMU, docs/specs/fw_cfg.rst; the loader's commands are those of
 * SeaBIOS, src/fw/romfile_loader.h, and OVMF's reader of them): memory, processors, a console, and ACPI tables that it is to
 * place. The tables are made anew when their loader is read, because firmware has moved ECAM by then.
 */
#include "base/bits.h"
#include "base/errno.h"
#include "base/string.h"
#include "core/aml.h"
#include "dev/misc/fw_cfg.h"
#include "machine/pc.h"

#define KEY_CPUS	5
enum {
	KEY_KERNEL_SIZE = 0x08, KEY_INITRD_SIZE = 0x0b, KEY_KERNEL = 0x11, KEY_INITRD = 0x12, KEY_PARAMS_SIZE = 0x14,
	KEY_PARAMS = 0x15, KEY_SETUP_SIZE = 0x17, KEY_SETUP = 0x18,
};
#define SETUP_SECTORS	0x1f1u		/* of a bzImage: sectors of set-up code after the first one; 0 means 4 */
#define BIOS_COPY	(128 * KIB)	/* of firmware's end, below 1 MiB */
#define FILE_TABLES	"etc/acpi/tables"
#define FILE_RSDP	"etc/acpi/rsdp"
#define FILE_LOADER	"etc/table-loader"
#define COMMAND_SIZE	128u
#define FADT_FACS	36u
#define FADT_DSDT	40u
#define FADT_X_FACS	132u
#define FADT_X_DSDT	140u
#define RSDP_XSDT	24u
#define RSDP_SIZE	36u
#define RSDP_V1_SIZE	20u

enum { LOADER_ALLOCATE = 1, LOADER_POINTER = 2, LOADER_CHECKSUM = 3 };
enum { ZONE_HIGH = 1, ZONE_FSEG = 2 };

static void put_file(struct aml_writer *w, const char *name)
{
	aml_put(w, name, strlen(name));
	aml_zero(w, FW_CFG_NAME - strlen(name));
}

static void end_command(struct aml_writer *w)
{
	aml_zero(w, -w->used & (COMMAND_SIZE - 1));
}

static void allocate(struct aml_writer *w, const char *file, uint32_t align, uint8_t zone)
{
	aml_put32(w, LOADER_ALLOCATE);
	put_file(w, file);
	aml_put32(w, align);
	aml_put8(w, zone);
	end_command(w);
}

/* What is at `at` of `file` is an offset into the tables: it becomes an address. */
static void pointer(struct aml_writer *w, const char *file, uint32_t at, uint8_t size)
{
	aml_put32(w, LOADER_POINTER);
	put_file(w, file);
	put_file(w, FILE_TABLES);
	aml_put32(w, at);
	aml_put8(w, size);
	end_command(w);
}

static void checksum(struct aml_writer *w, const char *file, uint32_t at, uint32_t start, uint32_t len)
{
	aml_put32(w, LOADER_CHECKSUM);
	put_file(w, file);
	aml_put32(w, at);
	aml_put32(w, start);
	aml_put32(w, len);
	end_command(w);
}

/* A checksum byte is computed over itself, too: it has to be 0 before. */
static void table_sum(struct aml_writer *w, uint8_t *tables, uint32_t at)
{
	tables[at + 9] = 0;
	checksum(w, FILE_TABLES, at + 9, at, get_le32(tables + at + 4));
}

static void fadt_commands(struct aml_writer *w, uint8_t *tables, uint32_t at)
{
	pointer(w, FILE_TABLES, at + FADT_FACS, 4);
	pointer(w, FILE_TABLES, at + FADT_DSDT, 4);
	pointer(w, FILE_TABLES, at + FADT_X_FACS, 8);
	pointer(w, FILE_TABLES, at + FADT_X_DSDT, 8);
	table_sum(w, tables, at);
}

static int make_tables(const struct machine *m, struct pc_firmware *fw)
{
	struct aml_writer w;
	uint32_t xsdt, end;
	gpa_t rsdp;
	size_t len;
	int err = pc_acpi(m, fw->acpi, sizeof(fw->acpi), 0, &rsdp);

	if (err < 0)
		return err;
	memset(fw->acpi + err, 0, sizeof(fw->acpi) - (size_t)err);
	memset(fw->loader, 0, sizeof(fw->loader));
	memcpy(fw->rsdp, fw->acpi, RSDP_SIZE);
	memset(fw->acpi, 0, RSDP_SIZE);
	xsdt = (uint32_t)get_le64(fw->rsdp + RSDP_XSDT);
	end = xsdt + get_le32(fw->acpi + xsdt + 4);
	aml_start(&w, fw->loader, sizeof(fw->loader));
	allocate(&w, FILE_TABLES, 64, ZONE_HIGH);
	allocate(&w, FILE_RSDP, 16, ZONE_FSEG);
	for (uint32_t at = xsdt + ACPI_HEADER; at < end; at += 8) {
		uint32_t table = (uint32_t)get_le64(fw->acpi + at);

		pointer(&w, FILE_TABLES, at, 8);
		if (!memcmp(fw->acpi + table, "FACP", 4))
			fadt_commands(&w, fw->acpi, table);
	}
	table_sum(&w, fw->acpi, xsdt);
	fw->rsdp[8] = fw->rsdp[32] = 0;
	pointer(&w, FILE_RSDP, RSDP_XSDT, 8);
	checksum(&w, FILE_RSDP, 8, 0, RSDP_V1_SIZE);
	checksum(&w, FILE_RSDP, 32, 0, RSDP_SIZE);
	return aml_finish(&w, &len);
}

/* Any vCPU's thread, and several at once: readers of what is made anew have that lock. */
static void selected(void *ctx, uint16_t key)
{
	const struct machine *m = ctx;
	struct pc_board *pc = m->board;

	if (key != fw_cfg_key(pc->fw_cfg, FILE_LOADER))
		return;
	lock_acquire(&pc->fw_cfg->lock);
	make_tables(m, &pc->fw);
	lock_release(&pc->fw_cfg->lock);
}

static uint32_t put_map(struct pc_firmware *fw, const struct boot_x86 *x86)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < x86->map_count; i++) {
		const struct x86_map *e = &x86->map[i];
		uint64_t base = e->base < 1 * MIB ? 0 : e->base;	/* what is below 1 MiB is firmware's affair */

		if (e->type != X86_MAP_RAM || e->base + e->size < 1 * MIB)
			continue;
		if (base == 1 * MIB)
			base = 0;
		put_le64(fw->map + n, base);
		put_le64(fw->map + n + 8, e->base + e->size - base);
		put_le32(fw->map + n + 16, e->type);
		n += 20;
	}
	return n;
}

static int item(struct device *d, uint16_t size_key, uint8_t size_item[4], uint16_t key, const void *data, uint64_t size)
{
	int err;

	if (size > UINT32_MAX)
		return -E2BIG;
	put_le32(size_item, (uint32_t)size);
	err = fw_cfg_set(d, size_key, size_item, 4);
	return err ? err : fw_cfg_set(d, key, data, (uint32_t)size);
}

/* A kernel that firmware may load: a bzImage in its two parts, which OVMF puts together again. */
static int kernel_items(struct pc_firmware *fw, struct device *d, const struct machine_boot *b)
{
	const uint8_t *image = b->kernel;
	const char *params = b->chosen->bootargs ? b->chosen->bootargs : "";
	size_t setup;
	int err;

	if (!image || b->kernel_size <= SETUP_SECTORS)
		return image ? -EINVAL : 0;
	setup = MIN(b->kernel_size, 512u * (1u + (image[SETUP_SECTORS] ? image[SETUP_SECTORS] : 4u)));
	err = item(d, KEY_SETUP_SIZE, fw->setup_size, KEY_SETUP, image, setup);
	if (!err)
		err = item(d, KEY_KERNEL_SIZE, fw->kernel_size, KEY_KERNEL, image + setup, b->kernel_size - setup);
	if (!err)
		err = item(d, KEY_PARAMS_SIZE, fw->params_size, KEY_PARAMS, params, strlen(params) + 1);
	return err ? err : item(d, KEY_INITRD_SIZE, fw->initrd_size, KEY_INITRD, b->initrd, b->chosen->initrd_size);
}

int pc_firmware(struct machine *m, const struct machine_boot *b, const struct boot_x86 *x86)
{
	const struct boot_image *image = b->image;
	struct pc_board *pc = m->board;
	struct pc_firmware *fw = &pc->fw;
	struct device *d = pc->fw_cfg;
	struct fw_cfg *cfg = container_of(d, struct fw_cfg, mmio.dev);
	size_t copy = MIN(image->size, BIOS_COPY);
	int err = make_tables(m, fw);

	if (err)
		return err;
	put_le16(fw->cpus, (uint16_t)m->vm->vcpu_count);
	put_le64(fw->serial, 0x3f8);
	err = fw_cfg_set(d, KEY_CPUS, fw->cpus, sizeof(fw->cpus));
	if (!err)
		err = fw_cfg_file(d, "etc/e820", fw->map, put_map(fw, x86));
	if (!err)
		err = fw_cfg_file(d, "etc/sercon-port", fw->serial, sizeof(fw->serial));
	if (!err)
		err = fw_cfg_file(d, FILE_TABLES, fw->acpi, sizeof(fw->acpi));
	if (!err)
		err = fw_cfg_file(d, FILE_RSDP, fw->rsdp, sizeof(fw->rsdp));
	if (!err)
		err = fw_cfg_file(d, FILE_LOADER, fw->loader, sizeof(fw->loader));
	if (!err)
		err = kernel_items(fw, d, b);
	cfg->selected = selected;
	cfg->selected_ctx = m;
	return err ? err : mem_write(&m->vm->mem, 1 * MIB - copy, image->data + image->size - copy, copy);
}
