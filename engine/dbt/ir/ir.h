/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The intermediate representation of one translated block.
 *
 * An array of instructions in execution order; an instruction's index is its value (SSA). A block has one entry and
 * straight-line code; it leaves through exits, some of them conditional in the middle. There are no joins inside: what
 * is conditional without leaving is a SELECT, and what is rare (TLB miss, NaN, MMIO) is out of line behind one op.
 *
 * Guest registers are slots (SLOT_*). GET reads and SET writes one; a SET costs nothing by itself: it says which value the
 * slot has from here on, and the back end stores it when the block leaves or a fault is taken (the side table knows where
 * every unsaved slot is at every op that may fault). So dead SETs are those that no exit and no faulting op can see.
 *
 * Types: i32 and i64 are kept zero-extended to 64 bits in a host register by every op that makes one, except TRUNC, which
 * is only a view. f32, f64 live in the low lane of a vector register with anything above; v128 is all of it. `flags` is
 * NZCV, usually not computed at all until something reads it.
 *
 * PC-relative values are vpage + offset: `vpage` is the guest virtual address of the block's page, so that translations
 * of a physical page serve every address it is mapped at.
 *
 * One thread builds and compiles a block; nothing here is shared.
 */
#ifndef ENGINE_DBT_IR_IR_H
#define ENGINE_DBT_IR_IR_H

#include "base/types.h"

enum ir_type { IR_VOID, IR_I32, IR_I64, IR_F32, IR_F64, IR_V128, IR_FLAGS };

/* Guest-state slots. The engine maps a slot to an offset in the vCPU's state. */
enum {
	SLOT_X0 = 0,		/* general registers 0..30 */
	SLOT_SP = 31,		/* the current stack pointer */
	SLOT_FLAGS = 32,
	SLOT_V0 = 33,		/* vector registers 0..31 */
	SLOT_COUNT = 65,
};

/*
 * IR_OPS(X): X(name, operands, class). Class: 'p' pure, 'g' reads state, 's' effect on state only, 'm' guest memory (may
 * fault), 'c' call, 'x' leaves the block (always or perhaps), 'f' makes flags lazily (no code until used; pure).
 *
 * sub, imm are per op:
 *  CONST imm; PCREL vpage+imm; GET/SET imm=slot; LDS/STS imm=byte offset in the vCPU state, sub=log2 size (pure memory
 *    of the vCPU, not slots; LDS of 1,2,4 bytes zero-extends).
 *    COUNTER: the virtual counter, from the host's TSC (core/time.h has the arithmetic).
 *  Integer ops work in ins->type (i32/i64). ADD..ROR and MUL may have b = IR_NONE: then imm is the right operand. Shift
 *    counts are taken modulo the width. DIV by zero gives 0, overflow wraps
 *    (ARM rules). ANDN a & ~b. EXTR: (a:b) >> imm, low width bits. CRC32: sub=log2 size of b, imm=1 for CRC32C.
 *    ZEXT8.. SEXT32: extend the low bits of a to ins->type. TRUNC: i64 -> i32.
 *  SELECT: sub=condition, c=flags, a if it holds else b (any type). SETCC: sub=condition, a=flags -> 0/1. CSETM not needed.
 *  ADC/SBC: a + b + C, a + ~b + C with C from flags c.
 *  FLAGS_ADD/SUB/AND of a,b in type `sub` (IR_I32/IR_I64): as ADDS, SUBS, ANDS set them. FLAGS_ADC/SBC likewise with carry
 *    from flags c. FLAGS_FCMP: a,b of type sub (IR_F32/F64), imm=1: quiet NaNs signal (FCMPE).
 *    FLAGS_CCMP: if condition (imm bits 7:4) holds on flags c then FLAGS_SUB(a,b) (imm bit 8: FLAGS_ADD; bit 9: FCMP, bit 10:
 *    FCMPE) else NZCV = imm bits 3:0; type sub. FLAGS_IMM: NZCV = imm bits 3:0.
 *    FLAGS_PUT: NZCV from bits 31:28 of i64 a; FLAGS_READ: flags a -> i64 with NZCV in 31:28. FLAGS_RAISE: does FLAGS_FCMP a for
 *    the exceptions that it signals; follows each, and goes where the block tests a.
 *  LOAD: a=address, imm=byte offset added to it, sub=log2 size (0..4), type=result; zero-extends, or sign-extends to the type
 *    with IRM_SEXT. STORE: value b. LOADP/STOREP: two elements of size sub at a+imm and a+imm+size; LOADP's second result is
 *    the PROJ that must follow at once; STOREP stores b then c. flags: IRM_*.
 *  CHECK: i64, the addend (host address - guest address) of a's page if c bytes at a+imm (c is a number, not a value) lie on
 *    one page that may be read, or written with sub=1; else 0, which is always right. flags: IRM_UNPRIV, IRM_SP. Memory ops
 *    name it in ins->check; the next op after it is the first that does. It holds no longer than translated code
 *    runs: out of line, and in calls, pages may go; so a slow access clears it, and nothing uses it across a CALL.
 *  STXR: store b (size sub) at a if the monitor (vCPU state) matches; result i32 0 stored, 1 not. Monitor is cleared.
 *  LDXR: exclusive load: as LOAD with alignment, and sets the monitor.
 *  AMO: sub=log2 size, imm=enum ir_amo; a=address b=operand (c=expected for AMO_CAS: compare c, store b); result: old value,
 *    zero-extended.
 *  FENCE: full barrier.
 *  F*: scalar FP in ins->type under the block's FPCR. FMA: sub bits: 1 negate product, 2 negate addend; a*b+c. FRINT: sub=enum
 *    ir_round, imm bit 0: raise inexact (FRINTX). FCVT: a of type sub -> type (F32/F64). I2F: a of type sub (I32/I64), imm bit 0
 *    signed. F2I: a of type sub -> type I32/I64, imm bits 3:0 enum ir_round, bit 4 signed; saturates. FMOVI: integer bits ->
 *    f32/f64 (type) from i32/i64 a; IMOVF: bits of f32/f64 a (type sub) -> i32/i64.
 *  VOP: one Advanced SIMD operation: imm = SIMD op number | desc << 32 (isa/arm64/simd.h); a=n, b=m, c=old d (IR_NONE where
 *    not read); all v128. VZEXT: v128 from the low bits of a (type sub F32/F64/I32/I64), rest zero. VCONST: v128 with imm in
 *    both halves, or low half only when sub=1. VLANE: v128 with a's element (log2 size sub) number imm replaced by integer b.
 *    VGET: integer from element imm (log2 size sub), zero-extended, IRM_SEXT sign-extends. VDUP: all elements (log2 size
 *    sub) = integer a; imm=1: 64-bit form (upper half zero). VELEM type f32/f64 view of element imm of v128 a.
 *  CALL: imm=helper number, a,b,c integer arguments (IR_NONE: not passed); type=result. What it sees and may do is in the
 *    helper table.
 *  EXIT: to vpage+imm (imm signed). EXIT_IF: the same when condition sub holds on flags a; flags IRX_DISPATCH: by way of the
 *    dispatcher, which looks at interrupts (after opening a mask). EXIT_IND: to address a; sub=enum
 *    ir_ind. EXIT_BL: call: to vpage+imm, return address vpage+c (c is an offset, not a value). EXIT_BLR: to address a, return
 *    offset c. EXIT_HELPER: imm=helper number, a,b,c as CALL; the helper decides what runs next; sub=1: PC is the
 *    instruction itself, 0: the next one.
 *  LOOP/LOOP_IF: back edge to the block's own head (made from EXIT/EXIT_IF by the loop pass).
 *  INSN: marks the start of a guest instruction; imm=offset in page. All that follows up to the next belongs to it.
 */
#define IR_OPS(X) \
	X(NOP, 0, 'p') X(INSN, 0, 's') \
	X(CONST, 0, 'p') X(PCREL, 0, 'p') X(GET, 0, 'g') X(SET, 1, 's') X(LDS, 0, 'g') X(STS, 1, 's') X(COUNTER, 0, 'g') \
	X(ADD, 2, 'p') X(SUB, 2, 'p') X(AND, 2, 'p') X(OR, 2, 'p') X(XOR, 2, 'p') X(ANDN, 2, 'p') \
	X(SHL, 2, 'p') X(SHR, 2, 'p') X(SAR, 2, 'p') X(ROR, 2, 'p') X(MUL, 2, 'p') X(UMULH, 2, 'p') X(SMULH, 2, 'p') \
	X(UDIV, 2, 'p') X(SDIV, 2, 'p') X(NOT, 1, 'p') X(NEG, 1, 'p') X(CLZ, 1, 'p') X(RBIT, 1, 'p') X(BSWAP, 1, 'p') \
	X(REV16, 1, 'p') X(REV32, 1, 'p') X(EXTR, 2, 'p') X(CRC32, 2, 'p') \
	X(ZEXT8, 1, 'p') X(ZEXT16, 1, 'p') X(ZEXT32, 1, 'p') X(SEXT8, 1, 'p') X(SEXT16, 1, 'p') X(SEXT32, 1, 'p') \
	X(TRUNC, 1, 'p') X(SELECT, 3, 'p') X(SETCC, 1, 'p') X(ADC, 3, 'p') X(SBC, 3, 'p') \
	X(FLAGS_ADD, 2, 'f') X(FLAGS_SUB, 2, 'f') X(FLAGS_AND, 2, 'f') X(FLAGS_IMM, 0, 'f') \
	X(FLAGS_ADC, 3, 'p') X(FLAGS_SBC, 3, 'p') X(FLAGS_FCMP, 2, 's') X(FLAGS_CCMP, 3, 's') X(FLAGS_PUT, 1, 'p') \
	X(FLAGS_READ, 1, 'p') X(FLAGS_RAISE, 1, 's') \
	X(LOAD, 1, 'm') X(STORE, 2, 'm') X(LOADP, 1, 'm') X(PROJ, 1, 'p') X(STOREP, 3, 'm') X(LDXR, 1, 'm') X(STXR, 2, 'm') \
	X(AMO, 3, 'm') X(CHECK, 1, 'g') X(FENCE, 0, 's') \
	X(FADD, 2, 's') X(FSUB, 2, 's') X(FMUL, 2, 's') X(FDIV, 2, 's') X(FSQRT, 1, 's') X(FMA, 3, 's') X(FMIN, 2, 's') \
	X(FMAX, 2, 's') X(FMINNM, 2, 's') X(FMAXNM, 2, 's') X(FNEG, 1, 'p') X(FABS, 1, 'p') X(FRINT, 1, 's') X(FCVT, 1, 's') \
	X(I2F, 1, 's') X(F2I, 1, 's') X(FMOVI, 1, 'p') X(IMOVF, 1, 'p') \
	X(VOP, 3, 's') X(VZEXT, 1, 'p') X(VCONST, 0, 'p') X(VLANE, 2, 'p') X(VGET, 1, 'p') X(VDUP, 1, 'p') X(VELEM, 1, 'p') \
	X(CALL, 3, 'c') \
	X(EXIT, 0, 'x') X(EXIT_IF, 1, 'x') X(EXIT_IND, 1, 'x') X(EXIT_BL, 0, 'x') X(EXIT_BLR, 1, 'x') X(EXIT_HELPER, 3, 'x') \
	X(LOOP, 0, 'x') X(LOOP_IF, 1, 'x')

enum ir_op {
#define X(name, operands, cls) IR_##name,
	IR_OPS(X)
#undef X
	IR_OP_COUNT
};

/* Conditions, numbered as A64 encodes them. */
enum ir_cond { CC_EQ, CC_NE, CC_CS, CC_CC, CC_MI, CC_PL, CC_VS, CC_VC, CC_HI, CC_LS, CC_GE, CC_LT, CC_GT, CC_LE, CC_AL, CC_NV };

enum ir_amo { AMO_ADD, AMO_CLR, AMO_EOR, AMO_SET, AMO_SMAX, AMO_SMIN, AMO_UMAX, AMO_UMIN, AMO_SWP, AMO_CAS };
enum ir_round { ROUND_EVEN, ROUND_UP, ROUND_DOWN, ROUND_ZERO, ROUND_AWAY, ROUND_FPCR };
enum ir_ind { IND_JUMP, IND_RET };

/* ins->flags of memory ops. */
enum {
	IRM_SEXT = 1,
	IRM_ALIGN = 2,		/* must be naturally aligned (whole access), else an alignment fault */
	IRM_UNPRIV = 4,		/* LDTR/STTR: with EL0's rights */
	IRM_RELEASE = 8,	/* store: ordered before later loads too (STLR) */
	IRM_ACQUIRE = 16,
	IRM_SP = 32,		/* base is SP: SP alignment checking has been asked for by the mode */
	IRM_DCZVA = 64,		/* STORE of a 64-byte zero block: DC ZVA (a is aligned by the op itself) */
};

/* ins->flags of EXIT and EXIT_IF. */
enum { IRX_DISPATCH = 1 };

#define IR_NONE		0xffffffffu

struct ir_ins {
	uint8_t op, type, sub, flags;
	uint32_t a, b, c;
	uint32_t check;		/* LOAD, STORE, LOADP, STOREP: the CHECK that speaks for it; 0: none */
	uint64_t imm;
};

#define IR_MAX		2048	/* instructions in a block; the lifter stops well before */

struct ir {
	struct ir_ins ins[IR_MAX];
	uint32_t count;
	bool loop;		/* has a LOOP or LOOP_IF: the head is a join of entry and back edge */
	uint32_t head_get[SLOT_COUNT];	/* in a loop: the GET that reads the slot before any SET does, or IR_NONE */
	bool written[SLOT_COUNT];	/* in a loop: the slot has a SET */
	bool overflow;		/* ran out of space: translate fewer guest instructions */
	uint32_t head_offset;	/* of the first guest instruction in its page */
};

struct ir_op_info {
	const char *name;
	uint8_t operands;
	char cls;
};
extern const struct ir_op_info ir_op_info[IR_OP_COUNT];

void ir_init(struct ir *ir, uint32_t head_offset);

/* Appends; returns the value. Past IR_MAX it sets overflow and returns the last instruction. */
static inline uint32_t ir_add(struct ir *ir, enum ir_op op, enum ir_type type, uint32_t a, uint32_t b, uint32_t c,
			      uint64_t imm)
{
	struct ir_ins *i;

	if (unlikely(ir->count >= IR_MAX - 1)) {
		ir->overflow = true;
		return IR_MAX - 1;
	}
	i = &ir->ins[ir->count];
	i->op = (uint8_t)op;
	i->type = (uint8_t)type;
	i->sub = i->flags = 0;
	i->a = a;
	i->b = b;
	i->c = c;
	i->check = 0;
	i->imm = imm;
	return ir->count++;
}

/* The constant behind v. */
static inline bool ir_is_const(const struct ir *ir, uint32_t v, uint64_t *val)
{
	if (v == IR_NONE || ir->ins[v].op != IR_CONST)
		return false;
	*val = ir->ins[v].imm;
	return true;
}

/* Text: one instruction a line, `v12 = add.i64 v3, v4`; ir_parse reads what ir_print writes. */
size_t ir_print(const struct ir *ir, char *buf, size_t size);
size_t ir_print_one(const struct ir *ir, uint32_t n, char *buf, size_t size);	/* value n's line, without its end */
int ir_parse(struct ir *ir, const char *text);	/* -EINVAL and the line number in ir->count */

/* Passes, in the order they run. Each is in its own file, with a text test. */
void ir_pass_loop(struct ir *ir);	/* exits to the own head -> LOOP, LOOP_IF */
void ir_pass_forward(struct ir *ir);	/* GET after SET or GET -> the value; typed views of vector slots */
void ir_pass_fold(struct ir *ir);	/* constants, identities, extension chains, TRUNC views */
void ir_pass_cse(struct ir *ir);	/* equal pure ops, PCREL */
void ir_pass_dead(struct ir *ir);	/* SETs nobody can see, unused pure ops (also flags) -> NOP */
void ir_pass_check(struct ir *ir);	/* one CHECK for accesses off one base; last, and only where addends may be kept */

#endif
