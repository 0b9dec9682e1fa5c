/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The common case of a device: one region, in memory or of I/O ports, and one interrupt line. A device embeds
 * `struct mmio_dev` first and calls mmio_init from its init; a machine creates the device, sets properties, then
 *
 *	mmio_connect(d, chip, number, first);  device_init(d);  mmio_map(d, base);
 */
#ifndef DEV_MMIO_H
#define DEV_MMIO_H

#include "core/device.h"

struct mmio_dev {
	struct device dev;
	struct region regs;
	struct irq_line irq;
};

static inline struct mmio_dev *to_mmio(struct device *d)
{
	return container_of(d, struct mmio_dev, dev);
}

/* `size`: of the region, in bytes. */
void mmio_init(struct mmio_dev *m, const struct region_ops *ops, uint64_t size);
/* number: the controller's own of this line (GIC: INTID of an SPI; pc: GSI), of which `first` is pin 0 (GIC: 32). */
void mmio_connect(struct device *d, struct irqchip *chip, uint32_t number, uint32_t first);
int mmio_map(struct device *d, gpa_t base);	/* as bus_region_add */
int mmio_map_in(struct device *d, enum bus_space space, uint64_t base);	/* BUS_MMIO, or BUS_PIO */

#endif
