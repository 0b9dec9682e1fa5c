/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest's clocks across a pause: kvmclock and the TSCs go on from where they stood. All vCPUs are parked.
 *
 * TSCs are turned back by what the first one gained, each by its own offset, so differences between them stay. A deadline of a
 * local APIC's timer was turned into host time when it was written, and is written again. Guests that have kvmclock are told that
 * they stood still, so that their watchdogs take no offence.
 */
#include "base/platform.h"
#include "engine/kvm/x86/x86.h"
#include "isa/x86/msr.h"

int x86_clock_get(struct kvm_vm *k, struct vm_clock *clock)
{
	struct kvm_clock_data d = { 0 };
	int err = kvm_call(k->fd, KVM_GET_CLOCK, &d);

	if (err)
		return err;
	clock->counter = d.clock;
	clock->host_ns = platform_now_ns();
	clock->tsc = 0;
	return k->cpu[0] ? x86_msr_get(k->cpu[0], X86_MSR_TSC, &clock->tsc) : 0;
}

static int tsc_offset(struct kvm_cpu *c, unsigned long request, uint64_t *offset)
{
	struct kvm_device_attr a = { .group = KVM_VCPU_TSC_CTRL, .attr = KVM_VCPU_TSC_OFFSET, .addr = (uintptr_t)offset };

	return kvm_call(c->fd, request, &a);
}

/* Kernels before 5.16 have no offset to write: they match values that are written shortly after one another. */
static int move_tsc(struct kvm_cpu *c, uint64_t back)
{
	uint64_t val;
	int err = tsc_offset(c, KVM_GET_DEVICE_ATTR, &val);

	if (!err) {
		val -= back;
		return tsc_offset(c, KVM_SET_DEVICE_ATTR, &val);
	}
	err = x86_msr_get(c, X86_MSR_TSC, &val);
	return err ? err : x86_msr_set(c, X86_MSR_TSC, val - back);
}

static int turn_back(struct kvm_vm *k, uint64_t tsc)
{
	uint64_t now, deadline;
	int err = k->cpu[0] ? x86_msr_get(k->cpu[0], X86_MSR_TSC, &now) : -ENODEV;

	for (uint32_t n = 0; n < k->vm->vcpu_count && !err; n++) {
		struct kvm_cpu *c = k->cpu[n];

		if (!c)
			continue;
		if (x86_msr_get(c, X86_MSR_TSC_DEADLINE, &deadline))
			deadline = 0;
		err = move_tsc(c, now - tsc);
		if (deadline && !err)
			err = x86_msr_set(c, X86_MSR_TSC_DEADLINE, deadline);
	}
	return err;
}

int x86_clock_set(struct kvm_vm *k, const struct vm_clock *clock)
{
	struct kvm_clock_data d = { .clock = clock->counter };
	int err = clock->tsc ? turn_back(k, clock->tsc) : 0;

	if (!err)
		err = kvm_call(k->fd, KVM_SET_CLOCK, &d);
	for (uint32_t n = 0; n < k->vm->vcpu_count; n++)
		if (k->cpu[n])
			kvm_call(k->cpu[n]->fd, KVM_KVMCLOCK_CTRL, NULL);
	return err;
}
