/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * I/O APIC with 24 pins (Intel 82093AA, 290566; the EOI register of version 0x20 from the ICH9 datasheet, 13.5). It turns a
 * pin into a message to the local APICs, which are another controller: the engine's.
 *
 * A level-triggered entry has remote IRR from the message until the local APIC's EOI for its vector, told by ioapic_eoi. An
 * edge at a masked entry is lost. Pins' polarity is a matter of the board: a line is asserted or not.
 *
 * The lock is held while a message is sent, so that an end of interrupt comes after remote IRR is set; the chip that takes
 * messages takes no lock of a lower rank.
 */
#ifndef DEV_IRQCHIP_IOAPIC_H
#define DEV_IRQCHIP_IOAPIC_H

#include "core/device.h"
#include "core/pc_irqchip.h"

#define IOAPIC_SIZE	0x1000u

struct ioapic {
	struct device dev;
	struct region mmio;
	struct lock lock;
	struct ioapic_regs regs;	/* irr: only pins that are level-triggered; lines has all */
	uint32_t lines;
	struct irqchip *lapics;		/* property: where messages go */
	/* Without the lock: level-triggered pins were ended, and are looked at again afterwards; or NULL. */
	void (*ended)(void *ctx, uint32_t pins);
	/* Without the lock: what ioapic_level_message says may have changed; or NULL. */
	void (*changed)(void *ctx);
	void *ctx;
};

extern const struct dev_class ioapic_class;

int ioapic_map(struct device *d, gpa_t base);		/* after device_init */
void ioapic_set(struct device *d, uint32_t pin, bool level);	/* any thread */
void ioapic_eoi(struct device *d, uint32_t vector);	/* any thread, no lock held */
/* The message of a level-triggered pin. False: it is edge-triggered, and nobody waits for its end. */
bool ioapic_level_message(struct device *d, uint32_t pin, struct msi *m);
void ioapic_get(struct device *d, struct ioapic_regs *regs);
void ioapic_put(struct device *d, const struct ioapic_regs *regs);

#endif
