/* SPDX-License-Identifier: BSD-2-Clause */
/* See debug.h. */
#include <stdio.h>
#include <string.h>

#include "ctl/debug.h"
#include "isa/arm64/reg_id.h"
#include "isa/arm64/sysreg.h"
#include "isa/x86/reg_id.h"

struct debug_reg {
	const char *name;
	uint32_t id;
};

static const struct debug_reg arm64_regs[] = {
#define X(n) { "x" #n, ARM64_REG_X0 + n }
	X(0), X(1), X(2), X(3), X(4), X(5), X(6), X(7), X(8), X(9), X(10), X(11), X(12), X(13), X(14), X(15), X(16), X(17),
	X(18), X(19), X(20), X(21), X(22), X(23), X(24), X(25), X(26), X(27), X(28), X(29), X(30),
#undef X
	{ "sp", ARM64_REG_SP }, { "pc", ARM64_REG_PC }, { "pstate", ARM64_REG_PSTATE },
#define S(name, ...) { name, ARM64_REG_SYS + SYSREG(__VA_ARGS__) }
	S("sctlr_el1", 3, 0, 1, 0, 0), S("ttbr0_el1", 3, 0, 2, 0, 0), S("ttbr1_el1", 3, 0, 2, 0, 1), S("tcr_el1", 3, 0, 2, 0, 2),
	S("spsr_el1", 3, 0, 4, 0, 0), S("elr_el1", 3, 0, 4, 0, 1), S("esr_el1", 3, 0, 5, 2, 0), S("far_el1", 3, 0, 6, 0, 0),
	S("mair_el1", 3, 0, 10, 2, 0), S("vbar_el1", 3, 0, 12, 0, 0), S("tpidr_el1", 3, 0, 13, 0, 4),
#undef S
	{ NULL, 0 }
};

static const struct debug_reg x86_regs[] = {
	{ "rax", X86_REG_RAX }, { "rcx", X86_REG_RCX }, { "rdx", X86_REG_RDX }, { "rbx", X86_REG_RBX }, { "rsp", X86_REG_RSP },
	{ "rbp", X86_REG_RBP }, { "rsi", X86_REG_RSI }, { "rdi", X86_REG_RDI },
#define R(n) { "r" #n, X86_REG_R8 + n - 8 }
	R(8), R(9), R(10), R(11), R(12), R(13), R(14), R(15),
#undef R
	{ "rip", X86_REG_RIP }, { "rflags", X86_REG_RFLAGS }, { "cr0", X86_REG_CR0 }, { "cr2", X86_REG_CR0 + 2 },
	{ "cr3", X86_REG_CR0 + 3 }, { "cr4", X86_REG_CR0 + 4 }, { "efer", 0xc0000080 }, { "fs_base", 0xc0000100 },
	{ "gs_base", 0xc0000101 }, { "kernel_gs_base", 0xc0000102 },
	{ NULL, 0 }
};

static const struct debug_reg *const regs_of[ISA_COUNT] = { [ISA_ARM64] = arm64_regs, [ISA_X86_64] = x86_regs };

static json_t *hex(uint64_t v)
{
	char text[24];

	snprintf(text, sizeof(text), "0x%llx", (unsigned long long)v);
	return json_string(text);
}

/* On the vCPU's thread. A register that this engine doesn't tell is left out. */
static void read_regs(struct vcpu *v, void *arg)
{
	const struct debug_reg *r = regs_of[v->vm->isa];
	json_t *out = arg;

	for (; r && r->name; r++) {
		uint64_t val = 0;
		struct reg reg = { r->id, 8, &val };

		if (!v->vm->engine->vcpu_regs(v, &reg, 1, false))
			json_object_set_new(out, r->name, hex(val));
	}
}

json_t *debug_vcpus(struct vm *vm)
{
	json_t *all = json_array();

	for (uint32_t i = 0; i < vm->vcpu_count; i++) {
		json_t *regs = json_object();

		vcpu_call(vm->vcpu[i], read_regs, regs);
		json_array_append_new(all, json_pack("{s:i, s:o}", "vcpu", (int)i, "registers", regs));
	}
	return all;
}

static uint64_t element(const uint8_t *p, uint16_t size)
{
	uint64_t v = 0;

	memcpy(&v, p, size);
	return v;
}

static json_t *field_value(const struct field *f, const void *obj)
{
	const uint8_t *p = (const uint8_t *)obj + f->offset;
	json_t *all;

	if (f->count == 1)
		return hex(element(p, f->size));
	all = json_array();
	for (uint32_t i = 0; i < f->count; i++)
		json_array_append_new(all, hex(element(p + (size_t)i * f->stride, f->size)));
	return all;
}

json_t *debug_devices(struct vm *vm)
{
	json_t *all = json_array();

	list_for_each(n, &vm->devices) {
		struct device *d = list_entry(n, struct device, node);
		json_t *state = json_object();

		lock_acquire(&d->lock);
		for (const struct field *f = d->cls->state; f && f->name; f++)
			json_object_set_new(state, f->name, field_value(f, d));
		lock_release(&d->lock);
		json_array_append_new(all, json_pack("{s:s, s:i, s:o}", "device", d->cls->name, "instance", (int)d->instance,
						     "state", state));
	}
	return all;
}
