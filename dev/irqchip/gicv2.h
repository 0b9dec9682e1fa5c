/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * GICv2 (ARM IHI 0048) without the Security Extensions: both groups, up to 8 vCPUs, CPU interface in memory (banked
 * by the vCPU that accesses it). Group 0 goes to the IRQ pin unless GICC_CTLR.FIQEn says FIQ. No virtualisation
 * part.
 *
 * Wiring: as a GICv3, with gicv2_map.
 */
#ifndef DEV_IRQCHIP_GICV2_H
#define DEV_IRQCHIP_GICV2_H

#include "dev/irqchip/gic.h"

#define GICV2_DIST_SIZE		0x1000u
#define GICV2_CPU_SIZE		0x2000u

struct gicv2 {
	struct gic gic;
	struct region cpu_regs;
	uint64_t cpu_base;
	uint64_t msi;				/* properties: where a GICv2m frame is, for our node; or 0 */
	uint32_t msi_phandle;
};

extern const struct dev_class gicv2_class;

int gicv2_map(struct device *d, gpa_t dist, gpa_t cpu);
/* The node of a GICv2, ours or a kernel's; msi: of a GICv2m frame, or 0. */
void gicv2_fdt_node(struct fdt_writer *w, gpa_t dist, gpa_t cpu, uint32_t phandle, gpa_t msi, uint32_t msi_phandle);

/* Between the files of the GICv2. */
enum bus_result gicv2_dist_access(struct region *r, struct bus_access *a);
enum bus_result gicv2_cpu_access(struct region *r, struct bus_access *a);
struct gic_cpu *gicv2_self(struct gic *g, const struct bus_access *a);	/* whose bank an access means */

#endif
