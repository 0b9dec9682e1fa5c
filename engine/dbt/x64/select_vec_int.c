/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rules for integer vector operations whose operands and result have the same shape. ARM DDI 0487 C7.2; the comments say
 * what is computed, a and b for the elements of n and m, c for those of the old d.
 */
#include "engine/dbt/x64/vec.h"

static const uint16_t add_op[4] = { PADDB, PADDW, PADDD, PADDQ };
static const uint16_t sub_op[4] = { PSUBB, PSUBW, PSUBD, PSUBQ };
static const uint16_t eq_op[4] = { PCMPEQB, PCMPEQW, PCMPEQD, PCMPEQQ };
static const uint16_t gt_op[4] = { PCMPGTB, PCMPGTW, PCMPGTD, PCMPGTQ };

static void invert(struct code *c, unsigned d, unsigned tmp)
{
	v_ones(c, tmp);
	v_op(c, PXOR, d, d, tmp);
}

void vec_rrr(struct vx *x, const struct vop_rule *r)
{
	v_op(x->c, r->op[x->size], x->d, x->n, x->m);
}

void vec_rrr_swap(struct vx *x, const struct vop_rule *r)
{
	v_op(x->c, r->op[x->size], x->d, x->m, x->n);
}

void vec_or_not(struct vx *x, const struct vop_rule *r)
{
	v_ones(x->c, XT0);
	v_op(x->c, PXOR, x->d, x->m, XT0);
	v_op(x->c, POR, x->d, x->d, x->n);
}

/* Bytes: the odd ones as the upper halves of words whose lower halves are zero. */
static void multiply_bytes(struct code *c, unsigned d, unsigned n, unsigned m)
{
	v_ones(c, XT0);
	v_shift(c, PSHIFTW, VX_SHL, XT0, XT0, 8);
	v_shift(c, PSHIFTW, VX_SHR, d, n, 8);
	v_op(c, PAND, XT1, m, XT0);
	v_op(c, PMULLW, d, d, XT1);
	v_op(c, PMULLW, XT1, n, m);
	v_op(c, PANDN, XT1, XT0, XT1);
	v_op(c, POR, d, d, XT1);
}

void vec_mul(struct vx *x, const struct vop_rule *r)
{
	if (x->size == 0)
		multiply_bytes(x->c, x->d, x->n, x->m);
	else
		v_op(x->c, x->size == 1 ? PMULLW : PMULLD, x->d, x->n, x->m);
}

/* c + a * b; arg 1: c - a * b. */
void vec_mla(struct vx *x, const struct vop_rule *r)
{
	vec_mul(x, r);
	v_op(x->c, (r->arg ? sub_op : add_op)[x->size], x->d, x->a, x->d);
}

/* BSL: c chooses between a and b; BIT, BIF (arg 1, 2): b, or its inverse, chooses between a and c. */
void vec_select(struct vx *x, const struct vop_rule *r)
{
	unsigned mask = r->arg ? x->m : x->a;
	unsigned yes = r->arg == 2 ? x->a : x->n, no = r->arg == 0 ? x->m : r->arg == 1 ? x->a : x->n;

	v_op(x->c, PANDN, XT0, mask, no);
	v_op(x->c, PAND, x->d, mask, yes);
	v_op(x->c, POR, x->d, x->d, XT0);
}

/* a >= b: max(a, b) == a; op is max. 64 bits: not b > a. */
void vec_not_less(struct vx *x, const struct vop_rule *r)
{
	if (x->size == 3) {
		v_op(x->c, PCMPGTQ, x->d, x->m, x->n);
		invert(x->c, x->d, XT0);
		return;
	}
	v_op(x->c, r->op[x->size], x->d, x->n, x->m);
	v_op(x->c, eq_op[x->size], x->d, x->d, x->n);
}

/* Unsigned a > b, or arg 1: a >= b (64 bits only): signed after flipping the top bits. */
void vec_greater_u(struct vx *x, const struct vop_rule *r)
{
	struct code *c = x->c;

	if (x->size < 3) {
		v_op(c, r->op[x->size], x->d, x->n, x->m);		/* max == b: not greater */
		v_op(c, eq_op[x->size], x->d, x->d, x->m);
		invert(c, x->d, XT0);
		return;
	}
	v_ones(c, XT0);
	v_shift(c, PSHIFTQ, VX_SHL, XT0, XT0, 63);
	v_op(c, PXOR, XT1, x->n, XT0);
	v_op(c, PXOR, XT0, x->m, XT0);
	if (r->arg) {
		v_op(c, PCMPGTQ, x->d, XT0, XT1);
		invert(c, x->d, XT0);
	} else {
		v_op(c, PCMPGTQ, x->d, XT1, XT0);
	}
}

void vec_test_bits(struct vx *x, const struct vop_rule *r)
{
	v_op(x->c, PAND, x->d, x->n, x->m);
	v_zero(x->c, XT0);
	v_op(x->c, eq_op[x->size], x->d, x->d, XT0);
	invert(x->c, x->d, XT0);
}

/* arg: 0 ==, 1 >, 2 <, 3 >= , 4 <= zero. */
void vec_compare_zero(struct vx *x, const struct vop_rule *r)
{
	struct code *c = x->c;

	v_zero(c, XT0);
	if (r->arg == 0)
		v_op(c, eq_op[x->size], x->d, x->n, XT0);
	else if (r->arg & 1 ? r->arg == 1 : r->arg == 4)
		v_op(c, gt_op[x->size], x->d, x->n, XT0);
	else
		v_op(c, gt_op[x->size], x->d, XT0, x->n);
	if (r->arg >= 3)
		invert(c, x->d, XT0);
}

void vec_unary(struct vx *x, const struct vop_rule *r)
{
	v_op2(x->c, r->op[x->size], x->d, x->n);
}

void vec_abs64(struct vx *x, const struct vop_rule *r)
{
	if (x->size < 3) {
		vec_unary(x, r);
		return;
	}
	v_zero(x->c, XT0);
	v_op(x->c, PCMPGTQ, XT0, XT0, x->n);
	v_op(x->c, PXOR, x->d, x->n, XT0);
	v_op(x->c, PSUBQ, x->d, x->d, XT0);
}

void vec_negate(struct vx *x, const struct vop_rule *r)
{
	v_zero(x->c, XT0);
	v_op(x->c, sub_op[x->size], x->d, XT0, x->n);
}

void vec_invert(struct vx *x, const struct vop_rule *r)
{
	v_ones(x->c, XT0);
	v_op(x->c, PXOR, x->d, x->n, XT0);
}

/* max - min, arg bit 0: added to c; bit 1: unsigned. */
void vec_abs_diff(struct vx *x, const struct vop_rule *r)
{
	static const uint16_t max[2][3] = { { PMAXSB, PMAXSW, PMAXSD }, { PMAXUB, PMAXUW, PMAXUD } };
	static const uint16_t min[2][3] = { { PMINSB, PMINSW, PMINSD }, { PMINUB, PMINUW, PMINUD } };
	unsigned u = r->arg >> 1;

	v_op(x->c, max[u][x->size], x->d, x->n, x->m);
	v_op(x->c, min[u][x->size], XT0, x->n, x->m);
	v_op(x->c, sub_op[x->size], x->d, x->d, XT0);
	if (r->arg & 1)
		v_op(x->c, add_op[x->size], x->d, x->d, x->a);
}

/*
 * (a + b) / 2 = (a & b) + (a ^ b) / 2; rounded up: (a | b) - (a ^ b) / 2; (a - b) / 2 = (a ^ b) / 2 - (~a & b). The shift is
 * logical or arithmetic. arg bits 1:0: 0 add, 1 add and round, 2 subtract; bit 2: signed.
 */
void vec_halving(struct vx *x, const struct vop_rule *r)
{
	struct code *c = x->c;
	unsigned kind = r->arg & 3;

	v_op(c, PXOR, x->d, x->n, x->m);
	vx_shift(c, x->size, r->arg & 4 ? VX_SAR : VX_SHR, x->d, x->d, 1);
	if (kind == 0) {
		v_op(c, PAND, XT0, x->n, x->m);
		v_op(c, add_op[x->size], x->d, x->d, XT0);
	} else if (kind == 1) {
		v_op(c, POR, XT0, x->n, x->m);
		v_op(c, sub_op[x->size], x->d, XT0, x->d);
	} else {
		v_op(c, PANDN, XT0, x->n, x->m);
		v_op(c, sub_op[x->size], x->d, x->d, XT0);
	}
}

/* Hardware saturates; what wraps tells whether it did. arg: 0 add, 1 subtract. */
void vec_saturate(struct vx *x, const struct vop_rule *r)
{
	v_op(x->c, r->op[x->size], x->d, x->n, x->m);
	v_op(x->c, (r->arg ? sub_op : add_op)[x->size], XT0, x->n, x->m);
	v_op(x->c, PXOR, XT0, XT0, x->d);
	vx_qc(x, XT0);
}

/* d = its sign in all of each element. Uses tmp for 64 bits. */
static void smear_sign(struct code *c, unsigned size, unsigned d, unsigned s, unsigned tmp)
{
	if (size == 2) {
		v_shift(c, PSHIFTD, VX_SAR, d, s, 31);
		return;
	}
	v_zero(c, tmp);
	v_op(c, PCMPGTQ, d, tmp, s);
}

/* Overflowed if the sign is neither operand's (of a difference: a's and b's differ): then the limit on a's side. */
void vx_saturating_add(struct vx *x, unsigned size, bool subtract, unsigned d, unsigned n, unsigned m)
{
	struct code *c = x->c;

	v_op(c, (subtract ? sub_op : add_op)[size], d, n, m);
	v_op(c, PXOR, XT0, n, d);
	v_op(c, PXOR, XT1, subtract ? n : d, m);
	v_op(c, PAND, XT0, XT0, XT1);
	smear_sign(c, size, XT0, XT0, XT1);
	smear_sign(c, size, XT1, n, XT1);
	v_op(c, PANDN, d, XT0, d);
	v_op(c, PAND, XT1, XT1, XT0);
	v_op(c, POR, d, d, XT1);			/* 0 or -1 where it overflowed: flip all but the sign */
	v_shift(c, size == 2 ? PSHIFTD : PSHIFTQ, VX_SHR, XT1, XT0, 1);
	v_op(c, PXOR, d, d, XT1);
	vx_qc(x, XT0);
}

void vec_saturate_s(struct vx *x, const struct vop_rule *r)
{
	vx_saturating_add(x, x->size, r->arg, x->d, x->n, x->m);
}

/*
 * Where d is the most negative number, which an operation gives only where its result should have been the opposite: that
 * saturated, and becomes the most positive one.
 */
void vx_saturate_lowest(struct vx *x, unsigned size, unsigned d)
{
	struct code *c = x->c;

	if (size == 0) {
		vx_const_all(c, XT0, 0, 0x80);
	} else {
		v_ones(c, XT0);
		v_shift(c, size == 1 ? PSHIFTW : size == 2 ? PSHIFTD : PSHIFTQ, VX_SHL, XT0, XT0, (8u << size) - 1);
	}
	v_op(c, eq_op[size], XT0, XT0, d);
	v_op(c, PXOR, d, d, XT0);
	vx_qc(x, XT0);
}

/* SQABS, SQNEG (arg 1). */
void vec_saturate_unary(struct vx *x, const struct vop_rule *r)
{
	if (r->arg)
		vec_negate(x, r);
	else
		vec_abs64(x, r);
	vx_saturate_lowest(x, x->size, x->d);
}

/* a + min(b, ~a); max(a, b) - b. */
void vec_saturate_u32(struct vx *x, const struct vop_rule *r)
{
	struct code *c = x->c;

	if (r->arg) {
		v_op(c, PMAXUD, x->d, x->n, x->m);
		v_op(c, PSUBD, x->d, x->d, x->m);
		v_op(c, PSUBD, XT0, x->n, x->m);
	} else {
		v_ones(c, XT0);
		v_op(c, PXOR, XT0, XT0, x->n);
		v_op(c, PMINUD, x->d, x->m, XT0);
		v_op(c, PADDD, x->d, x->d, x->n);
		v_op(c, PADDD, XT0, x->n, x->m);
	}
	v_op(c, PXOR, XT0, XT0, x->d);
	vx_qc(x, XT0);
}

/* SQDMULH, SQRDMULH (arg 1): only -1 * -1 saturates. 32 bits: even and odd elements apart. */
void vec_mul_high(struct vx *x, const struct vop_rule *r)
{
	struct code *c = x->c;

	if (x->size == 2) {
		v_shift(c, PSHIFTQ, VX_SHR, XT0, x->n, 32);
		v_shift(c, PSHIFTQ, VX_SHR, XT1, x->m, 32);
		v_op(c, PMULDQ, XT0, XT0, XT1);
		v_op(c, PMULDQ, x->d, x->n, x->m);
		v_op(c, PADDQ, XT0, XT0, XT0);
		v_op(c, PADDQ, x->d, x->d, x->d);
		if (r->arg) {
			vx_const_all(c, XT1, 3, 1ull << 31);
			v_op(c, PADDQ, XT0, XT0, XT1);
			v_op(c, PADDQ, x->d, x->d, XT1);
		}
		v_shift(c, PSHIFTQ, VX_SHR, x->d, x->d, 32);
		v_opi(c, PBLENDD, x->d, x->d, XT0, 0x0a);
	} else if (r->arg) {
		v_op(c, PMULHRSW, x->d, x->n, x->m);
	} else {
		v_op(c, PMULHW, x->d, x->n, x->m);
		v_op(c, PADDW, x->d, x->d, x->d);
		v_op(c, PMULLW, XT0, x->n, x->m);
		v_shift(c, PSHIFTW, VX_SHR, XT0, XT0, 15);
		v_op(c, PADDW, x->d, x->d, XT0);
	}
	vx_saturate_lowest(x, x->size, x->d);
}

/* The even or odd bytes as words. */
static void half_bytes(struct code *c, unsigned d, unsigned s, bool odd, bool is_signed)
{
	if (!odd) {
		v_shift(c, PSHIFTW, VX_SHL, d, s, 8);
		s = d;
	}
	v_shift(c, PSHIFTW, is_signed ? VX_SAR : VX_SHR, d, s, 8);
}

/* Dot products of four bytes: arg bit 0: a signed, bit 1: b signed. */
void vec_dot(struct vx *x, const struct vop_rule *r)
{
	struct code *c = x->c;
	unsigned m = x->m;

	if (x->by_elem) {
		vx_broadcast(c, XT2, m, 2, x->elem);
		m = XT2;
	}
	half_bytes(c, XT0, x->n, false, r->arg & 1);
	half_bytes(c, XT1, m, false, r->arg & 2);
	v_op(c, PMADDWD, x->d, XT0, XT1);
	half_bytes(c, XT0, x->n, true, r->arg & 1);
	half_bytes(c, XT1, m, true, r->arg & 2);
	v_op(c, PMADDWD, XT0, XT0, XT1);
	v_op(c, PADDD, x->d, x->d, XT0);
	v_op(c, PADDD, x->d, x->d, x->a);
}

/* op of neighbours: of the even and the odd elements of n and m. */
void vec_pairs(struct vx *x, const struct vop_rule *r)
{
	struct code *c = x->c;
	unsigned n = x->n, m = x->m;

	if (x->scalar) {
		m = n;
	} else if (!x->q) {
		v_op(c, PUNPCKLQDQ, x->d, n, m);
		n = m = x->d;
	}
	vx_even(c, x->size, XT0, n, m, XT2);
	vx_odd(c, x->size, XT1, n, m, XT2);
	v_op(c, r->op[x->size], x->d, XT0, XT1);
}

/* Counts of nibbles by look-up. */
void vec_nibble_counts(struct vx *x, const struct vop_rule *r)
{
	struct code *c = x->c;

	vx_const_all(c, XT0, 0, 0x0f);
	vx_const(c, XT1, 0x0302020102010100, 0x0403030203020201);
	v_op(c, PAND, x->d, x->n, XT0);
	v_op(c, PSHUFB, x->d, XT1, x->d);
	v_shift(c, PSHIFTW, VX_SHR, XT2, x->n, 4);
	v_op(c, PAND, XT2, XT2, XT0);
	v_op(c, PSHUFB, XT2, XT1, XT2);
	v_op(c, PADDB, x->d, x->d, XT2);
}

/* n: the eight bytes before they were counted. */
void vec_popcount(struct vx *x, const struct vop_rule *r)
{
	v_movd_to(x->c, true, RAX, x->n);
	x_prr(x->c, 0xf3, 0x0fb8, true, RAX, RAX);
	v_movd_from(x->c, true, x->d, RAX);
	x->whole = true;
}

/* Nibbles reversed by look-up, then swapped: the low one's reverse comes shifted. */
void vec_reverse_bits(struct vx *x, const struct vop_rule *r)
{
	struct code *c = x->c;

	vx_const_all(c, XT0, 0, 0x0f);
	vx_const(c, XT1, 0xe060a020c0408000, 0xf070b030d0509010);
	v_op(c, PAND, x->d, x->n, XT0);
	v_op(c, PSHUFB, x->d, XT1, x->d);
	v_shift(c, PSHIFTW, VX_SHR, XT1, XT1, 4);
	v_op(c, PAND, XT1, XT1, XT0);
	v_shift(c, PSHIFTW, VX_SHR, XT2, x->n, 4);
	v_op(c, PAND, XT2, XT2, XT0);
	v_op(c, PSHUFB, XT2, XT1, XT2);
	v_op(c, POR, x->d, x->d, XT2);
}

/* Sums of neighbours, twice as wide. arg bit 0: added to c; bit 1: unsigned. */
void vec_pairs_long(struct vx *x, const struct vop_rule *r)
{
	struct code *c = x->c;
	bool u = r->arg & 2;

	if (x->size == 0) {
		vx_const_all(c, XT0, 0, 1);
		v_op(c, PMADDUBSW, x->d, u ? x->n : XT0, u ? XT0 : x->n);	/* unsigned times signed */
	} else if (x->size == 1 && !u) {
		vx_const_all(c, XT0, 1, 1);
		v_op(c, PMADDWD, x->d, x->n, XT0);
	} else if (x->size == 1) {
		v_zero(c, XT0);
		v_opi(c, PBLENDW, XT0, x->n, XT0, 0xaa);
		v_shift(c, PSHIFTD, VX_SHR, x->d, x->n, 16);
		v_op(c, PADDD, x->d, x->d, XT0);
	} else {
		v_opi(c, PSHUFD, XT0, 0, x->n, 0x08);
		v_opi(c, PSHUFD, XT1, 0, x->n, 0x0d);
		v_op2(c, u ? PMOVZXDQ : PMOVSXDQ, XT0, XT0);
		v_op2(c, u ? PMOVZXDQ : PMOVSXDQ, XT1, XT1);
		v_op(c, PADDQ, x->d, XT0, XT1);
	}
	if (r->arg & 1)
		v_op(c, add_op[x->size + 1], x->d, x->d, x->a);
}
