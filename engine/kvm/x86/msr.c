/* SPDX-License-Identifier: BSD-2-Clause */
/* MSRs by KVM_GET_MSRS and KVM_SET_MSRS, which stop at the first one that this host or this guest does not have. */
#include <stdlib.h>

#include "engine/kvm/x86/x86.h"
#include "isa/x86/msr.h"

#define MAX_MSRS	64

union msr_list {
	struct kvm_msrs head;
	uint8_t bytes[sizeof(struct kvm_msrs) + MAX_MSRS * sizeof(struct kvm_msr_entry)];
};

int x86_msr_get(struct kvm_cpu *c, uint32_t number, uint64_t *val)
{
	union msr_list l = { .bytes = { 0 } };
	int n;

	l.head.nmsrs = 1;
	l.head.entries[0].index = number;
	n = kvm_call(c->fd, KVM_GET_MSRS, &l);
	if (n < 0)
		return n;
	*val = l.head.entries[0].data;
	return n ? 0 : -ENOENT;
}

int x86_msr_set(struct kvm_cpu *c, uint32_t number, uint64_t val)
{
	union msr_list l = { .bytes = { 0 } };
	int n;

	l.head.nmsrs = 1;
	l.head.entries[0] = (struct kvm_msr_entry){ .index = number, .data = val };
	n = kvm_call(c->fd, KVM_SET_MSRS, &l);
	return n < 0 ? n : n ? 0 : -ENOENT;
}

int x86_msr_reset(struct kvm_cpu *c)
{
	unsigned at = 0;

	while (at < x86_msr_state_count) {
		union msr_list l = { .bytes = { 0 } };
		int n;

		l.head.nmsrs = MIN(MAX_MSRS, x86_msr_state_count - at);
		for (unsigned i = 0; i < l.head.nmsrs; i++)
			l.head.entries[i] = (struct kvm_msr_entry){ .index = x86_msr_state[at + i].number,
								    .data = x86_msr_state[at + i].reset };
		n = kvm_call(c->fd, KVM_SET_MSRS, &l);
		if (n < 0)
			return n;
		at += (unsigned)n + ((unsigned)n < l.head.nmsrs);	/* past the one that it does not have */
	}
	return 0;
}
