/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Interrupts: device -> controller -> vCPU, and message-signalled interrupts. A controller that is a model (dbt, bare)
 * and one in the kernel (kvm) look the same from both sides.
 *
 * irq_set may be called from any thread and under a device lock; it never sleeps, so controllers take only leaf locks.
 * Model controllers drive vCPU pins with vcpu_pin_set, which hands the level to the engine; that one kicks the vCPU.
 */
#ifndef CORE_IRQ_H
#define CORE_IRQ_H

#include "base/types.h"

struct notifier;
struct vcpu;
struct irqchip;
struct irq_route;
struct state_writer;
struct state_reader;

enum cpu_pin { CPU_IRQ, CPU_FIQ, CPU_NMI, CPU_SEI, CPU_MEI, CPU_SSI, CPU_MSI, CPU_STI, CPU_MTI, CPU_PINS };

struct msi {
	uint64_t addr;
	uint32_t data;
	uint32_t devid;		/* PCI requester ID; the ITS needs it */
};

struct irqchip_ops {
	void (*set)(struct irqchip *c, uint32_t pin, bool level);
	int (*msi)(struct irqchip *c, const struct msi *m);	/* NULL: no MSI on this machine */
	/* INTx resample, or NULL: n is signalled by a model, or its fd by a kernel. -EBUSY: the pin has one. */
	int (*eoi_watch)(struct irqchip *c, uint32_t pin, struct notifier *n);
	int (*reset)(struct irqchip *c);
	int (*save)(struct irqchip *c, struct state_writer *w);	/* architected registers; all vCPUs paused */
	int (*load)(struct irqchip *c, struct state_reader *r);	/* same record from a model and from KVM */
	/* Of models between devices and local APICs that are the engine's (x86), which calls these; NULL elsewhere: */
	int (*ack)(struct irqchip *c);				/* the processor takes CPU_IRQ: the vector */
	void (*eoi)(struct irqchip *c, uint32_t vector);	/* a level-triggered interrupt was ended; no lock held */
	bool (*level_message)(struct irqchip *c, uint32_t pin, struct msi *m);	/* of a pin whose end has to be told */
};

/* A device that takes messages written to its address: an ITS, a GICv2m frame. */
struct msi_target {
	struct msi_target *next;
	gpa_t addr;
	int (*send)(struct msi_target *t, const struct msi *m);	/* as msi_send */
	int (*pin)(struct msi_target *t, const struct msi *m);	/* as msi_pin; or NULL: messages pulse no pins */
};

/* A controller embeds this. Pins of a GIC: SPI n is pin n - 32; PPIs of vCPU v are pin IRQ_PPI(v, n). */
struct irqchip {
	const struct irqchip_ops *ops;
	const char *name;
	uint32_t pins;
	struct msi_target *targets;	/* that deliver to it; asked before ops->msi */
};
#define IRQ_PPI(vcpu, intid)	(0x80000000u | (vcpu) << 8 | (intid))

struct irq_line {
	struct irqchip *chip;	/* NULL: not connected, irq_set does nothing */
	uint32_t pin;
	bool edge;
};

static inline void irq_set(struct irq_line *l, bool level)
{
	if (l->chip)
		l->chip->ops->set(l->chip, l->pin, level);
}

static inline void irq_pulse(struct irq_line *l)
{
	irq_set(l, true);
	irq_set(l, false);
}

void msi_target_add(struct irqchip *chip, struct msi_target *t);	/* before vCPUs run */
int msi_send(struct irqchip *chip, const struct msi *m);	/* 1 delivered, 0 masked, <0 no such target */
int msi_pin(struct irqchip *chip, const struct msi *m);		/* the pin that the message pulses, or -ENOENT: it does not */

/* To the engine's vcpu_pin, which kicks. Models only; any thread; tell changes only. */
void vcpu_pin_set(struct vcpu *v, enum cpu_pin p, bool level);

#endif
