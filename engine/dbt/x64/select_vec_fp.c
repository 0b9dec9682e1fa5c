/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rules for floating-point vectors, by the principles of select_fp.c: the host's result is right unless it is a NaN, and
 * no lane may raise a flag that the exact result doesn't. So lanes that do not count (of 64-bit and scalar forms) compute
 * what a lane that counts computes, and signalling compares are used where the architecture signals.
 */
#include "engine/dbt/x64/vec.h"

enum { P_SQRT = 0x51, P_ADD = 0x58, P_MUL = 0x59, P_CVT = 0x5a, P_SUB = 0x5c, P_MIN = 0x5d, P_MAX = 0x5f, P_CMP = 0xc2 };
enum { CMP_UNORD = 3, CMP_EQ_UQ = 8 };

static bool is_f64(const struct vx *x)
{
	return x->size == 3;
}

static void packed(struct vx *x, unsigned op, unsigned d, unsigned a, unsigned b)
{
	v_rrr(x->c, 1, is_f64(x), false, op, d, a, b);
}

static void compare(struct vx *x, unsigned predicate, unsigned d, unsigned a, unsigned b)
{
	packed(x, P_CMP, d, a, b);
	e8(x->c, predicate);
}

/* d has the masks of lanes to give up on. */
static void cold_if_any(struct vx *x, unsigned d)
{
	v_op2(x->c, is_f64(x) ? TESTPD : TESTPS, d, d);
	vx_cold(x, X_NE);
}

static unsigned first(struct vx *x)
{
	return vx_used_lanes(x, x->n, XT0);
}

static unsigned second(struct vx *x)
{
	return x->by_elem ? x->m : vx_used_lanes(x, x->m, XT1);
}

/* All but the sign (how VX_SHR, 1), or the sign alone (VX_SHL, all but one bit). */
static void sign_mask(struct vx *x, unsigned d, bool sign)
{
	static const uint16_t group[4] = { 0, PSHIFTW, PSHIFTD, PSHIFTQ };

	v_ones(x->c, d);
	v_shift(x->c, group[x->size], sign ? VX_SHL : VX_SHR, d, d, sign ? (8u << x->size) - 1 : 1);
}

void vec_f_rrr(struct vx *x, const struct vop_rule *r)
{
	unsigned n = first(x);

	packed(x, r->op[0], x->d, n, second(x));
	vx_cold_if_nan(x, x->size, true);
}

void vec_f_abs_diff(struct vx *x, const struct vop_rule *r)
{
	vec_f_rrr(x, r);
	sign_mask(x, XT0, false);
	v_op(x->c, ANDPS, x->d, x->d, XT0);
}

/* arg 1: the product is negated. */
void vec_f_fma(struct vx *x, const struct vop_rule *r)
{
	unsigned n = first(x), m = second(x), a = vx_used_lanes(x, x->a, x->d);

	if (a != x->d)
		v_mov(x->c, x->d, a);
	v_rrr(x->c, 2, 1, is_f64(x), r->arg ? 0xbc : 0xb8, x->d, n, m);		/* vf(n)madd231 */
	vx_cold_if_nan(x, x->size, true);
}

/* NaNs first: x86 signals quiet ones. Then in both orders, as equal operands differ at most in sign. XT0 may be n or m. */
static void min_max(struct vx *x, bool max, unsigned n, unsigned m)
{
	compare(x, CMP_UNORD, x->d, n, m);
	cold_if_any(x, x->d);
	packed(x, max ? P_MAX : P_MIN, x->d, n, m);
	packed(x, max ? P_MAX : P_MIN, XT0, m, n);
	v_op(x->c, max ? ANDPS : ORPS, x->d, x->d, XT0);
}

void vec_f_min_max(struct vx *x, const struct vop_rule *r)
{
	unsigned n = first(x);

	min_max(x, r->arg, n, second(x));
}

/* arg: the predicate, as VCMPPS numbers them. */
void vec_f_compare(struct vx *x, const struct vop_rule *r)
{
	unsigned n = first(x);

	compare(x, r->arg, x->d, n, second(x));
}

void vec_f_compare_abs(struct vx *x, const struct vop_rule *r)
{
	unsigned n = first(x), m = second(x);

	sign_mask(x, x->d, false);
	v_op(x->c, ANDPS, XT0, n, x->d);
	v_op(x->c, ANDPS, XT1, m, x->d);
	compare(x, r->arg, x->d, XT0, XT1);
}

void vec_f_compare_zero(struct vx *x, const struct vop_rule *r)
{
	unsigned n = first(x);

	v_zero(x->c, XT1);
	compare(x, r->arg, x->d, n, XT1);
}

/* arg: 0 add, 1 min, 2 max. */
void vec_f_pairs(struct vx *x, const struct vop_rule *r)
{
	unsigned n = x->n, m = x->m;

	if (!x->q) {
		v_op(x->c, PUNPCKLQDQ, x->d, n, m);
		n = m = x->d;
	}
	vx_even(x->c, x->size, XT0, n, m, NO_REG);
	vx_odd(x->c, x->size, XT1, n, m, NO_REG);
	if (r->arg) {
		min_max(x, r->arg == 2, XT0, XT1);
	} else {
		packed(x, P_ADD, x->d, XT0, XT1);
		vx_cold_if_nan(x, x->size, true);
	}
}

/* Least or (arg 1) greatest of four. */
void vec_f_across(struct vx *x, const struct vop_rule *r)
{
	unsigned s = x->n;

	compare(x, CMP_UNORD, x->d, s, s);
	cold_if_any(x, x->d);
	for (unsigned k = 0; k < 2; k++) {
		v_opi(x->c, PSHUFD, XT0, 0, s, k ? 0xb1 : 0x4e);
		packed(x, r->arg ? P_MAX : P_MIN, XT1, s, XT0);
		packed(x, r->arg ? P_MAX : P_MIN, x->d, XT0, s);
		v_op(x->c, r->arg ? ANDPS : ORPS, x->d, x->d, XT1);
		s = x->d;
	}
	vx_clear_above(x->c, x->d, 4);
	x->whole = true;
}

/* FABS, FNEG (arg 1). */
void vec_f_sign(struct vx *x, const struct vop_rule *r)
{
	sign_mask(x, XT0, r->arg);
	v_op(x->c, r->arg ? XORPS : ANDPS, x->d, x->n, XT0);
}

void vec_f_sqrt(struct vx *x, const struct vop_rule *r)
{
	packed(x, P_SQRT, x->d, 0, first(x));
	vx_cold_if_nan(x, x->size, true);
}

/* ---- rounding ---- */

static void round_packed(struct vx *x, unsigned d, unsigned s, enum ir_round how, bool inexact)
{
	static const uint8_t mode[] = { [ROUND_EVEN] = 0, [ROUND_UP] = 2, [ROUND_DOWN] = 1, [ROUND_ZERO] = 3, [ROUND_FPCR] = 4 };

	v_opi(x->c, is_f64(x) ? V3A(0x09) : V3A(0x08), d, 0, s, mode[how] | (inexact ? 0u : 8u));
}

/* As in vx_round, in all lanes: integral ones, infinities and NaNs take part as zeros and are put back. d, XT0..2. */
static void round_away(struct vx *x, unsigned d)
{
	struct code *c = x->c;
	unsigned s = vx_used_lanes(x, x->n, XT2);

	round_packed(x, d, s, ROUND_ZERO, false);
	compare(x, CMP_EQ_UQ, XT0, d, s);
	v_op(c, ANDNPS, XT2, XT0, s);
	round_packed(x, XT1, XT2, ROUND_ZERO, false);
	packed(x, P_SUB, XT2, XT2, XT1);
	packed(x, P_ADD, XT2, XT2, XT2);
	round_packed(x, XT2, XT2, ROUND_ZERO, false);
	packed(x, P_ADD, XT1, XT1, XT2);
	v_op(c, is_f64(x) ? V3A(0x4b) : V3A(0x4a), d, XT1, d);		/* vblendv */
	e8(c, XT0 << 4);
}

/* arg: enum ir_round, bit 3: raises inexact. */
void vec_f_round(struct vx *x, const struct vop_rule *r)
{
	enum ir_round how = (enum ir_round)(r->arg & 7);

	if (how == ROUND_AWAY)
		round_away(x, x->d);
	else
		round_packed(x, x->d, first(x), how, r->arg & 8);
	if (x->g->mode->dn)
		vx_cold_if_nan(x, x->size, true);
}

/* ---- integers ---- */

/* How many lanes go one by one. */
static unsigned lanes64(const struct vx *x)
{
	return !is_f64(x) ? 0 : x->scalar ? 1 : 2;
}

/* Lane k of s, for a scalar instruction. */
static unsigned lane64(struct vx *x, unsigned s, unsigned k)
{
	if (!k)
		return s;
	v_op(x->c, PUNPCKHQDQ, XT1, s, s);
	return XT1;
}

static void set_lane64(struct vx *x, unsigned k)
{
	if (!k) {
		v_movd_from(x->c, true, x->d, RAX);
		return;
	}
	v_rrr(x->c, 3, 1, true, 0x22, x->d, x->d, RAX);			/* vpinsrq */
	e8(x->c, k);
}

static void raise_inexact(struct vx *x, enum ir_round how)
{
	if (how != ROUND_ZERO)
		round_packed(x, XT0, first(x), how == ROUND_AWAY ? ROUND_ZERO : how, true);
}

/* n as integral values, where the conversion itself doesn't round that way; raises nothing. */
static unsigned to_integral(struct vx *x, enum ir_round how)
{
	if (how == ROUND_ZERO)
		return first(x);
	if (how == ROUND_AWAY) {
		round_away(x, x->d);
		v_mov(x->c, XT0, x->d);
	} else {
		round_packed(x, XT0, first(x), how, false);
	}
	return XT0;
}

/* arg: enum ir_round. */
void vec_f_to_int(struct vx *x, const struct vop_rule *r)
{
	struct code *c = x->c;
	unsigned s = to_integral(x, (enum ir_round)r->arg);

	if (!is_f64(x)) {
		v_op2(c, VF3(0x5b), x->d, s);				/* vcvttps2dq */
		sign_mask(x, XT1, true);
		v_op(c, PCMPEQD, XT1, XT1, x->d);
		cold_if_any(x, XT1);
	}
	for (unsigned k = 0; k < lanes64(x); k++) {
		v_rrr(c, 1, 3, true, 0x2c, RAX, 0, lane64(x, s, k));	/* vcvttsd2si */
		x_alu_imm(c, ALU_CMP, true, RAX, 1);
		vx_cold(x, X_O);
		set_lane64(x, k);
	}
	raise_inexact(x, (enum ir_round)r->arg);
}

/* Inline only what a signed conversion does: patterns that are, as integers, below that of 2^31 or 2^63. */
void vec_f_to_uint(struct vx *x, const struct vop_rule *r)
{
	struct code *c = x->c;
	unsigned s = to_integral(x, (enum ir_round)r->arg);

	if (!is_f64(x)) {
		vx_const_all(c, XT1, 2, 0x4effffff);
		v_op(c, PMAXUD, x->d, s, XT1);
		v_op(c, PXOR, x->d, x->d, XT1);
		v_op2(c, PTEST, x->d, x->d);
		vx_cold(x, X_NE);
		v_op2(c, VF3(0x5b), x->d, s);
	}
	for (unsigned k = 0; k < lanes64(x); k++) {
		unsigned v = lane64(x, s, k);

		v_movd_to(c, true, RCX, v);
		x_mov_imm(c, RAX, 0x43e0000000000000);
		x_alu(c, ALU_CMP, true, RCX, RAX);
		vx_cold(x, X_AE);
		v_rrr(c, 1, 3, true, 0x2c, RAX, 0, v);
		set_lane64(x, k);
	}
	raise_inexact(x, (enum ir_round)r->arg);
}

/* Fraction bits: divided by a power of two, exactly. */
static void scale_down(struct vx *x)
{
	if (!x->imm)
		return;
	vx_const_all(x->c, XT1, x->size, is_f64(x) ? (uint64_t)(1023 - x->imm) << 52 : (uint64_t)(127 - x->imm) << 23);
	packed(x, P_MUL, x->d, x->d, XT1);
}

void vec_f_from_int(struct vx *x, const struct vop_rule *r)
{
	struct code *c = x->c;

	if (!is_f64(x)) {
		v_op2(c, VNP(0x5b), x->d, first(x));			/* vcvtdq2ps */
		scale_down(x);
		return;
	}
	v_zero(c, XT1);
	v_movd_to(c, true, RAX, x->n);
	v_rrr(c, 1, 3, true, 0x2a, x->d, XT1, RAX);			/* vcvtsi2sd */
	if (!x->scalar) {
		v_rrr(c, 3, 1, true, 0x16, x->n, 0, RAX);		/* vpextrq */
		e8(c, 1);
		v_rrr(c, 1, 3, true, 0x2a, XT0, XT1, RAX);
	}
	v_op(c, PUNPCKLQDQ, x->d, x->d, x->scalar ? x->d : XT0);
	scale_down(x);
}

/* 32 bits: halves of 16, of which only the sum rounds. 64: like signed ones if the top bits are clear. */
void vec_f_from_uint(struct vx *x, const struct vop_rule *r)
{
	struct code *c = x->c;
	unsigned n;

	if (is_f64(x)) {
		if (x->scalar) {
			v_movd_to(c, true, RAX, x->n);
			x_test(c, true, RAX, RAX);
			vx_cold(x, X_S);
		} else {
			v_op2(c, TESTPD, x->n, x->n);
			vx_cold(x, X_NE);
		}
		vec_f_from_int(x, r);
		return;
	}
	n = first(x);
	v_shift(c, PSHIFTD, VX_SHR, x->d, n, 16);
	v_op2(c, VNP(0x5b), x->d, x->d);
	vx_const_all(c, XT1, 2, 0x47800000);				/* 2^16 */
	packed(x, P_MUL, x->d, x->d, XT1);
	v_zero(c, XT1);
	v_opi(c, PBLENDW, XT1, n, XT1, 0xaa);
	v_op2(c, VNP(0x5b), XT1, XT1);
	packed(x, P_ADD, x->d, x->d, XT1);
	scale_down(x);
}

/* ---- other formats ---- */

static void default_nans(struct vx *x, unsigned size)
{
	if (x->g->mode->dn)
		vx_cold_if_nan(x, size, true);
}

void vec_f_widen(struct vx *x, const struct vop_rule *r)
{
	struct code *c = x->c;
	unsigned s = x->n;

	if (x->scalar) {
		s = vx_used_lanes(x, s, XT0);
	} else if (x->q) {
		v_op(c, PUNPCKHQDQ, XT0, s, s);
		s = XT0;
	}
	if (x->size == 1)
		v_op2(c, CVTPH2PS, x->d, s);
	else
		v_op2(c, VNP(P_CVT), x->d, s);				/* vcvtps2pd */
	default_nans(x, x->size + 1);
	if (x->scalar)
		vx_clear_above(c, x->d, 2u << x->size);
	x->whole = true;
}

void vec_f_narrow(struct vx *x, const struct vop_rule *r)
{
	struct code *c = x->c;
	unsigned s = x->n;

	if (x->scalar) {
		vx_broadcast(c, XT1, s, x->size + 1, 0);
		s = XT1;
	}
	if (x->g->mode->dn) {
		v_rrr(c, 1, x->size == 2, false, P_CMP, x->d, s, s);
		e8(c, CMP_UNORD);
		v_op2(c, x->size == 2 ? TESTPD : TESTPS, x->d, x->d);
		vx_cold(x, X_NE);
	}
	if (x->size == 1)
		v_opi(c, CVTPS2PH, s, 0, x->d, 4);			/* by MXCSR */
	else
		v_op2(c, V66(P_CVT), x->d, s);				/* vcvtpd2ps */
	if (x->q && !x->scalar)
		v_op(c, PUNPCKLQDQ, x->d, x->a, x->d);
}
