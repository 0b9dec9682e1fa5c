/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Selection of what sets or reads flags. They are computed where they are used: a test makes the host's EFLAGS from the operands
 * of the op that set the guest's, and says which host condition is the guest's.
 */
#include "engine/dbt/x64/gen.h"

/* ---- tests ---- */

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

/* ---- ops ---- */

static void select(struct gen *g, struct ir_ins *i)
{
	struct code *c = &g->c;
	bool w = gen_wide(i);
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
	bool w = flags ? i->sub == IR_I64 : gen_wide(i);
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

void gen_flags(struct gen *g, struct ir_ins *i)
{
	switch (i->op) {
	case IR_SELECT:	select(g, i); break;
	case IR_SETCC:	setcc(g, i); break;
	case IR_ADC: case IR_SBC: case IR_FLAGS_ADC: case IR_FLAGS_SBC: adc(g, i); break;
	case IR_FLAGS_CCMP: ccmp(g, i); break;
	case IR_FLAGS_READ: flags_read(g, i); break;
	case IR_FLAGS_PUT: flags_put(g, i); break;
	default: break;
	}
}
