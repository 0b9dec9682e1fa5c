/* SPDX-License-Identifier: BSD-2-Clause */
/* A guest's clocks across a pause, on x86-64: each of its clocks goes on from where it stood. */
#define _GNU_SOURCE
#include <time.h>

#include "tests/unit/kvm_rig.h"
#include "tests/unit/skip.h"

GUEST(guest_tsc,
	"tsc_again: rdtsc\n mov $0x100, %dx\n out %eax, %dx\n mov $0x1f0, %dx\n out %al, %dx\n jmp tsc_again\n");

static void nap(unsigned ms)
{
	nanosleep(&(struct timespec){ 0, ms * 1000000l }, NULL);
}

static struct kvm_rig *rig(uint32_t vcpus)
{
	struct kvm_rig *r = kvm_rig_new(vcpus);

	for (uint32_t n = 0; n < vcpus; n++)
		assert_int_equal(kvm_engine.vcpu_init(r->vm.vcpu[n]), 0);
	vcpu_start(r->vm.vcpu[0]);
	kvm_rig_load(r, guest_tsc, guest_tsc_end);
	kvm_rig_start(r, 0, KVM_RIG_CODE);
	return r;
}

/* The TSC's rate; skips where guests see the host's, whatever is asked for. */
static uint64_t rate_of(struct kvm_rig *r)
{
	uint64_t from = kvm_rig_get(r, 0, X86_MSR_TSC), rate;
	struct vm_clock c;

	nap(100);
	rate = (kvm_rig_get(r, 0, X86_MSR_TSC) - from) * 10;
	assert_int_equal(kvm_engine.clock_get(&r->vm, &c), 0);
	c.tsc -= 100 * rate;
	assert_int_equal(kvm_engine.clock_set(&r->vm, &c), 0);
	if (kvm_rig_get(r, 0, X86_MSR_TSC) - c.tsc < 10 * rate)
		return rate;
	kvm_rig_free(r);
	skip_because("this KVM has no TSC of a guest's own");
	return 0;
}

static uint32_t guest_reads(struct kvm_rig *r)
{
	r->vm.vcpu[0]->pause_request = false;
	assert_int_equal(kvm_engine.vcpu_run(r->vm.vcpu[0]), EXIT_PAUSED);
	return (uint32_t)r->seen[r->count - 1].value;
}

static void kvmclock_stands_still(void **state)
{
	struct kvm_rig *r = rig(1);
	struct vm_clock c, after;

	for (int i = 0; i < 3; i++) {
		assert_int_equal(kvm_engine.clock_get(&r->vm, &c), 0);
		nap(400);
		assert_int_equal(kvm_engine.clock_set(&r->vm, &c), 0);
		assert_int_equal(kvm_engine.clock_get(&r->vm, &after), 0);
		assert_in_range(after.counter - c.counter, 0, 200000000);
	}
	kvm_rig_free(r);
}

static void the_tsc_that_a_guest_reads_stands_still(void **state)
{
	struct kvm_rig *r = rig(1);
	uint64_t rate = rate_of(r);

	for (int i = 0; i < 3; i++) {
		uint32_t then = guest_reads(r);
		struct vm_clock c;

		assert_int_equal(kvm_engine.clock_get(&r->vm, &c), 0);
		nap(400);
		assert_int_equal(kvm_engine.clock_set(&r->vm, &c), 0);
		assert_in_range(guest_reads(r) - then, 1, MIN(rate / 5, 0xf0000000));
	}
	kvm_rig_free(r);
}

static void tscs_stay_together(void **state)
{
	struct kvm_rig *r = rig(2);
	uint64_t rate = rate_of(r), tsc;
	struct vm_clock c;

	assert_int_equal(kvm_engine.clock_get(&r->vm, &c), 0);
	nap(400);
	assert_int_equal(kvm_engine.clock_set(&r->vm, &c), 0);
	tsc = kvm_rig_get(r, 0, X86_MSR_TSC);
	assert_in_range(kvm_rig_get(r, 1, X86_MSR_TSC) - tsc, 0, rate / 10);
	kvm_rig_free(r);
}

/* fs is at the local APIC, whose timer gets a deadline 2^34 from now. */
GUEST(guest_deadline,
	"movl $0x1ff, %fs:0xf0\n movl $0x40040, %fs:0x320\n rdtsc\n add $4, %edx\n mov $0x6e0, %ecx\n wrmsr\n"
	"mov $0x1f0, %dx\n out %al, %dx\n");

static void a_deadline_is_still_ahead(void **state)
{
	struct x86_segment lapic = { .base = 0xfee00000, .limit = 0xffff, .attributes = X86_SEG_DATA16 };
	struct reg fs = { X86_REG_FS, sizeof(lapic), &lapic };
	struct kvm_rig *r = rig(1);
	uint64_t deadline;
	struct vm_clock c;

	kvm_rig_load(r, guest_deadline, guest_deadline_end);
	assert_int_equal(kvm_engine.vcpu_regs(r->vm.vcpu[0], &fs, 1, true), 0);
	assert_int_equal(kvm_engine.vcpu_run(r->vm.vcpu[0]), EXIT_PAUSED);
	deadline = kvm_rig_get(r, 0, X86_MSR_TSC_DEADLINE);
	if (deadline) {
		assert_int_equal(kvm_engine.clock_get(&r->vm, &c), 0);
		nap(50);
		assert_int_equal(kvm_engine.clock_set(&r->vm, &c), 0);
		assert_true(kvm_rig_get(r, 0, X86_MSR_TSC_DEADLINE) == deadline);
	} else {
		skip_because("this KVM's APIC timers have no deadlines");
	}
	kvm_rig_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kvmclock_stands_still),
		cmocka_unit_test(the_tsc_that_a_guest_reads_stands_still),
		cmocka_unit_test(tscs_stay_together),
		cmocka_unit_test(a_deadline_is_still_ahead),
	};

	return kvm_rig_usable() ? cmocka_run_group_tests(tests, NULL, NULL) : 0;
}
