/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Integer instructions on registers (ARM DDI 0487 C4.1.95): carry, conditions, division, variable shifts, bit reversal and
 * counting, multiplication, CRC32, flag manipulation.
 */
#include "engine/dbt/arm64/lift_emit.h"
#include "base/bits.h"

/* ---- carry ---- */

static void carry(struct lift *l, const struct a64_args *a, enum ir_op op, enum ir_op flags_op)
{
	enum ir_type t = lift_type(a->sf);
	uint32_t x = lift_get(l, a->rn, a->sf), y = lift_get(l, a->rm, a->sf), f = lift_get_flags(l);
	uint32_t flags = flags_op == IR_NOP ? NONE : emit_sub(l, emit3(l, flags_op, IR_FLAGS, x, y, f), t);

	if (a->rd != 31)
		lift_set(l, a->rd, a->sf, emit3(l, op, t, x, y, f));
	if (flags != NONE)
		lift_set_flags(l, flags);
}

LIFT(ADC)	{ carry(l, a, IR_ADC, IR_NOP); }
LIFT(ADCS)	{ carry(l, a, IR_ADC, IR_FLAGS_ADC); }
LIFT(SBC)	{ carry(l, a, IR_SBC, IR_NOP); }
LIFT(SBCS)	{ carry(l, a, IR_SBC, IR_FLAGS_SBC); }

/* ---- conditions ---- */

static void ccmp(struct lift *l, const struct a64_args *a, uint32_t y, bool add)
{
	enum ir_type t = lift_type(a->sf);
	uint32_t x = lift_get(l, a->rn, a->sf), f;

	if (a->cond >= CC_AL)
		f = emit_flags(l, add ? IR_FLAGS_ADD : IR_FLAGS_SUB, t, x, y);
	else
		f = emit_sub(l, ir_add(l->ir, IR_FLAGS_CCMP, IR_FLAGS, x, y, lift_get_flags(l),
				       (uint64_t)add << 8 | (uint64_t)a->cond << 4 | a->nzcv), t);
	lift_set_flags(l, f);
}

LIFT(CCMN_reg)	{ ccmp(l, a, lift_get(l, a->rm, a->sf), true); }
LIFT(CCMP_reg)	{ ccmp(l, a, lift_get(l, a->rm, a->sf), false); }
LIFT(CCMN_imm)	{ ccmp(l, a, lift_const(l, lift_type(a->sf), a->imm5), true); }
LIFT(CCMP_imm)	{ ccmp(l, a, lift_const(l, lift_type(a->sf), a->imm5), false); }

/* rn if the condition holds, else the value v made from rm. */
static void select(struct lift *l, const struct a64_args *a, uint32_t v)
{
	uint32_t n = lift_get(l, a->rn, a->sf);

	if (a->cond < CC_AL)
		n = emit_select(l, lift_type(a->sf), a->cond, lift_get_flags(l), n, v);
	lift_set(l, a->rd, a->sf, n);
}

LIFT(CSEL)	{ select(l, a, lift_get(l, a->rm, a->sf)); }
LIFT(CSNEG)	{ select(l, a, emit1(l, IR_NEG, lift_type(a->sf), lift_get(l, a->rm, a->sf))); }

/* CSET and CSETM are selections between zeros. */
static bool is_cset(const struct a64_args *a)
{
	return a->rn == 31 && a->rm == 31 && a->cond < CC_AL;
}

LIFT(CSINC)
{
	enum ir_type t = lift_type(a->sf);

	if (is_cset(a))
		lift_set(l, a->rd, true, emit_setcc(l, IR_I64, a->cond ^ 1u, lift_get_flags(l)));
	else
		select(l, a, emit_imm(l, IR_ADD, t, lift_get(l, a->rm, a->sf), 1));
}

LIFT(CSINV)
{
	enum ir_type t = lift_type(a->sf);

	if (is_cset(a))
		lift_set(l, a->rd, a->sf, emit1(l, IR_NEG, t, emit_setcc(l, t, a->cond ^ 1u, lift_get_flags(l))));
	else
		select(l, a, emit1(l, IR_NOT, t, lift_get(l, a->rm, a->sf)));
}

/* ---- two sources ---- */

static void two(struct lift *l, const struct a64_args *a, enum ir_op op)
{
	uint32_t x = lift_get(l, a->rn, a->sf), y = lift_get(l, a->rm, a->sf);

	lift_set(l, a->rd, a->sf, emit2(l, op, lift_type(a->sf), x, y));
}

LIFT(UDIV)	{ two(l, a, IR_UDIV); }
LIFT(SDIV)	{ two(l, a, IR_SDIV); }
LIFT(LSLV)	{ two(l, a, IR_SHL); }
LIFT(LSRV)	{ two(l, a, IR_SHR); }
LIFT(ASRV)	{ two(l, a, IR_SAR); }
LIFT(RORV)	{ two(l, a, IR_ROR); }

static void crc(struct lift *l, const struct a64_args *a, bool castagnoli)
{
	uint32_t x = lift_get(l, a->rn, false), y = lift_get(l, a->rm, a->sf);

	lift_set(l, a->rd, false, emit_sub(l, ir_add(l->ir, IR_CRC32, IR_I32, x, y, NONE, castagnoli), a->size));
}

LIFT(CRC32)	{ crc(l, a, false); }
LIFT(CRC32C)	{ crc(l, a, true); }

/* ---- one source ---- */

static void one(struct lift *l, const struct a64_args *a, enum ir_op op)
{
	lift_set(l, a->rd, a->sf, emit1(l, op, lift_type(a->sf), lift_get(l, a->rn, a->sf)));
}

LIFT(RBIT)	{ one(l, a, IR_RBIT); }
LIFT(REV16)	{ one(l, a, IR_REV16); }
LIFT(REV)	{ one(l, a, IR_BSWAP); }
LIFT(REV32)	{ lift_set(l, a->rd, true, emit1(l, IR_REV32, IR_I64, lift_get(l, a->rn, true))); }
LIFT(CLZ)	{ one(l, a, IR_CLZ); }

/* Each bit against its upper neighbour: the first that differs ends the run of copies of the sign. */
LIFT(CLS)
{
	enum ir_type t = lift_type(a->sf);
	uint32_t v = lift_get(l, a->rn, a->sf);

	v = emit2(l, IR_XOR, t, v, emit_imm(l, IR_SAR, t, v, 1));
	lift_set(l, a->rd, a->sf, emit_imm(l, IR_ADD, t, emit1(l, IR_CLZ, t, v), ~0ull));
}

/* ---- multiplication ---- */

/* ext: how W sources become X, or NOP. */
static void accumulate(struct lift *l, const struct a64_args *a, bool sub, enum ir_op ext)
{
	bool sf = a->sf || ext != IR_NOP, source = a->sf && ext == IR_NOP;
	enum ir_type t = lift_type(sf);
	uint32_t x = lift_get(l, a->rn, source), y = lift_get(l, a->rm, source), v;

	if (ext != IR_NOP) {
		x = emit1(l, ext, t, x);
		y = emit1(l, ext, t, y);
	}
	v = emit2(l, IR_MUL, t, x, y);

	if (a->ra != 31)
		v = emit2(l, sub ? IR_SUB : IR_ADD, t, lift_get(l, a->ra, sf), v);
	else if (sub)
		v = emit1(l, IR_NEG, t, v);
	lift_set(l, a->rd, sf, v);
}

LIFT(MADD)	{ accumulate(l, a, false, IR_NOP); }
LIFT(MSUB)	{ accumulate(l, a, true, IR_NOP); }
LIFT(SMADDL)	{ accumulate(l, a, false, IR_SEXT32); }
LIFT(SMSUBL)	{ accumulate(l, a, true, IR_SEXT32); }
LIFT(UMADDL)	{ accumulate(l, a, false, IR_ZEXT32); }
LIFT(UMSUBL)	{ accumulate(l, a, true, IR_ZEXT32); }

static void multiply_high(struct lift *l, const struct a64_args *a, enum ir_op op)
{
	uint32_t x = lift_get(l, a->rn, true), y = lift_get(l, a->rm, true);

	lift_set(l, a->rd, true, emit2(l, op, IR_I64, x, y));
}

LIFT(SMULH)	{ multiply_high(l, a, IR_SMULH); }
LIFT(UMULH)	{ multiply_high(l, a, IR_UMULH); }

/* ---- flags: NZCV as a number, in bits 31:28 ---- */

static uint32_t read_nzcv(struct lift *l, uint64_t keep)
{
	return emit_imm(l, IR_AND, IR_I64, emit1(l, IR_FLAGS_READ, IR_I64, lift_get_flags(l)), keep);
}

static void put_nzcv(struct lift *l, uint32_t v)
{
	lift_set_flags(l, emit1(l, IR_FLAGS_PUT, IR_FLAGS, v));
}

LIFT(CFINV)
{
	put_nzcv(l, emit_imm(l, IR_XOR, IR_I64, read_nzcv(l, MASK(31, 28)), PSTATE_C));
}

LIFT(RMIF)
{
	uint64_t take = (uint64_t)a->mask << 28;
	uint32_t v = lift_get(l, a->rn, true), old = read_nzcv(l, MASK(31, 28) & ~take);

	/* Rotated right, then bits 3:0 at 31:28. */
	v = emit_imm(l, IR_ROR, IR_I64, v, (a->imm6 + 36u) % 64);
	put_nzcv(l, emit2(l, IR_OR, IR_I64, old, emit_imm(l, IR_AND, IR_I64, v, take)));
}

/* N, Z and V as an addition whose result is the register's low `bits` bits would leave them; C stays. */
static void setf(struct lift *l, const struct a64_args *a, unsigned bits)
{
	uint32_t x = lift_get(l, a->rn, true), c = read_nzcv(l, PSTATE_C), n, z, v;

	n = emit_imm(l, IR_AND, IR_I64, emit_imm(l, IR_SHL, IR_I64, x, 32 - bits), PSTATE_N);
	z = emit_setcc(l, IR_I64, CC_EQ, emit_flags(l, IR_FLAGS_AND, IR_I64, x, lift_const(l, IR_I64, BIT(bits) - 1)));
	z = emit_imm(l, IR_SHL, IR_I64, z, 30);
	v = emit2(l, IR_XOR, IR_I64, x, emit_imm(l, IR_SHR, IR_I64, x, 1));
	v = emit_imm(l, IR_AND, IR_I64, emit_imm(l, IR_SHL, IR_I64, v, 29 - bits), PSTATE_V);
	n = emit2(l, IR_OR, IR_I64, n, z);
	c = emit2(l, IR_OR, IR_I64, c, v);
	put_nzcv(l, emit2(l, IR_OR, IR_I64, n, c));
}

LIFT(SETF8)	{ setf(l, a, 8); }
LIFT(SETF16)	{ setf(l, a, 16); }
