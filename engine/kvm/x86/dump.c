/* SPDX-License-Identifier: BSD-2-Clause */
/* A vCPU's registers and the bytes where it stopped, for whoever has to find out why. */
#include <string.h>

#include "base/fmt.h"
#include "engine/kvm/x86/x86.h"

#define CODE_BYTES	16

static void dump_segment(unsigned index, const char *name, const struct kvm_segment *s)
{
	log_error("vCPU %u:   %-4s %04x base %016llx limit %08x type %x s %u dpl %u p %u l %u db %u g %u%s", index, name,
		  s->selector, (unsigned long long)s->base, s->limit, s->type, s->s, s->dpl, s->present, s->l, s->db, s->g,
		  s->unusable ? " unusable" : "");
}

static void dump_regs(unsigned index, const struct kvm_regs *r)
{
	const uint64_t all[] = { r->rax, r->rcx, r->rdx, r->rbx, r->rsp, r->rbp, r->rsi, r->rdi, r->r8, r->r9, r->r10, r->r11,
				 r->r12, r->r13, r->r14, r->r15 };
	static const char names[ARRAY_SIZE(all)][4] = { "rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", "r8", "r9",
							"r10", "r11", "r12", "r13", "r14", "r15" };

	log_error("vCPU %u:   rip  %016llx rflags %08llx", index, (unsigned long long)r->rip, (unsigned long long)r->rflags);
	for (size_t n = 0; n < ARRAY_SIZE(all); n += 4)
		log_error("vCPU %u:   %-4s %016llx %-4s %016llx %-4s %016llx %-4s %016llx", index, names[n],
			  (unsigned long long)all[n], names[n + 1], (unsigned long long)all[n + 1], names[n + 2],
			  (unsigned long long)all[n + 2], names[n + 3], (unsigned long long)all[n + 3]);
}

static void dump_system(unsigned index, const struct kvm_sregs *s)
{
	log_error("vCPU %u:   cr0  %016llx cr2  %016llx cr3  %016llx cr4  %016llx", index, (unsigned long long)s->cr0,
		  (unsigned long long)s->cr2, (unsigned long long)s->cr3, (unsigned long long)s->cr4);
	log_error("vCPU %u:   efer %016llx apic %016llx gdt %016llx/%04x idt %016llx/%04x", index, (unsigned long long)s->efer,
		  (unsigned long long)s->apic_base, (unsigned long long)s->gdt.base, s->gdt.limit,
		  (unsigned long long)s->idt.base, s->idt.limit);
	dump_segment(index, "cs", &s->cs);
	dump_segment(index, "ss", &s->ss);
	dump_segment(index, "ds", &s->ds);
	dump_segment(index, "tr", &s->tr);
}

static void dump_code(struct kvm_cpu *c, uint64_t linear)
{
	struct kvm_translation t = { .linear_address = linear };
	char text[CODE_BYTES * 3 + 1] = "";
	uint8_t code[CODE_BYTES];

	if (kvm_call(c->fd, KVM_TRANSLATE, &t) || !t.valid || mem_read(&c->vcpu->vm->mem, t.physical_address, code, CODE_BYTES)) {
		log_error("vCPU %u:   code at %016llx: not mapped", c->vcpu->index, (unsigned long long)linear);
		return;
	}
	for (unsigned n = 0; n < CODE_BYTES; n++)
		fmt_print(text + 3 * n, 4, " %02x", code[n]);
	log_error("vCPU %u:   code at %016llx:%s", c->vcpu->index, (unsigned long long)linear, text);
}

void x86_dump(struct kvm_cpu *c)
{
	struct kvm_sregs s;
	struct kvm_regs r;

	if (kvm_call(c->fd, KVM_GET_REGS, &r) || kvm_call(c->fd, KVM_GET_SREGS, &s))
		return;
	dump_regs(c->vcpu->index, &r);
	dump_system(c->vcpu->index, &s);
	dump_code(c, s.cs.base + r.rip);
}
