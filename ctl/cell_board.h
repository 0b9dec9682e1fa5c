/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the board is, for checks and first configurations of cells: memory and who uses it from /proc/iomem, the rest from the
 * device tree. Either may be a file of another board's.
 */
#ifndef CTL_CELL_BOARD_H
#define CTL_CELL_BOARD_H

#include "base/types.h"
#include "ctl/error.h"

#define BOARD_RANGES	256
#define BOARD_DEVICES	256
#define BOARD_IRQS	8

struct board_range {
	uint64_t start, size;
	bool ram;			/* Linux's own memory */
	char name[48];
};

struct board_ranges {
	unsigned count;
	struct board_range range[BOARD_RANGES];
};

/* A device with registers; one with several blocks is here as often. */
struct board_device {
	uint64_t start, size;
	uint32_t irq[BOARD_IRQS];	/* GIC interrupt ids, of the first block only */
	unsigned irqs;
	bool dma;			/* the tree says that it masters the bus */
	bool gic;			/* part of the interrupt controller, but for an ITS or v2m frame */
	bool window;			/* where a PCI bridge shows its devices, or its configuration space */
	char name[48];
};

struct cell_board {
	struct board_ranges iomem;	/* outermost entries of /proc/iomem */
	struct board_ranges inner;	/* those one level inside, but for Linux's memory */
	struct board_ranges dram;	/* the tree's memory */
	struct board_ranges nomap;	/* reserved, and never mapped by Linux */
	struct board_device device[BOARD_DEVICES];
	unsigned devices, cpus;
	uint64_t online;		/* Linux's CPUs; 0: not known, the files are another board's */
	uint8_t gic_version;		/* 0: none is known */
	uint64_t gicd, gicc, gich, gicv, gicr;
	uint8_t maintenance_irq;
	uint64_t ecam, ecam_size;	/* size 0: no PCI */
	uint8_t end_bus;
	uint16_t pci_domain;
	uint64_t console;		/* a PL011 that /chosen names, or the first; 0: none */
	bool smmu;
};

/* NULL for this board's own. *out is the caller's to free(). */
int cell_board_read(const char *iomem, const char *dtb, struct cell_board **out, struct ctl_error *e);

/* Is all of it in the ranges, put together? And any of it? */
bool board_covers(const struct board_ranges *r, uint64_t start, uint64_t size);
const struct board_range *board_touches(const struct board_ranges *r, uint64_t start, uint64_t size, bool ram_only);

static inline bool ranges_meet(uint64_t a, uint64_t a_size, uint64_t b, uint64_t b_size)
{
	return a_size && b_size && (a < b ? b - a < a_size : a - b < b_size);
}

#endif
