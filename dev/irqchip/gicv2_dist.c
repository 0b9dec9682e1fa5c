/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * GICv2 distributor (IHI 0048 §4.3): what it has beside the registers of gic_regs.c. SPIs go to any of a set of CPUs
 * (ITARGETSR) and the first to acknowledge gets them; an SGI is pending once for each CPU that sent it.
 */
#include "dev/irqchip/gicv2.h"

enum {
	GICD_CTLR = 0x000, GICD_TYPER = 0x004, GICD_IIDR = 0x008, GICD_ITARGETSR = 0x800, GICD_ICFGR = 0xc00,
	GICD_SGIR = 0xf00, GICD_CPENDSGIR = 0xf10, GICD_SPENDSGIR = 0xf20, GICD_SPENDSGIR_END = 0xf30,
	GICD_IDREGS = 0xfd0,
};

static uint8_t gicd_target(struct gic *g, struct gic_cpu *self, uint32_t intid)
{
	if (g->cpus == 1)
		return 0;			/* RAZ/WI on a uniprocessor (§4.3.12) */
	if (intid < GIC_FIRST_SPI)
		return (uint8_t)(1u << self->index);
	return intid - GIC_FIRST_SPI < g->spis ? (uint8_t)g->target[intid - GIC_FIRST_SPI] : 0;
}

static void gicd_targets(struct gic *g, struct gic_cpu *self, struct bus_access *a, uint32_t first)
{
	uint64_t in = a->value, out = 0;

	lock_acquire(&g->lock);
	for (unsigned i = 0; i < a->size; i++) {
		uint32_t intid = first + i;

		if (a->write && g->cpus > 1 && intid >= GIC_FIRST_SPI && intid - GIC_FIRST_SPI < g->spis)
			gic_spi_route(g, intid - GIC_FIRST_SPI, in >> 8 * i & (BIT(g->cpus) - 1));
		out |= (uint64_t)gicd_target(g, self, intid) << 8 * i;
	}
	lock_release(&g->lock);
	a->value = out;
}

/* GICD_SGIR (§4.3.15): to the CPUs listed, to all others, or to the sender. */
static void gicd_sgi(struct gic *g, struct gic_cpu *self, uint32_t v)
{
	uint32_t all = (1u << g->cpus) - 1, to;

	switch (bits(v, 24, 2)) {
	case 0:	to = bits(v, 16, 8) & all; break;
	case 1:	to = all & ~(1u << self->index); break;
	case 2:	to = 1u << self->index; break;
	default: return;
	}
	for (; to; to &= to - 1)
		gic_send_sgi(&g->cpu[ctz64(to)], self, v & 15, GIC_GROUPS);
}

/* GICD_CPENDSGIR and GICD_SPENDSGIR (§4.3.16): a byte for each SGI, a bit for each source. */
static void gicd_sgi_sources(struct gic *g, struct gic_cpu *self, struct bus_access *a, uint32_t offset)
{
	bool set = offset >= GICD_SPENDSGIR;
	uint64_t in = a->value, out = 0;

	lock_acquire(&self->lock);
	for (unsigned i = 0; i < a->size; i++) {
		unsigned n = (offset + i) & 15;
		uint8_t mask = (uint8_t)(in >> 8 * i) & (uint8_t)((1u << g->cpus) - 1);

		if (a->write) {
			self->reg.sgi_source[n] = set ? self->reg.sgi_source[n] | mask : self->reg.sgi_source[n] & ~mask;
			self->own.latch &= ~(1u << n);
			self->own.latch |= (uint32_t)!!self->reg.sgi_source[n] << n;
		}
		out |= (uint64_t)self->reg.sgi_source[n] << 8 * i;
	}
	gic_cpu_update(self);
	lock_release(&self->lock);
	a->value = out;
}

static uint32_t gicd_read(struct gic *g, uint32_t offset)
{
	switch (offset) {
	case GICD_CTLR:		return __atomic_load_n(&g->ctlr, __ATOMIC_RELAXED);
	case GICD_TYPER:	return g->words | (g->cpus - 1) << 5;
	case GICD_IIDR:		return GIC_IIDR;
	default:		return offset >= GICD_IDREGS ? gic_id(2, offset) : 0;
	}
}

enum bus_result gicv2_dist_access(struct region *r, struct bus_access *a)
{
	struct gic *g = container_of(r, struct gic, dist);
	struct gic_cpu *self = gicv2_self(g, a);
	uint32_t offset = (uint32_t)a->offset;

	if (offset & (a->size - 1u))
		a->value = 0;
	else if (offset >= GICD_ITARGETSR && offset < GICD_ICFGR)
		gicd_targets(g, self, a, offset - GICD_ITARGETSR);
	else if (offset >= GICD_CPENDSGIR && offset < GICD_SPENDSGIR_END)
		gicd_sgi_sources(g, self, a, offset);
	else if (gic_word_access(g, self, a, offset))
		return BUS_OK;
	else if (a->size != 4)
		a->value = 0;
	else if (!a->write)
		a->value = gicd_read(g, offset);
	else if (offset == GICD_CTLR)
		gic_write_ctlr(g, (uint32_t)a->value & GIC_GROUPS);
	else if (offset == GICD_SGIR)
		gicd_sgi(g, self, (uint32_t)a->value);
	return BUS_OK;
}
