/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The registers of a PC's interrupt controllers and timer, as a saved machine has them: the same record whether models in
 * dev/ or the kernel under an engine holds them. What is not architected (when a channel of the timer was loaded, where
 * edges are remembered) is in the form that both can give and take.
 */
#ifndef CORE_PC_IRQCHIP_H
#define CORE_PC_IRQCHIP_H

#include "core/state.h"

#define IOAPIC_PINS	24u
#define PIC_PINS	16u
#define PIC_CASCADE	2u		/* the second 8259 at the first one's IR2 */
#define PIT_HZ		1193182u
#define PIT_CHANNELS	3u

/* An 8259A. Bits by IR number. */
struct pic_regs {
	uint8_t irr, imr, isr, elcr;	/* elcr: level-triggered inputs */
	uint8_t lines;			/* inputs that are up, for those that are edge-triggered */
	uint8_t first;			/* the IR of highest priority */
	uint8_t base;			/* vector of IR0 */
	uint8_t init_state;		/* 0: ready; 1 2 3: the initialisation word ICW2 3 4 is next */
	bool init4;			/* ICW4 will come */
	bool read_isr, poll, special_mask, auto_eoi, rotate_auto_eoi, nested;
};

/* An IOAPIC. */
struct ioapic_regs {
	uint64_t entry[IOAPIC_PINS];	/* the redirection table, with remote IRR */
	uint32_t irr;			/* pins that are up, without edges that were delivered */
	uint32_t select;
	uint8_t id;			/* 4 bits */
};

#define IOAPIC_VECTOR		0xffull
#define IOAPIC_DELIVERY		0x700ull
#define IOAPIC_LOGICAL		0x800ull
#define IOAPIC_PENDING		0x1000ull
#define IOAPIC_REMOTE_IRR	0x4000ull
#define IOAPIC_LEVEL		0x8000ull
#define IOAPIC_MASKED		0x10000ull
#define IOAPIC_DEST_SHIFT	56

#define PIT_IDLE	6u		/* a channel's mode before it has one */

/* A channel of the 8254. Ways to access (also of the next byte): 1 low, 2 high, 3 low then high; 4: 3's second byte. */
struct pit_channel_regs {
	uint64_t age_ns;		/* guest time since it was loaded */
	uint32_t count;			/* 1 to 65536 */
	uint16_t latched;
	uint8_t latch_state, read_state, write_state, access;	/* latch_state 0: nothing is latched */
	uint8_t write_latch, status, mode;
	bool status_latched, bcd, gate;
	bool null_count;		/* a mode was set and no count yet */
};

struct pit_regs {
	struct pit_channel_regs channel[PIT_CHANNELS];
	bool speaker;			/* bit 1 of port 0x61 */
};

struct pc_irqchip_regs {
	struct pic_regs pic[2];
	struct ioapic_regs ioapic;
	struct pit_regs pit;
};

extern const struct field pc_irqchip_fields[];

#endif
