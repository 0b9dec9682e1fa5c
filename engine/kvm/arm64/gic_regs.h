/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel's GIC by its registers (Documentation/virt/kvm/devices/arm-vgic-v3.rst, arm-vgic.rst): banks of them, and offsets
 * within (ARM IHI 0069 §12.9, §12.11; IHI 0048 §4.3, §4.4). All vCPUs are parked.
 */
#ifndef ENGINE_KVM_ARM64_GIC_REGS_H
#define ENGINE_KVM_ARM64_GIC_REGS_H

#include "engine/kvm/arm64/arm64.h"

/* From the distributor's start, which a redistributor's second frame repeats for the CPU's own 32 interrupts. */
enum {
	GICD_CTLR = 0x000, GICD_IIDR = 0x008, IGROUPR = 0x080, ISENABLER = 0x100, ICENABLER = 0x180, ISPENDR = 0x200,
	ICPENDR = 0x280, ISACTIVER = 0x300, ICACTIVER = 0x380, IPRIORITYR = 0x400, ITARGETSR = 0x800, ICFGR = 0xc00,
	CPENDSGIR = 0xf10, SPENDSGIR = 0xf20, IROUTER = 0x6100,
};
enum { GICR_CTLR = 0x000, GICR_PROPBASER = 0x070, GICR_PENDBASER = 0x078, SGI_FRAME = 0x10000 };
#define ICC_CBPR	1ull		/* in ICC_CTLR_EL1, as EOImode; what else is there is the host's */
#define ICC_EOIMODE	2ull
enum { GICC_CTLR = 0x00, GICC_PMR = 0x04, GICC_BPR = 0x08, GICC_ABPR = 0x1c, GICC_APR = 0xd0 };

/* `where`: the attribute of an access less its offset. `wide`: a register is 64 bits. */
struct gic_bank {
	int fd;
	uint32_t group;
	uint64_t where;
	bool wide;
};

static inline uint64_t gic_bank_cpu(const struct arm64_vm *a, uint32_t cpu)
{
	uint64_t mpidr = a->vm->vm->vcpu[cpu]->hwid;

	if (!a->v3)
		return (uint64_t)cpu << KVM_DEV_ARM_VGIC_CPUID_SHIFT;
	/* Aff3 is in bits 39:32 of the register, in 31:24 here. */
	return ((mpidr >> 32 & 0xff) << 24 | (mpidr & 0xffffff)) << KVM_DEV_ARM_VGIC_V3_MPIDR_SHIFT;
}

/* The distributor; on v2 as a CPU sees it. */
static inline struct gic_bank gic_dist(const struct arm64_vm *a, uint32_t cpu)
{
	return (struct gic_bank){ a->gic, KVM_DEV_ARM_VGIC_GRP_DIST_REGS, a->v3 ? 0 : gic_bank_cpu(a, cpu), false };
}

static inline struct gic_bank gic_redist(const struct arm64_vm *a, uint32_t cpu)
{
	return (struct gic_bank){ a->gic, KVM_DEV_ARM_VGIC_GRP_REDIST_REGS, gic_bank_cpu(a, cpu), false };
}

/* The CPU interface: offsets are encodings of system registers, on v2 of GICC. */
static inline struct gic_bank gic_cpu_interface(const struct arm64_vm *a, uint32_t cpu)
{
	return (struct gic_bank){ a->gic, a->v3 ? KVM_DEV_ARM_VGIC_GRP_CPU_SYSREGS : KVM_DEV_ARM_VGIC_GRP_CPU_REGS,
				  gic_bank_cpu(a, cpu), a->v3 };
}

static inline int gic_get(const struct gic_bank *b, uint32_t offset, uint64_t *val)
{
	uint64_t wide = 0;
	int err = kvm_device_attr(b->fd, b->group, b->where | offset, &wide, false);

	*val = b->wide ? wide : (uint32_t)wide;
	return err;
}

static inline int gic_put(const struct gic_bank *b, uint32_t offset, uint64_t val)
{
	return kvm_device_attr(b->fd, b->group, b->where | offset, &val, true);
}

/* `count` words from offset on. */
static inline int gic_fill(const struct gic_bank *b, uint32_t offset, uint32_t count, uint32_t val)
{
	int err = 0;

	for (uint32_t n = 0; n < count && !err; n++)
		err = gic_put(b, offset + 4 * n, val);
	return err;
}

#endif
