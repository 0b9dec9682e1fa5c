/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Short forms of ir_add for the lift_*.c files, and what those share. Everything appends to l->ir and returns the value.
 */
#ifndef ENGINE_DBT_ARM64_LIFT_EMIT_H
#define ENGINE_DBT_ARM64_LIFT_EMIT_H

#include "engine/dbt/arm64/lift.h"

#define NONE	IR_NONE

static inline enum ir_type lift_type(bool sf)
{
	return sf ? IR_I64 : IR_I32;
}

static inline uint32_t emit0(struct lift *l, enum ir_op op, enum ir_type t, uint64_t imm)
{
	return ir_add(l->ir, op, t, NONE, NONE, NONE, imm);
}

static inline uint32_t emit1(struct lift *l, enum ir_op op, enum ir_type t, uint32_t a)
{
	return ir_add(l->ir, op, t, a, NONE, NONE, 0);
}

static inline uint32_t emit2(struct lift *l, enum ir_op op, enum ir_type t, uint32_t a, uint32_t b)
{
	return ir_add(l->ir, op, t, a, b, NONE, 0);
}

static inline uint32_t emit3(struct lift *l, enum ir_op op, enum ir_type t, uint32_t a, uint32_t b, uint32_t c)
{
	return ir_add(l->ir, op, t, a, b, c, 0);
}

/* The right operand is a constant: ADD..ROR and MUL only. */
static inline uint32_t emit_imm(struct lift *l, enum ir_op op, enum ir_type t, uint32_t a, uint64_t imm)
{
	return ir_add(l->ir, op, t, a, NONE, NONE, t == IR_I32 ? (uint32_t)imm : imm);
}

static inline uint32_t emit_sub(struct lift *l, uint32_t v, unsigned sub)
{
	l->ir->ins[v].sub = (uint8_t)sub;
	return v;
}

/* FLAGS_ADD, FLAGS_SUB, FLAGS_AND of operands of type t. */
static inline uint32_t emit_flags(struct lift *l, enum ir_op op, enum ir_type t, uint32_t a, uint32_t b)
{
	return emit_sub(l, emit2(l, op, IR_FLAGS, a, b), t);
}

static inline uint32_t emit_select(struct lift *l, enum ir_type t, unsigned cond, uint32_t flags, uint32_t a, uint32_t b)
{
	return emit_sub(l, emit3(l, IR_SELECT, t, a, b, flags), cond);
}

static inline uint32_t emit_setcc(struct lift *l, enum ir_type t, unsigned cond, uint32_t flags)
{
	return emit_sub(l, emit1(l, IR_SETCC, t, flags), cond);
}

/* A field of the vCPU's state that is not a slot. size: log2 of its bytes. */
#define emit_lds(l, field, size)	emit_sub(l, emit0(l, IR_LDS, (size) == 3 ? IR_I64 : IR_I32, \
					offsetof(struct arm_cpu, field)), size)
#define emit_sts(l, field, size, v)	emit_sub(l, ir_add((l)->ir, IR_STS, IR_VOID, v, NONE, NONE, \
					offsetof(struct arm_cpu, field)), size)

/* Address vpage + the instruction's offset + displacement. */
static inline uint32_t emit_pcrel(struct lift *l, int64_t displacement)
{
	return emit0(l, IR_PCREL, IR_I64, (uint64_t)((int64_t)l->offset + displacement));
}

/* ---- lift_int.c ---- */
/* Extension of register operands: 0-3 UXTB UXTH UXTW UXTX, 4-7 the signed ones; result of type t. */
uint32_t lift_extend(struct lift *l, enum ir_type t, unsigned r, unsigned option);

/* ---- lift_branch.c ---- */
/* To this instruction's offset + displacement if the condition holds on flags; the block goes on. */
void lift_exit_if(struct lift *l, unsigned cond, uint32_t flags, int64_t displacement, bool dispatch);
/* Software step: the instruction counts as done, whatever follows in the block. Nothing unless the mode steps. */
void lift_step_done(struct lift *l);

/* ---- lift_ldst.c ---- */
/* One access: base + imm; flags IRM_*. */
struct lift_mem {
	uint32_t base;
	int64_t imm;
	unsigned flags;
};

/* The base register, with the SP alignment check that the mode asks for. */
struct lift_mem lift_mem_base(struct lift *l, unsigned rn, int64_t imm, unsigned flags);
void lift_sp_check(struct lift *l, uint32_t sp);
/* base + rm, extended by option and shifted. */
struct lift_mem lift_mem_reg(struct lift *l, unsigned rn, unsigned rm, unsigned option, unsigned amount);
/* The access in the mode's byte order. size: log2 of bytes, 0-3 integer, 2-4 FP and SIMD by type. */
uint32_t lift_load(struct lift *l, struct lift_mem m, enum ir_type t, unsigned size, bool sext);
void lift_store(struct lift *l, struct lift_mem m, unsigned size, uint32_t v);
/* Two elements at base + imm and the next. */
void lift_load_pair(struct lift *l, struct lift_mem m, enum ir_type t, unsigned size, bool sext, uint32_t v[2]);
void lift_store_pair(struct lift *l, struct lift_mem m, unsigned size, uint32_t v1, uint32_t v2);
/* rn = base + imm; after the access, which must see the old base when it faults. */
void lift_writeback(struct lift *l, unsigned rn, struct lift_mem m, int64_t imm);
/* Bytes of an integer of 1 << size bytes reversed if the mode is big-endian; upper bits zero. */
uint32_t lift_swap(struct lift *l, enum ir_type t, unsigned size, uint32_t v);

#endif
