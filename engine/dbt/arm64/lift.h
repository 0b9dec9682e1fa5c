/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lifting: from decoded A64 instructions to IR. One function per line of isa/arm64/a64_*.dec, named by LIFT(NAME), in a
 * file by group (lift_int.c, lift_branch.c, lift_ldst.c, lift_system.c, lift_fp.c, lift_simd.c). A lift function appends IR
 * and ends the block where it must (l->end). Instructions the mode or the CPU model does not allow are lifted as the
 * exception they take.
 */
#ifndef ENGINE_DBT_ARM64_LIFT_H
#define ENGINE_DBT_ARM64_LIFT_H

#include "engine/dbt/arm64/cpu.h"
#include "engine/dbt/arm64/system.h"
#include "engine/dbt/ir/ir.h"
#include "isa/arm64/a64_ops.h"

struct lift {
	struct ir *ir;
	const struct arm_mode *mode;
	struct dbt_vm *vm;
	uint64_t features;	/* bit per feature of a64_info */
	uint32_t offset;	/* of this instruction in its page */
	bool end;		/* the block ends here */
	uint32_t next;		/* where to go on when the instruction has not ended the block: offset + 4 */
};

#define LIFT(name)	void lift_##name(struct lift *l, const struct a64_args *a)

#define X(name) LIFT(name);
A64_OPS(X)
#undef X

/* Lifts one instruction word: decode, feature and FP-trap checks, dispatch. Appends INSN first. */
void lift_insn(struct lift *l, uint32_t insn);

/* Builder shorthands (lift.c). Register 31: zr in get_x/get_w, SP in get_xsp. sf: 64-bit. Values of W forms are i32. */
uint32_t lift_get(struct lift *l, unsigned r, bool sf);
void lift_set(struct lift *l, unsigned r, bool sf, uint32_t v);	/* i32 is zero-extended; r 31 discards */
uint32_t lift_get_sp(struct lift *l, unsigned r, bool sf);
void lift_set_sp(struct lift *l, unsigned r, bool sf, uint32_t v);
uint32_t lift_const(struct lift *l, enum ir_type t, uint64_t v);
void lift_set_flags(struct lift *l, uint32_t flags);
uint32_t lift_get_flags(struct lift *l);
uint32_t lift_get_v(struct lift *l, unsigned r, enum ir_type t);	/* f32, f64: the low lane */
void lift_set_v(struct lift *l, unsigned r, uint32_t v);	/* v's type; what is above f32 or f64 becomes zero */
void lift_undefined(struct lift *l);	/* ends the block */
void lift_trap(struct lift *l, unsigned ec, uint32_t iss);	/* ends the block */
/* Ends the block in helper h; pc_next: cpu->pc is the next instruction, else this one. */
void lift_exit_helper(struct lift *l, enum dbt_helper h, bool pc_next, uint32_t a, uint32_t b, uint32_t c);
uint32_t lift_call(struct lift *l, enum dbt_helper h, enum ir_type t, uint32_t a, uint32_t b, uint32_t c);

#endif
