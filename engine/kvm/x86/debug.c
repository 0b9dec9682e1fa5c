/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Faults from outside, and single steps and hardware breakpoints (Intel SDM vol. 3, 18.2): the four debug registers, which
 * are then ours and not the guest's.
 */
#include "engine/kvm/x86/x86.h"

#define DR7_ON(n)	(3u << 2 * (n))			/* local and global */
#define DR7_EXACT	0x700u
#define DR7_KIND(n, rw, len) ((uint32_t)((rw) | (len) << 2) << (16 + 4 * (n)))

enum { KIND_BREAK, KIND_WRITE, KIND_READ, KIND_ACCESS };

/* syndrome: vector in bits 0..7; bit 8: with the error code in bits 32..63. Vector 2 is an NMI. */
int x86_fault(struct kvm_cpu *c, const struct isa_fault *f)
{
	uint32_t vector = f->syndrome & 0xff;
	struct kvm_vcpu_events e;
	int err;

	if (vector == 2)
		return kvm_call(c->fd, KVM_NMI, NULL);
	if (vector > 31)
		return -EINVAL;
	err = kvm_call(c->fd, KVM_GET_VCPU_EVENTS, &e);
	if (err)
		return err;
	e.exception.injected = 1;
	e.exception.nr = (uint8_t)vector;
	e.exception.has_error_code = f->syndrome >> 8 & 1;
	e.exception.error_code = (uint32_t)(f->syndrome >> 32);
	if (f->has_address) {
		struct kvm_sregs s;

		err = kvm_call(c->fd, KVM_GET_SREGS, &s);
		s.cr2 = f->address;
		if (!err)
			err = kvm_call(c->fd, KVM_SET_SREGS, &s);
	}
	return err ? err : kvm_call(c->fd, KVM_SET_VCPU_EVENTS, &e);
}

static int length_bits(uint32_t len)
{
	return len == 1 ? 0 : len == 2 ? 1 : len == 4 ? 3 : len == 8 ? 2 : -1;
}

static uint32_t access_bits(uint32_t kind)
{
	return kind == KIND_BREAK ? 0 : kind == KIND_WRITE ? 1 : 3;	/* it cannot watch reads alone */
}

int x86_debug(struct kvm_cpu *c, const struct debug_points *p, struct kvm_guest_debug *d)
{
	if (p->count > 4)
		return -ENOSPC;
	if (p->count || p->step)
		d->control = KVM_GUESTDBG_ENABLE;
	if (p->step)
		d->control |= KVM_GUESTDBG_SINGLESTEP;
	if (p->count)
		d->control |= KVM_GUESTDBG_USE_HW_BP;
	for (uint32_t n = 0; n < p->count; n++) {
		uint32_t kind = p->point[n].kind;
		int len = kind == KIND_BREAK ? 0 : length_bits(p->point[n].len);

		if (len < 0 || kind > KIND_ACCESS)
			return -EINVAL;
		d->arch.debugreg[n] = p->point[n].va;
		d->arch.debugreg[7] |= DR7_EXACT | DR7_ON(n) | DR7_KIND(n, access_bits(kind), (uint32_t)len);
	}
	return 0;
}
