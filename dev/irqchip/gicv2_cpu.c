/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * GICv2 CPU interface, GICC_* (IHI 0048 §4.4), banked by the accessing vCPU. GICC_IAR and GICC_EOIR serve group 0,
 * and group 1 as well when AckCtl is set; the aliased registers serve group 1.
 */
#include "dev/irqchip/gicv2.h"

enum {
	GICC_CTLR = 0x00, GICC_PMR = 0x04, GICC_BPR = 0x08, GICC_IAR = 0x0c, GICC_EOIR = 0x10, GICC_RPR = 0x14,
	GICC_HPPIR = 0x18, GICC_ABPR = 0x1c, GICC_AIAR = 0x20, GICC_AEOIR = 0x24, GICC_AHPPIR = 0x28, GICC_APR0 = 0xd0,
	GICC_NSAPR0 = 0xe0, GICC_IIDR = 0xfc, GICC_DIR = 0x1000,
};

#define CTLR_ACKCTL		BIT(2)
#define CTLR_FIQEN		BIT(3)
#define CTLR_CBPR		BIT(4)
#define CTLR_EOIMODE		BIT(9)
#define INTID_IN_GROUP1		1022		/* pending, but for the other register to acknowledge */

static uint32_t gicc_groups(const struct gic_cpu *c)
{
	return c->reg.ack_ctl ? GIC_GROUPS : 1;
}

/* 1022 needs sufficient priority on acknowledge, and none when asked what is pending (§3.2.5). */
static uint32_t gicc_acknowledge(struct gic_cpu *c)
{
	uint32_t intid = gic_acknowledge(c, gicc_groups(c));

	return intid == GIC_SPURIOUS && gic_signals(c, 2) ? INTID_IN_GROUP1 : intid;
}

static uint32_t gicc_pending(struct gic_cpu *c)
{
	uint32_t intid = gic_highest_pending(c, gicc_groups(c));

	return intid == GIC_SPURIOUS && gic_highest_pending(c, 2) != GIC_SPURIOUS ? INTID_IN_GROUP1 : intid;
}

static uint32_t gicc_read_ctlr(const struct gic_cpu *c)
{
	return (uint32_t)(c->reg.groups | (c->reg.ack_ctl ? CTLR_ACKCTL : 0) | (c->reg.fiq_enable ? CTLR_FIQEN : 0) |
			  (c->reg.common_bpr ? CTLR_CBPR : 0) | (c->reg.eoi_mode ? CTLR_EOIMODE : 0));
}

static void gicc_write_ctlr(struct gic_cpu *c, uint32_t v)
{
	lock_acquire(&c->lock);
	c->reg.ack_ctl = v & CTLR_ACKCTL;
	c->reg.fiq_enable = v & CTLR_FIQEN;
	c->reg.common_bpr = v & CTLR_CBPR;
	c->reg.eoi_mode = v & CTLR_EOIMODE;
	lock_release(&c->lock);
	gic_set_groups(c, GIC_GROUPS, v);
}

static uint32_t gicc_read(struct gic_cpu *c, uint32_t offset)
{
	switch (offset) {
	case GICC_CTLR:		return gicc_read_ctlr(c);
	case GICC_PMR:		return c->reg.pmr;
	case GICC_BPR:		return c->reg.bpr[0];
	case GICC_ABPR:		return c->reg.bpr[1];
	case GICC_IAR:		return gicc_acknowledge(c);
	case GICC_AIAR:		return gic_acknowledge(c, 2);
	case GICC_RPR:		return gic_running_priority(c);
	case GICC_HPPIR:	return gicc_pending(c);
	case GICC_AHPPIR:	return gic_highest_pending(c, 2);
	case GICC_APR0:		return c->reg.apr[0];
	case GICC_NSAPR0:	return c->reg.apr[1];
	case GICC_IIDR:		return 0x0c02043b;	/* product, architecture 2, implementer */
	default:		return 0;
	}
}

/* Registers that are values, with their limits. False: it is not one of them. */
static bool gicc_write_value(struct gic_cpu *c, uint32_t offset, uint32_t v)
{
	bool known = true;

	lock_acquire(&c->lock);
	switch (offset) {
	case GICC_PMR:		c->reg.pmr = v & GIC_PRIORITY_MASK; break;
	case GICC_BPR:		c->reg.bpr[0] = MAX((uint8_t)(v & 7), GIC_MIN_BPR0); break;
	case GICC_ABPR:		c->reg.bpr[1] = MAX((uint8_t)(v & 7), GIC_MIN_BPR1); break;
	case GICC_APR0:		c->reg.apr[0] = v; break;
	case GICC_NSAPR0:	c->reg.apr[1] = v; break;
	default:		known = false;
	}
	if (known)
		gic_cpu_update(c);
	lock_release(&c->lock);
	return known;
}

static void gicc_write(struct gic_cpu *c, uint32_t offset, uint32_t v)
{
	if (gicc_write_value(c, offset, v))
		return;
	switch (offset) {
	case GICC_CTLR:		gicc_write_ctlr(c, v); break;
	/* With one security state it is the interrupt that says its group: AckCtl only limits acknowledging. */
	case GICC_EOIR:		gic_end(c, v & 0x3ff, GIC_GROUPS); break;
	case GICC_AEOIR:	gic_end(c, v & 0x3ff, 2); break;
	case GICC_DIR:
		if (c->reg.eoi_mode)
			gic_deactivate(c, v & 0x3ff);
		break;
	}
}

enum bus_result gicv2_cpu_access(struct region *r, struct bus_access *a)
{
	struct gicv2 *v2 = container_of(r, struct gicv2, cpu_regs);
	struct gic_cpu *c = gicv2_self(&v2->gic, a);

	if (a->write)
		gicc_write(c, (uint32_t)a->offset, (uint32_t)a->value);
	else
		a->value = gicc_read(c, (uint32_t)a->offset);
	return BUS_OK;
}
