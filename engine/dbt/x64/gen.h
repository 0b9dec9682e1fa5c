/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From IR to x86-64 bytes, in one forward walk that allocates registers as it goes.
 *
 * Fixed: rbp = vCPU state, r15 = current TLB context, rsp = host stack (16-aligned between ops). rax, rcx, rdx and
 * xmm13..15 are scratch inside an op and never hold a value across ops. All others hold values. A backward walk first
 * notes every use, so that eviction takes the value whose next use is farthest. A value that an exit or a faulting op may
 * have to save (it is the content of a slot) stays alive to the last such op.
 *
 * A value is in a register, in a spill slot, in its slot's memory ("home"), or is a constant; several at once. Cold code
 * (exits, TLB misses, exact floating point) is emitted after the block's last op from small records.
 *
 * gen_*: this header, shared by the select_*.c files. One thread, one block; nothing outlives gen_block.
 */
#ifndef ENGINE_DBT_X64_GEN_H
#define ENGINE_DBT_X64_GEN_H

#include "engine/dbt/arm64/cpu.h"
#include "engine/dbt/arm64/system.h"
#include "engine/dbt/cache.h"
#include "engine/dbt/ir/ir.h"
#include "engine/dbt/side.h"
#include "engine/dbt/tlb.h"
#include "engine/dbt/vm.h"
#include "engine/dbt/x64/enc.h"

#define ST		RBP
#define TLB		R15
#define GPR_VALUES	(1u << RBX | 1u << RSI | 1u << RDI | 0x7f00u)		/* r8..r14 */
#define GPR_CALLER	(1u << RSI | 1u << RDI | 0x0f00u)			/* lost in a C call */
#define XMM_VALUES	0x1fffu							/* xmm0..xmm12 */
#define XT0		13
#define XT1		14
#define XT2		15
#define NONE		IR_NONE
#define SPILL_SCRATCH	(CPU_OFFSET(spill) + 8 * 47)	/* the last spill slot, never allocated: scratch in memory within an op */

struct gen_use {
	uint32_t pos, next;
};

struct gen_val {
	uint32_t uses;		/* first pending use, index in g->use; 0: none */
	uint32_t snap_end;	/* last op whose snapshot has the value; 0: none */
	uint8_t reg;		/* NO_REG: not in a register */
	bool vec;
	bool moved;		/* it is, or was, the unsaved content of a slot other than its home */
	int16_t spill;		/* -1: none */
	uint8_t home;		/* slot whose memory has the value; 0xff: none */
};

enum cold_kind { COLD_SIDE, COLD_EXIT, COLD_KICK, COLD_DISPATCH };
struct gen_cold {
	enum cold_kind kind;
	uint32_t jump;		/* rel32 to patch */
	uint32_t side;		/* COLD_SIDE: its number (word offset); its resume address is filled in later */
	uint32_t resume;	/* COLD_SIDE: code offset */
	uint32_t ins, back;	/* COLD_SIDE of an access that a CHECK speaks for, and where it goes on with an addend; or 0 */
	uint8_t base, clear;	/* its address register; the CHECK's register, where it has just failed, or NO_REG */
	uint32_t snap;		/* EXIT, KICK: first word in g->snaps */
	int64_t target;		/* EXIT, KICK: vpage-relative */
	uint16_t guest;		/* EXIT */
	bool dispatch;
};

struct gen {
	struct ir *ir;
	struct code c;
	const struct arm_mode *mode;
	uint32_t mode_id;
	struct dbt_vm *vm;
	struct dbt_block *blk;
	const struct host_cpu *host;
	uint32_t gpr_values, xmm_values;	/* what may be allocated (fewer under reg_pressure) */

	uint32_t n;				/* op being emitted */
	uint32_t dead_from;			/* n, or n + 1: snapshot made, registers change only when it cannot fault */
	uint16_t guest;				/* guest offset of the instruction it belongs to */
	struct gen_val v[IR_MAX];
	struct gen_use use[4 * IR_MAX + 1];
	uint32_t use_count;
	uint32_t owner_g[16], owner_v[16];
	uint32_t locked_g, locked_v;
	uint32_t cur[SLOT_COUNT];		/* value of a slot that is newer than memory, or NONE */
	uint32_t home[SLOT_COUNT];		/* value whose copy the slot's memory is, or NONE */
	uint64_t spill_used;
	uint32_t vspill_used;
	uint32_t fresh;				/* CHECK that has no code yet: the next op is its first user */
	uint32_t checks[32];			/* CHECKs that still have users (and some that have not) */
	unsigned check_count;
	uint32_t fused;				/* flags value that EFLAGS hold right now, or NONE */

	/* Loop: where carried slots live at the head. */
	uint32_t head_code;
	uint8_t head_reg[SLOT_COUNT];		/* NO_REG: in memory */
	bool head_dirty[SLOT_COUNT];

	struct gen_cold cold[IR_MAX];
	uint32_t cold_count;
	uint32_t *snaps;			/* words of snapshots for exits */
	uint32_t snap_count, snap_max;
	uint32_t *side;				/* side arena: where the next record goes */
	uint32_t side_at, side_max;		/* in words */
	uint32_t side_base;			/* number of g->side[0] in the machine's side arena */
	struct dbt_link links[128];
	uint32_t link_count, link_base;		/* base: number of links[0] in the machine's table */
	bool full;				/* out of code, side or snapshot space */
};

/* ---- alloc.c ---- */
void gen_alloc_init(struct gen *g);		/* use lists; loop head */
/* The value in a register, which stays locked until gen_consume. Reloads or materialises. */
unsigned gen_gpr(struct gen *g, uint32_t v);
unsigned gen_xmm(struct gen *g, uint32_t v);
/* All sources have been fetched: advance uses, unlock, free the registers of values that are dead now. */
void gen_consume(struct gen *g);
/* A register for the op's result (value g->n, or `v`). `hint` is taken if it is free; never one of `avoid`. */
unsigned gen_def_gpr(struct gen *g, uint32_t v, unsigned hint, uint32_t avoid);
unsigned gen_def_xmm(struct gen *g, uint32_t v, unsigned hint, uint32_t avoid);
bool gen_dead_after(const struct gen *g, uint32_t v);	/* no use after the current op (call before gen_consume) */
bool gen_const(const struct gen *g, uint32_t v, uint64_t *val);
bool gen_imm32(const struct gen *g, uint32_t v, bool w, int32_t *val);	/* fits a sign-extended 32-bit immediate */
void gen_set(struct gen *g, unsigned slot, uint32_t v);
void gen_get(struct gen *g, uint32_t n);
void gen_free_spill(struct gen *g, struct gen_val *val);
/* Before a C call: live values out of caller-saved registers (all xmm). */
void gen_spill_caller(struct gen *g);
void gen_forget_homes(struct gen *g);		/* guest state in memory is about to change behind the allocator's back */
void gen_load_value(struct gen *g, uint32_t v, unsigned reg);	/* into a given scratch register, no bookkeeping */

/* ---- snapshot.c ---- */
uint32_t gen_snapshot(struct gen *g);		/* into g->snaps; its index */
void gen_snapshot_side(struct gen *g, struct side *s);	/* appended to a side record being built */
void gen_store_snapshot(struct gen *g, const uint32_t *words);	/* code that saves it; uses rax, xmm15 */
void gen_store_dirty(struct gen *g);		/* the same for now, and slots become clean */
void gen_flags_words_to_ax(struct gen *g, const uint32_t **words);	/* one flags location; advances *words; uses rcx */
void gen_fcmp_in_ax(struct gen *g);		/* EFLAGS of ucomis -> the flags slot's form in eax; uses rcx */
uint32_t gen_loc(struct gen *g, uint32_t v, uint32_t *lo, uint32_t *hi);	/* where v is right now */
struct side *gen_side(struct gen *g, enum side_kind kind);	/* a new record for the op; NULL: full (g->full set) */
void gen_side_done(struct gen *g, struct side *s, uint32_t jump, uint32_t resume);	/* after the snapshot: cold stub */

/* ---- select_*.c ---- */
static inline bool gen_wide(const struct ir_ins *i)
{
	return i->type == IR_I64;
}

struct x_cond {
	enum x_cc cc;
	enum { PAR_NONE, PAR_AND_NP, PAR_OR_P, PAR_ALWAYS, PAR_NEVER } par;
};
struct x_cond gen_flags_test(struct gen *g, uint32_t flags, enum ir_cond cc);	/* sets EFLAGS; uses rax, rcx */
void gen_flags_to_ax(struct gen *g, uint32_t flags);		/* NZCV in the form of the flags slot, zero-extended in eax */
void gen_int(struct gen *g, struct ir_ins *i);
void gen_flags(struct gen *g, struct ir_ins *i);	/* the rest of the integer ops */
void gen_memory(struct gen *g, struct ir_ins *i);
void gen_exit(struct gen *g, struct ir_ins *i);
void gen_fp(struct gen *g, struct ir_ins *i);
void gen_vector(struct gen *g, struct ir_ins *i);
void gen_call(struct gen *g, struct ir_ins *i);
void gen_cold_stubs(struct gen *g);
/* Out-of-line exact computation of an FP or vector op (slow.c): always, or from `jump`. */
void gen_exact_always(struct gen *g, struct ir_ins *i);
void gen_crc32(struct gen *g, struct ir_ins *i);	/* not CRC32C; needs PCLMULQDQ */

/* ---- select_check.c ---- */
#define NO_TAG	2		/* matches no entry: where watchpoints are armed C does every access */

struct gen_check {
	uint32_t miss;		/* jump to patch */
	uint32_t back;		/* code offset behind it */
	unsigned base, clear;	/* host address is base + rcx + off; clear: as in struct gen_cold */
	int32_t off;
};
int32_t gen_tlb_array(const struct gen *g, unsigned flags, bool write);	/* which serves an access of this block; off r15 */
/*
 * In this order: a register for a new addend, when the sources are in theirs and before the side record is begun, since it
 * changes in front of the access (its mask, or 0: to be locked until then); fetches an addend that is already there, before
 * gen_consume gives its register away; the check. It uses rax, rcx, rdx and leaves the addend in rcx. align: log2 of what the
 * address must be aligned to. Then, behind the access: completes the record.
 */
uint32_t gen_check_define(struct gen *g, const struct ir_ins *i);
void gen_check_use(struct gen *g, const struct ir_ins *i);
struct gen_check gen_check(struct gen *g, const struct ir_ins *i, unsigned base, int32_t off, unsigned align);
void gen_check_done(struct gen *g, struct ir_ins *i, struct side *s, struct gen_check k);
void gen_check_again(struct gen *g, const struct gen_cold *o);	/* cold: the access alone; goes on behind it if that fails */
void gen_check_stubs(struct code *c, struct dbt_stubs *s, const struct host_cpu *host);

/* ---- gen.c ---- */
/* Compiles g->ir into g->c at its position. False: did not fit. */
bool gen_block(struct gen *g);

/* ---- stubs.c ---- */
void gen_stubs(struct code *c, struct dbt_stubs *s, const struct host_cpu *host);

#endif
