/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Exclusives, ordered accesses and LSE atomics (ARM DDI 0487 B2.12, C4.1.96).
 *
 * x86 orders everything here as strongly as A64 can ask for, except a store-release against later loads. All of these
 * must be aligned. Pairs go through helpers, which find the registers by number and know the mode's byte order.
 */
#include "engine/dbt/arm64/lift_emit.h"

static enum ir_type type_of(const struct a64_args *a)
{
	return lift_type(a->size == 3);
}

/* ---- ordered ---- */

static void load_ordered(struct lift *l, const struct a64_args *a)
{
	struct lift_mem m = lift_mem_base(l, a->rn, 0, IRM_ALIGN | IRM_ACQUIRE);

	lift_set(l, a->rt, a->size == 3, lift_load(l, m, type_of(a), a->size, false));
}

static void store_ordered(struct lift *l, const struct a64_args *a)
{
	struct lift_mem m = lift_mem_base(l, a->rn, 0, IRM_ALIGN | IRM_RELEASE);

	lift_store(l, m, a->size, lift_get(l, a->rt, a->size == 3));
}

LIFT(LDAR)	{ load_ordered(l, a); }
LIFT(LDAPR)	{ load_ordered(l, a); }
LIFT(LDLAR)	{ load_ordered(l, a); }
LIFT(STLR)	{ store_ordered(l, a); }
LIFT(STLLR)	{ store_ordered(l, a); }

/* ---- exclusives ---- */

static uint32_t load_exclusive(struct lift *l, const struct a64_args *a, struct lift_mem m)
{
	uint32_t v = emit_sub(l, emit1(l, IR_LDXR, type_of(a), m.base), a->size);

	l->ir->ins[v].flags = (uint8_t)m.flags;
	return lift_swap(l, type_of(a), a->size, v);
}

/* 0: stored. */
static uint32_t store_exclusive(struct lift *l, const struct a64_args *a, struct lift_mem m, uint32_t v)
{
	uint32_t status;

	v = lift_swap(l, type_of(a), a->size, v);
	status = emit_sub(l, emit2(l, IR_STXR, IR_I32, m.base, v), a->size);
	l->ir->ins[status].flags = (uint8_t)m.flags;
	return status;
}

LIFT(LDXR)
{
	struct lift_mem m = lift_mem_base(l, a->rn, 0, IRM_ALIGN);

	lift_set(l, a->rt, a->size == 3, load_exclusive(l, a, m));
}

LIFT(STXR)
{
	struct lift_mem m = lift_mem_base(l, a->rn, 0, IRM_ALIGN | (a->rel ? IRM_RELEASE : 0));

	lift_set(l, a->rs, false, store_exclusive(l, a, m, lift_get(l, a->rt, a->size == 3)));
}

/* size of one register | r1 << 8 | r2 << 16, as the pair helpers take it. */
static uint32_t pair_arg(struct lift *l, const struct a64_args *a, unsigned r1, unsigned r2)
{
	return lift_const(l, IR_I64, 1u << a->size | r1 << 8 | r2 << 16);
}

static uint32_t call_pair(struct lift *l, const struct a64_args *a, enum dbt_helper h, enum ir_type t, unsigned r1,
			  unsigned r2)
{
	uint32_t address = lift_get_sp(l, a->rn, true), arg = pair_arg(l, a, r1, r2);

	if (a->rn == 31)
		lift_sp_check(l, address);
	return lift_call(l, h, t, address, arg, NONE);
}

LIFT(LDXP)	{ call_pair(l, a, HELPER_ldxp, IR_VOID, a->rt, a->rt2); }
LIFT(STXP)	{ lift_set(l, a->rs, true, call_pair(l, a, HELPER_stxp, IR_I64, a->rt, a->rt2)); }
LIFT(CASP)	{ call_pair(l, a, HELPER_casp, IR_VOID, a->rs, a->rt); }

/* ---- LSE ---- */

static uint32_t amo(struct lift *l, const struct a64_args *a, struct lift_mem m, enum ir_amo kind, uint32_t b, uint32_t c)
{
	enum ir_type t = type_of(a);
	uint32_t v;

	b = lift_swap(l, t, a->size, b);
	if (c != NONE)
		c = lift_swap(l, t, a->size, c);
	v = emit_sub(l, ir_add(l->ir, IR_AMO, t, m.base, b, c, kind), a->size);
	l->ir->ins[v].flags = (uint8_t)m.flags;
	return lift_swap(l, t, a->size, v);
}

static bool is_arithmetic(enum ir_amo kind)
{
	return kind == AMO_ADD || (kind >= AMO_SMAX && kind <= AMO_UMIN);
}

/* old op operand, from the low bytes of both. */
static uint32_t combine(struct lift *l, const struct a64_args *a, enum ir_amo kind, uint32_t old, uint32_t b)
{
	static const enum ir_cond keep_old[4] = { CC_GE, CC_LE, CC_CS, CC_LS };	/* SMAX SMIN UMAX UMIN */
	static const enum ir_op sext[4] = { IR_SEXT8, IR_SEXT16, IR_NOP, IR_NOP };
	static const enum ir_op zext[4] = { IR_ZEXT8, IR_ZEXT16, IR_NOP, IR_NOP };
	enum ir_op ext = (kind == AMO_SMAX || kind == AMO_SMIN ? sext : zext)[a->size];
	enum ir_type t = type_of(a);

	if (kind == AMO_ADD)
		return emit2(l, IR_ADD, t, old, b);
	if (ext != IR_NOP) {
		old = emit1(l, ext, t, old);
		b = emit1(l, ext, t, b);
	}
	return emit_select(l, t, keep_old[kind - AMO_SMAX], emit_flags(l, IR_FLAGS_SUB, t, old, b), old, b);
}

/*
 * Arithmetic on big-endian data, which no host instruction does: an exclusive pair around the sum; if another vCPU came
 * between, the instruction is run again.
 */
static uint32_t amo_swapped(struct lift *l, const struct a64_args *a, struct lift_mem m, enum ir_amo kind, uint32_t b)
{
	uint32_t old = load_exclusive(l, a, m), status = store_exclusive(l, a, m, combine(l, a, kind, old, b));

	lift_exit_if(l, CC_NE, emit_flags(l, IR_FLAGS_AND, IR_I32, status, status), 0, true);
	return old;
}

static void atomic(struct lift *l, const struct a64_args *a, enum ir_amo kind)
{
	bool sf = a->size == 3;
	struct lift_mem m = lift_mem_base(l, a->rn, 0, IRM_ALIGN);
	uint32_t b = lift_get(l, a->rs, sf);

	if (l->mode->big_endian && a->size && is_arithmetic(kind))
		b = amo_swapped(l, a, m, kind, b);
	else
		b = amo(l, a, m, kind, b, NONE);
	lift_set(l, a->rt, sf, b);
}

LIFT(LDADD)	{ atomic(l, a, AMO_ADD); }
LIFT(LDCLR)	{ atomic(l, a, AMO_CLR); }
LIFT(LDEOR)	{ atomic(l, a, AMO_EOR); }
LIFT(LDSET)	{ atomic(l, a, AMO_SET); }
LIFT(LDSMAX)	{ atomic(l, a, AMO_SMAX); }
LIFT(LDSMIN)	{ atomic(l, a, AMO_SMIN); }
LIFT(LDUMAX)	{ atomic(l, a, AMO_UMAX); }
LIFT(LDUMIN)	{ atomic(l, a, AMO_UMIN); }
LIFT(SWP)	{ atomic(l, a, AMO_SWP); }

LIFT(CAS)
{
	bool sf = a->size == 3;
	struct lift_mem m = lift_mem_base(l, a->rn, 0, IRM_ALIGN);
	uint32_t expected = lift_get(l, a->rs, sf), v = lift_get(l, a->rt, sf);

	lift_set(l, a->rs, sf, amo(l, a, m, AMO_CAS, v, expected));
}
