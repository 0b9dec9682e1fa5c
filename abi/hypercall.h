/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Calls from a cell to the bare engine: `hvc #HVC_IMMEDIATE`, number in x0, arguments in x1 and x2, result in x0 (negative
 * errno). The numbers are Jailhouse's, so that its inmates run. Management calls are the root cell's alone (-EPERM); an
 * unknown number is -ENOSYS. Another immediate parks the CPU.
 */
#ifndef ABI_HYPERCALL_H
#define ABI_HYPERCALL_H

#define HVC_IMMEDIATE		0x4a48

enum hypercall {
	HC_DISABLE,			/* on every CPU of the root */
	HC_CELL_CREATE,			/* x1: physical address of a cell's configuration (config.h) */
	HC_CELL_START,			/* x1: id, as in the next three; -EAGAIN from each: the cell was asked, ask again */
	HC_CELL_SET_LOADABLE,		/* stops it; its loadable memory becomes the root's to write */
	HC_CELL_DESTROY,		/* x2: DESTROY_UNASKED, whatever the cell says */
	HC_INFO,			/* x1: enum hypercall_info */
	HC_CELL_STATE,			/* x1: id; enum cell_state of comm_region.h */
	HC_CPU_INFO,			/* x1: CPU; x2: CPU_INFO_STATE or CPU_INFO_STAT + enum cpu_stat */
	HC_CONSOLE_PUTC,		/* x1: a character; for cells that are permitted (config.h) */
	HC_COUNT,
	/* Ours, and the root's alone (serve.h). */
	HC_SERVE_INFO = 0x100,		/* the physical address of the slots */
	HC_SERVE_IRQ,			/* x1: SERVE_IRQ(cell, intid); x2: 1 or 0; -ENOENT, or -EPERM: not one of its interrupts */
};

enum hypercall_info { INFO_POOL_SIZE, INFO_POOL_USED, INFO_REMAP_SIZE, INFO_REMAP_USED, INFO_CELLS };	/* in pages; cells */

#define DESTROY_UNASKED		1u

#define CPU_INFO_STATE		0u
#define CPU_INFO_STAT		1000u

enum { CPU_RUNNING = 0, CPU_FAILED = 2 };

/* Counted per CPU, 31 bits, wrapping. */
enum cpu_stat {
	STAT_EXITS,			/* all of them */
	STAT_MMIO,
	STAT_MANAGEMENT,
	STAT_HYPERCALL,
	STAT_MAINTENANCE,		/* GIC maintenance interrupts */
	STAT_VIRQ,			/* interrupts injected */
	STAT_VSGI,			/* SGIs sent by the cell */
	STAT_PSCI,
	STAT_SMCCC,
	STAT_COUNT
};

#endif
