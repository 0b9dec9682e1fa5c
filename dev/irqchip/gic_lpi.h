/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Locality-specific peripheral interrupts of a GICv3 (ARM IHI 0069 §6.1): INTIDs from 8192 on, edge-triggered, group 1, without
 * an active state. Priority and enable are a byte for each in the guest's configuration table, read when an LPI becomes pending
 * and when an ITS command says that it has changed; what is pending is kept here, and in the guest's pending table while LPIs
 * are disabled or the machine is saved.
 *
 * Everything here takes the vCPU's part of the controller's lock by itself. What reads or writes guest memory must be called in
 * a reader section, and says so.
 */
#ifndef DEV_IRQCHIP_GIC_LPI_H
#define DEV_IRQCHIP_GIC_LPI_H

#include "dev/irqchip/gic.h"

#define GIC_FIRST_LPI		8192u
#define GIC_LPI_BITS		16u		/* of an INTID */
#define GIC_LPIS		((1u << GIC_LPI_BITS) - GIC_FIRST_LPI)

struct gic_lpis {
	struct mem_reader reader;
	struct lock control;			/* who writes GICR_CTLR */
	struct gic_lpi_regs reg;		/* atomic */
	/* Under the gic_cpu's lock: */
	uint64_t some[GIC_LPIS / 64 / 64];	/* which words of pending aren't 0 */
	uint64_t pending[GIC_LPIS / 64];
	uint8_t config[GIC_LPIS];		/* of those pending */
};

int gic_lpi_init(struct gic_cpu *c, struct arena *a);
void gic_lpi_reset(struct gic_cpu *c);
void gic_lpi_destroy(struct gic_cpu *c);

/* For the ITS, in a reader section. INTIDs and CPUs that do not exist are ignored. */
void gic_lpi_raise(struct gic_cpu *c, uint32_t intid);
void gic_lpi_clear(struct gic_cpu *c, uint32_t intid);
void gic_lpi_refresh(struct gic_cpu *c, uint32_t intid);	/* its configuration has changed; */
void gic_lpi_refresh_all(struct gic_cpu *c);
void gic_lpi_move(struct gic_cpu *from, struct gic_cpu *to, uint32_t intid);
void gic_lpi_move_all(struct gic_cpu *from, struct gic_cpu *to);

/* For the CPU interface, with c->lock held: c->best is an LPI and becomes acknowledged. */
uint32_t gic_lpi_acknowledge(struct gic_cpu *c);

/* Registers of the redistributor. False: some other. */
bool gic_lpi_access(struct gic_cpu *c, struct bus_access *a, uint32_t offset);
uint32_t gic_lpi_ctlr(const struct gic_cpu *c);

/* What is pending, to the guest's table and from it: before memory is saved, after it was loaded. */
void gic_lpi_flush(struct gic_cpu *c);
void gic_lpi_load(struct gic_cpu *c);

#endif
