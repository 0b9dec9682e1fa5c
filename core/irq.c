/* SPDX-License-Identifier: BSD-2-Clause */
/* The few steps between a device and whichever controller and engine there are. */
#include "base/errno.h"
#include "core/engine.h"
#include "core/irq.h"
#include "core/vm.h"

void msi_target_add(struct irqchip *chip, struct msi_target *t)
{
	t->next = chip->targets;
	chip->targets = t;
}

int msi_send(struct irqchip *chip, const struct msi *m)
{
	for (struct msi_target *t = chip ? chip->targets : NULL; t; t = t->next)
		if (t->addr == m->addr)
			return t->send(t, m);
	return chip && chip->ops->msi ? chip->ops->msi(chip, m) : -ENOTSUP;
}

int msi_pin(struct irqchip *chip, const struct msi *m)
{
	for (struct msi_target *t = chip ? chip->targets : NULL; t; t = t->next)
		if (t->addr == m->addr)
			return t->pin ? t->pin(t, m) : -ENOENT;
	return -ENOENT;
}

void vcpu_pin_set(struct vcpu *v, enum cpu_pin p, bool level)
{
	v->vm->engine->vcpu_pin(v, p, level);
}
