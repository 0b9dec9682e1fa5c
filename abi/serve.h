/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Devices of a cell that the root serves: accesses to regions with MEMORY_SERVED (config.h) are answered by `cella cell serve`.
 *
 * The engine has a page with one slot for each CPU, which it maps to the root. A cell's CPU that touches a served region fills its
 * slot, counts `asked` up and raises the root's doorbell interrupt, SERVE_DOORBELL of the root's vpci_irq_base. The CPU waits at
 * EL2, for as long as it takes and still open to what management wants of it. The root writes `value` for a read, and then
 * `asked` to `answered`. Nothing the root writes is trusted but as that value. Without a vpci_irq_base nothing can be served.
 *
 * HC_SERVE_INFO gives the physical address of the page (-ENODEV: there is none); HC_SERVE_IRQ sets a shared interrupt of a cell
 * pending, or takes that back: one in its interrupt chips' bitmaps, for which no hardware stands. An edge: it is one
 * interrupt, however long the level is high.
 */
#ifndef ABI_SERVE_H
#define ABI_SERVE_H

#include "abi/types.h"

struct serve_slot {			/* 64 bytes, indexed by CPU */
	volatile uint32_t asked;	/* the engine's count of accesses */
	volatile uint32_t answered;	/* the root's: a copy of asked when it is done */
	uint64_t address;		/* the cell's */
	volatile uint64_t value;	/* write: in; read: out */
	uint32_t cell_id;		/* 0: nobody asks */
	uint8_t size, is_write;		/* 1 2 4 8 bytes */
	uint8_t pad[34];
};

_Static_assert(sizeof(struct serve_slot) == 64, "slots do not share cache lines");

/* Behind the four that ivshmem devices of the root may have. */
#define SERVE_DOORBELL(vpci_irq_base)	(32 + (vpci_irq_base) + 4)

/* x1 of HC_SERVE_IRQ: */
#define SERVE_IRQ(cell_id, intid)	((uint64_t)(cell_id) << 32 | (intid))	/* x2: pending or not */

#endif
