/* SPDX-License-Identifier: BSD-2-Clause */
/* Wiring of devices with one region and one line; see mmio.h. */
#include "core/vm.h"
#include "dev/mmio.h"

void mmio_init(struct mmio_dev *m, const struct region_ops *ops, uint64_t size)
{
	m->regs.ops = ops;
	m->regs.name = m->dev.cls->name;
	m->regs.lock = ops->flags & BUS_UNLOCKED ? NULL : &m->dev.lock;
	m->dev.mmio_size = size;
}

void mmio_connect(struct device *d, struct irqchip *chip, uint32_t number, uint32_t first)
{
	struct mmio_dev *m = to_mmio(d);

	m->irq.chip = chip;
	m->irq.pin = number - first;
	d->irq = number;
}

int mmio_map(struct device *d, gpa_t base)
{
	return mmio_map_in(d, BUS_MMIO, base);
}

int mmio_map_in(struct device *d, enum bus_space space, uint64_t base)
{
	struct mmio_dev *m = to_mmio(d);

	d->mmio_base = base;
	return bus_region_add(&d->vm->bus, &m->regs, space, base, d->mmio_size, 0);
}
