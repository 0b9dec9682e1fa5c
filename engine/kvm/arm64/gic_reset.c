/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The GIC's registers at power-on, written one by one because the kernel has no reset of it (ARM IHI 0069 §12.9, §12.11,
 * §12.2; IHI 0048 §4.3, §4.4). User space sees the set registers of pending as the state itself, and their clear twins
 * not at all; enable and active are cleared through theirs.
 */
#include "engine/kvm/arm64/gic_regs.h"
#include "isa/arm64/sysreg.h"

/* `irqs` interrupts from number `first`; what is pending has its own kind of register in v2. */
static int reset_irqs(const struct gic_bank *b, uint32_t frame, uint32_t first, uint32_t irqs, bool v3)
{
	uint32_t word = frame + first / 8, words = irqs / 32;
	int err = gic_fill(b, word + ICENABLER, words, ~0u);

	if (!err)
		err = gic_fill(b, word + (v3 ? ISPENDR : ICPENDR), words, v3 ? 0 : ~0u);
	if (!err)
		err = gic_fill(b, word + ICACTIVER, words, ~0u);
	if (!err)
		err = gic_fill(b, word + IGROUPR, words, 0);
	if (!err)
		err = gic_fill(b, frame + IPRIORITYR + first, irqs / 4, 0);
	if (!err && first)
		err = gic_fill(b, frame + ICFGR + first / 4, irqs / 16, 0);
	return err;
}

static int reset_cpu_v3(const struct arm64_vm *a, uint32_t cpu)
{
	static const uint16_t zero[] = {
		SYS_ICC_IGRPEN0_EL1, SYS_ICC_IGRPEN1_EL1, SYS_ICC_PMR_EL1, SYS_ICC_BPR0_EL1, SYS_ICC_BPR1_EL1, SYS_ICC_AP0R0_EL1,
		SYS_ICC_AP1R0_EL1,
	};
	struct gic_bank redist = gic_redist(a, cpu), icc = gic_cpu_interface(a, cpu);
	uint64_t ctlr;
	int err = gic_put(&redist, GICR_CTLR, 0);

	if (!err)
		err = gic_fill(&redist, GICR_PROPBASER, 4, 0);
	if (!err)
		err = reset_irqs(&redist, SGI_FRAME, 0, 32, true);
	if (!err)
		err = gic_get(&icc, SYS_ICC_CTLR_EL1, &ctlr);
	if (!err)
		err = gic_put(&icc, SYS_ICC_CTLR_EL1, ctlr & ~(ICC_CBPR | ICC_EOIMODE));
	for (size_t n = 0; n < ARRAY_SIZE(zero) && !err; n++)
		err = gic_put(&icc, zero[n], 0);
	return err;
}

/* SGIs are enabled. */
static int reset_cpu_v2(const struct arm64_vm *a, uint32_t cpu)
{
	static const uint16_t zero[] = {
		GICC_CTLR, GICC_PMR, GICC_BPR, GICC_ABPR, GICC_APR, GICC_APR + 4, GICC_APR + 8, GICC_APR + 12,
	};
	struct gic_bank dist = gic_dist(a, cpu), gicc = gic_cpu_interface(a, cpu);
	int err = reset_irqs(&dist, 0, 0, 32, false);

	if (!err)
		err = gic_put(&dist, ISENABLER, 0xffff);
	if (!err)
		err = gic_fill(&dist, CPENDSGIR, 4, ~0u);
	for (size_t n = 0; n < ARRAY_SIZE(zero) && !err; n++)
		err = gic_put(&gicc, zero[n], 0);
	return err;
}

int arm64_gic_reset(const struct arm64_vm *a)
{
	const struct vm *vm = a->vm->vm;
	struct gic_bank dist = gic_dist(a, 0);
	int err = gic_put(&dist, GICD_CTLR, 0);

	if (!err)
		err = reset_irqs(&dist, 0, ARM64_FIRST_SPI, a->chip.pins, a->v3);
	if (!err)
		err = a->v3 ? gic_fill(&dist, IROUTER, 2 * a->chip.pins, 0) :
			      gic_fill(&dist, ITARGETSR + ARM64_FIRST_SPI, a->chip.pins / 4, 0);
	for (uint32_t n = 0; n < vm->vcpu_count && !err; n++)
		err = a->v3 ? reset_cpu_v3(a, n) : reset_cpu_v2(a, n);
	return err;
}
