/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Platform-level interrupt controller (RISC-V PLIC specification 1.0.0) with one context for each hart's supervisor mode:
 * sources 1..63, priorities 0..7, level-sensitive. Sources are pins by their own number.
 *
 * A source whose line was up is pending until some context claims it, and not again until that context completes it.
 * plic->lock is a leaf; a hart's pin (CPU_SEI) is driven under it.
 */
#ifndef DEV_IRQCHIP_PLIC_H
#define DEV_IRQCHIP_PLIC_H

#include "core/device.h"
#include "core/vm.h"

#define PLIC_SOURCES	64u
#define PLIC_SIZE	0x600000u	/* room for 512 contexts, as usual */

struct plic_context {
	uint64_t enabled;		/* bit by source */
	uint32_t threshold;
	bool pin;			/* what the engine was told */
};

struct plic {
	struct device dev;
	struct region regs;
	struct irqchip chip;
	struct lock lock;
	uint32_t contexts;
	uint32_t phandle, hart_phandle;	/* properties: of its node; of hart 0's own controller, others follow */
	uint32_t priority[PLIC_SOURCES];
	uint64_t line, pending, claimed;
	struct plic_context context[VM_MAX_VCPUS];
};

extern const struct dev_class plic_class;

int plic_map(struct device *d, gpa_t base);	/* after device_init */
struct irqchip *plic_chip(struct device *d);

#endif
