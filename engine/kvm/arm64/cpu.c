/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vCPUs of arm64: KVM_ARM_VCPU_INIT is both their creation and their reset. All are off until vcpu_on or the guest's
 * PSCI says otherwise. A vCPU gets what the host has of SVE and pointer authentication, and its performance counters where
 * they are asked for (vm->pmu; Documentation/virt/kvm/devices/vcpu.rst).
 */
#include "base/bits.h"
#include "engine/kvm/arm64/arm64.h"
#include "isa/arm64/cpu_model.h"
#include "isa/arm64/reg_id.h"

uint32_t arm64_cpu_features(int fd)
{
	uint32_t f = BIT(KVM_ARM_VCPU_PSCI_0_2) | BIT(KVM_ARM_VCPU_POWER_OFF);

	if (kvm_has(fd, KVM_CAP_ARM_SVE))
		f |= BIT(KVM_ARM_VCPU_SVE);
	if (kvm_has(fd, KVM_CAP_ARM_PTRAUTH_ADDRESS) && kvm_has(fd, KVM_CAP_ARM_PTRAUTH_GENERIC))
		f |= BIT(KVM_ARM_VCPU_PTRAUTH_ADDRESS) | BIT(KVM_ARM_VCPU_PTRAUTH_GENERIC);
	return f;
}

/* The interrupt controller is initialised, and no vCPU has run. */
int arm64_pmu_ready(struct kvm_cpu *c)
{
	int intid = ARM64_PMU_INTID;
	int err = kvm_device_attr(c->fd, KVM_ARM_VCPU_PMU_V3_CTRL, KVM_ARM_VCPU_PMU_V3_IRQ, &intid, true);

	return err ? err : kvm_device_attr(c->fd, KVM_ARM_VCPU_PMU_V3_CTRL, KVM_ARM_VCPU_PMU_V3_INIT, NULL, true);
}

int arm64_vcpu_reset(struct kvm_cpu *c)
{
	struct kvm_vcpu_init init;
	int err = kvm_call(c->vm->fd, KVM_ARM_PREFERRED_TARGET, &init);

	if (err)
		return err;
	init.features[0] |= arm64_vm_of(c->vm)->features;
	return kvm_call(c->fd, KVM_ARM_VCPU_INIT, &init);
}

int arm64_vcpu_init(struct kvm_cpu *c)
{
	int feature = KVM_ARM_VCPU_SVE;
	int err = arm64_vcpu_reset(c);

	if (err || !(arm64_vm_of(c->vm)->features & BIT(KVM_ARM_VCPU_SVE)))
		return err;
	return kvm_call(c->fd, KVM_ARM_VCPU_FINALIZE, &feature);
}

void arm64_vcpu_fini(struct kvm_cpu *c)
{
	(void)c;
}

int arm64_vcpu_on(struct kvm_cpu *c, const struct vcpu_power *p)
{
	struct kvm_mp_state on = { .mp_state = KVM_MP_STATE_RUNNABLE };
	uint64_t pc = p->entry, x0 = p->arg;
	struct reg list[] = { { ARM64_REG_PC, 8, &pc }, { ARM64_REG_X0, 8, &x0 } };
	int err = arm64_regs(c, list, ARRAY_SIZE(list), true);

	return err ? err : kvm_call(c->fd, KVM_SET_MP_STATE, &on);
}
