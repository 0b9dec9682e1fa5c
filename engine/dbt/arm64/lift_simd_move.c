/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Advanced SIMD instructions that move data: between register files, constants, copies of elements, table look-up
 * (ARM DDI 0487 C4.1, "Advanced SIMD copy", "modified immediate", "table lookup").
 */
#include "engine/dbt/arm64/lift_vec.h"
#include "isa/arm64/a64_imm.h"

/* ORR of a register with itself is MOV. */
LIFT(ORR_v)
{
	if (a->rn != a->rm)
		vec_insn(l, a, SIMD_orr, Q(a));
	else
		lift_set_v(l, a->rd, lift_get_v(l, a->rn, a->q ? IR_V128 : IR_F64));
}

LIFT(DUP_elem)
{
	vec_insn(l, a, SIMD_dup, a->size | Q(a) | SIMD_IMM(a->index));
}

LIFT(DUP_gen)
{
	uint32_t v = ir_add(l->ir, IR_VDUP, IR_V128, lift_get(l, a->rn, a->size == 3), NONE, NONE, !a->q);

	lift_set_v(l, a->rd, emit_sub(l, v, a->size));
}

LIFT(SMOV)
{
	uint32_t v = emit_sub(l, ir_add(l->ir, IR_VGET, lift_type(a->q), vec_get(l, a->rn), NONE, NONE, a->index), a->size);

	l->ir->ins[v].flags = IRM_SEXT;
	lift_set(l, a->rd, a->q, v);
}

LIFT(UMOV)
{
	lift_set(l, a->rd, a->q, vec_lane(l, vec_get(l, a->rn), a->size, a->index));
}

LIFT(INS_gen)
{
	uint32_t x = lift_get(l, a->rn, a->size == 3);

	lift_set_v(l, a->rd, vec_set_lane(l, vec_get(l, a->rd), a->size, a->index, x));
}

LIFT(INS_elem)
{
	vec_insn(l, a, SIMD_ins, a->size | SIMD_Q | SIMD_ELEM(a->index) | SIMD_IMM(a->index2));
}

/*
 * Tables of several registers are a chain: TBX leaves what is out of range of its register alone, and indices are
 * reduced by 16 for each register passed; below zero they wrap to something out of range.
 */
static void table(struct lift *l, const struct a64_args *a, bool keep)
{
	uint32_t index = vec_get(l, a->rm), desc = Q(a) | SIMD_ELEM(0);
	uint32_t r = keep ? vec_get(l, a->rd) : NONE;

	for (unsigned k = 0; k <= a->len; k++) {
		uint32_t n = vec_get(l, (a->rn + k) % 32);

		if (k)
			index = vec_op(l, SIMD_sub, Q(a), index, vec_const(l, 0x1010101010101010, true), NONE);
		r = vec_op(l, keep || k ? SIMD_tbx : SIMD_tbl, desc, n, index, r);
	}
	lift_set_v(l, a->rd, r);
}
LIFT(TBL) { table(l, a, false); }
LIFT(TBX) { table(l, a, true); }

static uint64_t immediate(const struct a64_args *a, unsigned op)
{
	uint64_t v = 0;

	(void)a64_simd_expand_imm(op, a->cmode, a->imm8, &v);	/* the table has only encodings that have one */
	return v;
}

LIFT(MOVI)
{
	lift_set_v(l, a->rd, vec_const(l, immediate(a, a->opbit), a->q));
}

LIFT(MVNI)
{
	lift_set_v(l, a->rd, vec_const(l, ~immediate(a, 1), a->q));
}

LIFT(FMOV_vi)
{
	lift_set_v(l, a->rd, vec_const(l, immediate(a, a->opbit), a->q));
}

LIFT(FMOV_vih)
{
	lift_set_v(l, a->rd, vec_const(l, a64_vfp_expand_imm16(a->imm8) * 0x0001000100010001ull, a->q));
}

static void with_immediate(struct lift *l, const struct a64_args *a, enum simd_op op, unsigned opbit)
{
	uint32_t m = vec_const(l, immediate(a, opbit), a->q);

	lift_set_v(l, a->rd, vec_op(l, op, Q(a), vec_get(l, a->rd), m, NONE));
}
LIFT(ORR_vi) { with_immediate(l, a, SIMD_orr, 0); }
LIFT(BIC_vi) { with_immediate(l, a, SIMD_bic, 1); }
