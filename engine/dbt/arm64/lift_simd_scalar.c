/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Advanced SIMD on scalars (ARM DDI 0487 C4.1, "Advanced SIMD scalar ..."). Integers, compares, estimates and half
 * precision are vector operations with one lane; single and double arithmetic is the typed kind, as in lift_fp.c.
 */
#include "engine/dbt/arm64/lift_vec.h"

#define SIZED(a)	((uint32_t)(a)->size | SIMD_SCALAR)
#define SINGLE(a)	((2u + (a)->sz) | SIMD_SCALAR)
#define HALF		(1u | SIMD_SCALAR)

#define INSN(name, op, desc)	LIFT(name) { vec_insn(l, a, SIMD_##op, desc); }

#define SAME(X) \
	X(SQADD_s, sqadd) X(SQSUB_s, sqsub) X(CMGT_s, cmgt) X(CMGE_s, cmge) X(SSHL_s, sshl) X(SQSHL_s, sqshl) \
	X(SRSHL_s, srshl) X(SQRSHL_s, sqrshl) X(ADD_s, add) X(CMTST_s, cmtst) X(SQDMULH_s, sqdmulh) X(UQADD_s, uqadd) \
	X(UQSUB_s, uqsub) X(CMHI_s, cmhi) X(CMHS_s, cmhs) X(USHL_s, ushl) X(UQSHL_s, uqshl) X(URSHL_s, urshl) \
	X(UQRSHL_s, uqrshl) X(SUB_s, sub) X(CMEQ_s, cmeq) X(SQRDMULH_s, sqrdmulh) X(SQRDMLAH_s, sqrdmlah) \
	X(SQRDMLSH_s, sqrdmlsh) X(SQDMLAL_s, sqdmlal) X(SQDMLSL_s, sqdmlsl) X(SQDMULL_s, sqdmull) \
	X(SUQADD_s, suqadd) X(SQABS_s, sqabs) X(CMGT_sz, cmgt_zero) X(CMEQ_sz, cmeq_zero) X(CMLT_sz, cmlt_zero) \
	X(ABS_s, abs) X(SQXTN_s, sqxtn) X(USQADD_s, usqadd) X(SQNEG_s, sqneg) X(CMGE_sz, cmge_zero) \
	X(CMLE_sz, cmle_zero) X(NEG_s, neg) X(SQXTUN_s, sqxtun) X(UQXTN_s, uqxtn)
#define X(NAME, op) INSN(NAME, op, SIZED(a))
SAME(X)
#undef X

#define SHIFT(X) \
	X(SSHR_s, sshr) X(SSRA_s, ssra) X(SRSHR_s, srshr) X(SRSRA_s, srsra) X(USHR_s, ushr) X(USRA_s, usra) \
	X(URSHR_s, urshr) X(URSRA_s, ursra) X(SRI_s, sri) X(SHL_s, shl) X(SLI_s, sli) X(SQSHL_si, sqshl_imm) \
	X(SQSHLU_si, sqshlu) X(UQSHL_si, uqshl_imm) X(SQSHRN_s, sqshrn) X(SQRSHRN_s, sqrshrn) X(SQSHRUN_s, sqshrun) \
	X(SQRSHRUN_s, sqrshrun) X(UQSHRN_s, uqshrn) X(UQRSHRN_s, uqrshrn)
#define X(NAME, op) INSN(NAME, op, SIZED(a) | SIMD_IMM(a->amount))
SHIFT(X)
#undef X

#define ELEMENT(X) \
	X(SQDMLAL, sqdmlal) X(SQDMLSL, sqdmlsl) X(SQDMULL, sqdmull) X(SQDMULH, sqdmulh) X(SQRDMULH, sqrdmulh) \
	X(SQRDMLAH, sqrdmlah) X(SQRDMLSH, sqrdmlsh)
#define X(NAME, op) INSN(NAME##_se, op, SIZED(a) | SIMD_ELEM(a->index))
ELEMENT(X)
#undef X

/* The two lowest elements of rn: there is no rm. */
static void pair(struct lift *l, const struct a64_args *a, enum simd_op op, uint32_t desc)
{
	uint32_t n = vec_get(l, a->rn);

	lift_set_v(l, a->rd, vec_op(l, op, desc, n, n, NONE));
}
LIFT(ADDP_sp) { pair(l, a, SIMD_addp, 3 | SIMD_SCALAR); }

/* Floating point of every size without a typed op. */
#define FLOAT(X) \
	X(FMULX, fmulx) X(FCMEQ, fcmeq) X(FRECPS, frecps) X(FRSQRTS, frsqrts) X(FCMGE, fcmge) X(FACGE, facge) \
	X(FCMGT, fcmgt) X(FACGT, facgt) X(FRECPE, frecpe) X(FRSQRTE, frsqrte) X(FRECPX, frecpx)
#define X(NAME, op) INSN(NAME##_s, op, SINGLE(a)) INSN(NAME##_h, op, HALF)
FLOAT(X)
#undef X

#define FLOAT_ZERO(X) \
	X(FCMGT, fcmgt_zero) X(FCMEQ, fcmeq_zero) X(FCMLT, fcmlt_zero) X(FCMGE, fcmge_zero) X(FCMLE, fcmle_zero)
#define X(NAME, op) INSN(NAME##_sz, op, SINGLE(a)) INSN(NAME##_hz, op, HALF)
FLOAT_ZERO(X)
#undef X

INSN(FCVTXN_s, fcvtxn, 2 | SIMD_SCALAR)

#define FIXED(X) X(SCVTF, scvtf) X(FCVTZS, fcvtzs) X(UCVTF, ucvtf) X(FCVTZU, fcvtzu)
#define X(NAME, op) \
	INSN(NAME##_sfix, op, SINGLE(a) | SIMD_IMM(a->fbits)) INSN(NAME##_sfixh, op, HALF | SIMD_IMM(a->fbits))
FIXED(X)
#undef X

INSN(FMULX_se, fmulx, SINGLE(a) | SIMD_ELEM(a->index))
INSN(FMULX_seh, fmulx, HALF | SIMD_ELEM(a->index))
INSN(FMUL_seh, fmul, HALF | SIMD_ELEM(a->index))
INSN(FMLA_seh, fmla, HALF | SIMD_ELEM(a->index))
INSN(FMLS_seh, fmls, HALF | SIMD_ELEM(a->index))
INSN(FABD_h, fabd, HALF)

LIFT(FMUL_se)
{
	enum ir_type t = fp_type(a->sz);
	uint32_t n = lift_get_v(l, a->rn, t), m = vec_elem(l, vec_get(l, a->rm), t, a->index);

	lift_set_v(l, a->rd, emit2(l, IR_FMUL, t, n, m));
}

static void multiply_add(struct lift *l, const struct a64_args *a, bool negate)
{
	enum ir_type t = fp_type(a->sz);
	uint32_t n = lift_get_v(l, a->rn, t), m = vec_elem(l, vec_get(l, a->rm), t, a->index);

	lift_set_v(l, a->rd, emit_sub(l, emit3(l, IR_FMA, t, n, m, lift_get_v(l, a->rd, t)), negate));
}
LIFT(FMLA_se) { multiply_add(l, a, false); }
LIFT(FMLS_se) { multiply_add(l, a, true); }

LIFT(FABD_s)
{
	enum ir_type t = fp_type(a->sz);
	uint32_t n = lift_get_v(l, a->rn, t), m = lift_get_v(l, a->rm, t);

	lift_set_v(l, a->rd, emit1(l, IR_FABS, t, emit2(l, IR_FSUB, t, n, m)));
}

/* The two lowest elements of rn. */
static void pairwise(struct lift *l, const struct a64_args *a, enum ir_op op)
{
	enum ir_type t = fp_type(a->sz);
	uint32_t n = vec_get(l, a->rn);

	lift_set_v(l, a->rd, emit2(l, op, t, vec_elem(l, n, t, 0), vec_elem(l, n, t, 1)));
}

#define PAIRWISE(X) \
	X(FMAXNMP, fmaxnmp, FMAXNM) X(FADDP, faddp, FADD) X(FMAXP, fmaxp, FMAX) X(FMINNMP, fminnmp, FMINNM) X(FMINP, fminp, FMIN)
#define X(NAME, op, IR) LIFT(NAME##_sp) { pairwise(l, a, IR_##IR); } LIFT(NAME##_sph) { pair(l, a, SIMD_##op, HALF); }
PAIRWISE(X)
#undef X

/* Floating point to an integer of the same size, in the same register file. */
static void to_int(struct lift *l, const struct a64_args *a, enum ir_round how, bool is_signed)
{
	enum ir_type t = fp_type(a->sz), it = lift_type(a->sz);
	uint32_t v = ir_add(l->ir, IR_F2I, it, lift_get_v(l, a->rn, t), NONE, NONE, how | (is_signed ? 16u : 0));

	lift_set_v(l, a->rd, emit1(l, IR_FMOVI, t, emit_sub(l, v, t)));
}

#define TO_INT(X) X(N, n, EVEN) X(M, m, DOWN) X(A, a, AWAY) X(P, p, UP) X(Z, z, ZERO)
#define X(MODE, mode, ROUND) \
	LIFT(FCVT##MODE##S_s) { to_int(l, a, ROUND_##ROUND, true); } INSN(FCVT##MODE##S_h, fcvt##mode##s, HALF) \
	LIFT(FCVT##MODE##U_s) { to_int(l, a, ROUND_##ROUND, false); } INSN(FCVT##MODE##U_h, fcvt##mode##u, HALF)
TO_INT(X)
#undef X

static void from_int(struct lift *l, const struct a64_args *a, bool is_signed)
{
	enum ir_type t = fp_type(a->sz), it = lift_type(a->sz);
	uint32_t v = emit_sub(l, emit1(l, IR_IMOVF, it, lift_get_v(l, a->rn, t)), t);

	lift_set_v(l, a->rd, emit_sub(l, ir_add(l->ir, IR_I2F, t, v, NONE, NONE, is_signed), it));
}
LIFT(SCVTF_s) { from_int(l, a, true); }
LIFT(UCVTF_s) { from_int(l, a, false); }
INSN(SCVTF_h, scvtf, HALF)
INSN(UCVTF_h, ucvtf, HALF)

LIFT(DUP_s)
{
	uint32_t n = vec_get(l, a->rn);

	if (a->size >= 2)
		lift_set_v(l, a->rd, vec_elem(l, n, fp_type(a->size == 3), a->index));
	else
		lift_set_v(l, a->rd, vec_op(l, SIMD_dup, SIZED(a) | SIMD_IMM(a->index), n, NONE, NONE));
}
