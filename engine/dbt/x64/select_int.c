/* SPDX-License-Identifier: BSD-2-Clause */
/* Selection of integer ops, and of what reads and writes the vCPU's own memory. What sets or reads flags: select_flags.c. */
#include "engine/dbt/x64/gen.h"
#include "base/bits.h"

/* ---- arithmetic ---- */

static void alu2(struct gen *g, struct ir_ins *i, enum x_alu op, bool commutes)
{
	struct code *c = &g->c;
	bool w = gen_wide(i);
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

	if (i->imm != 0xff && i->imm != 0xffff && i->imm != 0xffffffff && !(gen_wide(i) && i->imm <= 0x7fffffff)) {
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
	bool w = gen_wide(i);
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
	bool w = gen_wide(i);
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
	bool w = gen_wide(i);
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
		x_mov(&g->c, gen_wide(i), d, a);
	x_f7(&g->c, digit, gen_wide(i), d);
}

static void count_zeros(struct gen *g, struct ir_ins *i)
{
	struct code *c = &g->c;
	bool w = gen_wide(i);
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
	bool w = gen_wide(i);
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
	bool w = gen_wide(i);
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
	bool w = gen_wide(i);
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
			i->imm = gen_wide(i) ? ~i->imm : (uint32_t)~i->imm;
			and_imm(g, i);
			break;
		}
		b = gen_gpr(g, i->b);
		if (g->host->bmi1) {
			gen_consume(g);
			d = gen_def_gpr(g, g->n, NO_REG, 0);
			v_rrr(&g->c, 2, 0, gen_wide(i), 0xf2, d, b, a);	/* andn d, b, a: ~b & a */
		} else {
			x_mov(&g->c, true, RAX, b);
			x_f7(&g->c, 2, true, RAX);
			gen_consume(g);
			d = gen_def_gpr(g, g->n, a, 0);
			if (d != a)
				x_mov(&g->c, gen_wide(i), d, a);
			x_alu(&g->c, ALU_AND, gen_wide(i), d, RAX);
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
	default:	gen_flags(g, i);
	}
}
