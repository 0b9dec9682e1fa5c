/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The GIC's registers at power-on, written one by one because the kernel has no reset of it (ARM IHI 0069 §12.9, §12.11,
 * §12.2; IHI 0048 §4.3, §4.4). User space sees the set registers of pending as the state itself, and their clear twins
 * not at all; enable and active are cleared through theirs.
 */
#include "engine/kvm/arm64/arm64.h"
#include "isa/arm64/sysreg.h"

/* Offsets from the distributor, which a redistributor's second frame repeats for the CPU's own 32 interrupts. */
enum {
	CTLR = 0x000, IGROUPR = 0x080, ICENABLER = 0x180, ISPENDR = 0x200, ICPENDR = 0x280, ICACTIVER = 0x380, IPRIORITYR = 0x400,
	ITARGETSR = 0x800, ICFGR = 0xc00, IROUTER = 0x6100, CPENDSGIR = 0xf10,
	GICR_CTLR = 0x000, GICR_PROPBASER = 0x070, GICR_PENDBASER = 0x078, SGI_FRAME = 0x10000,
};

/* Writers of words to one bank of registers: `where` is the attribute less its offset. */
struct bank {
	int fd;
	uint32_t group;
	uint64_t where;
};

static int put(const struct bank *b, uint32_t offset, uint32_t count, uint32_t val)
{
	int err = 0;

	for (uint32_t n = 0; n < count && !err; n++) {
		uint64_t wide = val;		/* the kernel reads 32 bits of it, or 64 of a system register */

		err = kvm_device_attr(b->fd, b->group, b->where | (offset + 4 * n), &wide, true);
	}
	return err;
}

/* `irqs` interrupts from number `first`; what is pending has its own kind of register in v2. */
static int reset_irqs(const struct bank *b, uint32_t frame, uint32_t first, uint32_t irqs, bool v3)
{
	uint32_t word = frame + first / 8, words = irqs / 32;
	int err = put(b, word + ICENABLER, words, ~0u);

	if (!err)
		err = put(b, word + (v3 ? ISPENDR : ICPENDR), words, v3 ? 0 : ~0u);
	if (!err)
		err = put(b, word + ICACTIVER, words, ~0u);
	if (!err)
		err = put(b, word + IGROUPR, words, 0);
	if (!err)
		err = put(b, frame + IPRIORITYR + first, irqs / 4, 0);
	if (!err && first)
		err = put(b, frame + ICFGR + first / 4, irqs / 16, 0);
	return err;
}

static int reset_cpu_v3(const struct arm64_vm *a, uint64_t mpidr)
{
	static const uint16_t zero[] = {
		SYS_ICC_IGRPEN0_EL1, SYS_ICC_IGRPEN1_EL1, SYS_ICC_PMR_EL1, SYS_ICC_BPR0_EL1, SYS_ICC_BPR1_EL1, SYS_ICC_AP0R0_EL1,
		SYS_ICC_AP1R0_EL1,
	};
	/* Aff3 in bits 39:32 of the register, in 31:24 here. */
	uint64_t where = ((mpidr >> 32 & 0xff) << 24 | (mpidr & 0xffffff)) << KVM_DEV_ARM_VGIC_V3_MPIDR_SHIFT;
	struct bank redist = { a->gic, KVM_DEV_ARM_VGIC_GRP_REDIST_REGS, where };
	struct bank icc = { a->gic, KVM_DEV_ARM_VGIC_GRP_CPU_SYSREGS, where };
	int err = put(&redist, GICR_CTLR, 1, 0);

	if (!err)
		err = put(&redist, GICR_PROPBASER, 4, 0);
	if (!err)
		err = reset_irqs(&redist, SGI_FRAME, 0, 32, true);
	for (size_t n = 0; n < ARRAY_SIZE(zero) && !err; n++)
		err = put(&icc, zero[n], 1, 0);
	return err;
}

/* GICC_CTLR, PMR, BPR, ABPR and the four words of active priorities. */
static int reset_cpu_v2(const struct arm64_vm *a, uint64_t index)
{
	struct bank dist = { a->gic, KVM_DEV_ARM_VGIC_GRP_DIST_REGS, index << KVM_DEV_ARM_VGIC_CPUID_SHIFT };
	struct bank cpu = { a->gic, KVM_DEV_ARM_VGIC_GRP_CPU_REGS, index << KVM_DEV_ARM_VGIC_CPUID_SHIFT };
	int err = reset_irqs(&dist, 0, 0, 32, false);

	if (!err)
		err = put(&dist, CPENDSGIR, 4, ~0u);
	if (!err)
		err = put(&cpu, 0x00, 3, 0);
	if (!err)
		err = put(&cpu, 0x1c, 1, 0);
	return err ? err : put(&cpu, 0xd0, 4, 0);
}

int arm64_gic_reset(const struct arm64_vm *a)
{
	const struct vm *vm = a->vm->vm;
	struct bank dist = { a->gic, KVM_DEV_ARM_VGIC_GRP_DIST_REGS, 0 };
	int err = put(&dist, CTLR, 1, 0);

	if (!err)
		err = reset_irqs(&dist, 0, ARM64_FIRST_SPI, a->chip.pins, a->v3);
	if (!err)
		err = a->v3 ? put(&dist, IROUTER, 2 * a->chip.pins, 0) :
			      put(&dist, ITARGETSR + ARM64_FIRST_SPI, a->chip.pins / 4, 0);
	for (uint32_t n = 0; n < vm->vcpu_count && !err; n++)
		err = a->v3 ? reset_cpu_v3(a, vm->vcpu[n]->hwid) : reset_cpu_v2(a, n);
	return err;
}
