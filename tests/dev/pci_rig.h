/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A board with a host bridge and one function, a toy: an I/O BAR of 32 bytes, a 32-bit BAR with the MSI-X table (5 vectors) at
 * 0 and the pending bits at 0x800, a 64-bit BAR of 16 KiB; MSI with 4 vectors and masks. Messages and lines are counted.
 */
#ifndef TESTS_DEV_PCI_RIG_H
#define TESTS_DEV_PCI_RIG_H

#include "dev/pci/host.h"
#include "tests/dev/board.h"

#define ECAM		0x3f000000ull
#define MEM32		0x10000000ull
#define MEM32_SIZE	0x2eff0000ull
#define MEM64		0x8000000000ull
#define IO_WINDOW	0x3eff0000ull
#define TOY_VECTORS	5u
#define TOY		8u		/* its devfn: slot 1 */
#define TOY_ARENA	(4 * MIB)

struct toy {
	struct device dev;
	struct pci_func pci;
	struct pci_msix_entry table[TOY_VECTORS];
	struct irq_route msix[TOY_VECTORS], msi[4];
	unsigned accesses[PCI_BARS];
	uint64_t last_offset, last_value;
	unsigned moves, masters;
};

struct pci_rig {
	struct board *b;
	struct irqchip chip;
	struct device *host;
	struct toy *toy;
	unsigned messages;
	struct msi last;
	bool line[PCI_LINES];
	unsigned line_changes;
};

extern const struct dev_class toy_class;

void pci_rig_open(struct pci_rig *r, uint32_t vcpus);
void pci_rig_close(struct pci_rig *r);
uint32_t cfg_read(struct pci_rig *r, unsigned devfn, unsigned reg, unsigned size);
void cfg_write(struct pci_rig *r, unsigned devfn, unsigned reg, unsigned size, uint32_t val);
unsigned cfg_cap(struct pci_rig *r, unsigned devfn, uint8_t id);	/* 0: there is none */

#endif
