/* SPDX-License-Identifier: BSD-2-Clause */
/* Rules for shifts of vector elements, by an immediate or by the elements of a register. ARM DDI 0487 C7.2. */
#include "engine/dbt/x64/vec.h"

static const uint16_t add_op[4] = { PADDB, PADDW, PADDD, PADDQ };

/* s is zero-extended after a logical shift: give it its sign back. The sign bit has come to bit `top`. */
static void restore_sign(struct code *c, unsigned size, unsigned d, unsigned top)
{
	vx_const_all(c, XT0, size, 1ull << top);
	v_op(c, PXOR, d, d, XT0);
	v_op(c, size ? PSUBQ : PSUBB, d, d, XT0);
}

static void shift_bytes(struct code *c, enum vx_shift how, unsigned d, unsigned s, unsigned n)
{
	if (how == VX_SAR && n >= 7) {
		v_zero(c, XT0);
		v_op(c, PCMPGTB, d, XT0, s);
		return;
	}
	if (n >= 8) {
		v_zero(c, d);
		return;
	}
	v_shift(c, PSHIFTW, how == VX_SHL ? 6 : 2, d, s, n);
	vx_const_all(c, XT0, 0, how == VX_SHL ? 0xffu << n : 0xffu >> n);
	v_op(c, PAND, d, d, XT0);
	if (how == VX_SAR)
		restore_sign(c, 0, d, 7 - n);
}

void vx_shift(struct code *c, unsigned size, enum vx_shift how, unsigned d, unsigned s, unsigned n)
{
	static const uint16_t group[4] = { 0, PSHIFTW, PSHIFTD, PSHIFTQ };

	if (n == 0) {
		if (d != s)
			v_mov(c, d, s);
	} else if (size == 0) {
		shift_bytes(c, how, d, s, n);
	} else if (size == 3 && how == VX_SAR && n >= 63) {
		v_zero(c, XT0);
		v_op(c, PCMPGTQ, d, XT0, s);
	} else if (size == 3 && how == VX_SAR) {
		v_shift(c, PSHIFTQ, VX_SHR, d, s, n);
		restore_sign(c, 3, d, 63 - n);
	} else {
		v_shift(c, group[size], how, d, s, n);
	}
}

/* (s >> n) + the last bit shifted out. */
void vx_shift_round(struct code *c, unsigned size, enum vx_shift how, unsigned d, unsigned s, unsigned n, unsigned tmp)
{
	vx_shift(c, size, how, tmp, s, n - 1);
	vx_shift(c, size, how, d, s, n);
	vx_const_all(c, XT0, size, 1);
	v_op(c, PAND, tmp, tmp, XT0);
	v_op(c, add_op[size], d, d, tmp);
}

/* arg: enum vx_shift, bit 3: added to c. */
void vec_shift_imm(struct vx *x, const struct vop_rule *r)
{
	vx_shift(x->c, x->size, (enum vx_shift)(r->arg & 7), x->d, x->n, x->imm);
	if (r->arg & 8)
		v_op(x->c, add_op[x->size], x->d, x->d, x->a);
}

void vec_shift_round(struct vx *x, const struct vop_rule *r)
{
	vx_shift_round(x->c, x->size, (enum vx_shift)(r->arg & 7), x->d, x->n, x->imm, XT1);
	if (r->arg & 8)
		v_op(x->c, add_op[x->size], x->d, x->d, x->a);
}

/* SLI, SRI (arg VX_SHL, VX_SHR): bits that nothing was shifted into are c's. */
void vec_shift_insert(struct vx *x, const struct vop_rule *r)
{
	struct code *c = x->c;
	unsigned bits = 8u << x->size;
	uint64_t ones = ~0ull >> (64 - bits);
	uint64_t keep = r->arg == VX_SHL ? (1ull << x->imm) - 1 : x->imm == bits ? ones : ones & ~(ones >> x->imm);

	vx_const_all(c, XT1, x->size, keep);
	v_op(c, PAND, XT1, XT1, x->a);
	vx_shift(c, x->size, (enum vx_shift)r->arg, x->d, x->n, x->imm);
	v_op(c, POR, x->d, x->d, XT1);
}

/*
 * By the signed low byte of b; negative is right. AVX2's counts are unsigned, and from the width on everything is shifted
 * out: so the byte and its negation, both modulo 256, give the left and the right shift, and at least one of them is
 * zero unless both counts are. Signed right shifts are of the value with its sign's ones inverted. arg 1: signed.
 */
void vec_shift_var(struct vx *x, const struct vop_rule *r)
{
	struct code *c = x->c;
	bool w = x->size == 3;
	unsigned right = r->arg ? XT2 : XT1;

	vx_const_all(c, XT0, x->size, 0xff);
	v_zero(c, XT1);
	v_op(c, w ? PSUBQ : PSUBD, XT1, XT1, x->m);
	v_op(c, PAND, XT1, XT1, XT0);
	v_op(c, PAND, XT0, XT0, x->m);
	v_rrr(c, 2, 1, w, 0x47, x->d, x->n, XT0);			/* vpsllv */
	if (!r->arg) {
		v_rrr(c, 2, 1, w, 0x45, XT1, x->n, XT1);		/* vpsrlv */
		v_op(c, POR, x->d, x->d, right);
		return;
	}
	v_zero(c, XT2);
	v_op(c, w ? PCMPGTQ : PCMPGTD, XT2, XT2, x->n);
	v_op(c, PXOR, XT0, x->n, XT2);
	v_rrr(c, 2, 1, w, 0x45, XT0, XT0, XT1);
	v_op(c, PXOR, XT2, XT2, XT0);
	v_shift(c, w ? PSHIFTQ : PSHIFTD, VX_SHL, XT1, x->m, w ? 56 : 24);
	v_rrr(c, 3, 1, false, w ? 0x4b : 0x4a, x->d, x->d, XT2);	/* vblendv: right where the byte is negative */
	e8(c, XT1 << 4);
}

/* SSHLL, USHLL (arg 1), SHLL (arg 3: by the element's width). */
void vec_shift_left_long(struct vx *x, const struct vop_rule *r)
{
	static const uint16_t extend[2][3] = { { PMOVSXBW, PMOVSXWD, PMOVSXDQ }, { PMOVZXBW, PMOVZXWD, PMOVZXDQ } };
	struct code *c = x->c;
	unsigned s = x->n;

	if (x->q) {
		v_op(c, PUNPCKHQDQ, x->d, s, s);
		s = x->d;
	}
	v_op2(c, extend[r->arg & 1][x->size], x->d, s);
	vx_shift(c, x->size + 1, VX_SHL, x->d, x->d, r->arg & 2 ? 8u << x->size : x->imm);
	x->whole = true;
}
