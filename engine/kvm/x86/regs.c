/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * engine_ops.vcpu_regs. KVM hands registers over in four structures; a batch reads each that it needs once, and writes
 * back at its end those that changed.
 */
#include <stdlib.h>
#include <string.h>

#include "engine/kvm/x86/x86.h"
#include "isa/x86/cpu.h"
#include "isa/x86/msr.h"
#include "isa/x86/reg_id.h"

enum part { REGS, SREGS, DEBUGREGS, XCRS, XSAVE, LAPIC, PARTS };

struct batch {
	struct kvm_cpu *c;
	struct kvm_regs regs;
	struct kvm_sregs sregs;
	struct kvm_debugregs debugregs;
	struct kvm_xcrs xcrs;
	struct kvm_lapic_state lapic;
	uint32_t loaded, changed;	/* bit for each part */
	struct kvm_xsave xsave;
};

static const struct {
	unsigned long get, set;
	size_t offset;
} parts[PARTS] = {
	[REGS] = { KVM_GET_REGS, KVM_SET_REGS, offsetof(struct batch, regs) },
	[SREGS] = { KVM_GET_SREGS, KVM_SET_SREGS, offsetof(struct batch, sregs) },
	[DEBUGREGS] = { KVM_GET_DEBUGREGS, KVM_SET_DEBUGREGS, offsetof(struct batch, debugregs) },
	[XCRS] = { KVM_GET_XCRS, KVM_SET_XCRS, offsetof(struct batch, xcrs) },
	[XSAVE] = { KVM_GET_XSAVE, KVM_SET_XSAVE, offsetof(struct batch, xsave) },
	[LAPIC] = { KVM_GET_LAPIC, KVM_SET_LAPIC, offsetof(struct batch, lapic) },
};

/* Where each 8-byte register is in its structure. */
static const struct place {
	uint32_t id;
	enum part part;
	size_t offset;
} places[] = {
#define P(name, part, field) { X86_REG_##name, part, offsetof(struct batch, field) }
	P(RAX, REGS, regs.rax), P(RCX, REGS, regs.rcx), P(RDX, REGS, regs.rdx), P(RBX, REGS, regs.rbx),
	P(RSP, REGS, regs.rsp), P(RBP, REGS, regs.rbp), P(RSI, REGS, regs.rsi), P(RDI, REGS, regs.rdi),
	P(R8, REGS, regs.r8), P(R8 + 1, REGS, regs.r9), P(R8 + 2, REGS, regs.r10), P(R8 + 3, REGS, regs.r11),
	P(R8 + 4, REGS, regs.r12), P(R8 + 5, REGS, regs.r13), P(R8 + 6, REGS, regs.r14), P(R8 + 7, REGS, regs.r15),
	P(RIP, REGS, regs.rip), P(RFLAGS, REGS, regs.rflags),
	P(CR0, SREGS, sregs.cr0), P(CR0 + 2, SREGS, sregs.cr2), P(CR0 + 3, SREGS, sregs.cr3),
	P(CR0 + 4, SREGS, sregs.cr4), P(CR0 + 8, SREGS, sregs.cr8),
	P(DR0, DEBUGREGS, debugregs.db[0]), P(DR0 + 1, DEBUGREGS, debugregs.db[1]),
	P(DR0 + 2, DEBUGREGS, debugregs.db[2]), P(DR0 + 3, DEBUGREGS, debugregs.db[3]),
	P(DR0 + 6, DEBUGREGS, debugregs.dr6), P(DR0 + 7, DEBUGREGS, debugregs.dr7),
#undef P
	{ X86_MSR_EFER, SREGS, offsetof(struct batch, sregs.efer) },
	{ X86_MSR_APIC_BASE, SREGS, offsetof(struct batch, sregs.apic_base) },
};

static const struct place segments[] = {
	{ X86_REG_ES, SREGS, offsetof(struct batch, sregs.es) }, { X86_REG_CS, SREGS, offsetof(struct batch, sregs.cs) },
	{ X86_REG_SS, SREGS, offsetof(struct batch, sregs.ss) }, { X86_REG_DS, SREGS, offsetof(struct batch, sregs.ds) },
	{ X86_REG_FS, SREGS, offsetof(struct batch, sregs.fs) }, { X86_REG_GS, SREGS, offsetof(struct batch, sregs.gs) },
	{ X86_REG_LDTR, SREGS, offsetof(struct batch, sregs.ldt) }, { X86_REG_TR, SREGS, offsetof(struct batch, sregs.tr) },
};

static void *part_of(struct batch *b, enum part p)
{
	return (char *)b + parts[p].offset;
}

static int load(struct batch *b, enum part p, bool write)
{
	int err = b->loaded & 1u << p ? 0 : kvm_call(b->c->fd, parts[p].get, part_of(b, p));

	if (err)
		return err;
	b->loaded |= 1u << p;
	if (write)
		b->changed |= 1u << p;
	return 0;
}

static const struct place *find(const struct place *table, size_t n, uint32_t id)
{
	for (size_t i = 0; i < n; i++)
		if (table[i].id == id)
			return &table[i];
	return NULL;
}

static void to_kvm(struct kvm_segment *k, const struct x86_segment *s)
{
	uint16_t a = s->attributes;

	*k = (struct kvm_segment){
		.base = s->base, .limit = s->limit, .selector = s->selector, .type = a & X86_SEG_TYPE, .s = !!(a & X86_SEG_S),
		.dpl = (a & X86_SEG_DPL) >> 5, .present = !!(a & X86_SEG_P), .avl = !!(a & X86_SEG_AVL), .l = !!(a & X86_SEG_L),
		.db = !!(a & X86_SEG_DB), .g = !!(a & X86_SEG_G), .unusable = !(a & X86_SEG_P),
	};
}

static void from_kvm(struct x86_segment *s, const struct kvm_segment *k)
{
	*s = (struct x86_segment){ .base = k->base, .limit = k->limit, .selector = k->selector };
	s->attributes = (uint16_t)(k->type | k->s << 4 | k->dpl << 5 | (k->present && !k->unusable) << 7 | k->avl << 12 |
				   k->l << 13 | k->db << 14 | k->g << 15);
}

static int segment(struct batch *b, struct reg *r, bool write)
{
	const struct place *p = find(segments, ARRAY_SIZE(segments), r->id);
	struct x86_segment s = { 0 };
	struct kvm_dtable *t = r->id == X86_REG_GDTR ? &b->sregs.gdt : &b->sregs.idt;
	int err = load(b, SREGS, write);

	if (err || r->size != sizeof(s))
		return err ? err : -EINVAL;
	if (write)
		memcpy(&s, r->val, sizeof(s));
	if (p && write) {
		to_kvm((struct kvm_segment *)((char *)b + p->offset), &s);
	} else if (p) {
		from_kvm(&s, (struct kvm_segment *)((char *)b + p->offset));
	} else if (write) {
		t->base = s.base;
		t->limit = (uint16_t)s.limit;
	} else {
		s.base = t->base;
		s.limit = t->limit;
	}
	if (!write)
		memcpy(r->val, &s, sizeof(s));
	return 0;
}

static int plain(struct batch *b, const struct place *p, struct reg *r, bool write)
{
	int err = load(b, p->part, write);
	char *at = (char *)b + p->offset;

	if (err || r->size != 8)
		return err ? err : -EINVAL;
	memcpy(write ? at : r->val, write ? r->val : at, 8);
	return 0;
}

static int xcr0(struct batch *b, struct reg *r, bool write)
{
	int err = load(b, XCRS, write);

	if (err || r->size != 8)
		return err ? err : -EINVAL;
	if (!b->xcrs.nr_xcrs)
		b->xcrs.xcrs[b->xcrs.nr_xcrs++] = (struct kvm_xcr){ .value = 1 };
	memcpy(write ? (void *)&b->xcrs.xcrs[0].value : r->val, write ? r->val : &b->xcrs.xcrs[0].value, 8);
	return 0;
}

/* A whole structure, or 16 bytes of the XSAVE area. */
static int block(struct batch *b, enum part p, size_t offset, size_t bytes, struct reg *r, bool write)
{
	int err = load(b, p, write);
	char *at = (char *)part_of(b, p) + offset;

	if (err || r->size != bytes)
		return err ? err : -EINVAL;
	memcpy(write ? at : r->val, write ? r->val : at, bytes);
	return 0;
}

#define XSAVE_XMM	160
#define XSAVE_BV	512
#define XSAVE_SSE	2u

static int xmm(struct batch *b, struct reg *r, bool write)
{
	char *area = (char *)&b->xsave;
	int err = block(b, XSAVE, XSAVE_XMM + 16 * (r->id - X86_REG_XMM0), 16, r, write);

	if (!err && write)
		area[XSAVE_BV] |= XSAVE_SSE;
	return err;
}

static int msr(struct batch *b, struct reg *r, bool write)
{
	uint64_t val = 0;
	int err;

	if (r->size != 8)
		return -EINVAL;
	memcpy(&val, r->val, 8);
	err = write ? x86_msr_set(b->c, r->id, val) : x86_msr_get(b->c, r->id, &val);
	if (!err && !write)
		memcpy(r->val, &val, 8);
	return err;
}

static int one(struct batch *b, struct reg *r, bool write)
{
	const struct place *p = find(places, ARRAY_SIZE(places), r->id);

	if (p)
		return plain(b, p, r, write);
	if (r->id >= X86_REG_ES && r->id <= X86_REG_IDTR)
		return segment(b, r, write);
	if (r->id >= X86_REG_XMM0 && r->id < X86_REG_XMM0 + 16)
		return xmm(b, r, write);
	switch (r->id) {
	case X86_REG_XCR0:
		return xcr0(b, r, write);
	case X86_REG_XSAVE:
		return block(b, XSAVE, 0, sizeof(b->xsave), r, write);
	case X86_REG_LAPIC:
		return block(b, LAPIC, 0, sizeof(b->lapic), r, write);
	default:
		return r->id >= X86_REG_RAX && r->id < X86_REG_XMM0 + 16 ? -ENOENT : msr(b, r, write);
	}
}

int x86_regs(struct kvm_cpu *c, struct reg *list, unsigned n, bool write)
{
	struct batch *b = calloc(1, sizeof(*b));
	int err = 0;

	if (!b)
		return -ENOMEM;
	b->c = c;
	for (unsigned i = 0; i < n && !err; i++)
		err = one(b, &list[i], write);
	for (unsigned p = 0; p < PARTS && !err; p++)
		if (b->changed & 1u << p)
			err = kvm_call(c->fd, parts[p].set, part_of(b, (enum part)p));
	free(b);
	return err;
}
