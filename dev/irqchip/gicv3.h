/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * GICv3 (ARM IHI 0069): affinity routing always on, one security state (GICD_CTLR.DS = 1), group 0 to the FIQ pin and
 * group 1 to the IRQ pin. LPIs with property `lpis`, which a machine with an ITS (gicv3_its.h) sets.
 *
 * A machine creates the vCPUs (with their hwid), then the device, sets `spis` and `phandle`, inits it, and maps it.
 */
#ifndef DEV_IRQCHIP_GICV3_H
#define DEV_IRQCHIP_GICV3_H

#include "dev/irqchip/gic.h"

#define GICV3_DIST_SIZE		0x10000u
#define GICV3_REDIST_SIZE	0x20000u	/* for each vCPU */

struct gicv3_its;

struct gicv3 {
	struct gic gic;
	struct region redist, icc, icc_pmr;
	uint64_t redist_base;
	uint64_t route[GIC_MAX_SPIS];		/* GICD_IROUTER */
	uint32_t any;				/* how many of them say 1-of-N */
	bool lpis;				/* property */
	struct gicv3_its *its;			/* that belongs to it, or NULL: its registers are in our record */
	uint64_t msi;				/* properties: where an ITS is, for our node; or 0 */
	uint32_t msi_phandle;
};

extern const struct dev_class gicv3_class;

/* Distributor, redistributors and, in BUS_SYSREG, the CPU interface. After device_init. */
int gicv3_map(struct device *d, gpa_t dist, gpa_t redist);
/* The node of a GICv3 with one region of redistributors, ours or a kernel's; msi: of an ITS, or 0. */
void gicv3_fdt_node(struct fdt_writer *w, gpa_t dist, gpa_t redist, uint32_t cpus, uint32_t phandle, gpa_t msi,
		    uint32_t msi_phandle);

/* Between the files of the GICv3. */
enum bus_result gicv3_dist_access(struct region *r, struct bus_access *a);
enum bus_result gicv3_redist_access(struct region *r, struct bus_access *a);
enum bus_result gicv3_icc_access(struct region *r, struct bus_access *a);
enum bus_result gicv3_pmr_access(struct region *r, struct bus_access *a);
void gicv3_route(struct gicv3 *g, uint32_t n, uint64_t route);	/* gic.lock held */
struct gic_cpu *gicv3_find(struct gic *g, uint64_t affinity);	/* NULL: no such CPU */

#endif
