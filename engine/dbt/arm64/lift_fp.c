/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Scalar floating-point arithmetic, compares and selects (ARM DDI 0487 C4.1, "Floating-point data-processing ...").
 * Singles and doubles are typed values, so that a chain of them stays in low lanes; half precision is vector operations
 * with one lane. Conversions are in lift_fp_convert.c.
 */
#include "base/bits.h"
#include "base/bits.h"
#include "engine/dbt/arm64/lift_vec.h"
#include "isa/arm64/a64_imm.h"

#define HALF	(1u | SIMD_SCALAR)

#define INSN(name, op, desc)	LIFT(name) { vec_insn(l, a, SIMD_##op, desc); }

static void one_operand(struct lift *l, const struct a64_args *a, enum ir_op op)
{
	enum ir_type t = fp_type(a->sz);

	lift_set_v(l, a->rd, emit1(l, op, t, lift_get_v(l, a->rn, t)));
}

static void two_operands(struct lift *l, const struct a64_args *a, enum ir_op op)
{
	enum ir_type t = fp_type(a->sz);
	uint32_t n = lift_get_v(l, a->rn, t), m = lift_get_v(l, a->rm, t);

	lift_set_v(l, a->rd, emit2(l, op, t, n, m));
}

#define ONE(X)	X(FABS, fabs) X(FNEG, fneg) X(FSQRT, fsqrt)
#define X(NAME, op) LIFT(NAME##_s) { one_operand(l, a, IR_##NAME); } INSN(NAME##_h, op, HALF)
ONE(X)
#undef X

#define TWO(X) \
	X(FMUL, fmul) X(FDIV, fdiv) X(FADD, fadd) X(FSUB, fsub) X(FMAX, fmax) X(FMIN, fmin) X(FMAXNM, fmaxnm) X(FMINNM, fminnm)
#define X(NAME, op) LIFT(NAME##_s) { two_operands(l, a, IR_##NAME); } INSN(NAME##_h, op, HALF)
TWO(X)
#undef X

/* The product's sign is changed whatever it is, NaN included. */
LIFT(FNMUL_s)
{
	enum ir_type t = fp_type(a->sz);
	uint32_t n = lift_get_v(l, a->rn, t), m = lift_get_v(l, a->rm, t);

	lift_set_v(l, a->rd, emit1(l, IR_FNEG, t, emit2(l, IR_FMUL, t, n, m)));
}
INSN(FNMUL_h, fnmul, HALF)

static void round_to_int(struct lift *l, const struct a64_args *a, enum ir_round how, bool inexact)
{
	enum ir_type t = fp_type(a->sz);
	uint32_t v = ir_add(l->ir, IR_FRINT, t, lift_get_v(l, a->rn, t), NONE, NONE, inexact);

	lift_set_v(l, a->rd, emit_sub(l, v, how));
}

#define FRINT(X) \
	X(FRINTN, frintn, EVEN, false) X(FRINTP, frintp, UP, false) X(FRINTM, frintm, DOWN, false) \
	X(FRINTZ, frintz, ZERO, false) X(FRINTA, frinta, AWAY, false) X(FRINTX, frintx, FPCR, true) \
	X(FRINTI, frinti, FPCR, false)
#define X(NAME, op, HOW, inexact) LIFT(NAME##_s) { round_to_int(l, a, ROUND_##HOW, inexact); } INSN(NAME##_h, op, HALF)
FRINT(X)
#undef X

INSN(FRINT32Z_s, frint32z, (2u + a->sz) | SIMD_SCALAR)
INSN(FRINT32X_s, frint32x, (2u + a->sz) | SIMD_SCALAR)
INSN(FRINT64Z_s, frint64z, (2u + a->sz) | SIMD_SCALAR)
INSN(FRINT64X_s, frint64x, (2u + a->sz) | SIMD_SCALAR)

/* ra + rn * rm; bit 0 of negate: the product, bit 1: ra. */
static void fused(struct lift *l, const struct a64_args *a, unsigned negate)
{
	enum ir_type t = fp_type(a->sz);
	uint32_t n = lift_get_v(l, a->rn, t), m = lift_get_v(l, a->rm, t), addend = lift_get_v(l, a->ra, t);

	lift_set_v(l, a->rd, emit_sub(l, emit3(l, IR_FMA, t, n, m, addend), negate));
}

static void fused_half(struct lift *l, const struct a64_args *a, unsigned negate)
{
	uint32_t addend = vec_get(l, a->ra);

	if (negate & 2)
		addend = vec_op(l, SIMD_fneg, HALF, addend, NONE, NONE);
	lift_set_v(l, a->rd, vec_op(l, negate & 1 ? SIMD_fmls : SIMD_fmla, HALF, vec_get(l, a->rn), vec_get(l, a->rm), addend));
}

#define FUSED(X) X(FMADD, 0) X(FMSUB, 1) X(FNMADD, 3) X(FNMSUB, 2)
#define X(NAME, negate) LIFT(NAME##_s) { fused(l, a, negate); } LIFT(NAME##_h) { fused_half(l, a, negate); }
FUSED(X)
#undef X

/* ---- compares ---- */

/* NZCV of the low lanes of two v128 values, exactly, in bits 31:28 of an i64. */
static uint32_t compare_exact(struct lift *l, unsigned size, bool signal_quiet, uint32_t n, uint32_t m)
{
	return vec_lane(l, vec_op(l, SIMD_fcmp, size | SIMD_SCALAR | SIMD_IMM(signal_quiet), n, m, NONE), 3, 0);
}

static void set_nzcv(struct lift *l, uint32_t x)
{
	lift_set_flags(l, emit1(l, IR_FLAGS_PUT, IR_FLAGS, x));
}

/*
 * FLAGS_FCMP is lazy: it knows nothing of flushed operands, and compares where its flags are looked at. FLAGS_RAISE stays if
 * nothing in the block does.
 */
static void set_fcmp(struct lift *l, const struct a64_args *a, uint32_t n, uint32_t m)
{
	uint32_t f = emit_sub(l, ir_add(l->ir, IR_FLAGS_FCMP, IR_FLAGS, n, m, NONE, a->e), fp_type(a->sz));

	lift_set_flags(l, f);
	emit1(l, IR_FLAGS_RAISE, IR_VOID, f);
}

static bool is_exact(const struct lift *l)
{
	return l->mode->fz || l->mode->fp_exact;
}

LIFT(FCMP_s)
{
	enum ir_type t = fp_type(a->sz);

	if (is_exact(l))
		set_nzcv(l, compare_exact(l, 2u + a->sz, a->e, vec_get(l, a->rn), vec_get(l, a->rm)));
	else
		set_fcmp(l, a, lift_get_v(l, a->rn, t), lift_get_v(l, a->rm, t));
}

LIFT(FCMPZ_s)
{
	enum ir_type t = fp_type(a->sz);

	if (is_exact(l))
		set_nzcv(l, compare_exact(l, 2u + a->sz, a->e, vec_get(l, a->rn), vec_const(l, 0, true)));
	else
		set_fcmp(l, a, lift_get_v(l, a->rn, t), emit1(l, IR_FMOVI, t, lift_const(l, lift_type(a->sz), 0)));
}

LIFT(FCMP_h) { set_nzcv(l, compare_exact(l, FP_F16, a->e, vec_get(l, a->rn), vec_get(l, a->rm))); }
LIFT(FCMPZ_h) { set_nzcv(l, compare_exact(l, FP_F16, a->e, vec_get(l, a->rn), vec_const(l, 0, true))); }

/* Where the condition fails zeros are compared, which raises nothing. */
static void compare_if_exact(struct lift *l, const struct a64_args *a, unsigned size)
{
	enum ir_type t = lift_type(size == 3);
	uint32_t f = lift_get_flags(l), none = lift_const(l, t, 0), r;
	uint32_t n = emit_select(l, t, a->cond, f, vec_lane(l, vec_get(l, a->rn), size, 0), none);
	uint32_t m = emit_select(l, t, a->cond, f, vec_lane(l, vec_get(l, a->rm), size, 0), none);

	r = compare_exact(l, size, a->e, vec_zext(l, n), vec_zext(l, m));
	set_nzcv(l, emit_select(l, IR_I64, a->cond, f, r, lift_const(l, IR_I64, (uint64_t)a->nzcv << 28)));
}
LIFT(FCCMP_h) { compare_if_exact(l, a, FP_F16); }

LIFT(FCCMP_s)
{
	enum ir_type t = fp_type(a->sz);
	uint64_t imm = a->nzcv | (uint64_t)a->cond << 4 | BIT(9) | (a->e ? BIT(10) : 0);
	uint32_t f;

	if (is_exact(l)) {
		compare_if_exact(l, a, 2u + a->sz);
		return;
	}
	f = ir_add(l->ir, IR_FLAGS_CCMP, IR_FLAGS, lift_get_v(l, a->rn, t), lift_get_v(l, a->rm, t), lift_get_flags(l), imm);
	lift_set_flags(l, emit_sub(l, f, t));
}

static uint32_t half(struct lift *l, unsigned r)
{
	return vec_lane(l, vec_get(l, r), 1, 0);
}

LIFT(FCSEL_s)
{
	enum ir_type t = fp_type(a->sz);
	uint32_t n = lift_get_v(l, a->rn, t), m = lift_get_v(l, a->rm, t);

	lift_set_v(l, a->rd, emit_select(l, t, a->cond, lift_get_flags(l), n, m));
}

LIFT(FCSEL_h)
{
	uint32_t n = half(l, a->rn), m = half(l, a->rm);

	lift_set_v(l, a->rd, vec_zext(l, emit_select(l, IR_I32, a->cond, lift_get_flags(l), n, m)));
}

/* ---- moves within the file ---- */

LIFT(FMOV_s) { lift_set_v(l, a->rd, lift_get_v(l, a->rn, fp_type(a->sz))); }
LIFT(FMOV_h) { lift_set_v(l, a->rd, vec_zext(l, half(l, a->rn))); }

LIFT(FMOV_imm_s)
{
	uint64_t bits = a->sz ? a64_vfp_expand_imm64(a->imm8) : a64_vfp_expand_imm32(a->imm8);

	lift_set_v(l, a->rd, emit1(l, IR_FMOVI, fp_type(a->sz), lift_const(l, lift_type(a->sz), bits)));
}

LIFT(FMOV_imm_h)
{
	lift_set_v(l, a->rd, vec_const(l, a64_vfp_expand_imm16(a->imm8), false));
}
