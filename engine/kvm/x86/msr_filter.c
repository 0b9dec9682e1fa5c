/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * MSRs that KVM would give a guest although its CPUID table says that it has not what they belong to (cpuid.c, "Left out"):
 * nested virtualisation, performance monitoring, processor trace, enclaves, and other hypervisors' registers. Accesses come out
 * and fault (exit.c). Local APICs' registers at 0x800 cannot be filtered, and AMD's old counters stay: systems look at them
 * without asking.
 */
#include "engine/kvm/x86/x86.h"

#define MAX_DENIED	1024u			/* registers of a range */

static const struct range {
	uint32_t first, count;
} denied[] = {
	{ 0x8c, 4 },				/* IA32_SGXLEPUBKEYHASH */
	{ 0xc1, 8 },				/* IA32_PMC */
	{ 0x186, 8 },				/* IA32_PERFEVTSEL */
	{ 0x309, 4 },				/* IA32_FIXED_CTR */
	{ 0x38d, 4 },				/* IA32_FIXED_CTR_CTRL, IA32_PERF_GLOBAL_* */
	{ 0x480, 0x14 },			/* IA32_VMX_* */
	{ 0x4c1, 8 },				/* IA32_A_PMC */
	{ 0x500, 1 },				/* IA32_SGX_SVN_STATUS */
	{ 0x560, 0x30 },			/* IA32_RTIT_* */
	{ 0x40000000, 0x200 },			/* Hyper-V */
	{ 0xc0000300, 4 },			/* AMD's PerfCntrGlobal* */
	{ 0xc0010200, 12 },			/* AMD's extended counters */
};

/* Reads and writes; without filters (before Linux 5.10) nothing is taken away. */
int x86_msr_filter(struct kvm_vm *k)
{
	static uint8_t none[MAX_DENIED / 8];	/* never written: a bit by register, 1: let through */
	struct kvm_msr_filter f = { .flags = KVM_MSR_FILTER_DEFAULT_ALLOW };

	_Static_assert(ARRAY_SIZE(denied) <= KVM_MSR_FILTER_MAX_RANGES, "more ranges than KVM takes");
	if (!x86_vm_of(k)->user_msr || !kvm_has(k->fd, KVM_CAP_X86_MSR_FILTER))
		return 0;
	for (unsigned i = 0; i < ARRAY_SIZE(denied); i++)
		f.ranges[i] = (struct kvm_msr_filter_range){
			.flags = KVM_MSR_FILTER_READ | KVM_MSR_FILTER_WRITE, .base = denied[i].first, .nmsrs = denied[i].count,
			.bitmap = none,
		};
	return kvm_call(k->fd, KVM_X86_SET_MSR_FILTER, &f);
}
