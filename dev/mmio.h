/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The common case of a device: one MMIO region and one interrupt line. A device embeds `struct mmio_dev` first and
 * calls mmio_init from its init; a machine creates the device, sets properties, then
 *
 *	mmio_connect(d, chip, intid);  device_init(d);  mmio_map(d, base);
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
/* intid: the GIC's number of an SPI, 32 or more. */
void mmio_connect(struct device *d, struct irqchip *chip, uint32_t intid);
int mmio_map(struct device *d, gpa_t base);	/* as bus_region_add */

#endif
