/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * GICv2 with the virtualization extensions (ARM IHI 0048B): a CPU interface for us (GICC), list registers (GICH), and a virtual CPU
 * interface (GICV) that cells find where the physical one is.
 */
#include "engine/bare/arm64/gic.h"

/* GICC */
#define GICC_CTLR	0x00u
#define GICC_PMR	0x04u
#define GICC_BPR	0x08u
#define GICC_IAR	0x0cu
#define GICC_EOIR	0x10u
#define GICC_RPR	0x14u
#define GICC_APR0	0xd0u
#define GICC_DIR	0x1000u
#define CTLR_ENABLE	BIT(0)
#define CTLR_EOIMODE	BIT(9)

/* GICH */
#define GICH_HCR	0x00u
#define GICH_VTR	0x04u
#define GICH_VMCR	0x08u
#define GICH_ELRSR0	0x30u
#define GICH_APR	0xf0u
#define GICH_LR0	0x100u
#define HCR_EN		BIT(0)
#define HCR_UIE		BIT(1)
#define VMCR_ENABLE	BIT(0)
#define VMCR_EOIM	BIT(9)
#define VMCR_BPR	MASK(23, 21)
#define VMCR_PMR	MASK(31, 27)
#define LR_VIRTUAL	MASK(9, 0)
#define LR_PHYSICAL	MASK(19, 10)
#define LR_SOURCE	MASK(12, 10)	/* of an SGI */
#define LR_PRIORITY	MASK(27, 23)
#define LR_PENDING	BIT(28)
#define LR_ACTIVE	BIT(29)
#define LR_HW		BIT(31)

#define GICV_BYTES	0x2000u
#define SGIR_ONE(mask)	((uint32_t)(mask) << 16 | SGI_KICK)

static const struct config_platform *platform(void)
{
	return &this_cpu()->cpu.sys->config->platform;
}

static uint32_t gicc_read(uint32_t reg)
{
	return (uint32_t)mmio_read(platform()->gicc_base + reg, 4);
}

static void gicc_write(uint32_t reg, uint64_t value)
{
	mmio_write(platform()->gicc_base + reg, value, 4);
}

static uint32_t gich_read(uint32_t reg)
{
	return (uint32_t)mmio_read(platform()->gich_base + reg, 4);
}

static void gich_write(uint32_t reg, uint64_t value)
{
	mmio_write(platform()->gich_base + reg, value, 4);
}

static uint32_t lr_read(uint32_t n)
{
	return gich_read(GICH_LR0 + 4 * n);
}

static void lr_write(uint32_t n, uint64_t value)
{
	gich_write(GICH_LR0 + 4 * n, value);
}

static uint64_t lrs_empty(const struct arm_cpu *c)
{
	uint64_t empty = gich_read(GICH_ELRSR0);

	if (c->lr_count > 32)
		empty |= (uint64_t)gich_read(GICH_ELRSR0 + 4) << 32;
	return empty & (~0ull >> (64 - c->lr_count));
}

static bool v2_insert(struct arm_cpu *c, uint32_t irq, uint8_t priority)
{
	uint64_t empty = lrs_empty(c), lr;

	for (uint64_t used = (~0ull >> (64 - c->lr_count)) & ~empty; used; used &= used - 1) {
		uint32_t n = ctz64(used);

		lr = lr_read(n);
		if ((lr & LR_VIRTUAL) != irq)
			continue;
		if (!(lr & LR_HW))
			lr_write(n, lr | LR_PENDING);
		return true;
	}
	if (!empty)
		return false;
	lr = irq | LR_PENDING | field_put(LR_PRIORITY, priority >> 3);
	if (irq >= IRQ_SGIS)
		lr |= LR_HW | field_put(LR_PHYSICAL, irq);
	else
		lr |= field_put(LR_SOURCE, c->sgi_source[irq]);
	lr_write(ctz64(empty), lr);
	return true;
}

static void v2_refill(struct arm_cpu *c, bool want)
{
	gich_write(GICH_HCR, want ? HCR_EN | HCR_UIE : HCR_EN);
}

static bool v2_waits(struct arm_cpu *c)
{
	for (uint32_t n = 0; n < c->lr_count; n++)
		if (lr_read(n) & LR_PENDING)
			return true;
	return false;
}

static void v2_withdraw(struct arm_cpu *c)
{
	for (uint32_t n = 0; n < c->lr_count; n++)
		if (gic_is_withdrawn(c, (uint32_t)(lr_read(n) & LR_VIRTUAL)))
			lr_write(n, 0);
}

static bool v2_has_lpi(struct arm_cpu *c)
{
	return false;
}

/* The word has the sender of an SGI above its INTID, and is wanted whole at the end. */
static uint32_t v2_acknowledge(void)
{
	return gicc_read(GICC_IAR);
}

static void v2_end(uint32_t acknowledged, bool deactivate)
{
	gicc_write(GICC_EOIR, acknowledged);
	if (deactivate)
		gicc_write(GICC_DIR, acknowledged);
}

static uint8_t v2_priority(void)
{
	return (uint8_t)gicc_read(GICC_RPR);
}

static void v2_kick(const struct arm_cpu *target)
{
	dsb(ishst);
	mmio_write(gicd_base(target->cpu.sys) + GICD_SGIR, SGIR_ONE(target->gicc_mask), 4);
}

static void v2_route(uint32_t irq, const struct arm_cpu *target)
{
	mmio_write(gicd_base(target->cpu.sys) + GICD_ITARGETSR + irq, target->gicc_mask, 1);
}

static bool v2_is_routed(uint32_t irq, const struct arm_cpu *target)
{
	return mmio_read(gicd_base(target->cpu.sys) + GICD_ITARGETSR + irq, 1) & target->gicc_mask;
}

/* ---- one CPU ---- */

static void lrs_clear(struct arm_cpu *c)
{
	for (uint32_t n = 0; n < c->lr_count; n++)
		lr_write(n, 0);
}

/* SGIs that Linux has been sent and hasn't taken: on a GICv2 they pend for each sender (GICD_CPENDSGIR, SPENDSGIR). */
#define GICD_CPENDSGIR	0xf10u
#define GICD_SPENDSGIR	0xf20u

static void sgis_take(struct arm_cpu *c, uint64_t base)
{
	for (uint32_t sgi = 0; sgi < IRQ_SGIS; sgi++) {
		uint64_t senders = mmio_read(base + GICD_SPENDSGIR + sgi, 1);

		if (!senders)
			continue;
		mmio_write(base + GICD_CPENDSGIR + sgi, senders, 1);
		c->sgi_source[sgi] = (uint8_t)ctz64(senders);
		c->sgi_pending |= (uint32_t)BIT(sgi);
	}
}

static int v2_enter(struct arm_cpu *c)
{
	uint64_t base = gicd_base(c->cpu.sys);
	uint32_t ctlr = gicc_read(GICC_CTLR);
	int err;

	c->gic_ctlr = ctlr;
	c->gicc_mask = (uint8_t)mmio_read(base + GICD_ITARGETSR, 1);
	c->lr_count = (gich_read(GICH_VTR) & 63) + 1;
	err = gic_lrs_check(c);
	if (err)
		return err;
	gich_write(GICH_HCR, HCR_EN);
	gich_write(GICH_VMCR, field_put(VMCR_PMR, gicc_read(GICC_PMR) >> 3) | field_put(VMCR_BPR, gicc_read(GICC_BPR)) |
		(ctlr & CTLR_EOIMODE ? VMCR_EOIM : 0) | (ctlr & CTLR_ENABLE ? VMCR_ENABLE : 0));
	gich_write(GICH_APR, gicc_read(GICC_APR0));
	gicc_write(GICC_APR0, 0);
	lrs_clear(c);
	gic_private_take(c, base);
	for (uint32_t set = c->sgi_active, n = 0; set && n < c->lr_count; set &= set - 1, n++)
		lr_write(n, ctz64(set) | LR_ACTIVE | field_put(LR_PRIORITY, c->sgi_priority[ctz64(set)] >> 3));
	sgis_take(c, base);
	gicc_write(GICC_CTLR, ctlr | CTLR_EOIMODE | CTLR_ENABLE);
	gicc_write(GICC_PMR, 0xff);
	gic_fill(c);
	return 0;
}

static void v2_leave(struct arm_cpu *c, bool off)
{
	uint64_t base = gicd_base(c->cpu.sys);
	uint32_t vmcr = gich_read(GICH_VMCR);

	gic_private_give(c, base);
	for (uint32_t n = 0; n < c->lr_count; n++) {
		uint32_t lr = lr_read(n), irq = lr & LR_VIRTUAL;

		if (irq < IRQ_SGIS && (lr & LR_PENDING))
			mmio_write(base + GICD_SPENDSGIR + irq, BIT(c->sgi_source[irq]), 1);
		else if (lr & (LR_PENDING | LR_ACTIVE))
			gic_hand_back(c, base, irq, lr & LR_PENDING, lr & LR_ACTIVE);
	}
	for (uint32_t set = c->sgi_pending; set; set &= set - 1)
		mmio_write(base + GICD_SPENDSGIR + ctz64(set), BIT(c->sgi_source[ctz64(set)]), 1);
	c->sgi_pending = 0;
	gic_queue_hand_back(c, base);
	lrs_clear(c);
	gicc_write(GICC_PMR, field_get(VMCR_PMR, vmcr) << 3);
	gicc_write(GICC_BPR, field_get(VMCR_BPR, vmcr));
	gicc_write(GICC_APR0, gich_read(GICH_APR));
	gicc_write(GICC_CTLR, (c->gic_ctlr & ~(CTLR_EOIMODE | CTLR_ENABLE)) | (vmcr & VMCR_EOIM ? CTLR_EOIMODE : 0) |
		(!off && (vmcr & VMCR_ENABLE) ? CTLR_ENABLE : 0));
	gich_write(GICH_APR, 0);
	gich_write(GICH_VMCR, 0);
	gich_write(GICH_HCR, 0);
}

static void v2_reset(struct arm_cpu *c)
{
	for (uint32_t n = 0; n < c->lr_count; n++)
		gic_shared_hand_back(c, lr_read(n) & LR_VIRTUAL, lr_read(n) & LR_PENDING);
	lrs_clear(c);
	gich_write(GICH_VMCR, 0);
	gich_write(GICH_APR, 0);
	gich_write(GICH_HCR, HCR_EN);
	gic_private_reset(c, gicd_base(c->cpu.sys));
}

/* ---- cells ---- */

int gicv2_map_interface(struct cell *cell)
{
	const struct config_platform *p = &cell->sys->config->platform;

	return arch_map(cell, p->gicc_base, p->gicv_base, GICV_BYTES, MEMORY_READ | MEMORY_WRITE | MEMORY_IO);
}

static int v2_cell_init(struct cell *cell)
{
	int err = mmio_add(&cell->mmio, gicd_base(cell->sys), GICD_BYTES_V2, gic_dist_access, NULL);

	/* The root's own memory comes first, and may have it in it. */
	return err || cell == root_of(cell->sys) ? err : gicv2_map_interface(cell);
}

const struct gic gicv2 = {
	.cell_init	= v2_cell_init,
	.enter		= v2_enter,
	.leave		= v2_leave,
	.reset		= v2_reset,
	.id_mask	= MASK(9, 0),
	.acknowledge	= v2_acknowledge,
	.end		= v2_end,
	.priority	= v2_priority,
	.kick		= v2_kick,
	.insert		= v2_insert,
	.refill		= v2_refill,
	.waits		= v2_waits,
	.has_lpi	= v2_has_lpi,
	.withdraw	= v2_withdraw,
	.route		= v2_route,
	.is_routed	= v2_is_routed,
};
