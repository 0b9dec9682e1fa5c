/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * GICv3 (ARM IHI 0069): CPU interface and list registers are system registers (§12.2, §12.4), each CPU has a redistributor
 * (§12.10). LPIs and the ITS stay the root's.
 */
#include "engine/bare/arm64/gic.h"
#include "engine/bare/arm64/gicv3.h"

#define LR_PENDING	BIT(62)
#define LR_ACTIVE	BIT(63)
#define LR_HW		BIT(61)
#define LR_GROUP1	BIT(60)
#define LR_PRIORITY	MASK(55, 48)
#define LR_PHYSICAL	MASK(44, 32)
#define LR_VIRTUAL	MASK(31, 0)

#define ICH_HCR_EN	BIT(0)
#define ICH_HCR_UIE	BIT(1)
#define VMCR_ENG1	BIT(1)
#define VMCR_CBPR	BIT(4)
#define VMCR_EOIM	BIT(9)
#define VMCR_BPR1	MASK(20, 18)
#define VMCR_PMR	MASK(31, 24)
#define CTLR_CBPR	BIT(0)
#define CTLR_EOIMODE	BIT(1)

/* The sixteen list registers have names, not numbers. */
#define LR_CASES(op) \
	op(0, ICH_LR0) op(1, ICH_LR1) op(2, ICH_LR2) op(3, ICH_LR3) op(4, ICH_LR4) op(5, ICH_LR5) op(6, ICH_LR6) \
	op(7, ICH_LR7) op(8, ICH_LR8) op(9, ICH_LR9) op(10, ICH_LR10) op(11, ICH_LR11) op(12, ICH_LR12) \
	op(13, ICH_LR13) op(14, ICH_LR14) op(15, ICH_LR15)

static uint64_t lr_read(uint32_t n)
{
	switch (n) {
#define READ(i, name) case i: return icc_read(name);
	LR_CASES(READ)
	default: return 0;
	}
}

static void lr_write(uint32_t n, uint64_t value)
{
	switch (n) {
#define WRITE(i, name) case i: icc_write(name, value); break;
	LR_CASES(WRITE)
	default: break;
	}
}

static bool v3_insert(struct arm_cpu *c, uint32_t irq, uint8_t priority)
{
	uint64_t all = BIT(c->lr_count) - 1, empty = icc_read(ICH_ELRSR) & all, lr;

	for (uint64_t used = all & ~empty; used; used &= used - 1) {
		uint32_t n = ctz64(used);

		lr = lr_read(n);
		if ((lr & LR_VIRTUAL) != irq)
			continue;
		if (!(lr & LR_HW))
			lr_write(n, lr | LR_PENDING);	/* again, while the guest is at it */
		return true;
	}
	if (!empty)
		return false;
	lr = irq | LR_PENDING | LR_GROUP1 | field_put(LR_PRIORITY, priority);
	if (irq >= IRQ_SGIS && irq < IRQ_SPECIAL)
		lr |= LR_HW | field_put(LR_PHYSICAL, irq);
	lr_write(ctz64(empty), lr);
	return true;
}

static void v3_refill(struct arm_cpu *c, bool want)
{
	icc_write(ICH_HCR, want ? ICH_HCR_EN | ICH_HCR_UIE : ICH_HCR_EN);
}

static bool lr_any(struct arm_cpu *c, uint64_t mask, uint64_t match, uint64_t from)
{
	for (uint32_t n = 0; n < c->lr_count; n++) {
		uint64_t lr = lr_read(n);

		if ((lr & mask) == match && (lr & LR_VIRTUAL) >= from)
			return true;
	}
	return false;
}

static bool v3_waits(struct arm_cpu *c)
{
	return lr_any(c, LR_PENDING, LR_PENDING, 0);
}

static void v3_withdraw(struct arm_cpu *c)
{
	for (uint32_t n = 0; n < c->lr_count; n++)
		if (gic_is_withdrawn(c, (uint32_t)(lr_read(n) & LR_VIRTUAL)))
			lr_write(n, 0);
}

static bool v3_has_lpi(struct arm_cpu *c)
{
	return lr_any(c, LR_PENDING, LR_PENDING, IRQ_LPI);
}

static uint32_t v3_acknowledge(void)
{
	uint32_t iar = (uint32_t)icc_read(ICC_IAR1);

	dsb(sy);
	return iar;
}

static void v3_end(uint32_t acknowledged, bool deactivate)
{
	icc_write(ICC_EOIR1, acknowledged);
	if (deactivate)
		icc_write(ICC_DIR, acknowledged);
}

static uint8_t v3_priority(void)
{
	return (uint8_t)icc_read(ICC_RPR);
}

static void v3_kick(const struct arm_cpu *target)
{
	uint64_t m = target->mpidr;

	dsb(ishst);
	icc_write(ICC_SGI1R, field_put(MASK(55, 48), m >> 32 & 0xff) | field_put(MASK(39, 32), m >> 16 & 0xff) |
		field_put(MASK(23, 16), m >> 8 & 0xff) | (uint64_t)SGI_KICK << 24 |
		field_put(MASK(47, 44), (m & 0xff) >> 4) | BIT(m & 15));
	isb();
}

static void v3_route(uint32_t irq, const struct arm_cpu *target)
{
	mmio_write(gicd_base(target->cpu.sys) + GICD_IROUTER + irq * 8ull, target->mpidr & MPIDR_AFFINITY, 8);
}

static bool v3_is_routed(uint32_t irq, const struct arm_cpu *target)
{
	uint64_t router = mmio_read(gicd_base(target->cpu.sys) + GICD_IROUTER + irq * 8ull, 8);

	return (router & IROUTER_IRM) || (router & MPIDR_AFFINITY) == (target->mpidr & MPIDR_AFFINITY);
}

/* ---- one CPU ---- */

static void lrs_clear(struct arm_cpu *c)
{
	for (uint32_t n = 0; n < c->lr_count; n++)
		lr_write(n, 0);
}

/* Its frame, by the affinity in GICR_TYPER. */
static int frame_find(struct arm_cpu *c)
{
	uint64_t at = c->cpu.sys->config->platform.gicr_base, typer;

	for (uint32_t i = 0; i < GICR_FRAMES_MAX(c->cpu.sys); i++) {
		typer = mmio_read(at + GICR_TYPER, 8);
		if (gicr_affinity(typer) == (c->mpidr & MPIDR_AFFINITY)) {
			c->gicr = at;
			return 0;
		}
		if (typer & GICR_TYPER_LAST)
			break;
		at += gicr_stride(typer);
	}
	return -ENODEV;
}

/* Linux's CPU interface becomes the virtual one, with what it had under way. */
static int v3_enter(struct arm_cpu *c)
{
	int err = frame_find(c);
	uint64_t ctlr = icc_read(ICC_CTLR), apr;

	if (!err)
		err = gicv3_lpi_tables_check(c->cpu.sys, c->gicr);
	if (err)
		return err;
	c->gic_sre = icc_read(ICC_SRE_EL2);
	icc_write(ICC_SRE_EL2, c->gic_sre | 0xf);
	isb();
	c->gic_ctlr = ctlr;
	c->lr_count = (uint32_t)(icc_read(ICH_VTR) & 31) + 1;
	err = gic_lrs_check(c);
	if (err) {
		icc_write(ICC_SRE_EL2, c->gic_sre);
		return err;
	}
	icc_write(ICH_HCR, ICH_HCR_EN);
	icc_write(ICH_VMCR, field_put(VMCR_PMR, icc_read(ICC_PMR)) | field_put(VMCR_BPR1, icc_read(ICC_BPR1)) |
		(ctlr & CTLR_EOIMODE ? VMCR_EOIM : 0) | (ctlr & CTLR_CBPR ? VMCR_CBPR : 0) |
		(icc_read(ICC_IGRPEN1) & 1 ? VMCR_ENG1 : 0));
	apr = icc_read(ICC_AP1R0);
	icc_write(ICC_AP1R0, 0);
	icc_write(ICH_AP1R0, apr);
	lrs_clear(c);
	gic_private_take(c, c->gicr + GICR_SGI_FRAME);
	for (uint32_t set = c->sgi_active, n = 0; set && n < c->lr_count; set &= set - 1, n++)
		lr_write(n, ctz64(set) | LR_ACTIVE | LR_GROUP1 | field_put(LR_PRIORITY, c->sgi_priority[ctz64(set)]));
	c->sgi_pending |= mmio_read(c->gicr + GICR_SGI_FRAME + GICD_ISPENDR, 4) & MASK(15, 0);
	mmio_write(c->gicr + GICR_SGI_FRAME + GICD_ICPENDR, MASK(15, 0), 4);
	icc_write(ICC_CTLR, (ctlr & ~CTLR_CBPR) | CTLR_EOIMODE);
	icc_write(ICC_PMR, 0xff);
	icc_write(ICC_IGRPEN1, 1);
	isb();
	gic_fill(c);
	return 0;
}

static void v3_leave(struct arm_cpu *c, bool off)
{
	uint64_t base = c->gicr + GICR_SGI_FRAME, vmcr = icc_read(ICH_VMCR);

	gic_private_give(c, base);
	for (uint32_t n = 0; n < c->lr_count; n++) {
		uint64_t lr = lr_read(n);

		if (lr & (LR_PENDING | LR_ACTIVE))
			gic_hand_back(c, base, (uint32_t)lr, lr & LR_PENDING, lr & LR_ACTIVE);
	}
	gic_queue_hand_back(c, base);
	lrs_clear(c);
	icc_write(ICC_PMR, field_get(VMCR_PMR, vmcr));
	icc_write(ICC_BPR1, field_get(VMCR_BPR1, vmcr));
	icc_write(ICC_CTLR, (c->gic_ctlr & ~(CTLR_CBPR | CTLR_EOIMODE)) | (vmcr & VMCR_EOIM ? CTLR_EOIMODE : 0) |
		(vmcr & VMCR_CBPR ? CTLR_CBPR : 0));
	icc_write(ICC_AP1R0, icc_read(ICH_AP1R0));
	icc_write(ICC_IGRPEN1, !off && (vmcr & VMCR_ENG1));
	icc_write(ICH_AP1R0, 0);
	icc_write(ICH_VMCR, 0);
	icc_write(ICH_HCR, 0);
	icc_write(ICC_SRE_EL2, c->gic_sre);
	isb();
}

static void v3_reset(struct arm_cpu *c)
{
	for (uint32_t n = 0; n < c->lr_count; n++)
		gic_shared_hand_back(c, (uint32_t)lr_read(n), lr_read(n) & LR_PENDING);
	lrs_clear(c);
	icc_write(ICH_VMCR, 0);
	icc_write(ICH_AP0R0, 0);
	icc_write(ICH_AP1R0, 0);
	icc_write(ICH_HCR, ICH_HCR_EN);
	gic_private_reset(c, c->gicr + GICR_SGI_FRAME);
}

const struct gic gicv3 = {
	.cell_init	= gicv3_cell_init,
	.enter		= v3_enter,
	.leave		= v3_leave,
	.reset		= v3_reset,
	.id_mask	= MASK(23, 0),
	.acknowledge	= v3_acknowledge,
	.end		= v3_end,
	.priority	= v3_priority,
	.kick		= v3_kick,
	.insert		= v3_insert,
	.refill		= v3_refill,
	.waits		= v3_waits,
	.has_lpi	= v3_has_lpi,
	.withdraw	= v3_withdraw,
	.route		= v3_route,
	.is_routed	= v3_is_routed,
};
