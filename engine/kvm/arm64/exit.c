/* SPDX-License-Identifier: BSD-2-Clause */
/* Aborts, injected faults, debugging, and registers for whoever has to find out why a guest stopped. */
#include <string.h>

#include "engine/kvm/arm64/arm64.h"
#include "isa/arm64/reg_id.h"
#include "isa/arm64/sysreg.h"

/* A synchronous external abort, as a bus says that nothing is there. */
static int inject_abort(struct kvm_cpu *c)
{
	struct kvm_vcpu_events e = { .exception.ext_dabt_pending = 1 };

	return kvm_call(c->fd, KVM_SET_VCPU_EVENTS, &e);
}

/* Where the kernel is too old for that the guest goes on, and reads zero. */
void arm64_abort(struct kvm_cpu *c, gpa_t gpa, bool write)
{
	(void)gpa;
	(void)write;
	if (arm64_vm_of(c->vm)->abort)
		inject_abort(c);
}

enum kvm_step arm64_exit(struct kvm_cpu *c, enum vm_exit *what)
{
	const struct kvm_run *run = c->run;

	if (run->exit_reason == KVM_EXIT_ARM_NISV && !inject_abort(c)) {
		log_limited(&c->log, LOG_WARN, "vCPU %u: an access to 0x%llx by an instruction that KVM cannot describe",
			    c->vcpu->index, (unsigned long long)run->arm_nisv.fault_ipa);
		return KVM_GO_ON;
	}
	log_error("vCPU %u: exit %u, which arm64 does not have", c->vcpu->index, run->exit_reason);
	arm64_dump(c);
	*what = EXIT_CRASH;
	return KVM_STOP;
}

int arm64_fault(struct kvm_cpu *c, const struct isa_fault *f)
{
	struct kvm_vcpu_events e = { .exception.serror_pending = 1 };

	if (f->has_address)
		return inject_abort(c);
	if (kvm_has(c->vm->fd, KVM_CAP_ARM_INJECT_SERROR_ESR)) {
		e.exception.serror_has_esr = 1;
		e.exception.serror_esr = f->syndrome & 0x1ffffff;
	}
	return kvm_call(c->fd, KVM_SET_VCPU_EVENTS, &e);
}

/* DBGBCR: EL1 and EL0, four bytes. DBGWCR: EL1 and EL0, the bytes within its doubleword; LSC 1 loads, 2 stores. */
int arm64_debug(struct kvm_cpu *c, const struct debug_points *p, struct kvm_guest_debug *d)
{
	unsigned breaks = 0, watches = 0;

	(void)c;
	if (p->step)
		d->control |= KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_SINGLESTEP;
	for (uint32_t i = 0; i < p->count; i++) {
		uint64_t va = p->point[i].va;
		uint64_t bytes = ((1ull << p->point[i].len) - 1) << (va & 7) & 0xff;

		d->control |= KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_USE_HW;
		if (!p->point[i].kind) {
			d->arch.dbg_bvr[breaks] = va & ~3ull;
			d->arch.dbg_bcr[breaks++] = 0xf << 5 | 3 << 1 | 1;
		} else {
			uint64_t lsc = p->point[i].kind == 1 ? 2 : p->point[i].kind == 2 ? 1 : 3;

			d->arch.dbg_wvr[watches] = va & ~7ull;
			d->arch.dbg_wcr[watches++] = bytes << 5 | lsc << 3 | 3 << 1 | 1;
		}
	}
	return 0;
}

void arm64_dump(struct kvm_cpu *c)
{
	static const struct { uint32_t id; const char *name; } system[] = {
		{ ARM64_REG_SP, "sp" }, { ARM64_REG_PC, "pc" }, { ARM64_REG_PSTATE, "pstate" },
		{ ARM64_REG_SYS + SYSREG(3, 0, 5, 2, 0), "esr_el1" }, { ARM64_REG_SYS + SYSREG(3, 0, 6, 0, 0), "far_el1" },
		{ ARM64_REG_SYS + SYSREG(3, 0, 12, 0, 0), "vbar_el1" }, { ARM64_REG_SYS + SYSREG(3, 0, 1, 0, 0), "sctlr_el1" },
	};
	uint64_t x[32] = { 0 }, v;

	for (uint32_t n = 0; n < 31; n++)
		arm64_regs(c, &(struct reg){ ARM64_REG_X0 + n, 8, &x[n] }, 1, false);
	for (uint32_t n = 0; n < 31; n += 4)
		log_error("vCPU %u:   x%-2u %016llx %016llx %016llx %016llx", c->vcpu->index, n, (unsigned long long)x[n],
			  (unsigned long long)x[n + 1], (unsigned long long)x[n + 2], (unsigned long long)x[n + 3]);
	for (size_t n = 0; n < ARRAY_SIZE(system); n++)
		if (!arm64_regs(c, &(struct reg){ system[n].id, 8, &v }, 1, false))
			log_error("vCPU %u:   %-9s %016llx", c->vcpu->index, system[n].name, (unsigned long long)v);
}
