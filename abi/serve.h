/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Devices of a cell that the root serves: accesses to regions with MEMORY_SERVED (config.h) are answered by `cella cell serve`.
 *
 * The engine has one slot for each CPU in pages of its own that it maps to the root. A cell's CPU that touches a served region
 * fills its slot, sets `state` to SERVE_ASKED and raises the root's doorbell interrupt: vpci_irq_base of the root's configuration. The CPU
 * waits at EL2, still open to what management wants of it. The root writes `value` for a read, sets `state` to SERVE_ANSWERED and
 * executes SEV. Nothing the root writes is trusted but as that value.
 *
 * HC_SERVE_INFO gives the physical address of the slots; HC_SERVE_IRQ sets the level of a virtual interrupt of a cell, one of those
 * in its interrupt chips' bitmaps that the root has no use of its own for.
 */
#ifndef ABI_SERVE_H
#define ABI_SERVE_H

#include "abi/types.h"

enum serve_state { SERVE_IDLE, SERVE_ASKED, SERVE_ANSWERED };

struct serve_slot {			/* 64 bytes, indexed by CPU */
	volatile uint32_t state;
	uint32_t cell_id;
	uint64_t address;		/* the cell's */
	volatile uint64_t value;	/* write: in; read: out */
	uint8_t size, is_write;
	uint8_t pad[38];
};

_Static_assert(sizeof(struct serve_slot) == 64, "slots do not share cache lines");

/* x1 of HC_SERVE_IRQ: */
#define SERVE_IRQ(cell_id, intid)	((uint64_t)(cell_id) << 32 | (intid))	/* x2: level */

#endif
