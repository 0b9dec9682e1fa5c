/* SPDX-License-Identifier: BSD-2-Clause */
/* Random A64 programs (a64_gen.h). */
#include <string.h>

#include "base/bits.h"
#include "tests/diff/a64_gen.h"

#define NOP		0xd503201fu
#define CLREX		0xd503305fu

struct body {
	struct a64_gen *g;
	unsigned at, count;		/* instruction number; the body's length */
	bool sp_pointer;
	unsigned exclusive;		/* what all exclusives of the body are: size, 8 for pairs, 16; 0: none yet */
};

static uint64_t rnd(struct a64_gen *g)
{
	return a64_random_next(&g->seed);
}

static bool reserved(unsigned r)
{
	return r >= 22 && r <= 29;
}

static uint32_t field(uint32_t w, unsigned lo, unsigned n, uint64_t v)
{
	uint32_t mask = (uint32_t)((1ull << n) - 1) << lo;

	return (w & ~mask) | ((uint32_t)v << lo & mask);
}

static uint64_t groups_of(unsigned what)
{
#define G(name) BIT(A64_GROUP_##name)
	uint64_t m = 0;

	if (what & GEN_INT)
		m |= G(int_imm) | G(int_reg);
	if (what & GEN_BRANCH)
		m |= G(branch);
	if (what & GEN_LDST)
		m |= G(ldst);
	if (what & GEN_SYSTEM)
		m |= G(system);
	if (what & GEN_LDST_FP)
		m |= G(ldst_fp) | G(ldst_struct);
	if (what & GEN_FP)
		m |= G(fp);
	if (what & GEN_CRYPTO)
		m |= G(crypto);
	if (what & GEN_SIMD)
		for (unsigned k = A64_GROUP_simd_same; k < A64_GROUP_COUNT; k++)
			if (k != A64_GROUP_system)
				m |= BIT(k);
	return m;
#undef G
}

/* Forward, at most to the body's end. */
static bool fix_branch(struct body *b, uint32_t *w, enum a64_op op)
{
	unsigned left = b->count - b->at, by = 1 + (unsigned)(rnd(b->g) % MIN(left, 4));

	switch (op) {
	case A64_B: case A64_BL:
		*w = field(*w, 0, 26, by);
		return true;
	case A64_B_cond: case A64_CBZ: case A64_CBNZ:
		*w = field(*w, 5, 19, by);
		return true;
	case A64_TBZ: case A64_TBNZ:
		*w = field(*w, 5, 14, by);
		return true;
	case A64_BR: case A64_BLR: case A64_RET:
		*w = field(*w, 5, 5, 23);
		return rnd(b->g) % 4 == 0;
	default:
		return false;
	}
}

static bool fix_int(struct body *b, uint32_t *w, const struct a64_args *a)
{
	switch (a->op) {
	case A64_ADD_imm: case A64_SUB_imm: case A64_AND_imm: case A64_ORR_imm: case A64_EOR_imm: case A64_ADD_ext:
	case A64_SUB_ext:
		if (a->rd == 31 && b->sp_pointer)
			return false;
		break;
	default:
		break;
	}
	return !reserved(*w & 31);
}

static bool is_ordered(unsigned op)
{
	return (op >= A64_STXR && op <= A64_CASP) || (op >= A64_LDADD && op <= A64_LDAPR);
}

static bool has_imm12(unsigned op)
{
	return op == A64_STR_imm || op == A64_LDR_imm || op == A64_LDRS_imm || op == A64_STR_imm_fp || op == A64_LDR_imm_fp ||
	       op == A64_PRFM_imm;
}

static bool has_index(unsigned op)
{
	return op == A64_STR_reg || op == A64_LDR_reg || op == A64_LDRS_reg || op == A64_PRFM_reg || op == A64_STR_reg_fp ||
	       op == A64_LDR_reg_fp;
}

static unsigned pointer(struct body *b, unsigned op)
{
	unsigned n = (unsigned)(rnd(b->g) % (b->sp_pointer ? 4 : 3));

	return is_ordered(op) ? 28 : n == 3 ? 31 : 25 + n;
}

/* A store exclusive must be of the kind of the load before it. */
static bool fix_exclusive(struct body *b, const struct a64_args *a)
{
	bool pair = a->op == A64_LDXP || a->op == A64_STXP;
	unsigned kind = 16u + a->size + (pair ? 8u : 0);

	if (!(a64_info[a->op].flags & A64_FLAG_excl))
		return true;
	if (!b->exclusive)
		b->exclusive = kind;
	if (pair && (reserved(a->rt2) || a->rt == a->rt2))
		return false;
	if (a->op == A64_STXR || a->op == A64_STXP)
		return b->exclusive == kind && !reserved(a->rs) && a->rs != a->rt && (!pair || a->rs != a->rt2);
	return b->exclusive == kind;
}

static bool fix_memory(struct body *b, uint32_t *w, const struct a64_args *a)
{
	unsigned op = a->op, group = a64_info[op].group;
	bool vector = group != A64_GROUP_ldst;

	if (a64_info[op].flags & A64_FLAG_lit) {
		unsigned first = A64_WORDS - A64_LITERALS, last = A64_WORDS - 4;

		*w = field(*w, 5, 19, first + rnd(b->g) % (last - first + 1) - b->at);
		return vector || !reserved(a->rt) || op == A64_PRFM_lit;
	}
	*w = field(*w, 5, 5, pointer(b, op));
	if (has_imm12(op))
		*w &= ~(0xf00u << 10);
	if (has_index(op))
		*w = field(*w, 16, 5, 22);
	if (group == A64_GROUP_ldst_struct && (a64_info[op].flags & A64_FLAG_wb))
		*w = field(*w, 16, 5, rnd(b->g) & 1 ? 22 : 31);
	if (op == A64_LDAPR)
		*w = field(*w, 16, 5, 31);	/* should be ones */
	if (vector)
		return a->rt != a->rt2 || !(a64_info[op].flags & A64_FLAG_load) || group == A64_GROUP_ldst_struct ||
		       !(op >= A64_STNP_fp && op <= A64_LDP_pre_fp);
	if (reserved(a->rt) || (op >= A64_STNP && op <= A64_LDPSW_pre && (reserved(a->rt2) || a->rt == a->rt2)))
		return false;
	if (op == A64_CASP && (a->rt >= 20 || a->rs >= 20))
		return false;
	return (!is_ordered(op) || !reserved(a->rs)) && fix_exclusive(b, a);
}

/* NZCV and FPSR are written and read back, FPCR read. */
static bool fix_system(struct body *b, uint32_t *w, const struct a64_args *a)
{
	static const uint16_t regs[3] = { 0xda10, 0xda21, 0xda20 };

	switch (a->op) {
	case A64_NOP: case A64_YIELD: case A64_SEV: case A64_CLREX: case A64_DSB: case A64_DMB: case A64_ISB: case A64_SB:
	case A64_CFINV:
		return true;
	case A64_MRS: case A64_MSR:
		*w = field(*w, 5, 16, regs[rnd(b->g) % (a->op == A64_MSR ? 1 : (b->g->what & GEN_FP) ? 3 : 1)]);
		return !reserved(a->rt);
	default:
		return false;
	}
}

/* Makes a drawn word fit the body. False: draw another. */
static bool fix(struct body *b, uint32_t *w)
{
	struct a64_args a = { 0 };
	unsigned op = a64_decode(*w, &a);

	switch (a64_info[op].group) {
	case A64_GROUP_branch:
		return fix_branch(b, w, (enum a64_op)op);
	case A64_GROUP_int_imm: case A64_GROUP_int_reg:
		return fix_int(b, w, &a);
	case A64_GROUP_ldst: case A64_GROUP_ldst_fp: case A64_GROUP_ldst_struct:
		return fix_memory(b, w, &a) && a64_decode(*w, &a) == op;
	case A64_GROUP_system:
		return fix_system(b, w, &a) && a64_decode(*w, &a) == op;
	default:
		if (op == A64_FCVTZS_sfixh)		/* QEMU extends the sign past the half */
			return false;
		/* Some FP and SIMD instructions have a general register as destination. */
		return !reserved(*w & 31);
	}
}

static uint64_t interesting(struct a64_gen *g)
{
	uint64_t v = rnd(g);

	switch (rnd(g) % 8) {
	case 0:	return v & 0xff;
	case 1:	return ~0ull - (v & 3);
	case 2:	return 1ull << (v & 63);
	case 3:	return (1ull << (v & 63)) - 1;
	case 4:	return (uint32_t)v;
	case 5:	return (uint64_t)(int32_t)v;
	default: return v;
	}
}

/* Singles and doubles with special exponents as often as plain ones. */
static uint64_t interesting_fp(struct a64_gen *g)
{
	static const uint64_t d[] = { 0, 0x3ff0000000000000, 0x7ff0000000000000, 0x7ff8000000000000, 0x7ff0000000000001, 1,
				      0x000fffffffffffff, 0x7fefffffffffffff, 0x4330000000000001, 0x41dfffffffc00000 };
	static const uint32_t s[] = { 0, 0x3f800000, 0x7f800000, 0x7fc00000, 0x7f800001, 1, 0x007fffff, 0x7f7fffff, 0x4b000001 };
	uint64_t v = rnd(g), sign = v & 0x8000000080000000;

	switch (rnd(g) % 6) {
	case 0:	return d[v % ARRAY_SIZE(d)] | (sign & BIT(63));
	case 1:	return (s[v % ARRAY_SIZE(s)] | (uint64_t)s[(v >> 8) % ARRAY_SIZE(s)] << 32) | sign;
	case 2:	return (v & 0x800fffffffffffff) | (0x3f0ull + (v >> 52) % 32) << 52;
	case 3:	return (v & 0x807fffff807fffff) | 0x3f0000003f000000 | (rnd(g) & 0x0380000003800000);
	default: return v;
	}
}

static void state(struct a64_gen *g, struct a64_state *s, const struct a64_case *c, bool sp_pointer)
{
	for (unsigned r = 0; r < 31; r++)
		s->x[r] = interesting(g);
	s->sp = sp_pointer ? A64_DATA + 0x8000 + 16 * (rnd(g) % 64) : interesting(g);
	s->x[22] = rnd(g) & 0xff;
	s->x[23] = c->pc + 4 * c->count;
	s->x[24] = c->pc;
	for (unsigned r = 25; r < 28; r++)
		s->x[r] = A64_DATA + 0x6000 + rnd(g) % 0x4000;
	s->x[28] = A64_DATA + 0x8000 + 64 * (rnd(g) % 4);
	s->x[29] = A64_STATE;
	s->nzcv = (rnd(g) & 15) << 28;
	s->fpcr = g->fpcr;
	for (unsigned v = 0; v < 32; v++) {
		s->v[v][0] = interesting_fp(g);
		s->v[v][1] = interesting_fp(g);
	}
}

void a64_gen_case(struct a64_gen *g, uint64_t pc, struct a64_case *c)
{
	struct a64_random_filter f = { .features = g->features, .groups = groups_of(g->what) };
	bool loop = rnd(g) % 3 == 0;
	struct body b = { .g = g, .count = 2 + (unsigned)(rnd(g) % (g->max - 1)), .sp_pointer = rnd(g) & 1 };
	unsigned at = 0;

	memset(c, 0, sizeof(*c));
	c->pc = pc;
	c->seed = rnd(g);
	c->word[at++] = CLREX;
	if (loop)
		c->word[at++] = 0xd2800018 | (uint32_t)(1 + rnd(g) % 4) << 5;	/* mov x24, #n */
	b.count += at;
	for (b.at = at; b.at < b.count; b.at++)
		do
			c->word[b.at] = a64_random_word(&g->seed, a64_random_op(&g->seed, &f));
		while (!fix(&b, &c->word[b.at]));
	if (loop) {
		c->word[b.at++] = 0xd1000718;					/* sub x24, x24, #1 */
		c->word[b.at] = 0xb5000018 | (((at - b.at) & 0x7ffff) << 5);	/* cbnz x24, body */
		b.at++;
	}
	c->count = b.at;
	for (unsigned k = A64_WORDS - A64_LITERALS; k < A64_WORDS; k++)
		c->word[k] = (uint32_t)rnd(g);
	state(g, &c->in, c, b.sp_pointer);
}
