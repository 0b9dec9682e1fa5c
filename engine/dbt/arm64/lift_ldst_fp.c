/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Loads and stores of SIMD and FP registers (ARM DDI 0487 C4.1.96): B and H by way of an integer, S, D and Q as f32, f64
 * and v128. A load clears what lies above it, which setting the typed value says.
 */
#include "engine/dbt/arm64/lift_emit.h"

static enum ir_type type_of(unsigned size)
{
	return size == 2 ? IR_F32 : size == 3 ? IR_F64 : IR_V128;
}

static void load_to(struct lift *l, const struct a64_args *a, struct lift_mem m, bool wb)
{
	uint32_t v;

	if (a->size < 2) {
		v = lift_load(l, m, IR_I32, a->size, false);
		v = emit_sub(l, emit1(l, IR_VZEXT, IR_V128, v), IR_I32);
	} else {
		v = lift_load(l, m, type_of(a->size), a->size, false);
	}
	if (wb)
		lift_writeback(l, a->rn, m, a->imm);
	lift_set_v(l, a->rt, v);
}

static void store_from(struct lift *l, const struct a64_args *a, struct lift_mem m, bool wb)
{
	uint32_t v = lift_get_v(l, a->rt, a->size < 2 ? IR_V128 : type_of(a->size));

	if (a->size < 2)
		v = emit_sub(l, emit1(l, IR_VGET, IR_I32, v), a->size);
	lift_store(l, m, a->size, v);
	if (wb)
		lift_writeback(l, a->rn, m, a->imm);
}

static struct lift_mem at(struct lift *l, const struct a64_args *a)
{
	return lift_mem_base(l, a->rn, a->imm, 0);
}

static struct lift_mem at_reg(struct lift *l, const struct a64_args *a)
{
	return lift_mem_reg(l, a->rn, a->rm, a->option, a->amount);
}

LIFT(LDUR_fp)		{ load_to(l, a, at(l, a), false); }
LIFT(LDR_imm_fp)	{ load_to(l, a, at(l, a), false); }
LIFT(LDR_pre_fp)	{ load_to(l, a, at(l, a), true); }
LIFT(LDR_post_fp)	{ load_to(l, a, lift_mem_base(l, a->rn, 0, 0), true); }
LIFT(LDR_reg_fp)	{ load_to(l, a, at_reg(l, a), false); }
LIFT(STUR_fp)		{ store_from(l, a, at(l, a), false); }
LIFT(STR_imm_fp)	{ store_from(l, a, at(l, a), false); }
LIFT(STR_pre_fp)	{ store_from(l, a, at(l, a), true); }
LIFT(STR_post_fp)	{ store_from(l, a, lift_mem_base(l, a->rn, 0, 0), true); }
LIFT(STR_reg_fp)	{ store_from(l, a, at_reg(l, a), false); }

LIFT(LDR_lit_fp)
{
	load_to(l, a, (struct lift_mem){ emit_pcrel(l, a->imm), 0, 0 }, false);
}

/* ---- pairs ---- */

static void load_pair(struct lift *l, const struct a64_args *a, struct lift_mem m, bool wb)
{
	uint32_t v[2];

	lift_load_pair(l, m, type_of(a->size), a->size, false, v);
	if (wb)
		lift_writeback(l, a->rn, m, a->imm);
	lift_set_v(l, a->rt, v[0]);
	lift_set_v(l, a->rt2, v[1]);
}

static void store_pair(struct lift *l, const struct a64_args *a, struct lift_mem m, bool wb)
{
	uint32_t v1 = lift_get_v(l, a->rt, type_of(a->size)), v2 = lift_get_v(l, a->rt2, type_of(a->size));

	lift_store_pair(l, m, a->size, v1, v2);
	if (wb)
		lift_writeback(l, a->rn, m, a->imm);
}

LIFT(LDNP_fp)		{ load_pair(l, a, at(l, a), false); }
LIFT(LDP_fp)		{ load_pair(l, a, at(l, a), false); }
LIFT(LDP_pre_fp)	{ load_pair(l, a, at(l, a), true); }
LIFT(LDP_post_fp)	{ load_pair(l, a, lift_mem_base(l, a->rn, 0, 0), true); }
LIFT(STNP_fp)		{ store_pair(l, a, at(l, a), false); }
LIFT(STP_fp)		{ store_pair(l, a, at(l, a), false); }
LIFT(STP_pre_fp)	{ store_pair(l, a, at(l, a), true); }
LIFT(STP_post_fp)	{ store_pair(l, a, lift_mem_base(l, a->rn, 0, 0), true); }
