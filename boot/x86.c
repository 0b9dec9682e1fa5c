/* SPDX-License-Identifier: BSD-2-Clause */
/* Tables and registers for a kernel's first instruction; see x86.h. */
#include "base/bits.h"
#include "base/errno.h"
#include "base/string.h"
#include "boot/x86.h"

enum {			/* below 1 MiB */
	LOW_GDT = 0x500, LOW_START_INFO = 0x6000, LOW_ZERO_PAGE = 0x7000, LOW_SETUP_DATA = 0x8000, LOW_PAGES = 0x9000,
	LOW_STACK = 0x10000, LOW_PARAMS = 0x20000,
};

enum {			/* boot parameters (Documentation/arch/x86/zero-page.rst) */
	ZP_RSDP = 0x70, ZP_EXT_INITRD = 0xc0, ZP_EXT_INITRD_SIZE = 0xc4, ZP_EXT_CMDLINE = 0xc8, ZP_MAP_COUNT = 0x1e8,
	ZP_MAP = 0x2d0, ZP_SIZE = 0x1000,
};
#define VID_MODE_NORMAL	0xffffu
#define LOADER_OTHER	0xffu
#define LOADED_HIGH	1u
#define DATA_RNG_SEED	9u
#define SEED_SIZE	32u
#define MAP_ENTRY	20u

#define PVH_MAGIC	0x336ec578u
enum {			/* hvm_start_info, version 1, and what it points to */
	SI_MAGIC = 0, SI_VERSION = 4, SI_FLAGS = 8, SI_MODULES = 12, SI_MODULE_LIST = 16, SI_CMDLINE = 24, SI_RSDP = 32,
	SI_MAP = 40, SI_MAP_COUNT = 48, SI_SIZE = 56, SI_MODULE_AT = 64, SI_MAP_AT = 96, SI_MAP_ENTRY = 24,
	SI_TOTAL = SI_MAP_AT + BOOT_X86_MAX_MAP * SI_MAP_ENTRY,
};

#define SEL_CODE	0x10u
#define SEL_DATA	0x18u
#define SEL_TSS		0x20u
#define GDT_ENTRIES	6u		/* a TSS takes two in 64-bit mode */
#define PAGES_4G	6u		/* PML4, PDPT, four page directories */

static int write_params(struct mem *m, const struct boot_x86 *b)
{
	const char *params = b->params ? b->params : "";
	size_t len = strlen(params) + 1, max = BOOT_X86_LOW_END - LOW_PARAMS;

	if (b->image->params_max)
		max = MIN(max, (size_t)b->image->params_max + 1);
	return len > max ? -E2BIG : mem_write(m, LOW_PARAMS, params, len);
}

/* ---- Linux ---- */

static void zero_page_header(const struct boot_x86 *b, uint8_t *zp)
{
	const struct boot_image *img = b->image;
	size_t end;

	if (img->format == BOOT_BZIMAGE) {		/* the jump's operand tells how long the header is */
		end = MIN(SETUP_MAGIC + (size_t)img->data[SETUP_JUMP + 1], (size_t)SETUP_HEADER_MAX);
		if (end > SETUP_SECTS)
			memcpy(zp + SETUP_SECTS, img->data + SETUP_SECTS, end - SETUP_SECTS);
	} else {
		put_le16(zp + SETUP_BOOT_FLAG, 0xaa55);
		memcpy(zp + SETUP_MAGIC, "HdrS", 4);	/* a field, not a string: NOLINT(bugprone-not-null-terminated-result) */
		put_le16(zp + SETUP_VERSION, 0x20c);
		put_le32(zp + SETUP_ALIGNMENT, 2 * MIB);
	}
	put_le16(zp + SETUP_VID_MODE, VID_MODE_NORMAL);
	zp[SETUP_LOADER] = LOADER_OTHER;
	zp[SETUP_LOADFLAGS] |= LOADED_HIGH;
	put_le32(zp + SETUP_CODE32, (uint32_t)b->place->kernel);
	put_le32(zp + SETUP_CMDLINE, LOW_PARAMS);
	if (b->initrd_size) {
		put_le32(zp + SETUP_INITRD, (uint32_t)b->place->initrd);
		put_le32(zp + SETUP_INITRD_SIZE, (uint32_t)b->initrd_size);
		put_le32(zp + ZP_EXT_INITRD, (uint32_t)(b->place->initrd >> 32));
		put_le32(zp + ZP_EXT_INITRD_SIZE, (uint32_t)(b->initrd_size >> 32));
	}
}

static int write_seed(struct mem *m, const struct boot_x86 *b, uint8_t *zp)
{
	uint8_t data[16 + SEED_SIZE] = { 0 };

	if (!b->seed)
		return 0;
	put_le32(data + 8, DATA_RNG_SEED);
	put_le32(data + 12, SEED_SIZE);
	memcpy(data + 16, b->seed, SEED_SIZE);
	put_le64(zp + SETUP_DATA, LOW_SETUP_DATA);
	return mem_write(m, LOW_SETUP_DATA, data, sizeof(data));
}

static int write_zero_page(struct mem *m, const struct boot_x86 *b)
{
	uint8_t zp[ZP_SIZE] = { 0 };
	int err;

	zero_page_header(b, zp);
	put_le64(zp + ZP_RSDP, b->rsdp);
	zp[ZP_MAP_COUNT] = (uint8_t)b->map_count;
	for (uint32_t i = 0; i < b->map_count; i++) {
		put_le64(zp + ZP_MAP + i * MAP_ENTRY, b->map[i].base);
		put_le64(zp + ZP_MAP + i * MAP_ENTRY + 8, b->map[i].size);
		put_le32(zp + ZP_MAP + i * MAP_ENTRY + 16, b->map[i].type);
	}
	err = write_seed(m, b, zp);
	return err ? err : mem_write(m, LOW_ZERO_PAGE, zp, sizeof(zp));
}

static int write_page_tables(struct mem *m)
{
	uint8_t page[4096];
	int err;

	memset(page, 0, sizeof(page));
	put_le64(page, (LOW_PAGES + 4096) | X86_PTE_P | X86_PTE_W);
	err = mem_write(m, LOW_PAGES, page, sizeof(page));
	for (uint32_t i = 0; i < 4; i++)
		put_le64(page + 8 * i, (LOW_PAGES + 4096 * (2 + i)) | X86_PTE_P | X86_PTE_W);
	if (!err)
		err = mem_write(m, LOW_PAGES + 4096, page, sizeof(page));
	for (uint64_t n = 0; n < 4 && !err; n++) {
		for (uint64_t i = 0; i < 512; i++)
			put_le64(page + 8 * i, (n * 512 + i) * 2 * MIB | X86_PTE_P | X86_PTE_W | X86_PTE_PS);
		err = mem_write(m, LOW_PAGES + 4096 * (2 + n), page, sizeof(page));
	}
	return err;
}

/* ---- PVH ---- */

static int write_start_info(struct mem *m, const struct boot_x86 *b)
{
	uint8_t si[SI_TOTAL] = { 0 };

	put_le32(si + SI_MAGIC, PVH_MAGIC);
	put_le32(si + SI_VERSION, 1);
	if (b->initrd_size) {
		put_le32(si + SI_MODULES, 1);
		put_le64(si + SI_MODULE_LIST, LOW_START_INFO + SI_MODULE_AT);
		put_le64(si + SI_MODULE_AT, b->place->initrd);
		put_le64(si + SI_MODULE_AT + 8, b->initrd_size);
	}
	put_le64(si + SI_CMDLINE, LOW_PARAMS);
	put_le64(si + SI_RSDP, b->rsdp);
	put_le64(si + SI_MAP, LOW_START_INFO + SI_MAP_AT);
	put_le32(si + SI_MAP_COUNT, b->map_count);
	for (uint32_t i = 0; i < b->map_count; i++) {
		uint8_t *e = si + SI_MAP_AT + i * SI_MAP_ENTRY;

		put_le64(e, b->map[i].base);
		put_le64(e + 8, b->map[i].size);
		put_le32(e + 16, b->map[i].type);
	}
	return mem_write(m, LOW_START_INFO, si, sizeof(si));
}

/* ---- registers ---- */

static int write_gdt(struct mem *m, const struct boot_x86_regs *r)
{
	uint8_t gdt[8 * GDT_ENTRIES] = { 0 };

	put_le64(gdt + r->cs.selector, x86_descriptor(&r->cs));
	put_le64(gdt + r->data.selector, x86_descriptor(&r->data));
	put_le64(gdt + r->tr.selector, x86_descriptor(&r->tr));
	return mem_write(m, LOW_GDT, gdt, sizeof(gdt));
}

int boot_x86_write(struct mem *m, const struct boot_x86 *b, struct boot_x86_regs *regs)
{
	bool pvh = b->image->format == BOOT_ELF && b->image->pvh_entry;
	int err;

	*regs = (struct boot_x86_regs){
		.rip = b->place->entry, .rflags = X86_RFLAGS_ONE, .rsp = LOW_STACK + 0x10000, .cr0 = X86_CR0_PE | X86_CR0_ET,
		.cs = { .limit = ~0u, .selector = SEL_CODE, .attributes = pvh ? X86_SEG_CODE32 : X86_SEG_CODE64 },
		.data = { .limit = ~0u, .selector = SEL_DATA, .attributes = X86_SEG_DATA32 },
		.tr = { .limit = 0x67, .selector = SEL_TSS, .attributes = X86_SEG_TSS },
		.gdtr = { .base = LOW_GDT, .limit = 8 * GDT_ENTRIES - 1 },
	};
	err = write_params(m, b);
	if (!err && pvh) {
		regs->rbx = LOW_START_INFO;
		err = write_start_info(m, b);
	} else if (!err) {
		regs->rsi = LOW_ZERO_PAGE;
		regs->cr0 |= X86_CR0_PG | X86_CR0_NE | X86_CR0_MP | X86_CR0_WP;
		regs->cr3 = LOW_PAGES;
		regs->cr4 = X86_CR4_PAE;
		regs->efer = X86_EFER_LME | X86_EFER_LMA;
		err = write_zero_page(m, b);
		if (!err)
			err = write_page_tables(m);
	}
	return err ? err : write_gdt(m, regs);
}
