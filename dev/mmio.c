/* SPDX-License-Identifier: BSD-2-Clause */
/* Wiring of devices with one region and one line; see mmio.h. */
#include "core/vm.h"
#include "dev/mmio.h"

#define FIRST_SPI	32

void mmio_init(struct mmio_dev *m, const struct region_ops *ops, uint64_t size)
{
	m->regs.ops = ops;
	m->regs.name = m->dev.cls->name;
	m->regs.lock = ops->flags & BUS_UNLOCKED ? NULL : &m->dev.lock;
	m->dev.mmio_size = size;
}

void mmio_connect(struct device *d, struct irqchip *chip, uint32_t intid)
{
	struct mmio_dev *m = to_mmio(d);

	m->irq.chip = chip;
	m->irq.pin = intid - FIRST_SPI;
	d->irq = intid;
}

int mmio_map(struct device *d, gpa_t base)
{
	struct mmio_dev *m = to_mmio(d);

	d->mmio_base = base;
	return bus_region_add(&d->vm->bus, &m->regs, BUS_MMIO, base, d->mmio_size, 0);
}
