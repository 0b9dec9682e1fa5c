/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Side tables: what C needs to know about a point in translated code that may leave it out of line.
 *
 * A side record belongs to one op. Its number (word offset in the side arena) is an immediate in the op's stub. It tells
 * what to do (slow.c), where operands and results live in the saved registers, where to go on, and the snapshot: for each
 * slot whose value is not in memory, where it is. Recovering guest state means storing the snapshot; the same words drive
 * the code generator's exit stubs, so there is one description of "what is unsaved here".
 */
#ifndef ENGINE_DBT_SIDE_H
#define ENGINE_DBT_SIDE_H

#include "base/types.h"

/* Where a value is: kind << 24 | index. CONST and PCREL are followed by two words (low, high). */
enum loc_kind {
	LOC_NONE, LOC_GPR, LOC_XMM, LOC_SPILL, LOC_VSPILL, LOC_CONST, LOC_PCREL, LOC_HOME,
	/* Flags that have not been computed: followed by the locations of two operands. Index: 0 for 32-bit, 1 for 64. */
	LOC_FLAGS_SUB, LOC_FLAGS_ADD, LOC_FLAGS_AND, LOC_FLAGS_FCMP, LOC_FLAGS_IMM /* index: NZCV */,
};
#define LOC(kind, index)	((uint32_t)(kind) << 24 | (uint32_t)(index))
#define LOC_KIND(l)		((enum loc_kind)((l) >> 24))
#define LOC_INDEX(l)		((l) & 0xffffff)

/* A snapshot is a sequence of  slot | width << 8, loc [, …]  ended by SNAP_END. Width of a vector slot: log2 bytes kept, the
   rest zero. */
#define SNAP_END		0xffffffffu
#define SNAP_WORD(slot, width)	((uint32_t)(slot) | (uint32_t)(width) << 8)

enum side_kind { SIDE_LOAD, SIDE_STORE, SIDE_LOADP, SIDE_STOREP, SIDE_LDXR, SIDE_STXR, SIDE_AMO, SIDE_DCZVA, SIDE_VOP, SIDE_FP };

struct side_loc {
	uint32_t loc;
	uint32_t lo, hi;		/* CONST, PCREL */
};

struct side {
	uint8_t kind;
	uint8_t size;			/* log2 of one element */
	uint8_t flags;			/* IRM_* */
	uint8_t sub;			/* AMO: enum ir_amo; FP: IR op */
	uint8_t type;			/* IR type of the result (LOAD…) or the operand (STORE…) */
	uint8_t dst, dst2;		/* GPR or XMM number; 0xff: none */
	uint8_t align;			/* log2 of the alignment that the access must have */
	int32_t offset;			/* added to operand 0 (the address) */
	uint32_t resume;		/* where to go on, in the code region */
	uint16_t guest;			/* offset of the guest instruction in its page */
	uint16_t mode;
	/* Addends: bits 15:0 for registers, 62:16 for spill slots, that hold a CHECK's addend which the block goes on using. */
	uint32_t op_lo, op_hi;		/* VOP: number and desc; FP: IR ins->imm and sub; memory: addends (below) */
	struct side_loc operand[3];
	uint32_t snap[];
};

#endif
