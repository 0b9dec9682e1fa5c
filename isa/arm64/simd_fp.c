/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Advanced SIMD and scalar floating point, by lanes of isa/softfloat.h. ARM DDI 0487 C7.2; the order of operands matters
 * to which NaN comes out.
 */
#define SIMD_ONE_BODY
#include "isa/arm64/simd_impl.h"

#define FP (&env->fp)

SIMD_LANES(fadd, fp_add(FP, size, a, b))
SIMD_LANES(fsub, fp_sub(FP, size, a, b))
SIMD_LANES(fmul, fp_mul(FP, size, a, b))
SIMD_LANES(fdiv, fp_div(FP, size, a, b))
SIMD_LANES(fmulx, arm_fmulx(FP, size, a, b))
SIMD_LANES(fnmul, arm_fnmul(FP, size, a, b))
SIMD_LANES(fmax, fp_max(FP, size, a, b))
SIMD_LANES(fmin, fp_min(FP, size, a, b))
SIMD_LANES(fmaxnm, fp_maxnum(FP, size, a, b))
SIMD_LANES(fminnm, fp_minnum(FP, size, a, b))
SIMD_LANES(fabd, fp_abs(size, fp_sub(FP, size, a, b)))
SIMD_LANES(fmla, fp_fma(FP, size, a, b, c))
SIMD_LANES(fmls, fp_fma(FP, size, fp_neg(size, a), b, c))
SIMD_LANES(frecps, arm_frecps(FP, size, a, b))
SIMD_LANES(frsqrts, arm_frsqrts(FP, size, a, b))

static uint64_t equal(struct arm_simd_env *env, enum fp_fmt fmt, uint64_t a, uint64_t b)
{
	return all_ones_if(fp_compare(&env->fp, fmt, a, b, false) == FP_EQUAL);
}

static uint64_t greater(struct arm_simd_env *env, enum fp_fmt fmt, uint64_t a, uint64_t b)
{
	return all_ones_if(fp_compare(&env->fp, fmt, a, b, true) == FP_GREATER);
}

static uint64_t greater_equal(struct arm_simd_env *env, enum fp_fmt fmt, uint64_t a, uint64_t b)
{
	enum fp_order order = fp_compare(&env->fp, fmt, a, b, true);

	return all_ones_if(order == FP_GREATER || order == FP_EQUAL);
}
SIMD_LANES(fcmeq, equal(env, size, a, b))
SIMD_LANES(fcmge, greater_equal(env, size, a, b))
SIMD_LANES(fcmgt, greater(env, size, a, b))
SIMD_LANES(facge, greater_equal(env, size, fp_abs(size, a), fp_abs(size, b)))
SIMD_LANES(facgt, greater(env, size, fp_abs(size, a), fp_abs(size, b)))
SIMD_UNARY(fcmeq_zero, equal(env, size, a, 0))
SIMD_UNARY(fcmge_zero, greater_equal(env, size, a, 0))
SIMD_UNARY(fcmgt_zero, greater(env, size, a, 0))
SIMD_UNARY(fcmle_zero, greater_equal(env, size, 0, a))
SIMD_UNARY(fcmlt_zero, greater(env, size, 0, a))

SIMD_PAIRS(faddp, fp_add(FP, size, a, b))
SIMD_PAIRS(fmaxp, fp_max(FP, size, a, b))
SIMD_PAIRS(fminp, fp_min(FP, size, a, b))
SIMD_PAIRS(fmaxnmp, fp_maxnum(FP, size, a, b))
SIMD_PAIRS(fminnmp, fp_minnum(FP, size, a, b))

/* Neighbours are combined first, then the results of neighbouring pairs. */
static void reduce(union v128 *d, const union v128 *n, uint32_t desc, struct arm_simd_env *env,
		   uint64_t (*op)(struct fp_env *env, enum fp_fmt fmt, uint64_t a, uint64_t b))
{
	unsigned size = desc_size(desc);
	union v128 r = *n, one = { .d = { 0, 0 } };

	for (unsigned left = desc_lanes(desc, size) / 2; left; left /= 2)
		for (unsigned i = 0; i < left; i++)
			set_lane(&r, size, i, op(&env->fp, size, lane(&r, size, 2 * i), lane(&r, size, 2 * i + 1)));
	set_lane(&one, size, 0, lane(&r, size, 0));
	*d = one;
}
SIMD_FN(fmaxv) { reduce(d, n, desc, env, fp_max); }
SIMD_FN(fminv) { reduce(d, n, desc, env, fp_min); }
SIMD_FN(fmaxnmv) { reduce(d, n, desc, env, fp_maxnum); }
SIMD_FN(fminnmv) { reduce(d, n, desc, env, fp_minnum); }

SIMD_UNARY(fabs, fp_abs(size, a))
SIMD_UNARY(fneg, fp_neg(size, a))
SIMD_UNARY(fsqrt, fp_sqrt(FP, size, a))
SIMD_UNARY(frecpe, arm_frecpe(FP, size, a))
SIMD_UNARY(frsqrte, arm_frsqrte(FP, size, a))
SIMD_UNARY(frecpx, arm_frecpx(FP, size, a))

SIMD_UNARY(frintn, fp_round_int(FP, size, a, FP_TIE_EVEN, false))
SIMD_UNARY(frintm, fp_round_int(FP, size, a, FP_DOWN, false))
SIMD_UNARY(frintp, fp_round_int(FP, size, a, FP_UP, false))
SIMD_UNARY(frintz, fp_round_int(FP, size, a, FP_TO_ZERO, false))
SIMD_UNARY(frinta, fp_round_int(FP, size, a, FP_TIE_AWAY, false))
SIMD_UNARY(frintx, fp_round_int(FP, size, a, FP->rounding, true))
SIMD_UNARY(frinti, fp_round_int(FP, size, a, FP->rounding, false))
SIMD_UNARY(frint32z, arm_frint_int(FP, size, a, 32, FP_TO_ZERO))
SIMD_UNARY(frint32x, arm_frint_int(FP, size, a, 32, FP->rounding))
SIMD_UNARY(frint64z, arm_frint_int(FP, size, a, 64, FP_TO_ZERO))
SIMD_UNARY(frint64x, arm_frint_int(FP, size, a, 64, FP->rounding))

SIMD_UNARY(fcvtns, fp_to_int(FP, size, a, true, bits, 0, FP_TIE_EVEN))
SIMD_UNARY(fcvtms, fp_to_int(FP, size, a, true, bits, 0, FP_DOWN))
SIMD_UNARY(fcvtps, fp_to_int(FP, size, a, true, bits, 0, FP_UP))
SIMD_UNARY(fcvtzs, fp_to_int(FP, size, a, true, bits, imm, FP_TO_ZERO))
SIMD_UNARY(fcvtas, fp_to_int(FP, size, a, true, bits, 0, FP_TIE_AWAY))
SIMD_UNARY(fcvtnu, fp_to_int(FP, size, a, false, bits, 0, FP_TIE_EVEN))
SIMD_UNARY(fcvtmu, fp_to_int(FP, size, a, false, bits, 0, FP_DOWN))
SIMD_UNARY(fcvtpu, fp_to_int(FP, size, a, false, bits, 0, FP_UP))
SIMD_UNARY(fcvtzu, fp_to_int(FP, size, a, false, bits, imm, FP_TO_ZERO))
SIMD_UNARY(fcvtau, fp_to_int(FP, size, a, false, bits, 0, FP_TIE_AWAY))
SIMD_UNARY(scvtf, fp_from_int(FP, size, (uint64_t)sa, true, imm, FP->rounding))
SIMD_UNARY(ucvtf, fp_from_int(FP, size, a, false, imm, FP->rounding))

SIMD_WIDEN_UNARY(fcvtl, fp_convert(FP, size, size + 1, a, FP->rounding))
SIMD_NARROW(fcvtn, false, fp_convert(FP, size + 1, size, a, FP->rounding))
SIMD_NARROW(fcvtxn, false, fp_convert(FP, size + 1, size, a, FP_ODD))

/* ---- scalar instructions that aren't Advanced SIMD ---- */

static void set_scalar(union v128 *d, uint64_t x)
{
	*d = (union v128){ .d = { x, 0 } };
}

SIMD_FN(fcmp)
{
	unsigned size = desc_size(desc);

	set_scalar(d, (uint64_t)arm_fcmp(&env->fp, size, lane(n, size, 0), lane(m, size, 0), desc_imm(desc)) << 28);
}

SIMD_FN(fcvt)
{
	unsigned size = desc_size(desc);

	set_scalar(d, fp_convert(&env->fp, size, desc_imm(desc), lane(n, size, 0), FP->rounding));
}

SIMD_FN(fcvt_to_g)
{
	unsigned size = desc_size(desc), how = desc_index(desc);

	set_scalar(d, fp_to_int(&env->fp, size, lane(n, size, 0), how & 1, how & 2 ? 64 : 32, desc_imm(desc), how >> 2));
}

SIMD_FN(fcvt_from_g)
{
	unsigned how = desc_index(desc);
	uint64_t a = how & 2 ? n->d[0] : how & 1 ? (uint64_t)(int32_t)n->s[0] : n->s[0];

	set_scalar(d, fp_from_int(&env->fp, desc_size(desc), a, how & 1, desc_imm(desc), FP->rounding));
}
