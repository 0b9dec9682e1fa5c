/* SPDX-License-Identifier: BSD-2-Clause */
/* Rules for permutations, copies of elements, tables, and cryptography. ARM DDI 0487 C7.2; Intel SDM volume 2, AES*. */
#include "engine/dbt/x64/vec.h"

/* op: interleaves upper halves, sizes 0..3; of 64-bit vectors the lower ones are interleaved, and then moved. */
void vec_zip2(struct vx *x, const struct vop_rule *r)
{
	static const uint16_t low[3] = { PUNPCKLBW, PUNPCKLWD, PUNPCKLDQ };

	if (x->q) {
		v_op(x->c, r->op[x->size], x->d, x->n, x->m);
		return;
	}
	v_op(x->c, low[x->size], x->d, x->n, x->m);
	v_shift(x->c, PSHIFTQ, 3, x->d, x->d, 8);
	x->whole = true;
}

/* arg 1: odd elements. */
void vec_unzip(struct vx *x, const struct vop_rule *r)
{
	unsigned n = x->n, m = x->m;

	if (!x->q) {
		v_op(x->c, PUNPCKLQDQ, XT1, n, m);
		n = m = XT1;
	}
	if (r->arg)
		vx_odd(x->c, x->size, x->d, n, m, XT0);
	else
		vx_even(x->c, x->size, x->d, n, m, XT0);
}

/* arg 1: odd elements. */
void vec_transpose(struct vx *x, const struct vop_rule *r)
{
	static const uint16_t group[3] = { PSHIFTW, PSHIFTD, PSHIFTQ };
	struct code *c = x->c;
	unsigned bits = 8u << x->size, from_n = x->n, from_m = x->m;

	if (x->size == 3) {
		v_op(c, r->arg ? PUNPCKHQDQ : PUNPCKLQDQ, x->d, x->n, x->m);
		return;
	}
	if (r->arg) {
		v_shift(c, group[x->size], VX_SHR, XT0, x->n, bits);
		from_n = XT0;
	} else {
		v_shift(c, group[x->size], VX_SHL, XT0, x->m, bits);
		from_m = XT0;
	}
	if (x->size == 2) {
		v_opi(c, PBLENDD, x->d, from_n, from_m, 0x0a);
	} else if (x->size == 1) {
		v_opi(c, PBLENDW, x->d, from_n, from_m, 0xaa);
	} else {
		v_ones(c, XT1);
		v_shift(c, PSHIFTW, VX_SHL, XT1, XT1, 8);
		v_opi(c, PBLENDVB, x->d, from_n, from_m, XT1 << 4);
	}
}

void vec_ext(struct vx *x, const struct vop_rule *r)
{
	if (x->q) {
		v_opi(x->c, PALIGNR, x->d, x->m, x->n, x->imm);
		return;
	}
	v_op(x->c, PUNPCKLQDQ, x->d, x->n, x->m);
	v_shift(x->c, PSHIFTQ, 3, x->d, x->d, x->imm);
}

/* arg: log2 of the bytes within which elements are reversed. */
void vec_reverse(struct vx *x, const struct vop_rule *r)
{
	struct code *c = x->c;

	if (x->size == 2) {
		v_opi(c, PSHUFD, x->d, 0, x->n, 0xb1);
	} else if (x->size == 1) {
		v_opi(c, PSHUFLW, x->d, 0, x->n, r->arg == 2 ? 0xb1 : 0x1b);
		v_opi(c, PSHUFHW, x->d, 0, x->d, r->arg == 2 ? 0xb1 : 0x1b);
	} else if (r->arg == 1) {
		v_shift(c, PSHIFTW, VX_SHL, XT0, x->n, 8);
		v_shift(c, PSHIFTW, VX_SHR, x->d, x->n, 8);
		v_op(c, POR, x->d, x->d, XT0);
	} else {
		if (r->arg == 2)
			vx_const(c, XT0, 0x0405060700010203, 0x0c0d0e0f08090a0b);
		else
			vx_const(c, XT0, 0x0001020304050607, 0x08090a0b0c0d0e0f);
		v_op(c, PSHUFB, x->d, x->n, XT0);
	}
}

void vec_dup(struct vx *x, const struct vop_rule *r)
{
	vx_broadcast(x->c, x->d, x->n, x->size, x->imm);
}

void vec_ins(struct vx *x, const struct vop_rule *r)
{
	struct code *c = x->c;
	unsigned words = x->size == 3 ? 4 : x->size == 2 ? 2 : 1;

	x->whole = true;
	if (x->size == 0) {
		v_rrr(c, 3, 1, false, 0x14, x->n, 0, RAX);		/* vpextrb, vpinsrb */
		e8(c, x->imm);
		v_rrr(c, 3, 1, false, 0x20, x->d, x->a, RAX);
		e8(c, x->elem);
		return;
	}
	vx_broadcast(c, XT0, x->n, x->size, x->imm);
	v_opi(c, PBLENDW, x->d, x->a, XT0, ((1u << words) - 1) << (words * x->elem));
}

/* One table register. Indices from 16 on get their top bit set, which PSHUFB takes for zero. arg 1: TBX. */
void vec_tbl(struct vx *x, const struct vop_rule *r)
{
	struct code *c = x->c;

	vx_const_all(c, XT0, 0, 0x70);
	v_op(c, PADDUSB, XT0, XT0, x->m);
	v_op(c, PSHUFB, x->d, x->n, XT0);
	if (r->arg)
		v_opi(c, PBLENDVB, x->d, x->d, x->a, XT0 << 4);
}

/* AESE, AESD (arg 1): the key comes first. */
void vec_aes(struct vx *x, const struct vop_rule *r)
{
	v_op(x->c, PXOR, XT0, x->a, x->n);
	v_zero(x->c, XT1);
	v_op(x->c, r->arg ? AESDECLAST : AESENCLAST, x->d, XT0, XT1);
	x->whole = true;
}

/* AESMC: a round whose substitution and row shift have been undone before; AESIMC (arg 1). */
void vec_aes_mix(struct vx *x, const struct vop_rule *r)
{
	x->whole = true;
	if (r->arg) {
		v_op2(x->c, AESIMC, x->d, x->n);
		return;
	}
	v_zero(x->c, XT0);
	v_op(x->c, AESDECLAST, x->d, x->n, XT0);
	v_op(x->c, AESENC, x->d, x->d, XT0);
}

/* The state already has the key in it. */
void vec_aes_round(struct vx *x, const struct vop_rule *r)
{
	v_zero(x->c, XT0);
	v_op(x->c, r->arg ? AESDEC : AESENC, x->d, x->n, XT0);
	x->whole = true;
}

void vec_pmull(struct vx *x, const struct vop_rule *r)
{
	v_opi(x->c, PCLMULQDQ, x->d, x->n, x->m, x->q ? 0x11 : 0);
	x->whole = true;
}
