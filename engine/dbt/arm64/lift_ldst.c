/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Loads and stores of one general register (ARM DDI 0487 C4.1.96), and the accesses that all loads and stores are made of.
 *
 * Faults are precise because registers are set after the access, the base before the data: where both are the same register
 * the data stays. In a big-endian mode data is reversed next to the access, which itself is always little-endian.
 */
#include "engine/dbt/arm64/lift_emit.h"
#include "base/bits.h"

/* ---- addresses ---- */

struct lift_mem lift_mem_base(struct lift *l, unsigned rn, int64_t imm, unsigned flags)
{
	if (rn == 31 && l->mode->sp_align_check)
		flags |= IRM_SP;
	return (struct lift_mem){ lift_get_sp(l, rn, true), imm, flags };
}

/*
 * For accesses whose op cannot check SP itself. Misaligned, the block ends before the instruction; one that begins with it
 * asks the helper, which raises the exception.
 */
void lift_sp_check(struct lift *l, uint32_t sp)
{
	if (!l->mode->sp_align_check)
		return;
	if (l->offset == l->ir->head_offset)
		lift_call(l, HELPER_sp_check, IR_VOID, sp, NONE, NONE);
	else
		lift_exit_if(l, CC_NE, emit_flags(l, IR_FLAGS_AND, IR_I64, sp, lift_const(l, IR_I64, 15)), 0, false);
}

struct lift_mem lift_mem_reg(struct lift *l, unsigned rn, unsigned rm, unsigned option, unsigned amount)
{
	uint32_t base = lift_get_sp(l, rn, true), offset;

	if (rn == 31)
		lift_sp_check(l, base);
	offset = lift_extend(l, IR_I64, rm, option);
	if (amount)
		offset = emit_imm(l, IR_SHL, IR_I64, offset, amount);
	return (struct lift_mem){ emit2(l, IR_ADD, IR_I64, base, offset), 0, 0 };
}

void lift_writeback(struct lift *l, unsigned rn, struct lift_mem m, int64_t imm)
{
	lift_set_sp(l, rn, true, emit_imm(l, IR_ADD, IR_I64, m.base, (uint64_t)imm));
}

/* ---- accesses ---- */

static uint32_t access_op(struct lift *l, enum ir_op op, enum ir_type t, struct lift_mem m, unsigned size, unsigned flags,
			  uint32_t b, uint32_t c)
{
	uint32_t v = ir_add(l->ir, op, t, m.base, b, c, (uint64_t)m.imm);

	l->ir->ins[v].sub = (uint8_t)size;
	l->ir->ins[v].flags = (uint8_t)(m.flags | flags);
	return v;
}

uint32_t lift_swap(struct lift *l, enum ir_type t, unsigned size, uint32_t v)
{
	if (!l->mode->big_endian || !size)
		return v;
	if (size == 1)
		return emit1(l, IR_REV16, t, v);
	return emit1(l, IR_BSWAP, size == 3 ? IR_I64 : IR_I32, v);
}

static bool is_vector(enum ir_type t)
{
	return t == IR_F32 || t == IR_F64 || t == IR_V128;
}

/* v128 from its halves. */
static uint32_t join(struct lift *l, uint32_t low, uint32_t high)
{
	uint32_t v = emit_sub(l, emit1(l, IR_VZEXT, IR_V128, low), IR_I64);

	return emit_sub(l, ir_add(l->ir, IR_VLANE, IR_V128, v, high, NONE, 1), 3);
}

static uint32_t half(struct lift *l, uint32_t v, unsigned n)
{
	return emit_sub(l, ir_add(l->ir, IR_VGET, IR_I64, v, NONE, NONE, n), 3);
}

static uint32_t load_swapped(struct lift *l, struct lift_mem m, enum ir_type t, unsigned size, bool sext)
{
	static const enum ir_op ext[4] = { IR_SEXT8, IR_SEXT16, IR_SEXT32, IR_NOP };
	enum ir_type it = size == 3 ? IR_I64 : IR_I32;
	uint32_t v;

	if (size == 4) {
		uint32_t high = access_op(l, IR_LOADP, IR_I64, m, 3, 0, NONE, NONE), low = emit1(l, IR_PROJ, IR_I64, high);

		low = lift_swap(l, IR_I64, 3, low);
		high = lift_swap(l, IR_I64, 3, high);
		return join(l, low, high);
	}
	v = lift_swap(l, it, size, access_op(l, IR_LOAD, it, m, size, 0, NONE, NONE));
	if (is_vector(t))
		return emit1(l, IR_FMOVI, t, v);
	if (sext && ext[size] != IR_NOP)
		return emit1(l, ext[size], t, v);
	return v;
}

uint32_t lift_load(struct lift *l, struct lift_mem m, enum ir_type t, unsigned size, bool sext)
{
	if (l->mode->big_endian && size)
		return load_swapped(l, m, t, size, sext);
	return access_op(l, IR_LOAD, t, m, size, sext ? IRM_SEXT : 0, NONE, NONE);
}

/* An f32 or f64 value as reversed bits. */
static uint32_t swapped_bits(struct lift *l, unsigned size, uint32_t v)
{
	enum ir_type t = (enum ir_type)l->ir->ins[v].type, it = size == 3 ? IR_I64 : IR_I32;

	if (is_vector(t))
		v = emit_sub(l, emit1(l, IR_IMOVF, it, v), t);
	return lift_swap(l, it, size, v);
}

void lift_store(struct lift *l, struct lift_mem m, unsigned size, uint32_t v)
{
	if (l->mode->big_endian && size == 4) {
		uint32_t first = lift_swap(l, IR_I64, 3, half(l, v, 1)), second = lift_swap(l, IR_I64, 3, half(l, v, 0));

		access_op(l, IR_STOREP, IR_VOID, m, 3, 0, first, second);
		return;
	}
	if (l->mode->big_endian && size)
		v = swapped_bits(l, size, v);
	access_op(l, IR_STORE, IR_VOID, m, size, 0, v, NONE);
}

static struct lift_mem next_element(struct lift_mem m, unsigned size)
{
	m.imm += 1 << size;
	return m;
}

void lift_load_pair(struct lift *l, struct lift_mem m, enum ir_type t, unsigned size, bool sext, uint32_t v[2])
{
	if (l->mode->big_endian) {
		v[0] = lift_load(l, m, t, size, sext);
		v[1] = lift_load(l, next_element(m, size), t, size, sext);
		return;
	}
	v[0] = access_op(l, IR_LOADP, t, m, size, sext ? IRM_SEXT : 0, NONE, NONE);
	v[1] = emit1(l, IR_PROJ, t, v[0]);
}

void lift_store_pair(struct lift *l, struct lift_mem m, unsigned size, uint32_t v1, uint32_t v2)
{
	if (l->mode->big_endian && size == 4) {
		lift_store(l, m, size, v1);
		lift_store(l, next_element(m, size), size, v2);
		return;
	}
	if (l->mode->big_endian) {
		v1 = swapped_bits(l, size, v1);
		v2 = swapped_bits(l, size, v2);
	}
	access_op(l, IR_STOREP, IR_VOID, m, size, 0, v1, v2);
}

/* ---- one register ---- */

/* wb: 0 none, 1 pre-index (m has the new address), 2 post-index by a->imm. */
enum { WB_NONE, WB_PRE, WB_POST };

static void load_to(struct lift *l, const struct a64_args *a, struct lift_mem m, bool sext, bool wide, int wb)
{
	bool sf = wide || (!sext && a->size == 3);
	uint32_t v = lift_load(l, m, lift_type(sf), a->size, sext);

	if (wb != WB_NONE)
		lift_writeback(l, a->rn, m, a->imm);
	lift_set(l, a->rt, sf, v);
}

static void store_from(struct lift *l, const struct a64_args *a, struct lift_mem m, int wb)
{
	lift_store(l, m, a->size, lift_get(l, a->rt, a->size == 3));
	if (wb != WB_NONE)
		lift_writeback(l, a->rn, m, a->imm);
}

static struct lift_mem at(struct lift *l, const struct a64_args *a, int wb)
{
	return lift_mem_base(l, a->rn, wb == WB_POST ? 0 : a->imm, 0);
}

static struct lift_mem at_reg(struct lift *l, const struct a64_args *a)
{
	return lift_mem_reg(l, a->rn, a->rm, a->option, a->amount);
}

LIFT(LDUR)	{ load_to(l, a, at(l, a, WB_NONE), false, false, WB_NONE); }
LIFT(LDURS)	{ load_to(l, a, at(l, a, WB_NONE), true, !a->w, WB_NONE); }
LIFT(LDR_imm)	{ load_to(l, a, at(l, a, WB_NONE), false, false, WB_NONE); }
LIFT(LDRS_imm)	{ load_to(l, a, at(l, a, WB_NONE), true, !a->w, WB_NONE); }
LIFT(LDR_pre)	{ load_to(l, a, at(l, a, WB_PRE), false, false, WB_PRE); }
LIFT(LDRS_pre)	{ load_to(l, a, at(l, a, WB_PRE), true, !a->w, WB_PRE); }
LIFT(LDR_post)	{ load_to(l, a, at(l, a, WB_POST), false, false, WB_POST); }
LIFT(LDRS_post)	{ load_to(l, a, at(l, a, WB_POST), true, !a->w, WB_POST); }
LIFT(LDR_reg)	{ load_to(l, a, at_reg(l, a), false, false, WB_NONE); }
LIFT(LDRS_reg)	{ load_to(l, a, at_reg(l, a), true, !a->w, WB_NONE); }
LIFT(STUR)	{ store_from(l, a, at(l, a, WB_NONE), WB_NONE); }
LIFT(STR_imm)	{ store_from(l, a, at(l, a, WB_NONE), WB_NONE); }
LIFT(STR_pre)	{ store_from(l, a, at(l, a, WB_PRE), WB_PRE); }
LIFT(STR_post)	{ store_from(l, a, at(l, a, WB_POST), WB_POST); }
LIFT(STR_reg)	{ store_from(l, a, at_reg(l, a), WB_NONE); }

/* Unprivileged accesses have EL0's rights at EL1, unless PSTATE.UAO makes them ordinary ones. */
static struct lift_mem at_unprivileged(struct lift *l, const struct a64_args *a)
{
	return lift_mem_base(l, a->rn, a->imm, l->mode->el && !l->mode->uao ? IRM_UNPRIV : 0);
}

LIFT(LDTR)	{ load_to(l, a, at_unprivileged(l, a), false, false, WB_NONE); }
LIFT(LDTRS)	{ load_to(l, a, at_unprivileged(l, a), true, !a->w, WB_NONE); }
LIFT(STTR)	{ store_from(l, a, at_unprivileged(l, a), WB_NONE); }

static struct lift_mem literal(struct lift *l, const struct a64_args *a)
{
	return (struct lift_mem){ emit_pcrel(l, a->imm), 0, 0 };
}

LIFT(LDR_lit)	{ load_to(l, a, literal(l, a), false, false, WB_NONE); }
LIFT(LDRSW_lit)	{ load_to(l, a, literal(l, a), true, true, WB_NONE); }

/* Hints. */
LIFT(PRFM_lit)	{ }
LIFT(PRFUM)	{ }
LIFT(PRFM_reg)	{ }
LIFT(PRFM_imm)	{ }

/* ---- pairs ---- */

static void load_pair(struct lift *l, const struct a64_args *a, bool sext, int wb)
{
	bool sf = sext || a->size == 3;
	struct lift_mem m = at(l, a, wb);
	uint32_t v[2];

	lift_load_pair(l, m, lift_type(sf), a->size, sext, v);
	if (wb != WB_NONE)
		lift_writeback(l, a->rn, m, a->imm);
	lift_set(l, a->rt, sf, v[0]);
	lift_set(l, a->rt2, sf, v[1]);
}

static void store_pair(struct lift *l, const struct a64_args *a, int wb)
{
	bool sf = a->size == 3;
	struct lift_mem m = at(l, a, wb);
	uint32_t v1 = lift_get(l, a->rt, sf), v2 = lift_get(l, a->rt2, sf);

	lift_store_pair(l, m, a->size, v1, v2);
	if (wb != WB_NONE)
		lift_writeback(l, a->rn, m, a->imm);
}

LIFT(LDNP)		{ load_pair(l, a, false, WB_NONE); }
LIFT(LDP)		{ load_pair(l, a, false, WB_NONE); }
LIFT(LDP_pre)		{ load_pair(l, a, false, WB_PRE); }
LIFT(LDP_post)		{ load_pair(l, a, false, WB_POST); }
LIFT(LDPSW)		{ load_pair(l, a, true, WB_NONE); }
LIFT(LDPSW_pre)		{ load_pair(l, a, true, WB_PRE); }
LIFT(LDPSW_post)	{ load_pair(l, a, true, WB_POST); }
LIFT(STNP)		{ store_pair(l, a, WB_NONE); }
LIFT(STP)		{ store_pair(l, a, WB_NONE); }
LIFT(STP_pre)		{ store_pair(l, a, WB_PRE); }
LIFT(STP_post)		{ store_pair(l, a, WB_POST); }
