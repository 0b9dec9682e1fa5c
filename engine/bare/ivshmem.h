/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Shared memory between cells with doorbells: PCI devices of ivshmem version 2 (Jailhouse,
 * Documentation/ivshmem-v2-specification.md).
 *
 * A cell's devices are those of type 3 in its configuration; they are seen behind an ECAM that isn't the board's, with INTx:
 * a shared interrupt of the cell's own, for which no hardware stands. The memory is mapped as any other. Devices of
 * different cells whose state table is the same page are peers. Nothing of a peer is believed but where its table is.
 */
#ifndef ENGINE_BARE_IVSHMEM_H
#define ENGINE_BARE_IVSHMEM_H

#include "engine/bare/bare.h"

#define PCI_COMMAND_MEMORY	BIT(1)
#define PCI_COMMAND_MASTER	BIT(2)
#define PCI_COMMAND_NO_INTX	BIT(10)
#define IVSHMEM_BAR_BYTES	0x1000u

/* Fields but the first four are changed under sys->ivshmem_lock. */
struct ivshmem {
	struct cell *cell;
	const struct config_pci_device *config;
	const struct config_memory *memory;	/* state table, shared, an output region for each peer */
	uint32_t bar;				/* of cell->mmio: an index */
	struct ivshmem *next;			/* of all cells */
	uint32_t bar0, command, state;
	bool enabled, one_shot;
};

/* The cell's devices; its memory is mapped already. -EEXIST: a peer has that number; -EINVAL: there is no ECAM for them. */
int ivshmem_init(struct cell *cell);
/* Also of a cell whose init failed, or never was. */
void ivshmem_exit(struct cell *cell);
/* As a cell finds them at its start; peers see it go. */
void ivshmem_reset(struct cell *cell);

/* ---- ivshmem.c's for pci.c ---- */

/* 0 to 3, for INTA to INTD; the interrupt is so many behind the cell's vpci_irq_base. */
static inline uint32_t ivshmem_pin(const struct ivshmem *dev)
{
	return dev->config->bdf >> 3 & 3;
}

/* The ECAM that the platform's configuration names; an mmio_handler. */
enum mmio_result pci_config_access(struct cpu *cpu, void *arg, struct mmio_access *a);
/* Where registers answer, by BAR and command register. With the lock. */
void pci_bar_update(struct ivshmem *dev);

#endif
