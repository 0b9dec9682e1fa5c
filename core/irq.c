/* SPDX-License-Identifier: BSD-2-Clause */
/* The few steps between a device and whichever controller and engine there are. */
#include "base/errno.h"
#include "core/engine.h"
#include "core/irq.h"
#include "core/vm.h"

int msi_send(struct irqchip *chip, const struct msi *m)
{
	return chip && chip->ops->msi ? chip->ops->msi(chip, m) : -ENOTSUP;
}

void vcpu_pin_set(struct vcpu *v, enum cpu_pin p, bool level)
{
	v->vm->engine->vcpu_pin(v, p, level);
}
