/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Register numbers of isa/arm64 as KVM's. System registers have the same encoding, but for the virtual timer's counter
 * and comparator, which KVM numbered the wrong way round and kept so.
 */
#include "engine/kvm/arm64/arm64.h"
#include "isa/arm64/reg_id.h"
#include "isa/arm64/sysreg.h"

#define PSTATE_SP	1u		/* SPSel: SP is SP_EL1 */
#define PSTATE_EL	0xcu

#define CORE(name)	(KVM_REG_ARM64 | KVM_REG_ARM_CORE | KVM_REG_ARM_CORE_REG(name))
#define CORE64(name)	(CORE(name) | KVM_REG_SIZE_U64)

static int one_reg(struct kvm_cpu *c, uint64_t id, void *val, bool write)
{
	struct kvm_one_reg r = { .id = id, .addr = (uintptr_t)val };

	return kvm_call(c->fd, write ? KVM_SET_ONE_REG : KVM_GET_ONE_REG, &r);
}

/* The stack pointer that the vCPU uses now. */
static int sp_id(struct kvm_cpu *c, uint64_t *id)
{
	uint64_t pstate;
	int err = one_reg(c, CORE64(regs.pstate), &pstate, false);

	*id = pstate & PSTATE_EL && pstate & PSTATE_SP ? CORE64(sp_el1) : CORE64(regs.sp);
	return err;
}

static uint64_t system_id(uint32_t encoding)
{
	switch (encoding) {
	case SYS_CNTV_CVAL_EL0:	return KVM_REG_ARM_TIMER_CVAL;
	case SYS_CNTVCT_EL0:	return KVM_REG_ARM_TIMER_CNT;
	default:		return KVM_REG_ARM64 | KVM_REG_ARM64_SYSREG | KVM_REG_SIZE_U64 | encoding;
	}
}

/* V0..V31: in a vCPU with SVE the low 128 bits of Z0..Z31. */
static int vector(struct kvm_cpu *c, uint32_t n, uint8_t *val, bool write)
{
	uint8_t z[256];
	int err;

	if (!(arm64_vm_of(c->vm)->features & 1u << KVM_ARM_VCPU_SVE))
		return one_reg(c, CORE(fp_regs.vregs[0]) + 4 * n + KVM_REG_SIZE_U128, val, write);
	err = one_reg(c, KVM_REG_ARM64_SVE_ZREG(n, 0), z, false);
	if (err)
		return err;
	__builtin_memcpy(write ? z : val, write ? val : z, 16);
	return write ? one_reg(c, KVM_REG_ARM64_SVE_ZREG(n, 0), z, true) : 0;
}

static int fp_control(struct kvm_cpu *c, uint64_t id, uint64_t *val, bool write)
{
	uint32_t v = (uint32_t)*val;
	int err = one_reg(c, id, &v, write);

	if (!write)
		*val = v;
	return err;
}

static int reg_access(struct kvm_cpu *c, struct reg *r, bool write)
{
	uint64_t id;
	int err = 0;

	if (r->id >= ARM64_REG_V0 && r->id < ARM64_REG_V0 + 32)
		return r->size == 16 ? vector(c, r->id - ARM64_REG_V0, r->val, write) : -EINVAL;
	if (r->size != 8)
		return -EINVAL;
	if (r->id < 31)
		id = CORE64(regs.regs[0]) + 2 * r->id;
	else if (r->id == ARM64_REG_SP)
		err = sp_id(c, &id);
	else if (r->id == ARM64_REG_PC)
		id = CORE64(regs.pc);
	else if (r->id == ARM64_REG_PSTATE)
		id = CORE64(regs.pstate);
	else if (r->id == ARM64_REG_FPCR || r->id == ARM64_REG_FPSR)
		return fp_control(c, (r->id == ARM64_REG_FPCR ? CORE(fp_regs.fpcr) : CORE(fp_regs.fpsr)) | KVM_REG_SIZE_U32, r->val,
				  write);
	else if (r->id >= ARM64_REG_SYS && r->id < ARM64_REG_SYS + 0x10000)
		id = system_id(r->id - ARM64_REG_SYS);
	else
		return -ENOENT;
	return err ? err : one_reg(c, id, r->val, write);
}

int arm64_regs(struct kvm_cpu *c, struct reg *list, unsigned n, bool write)
{
	for (unsigned i = 0; i < n; i++) {
		int err = reg_access(c, &list[i], write);

		if (err)
			return err;
	}
	return 0;
}
