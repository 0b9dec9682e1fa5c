/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One A64 instruction to IR: decode, what the CPU model and the mode forbid, dispatch; and the shorthands of all lifters.
 *
 * Order of checks (ARM DDI 0487, "Synchronous exception prioritization"): illegal execution state, UNDEFINED, trapped
 * floating point. Traps of system registers come with the instruction itself.
 */
#include "engine/dbt/arm64/lift_emit.h"
#include "base/bits.h"

#define ISS_FROM_A64	(BIT(24) | 0xeu << 20)	/* CV, COND: always */

typedef void lift_fn(struct lift *l, const struct a64_args *a);

static lift_fn *const lift_table[A64_OP_COUNT] = {
#define X(name) [A64_##name] = lift_##name,
	A64_OPS(X)
#undef X
};

uint32_t lift_const(struct lift *l, enum ir_type t, uint64_t v)
{
	return emit0(l, IR_CONST, t, t == IR_I32 ? (uint32_t)v : v);
}

static uint32_t get_slot(struct lift *l, unsigned slot, bool sf)
{
	uint32_t v = emit0(l, IR_GET, IR_I64, slot);

	return sf ? v : emit1(l, IR_TRUNC, IR_I32, v);
}

static void set_slot(struct lift *l, unsigned slot, bool sf, uint32_t v)
{
	if (!sf)
		v = emit1(l, IR_ZEXT32, IR_I64, v);
	ir_add(l->ir, IR_SET, IR_I64, v, NONE, NONE, slot);
}

uint32_t lift_get(struct lift *l, unsigned r, bool sf)
{
	return r == 31 ? lift_const(l, lift_type(sf), 0) : get_slot(l, SLOT_X0 + r, sf);
}

void lift_set(struct lift *l, unsigned r, bool sf, uint32_t v)
{
	if (r != 31)
		set_slot(l, SLOT_X0 + r, sf, v);
}

uint32_t lift_get_sp(struct lift *l, unsigned r, bool sf)
{
	return get_slot(l, r == 31 ? SLOT_SP : SLOT_X0 + r, sf);
}

void lift_set_sp(struct lift *l, unsigned r, bool sf, uint32_t v)
{
	set_slot(l, r == 31 ? SLOT_SP : SLOT_X0 + r, sf, v);
}

uint32_t lift_get_v(struct lift *l, unsigned r, enum ir_type t)
{
	return emit0(l, IR_GET, t, SLOT_V0 + r);
}

/* A lane that was read may be known as part of a v128 later, whose upper lanes a SET would take along. */
void lift_set_v(struct lift *l, unsigned r, uint32_t v)
{
	const struct ir_ins *i = &l->ir->ins[v];

	if (i->op == IR_GET && i->type != IR_V128)
		v = emit_sub(l, emit1(l, IR_VZEXT, IR_V128, v), i->type);
	ir_add(l->ir, IR_SET, (enum ir_type)l->ir->ins[v].type, v, NONE, NONE, SLOT_V0 + r);
}

void lift_set_flags(struct lift *l, uint32_t flags)
{
	ir_add(l->ir, IR_SET, IR_FLAGS, flags, NONE, NONE, SLOT_FLAGS);
}

uint32_t lift_get_flags(struct lift *l)
{
	return emit0(l, IR_GET, IR_FLAGS, SLOT_FLAGS);
}

void lift_exit_helper(struct lift *l, enum dbt_helper h, bool pc_next, uint32_t a, uint32_t b, uint32_t c)
{
	emit_sub(l, ir_add(l->ir, IR_EXIT_HELPER, IR_VOID, a, b, c, h), !pc_next);
	l->end = true;
}

uint32_t lift_call(struct lift *l, enum dbt_helper h, enum ir_type t, uint32_t a, uint32_t b, uint32_t c)
{
	uint32_t v = ir_add(l->ir, IR_CALL, t, a, b, c, h);
	const char *f = dbt_helper_info[h].flags;

	while (*f && *f != 'C')
		f++;
	l->ir->ins[v].flags = *f != 0;
	return v;
}

void lift_undefined(struct lift *l)
{
	lift_exit_helper(l, HELPER_udf, false, NONE, NONE, NONE);
}

void lift_trap(struct lift *l, unsigned ec, uint32_t iss)
{
	lift_exit_helper(l, HELPER_trap, false, lift_const(l, IR_I64, ec), lift_const(l, IR_I64, iss), NONE);
}

/* MSR DAIFSet and DAIFClr are EL0's too, if SCTLR_EL1.UMA says so. */
static bool needs_el1(enum a64_op op)
{
	return (a64_info[op].flags & A64_FLAG_el1) && op != A64_MSR_imm_DAIFSet && op != A64_MSR_imm_DAIFClr;
}

void lift_insn(struct lift *l, uint32_t insn)
{
	struct a64_args a = { 0 };		/* fields that the instruction doesn't have are 0 */
	enum a64_op op = a64_decode(insn, &a);

	l->next = l->offset + 4;
	emit0(l, IR_INSN, IR_VOID, l->offset);
	if (l->mode->il)
		lift_exit_helper(l, HELPER_illegal, false, NONE, NONE, NONE);
	else if (op == A64_UNALLOCATED || !(l->features >> a64_info[op].feature & 1) || (!l->mode->el && needs_el1(op)))
		lift_undefined(l);
	else if ((a64_info[op].flags & A64_FLAG_fp) && l->mode->fp_trap)
		lift_trap(l, EC_FP_ACCESS, ISS_FROM_A64);
	else
		lift_table[op](l, &a);
	if (l->end)
		return;
	if (l->mode->ss) {
		lift_exit_helper(l, HELPER_step, true, lift_const(l, IR_I64, op == A64_LDXR || op == A64_LDXP ? 2 : 1), NONE, NONE);
	} else if (l->mode->watch) {
		/* One instruction at a time, so that the dispatcher sees every PC. */
		l->ir->ins[emit0(l, IR_EXIT, IR_VOID, l->next)].flags = IRX_DISPATCH;
		l->end = true;
	}
}
