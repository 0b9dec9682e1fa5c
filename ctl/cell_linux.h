/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A second Linux as a cell: kernel, initrd, a device tree of what the cell has, and the few instructions that hand the tree to the
 * kernel (Linux, Documentation/arm64/booting.rst), all in the cell's largest loadable region.
 */
#ifndef CTL_CELL_LINUX_H
#define CTL_CELL_LINUX_H

#include "boot/boot.h"
#include "ctl/cell_config.h"

#define CELL_DTB_MAX	0x10000u
#define CELL_STUB_SIZE	40u

struct cell_linux_options {
	const char *config, *kernel;
	const char *initrd, *cmdline, *dtb;	/* or NULL; dtb: instead of the generated one */
	const char *write_dtb;			/* or NULL: only write the tree there */
	bool dma_trusted, unchecked;
};
/* The cell's id. The cell is there afterwards, or on errors isn't. */
int cell_linux(const struct cell_linux_options *o, struct ctl_error *e);

struct cell_linux_board {
	const struct config_platform *platform;
	uint32_t board_cpus;			/* whose redistributors lie side by side */
	uint64_t mpidr[CELL_MAX_CPUS];		/* affinity, by Linux's number; of the cell's CPUs */
};
/* cell_linux_fdt.c. -ENOSPC: more than size bytes. */
int cell_linux_fdt(const struct cell_file *f, const struct cell_linux_board *b, const struct boot_place *p, const char *cmdline,
		   void *buf, size_t size, size_t *len);

#endif
