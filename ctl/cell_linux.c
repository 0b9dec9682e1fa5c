/* SPDX-License-Identifier: BSD-2-Clause */
/* See cell_linux.h. Where the pieces go is boot/'s decision, as for any machine. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bits.h"
#include "ctl/cell_driver.h"
#include "ctl/cell_linux.h"
#include "ctl/cell_run.h"
#include "ctl/payload.h"
#include "os/file.h"

struct linux_cell {
	const struct cell_linux_options *o;
	struct cell_file *f, *system;
	const struct cell_memory *ram;
	struct payload_file kernel, initrd, dtb;
	struct boot_image image;
	struct boot_place place;
	struct cell_linux_board board;
	uint8_t tree[CELL_DTB_MAX];
	size_t tree_size;
	uint8_t stub[CELL_STUB_SIZE];
	struct ctl_error *e;
};

/* x0 = the tree, x1 = x2 = x3 = 0, then the kernel's entry; the two addresses follow. */
static void make_stub(uint8_t stub[CELL_STUB_SIZE], uint64_t dtb, uint64_t entry)
{
	static const uint32_t code[] = {
		0x580000c0,	/* ldr x0, dtb */
		0xaa1f03e1,	/* mov x1, xzr */
		0xaa1f03e2,	/* mov x2, xzr */
		0xaa1f03e3,	/* mov x3, xzr */
		0x58000084,	/* ldr x4, entry */
		0xd61f0080,	/* br x4 */
	};

	for (size_t i = 0; i < ARRAY_SIZE(code); i++)
		put_le32(stub + 4 * i, code[i]);
	put_le64(stub + sizeof(code), dtb);
	put_le64(stub + sizeof(code) + 8, entry);
}

/* The affinity of Linux's CPU n, as its node in the device tree has it. */
static int read_mpidr(unsigned n, uint64_t *out, struct ctl_error *e)
{
	char path[96];
	uint8_t reg[8];
	FILE *f;
	size_t len;

	snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%u/of_node/reg", n);
	f = fopen(path, "re");
	if (!f)
		return ctl_fail_errno(e, -errno, "file", path);
	len = fread(reg, 1, sizeof(reg), f);
	fclose(f);
	if (len != 4 && len != 8)
		return ctl_fail(e, -EINVAL, "file %s: %zu bytes where 4 or 8 are wanted: give a tree with --dtb", path, len);
	*out = 0;
	for (size_t i = 0; i < len; i++)
		*out = *out << 8 | reg[i];
	return 0;
}

static int read_system(struct linux_cell *l)
{
	struct cell_file *cells[CELL_MAX_FILES];
	unsigned n, cpus;
	int err = cell_state_load(&l->system, cells, CELL_MAX_FILES, &n, l->e);

	for (unsigned i = 0; i < n; i++)
		cell_file_free(cells[i]);
	if (err == -ENOENT)
		return ctl_fail(l->e, err, "cell %s: the system's configuration isn't known: enable it by 'cella cell enable "
				"SYSTEM'",
				cell_file_name(l->f));
	if (err)
		return err;
	cpus = (unsigned)__builtin_popcountll(l->system->cpus);
	l->board = (struct cell_linux_board){ .platform = &l->system->head.platform, .board_cpus = cpus };
	for (unsigned i = 0; i < CELL_MAX_CPUS && !err; i++)
		if (l->f->cpus >> i & 1)
			err = read_mpidr(i, &l->board.mpidr[i], l->e);
	return err;
}

static int read_files(struct linux_cell *l)
{
	const struct cell_linux_options *o = l->o;
	const char *why;
	int err = payload_read(&l->kernel, "kernel", o->kernel, 256 * MIB, l->e);

	if (!err)
		err = payload_unpack(&l->kernel, "kernel", o->kernel, l->e);
	if (err)
		return err;
	if (boot_parse(&l->image, ISA_ARM64, l->kernel.data, l->kernel.size, false, &why))
		return ctl_fail(l->e, -EINVAL, "kernel %s: %s", o->kernel, why);
	if (l->image.format != BOOT_IMAGE)
		return ctl_fail(l->e, -EINVAL, "kernel %s: an Image is wanted (arch/arm64/boot/Image, vmlinuz)", o->kernel);
	if (o->initrd)
		err = payload_read(&l->initrd, "initrd", o->initrd, 1 * GIB, l->e);
	if (!err && o->dtb)
		err = payload_read(&l->dtb, "device tree", o->dtb, CELL_DTB_MAX, l->e);
	return err;
}

static int place(struct linux_cell *l)
{
	const char *why;

	for (unsigned i = 0; i < l->f->num_memory; i++) {
		const struct cell_memory *m = &l->f->memory[i];

		if (m->m.flags & MEMORY_LOADABLE && (!l->ram || m->m.size > l->ram->m.size))
			l->ram = m;
	}
	if (!l->ram)
		return ctl_fail(l->e, -EINVAL, "configuration %s: no [[memory]] is loadable: the kernel has no place", l->f->path);
	l->place = (struct boot_place){ .ram_base = l->ram->m.virt, .ram_size = l->ram->m.size, .initrd_size = l->initrd.size,
					.dtb_size = CELL_DTB_MAX + CELL_STUB_SIZE };
	if (boot_place(&l->place, &l->image, &why))
		return cell_memory_fail(l->f, l->ram, l->e, "size %#llx: kernel, tree and initrd don't fit: make it larger",
					(unsigned long long)l->ram->m.size);
	return 0;
}

static int make_tree(struct linux_cell *l)
{
	if (l->o->dtb) {
		memcpy(l->tree, l->dtb.data, l->dtb.size);
		l->tree_size = l->dtb.size;
		return 0;
	}
	if (cell_linux_fdt(l->f, &l->board, &l->place, l->o->cmdline ? l->o->cmdline : "", l->tree, sizeof(l->tree), &l->tree_size))
		return ctl_fail(l->e, -E2BIG, "cell %s: its device tree is longer than 64 KiB: shorten the command line",
				cell_file_name(l->f));
	return 0;
}

static int run(struct linux_cell *l)
{
	const struct cell_load pieces[] = {
		{ l->kernel.data, l->kernel.size, l->place.kernel },
		{ l->tree, l->tree_size, l->place.dtb },
		{ l->stub, sizeof(l->stub), l->place.dtb + CELL_DTB_MAX },
		{ l->initrd.data, l->initrd.size, l->place.initrd },
	};
	const char *name = cell_file_name(l->f);
	struct ctl_error unused;
	int fd, id = cell_create_file(l->f, l->o->unchecked, l->e), err;

	if (id < 0)
		return id;
	fd = err = cell_driver_open(l->e);
	if (fd < 0)
		return err;
	err = cell_driver_load_pieces(fd, name, pieces, l->initrd.size ? 4 : 3, l->e);
	if (!err)
		err = cell_driver_start(fd, name, l->e);
	if (err)
		cell_driver_destroy(fd, name, &unused);
	close(fd);
	return err ? err : id;
}

static int prepare(struct linux_cell *l)
{
	int err = cell_file_load(l->o->config, &l->f, l->e);

	if (err)
		return err;
	if (l->f->system)
		return ctl_fail(l->e, -EINVAL, "configuration %s: it is a system's: 'cella cell enable' takes it", l->o->config);
	l->f->dma_trusted |= l->o->dma_trusted;
	err = read_files(l);
	if (!err)
		err = place(l);
	if (!err && !l->o->dtb)
		err = read_system(l);
	if (!err)
		err = make_tree(l);
	if (err)
		return err;
	make_stub(l->stub, l->place.dtb, l->place.entry);
	/* The cell begins at the stub, whatever its file says. */
	l->f->head.root.reset_address = l->place.dtb + CELL_DTB_MAX;
	((struct cell_config *)l->f->blob)->reset_address = l->f->head.root.reset_address;
	return 0;
}

int cell_linux(const struct cell_linux_options *o, struct ctl_error *e)
{
	struct linux_cell *l = calloc(1, sizeof(*l));
	int err;

	if (!l)
		return ctl_fail(e, -ENOMEM, "cell linux: out of memory");
	*l = (struct linux_cell){ .o = o, .e = e, .kernel.fd = -1, .initrd.fd = -1, .dtb.fd = -1 };
	err = prepare(l);
	if (!err && o->write_dtb) {
		err = file_replace(o->write_dtb, l->tree, l->tree_size, 0644);
		if (err)
			ctl_fail_errno(e, err, "file", o->write_dtb);
	} else if (!err) {
		err = run(l);
	}
	payload_free(&l->kernel);
	payload_free(&l->initrd);
	payload_free(&l->dtb);
	cell_file_free(l->f);
	cell_file_free(l->system);
	free(l);
	return err;
}
