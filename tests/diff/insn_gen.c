/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random cases. Register contents favour the ends of ranges and special FP values; memory instructions get a base near the
 * middle of the window; branches go to a BRK of a neighbouring slot. What the architecture calls CONSTRAINED
 * UNPREDICTABLE isn't drawn.
 */
#include <string.h>

#include "isa/arm64/a64_random.h"
#include "isa/arm64/cpu_model.h"
#include "isa/arm64/fp.h"
#include "isa/arm64/sysreg.h"
#include "tests/diff/insn.h"
#include "tests/diff/simd_state.h"

#define NAMED(op, text)	(!strncmp(a64_info[op].name, text, sizeof(text) - 1))

/* In sequences: what memory instructions use, so that earlier ones have rarely spoilt it. */
enum { INDEX_REG = 26, BASE_REG = 27, ALIGNED_REG = 28 };

static uint64_t model_features(void)
{
	return arm64_cpu_model_find("max")->features;
}

bool insn_wanted(enum a64_op op)
{
	const struct a64_info *i = &a64_info[op];

	if (op == A64_UNALLOCATED || !(model_features() >> i->feature & 1) || (i->flags & A64_FLAG_el1))
		return false;
	switch (op) {
	case A64_MSR: case A64_MRS:	/* of NZCV and FPCR */
	case A64_CFINV: case A64_NOP: case A64_YIELD: case A64_CLREX: case A64_DSB: case A64_DMB: case A64_ISB: case A64_SB:
		return true;
	case A64_FCVTZS_sfixh:	/* QEMU 7.2 leaves copies of the sign above the element; simd.c has it */
		return false;
	default:
		return i->group != A64_GROUP_system && i->group != A64_GROUP_exception;
	}
}

static uint32_t field(uint32_t insn, unsigned lsb)
{
	return insn >> lsb & 31;
}

static uint32_t set_field(uint32_t insn, unsigned lsb, unsigned width, uint32_t v)
{
	uint32_t mask = ((1u << width) - 1) << lsb;

	return (insn & ~mask) | (v << lsb & mask);
}

static bool is_pair(enum a64_op op)
{
	return NAMED(op, "LDP") || NAMED(op, "STP") || NAMED(op, "LDNP") || NAMED(op, "LDXP");
}

static bool unpredictable(uint32_t insn, enum a64_op op)
{
	const struct a64_info *i = &a64_info[op];
	unsigned rt = field(insn, 0), rn = field(insn, 5), rt2 = field(insn, 10), rs = field(insn, 16);
	bool fp = i->flags & A64_FLAG_fp, pair = is_pair(op);

	if ((i->flags & A64_FLAG_wb) && !fp && rn != 31 && (rt == rn || (pair && rt2 == rn)))
		return true;
	if (pair && (i->flags & A64_FLAG_load) && rt == rt2)
		return true;
	return NAMED(op, "STX") && (rs == rt || (rs == rn && rn != 31) || (NAMED(op, "STXP") && rs == rt2));
}

static bool must_align(enum a64_op op)
{
	return (a64_info[op].group == A64_GROUP_ldst && !strpbrk(a64_info[op].name, "_") && !is_pair(op) &&
		!NAMED(op, "STUR") && !NAMED(op, "LDUR") && !NAMED(op, "LDTR") && !NAMED(op, "STTR")) || NAMED(op, "LDXP");
}

static bool by_register(enum a64_op op)
{
	return strstr(a64_info[op].name, "_reg") && (a64_info[op].flags & A64_FLAG_mem);
}

/* Branch to the first or last word of a slot nearby: always a BRK. at: the instruction's word in its slot. */
static uint32_t near_branch(uint64_t *seed, uint32_t insn, enum a64_op op, unsigned at)
{
	uint64_t r = simd_random(seed);
	int32_t words = (int32_t)(r % 9 - 4) * (int32_t)SLOT_WORDS + (r >> 32 & 1 ? (int32_t)SLOT_WORDS - 1 : 0) - (int32_t)at;

	if (op == A64_B || op == A64_BL)
		return set_field(insn, 0, 26, (uint32_t)words);
	if (op == A64_TBZ || op == A64_TBNZ)
		return set_field(insn, 5, 14, (uint32_t)words);
	if (op == A64_B_cond || op == A64_CBZ || op == A64_CBNZ || (a64_info[op].flags & A64_FLAG_lit))
		return set_field(insn, 5, 19, (uint32_t)words);
	return insn;
}

/* In a sequence an exclusive store to an unaligned address would fault here and fail in QEMU, so bases are left alone. */
static bool spoils_base(uint32_t insn, enum a64_op op)
{
	unsigned rt = field(insn, 0), rt2 = field(insn, 10), rs = field(insn, 16);

	return (rt >= INDEX_REG && rt <= ALIGNED_REG) || (must_align(op) && (rs == ALIGNED_REG || field(insn, 5) != ALIGNED_REG)) ||
	       (is_pair(op) && rt2 >= INDEX_REG && rt2 <= ALIGNED_REG) ||
	       ((a64_info[op].flags & A64_FLAG_wb) && field(insn, 5) == ALIGNED_REG);
}

/* MSR and MRS of the registers that are the same in any user mode: NZCV, FPCR. QEMU keeps reserved bits of what was written. */
static uint32_t use_register(uint64_t *seed, uint32_t insn, bool fpcr)
{
	uint32_t enc = fpcr && simd_random(seed) % 2 ? SYSREG(3, 3, 4, 4, 0) : SYSREG(3, 3, 4, 2, 0);

	return set_field(insn, 5, 16, enc);
}

static uint32_t draw(uint64_t *seed, enum a64_op op, unsigned at, bool alone)
{
	const struct a64_info *i = &a64_info[op];
	struct a64_args args;
	uint32_t insn;

	do {
		insn = near_branch(seed, a64_random_word(seed, op), op, at);
		if (op == A64_MSR || op == A64_MRS)
			insn = use_register(seed, insn, alone || op == A64_MSR);
		if (op == A64_LDAPR)
			insn = set_field(insn, 16, 5, 31);	/* should be ones, which QEMU insists on */
		if (!alone && (i->flags & A64_FLAG_mem) && !(i->flags & A64_FLAG_lit) && simd_random(seed) % 8) {
			insn = set_field(insn, 5, 5, must_align(op) ? ALIGNED_REG : simd_random(seed) % 3 ? BASE_REG : 31);
			if (by_register(op))
				insn = set_field(insn, 16, 5, INDEX_REG);
		}
	} while (unpredictable(insn, op) || (!alone && spoils_base(insn, op)) || a64_decode(insn, &args) != op);
	return insn;
}

static uint64_t random_x(uint64_t *seed)
{
	uint64_t r = simd_random(seed);

	switch (r & 7) {
	case 0:	return (uint64_t)(int64_t)(int8_t)(r >> 8);
	case 1:	return 1ull << (r >> 8 & 63);
	case 2:	return (r >> 8 & 1 ? 0x7fffffffffffffffull : 0x7fffffff) + (r >> 16 & 1);
	case 3:	return (uint32_t)simd_random(seed);
	case 4:	return (uint64_t)(int64_t)(int32_t)simd_random(seed);
	default: return simd_random(seed);
	}
}

static uint64_t near_middle(uint64_t *seed, bool aligned)
{
	uint64_t at = WINDOW_MIDDLE - 64 + simd_random(seed) % 128;

	return aligned || simd_random(seed) % 4 == 0 ? at & ~15ull : at;
}

static uint64_t *reg(struct insn_state *s, unsigned r)
{
	return r == 31 ? &s->sp : &s->x[r];
}

/* The state that a lone memory instruction or indirect branch needs to go somewhere sensible. */
static void aim(uint64_t *seed, struct insn_state *s, uint32_t insn, enum a64_op op)
{
	struct a64_args a = { 0 };
	uint64_t base = near_middle(seed, must_align(op));

	a64_decode(insn, &a);
	if (op == A64_BR || op == A64_BLR || op == A64_RET) {
		*reg(s, a.rn == 31 ? 30 : a.rn) = s->pc - 4 + 4 * SLOT_WORDS * (simd_random(seed) % 8) +
						  60 * (simd_random(seed) & 1);
		return;
	}
	if (!(a64_info[op].flags & A64_FLAG_mem) || (a64_info[op].flags & A64_FLAG_lit))
		return;
	if (by_register(op)) {
		uint64_t index = (uint64_t)(int64_t)(int8_t)simd_random(seed), offset;

		if (a.rm != 31)
			s->x[a.rm] = a.option == 2 || a.option == 6 ? (uint32_t)index | simd_random(seed) << 32 : index;
		offset = a.rm == 31 ? 0 : a.option == 2 ? (uint32_t)index : index;
		base -= offset << a.amount;
	} else if (a64_info[op].group != A64_GROUP_ldst_struct && !strstr(a64_info[op].name, "_post")) {
		base -= (uint64_t)a.imm;
	}
	*reg(s, a.rn) = base;
}

static void random_state(uint64_t *seed, struct insn_state *s, bool fp)
{
	uint64_t r = simd_random(seed);

	for (unsigned i = 0; i < 31; i++)
		s->x[i] = random_x(seed);
	for (unsigned i = 0; i < 32; i++)
		s->v[i] = simd_random_vector(seed, fp, r >> 32 & 3);
	for (unsigned i = 0; i < MEM_BYTES / 8; i++)
		s->mem[i] = simd_random(seed);
	s->x[INDEX_REG] = simd_random(seed) % 32;
	s->x[BASE_REG] = near_middle(seed, false);
	s->x[ALIGNED_REG] = near_middle(seed, true);
	s->sp = near_middle(seed, true);
	s->nzcv = (uint32_t)r & 0xf0000000;
	s->fpcr = r & 1 ? 0 : (uint32_t)simd_random(seed) &
		  (ARM_FPCR_FZ16 | ARM_FPCR_RMODE | ARM_FPCR_FZ | ARM_FPCR_DN | ARM_FPCR_AHP);
	s->fpsr = r & 6 ? 0 : (uint32_t)simd_random(seed) & (ARM_FPSR_QC | ARM_FPSR_FLAGS);
}

static enum a64_op any_op(uint64_t *seed)
{
	enum a64_op op;

	do
		op = (enum a64_op)(1 + simd_random(seed) % (A64_OP_COUNT - 1));
	while (!insn_wanted(op) || NAMED(op, "BR") || NAMED(op, "BLR") || NAMED(op, "RET") || op == A64_B || op == A64_BL);
	return op;
}

/* Whether a store exclusive of another size than the load succeeds is up to the implementation. */
static uint32_t matching_store(uint64_t *seed, uint32_t load, enum a64_op op, unsigned at)
{
	uint32_t insn;

	do {
		op = op == A64_LDXR ? A64_STXR : op == A64_LDXP ? A64_STXP : op;
		insn = (draw(seed, op, at, false) & 0x3fffffff) | (load & 0xc0000000);
	} while (unpredictable(insn, op));
	return insn;
}

void insn_generate(uint64_t *seed, uint32_t index, enum a64_op op, unsigned count, struct insn_case *c)
{
	bool alone = op != A64_UNALLOCATED;

	memset(c, 0, sizeof(*c));
	c->count = alone ? 1 : count;
	random_state(seed, &c->in, !alone || (a64_info[op].flags & A64_FLAG_fp ? simd_random(seed) % 4 != 0 : false));
	c->in.pc = SLOT_PC(index);
	for (unsigned k = 0; k < c->count; k++) {
		enum a64_op next = alone ? op : any_op(seed);

		c->insn[k] = draw(seed, next, 1 + k, alone);
		if ((next == A64_LDXR || next == A64_LDXP) && k + 1 < c->count) {
			c->insn[k + 1] = matching_store(seed, c->insn[k], next, k + 2);
			k++;
		}
	}
	if (alone)
		aim(seed, &c->in, c->insn[0], op);
}
