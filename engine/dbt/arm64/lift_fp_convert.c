/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Conversions between floating-point formats, and between floating point and general registers (ARM DDI 0487 C4.1,
 * "Conversion between floating-point and ..."). Singles and doubles without fraction bits have typed ops; half precision
 * and fixed point are vector operations whose integer side is the low 64 bits of a register.
 */
#include "engine/dbt/arm64/lift_vec.h"

LIFT(FCVT)
{
	static const uint8_t size[4] = { FP_F32, FP_F64, 0, FP_F16 };
	unsigned from = size[a->ftype], to = size[a->dtype];

	if (from != FP_F16 && to != FP_F16)
		lift_set_v(l, a->rd, emit_sub(l, emit1(l, IR_FCVT, fp_type(to == FP_F64),
						       lift_get_v(l, a->rn, fp_type(from == FP_F64))),
					      fp_type(from == FP_F64)));
	else
		vec_insn(l, a, SIMD_fcvt, from | SIMD_SCALAR | SIMD_IMM(to));
}

/* ---- to a general register ---- */

static void to_general(struct lift *l, const struct a64_args *a, enum ir_round how, bool is_signed)
{
	enum ir_type t = fp_type(a->sz);
	uint32_t n = lift_get_v(l, a->rn, t);
	uint32_t v = ir_add(l->ir, IR_F2I, lift_type(a->sf), n, NONE, NONE, how | (is_signed ? 16u : 0));

	lift_set(l, a->rd, a->sf, emit_sub(l, v, t));
}

/* By the exact operation: size 1-3, fraction bits. */
static void to_general_exact(struct lift *l, const struct a64_args *a, unsigned size, unsigned fbits, enum fp_rounding how,
			     bool is_signed)
{
	uint32_t desc = size | SIMD_SCALAR | SIMD_IMM(fbits) | SIMD_GENERAL(is_signed, a->sf, how);
	uint32_t v = vec_op(l, SIMD_fcvt_to_g, desc, vec_get(l, a->rn), NONE, NONE);

	lift_set(l, a->rd, a->sf, vec_lane(l, v, a->sf ? 3 : 2, 0));
}

#define TO_GENERAL(X) \
	X(N, EVEN, FP_TIE_EVEN) X(P, UP, FP_UP) X(M, DOWN, FP_DOWN) X(Z, ZERO, FP_TO_ZERO) X(A, AWAY, FP_TIE_AWAY)
#define X(MODE, ROUND, how) \
	LIFT(FCVT##MODE##S_g) { to_general(l, a, ROUND_##ROUND, true); } \
	LIFT(FCVT##MODE##U_g) { to_general(l, a, ROUND_##ROUND, false); } \
	LIFT(FCVT##MODE##S_gh) { to_general_exact(l, a, FP_F16, 0, how, true); } \
	LIFT(FCVT##MODE##U_gh) { to_general_exact(l, a, FP_F16, 0, how, false); }
TO_GENERAL(X)
#undef X

LIFT(FCVTZS_gfix) { to_general_exact(l, a, 2u + a->sz, a->fbits, FP_TO_ZERO, true); }
LIFT(FCVTZU_gfix) { to_general_exact(l, a, 2u + a->sz, a->fbits, FP_TO_ZERO, false); }
LIFT(FCVTZS_gfixh) { to_general_exact(l, a, FP_F16, a->fbits, FP_TO_ZERO, true); }
LIFT(FCVTZU_gfixh) { to_general_exact(l, a, FP_F16, a->fbits, FP_TO_ZERO, false); }

/* ---- from a general register ---- */

static void from_general(struct lift *l, const struct a64_args *a, bool is_signed)
{
	uint32_t v = ir_add(l->ir, IR_I2F, fp_type(a->sz), lift_get(l, a->rn, a->sf), NONE, NONE, is_signed);

	lift_set_v(l, a->rd, emit_sub(l, v, lift_type(a->sf)));
}
LIFT(SCVTF_g) { from_general(l, a, true); }
LIFT(UCVTF_g) { from_general(l, a, false); }

static void from_general_exact(struct lift *l, const struct a64_args *a, unsigned size, unsigned fbits, bool is_signed)
{
	uint32_t desc = size | SIMD_SCALAR | SIMD_IMM(fbits) | SIMD_GENERAL(is_signed, a->sf, 0);

	lift_set_v(l, a->rd, vec_op(l, SIMD_fcvt_from_g, desc, vec_zext(l, lift_get(l, a->rn, a->sf)), NONE, NONE));
}
LIFT(SCVTF_gh) { from_general_exact(l, a, FP_F16, 0, true); }
LIFT(UCVTF_gh) { from_general_exact(l, a, FP_F16, 0, false); }
LIFT(SCVTF_gfix) { from_general_exact(l, a, 2u + a->sz, a->fbits, true); }
LIFT(UCVTF_gfix) { from_general_exact(l, a, 2u + a->sz, a->fbits, false); }
LIFT(SCVTF_gfixh) { from_general_exact(l, a, FP_F16, a->fbits, true); }
LIFT(UCVTF_gfixh) { from_general_exact(l, a, FP_F16, a->fbits, false); }

/* ---- bits unchanged ---- */

LIFT(FMOV_fp_to_g)
{
	enum ir_type t = fp_type(a->sz);

	lift_set(l, a->rd, a->sf, emit_sub(l, emit1(l, IR_IMOVF, lift_type(a->sf), lift_get_v(l, a->rn, t)), t));
}

LIFT(FMOV_g_to_fp)
{
	lift_set_v(l, a->rd, emit1(l, IR_FMOVI, fp_type(a->sz), lift_get(l, a->rn, a->sf)));
}

LIFT(FMOV_h_to_g)
{
	lift_set(l, a->rd, false, vec_lane(l, vec_get(l, a->rn), 1, 0));
}

LIFT(FMOV_g_to_h)
{
	lift_set_v(l, a->rd, vec_zext(l, emit1(l, IR_ZEXT16, IR_I32, lift_get(l, a->rn, false))));
}

LIFT(FMOV_top_to_g)
{
	lift_set(l, a->rd, true, vec_lane(l, vec_get(l, a->rn), 3, 1));
}

LIFT(FMOV_g_to_top)
{
	uint32_t x = lift_get(l, a->rn, true);

	lift_set_v(l, a->rd, vec_set_lane(l, vec_get(l, a->rd), 3, 1, x));
}
