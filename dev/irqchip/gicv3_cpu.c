/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The GICv3 CPU interface as system registers, ICC_* (IHI 0069 §12.2). A register that does not exist in that
 * direction answers BUS_ABORT, which the engine turns into UNDEFINED.
 */
#include "dev/irqchip/gicv3.h"
#include "isa/arm64/sysreg.h"

#define CTLR_CBPR		BIT(0)
#define CTLR_EOIMODE		BIT(1)
#define CTLR_FIXED		(field_put(MASK(10, 8), 4) /* PRIbits: 5 */ | field_put(MASK(13, 11), 0) /* IDbits: 16 */ | \
				 BIT(15) /* A3V */ | BIT(18) /* RSS */)
#define SRE_ALL			7u	/* SRE, DFB, DIB: system registers only, no bypass */
#define SGI_IRM			BIT(40)

static void icc_write_ctlr(struct gic_cpu *c, uint64_t v)
{
	lock_acquire(&c->lock);
	c->reg.common_bpr = v & CTLR_CBPR;
	c->reg.eoi_mode = v & CTLR_EOIMODE;
	gic_cpu_update(c);
	lock_release(&c->lock);
}

static void icc_write_bpr(struct gic_cpu *c, unsigned group, uint64_t v)
{
	uint8_t least = group ? GIC_MIN_BPR1 : GIC_MIN_BPR0;

	lock_acquire(&c->lock);
	if (!group || !c->reg.common_bpr)
		c->reg.bpr[group] = MAX((uint8_t)(v & 7), least);
	gic_cpu_update(c);
	lock_release(&c->lock);
}

static uint64_t icc_read_bpr1(const struct gic_cpu *c)
{
	return c->reg.common_bpr ? MIN(c->reg.bpr[0] + 1, 7) : c->reg.bpr[1];
}

static void icc_write_apr(struct gic_cpu *c, unsigned group, uint64_t v)
{
	lock_acquire(&c->lock);
	c->reg.apr[group] = (uint32_t)v;
	gic_cpu_update(c);
	lock_release(&c->lock);
}

/* ICC_SGI0R, ICC_SGI1R, ICC_ASGI1R (§12.2.21): to one cluster's list of 16, or to all others. */
static void icc_send(struct gic_cpu *from, uint64_t v, unsigned groups)
{
	struct gic *g = from->gic;
	unsigned n = bits(v, 24, 4);
	uint64_t cluster = bits(v, 48, 8) << 32 | bits(v, 32, 8) << 16 | bits(v, 16, 8) << 8;

	if (v & SGI_IRM) {
		for (uint32_t i = 0; i < g->cpus; i++)
			if (i != from->index)
				gic_send_sgi(&g->cpu[i], from, n, groups);
		return;
	}
	for (uint32_t list = v & 0xffff; list; list &= list - 1) {
		struct gic_cpu *to = gicv3_find(g, cluster | (bits(v, 44, 4) * 16 + ctz64(list)));

		if (to)
			gic_send_sgi(to, from, n, groups);
	}
}

static bool icc_read(struct gic_cpu *c, uint32_t reg, uint64_t *v)
{
	switch (reg) {
	case SYS_ICC_IAR0_EL1:		*v = gic_acknowledge(c, 1); return true;
	case SYS_ICC_IAR1_EL1:		*v = gic_acknowledge(c, 2); return true;
	case SYS_ICC_HPPIR0_EL1:	*v = gic_highest_pending(c, 1); return true;
	case SYS_ICC_HPPIR1_EL1:	*v = gic_highest_pending(c, 2); return true;
	case SYS_ICC_BPR0_EL1:		*v = c->reg.bpr[0]; return true;
	case SYS_ICC_BPR1_EL1:		*v = icc_read_bpr1(c); return true;
	case SYS_ICC_AP0R0_EL1:		*v = c->reg.apr[0]; return true;
	case SYS_ICC_AP1R0_EL1:		*v = c->reg.apr[1]; return true;
	case SYS_ICC_RPR_EL1:		*v = gic_running_priority(c); return true;
	case SYS_ICC_CTLR_EL1:
		*v = CTLR_FIXED | (c->reg.common_bpr ? CTLR_CBPR : 0) | (c->reg.eoi_mode ? CTLR_EOIMODE : 0);
		return true;
	case SYS_ICC_SRE_EL1:		*v = SRE_ALL; return true;
	case SYS_ICC_IGRPEN0_EL1:	*v = c->reg.groups & 1; return true;
	case SYS_ICC_IGRPEN1_EL1:	*v = c->reg.groups >> 1; return true;
	default:			return false;
	}
}

static bool icc_write(struct gic_cpu *c, uint32_t reg, uint64_t v)
{
	switch (reg) {
	case SYS_ICC_EOIR0_EL1:		gic_end(c, v & 0xffffff, 1); return true;
	case SYS_ICC_EOIR1_EL1:		gic_end(c, v & 0xffffff, 2); return true;
	case SYS_ICC_DIR_EL1:
		if (c->reg.eoi_mode)
			gic_deactivate(c, v & 0xffffff);
		return true;
	case SYS_ICC_SGI1R_EL1:		icc_send(c, v, 2); return true;
	case SYS_ICC_ASGI1R_EL1:	/* the other security state's group 1, which is group 0 here */
	case SYS_ICC_SGI0R_EL1:		icc_send(c, v, 1); return true;
	case SYS_ICC_BPR0_EL1:		icc_write_bpr(c, 0, v); return true;
	case SYS_ICC_BPR1_EL1:		icc_write_bpr(c, 1, v); return true;
	case SYS_ICC_AP0R0_EL1:		icc_write_apr(c, 0, v); return true;
	case SYS_ICC_AP1R0_EL1:		icc_write_apr(c, 1, v); return true;
	case SYS_ICC_CTLR_EL1:		icc_write_ctlr(c, v); return true;
	case SYS_ICC_SRE_EL1:		return true;
	case SYS_ICC_IGRPEN0_EL1:	gic_set_groups(c, 1, v & 1); return true;
	case SYS_ICC_IGRPEN1_EL1:	gic_set_groups(c, 2, (v & 1) << 1); return true;
	default:			return false;
	}
}

enum bus_result gicv3_icc_access(struct region *r, struct bus_access *a)
{
	struct gic_cpu *c = a->vcpu ? a->vcpu->irq : NULL;
	uint32_t reg = SYS_ICC_IAR0_EL1 + (uint32_t)a->offset;

	if (!c || !(a->write ? icc_write(c, reg, a->value) : icc_read(c, reg, &a->value)))
		return BUS_ABORT;
	return BUS_OK;
}

enum bus_result gicv3_pmr_access(struct region *r, struct bus_access *a)
{
	struct gic_cpu *c = a->vcpu ? a->vcpu->irq : NULL;

	if (!c)
		return BUS_ABORT;
	if (!a->write) {
		a->value = c->reg.pmr;
		return BUS_OK;
	}
	lock_acquire(&c->lock);
	c->reg.pmr = a->value & GIC_PRIORITY_MASK;
	gic_cpu_update(c);
	lock_release(&c->lock);
	return BUS_OK;
}
