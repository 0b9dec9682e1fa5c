/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of the record in pc_irqchip.h. */
#include "core/pc_irqchip.h"

#define PIC(m, lo, hi)	{ "pic." #m, offsetof(struct pc_irqchip_regs, pic[0].m), sizeof(((struct pic_regs *)0)->m), 1, 2, \
			  sizeof(struct pic_regs), lo, hi }
#define PIT(m, lo, hi)	{ "pit." #m, offsetof(struct pc_irqchip_regs, pit.channel[0].m), \
			  sizeof(((struct pit_channel_regs *)0)->m), 1, PIT_CHANNELS, sizeof(struct pit_channel_regs), lo, hi }

const struct field pc_irqchip_fields[] = {
	PIC(irr, 0, 0xff), PIC(imr, 0, 0xff), PIC(isr, 0, 0xff), PIC(elcr, 0, 0xff), PIC(lines, 0, 0xff),
	PIC(first, 0, 7), PIC(base, 0, 0xff), PIC(init_state, 0, 3), PIC(init4, 0, 1), PIC(read_isr, 0, 1),
	PIC(poll, 0, 1), PIC(special_mask, 0, 1), PIC(auto_eoi, 0, 1), PIC(rotate_auto_eoi, 0, 1), PIC(nested, 0, 1),
	{ "ioapic.entry", offsetof(struct pc_irqchip_regs, ioapic.entry), 8, 1, IOAPIC_PINS, 8, 0, ~0ull },
	FIELD_RANGE(struct pc_irqchip_regs, ioapic.irr, 1, 0, (1u << IOAPIC_PINS) - 1),
	FIELD_RANGE(struct pc_irqchip_regs, ioapic.select, 1, 0, 0xff),
	FIELD_RANGE(struct pc_irqchip_regs, ioapic.id, 1, 0, 15),
	PIT(age_ns, 0, ~0ull), PIT(count, 1, 0x10000), PIT(latched, 0, 0xffff), PIT(latch_state, 0, 4), PIT(read_state, 0, 4),
	PIT(write_state, 0, 4), PIT(access, 0, 3), PIT(write_latch, 0, 0xff), PIT(status, 0, 0xff), PIT(mode, 0, PIT_IDLE),
	PIT(status_latched, 0, 1), PIT(bcd, 0, 1), PIT(gate, 0, 1),
	PIT(null_count, 0, 1),
	FIELD(struct pc_irqchip_regs, pit.speaker, 1),
	FIELD_END
};
