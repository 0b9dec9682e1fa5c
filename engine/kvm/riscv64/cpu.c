/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vCPUs of riscv64. The kernel has no reset of one, so its registers are written: supervisor mode, no translation, no
 * interrupt enabled. The first vCPU comes to life running; here all begin stopped.
 */
#include "engine/kvm/riscv64/riscv64.h"
#include "isa/riscv64/reg_id.h"

#define A0	10u

int riscv64_one_reg(int fd, uint64_t id, uint64_t *val, bool write)
{
	struct kvm_one_reg r = { .id = id, .addr = (uintptr_t)val };

	return kvm_call(fd, write ? KVM_SET_ONE_REG : KVM_GET_ONE_REG, &r);
}

/* Linux without an SBI PMU leaves scounteren alone, and its vDSO reads time: firmware lets user mode have the counters. */
#define COUNTERS	7u

static const struct {
	uint32_t number;
	uint64_t id, reset;
} csrs[] = {
	{ CSR_SSTATUS, RISCV64_REG(CSR, sstatus) }, { CSR_SIE, RISCV64_REG(CSR, sie) }, { CSR_STVEC, RISCV64_REG(CSR, stvec) },
	{ CSR_SSCRATCH, RISCV64_REG(CSR, sscratch) }, { CSR_SEPC, RISCV64_REG(CSR, sepc) },
	{ CSR_SCAUSE, RISCV64_REG(CSR, scause) }, { CSR_STVAL, RISCV64_REG(CSR, stval) }, { CSR_SIP, RISCV64_REG(CSR, sip) },
	{ CSR_SATP, RISCV64_REG(CSR, satp) }, { CSR_SCOUNTEREN, RISCV64_REG(CSR, scounteren), COUNTERS },
	{ CSR_STIMECMP, RISCV64_REG(TIMER, compare), ~0ull },
};

/* user_regs_struct has PC in the place of x0. */
static uint64_t core_id(uint32_t x)
{
	return RISCV64_REG(CORE, regs.pc) + x;
}

/* 0: no such register. */
static uint64_t reg_id(uint32_t id)
{
	if (id > RISCV64_REG_X0 && id < RISCV64_REG_X0 + 32)
		return core_id(id);
	if (id == RISCV64_REG_PC)
		return core_id(0);
	if (id == RISCV64_REG_MODE)
		return RISCV64_REG(CORE, mode);
	if (id >= RISCV64_REG_F0 && id < RISCV64_REG_F0 + 32)
		return (KVM_REG_RISCV | KVM_REG_SIZE_U64 | KVM_REG_RISCV_FP_D) + (id - RISCV64_REG_F0);
	for (size_t n = 0; n < ARRAY_SIZE(csrs); n++)
		if (id == RISCV64_REG_CSR + csrs[n].number)
			return csrs[n].id;
	return 0;
}

static int fcsr(struct kvm_cpu *c, uint64_t *val, bool write)
{
	uint32_t v = (uint32_t)*val;
	struct kvm_one_reg r = {
		.id = KVM_REG_RISCV | KVM_REG_SIZE_U32 | KVM_REG_RISCV_FP_D | KVM_REG_RISCV_FP_D_REG(fcsr), .addr = (uintptr_t)&v,
	};
	int err = kvm_call(c->fd, write ? KVM_SET_ONE_REG : KVM_GET_ONE_REG, &r);

	if (!write)
		*val = v;
	return err;
}

static int reg_access(struct kvm_cpu *c, struct reg *r, bool write)
{
	uint64_t id = reg_id(r->id), *val = r->val;

	if (r->size != 8)
		return -EINVAL;
	if (r->id == RISCV64_REG_FCSR)
		return fcsr(c, val, write);
	if (r->id == RISCV64_REG_X0) {
		if (!write)
			*val = 0;
		return 0;
	}
	return id ? riscv64_one_reg(c->fd, id, val, write) : -ENOENT;
}

int riscv64_regs(struct kvm_cpu *c, struct reg *list, unsigned n, bool write)
{
	for (unsigned i = 0; i < n; i++) {
		int err = reg_access(c, &list[i], write);

		if (err)
			return err;
	}
	return 0;
}

static int set_power(struct kvm_cpu *c, uint32_t state)
{
	struct kvm_mp_state mp = { .mp_state = state };

	return kvm_call(c->fd, KVM_SET_MP_STATE, &mp);
}

/* siselect, iprio1, iprio2 of a hart with AIA, which came after these headers. */
#define CSR_AIA(n)	(KVM_REG_RISCV | KVM_REG_SIZE_U64 | KVM_REG_RISCV_CSR | 1u << 16 | (n))
#define CSRS_AIA	3u

int riscv64_vcpu_reset(struct kvm_cpu *c)
{
	bool aia = riscv64_vm_of(c->vm)->aia >= 0;
	uint64_t zero = 0, supervisor = KVM_RISCV_MODE_S, off = KVM_RISCV_TIMER_STATE_OFF;
	int err = set_power(c, KVM_MP_STATE_STOPPED);

	for (uint32_t x = 0; x < 32 && !err; x++)
		err = riscv64_one_reg(c->fd, core_id(x), &zero, true);
	if (!err)
		err = riscv64_one_reg(c->fd, RISCV64_REG(CORE, mode), &supervisor, true);
	for (size_t n = 0; n < ARRAY_SIZE(csrs) && !err; n++)
		err = riscv64_one_reg(c->fd, csrs[n].id, (uint64_t *)(uintptr_t)&csrs[n].reset, true);
	for (uint32_t n = 0; aia && n < CSRS_AIA && !err; n++)
		err = riscv64_one_reg(c->fd, CSR_AIA(n), &zero, true);
	/* The comparator never matches. Without Sstc a timer of the kernel's may run; -EINVAL if not. */
	if (!err)
		riscv64_one_reg(c->fd, RISCV64_REG(TIMER, state), &off, true);
	return err;
}

/* Firmware's debug console, which the kernel passes on to whoever asks for it (Linux 6.6); the headers may not know it. */
#define SBI_EXT_DBCN	(KVM_REG_RISCV | KVM_REG_SIZE_U64 | 0x08000000ull | 9)

int riscv64_vcpu_init(struct kvm_cpu *c)
{
	uint64_t on = 1;

	if (c->vcpu->vm->firmware_call)
		riscv64_one_reg(c->fd, SBI_EXT_DBCN, &on, true);
	return riscv64_vcpu_reset(c);
}

void riscv64_vcpu_fini(struct kvm_cpu *c)
{
	(void)c;
}

/* Linux, Documentation/arch/riscv/boot.rst: a0 the hart, a1 the device tree. */
int riscv64_vcpu_on(struct kvm_cpu *c, const struct vcpu_power *p)
{
	uint64_t pc = p->entry, hart = c->vcpu->hwid, arg = p->arg;
	struct reg list[] = { { RISCV64_REG_PC, 8, &pc }, { RISCV64_REG_X0 + A0, 8, &hart }, { RISCV64_REG_X0 + A0 + 1, 8, &arg } };
	int err = riscv64_regs(c, list, ARRAY_SIZE(list), true);

	return err ? err : set_power(c, KVM_MP_STATE_RUNNABLE);
}

/* The kernel takes this one from any thread, while the vCPU runs. */
void riscv64_pin(struct kvm_cpu *c, enum cpu_pin pin, bool level)
{
	struct kvm_interrupt i = { .irq = level ? KVM_INTERRUPT_SET : KVM_INTERRUPT_UNSET };

	if (pin == CPU_SEI)
		kvm_call(c->fd, KVM_INTERRUPT, &i);
}
