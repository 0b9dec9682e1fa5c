/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rules for vector operations that widen or narrow elements, and for sums and limits across a vector. In all of them
 * x->size is that of the narrow elements; with Q they work on the upper half of the narrow vector. ARM DDI 0487 C7.2.
 */
#include "engine/dbt/x64/vec.h"

static const uint16_t add_op[4] = { PADDB, PADDW, PADDD, PADDQ };
static const uint16_t sub_op[4] = { PSUBB, PSUBW, PSUBD, PSUBQ };
static const uint16_t extend_op[2][3] = { { PMOVSXBW, PMOVSXWD, PMOVSXDQ }, { PMOVZXBW, PMOVZXWD, PMOVZXDQ } };

/* ---- elements by parity ---- */

void vx_even(struct code *c, unsigned size, unsigned d, unsigned n, unsigned m, unsigned tmp)
{
	switch (size) {
	case 0:
		v_ones(c, tmp);
		v_shift(c, PSHIFTW, VX_SHR, tmp, tmp, 8);
		v_op(c, PAND, d, n, tmp);
		if (m != n)
			v_op(c, PAND, tmp, m, tmp);
		v_op(c, PACKUSWB, d, d, m != n ? tmp : d);
		break;
	case 1:
		v_shift(c, PSHIFTD, VX_SHL, d, n, 16);
		v_shift(c, PSHIFTD, VX_SAR, d, d, 16);
		if (m != n) {
			v_shift(c, PSHIFTD, VX_SHL, tmp, m, 16);
			v_shift(c, PSHIFTD, VX_SAR, tmp, tmp, 16);
		}
		v_op(c, PACKSSDW, d, d, m != n ? tmp : d);
		break;
	case 2:
		v_opi(c, SHUFPS, d, n, m, 0x88);
		break;
	default:
		v_op(c, PUNPCKLQDQ, d, n, m);
	}
}

void vx_odd(struct code *c, unsigned size, unsigned d, unsigned n, unsigned m, unsigned tmp)
{
	switch (size) {
	case 0:
		v_shift(c, PSHIFTW, VX_SHR, d, n, 8);
		if (m != n)
			v_shift(c, PSHIFTW, VX_SHR, tmp, m, 8);
		v_op(c, PACKUSWB, d, d, m != n ? tmp : d);
		break;
	case 1:
		v_shift(c, PSHIFTD, VX_SAR, d, n, 16);
		if (m != n)
			v_shift(c, PSHIFTD, VX_SAR, tmp, m, 16);
		v_op(c, PACKSSDW, d, d, m != n ? tmp : d);
		break;
	case 2:
		v_opi(c, SHUFPS, d, n, m, 0xdd);
		break;
	default:
		v_op(c, PUNPCKHQDQ, d, n, m);
	}
}

/* ---- widening ---- */

static void extend(struct vx *x, unsigned d, unsigned s, bool u)
{
	if (x->q) {
		v_op(x->c, PUNPCKHQDQ, d, s, s);
		s = d;
	}
	v_op2(x->c, extend_op[u][x->size], d, s);
}

/* arg bit 0: unsigned, 1: subtract, 2: n is wide. */
void vec_widen(struct vx *x, const struct vop_rule *r)
{
	unsigned n = x->n;

	if (!(r->arg & 4)) {
		extend(x, XT0, n, r->arg & 1);
		n = XT0;
	}
	extend(x, XT1, x->m, r->arg & 1);
	v_op(x->c, (r->arg & 2 ? sub_op : add_op)[x->size + 1], x->d, n, XT1);
	x->whole = true;
}

/* arg bit 0: unsigned; bits 2:1: the product alone, added to c, subtracted from c. */
void vec_widen_mul(struct vx *x, const struct vop_rule *r)
{
	struct code *c = x->c;
	bool u = r->arg & 1;

	if (x->size == 0) {
		extend(x, XT0, x->n, u);
		extend(x, XT1, x->m, u);
		v_op(c, PMULLW, x->d, XT0, XT1);
	} else if (x->size == 1) {
		v_op(c, PMULLW, XT0, x->n, x->m);
		v_op(c, u ? PMULHUW : PMULHW, XT1, x->n, x->m);
		v_op(c, x->q ? PUNPCKHWD : PUNPCKLWD, x->d, XT0, XT1);
	} else {
		v_opi(c, PSHUFD, XT0, 0, x->n, x->q ? 0xfa : 0x50);
		v_opi(c, PSHUFD, XT1, 0, x->m, x->q ? 0xfa : 0x50);
		v_op(c, u ? PMULUDQ : PMULDQ, x->d, XT0, XT1);
	}
	if (r->arg >> 1)
		v_op(c, (r->arg >> 1 == 2 ? sub_op : add_op)[x->size + 1], x->d, x->a, x->d);
	x->whole = true;
}

/* SQDMULL, SQDMLAL, SQDMLSL (arg 1, 2): twice the product, saturated; added to or subtracted from c, saturated. */
void vec_widen_mul_sat(struct vx *x, const struct vop_rule *r)
{
	static const struct vop_rule product = { vec_widen_mul, 0, 0, 0, { 0 } };
	struct code *c = x->c;
	bool q = x->q;

	vec_widen_mul(x, &product);
	v_op(c, add_op[x->size + 1], x->d, x->d, x->d);
	x->q = true;			/* all of the wide result counts */
	vx_saturate_lowest(x, x->size + 1, x->d);
	if (r->arg) {
		v_mov(c, XT2, x->d);
		vx_saturating_add(x, x->size + 1, r->arg == 2, x->d, x->a, XT2);
	}
	x->q = q;
}

/* arg bit 0: added to c; bit 1: unsigned. */
void vec_widen_diff(struct vx *x, const struct vop_rule *r)
{
	struct code *c = x->c;

	extend(x, XT0, x->n, r->arg & 2);
	extend(x, XT1, x->m, r->arg & 2);
	v_op(c, sub_op[x->size + 1], x->d, XT0, XT1);
	if (x->size == 2) {
		v_zero(c, XT0);
		v_op(c, PCMPGTQ, XT0, XT0, x->d);
		v_op(c, PXOR, x->d, x->d, XT0);
		v_op(c, PSUBQ, x->d, x->d, XT0);
	} else {
		v_op2(c, x->size ? PABSD : PABSW, x->d, x->d);
	}
	if (r->arg & 1)
		v_op(c, add_op[x->size + 1], x->d, x->d, x->a);
	x->whole = true;
}

/* ---- narrowing ---- */

/* The result is in d's lower half: with Q it goes above c's. */
static void narrowed(struct vx *x)
{
	if (x->q)
		v_op(x->c, PUNPCKLQDQ, x->d, x->a, x->d);
}

/* arg 1: rounded. */
void vec_narrow(struct vx *x, const struct vop_rule *r)
{
	struct code *c = x->c;
	unsigned s = x->n;

	if (r->arg) {
		vx_const_all(c, XT0, x->size + 1, 1ull << (x->imm - 1));
		v_op(c, add_op[x->size + 1], x->d, s, XT0);
		s = x->d;
	}
	if (x->imm == 8u << x->size) {
		vx_odd(c, x->size, x->d, s, s, XT1);
	} else {
		if (x->imm) {
			vx_shift(c, x->size + 1, VX_SHR, x->d, s, x->imm);
			s = x->d;
		}
		vx_even(c, x->size, x->d, s, s, XT1);
	}
	narrowed(x);
}

/* The upper halves of sums or (arg bit 0) differences, bit 1: rounded. */
void vec_narrow_high(struct vx *x, const struct vop_rule *r)
{
	struct code *c = x->c;

	v_op(c, (r->arg & 1 ? sub_op : add_op)[x->size + 1], x->d, x->n, x->m);
	if (r->arg & 2) {
		vx_const_all(c, XT0, x->size + 1, 1ull << ((8u << x->size) - 1));
		v_op(c, add_op[x->size + 1], x->d, x->d, XT0);
	}
	vx_odd(c, x->size, x->d, x->d, x->d, XT1);
	narrowed(x);
}

/* arg bits 1:0: 0 signed, 1 unsigned, 2 signed to unsigned; bit 2: rounded. Extending the result tells if it saturated. */
void vec_narrow_sat(struct vx *x, const struct vop_rule *r)
{
	struct code *c = x->c;
	unsigned kind = r->arg & 3, s = x->n, pack_u = x->size ? PACKUSDW : PACKUSWB;
	enum vx_shift how = kind == 1 ? VX_SHR : VX_SAR;
	bool q = x->q;

	if (x->imm) {
		if (r->arg & 4)
			vx_shift_round(c, x->size + 1, how, XT1, s, x->imm, x->d);
		else
			vx_shift(c, x->size + 1, how, XT1, s, x->imm);
		s = XT1;
	}
	if (kind == 1) {
		vx_const_all(c, XT0, x->size + 1, x->size ? 0xffff : 0xff);
		v_op(c, x->size ? PMINUD : PMINUW, XT0, XT0, s);
		v_op(c, pack_u, x->d, XT0, XT0);
	} else {
		v_op(c, kind ? pack_u : x->size ? PACKSSDW : PACKSSWB, x->d, s, s);
	}
	v_op2(c, extend_op[kind != 0][x->size], XT0, x->d);
	v_op(c, PXOR, XT0, XT0, s);
	x->q = true;			/* all of the wide source counts */
	vx_qc(x, XT0);
	x->q = q;
	narrowed(x);
}

/* ---- across ---- */

/* d's lanes of `size` combined into lane 0, of all 16 bytes or 8; s: where they are. */
static void fold(struct code *c, unsigned op, unsigned size, unsigned d, unsigned s, bool q)
{
	if (q) {
		v_opi(c, PSHUFD, XT0, 0, s, 0x4e);
		v_op(c, op, d, s, XT0);
		s = d;
	}
	if (size <= 2) {
		v_opi(c, PSHUFD, XT0, 0, s, 0xb1);
		v_op(c, op, d, s, XT0);
	}
	if (size <= 1) {
		v_shift(c, PSHIFTD, VX_SHR, XT0, d, 16);
		v_op(c, op, d, d, XT0);
	}
	if (size == 0) {
		v_shift(c, PSHIFTW, VX_SHR, XT0, d, 8);
		v_op(c, op, d, d, XT0);
	}
}

static void sum_bytes(struct vx *x)
{
	v_zero(x->c, XT0);
	v_op(x->c, PSADBW, x->d, x->n, XT0);
	if (x->q) {
		v_opi(x->c, PSHUFD, XT0, 0, x->d, 0x4e);
		v_op(x->c, PADDD, x->d, x->d, XT0);
	}
}

void vec_across(struct vx *x, const struct vop_rule *r)
{
	if (x->size == 0 && r->op[0] == PADDB)
		sum_bytes(x);
	else
		fold(x->c, r->op[x->size], x->size, x->d, x->n, x->q);
	vx_clear_above(x->c, x->d, 1u << x->size);
	x->whole = true;
}

/* arg as in pairs_long. */
void vec_across_long(struct vx *x, const struct vop_rule *r)
{
	if (x->size == 0 && r->arg) {
		sum_bytes(x);
	} else {
		vec_pairs_long(x, r);
		fold(x->c, add_op[x->size + 1], x->size + 1, x->d, x->d, x->q);
	}
	vx_clear_above(x->c, x->d, 2u << (x->size & 3));
	x->whole = true;
}
