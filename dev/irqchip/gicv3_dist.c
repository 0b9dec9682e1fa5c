/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * GICv3 distributor registers (IHI 0069 §12.9), for one security state with affinity routing: word 0 of each
 * per-interrupt register and the whole of ITARGETSR and SGIR are reserved.
 */
#include "dev/irqchip/gic_lpi.h"
#include "dev/irqchip/gicv3.h"

enum {
	GICD_CTLR = 0x0000, GICD_TYPER = 0x0004, GICD_IIDR = 0x0008,
	GICD_SETSPI_NSR = 0x0040, GICD_CLRSPI_NSR = 0x0048,
	GICD_IROUTER = 0x6100, GICD_IROUTER_END = 0x8000, GICD_IDREGS = 0xffd0,
};

#define CTLR_ARE		BIT(4)
#define CTLR_DS			BIT(6)
#define IROUTER_BITS		0xff80ffffffull

static uint32_t gicd_typer(const struct gic *g)
{
	bool lpis = g->cpu[0].lpis;

	return (uint32_t)(field_put(MASK(4, 0), g->words) | BIT(16) /* MBIS */ | (lpis ? BIT(17) : 0) /* LPIS */ |
			  field_put(MASK(23, 19), lpis ? GIC_LPI_BITS - 1 : 9) /* IDbits */ | BIT(24) /* A3V */ |
			  BIT(26) /* RSS */);
}

/* A message sets or clears an SPI's latch; for a level-sensitive one that is how the level is carried (§12.9.36). */
static void gicd_message(struct gic *g, uint32_t intid, bool set)
{
	uint32_t n = (intid & 0x3ff) - GIC_FIRST_SPI, bit = 1u << (n & 31);
	struct gic_word *w;

	if (n >= g->spis)
		return;
	lock_acquire(&g->lock);
	w = &g->spi[n / 32];
	w->latch = set ? w->latch | bit : w->latch & ~bit;
	gic_spi_changed(g, n / 32, bit);
	lock_release(&g->lock);
}

static void gicd_router(struct gicv3 *v3, struct bus_access *a)
{
	uint32_t n = (uint32_t)(a->offset - GICD_IROUTER) / 8;
	uint64_t route;

	if (n >= v3->gic.spis || a->size < 4 || (a->offset & (a->size - 1u))) {
		a->value = 0;
		return;
	}
	lock_acquire(&v3->gic.lock);
	route = v3->route[n];
	gic_access64(a, (uint32_t)a->offset, &route);
	if (a->write)
		gicv3_route(v3, n, route & IROUTER_BITS);
	lock_release(&v3->gic.lock);
}

static uint32_t gicd_read(struct gic *g, uint32_t offset)
{
	switch (offset) {
	case GICD_CTLR:		return (uint32_t)(__atomic_load_n(&g->ctlr, __ATOMIC_RELAXED) | CTLR_ARE | CTLR_DS);
	case GICD_TYPER:	return gicd_typer(g);
	case GICD_IIDR:		return GIC_IIDR;
	default:		return offset >= GICD_IDREGS ? gic_id(3, offset & 0xfff) : 0;
	}
}

static void gicd_write(struct gic *g, uint32_t offset, uint32_t value)
{
	switch (offset) {
	case GICD_CTLR:
		gic_write_ctlr(g, value & GIC_GROUPS);
		break;
	case GICD_SETSPI_NSR:
	case GICD_CLRSPI_NSR:
		gicd_message(g, value, offset == GICD_SETSPI_NSR);
		break;
	}
}

enum bus_result gicv3_dist_access(struct region *r, struct bus_access *a)
{
	struct gic *g = container_of(r, struct gic, dist);
	struct gicv3 *v3 = container_of(g, struct gicv3, gic);
	uint32_t offset = (uint32_t)a->offset;
	bool message = offset == GICD_SETSPI_NSR || offset == GICD_CLRSPI_NSR;

	if (gic_word_access(g, NULL, a, offset))
		return BUS_OK;
	if (offset >= GICD_IROUTER && offset < GICD_IROUTER_END) {
		gicd_router(v3, a);
		return BUS_OK;
	}
	/* Registers of 32 bits; a message may be 16 wide. */
	if ((a->size != 4 && !(message && a->size == 2)) || (offset & 3)) {
		a->value = 0;
		dev_guest_error(&g->dev, "distributor: %u-byte access at %#x", a->size, offset);
		return BUS_OK;
	}
	if (a->write)
		gicd_write(g, offset, (uint32_t)a->value & (a->size == 2 ? 0xffff : ~0u));
	else
		a->value = gicd_read(g, offset);
	return BUS_OK;
}
