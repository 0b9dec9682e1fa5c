/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * GICv3 redistributors (IHI 0069 §12.10, §12.11): for each vCPU a frame for control and one for its SGIs and PPIs.
 * A vCPU may reach any of them. A redistributor that is asleep (GICR_WAKER, the reset state) forwards nothing.
 */
#include "dev/irqchip/gic_lpi.h"
#include "dev/irqchip/gicv3.h"

enum {
	GICR_CTLR = 0x0000, GICR_IIDR = 0x0004, GICR_TYPER = 0x0008, GICR_WAKER = 0x0014, GICR_IDREGS = 0xffd0,
	SGI_FRAME = 0x10000,
};

#define WAKER_PROCESSOR_SLEEP	BIT(1)
#define WAKER_CHILDREN_ASLEEP	BIT(2)
#define TYPER_PLPIS		BIT(0)
#define TYPER_LAST		BIT(4)

static uint64_t gicr_typer(const struct gic *g, const struct gic_cpu *c)
{
	uint64_t aff = (c->affinity >> 32 & 0xff) << 24 | (c->affinity & 0xffffff);

	return aff << 32 | (uint64_t)c->index << 8 | (c->lpis ? TYPER_PLPIS : 0) | (c->index + 1 == g->cpus ? TYPER_LAST : 0);
}

static uint32_t gicr_waker(struct gic_cpu *c)
{
	bool asleep;

	lock_acquire(&c->lock);
	asleep = c->reg.asleep;
	lock_release(&c->lock);
	return asleep ? WAKER_PROCESSOR_SLEEP | WAKER_CHILDREN_ASLEEP : 0;
}

static uint32_t gicr_read(struct gic_cpu *c, uint32_t offset)
{
	switch (offset) {
	case GICR_IIDR:		return GIC_IIDR;
	case GICR_WAKER:	return gicr_waker(c);
	default:		return offset >= GICR_IDREGS ? gic_id(3, offset & 0xfff) : 0;
	}
}

static void gicr_control(struct gic *g, struct gic_cpu *c, struct bus_access *a, uint32_t offset)
{
	uint64_t typer;

	if (gic_lpi_access(c, a, offset)) {
		return;
	} else if ((offset & ~7u) == GICR_TYPER && a->size >= 4) {
		typer = gicr_typer(g, c);
		gic_access64(a, offset, &typer);
	} else if (a->size != 4 || (offset & 3)) {
		a->value = 0;
	} else if (!a->write) {
		a->value = gicr_read(c, offset);
	} else if (offset == GICR_WAKER) {
		gic_set_asleep(c, a->value & WAKER_PROCESSOR_SLEEP);
	}
}

enum bus_result gicv3_redist_access(struct region *r, struct bus_access *a)
{
	struct gicv3 *v3 = container_of(r, struct gicv3, redist);
	struct gic *g = &v3->gic;
	struct gic_cpu *c = &g->cpu[a->offset / GICV3_REDIST_SIZE];
	uint32_t offset = a->offset % GICV3_REDIST_SIZE;

	if (offset & (a->size - 1u))
		a->value = 0;
	else if (offset < SGI_FRAME)
		gicr_control(g, c, a, offset);
	else if (!gic_word_access(g, c, a, offset - SGI_FRAME))
		a->value = 0;
	return BUS_OK;
}
