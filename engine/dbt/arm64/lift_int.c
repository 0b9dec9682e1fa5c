/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Integer instructions with an immediate, a shifted or an extended register (ARM DDI 0487 C4.1.92, C4.1.95): addition,
 * logic, moves, bit fields. What is left is in lift_int2.c.
 */
#include "engine/dbt/arm64/lift_emit.h"
#include "base/bits.h"
#include "isa/arm64/a64_imm.h"

/* ---- operands ---- */

static uint32_t shifted(struct lift *l, const struct a64_args *a)
{
	static const enum ir_op op[4] = { IR_SHL, IR_SHR, IR_SAR, IR_ROR };
	uint32_t v = lift_get(l, a->rm, a->sf);

	return a->imm6 ? emit_imm(l, op[a->shift], lift_type(a->sf), v, a->imm6) : v;
}

uint32_t lift_extend(struct lift *l, enum ir_type t, unsigned r, unsigned option)
{
	static const enum ir_op op[8] = {
		IR_ZEXT8, IR_ZEXT16, IR_ZEXT32, IR_NOP, IR_SEXT8, IR_SEXT16, IR_SEXT32, IR_NOP
	};
	uint32_t v = lift_get(l, r, t == IR_I64);

	if (op[option] == IR_NOP || (t == IR_I32 && (option & 3) == 2))
		return v;
	return emit1(l, op[option], t, v);
}

static uint32_t extended(struct lift *l, const struct a64_args *a)
{
	enum ir_type t = lift_type(a->sf);
	uint32_t v = lift_extend(l, t, a->rm, a->option);

	return a->imm3 ? emit_imm(l, IR_SHL, t, v, a->imm3) : v;
}

/* ---- addition ---- */

/* Sum or difference into rd (31: zr) and the flags. */
static void set_addsub(struct lift *l, const struct a64_args *a, bool sub, uint32_t x, uint32_t y)
{
	enum ir_type t = lift_type(a->sf);
	uint32_t flags = emit_flags(l, sub ? IR_FLAGS_SUB : IR_FLAGS_ADD, t, x, y);

	if (a->rd != 31)
		lift_set(l, a->rd, a->sf, emit2(l, sub ? IR_SUB : IR_ADD, t, x, y));
	lift_set_flags(l, flags);
}

static void addsub_imm(struct lift *l, const struct a64_args *a, bool sub, bool flags)
{
	enum ir_type t = lift_type(a->sf);
	uint32_t x = lift_get_sp(l, a->rn, a->sf);

	if (flags)
		set_addsub(l, a, sub, x, lift_const(l, t, (uint64_t)a->imm));
	else if (a->imm)
		lift_set_sp(l, a->rd, a->sf, emit_imm(l, IR_ADD, t, x, (uint64_t)(sub ? -a->imm : a->imm)));
	else
		lift_set_sp(l, a->rd, a->sf, x);
}

LIFT(ADD_imm)	{ addsub_imm(l, a, false, false); }
LIFT(ADDS_imm)	{ addsub_imm(l, a, false, true); }
LIFT(SUB_imm)	{ addsub_imm(l, a, true, false); }
LIFT(SUBS_imm)	{ addsub_imm(l, a, true, true); }

LIFT(ADD_shift)
{
	uint32_t x = lift_get(l, a->rn, a->sf), y = shifted(l, a);

	lift_set(l, a->rd, a->sf, emit2(l, IR_ADD, lift_type(a->sf), x, y));
}

LIFT(SUB_shift)
{
	uint32_t y = shifted(l, a);

	if (a->rn == 31)
		lift_set(l, a->rd, a->sf, emit1(l, IR_NEG, lift_type(a->sf), y));
	else
		lift_set(l, a->rd, a->sf, emit2(l, IR_SUB, lift_type(a->sf), lift_get(l, a->rn, a->sf), y));
}

static void addsubs_shift(struct lift *l, const struct a64_args *a, bool sub)
{
	uint32_t x = lift_get(l, a->rn, a->sf), y = shifted(l, a);

	set_addsub(l, a, sub, x, y);
}

LIFT(ADDS_shift)	{ addsubs_shift(l, a, false); }
LIFT(SUBS_shift)	{ addsubs_shift(l, a, true); }

static void addsub_ext(struct lift *l, const struct a64_args *a, bool sub, bool flags)
{
	uint32_t x = lift_get_sp(l, a->rn, a->sf), y = extended(l, a);

	if (flags)
		set_addsub(l, a, sub, x, y);
	else
		lift_set_sp(l, a->rd, a->sf, emit2(l, sub ? IR_SUB : IR_ADD, lift_type(a->sf), x, y));
}

LIFT(ADD_ext)	{ addsub_ext(l, a, false, false); }
LIFT(SUB_ext)	{ addsub_ext(l, a, true, false); }
LIFT(ADDS_ext)	{ addsub_ext(l, a, false, true); }
LIFT(SUBS_ext)	{ addsub_ext(l, a, true, true); }

LIFT(ADR)	{ lift_set(l, a->rd, true, emit_pcrel(l, a->imm)); }
/* vpage is the page's address already. */
LIFT(ADRP)	{ lift_set(l, a->rd, true, emit0(l, IR_PCREL, IR_I64, (uint64_t)a->imm)); }

/* ---- logic ---- */

static uint64_t bitmask(const struct a64_args *a)
{
	uint64_t mask = 0;

	a64_bitmask(a->n, a->imms, a->immr, a->sf ? 64 : 32, &mask, NULL);
	return mask;
}

static void logic_imm(struct lift *l, const struct a64_args *a, enum ir_op op)
{
	enum ir_type t = lift_type(a->sf);
	uint64_t mask = bitmask(a);

	if (a->rn == 31)
		lift_set_sp(l, a->rd, a->sf, lift_const(l, t, op == IR_AND ? 0 : mask));
	else
		lift_set_sp(l, a->rd, a->sf, emit_imm(l, op, t, lift_get(l, a->rn, a->sf), mask));
}

LIFT(AND_imm)	{ logic_imm(l, a, IR_AND); }
LIFT(ORR_imm)	{ logic_imm(l, a, IR_OR); }
LIFT(EOR_imm)	{ logic_imm(l, a, IR_XOR); }

/* Flags of a & b without the result, or of the result once there is one. */
static void set_and_flags(struct lift *l, const struct a64_args *a, uint32_t x, uint32_t y)
{
	enum ir_type t = lift_type(a->sf);

	if (a->rd == 31) {
		lift_set_flags(l, emit_flags(l, IR_FLAGS_AND, t, x, y));
	} else {
		uint32_t r = emit2(l, IR_AND, t, x, y);

		lift_set(l, a->rd, a->sf, r);
		lift_set_flags(l, emit_flags(l, IR_FLAGS_AND, t, r, r));
	}
}

LIFT(ANDS_imm)
{
	uint32_t x = lift_get(l, a->rn, a->sf);

	set_and_flags(l, a, x, lift_const(l, lift_type(a->sf), bitmask(a)));
}

LIFT(ANDS_shift)
{
	uint32_t x = lift_get(l, a->rn, a->sf), y = shifted(l, a);

	set_and_flags(l, a, x, y);
}

LIFT(BICS_shift)
{
	enum ir_type t = lift_type(a->sf);
	uint32_t x = lift_get(l, a->rn, a->sf), y = shifted(l, a), r = emit2(l, IR_ANDN, t, x, y);

	lift_set(l, a->rd, a->sf, r);
	lift_set_flags(l, emit_flags(l, IR_FLAGS_AND, t, r, r));
}

static void logic_shift(struct lift *l, const struct a64_args *a, enum ir_op op, bool invert)
{
	enum ir_type t = lift_type(a->sf);
	uint32_t y = shifted(l, a);

	if (invert)
		y = emit1(l, IR_NOT, t, y);
	if (a->rn != 31)
		y = emit2(l, op, t, lift_get(l, a->rn, a->sf), y);
	lift_set(l, a->rd, a->sf, y);
}

static void and_shift(struct lift *l, const struct a64_args *a, enum ir_op op)
{
	uint32_t x = lift_get(l, a->rn, a->sf), y = shifted(l, a);

	lift_set(l, a->rd, a->sf, emit2(l, op, lift_type(a->sf), x, y));
}

LIFT(AND_shift)	{ and_shift(l, a, IR_AND); }
LIFT(BIC_shift)	{ and_shift(l, a, IR_ANDN); }
LIFT(ORR_shift)	{ logic_shift(l, a, IR_OR, false); }
LIFT(ORN_shift)	{ logic_shift(l, a, IR_OR, true); }
LIFT(EOR_shift)	{ logic_shift(l, a, IR_XOR, false); }
LIFT(EON_shift)	{ logic_shift(l, a, IR_XOR, true); }

/* ---- moves ---- */

LIFT(MOVZ)
{
	lift_set(l, a->rd, true, lift_const(l, IR_I64, (uint64_t)a->imm16 << a->hw * 16));
}

LIFT(MOVN)
{
	uint64_t v = ~((uint64_t)a->imm16 << a->hw * 16);

	lift_set(l, a->rd, true, lift_const(l, IR_I64, a->sf ? v : (uint32_t)v));
}

LIFT(MOVK)
{
	enum ir_type t = lift_type(a->sf);
	uint32_t v = emit_imm(l, IR_AND, t, lift_get(l, a->rd, a->sf), ~(0xffffull << a->hw * 16));

	lift_set(l, a->rd, a->sf, a->imm16 ? emit_imm(l, IR_OR, t, v, (uint64_t)a->imm16 << a->hw * 16) : v);
}

/* ---- bit fields ---- */

/* The low n bits of v, zero-extended; 0 < n < 64. */
static uint32_t low_bits(struct lift *l, enum ir_type t, uint32_t v, unsigned n)
{
	switch (n) {
	case 8:		return emit1(l, IR_ZEXT8, t, v);
	case 16:	return emit1(l, IR_ZEXT16, t, v);
	case 32:	return t == IR_I64 ? emit1(l, IR_ZEXT32, t, v) : v;
	default:	return emit_imm(l, IR_AND, t, v, MASK(n - 1, 0));
	}
}

LIFT(UBFM)
{
	enum ir_type t = lift_type(a->sf);
	unsigned width = a->sf ? 64 : 32, r = a->immr, s = a->imms;
	uint32_t v = lift_get(l, a->rn, a->sf);

	if (s == width - 1) {				/* LSR */
		if (r)
			v = emit_imm(l, IR_SHR, t, v, r);
	} else if (s >= r) {				/* UBFX, UXTB, UXTH */
		if (r)
			v = emit_imm(l, IR_SHR, t, v, r);
		v = low_bits(l, t, v, s - r + 1);
	} else {					/* UBFIZ, LSL */
		if (s + 1 != r)
			v = low_bits(l, t, v, s + 1);
		v = emit_imm(l, IR_SHL, t, v, width - r);
	}
	lift_set(l, a->rd, a->sf, v);
}

LIFT(SBFM)
{
	enum ir_type t = lift_type(a->sf);
	unsigned width = a->sf ? 64 : 32, r = a->immr, s = a->imms, up = width - 1 - s;
	uint32_t v = lift_get(l, a->rn, a->sf);
	enum ir_op ext = s == 7 ? IR_SEXT8 : s == 15 ? IR_SEXT16 : s == 31 && a->sf ? IR_SEXT32 : IR_NOP;

	if (ext != IR_NOP && (r == 0 || r > s)) {	/* SXTB, SXTH, SXTW, and shifted left */
		v = emit1(l, ext, t, v);
		if (r)
			v = emit_imm(l, IR_SHL, t, v, width - r);
	} else {
		if (up)
			v = emit_imm(l, IR_SHL, t, v, up);
		/* The field's top bit is the sign now; its place is r lower, or width - r above the bottom. */
		if (s >= r && up + r)
			v = emit_imm(l, IR_SAR, t, v, up + r);
		else if (s < r && r - s - 1)
			v = emit_imm(l, IR_SAR, t, v, r - s - 1);
	}
	lift_set(l, a->rd, a->sf, v);
}

LIFT(BFM)
{
	enum ir_type t = lift_type(a->sf);
	unsigned width = a->sf ? 64 : 32, r = a->immr, s = a->imms;
	unsigned n = s >= r ? s - r + 1 : s + 1, to = s >= r ? 0 : (width - r) & (width - 1);
	uint64_t field = n == 64 ? ~0ull : BIT(n) - 1;
	uint32_t v = lift_get(l, a->rn, a->sf), old;

	if (n == width) {
		lift_set(l, a->rd, a->sf, v);
		return;
	}
	if (s >= r && r)
		v = emit_imm(l, IR_SHR, t, v, r);
	if (to + n != width && !(s >= r && s == width - 1))
		v = low_bits(l, t, v, n);
	if (to)
		v = emit_imm(l, IR_SHL, t, v, to);
	old = emit_imm(l, IR_AND, t, lift_get(l, a->rd, a->sf), ~(field << to));
	lift_set(l, a->rd, a->sf, a->rn == 31 ? old : emit2(l, IR_OR, t, old, v));
}

LIFT(EXTR)
{
	enum ir_type t = lift_type(a->sf);
	uint32_t n = lift_get(l, a->rn, a->sf), m = lift_get(l, a->rm, a->sf);

	if (!a->imms)
		lift_set(l, a->rd, a->sf, m);
	else if (a->rn == a->rm)
		lift_set(l, a->rd, a->sf, emit_imm(l, IR_ROR, t, m, a->imms));
	else
		lift_set(l, a->rd, a->sf, ir_add(l->ir, IR_EXTR, t, n, m, NONE, a->imms));
}
