/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Branches and exception generation (ARM DDI 0487 C4.1.94).
 *
 * A conditional branch is a conditional exit: the block goes on with what follows it. Targets are offsets from vpage, which
 * may lie outside the page. Software step and the debugger's watch mode want the dispatcher between instructions.
 */
#include "engine/dbt/arm64/lift_emit.h"
#include "base/bits.h"

static bool debugging(const struct lift *l)
{
	return l->mode->ss || l->mode->watch;
}

void lift_step_done(struct lift *l)
{
	if (!l->mode->ss)
		return;
	emit_sts(l, pstate_misc, 2, emit_imm(l, IR_AND, IR_I32, emit_lds(l, pstate_misc, 2), ~PSTATE_SS));
	emit_sts(l, stepped, 2, lift_const(l, IR_I32, 1));
}

void lift_exit_if(struct lift *l, unsigned cond, uint32_t flags, int64_t displacement, bool dispatch)
{
	uint32_t v = emit_sub(l, ir_add(l->ir, IR_EXIT_IF, IR_VOID, flags, NONE, NONE,
					(uint64_t)((int64_t)l->offset + displacement)), cond);

	l->ir->ins[v].flags = dispatch ? IRX_DISPATCH : 0;
}

static void exit_to(struct lift *l, int64_t displacement)
{
	uint32_t v;

	lift_step_done(l);
	v = emit0(l, IR_EXIT, IR_VOID, (uint64_t)((int64_t)l->offset + displacement));
	l->ir->ins[v].flags = debugging(l) ? IRX_DISPATCH : 0;
	l->end = true;
}

/* In the debug modes the instruction is done either way, and the next one goes through the dispatcher. */
static void branch_if(struct lift *l, unsigned cond, uint32_t flags, int64_t displacement)
{
	if (debugging(l))
		lift_step_done(l);
	lift_exit_if(l, cond, flags, displacement, debugging(l));
	if (debugging(l))
		exit_to(l, 4);
}

LIFT(B)		{ exit_to(l, a->imm); }

LIFT(B_cond)
{
	if (a->cond >= CC_AL)
		exit_to(l, a->imm);
	else
		branch_if(l, a->cond, lift_get_flags(l), a->imm);
}

static void compare_branch(struct lift *l, const struct a64_args *a, enum ir_cond cond)
{
	uint32_t v = lift_get(l, a->rt, a->sf);

	branch_if(l, cond, emit_flags(l, IR_FLAGS_AND, lift_type(a->sf), v, v), a->imm);
}

LIFT(CBZ)	{ compare_branch(l, a, CC_EQ); }
LIFT(CBNZ)	{ compare_branch(l, a, CC_NE); }

/* The top bit of a register of either width is its sign. */
static void test_branch(struct lift *l, const struct a64_args *a, bool set)
{
	bool sf = a->bit > 31;
	enum ir_type t = lift_type(sf);
	uint32_t v = lift_get(l, a->rt, sf);

	if (a->bit == 31 || a->bit == 63)
		branch_if(l, set ? CC_MI : CC_PL, emit_flags(l, IR_FLAGS_AND, t, v, v), a->imm);
	else
		branch_if(l, set ? CC_NE : CC_EQ, emit_flags(l, IR_FLAGS_AND, t, v, lift_const(l, t, BIT(a->bit))), a->imm);
}

LIFT(TBZ)	{ test_branch(l, a, false); }
LIFT(TBNZ)	{ test_branch(l, a, true); }

LIFT(BL)
{
	lift_set(l, 30, true, emit_pcrel(l, 4));
	if (debugging(l)) {
		exit_to(l, a->imm);
		return;
	}
	ir_add(l->ir, IR_EXIT_BL, IR_VOID, NONE, NONE, l->offset + 4, (uint64_t)((int64_t)l->offset + a->imm));
	l->end = true;
}

static void indirect(struct lift *l, const struct a64_args *a, enum ir_ind kind)
{
	uint32_t target = lift_get(l, a->rn, true);

	lift_step_done(l);
	emit_sub(l, emit1(l, IR_EXIT_IND, IR_VOID, target), kind);
	l->end = true;
}

LIFT(BR)	{ indirect(l, a, IND_JUMP); }
LIFT(RET)	{ indirect(l, a, IND_RET); }

LIFT(BLR)
{
	uint32_t target = lift_get(l, a->rn, true);

	lift_set(l, 30, true, emit_pcrel(l, 4));
	lift_step_done(l);
	ir_add(l->ir, IR_EXIT_BLR, IR_VOID, target, NONE, l->offset + 4, 0);
	l->end = true;
}

LIFT(ERET)	{ lift_exit_helper(l, HELPER_eret, false, NONE, NONE, NONE); }
LIFT(DRPS)	{ lift_undefined(l); }		/* outside Debug state */

/* ---- exceptions ---- */

static void raise(struct lift *l, const struct a64_args *a, enum dbt_helper h, bool pc_next)
{
	lift_exit_helper(l, h, pc_next, lift_const(l, IR_I64, a->imm16), NONE, NONE);
}

/* A call counts as a stepped instruction, a breakpoint doesn't. */
LIFT(SVC)
{
	lift_step_done(l);
	raise(l, a, HELPER_svc, true);
}

LIFT(HVC)
{
	lift_step_done(l);
	raise(l, a, HELPER_hvc, true);
}

LIFT(SMC)
{
	lift_step_done(l);
	raise(l, a, HELPER_smc, false);
}

LIFT(BRK)	{ raise(l, a, HELPER_brk, false); }
LIFT(HLT)	{ raise(l, a, HELPER_hlt, false); }
LIFT(UDF)	{ lift_undefined(l); }
