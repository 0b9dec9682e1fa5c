/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the lifters of floating point and vectors share: vector registers as typed values, and VOPs whose operands follow
 * from what simd_traits() says the operation reads.
 */
#ifndef ENGINE_DBT_ARM64_LIFT_VEC_H
#define ENGINE_DBT_ARM64_LIFT_VEC_H

#include "engine/dbt/arm64/lift_emit.h"
#include "isa/arm64/simd.h"

#define Q(a)	((a)->q ? SIMD_Q : 0)

/* The FP type of an sz field. */
static inline enum ir_type fp_type(bool f64)
{
	return f64 ? IR_F64 : IR_F32;
}

static inline uint32_t vec_get(struct lift *l, unsigned r)
{
	return lift_get_v(l, r, IR_V128);
}

static inline uint32_t vec_const(struct lift *l, uint64_t v, bool q)
{
	return emit_sub(l, emit0(l, IR_VCONST, IR_V128, v), !q);
}

static inline uint32_t vec_zext(struct lift *l, uint32_t v)
{
	return emit_sub(l, emit1(l, IR_VZEXT, IR_V128, v), l->ir->ins[v].type);
}

/* Element i of v128 v as a scalar of type t, F32 or F64. */
static inline uint32_t vec_elem(struct lift *l, uint32_t v, enum ir_type t, unsigned i)
{
	return ir_add(l->ir, IR_VELEM, t, v, NONE, NONE, i);
}

/* Element i (1 << size bytes) of v128 v as an integer, zero-extended. */
static inline uint32_t vec_lane(struct lift *l, uint32_t v, unsigned size, unsigned i)
{
	return emit_sub(l, ir_add(l->ir, IR_VGET, lift_type(size == 3), v, NONE, NONE, i), size);
}

static inline uint32_t vec_set_lane(struct lift *l, uint32_t v, unsigned size, unsigned i, uint32_t x)
{
	return emit_sub(l, ir_add(l->ir, IR_VLANE, IR_V128, v, x, NONE, i), size);
}

/* One operation on values; NONE for what it doesn't read. */
static inline uint32_t vec_op(struct lift *l, enum simd_op op, uint32_t desc, uint32_t n, uint32_t m, uint32_t d)
{
	return ir_add(l->ir, IR_VOP, IR_V128, n, m, d, (uint64_t)desc << 32 | op);
}

static inline bool vec_reads_d(enum simd_op op, uint32_t desc)
{
	unsigned traits = simd_traits(op);

	return (traits & SIMD_READS_D) || ((traits & SIMD_READS_D_IF_Q) && (desc & (SIMD_Q | SIMD_SCALAR)) == SIMD_Q);
}

/* The whole instruction: rd = op(rn, rm, rd). */
static inline void vec_insn(struct lift *l, const struct a64_args *a, enum simd_op op, uint32_t desc)
{
	uint32_t n = vec_get(l, a->rn);
	uint32_t m = simd_traits(op) & SIMD_READS_M ? vec_get(l, a->rm) : NONE;
	uint32_t d = vec_reads_d(op, desc) ? vec_get(l, a->rd) : NONE;

	lift_set_v(l, a->rd, vec_op(l, op, desc, n, m, d));
}

#endif
