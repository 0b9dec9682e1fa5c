/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A PC's interrupt controllers as one: 8259s and IOAPIC are models, the local APICs the engine's. Pins are GSIs 0 to 23: 0 to 15
 * are ISA lines, at both; the timer's line 0 arrives at pin 2 of the IOAPIC, and GSI 2 is nowhere. With them comes the 8254.
 *
 * Who calls whom: devices -> set; the engine -> ack when the first processor takes CPU_IRQ, eoi when a local APIC ends a
 * level-triggered vector; the IOAPIC -> engine_ops.eoi_changed, and the engine then asks level_message.
 */
#ifndef DEV_IRQCHIP_PC_IRQCHIP_H
#define DEV_IRQCHIP_PC_IRQCHIP_H

#include "core/device.h"
#include "core/pc_irqchip.h"

/*
 * Makes and maps them all, in vm's arena. lapics: takes messages, and saves and loads the local APICs. -ENOMEM, or what
 * mapping said.
 */
int pc_irqchip_new(struct vm *vm, struct irqchip *lapics, gpa_t ioapic, struct irqchip **out);

#endif
