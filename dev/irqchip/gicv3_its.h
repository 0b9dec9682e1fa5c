/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The interrupt translation service of a GICv3 (ARM IHI 0069 chapter 5): a message (device, event) becomes an LPI at a CPU.
 *
 *	struct device *its = device_create(vm, &gicv3_its_class);
 *
 *	device_set_ptr(its, "gic", gic);	// a gicv3 with `lpis` set
 *	device_init(its);
 *	gicv3_its_map(its, base);
 *
 * Device, collection and translation tables are the guest's memory, read at each message and checked: there is no limit of
 * ours, no cache to get stale, and a snapshot of memory has them. A guest that writes nonsense into them loses its
 * interrupts and nothing else.
 */
#ifndef DEV_IRQCHIP_GICV3_ITS_H
#define DEV_IRQCHIP_GICV3_ITS_H

#include "dev/irqchip/gicv3.h"

#define GICV3_ITS_SIZE		0x20000u
#define GICV3_ITS_TRANSLATER	0x10040u
#define GICV3_ITS_DEVICE_BITS	12u		/* 16 buses */
#define GICV3_ITS_EVENT_BITS	16u

struct gicv3_its {
	struct device dev;
	struct device *gic;			/* property */
	struct region regs;
	struct msi_target target;
	struct mem_reader reader;
	struct lock lock;			/* everything below, tables and commands */
	struct gic_its_regs reg;
};

extern const struct dev_class gicv3_its_class;
int gicv3_its_map(struct device *d, gpa_t base);
void gicv3_its_fdt(struct fdt_writer *w, gpa_t base, uint32_t phandle);	/* a node inside the GIC's */

/* Its registers came out of a record: -EINVAL where they are impossible. */
int its_loaded(struct gicv3_its *its);

/* Between the files of the ITS; its->lock held, in a reader section. */
uint32_t its_run_command(struct gicv3_its *its, const uint64_t cmd[4]);	/* what it cost; the least is 1 */
int its_translate(struct gicv3_its *its, uint32_t devid, uint32_t event, uint32_t *lpi, struct gic_cpu **cpu);

#endif
