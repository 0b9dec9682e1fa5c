/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Selection of integer and flags ops. Long because flags are computed where they are used: what sets EFLAGS and what
 * reads them share the tables at the top. docs/status.md: the flags half is to become a file of its own.
 */
#include "engine/dbt/x64/gen.h"
#include "base/bits.h"

static bool wide(const struct ir_ins *i)
{
	return i->type == IR_I64;
}

/* ---- flags ---- */

static const enum x_cc cc_sub[16] = { X_E, X_NE, X_AE, X_B, X_S, X_NS, X_O, X_NO, X_A, X_BE, X_GE, X_L, X_G, X_LE };
/* After test: C and V are clear, and x86 has CF clear where a compare would have meant C set. */
static const enum x_cc cc_and[16] = { X_E, X_NE, X_B, X_AE, X_S, X_NS, X_O, X_NO, X_B, X_AE, X_GE, X_L, X_G, X_LE };

static bool cond_holds(enum ir_cond cc, unsigned nzcv)
{
	bool n = nzcv & 8, z = nzcv & 4, c = nzcv & 2, v = nzcv & 1, r;

	switch (cc >> 1) {
	case 0:	r = z; break;
	case 1:	r = c; break;
	case 2:	r = n; break;
	case 3:	r = v; break;
	case 4:	r = c && !z; break;
	case 5:	r = n == v; break;
	case 6:	r = n == v && !z; break;
	default: return true;
	}
	return r != (cc & 1);
}

static struct x_cond cond(enum x_cc cc)
{
	return (struct x_cond){ cc, PAR_NONE };
}

/* ucomis a, b or, for the conditions that need it, b, a. */
static struct x_cond fcmp_test(struct gen *g, const struct ir_ins *f, enum ir_cond cc)
{
	static const struct { uint8_t cc, swap, par; } map[14] = {
		[CC_EQ] = { X_E, 0, PAR_AND_NP }, [CC_NE] = { X_NE, 0, PAR_OR_P },
		[CC_CS] = { X_BE, 1, PAR_NONE }, [CC_CC] = { X_A, 1, PAR_NONE },
		[CC_MI] = { X_A, 1, PAR_NONE }, [CC_PL] = { X_BE, 1, PAR_NONE },
		[CC_VS] = { X_P, 0, PAR_NONE }, [CC_VC] = { X_NP, 0, PAR_NONE },
		[CC_HI] = { X_B, 1, PAR_NONE }, [CC_LS] = { X_AE, 1, PAR_NONE },
		[CC_GE] = { X_AE, 0, PAR_NONE }, [CC_LT] = { X_B, 0, PAR_NONE },
		[CC_GT] = { X_A, 0, PAR_NONE }, [CC_LE] = { X_BE, 0, PAR_NONE },
	};
	unsigned a = gen_xmm(g, f->a), b = gen_xmm(g, f->b);
	unsigned op = f->imm ? 0x2f : 0x2e;

	if (map[cc].swap) {
		unsigned t = a;

		a = b;
		b = t;
	}
	v_rrr(&g->c, 1, f->sub == IR_F64 ? 1 : 0, false, op, a, 0, b);
	return (struct x_cond){ (enum x_cc)map[cc].cc, (int)map[cc].par };
}

static void compare(struct gen *g, enum x_alu op, bool w, uint32_t a, uint32_t b)
{
	unsigned ra = gen_gpr(g, a);
	int32_t imm;

	if (gen_imm32(g, b, w, &imm)) {
		if (imm == 0 && op == ALU_CMP)
			x_alu_imm(&g->c, ALU_CMP, w, ra, 0);
		else
			x_alu_imm(&g->c, op, w, ra, imm);
	} else {
		x_alu(&g->c, op, w, ra, gen_gpr(g, b));
	}
}

struct x_cond gen_flags_test(struct gen *g, uint32_t flags, enum ir_cond cc)
{
	const struct ir_ins *f = &g->ir->ins[flags];
	bool w = f->sub == IR_I64;
	struct code *c = &g->c;
	int32_t imm;
	unsigned ra;

	if (cc >= CC_AL)
		return (struct x_cond){ X_E, PAR_ALWAYS };
	switch (f->op) {
	case IR_FLAGS_SUB:
		compare(g, ALU_CMP, w, f->a, f->b);
		return cond(cc_sub[cc]);
	case IR_FLAGS_AND:
		ra = gen_gpr(g, f->a);
		if (f->a != f->b && gen_imm32(g, f->b, w, &imm))
			x_test_imm(c, w && imm < 0, ra, imm);
		else
			x_test(c, w, ra, gen_gpr(g, f->b));
		return cond(cc_and[cc]);
	case IR_FLAGS_ADD:
		ra = gen_gpr(g, f->a);
		x_mov(c, w, RAX, ra);
		if (gen_imm32(g, f->b, w, &imm))
			x_alu_imm(c, ALU_ADD, w, RAX, imm);
		else
			x_alu(c, ALU_ADD, w, RAX, gen_gpr(g, f->b));
		if (cc == CC_CS || cc == CC_CC)
			return cond(cc == CC_CS ? X_B : X_AE);
		if (cc == CC_HI || cc == CC_LS)
			e8(c, 0xf5);		/* cmc */
		return cond(cc_sub[cc]);
	case IR_FLAGS_IMM:
		return (struct x_cond){ X_E, cond_holds(cc, (unsigned)f->imm & 15) ? PAR_ALWAYS : PAR_NEVER };
	case IR_FLAGS_FCMP:
		return fcmp_test(g, f, cc);
	default:
		x_mov(c, false, RAX, gen_gpr(g, flags));
		e8(c, 0x04);			/* add al, 127: OF if al is 1 */
		e8(c, 127);
		e8(c, 0x9e);			/* sahf */
		return cond(cc_sub[cc]);
	}
}

void gen_flags_to_ax(struct gen *g, uint32_t flags)
{
	uint32_t keep[SLOT_COUNT], snap;

	/* The snapshot's way to compute them, for a snapshot of that slot alone. */
	memcpy(keep, g->cur, sizeof(keep));
	for (unsigned s = 0; s < SLOT_COUNT; s++)
		g->cur[s] = NONE;
	g->cur[SLOT_FLAGS] = flags;
	snap = gen_snapshot(g);
	memcpy(g->cur, keep, sizeof(keep));
	if (!g->full) {
		const uint32_t *w = g->snaps + snap + 1;

		gen_flags_words_to_ax(g, &w);
	}
	g->snap_count = snap;
}

/* ---- arithmetic ---- */

static void alu2(struct gen *g, struct ir_ins *i, enum x_alu op, bool commutes)
{
	struct code *c = &g->c;
	bool w = wide(i);
	unsigned a = gen_gpr(g, i->a), b = NO_REG, d;
	bool imm_fits = i->b == NONE && (!w || (int64_t)i->imm == (int32_t)i->imm);

	if (i->b != NONE) {
		b = gen_gpr(g, i->b);
	} else if (!imm_fits) {
		x_mov_imm(c, RAX, i->imm);
		b = RAX;
	}
	if (commutes && b != NO_REG && b != RAX && !gen_dead_after(g, i->a) && gen_dead_after(g, i->b)) {
		unsigned t = a;

		a = b;
		b = t;
	}
	gen_consume(g);
	d = gen_def_gpr(g, g->n, a, b != NO_REG && b != RAX && b != a ? 1u << b : 0);
	if (op == ALU_ADD && d != a) {
		if (b == NO_REG)
			x_lea(c, w, d, xm(a, (int32_t)i->imm));
		else
			x_lea(c, w, d, xmi(a, b, 0, 0));
		return;
	}
	if (d != a)
		x_mov(c, w, d, a);
	if (b != NO_REG)
		x_alu(c, op, w, d, b);
	else
		x_alu_imm(c, op, w, d, (int32_t)i->imm);
}

/* and with a mask that movzx or a 32-bit and can do. */
static void and_imm(struct gen *g, struct ir_ins *i)
{
	struct code *c = &g->c;
	unsigned a, d;

	if (i->imm != 0xff && i->imm != 0xffff && i->imm != 0xffffffff && !(wide(i) && i->imm <= 0x7fffffff)) {
		alu2(g, i, ALU_AND, true);
		return;
	}
	a = gen_gpr(g, i->a);
	gen_consume(g);
	d = gen_def_gpr(g, g->n, a, 0);
	if (i->imm == 0xff)
		x_rr_byte(c, 0x0fb6, false, d, a);
	else if (i->imm == 0xffff)
		x_rr(c, 0x0fb7, false, d, a);
	else if (i->imm == 0xffffffff)
		x_mov(c, false, d, a);
	else {
		if (d != a)
			x_mov(c, false, d, a);
		x_alu_imm(c, ALU_AND, false, d, (int32_t)i->imm);
	}
}

static void shift(struct gen *g, struct ir_ins *i, enum x_shift op)
{
	struct code *c = &g->c;
	bool w = wide(i);
	unsigned a = gen_gpr(g, i->a), b, d;

	if (i->b == NONE) {
		unsigned n = (unsigned)i->imm & (w ? 63 : 31);

		gen_consume(g);
		d = gen_def_gpr(g, g->n, a, 0);
		if (op == SH_SHL && n == 1 && d != a) {
			x_lea(c, w, d, xmi(a, a, 0, 0));
			return;
		}
		if (d != a || (!n && !w))
			x_mov(c, w, d, a);
		if (n)
			x_shift_imm(c, op, w, d, n);
		return;
	}
	b = gen_gpr(g, i->b);
	x_mov(c, false, RCX, b);
	gen_consume(g);
	d = gen_def_gpr(g, g->n, a, 0);
	if (op != SH_ROR && g->host->bmi2) {
		unsigned pp = op == SH_SHL ? 1 : op == SH_SHR ? 3 : 2;	/* shlx, shrx, sarx d, a, rcx */

		v_rrr(c, 2, pp, w, 0xf7, d, RCX, a);
		return;
	}
	if (d != a)
		x_mov(c, w, d, a);
	x_shift_cl(c, op, w, d);
}

static void mul(struct gen *g, struct ir_ins *i)
{
	struct code *c = &g->c;
	bool w = wide(i);
	unsigned a = gen_gpr(g, i->a), b, d;

	if (i->b == NONE && (!w || (int64_t)i->imm == (int32_t)i->imm)) {
		gen_consume(g);
		d = gen_def_gpr(g, g->n, NO_REG, 0);
		x_rr(c, 0x69, w, d, a);
		e32(c, (uint32_t)i->imm);
		return;
	}
	if (i->b == NONE) {
		x_mov_imm(c, RAX, i->imm);
		b = RAX;
	} else {
		b = gen_gpr(g, i->b);
	}
	gen_consume(g);
	d = gen_def_gpr(g, g->n, a, b != a && b != RAX ? 1u << b : 0);
	if (d != a)
		x_mov(c, w, d, a);
	x_rr(c, 0x0faf, w, d, b);
}

static void mul_high(struct gen *g, struct ir_ins *i)
{
	unsigned a = gen_gpr(g, i->a), b = gen_gpr(g, i->b), d;

	x_mov(&g->c, true, RAX, a);
	x_f7(&g->c, i->op == IR_UMULH ? 4 : 5, true, b);
	gen_consume(g);
	d = gen_def_gpr(g, g->n, NO_REG, 0);
	x_mov(&g->c, true, d, RDX);
}

/* ARM: x / 0 is 0; the most negative number divided by -1 is itself. */
static void divide(struct gen *g, struct ir_ins *i)
{
	struct code *c = &g->c;
	bool w = wide(i);
	unsigned a = gen_gpr(g, i->a), b = gen_gpr(g, i->b), d;
	uint32_t zero, minus = 0, done = 0;

	x_mov_imm(c, RDX, 0);
	x_mov(c, w, RAX, b);
	x_test(c, w, b, b);
	zero = x_jcc8(c, X_E);		/* rax is 0 */
	if (i->op == IR_SDIV) {
		x_alu_imm(c, ALU_CMP, w, b, -1);
		x_mov(c, w, RAX, a);
		minus = x_jcc8(c, X_E);
		e_rex(c, w, 0, NO_REG, 0, false);
		e8(c, 0x99);		/* cdq, cqo */
		x_f7(c, 7, w, b);
		done = x_jmp8(c);
		x_patch8(c, minus);
		x_f7(c, 3, w, RAX);
		x_patch8(c, done);
	} else {
		x_mov(c, w, RAX, a);
		x_f7(c, 6, w, b);
	}
	x_patch8(c, zero);
	gen_consume(g);
	d = gen_def_gpr(g, g->n, NO_REG, 0);
	x_mov(c, w, d, RAX);
}

static void unary(struct gen *g, struct ir_ins *i, unsigned digit)
{
	unsigned a = gen_gpr(g, i->a), d;

	gen_consume(g);
	d = gen_def_gpr(g, g->n, a, 0);
	if (d != a)
		x_mov(&g->c, wide(i), d, a);
	x_f7(&g->c, digit, wide(i), d);
}

static void count_zeros(struct gen *g, struct ir_ins *i)
{
	struct code *c = &g->c;
	bool w = wide(i);
	unsigned a = gen_gpr(g, i->a), d;

	gen_consume(g);
	d = gen_def_gpr(g, g->n, NO_REG, 0);
	if (g->host->lzcnt) {
		x_prr(c, 0xf3, 0x0fbd, w, d, a);
		return;
	}
	x_mov_imm(c, RAX, w ? 127 : 63);
	x_rr(c, 0x0fbd, w, RCX, a);		/* bsr */
	x_cmov(c, X_E, w, RCX, RAX);
	x_mov(c, w, d, RCX);
	x_alu_imm(c, ALU_XOR, w, d, w ? 63 : 31);
}

static void bswap(struct gen *g, bool w, unsigned d)
{
	e_rex(&g->c, w, 0, NO_REG, d, false);
	e8(&g->c, 0x0f);
	e8(&g->c, 0xc8 | (d & 7));
}

/* ((d >> n) & mask) | ((d & mask) << n), through rax; mask in rcx when it is wide. */
static void swap_groups(struct gen *g, bool w, unsigned d, unsigned n, uint64_t mask)
{
	struct code *c = &g->c;

	x_mov(c, w, RAX, d);
	x_shift_imm(c, SH_SHR, w, RAX, n);
	x_mov_imm(c, RCX, w ? mask : (uint32_t)mask);
	x_alu(c, ALU_AND, w, RAX, RCX);
	x_alu(c, ALU_AND, w, d, RCX);
	x_shift_imm(c, SH_SHL, w, d, n);
	x_alu(c, ALU_OR, w, d, RAX);
}

static void reverse(struct gen *g, struct ir_ins *i)
{
	bool w = wide(i);
	unsigned a = gen_gpr(g, i->a), d;

	gen_consume(g);
	d = gen_def_gpr(g, g->n, a, 0);
	if (d != a)
		x_mov(&g->c, w, d, a);
	switch (i->op) {
	case IR_REV16:
		swap_groups(g, w, d, 8, 0x00ff00ff00ff00ff);
		break;
	case IR_REV32:
		bswap(g, true, d);
		x_shift_imm(&g->c, SH_ROR, true, d, 32);
		break;
	case IR_RBIT:
		bswap(g, w, d);
		swap_groups(g, w, d, 4, 0x0f0f0f0f0f0f0f0f);
		swap_groups(g, w, d, 2, 0x3333333333333333);
		swap_groups(g, w, d, 1, 0x5555555555555555);
		break;
	default:
		bswap(g, w, d);
	}
}

static void extract(struct gen *g, struct ir_ins *i)
{
	bool w = wide(i);
	unsigned a = gen_gpr(g, i->a), b = gen_gpr(g, i->b), d;

	gen_consume(g);
	d = gen_def_gpr(g, g->n, b, a != b ? 1u << a : 0);
	if (d == a && a != b) {
		x_mov(&g->c, true, RAX, a);
		a = RAX;
	}
	if (d != b)
		x_mov(&g->c, w, d, b);
	x_rr(&g->c, 0x0fac, w, a, d);		/* shrd d, a, imm */
	e8(&g->c, (unsigned)i->imm & (w ? 63 : 31));
	if (!w && !(i->imm & 31))
		x_mov(&g->c, false, d, d);	/* a zero count leaves the upper half alone */
}

static void extend(struct gen *g, struct ir_ins *i)
{
	struct code *c = &g->c;
	bool w = wide(i);
	unsigned a = gen_gpr(g, i->a), d;

	gen_consume(g);
	d = gen_def_gpr(g, g->n, a, 0);
	switch (i->op) {
	case IR_ZEXT8:	x_rr_byte(c, 0x0fb6, false, d, a); break;
	case IR_ZEXT16:	x_rr(c, 0x0fb7, false, d, a); break;
	case IR_SEXT8:	x_rr_byte(c, 0x0fbe, w, d, a); break;
	case IR_SEXT16:	x_rr(c, 0x0fbf, w, d, a); break;
	case IR_SEXT32:
		if (w)
			x_rr(c, 0x63, true, d, a);
		else
			x_mov(c, false, d, a);
		break;
	default:	x_mov(c, false, d, a);
	}
}

static void crc32(struct gen *g, struct ir_ins *i)
{
	struct code *c = &g->c;
	unsigned a, b, d;

	if (!i->imm && g->host->pclmul) {
		gen_crc32(g, i);
		return;
	}
	if (!i->imm || !g->host->sse42) {
		gen_exact_always(g, i);
		return;
	}
	a = gen_gpr(g, i->a);
	b = gen_gpr(g, i->b);
	x_mov(c, true, RCX, b);
	gen_consume(g);
	d = gen_def_gpr(g, g->n, a, 0);
	if (d != a)
		x_mov(c, false, d, a);
	else
		x_mov(c, false, d, d);
	/* crc32 d, rcx */
	if (i->sub == 1)
		e8(c, 0x66);
	e8(c, 0xf2);
	e_rex(c, i->sub == 3, d, NO_REG, RCX, i->sub == 0);
	e8(c, 0x0f);
	e8(c, 0x38);
	e8(c, i->sub == 0 ? 0xf0 : 0xf1);
	e8(c, 0xc0 | (d & 7) << 3 | RCX);
}

static void select(struct gen *g, struct ir_ins *i)
{
	struct code *c = &g->c;
	bool w = wide(i);
	unsigned a = gen_gpr(g, i->a), b = gen_gpr(g, i->b), d;
	struct x_cond t = gen_flags_test(g, i->c, (enum ir_cond)i->sub);

	gen_consume(g);
	/* No op that sets EFLAGS may come from gen_def: eviction stores and moves only. */
	d = gen_def_gpr(g, g->n, b, a != b ? 1u << a : 0);
	if (t.par == PAR_ALWAYS || t.par == PAR_NEVER) {
		x_mov(c, w, d, t.par == PAR_ALWAYS ? a : b);
		return;
	}
	if (d != b)
		x_mov(c, w, d, b);
	else if (!w)
		x_mov(c, false, d, d);
	if (t.par == PAR_AND_NP) {		/* a if e and np: keep b in rax for the parity case */
		x_mov(c, w, RAX, d);
		x_cmov(c, t.cc, w, d, a);
		x_cmov(c, X_P, w, d, RAX);
		return;
	}
	x_cmov(c, t.cc, w, d, a);
	if (t.par == PAR_OR_P)
		x_cmov(c, X_P, w, d, a);
}

static void setcc(struct gen *g, struct ir_ins *i)
{
	struct code *c = &g->c;
	struct x_cond t = gen_flags_test(g, i->a, (enum ir_cond)i->sub);
	unsigned d;

	if (t.par == PAR_ALWAYS || t.par == PAR_NEVER) {
		x_mov_imm(c, RAX, t.par == PAR_ALWAYS);
	} else {
		x_setcc(c, t.cc, RAX);
		if (t.par != PAR_NONE) {
			x_setcc(c, t.par == PAR_AND_NP ? X_NP : X_P, RCX);
			x_rr_byte(c, t.par == PAR_AND_NP ? 0x22 : 0x0a, false, RAX, RCX);	/* and/or al, cl */
		}
		x_rr_byte(c, 0x0fb6, false, RAX, RAX);
	}
	gen_consume(g);
	d = gen_def_gpr(g, g->n, NO_REG, 0);
	x_mov(c, false, d, RAX);
}

/* Leaves C of the flags in CF, as the x86 op that follows wants it: adc takes C, sbb takes not C. */
static void carry_to_cf(struct gen *g, uint32_t flags, bool inverted)
{
	struct x_cond t = gen_flags_test(g, flags, inverted ? CC_CC : CC_CS);
	struct code *c = &g->c;

	if (t.par == PAR_ALWAYS || t.par == PAR_NEVER) {
		e8(c, t.par == PAR_ALWAYS ? 0xf9 : 0xf8);	/* stc, clc */
		return;
	}
	if (t.cc == X_B)
		return;
	if (t.cc == X_AE) {
		e8(c, 0xf5);
		return;
	}
	x_setcc(c, t.cc, RAX);
	e8(c, 0x04);			/* add al, 0xff: carry if it was 1 */
	e8(c, 0xff);
}

static void adc(struct gen *g, struct ir_ins *i)
{
	struct code *c = &g->c;
	bool sub = i->op == IR_SBC || i->op == IR_FLAGS_SBC, flags = i->op == IR_FLAGS_ADC || i->op == IR_FLAGS_SBC;
	bool w = flags ? i->sub == IR_I64 : wide(i);
	unsigned a = gen_gpr(g, i->a), b = gen_gpr(g, i->b), d;

	carry_to_cf(g, i->c, sub);
	x_mov(c, w, RDX, a);
	x_alu(c, sub ? ALU_SBB : ALU_ADC, w, RDX, b);
	if (flags) {
		if (!sub)
			e8(c, 0xf5);
		e8(c, 0x9f);
		x_setcc(c, X_O, RAX);
		x_rr(c, 0x0fb7, false, RDX, RAX);
	}
	gen_consume(g);
	d = gen_def_gpr(g, g->n, NO_REG, 0);
	x_mov(c, flags ? false : w, d, RDX);
}

static void ccmp(struct gen *g, struct ir_ins *i)
{
	struct code *c = &g->c;
	unsigned d;
	bool w = i->sub == IR_I64, fp = i->imm & 0x200;
	uint32_t done = 0, done2 = 0;
	struct x_cond t;
	unsigned a, b;
	int32_t imm = 0;
	bool b_imm = !fp && gen_imm32(g, i->b, w, &imm);

	a = fp ? gen_xmm(g, i->a) : gen_gpr(g, i->a);
	b = fp ? gen_xmm(g, i->b) : b_imm ? NO_REG : gen_gpr(g, i->b);
	t = gen_flags_test(g, i->c, (enum ir_cond)(i->imm >> 4 & 15));
	x_mov_imm_keep(c, RAX, nzcv_to_flags((uint32_t)(i->imm & 15) << 28));
	if (t.par == PAR_AND_NP) {
		done = x_jcc8(c, X_P);
		done2 = x_jcc8(c, t.cc ^ 1);
	} else if (t.par == PAR_OR_P) {
		uint32_t yes = x_jcc8(c, X_P);

		done = x_jcc8(c, t.cc ^ 1);
		x_patch8(c, yes);
	} else if (t.par == PAR_NEVER) {
		done = x_jmp8(c);
	} else if (t.par == PAR_NONE) {
		done = x_jcc8(c, t.cc ^ 1);
	}
	if (fp) {
		v_rrr(c, 1, i->sub == IR_F64 ? 1 : 0, false, i->imm & 0x400 ? 0x2f : 0x2e, a, 0, b);
		gen_fcmp_in_ax(g);
	} else {
		bool add = i->imm & 0x100;

		if (add) {
			x_mov(c, w, RCX, a);
			a = RCX;
		}
		if (b_imm)
			x_alu_imm(c, add ? ALU_ADD : ALU_CMP, w, a, imm);
		else
			x_alu(c, add ? ALU_ADD : ALU_CMP, w, a, b);
		if (add)
			e8(c, 0xf5);
		e8(c, 0x9f);
		x_setcc(c, X_O, RAX);
		x_rr(c, 0x0fb7, false, RAX, RAX);
	}
	if (done)
		x_patch8(c, done);
	if (done2)
		x_patch8(c, done2);
	gen_consume(g);
	d = gen_def_gpr(g, g->n, NO_REG, 0);
	x_mov(c, false, d, RAX);
}

/* NZCV in bits 31:28 of eax from the slot's form in eax, and back. Uses rcx, rdx. */
static void flags_read(struct gen *g, struct ir_ins *i)
{
	struct code *c = &g->c;
	unsigned d;

	gen_flags_to_ax(g, i->a);
	x_mov(c, false, RCX, RAX);		/* N Z: bits 15:14 -> 31:30 */
	x_alu_imm(c, ALU_AND, false, RCX, 0xc000);
	x_shift_imm(c, SH_SHL, false, RCX, 16);
	x_mov(c, false, RDX, RAX);		/* C: not bit 8 -> 29 */
	x_f7(c, 2, false, RDX);
	x_alu_imm(c, ALU_AND, false, RDX, 0x100);
	x_shift_imm(c, SH_SHL, false, RDX, 21);
	x_alu(c, ALU_OR, false, RCX, RDX);
	x_alu_imm(c, ALU_AND, false, RAX, 1);	/* V */
	x_shift_imm(c, SH_SHL, false, RAX, 28);
	x_alu(c, ALU_OR, false, RCX, RAX);
	gen_consume(g);
	d = gen_def_gpr(g, g->n, NO_REG, 0);
	x_mov(c, false, d, RCX);
}

static void flags_put(struct gen *g, struct ir_ins *i)
{
	struct code *c = &g->c;
	unsigned a = gen_gpr(g, i->a), d;

	x_mov(c, false, RAX, a);
	x_shift_imm(c, SH_SHR, false, RAX, 28);
	x_mov(c, false, RCX, RAX);
	x_alu_imm(c, ALU_AND, false, RCX, 12);	/* N Z: bits 3:2 -> 15:14 */
	x_shift_imm(c, SH_SHL, false, RCX, 12);
	x_mov(c, false, RDX, RAX);
	x_f7(c, 2, false, RDX);
	x_alu_imm(c, ALU_AND, false, RDX, 2);	/* not C: bit 1 -> 8 */
	x_shift_imm(c, SH_SHL, false, RDX, 7);
	x_alu(c, ALU_OR, false, RCX, RDX);
	x_alu_imm(c, ALU_AND, false, RAX, 1);
	x_alu(c, ALU_OR, false, RCX, RAX);
	gen_consume(g);
	d = gen_def_gpr(g, g->n, NO_REG, 0);
	x_mov(c, false, d, RCX);
}

static void pcrel(struct gen *g, struct ir_ins *i)
{
	unsigned d;

	if ((int64_t)i->imm == (int32_t)i->imm)
		return;			/* made where it is wanted */
	x_mov_imm(&g->c, RAX, i->imm);
	d = gen_def_gpr(g, g->n, NO_REG, 0);
	x_load(&g->c, true, d, xm(ST, CPU_OFFSET(vpage)));
	x_alu(&g->c, ALU_ADD, true, d, RAX);
}

static void lds(struct gen *g, struct ir_ins *i)
{
	static const unsigned op[4] = { 0x0fb6, 0x0fb7, 0x8b, 0x8b };
	unsigned d = gen_def_gpr(g, g->n, NO_REG, 0);

	x_rm(&g->c, op[i->sub], i->sub == 3, d, xm(ST, (int32_t)i->imm - CPU_BIAS));
}

/* ((TSC - tsc_base) * mult >> shift) + counter_base; a TSC that is behind on this core counts as the base. */
static void counter(struct gen *g)
{
	struct code *c = &g->c;
	unsigned d;

	e8(c, 0x0f);					/* lfence: not before what comes before */
	e8(c, 0xae);
	e8(c, 0xe8);
	e8(c, 0x0f);					/* rdtsc */
	e8(c, 0x31);
	x_shift_imm(c, SH_SHL, true, RDX, 32);
	x_alu(c, ALU_OR, true, RAX, RDX);
	x_mov_imm(c, RCX, 0);
	x_alu_mem(c, ALU_SUB, true, RAX, xm(ST, CPU_OFFSET(tsc_base)));
	x_cmov(c, X_B, true, RAX, RCX);
	x_rm(c, 0xf7, true, 4, xm(ST, CPU_OFFSET(tsc_mult)));	/* mul */
	x_load(c, false, RCX, xm(ST, CPU_OFFSET(counter_shift)));
	x_rr(c, 0x0fad, true, RDX, RAX);		/* shrd rax, rdx, cl */
	x_alu_mem(c, ALU_ADD, true, RAX, xm(ST, CPU_OFFSET(counter_base)));
	d = gen_def_gpr(g, g->n, NO_REG, 0);
	x_mov(c, true, d, RAX);
}

static void sts(struct gen *g, struct ir_ins *i)
{
	struct xmem m = xm(ST, (int32_t)i->imm - CPU_BIAS);
	unsigned a;
	int32_t imm;

	if (i->sub >= 2 && gen_imm32(g, i->a, i->sub == 3, &imm)) {
		x_store_imm(&g->c, i->sub == 3, imm, m);
		gen_consume(g);
		return;
	}
	a = gen_gpr(g, i->a);
	if (i->sub == 0) {
		x_rm_byte(&g->c, 0x88, a, m);
	} else {
		if (i->sub == 1)
			e8(&g->c, 0x66);
		x_store(&g->c, i->sub == 3, a, m);
	}
	gen_consume(g);
}

void gen_int(struct gen *g, struct ir_ins *i)
{
	switch (i->op) {
	case IR_PCREL:	pcrel(g, i); break;
	case IR_LDS:	lds(g, i); break;
	case IR_COUNTER: counter(g); break;
	case IR_STS:	sts(g, i); break;
	case IR_ADD:	alu2(g, i, ALU_ADD, true); break;
	case IR_SUB:	alu2(g, i, ALU_SUB, false); break;
	case IR_AND:
		if (i->b == NONE)
			and_imm(g, i);
		else
			alu2(g, i, ALU_AND, true);
		break;
	case IR_OR:	alu2(g, i, ALU_OR, true); break;
	case IR_XOR:	alu2(g, i, ALU_XOR, true); break;
	case IR_ANDN: {
		unsigned a = gen_gpr(g, i->a), b, d;

		if (i->b == NONE) {
			i->op = IR_AND;
			i->imm = wide(i) ? ~i->imm : (uint32_t)~i->imm;
			and_imm(g, i);
			break;
		}
		b = gen_gpr(g, i->b);
		if (g->host->bmi1) {
			gen_consume(g);
			d = gen_def_gpr(g, g->n, NO_REG, 0);
			v_rrr(&g->c, 2, 0, wide(i), 0xf2, d, b, a);	/* andn d, b, a: ~b & a */
		} else {
			x_mov(&g->c, true, RAX, b);
			x_f7(&g->c, 2, true, RAX);
			gen_consume(g);
			d = gen_def_gpr(g, g->n, a, 0);
			if (d != a)
				x_mov(&g->c, wide(i), d, a);
			x_alu(&g->c, ALU_AND, wide(i), d, RAX);
		}
		break;
	}
	case IR_SHL:	shift(g, i, SH_SHL); break;
	case IR_SHR:	shift(g, i, SH_SHR); break;
	case IR_SAR:	shift(g, i, SH_SAR); break;
	case IR_ROR:	shift(g, i, SH_ROR); break;
	case IR_MUL:	mul(g, i); break;
	case IR_UMULH: case IR_SMULH: mul_high(g, i); break;
	case IR_UDIV: case IR_SDIV: divide(g, i); break;
	case IR_NOT:	unary(g, i, 2); break;
	case IR_NEG:	unary(g, i, 3); break;
	case IR_CLZ:	count_zeros(g, i); break;
	case IR_RBIT: case IR_BSWAP: case IR_REV16: case IR_REV32: reverse(g, i); break;
	case IR_EXTR:	extract(g, i); break;
	case IR_CRC32:	crc32(g, i); break;
	case IR_ZEXT8: case IR_ZEXT16: case IR_ZEXT32: case IR_SEXT8: case IR_SEXT16: case IR_SEXT32: case IR_TRUNC:
		extend(g, i);
		break;
	case IR_SELECT:	select(g, i); break;
	case IR_SETCC:	setcc(g, i); break;
	case IR_ADC: case IR_SBC: case IR_FLAGS_ADC: case IR_FLAGS_SBC: adc(g, i); break;
	case IR_FLAGS_CCMP: ccmp(g, i); break;
	case IR_FLAGS_READ: flags_read(g, i); break;
	case IR_FLAGS_PUT: flags_put(g, i); break;
	default: break;
	}
}
