/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A vCPU's life. KVM has no reset: each part of the state is written back, in the order in which parts depend on each
 * other (the local APIC's mode before its registers, those before its timer's MSR).
 *
 * The local APIC's inputs are left as firmware leaves them for a kernel (MultiProcessor Specification 1.4, 3.6.2): the
 * 8259's interrupt at LINT0 of the first, NMI at LINT1 of all.
 */
#include <stdlib.h>
#include <string.h>

#include "engine/kvm/x86/x86.h"
#include "isa/x86/cpu.h"
#include "isa/x86/msr.h"
#include "isa/x86/reg_id.h"

#define LAPIC_LVT_LINT0	0x350
#define LAPIC_LVT_LINT1	0x360
#define LVT_NMI		0x400u
#define LVT_EXTINT	0x700u

#define XSAVE_FCW	0		/* 32-bit words of the area */
#define XSAVE_MXCSR	6

static void put_lapic(struct kvm_lapic_state *l, unsigned offset, uint32_t val)
{
	memcpy(l->regs + offset, &val, sizeof(val));
}

int x86_vcpu_init(struct kvm_cpu *c)
{
	struct x86_cpu *x = calloc(1, sizeof(*x));
	struct kvm_sregs s;
	int err;

	if (!x)
		return -ENOMEM;
	c->arch = x;
	err = x86_cpuid_set(c);
	if (!err)
		err = kvm_call(c->fd, KVM_GET_SREGS, &s);
	if (err)
		return err;
	x->apic_base = s.apic_base;
	if (x86_vm_of(c->vm)->chip.ops) {
		err = kvm_call(c->fd, KVM_GET_LAPIC, &x->lapic_power_on);
		if (!c->vcpu->index)
			put_lapic(&x->lapic_power_on, LAPIC_LVT_LINT0, LVT_EXTINT);
		put_lapic(&x->lapic_power_on, LAPIC_LVT_LINT1, LVT_NMI);
	}
	return err ? err : x86_vcpu_reset(c);
}

void x86_vcpu_fini(struct kvm_cpu *c)
{
	free(c->arch);
	c->arch = NULL;
}

/* Everything in its initial configuration, as XRSTOR has it; an area without components says so. */
static int reset_fpu(struct kvm_cpu *c)
{
	struct kvm_xsave x = { 0 };

	x.region[XSAVE_FCW] = 0x37f;
	x.region[XSAVE_MXCSR] = 0x1f80;
	return kvm_call(c->fd, KVM_SET_XSAVE, &x);
}

/* Nothing is pending or half delivered. */
static int reset_events(struct kvm_cpu *c)
{
	struct kvm_vcpu_events e;
	int err = kvm_call(c->fd, KVM_GET_VCPU_EVENTS, &e);
	uint32_t flags = e.flags;

	if (err)
		return err;
	memset(&e, 0, sizeof(e));
	e.flags = flags | KVM_VCPUEVENT_VALID_NMI_PENDING | KVM_VCPUEVENT_VALID_SIPI_VECTOR | KVM_VCPUEVENT_VALID_SHADOW;
	return kvm_call(c->fd, KVM_SET_VCPU_EVENTS, &e);
}

static int reset_regs(struct kvm_cpu *c)
{
	struct reg list[64];
	unsigned n = 0;
	uint64_t zero = 0;

	for (uint32_t id = X86_REG_RAX; id < X86_REG_R8 + 8; id++)
		list[n++] = (struct reg){ id, 8, &zero };
	list[n++] = (struct reg){ X86_REG_CR0 + 2, 8, &zero };
	list[n++] = (struct reg){ X86_REG_CR0 + 3, 8, &zero };
	list[n++] = (struct reg){ X86_REG_CR0 + 4, 8, &zero };
	list[n++] = (struct reg){ X86_REG_CR0 + 8, 8, &zero };
	for (uint32_t i = 0; i < 4; i++)
		list[n++] = (struct reg){ X86_REG_DR0 + i, 8, &zero };
	list[n++] = (struct reg){ X86_MSR_EFER, 8, &zero };
	list[n++] = (struct reg){ X86_MSR_APIC_BASE, 8, &((struct x86_cpu *)c->arch)->apic_base };
	for (const struct x86_reset_reg *r = x86_reset_regs; r->id; r++)
		list[n++] = (struct reg){ r->id, 8, (void *)(uintptr_t)&r->value };
	for (const struct x86_reset_segment *s = x86_reset_segments; s->id; s++)
		list[n++] = (struct reg){ s->id, sizeof(s->value), (void *)(uintptr_t)&s->value };
	return x86_regs(c, list, n, true);
}

int x86_vcpu_reset(struct kvm_cpu *c)
{
	struct kvm_mp_state off = { .mp_state = KVM_MP_STATE_UNINITIALIZED };
	struct x86_cpu *x = c->arch;
	bool lapic = x86_vm_of(c->vm)->chip.ops;
	int err;

	err = reset_events(c);
	if (!err)
		err = reset_regs(c);
	if (!err)
		err = reset_fpu(c);
	if (!err && lapic)
		err = kvm_call(c->fd, KVM_SET_LAPIC, &x->lapic_power_on);
	if (!err)
		err = x86_msr_reset(c);
	if (!err && lapic)
		err = kvm_call(c->fd, KVM_SET_MP_STATE, &off);
	return err;
}

/* Entry 0: where the reset state or the registers' writer has it. */
int x86_vcpu_on(struct kvm_cpu *c, const struct vcpu_power *p)
{
	struct kvm_mp_state on = { .mp_state = KVM_MP_STATE_RUNNABLE };
	uint64_t rip = p->entry;
	struct reg r = { X86_REG_RIP, sizeof(rip), &rip };
	int err = rip ? x86_regs(c, &r, 1, true) : 0;

	return err ? err : kvm_call(c->fd, KVM_SET_MP_STATE, &on);
}
