/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The inline TLB check (tlb.h), for one access or for several.
 *
 * A CHECK is emitted with the first access that names it, when that has its operands in registers. It leaves the addend in
 * rcx for that access and in the CHECK's own register for the others, which find there that it isn't 0 and need no more.
 * Where it is 0, or the comparison failed, the access goes to cold code that checks it alone, as if there were no CHECK,
 * and comes back with its addend in rcx; only if that fails too it goes out of line. So a group that straddles two pages,
 * or has a part that isn't there, behaves and costs nearly like accesses without a CHECK.
 *
 * C code that runs out of line may remove or replace entries of the TLB: the side record says which registers and spill
 * slots hold addends at its resume point, and they are cleared (slow.c).
 */
#include "engine/dbt/x64/gen.h"
#include "base/bits.h"

static enum tlb_class class_of(const struct gen *g, unsigned flags)
{
	return g->mode->el == 0 || (flags & IRM_UNPRIV) ? TLB_EL0 : g->mode->pan ? TLB_EL1_PAN : TLB_EL1;
}

int32_t gen_tlb_array(const struct gen *g, unsigned flags, bool write)
{
	return CTX_DATA(class_of(g, flags), write);
}

/* ecx: where the entry of the page of va is in its array. */
static void entry_of(struct code *c, const struct host_cpu *host, unsigned va)
{
	if (host->bmi2) {
		v_rrr(c, 3, 3, false, 0xf0, RCX, 0, va);		/* rorx ecx, va, 8 */
		e8(c, 8);
	} else {
		x_mov(c, false, RCX, va);
		x_shift_imm(c, SH_SHR, false, RCX, 8);
	}
	x_alu_imm(c, ALU_AND, false, RCX, (TLB_ENTRIES - 1) << 4);
}

static uint32_t probe(struct gen *g, unsigned flags, unsigned base, int32_t off, unsigned size, unsigned align, bool write)
{
	struct code *c = &g->c;
	int32_t array = gen_tlb_array(g, flags, write);
	uint32_t low = (1u << align) - 1, miss;
	int32_t last = off + (int32_t)size - (1 << align);
	unsigned va = base;

	if (off) {
		x_lea(c, true, RAX, xm(base, off));
		va = RAX;
	}
	if ((flags & IRM_SP) && align <= 4) {
		/* SP must be 16-aligned: then everything in its granule is on one page, and low bits give it away. */
		last = (off + (int32_t)size - 1) & ~15;
		low = 15;
	}
	entry_of(c, g->host, va);
	if (last)
		x_lea(c, true, RDX, xm(base, last));
	else
		x_mov(c, true, RDX, base);
	x_alu_imm(c, ALU_AND, true, RDX, (int32_t)(-4096 | (int32_t)low));
	/* The second: off an SP that is aligned, never aligned itself. */
	if (g->mode->watch || ((flags & IRM_SP) && (off & ((1 << align) - 1))))
		x_mov_imm(c, RDX, NO_TAG);
	x_alu_mem(c, ALU_CMP, true, RDX, xmi(TLB, RCX, 0, array));
	miss = x_jcc(c, X_NE);
	x_load(c, true, RCX, xmi(TLB, RCX, 0, array + 8));
	return miss;
}

static bool is_write(const struct ir_ins *i)
{
	return i->op == IR_STORE || i->op == IR_STOREP || i->op == IR_STXR || i->op == IR_AMO;
}

static unsigned bytes(const struct ir_ins *i)
{
	return (i->op == IR_LOADP || i->op == IR_STOREP ? 2u : 1u) << i->sub;
}

static bool is_first(const struct gen *g, const struct ir_ins *i)
{
	return i->check && g->fresh == i->check;
}

uint32_t gen_check_define(struct gen *g, const struct ir_ins *i)
{
	return is_first(g, i) ? 1u << gen_def_gpr(g, i->check, NO_REG, 0) : 0;
}

void gen_check_use(struct gen *g, const struct ir_ins *i)
{
	if (i->check && !is_first(g, i))
		gen_load_value(g, i->check, RCX);
}

struct gen_check gen_check(struct gen *g, const struct ir_ins *i, unsigned base, int32_t off, unsigned align)
{
	struct code *c = &g->c;
	struct gen_check k = { .base = base, .off = off, .clear = NO_REG };
	const struct ir_ins *check = &g->ir->ins[i->check];

	if (!i->check) {
		k.miss = probe(g, i->flags, base, off, bytes(i), align, is_write(i));
	} else if (is_first(g, i)) {
		k.miss = probe(g, check->flags, base, (int32_t)check->imm, check->c, 0, check->sub);
		k.clear = g->v[i->check].reg;
		x_mov(c, true, k.clear, RCX);
		g->fresh = NONE;
		if (g->check_count == ARRAY_SIZE(g->checks))
			g->full = true;
		else
			g->checks[g->check_count++] = i->check;
	} else {
		x_test(c, true, RCX, RCX);
		k.miss = x_jcc(c, X_E);
	}
	k.back = c->at;
	return k;
}

/* rax: first byte, rdx: last. ZF and the addend in rcx, or not ZF. */
static void check_stub(struct code *c, const struct host_cpu *host, int32_t array, int32_t low)
{
	uint32_t miss;

	entry_of(c, host, RAX);
	x_alu_imm(c, ALU_AND, true, RDX, -4096 | low);
	x_alu_mem(c, ALU_CMP, true, RDX, xmi(TLB, RCX, 0, array));
	miss = x_jcc8(c, X_NE);
	x_load(c, true, RCX, xmi(TLB, RCX, 0, array + 8));
	x_patch8(c, miss);
	e8(c, 0xc3);
}

void gen_check_stubs(struct code *c, struct dbt_stubs *s, const struct host_cpu *host)
{
	for (unsigned k = 0; k < ARRAY_SIZE(s->check); k++) {
		s->check[k] = c->at;
		if ((k >> 1 & 3) == TLB_CLASSES)
			continue;
		check_stub(c, host, CTX_DATA((enum tlb_class)(k >> 1 & 3), k & 1), k & 8 ? 15 : 0);
	}
}

void gen_check_again(struct gen *g, const struct gen_cold *o)
{
	struct code *c = &g->c;
	const struct ir_ins *i = &g->ir->ins[o->ins];
	bool sp = i->flags & IRM_SP;
	int32_t off = (int32_t)i->imm, last = off + (int32_t)bytes(i) - 1;
	unsigned stub = (sp ? 8u : 0) | (unsigned)class_of(g, i->flags) << 1 | is_write(i);

	if (o->clear != NO_REG)
		x_alu(c, ALU_XOR, false, o->clear, o->clear);
	x_lea(c, true, RAX, xm(o->base, off));
	x_lea(c, true, RDX, xm(o->base, sp ? last & ~15 : last));
	x_patch(c, x_call(c), g->vm->stubs.check[stub]);
	x_patch(c, x_jcc(c, X_E), o->back);
}

/* Registers (bits 15:0) and spill slots (above) with addends that will still be used. */
static uint64_t live_addends(struct gen *g)
{
	uint64_t where = 0;
	unsigned left = 0;

	for (unsigned k = 0; k < g->check_count; k++) {
		const struct gen_val *v = &g->v[g->checks[k]];

		if (v->reg == NO_REG && v->spill < 0)
			continue;
		g->checks[left++] = g->checks[k];
		if (v->reg != NO_REG)
			where |= 1ull << v->reg;
		if (v->spill >= 0)
			where |= 1ull << (16 + v->spill);
	}
	g->check_count = left;
	return where;
}

void gen_check_done(struct gen *g, struct ir_ins *i, struct side *s, struct gen_check k)
{
	uint64_t addends = live_addends(g);

	gen_side_done(g, s, k.miss, g->c.at);
	if (g->full)
		return;
	s->op_lo = (uint32_t)addends;
	s->op_hi = (uint32_t)(addends >> 32);
	if (i->check) {
		struct gen_cold *o = &g->cold[g->cold_count - 1];

		o->ins = (uint32_t)(i - g->ir->ins);
		o->back = k.back;
		o->base = (uint8_t)k.base;
		o->clear = (uint8_t)k.clear;
	}
}
