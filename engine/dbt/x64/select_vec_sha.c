/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rules for SHA-1 and SHA-256 (FIPS 180-4; ARM DDI 0487 SHA1C.., SHA256H..). Schedules are vector arithmetic. Rounds are
 * integer code in general registers, of which those that hold values are saved around it.
 *
 * SHA256H and SHA256H2 compute the same four rounds, one for each half of the state, and come in pairs: the first one makes
 * the result of both, if the second is near.
 */
#include "engine/dbt/x64/vec.h"

#define PAIR_DISTANCE	16

static const uint8_t state[8] = { RSI, RDI, R8, R9, R10, R11, R12, R13 };

static struct xmem scratch(unsigned vector, unsigned word)
{
	return xm(ST, CPU_OFFSET(save_xmm) + 16 * (int32_t)(XT0 + vector) + 4 * (int32_t)word);
}

static void keep_state(struct vx *x, unsigned count, bool restore)
{
	for (unsigned k = 0; k < count; k++) {
		unsigned r = state[k];
		struct xmem m = xm(ST, CPU_OFFSET(save_gpr) + 8 * (int32_t)r);

		if (x->g->owner_g[r] == NONE)
			continue;
		if (restore)
			x_load(x->c, true, r, m);
		else
			x_store(x->c, true, r, m);
	}
}

static void ror(struct code *c, unsigned d, unsigned s, unsigned n)
{
	v_rrr(c, 3, 3, false, 0xf0, d, 0, s);			/* rorx */
	e8(c, n);
}

/* eax = the xor of three rotations of s. */
static void three_rotations(struct code *c, unsigned s, unsigned n1, unsigned n2, unsigned n3)
{
	ror(c, RAX, s, n1);
	ror(c, RCX, s, n2);
	x_alu(c, ALU_XOR, false, RAX, RCX);
	ror(c, RCX, s, n3);
	x_alu(c, ALU_XOR, false, RAX, RCX);
}

/* ecx */
static void choose(struct code *c, unsigned p, unsigned q, unsigned r)
{
	x_mov(c, false, RCX, q);
	x_alu(c, ALU_XOR, false, RCX, r);
	x_alu(c, ALU_AND, false, RCX, p);
	x_alu(c, ALU_XOR, false, RCX, r);
}

static void parity(struct code *c, unsigned p, unsigned q, unsigned r)
{
	x_mov(c, false, RCX, p);
	x_alu(c, ALU_XOR, false, RCX, q);
	x_alu(c, ALU_XOR, false, RCX, r);
}

static void majority(struct code *c, unsigned p, unsigned q, unsigned r)
{
	x_mov(c, false, RCX, p);
	x_mov(c, false, RDX, p);
	x_alu(c, ALU_OR, false, RCX, q);
	x_alu(c, ALU_AND, false, RDX, q);
	x_alu(c, ALU_AND, false, RCX, r);
	x_alu(c, ALU_OR, false, RCX, RDX);
}

static void gather(struct code *c, unsigned d, const uint8_t *regs)
{
	v_movd_from(c, false, d, regs[0]);
	for (unsigned k = 1; k < 4; k++) {
		v_rrr(c, 3, 1, false, 0x22, d, d, regs[k]);	/* vpinsrd */
		e8(c, k);
	}
}

/* a..h are s[0..7], and one further on after each round. */
static void sha256_round(struct code *c, unsigned i)
{
	uint8_t s[8];

	for (unsigned k = 0; k < 8; k++)
		s[k] = state[(k + 8 - i) & 7];
	three_rotations(c, s[4], 6, 11, 25);
	x_alu(c, ALU_ADD, false, s[7], RAX);
	choose(c, s[4], s[5], s[6]);
	x_alu(c, ALU_ADD, false, s[7], RCX);
	x_alu_mem(c, ALU_ADD, false, s[7], scratch(2, i));
	x_alu(c, ALU_ADD, false, s[3], s[7]);
	three_rotations(c, s[0], 2, 13, 22);
	x_alu(c, ALU_ADD, false, s[7], RAX);
	majority(c, s[0], s[1], s[2]);
	x_alu(c, ALU_ADD, false, s[7], RCX);
}

/* The other instruction of a pair, or NONE. */
static uint32_t partner(const struct gen *g, const struct ir_ins *i, unsigned op)
{
	const struct ir *ir = g->ir;

	for (uint32_t n = g->n + 1; n < ir->count && n < g->n + PAIR_DISTANCE; n++) {
		const struct ir_ins *p = &ir->ins[n];

		if (p->op == IR_VOP && (uint32_t)p->imm == op && p->a == i->c && p->b == i->b && p->c == i->a)
			return n;
	}
	return NONE;
}

/* SHA256H, SHA256H2 (arg 1). */
void vec_sha256(struct vx *x, const struct vop_rule *r)
{
	struct code *c = x->c;
	struct gen *g = x->g;
	uint32_t other = partner(g, x->i, r->arg ? SIMD_sha256h : SIMD_sha256h2);
	unsigned d2 = NO_REG;

	v_store(c, r->arg ? x->n : x->a, scratch(0, 0));
	v_store(c, r->arg ? x->a : x->n, scratch(1, 0));
	v_store(c, x->m, scratch(2, 0));
	if (other != NONE) {
		g->locked_v = 1u << x->d;
		d2 = gen_def_xmm(g, other, NO_REG, 0);
		g->locked_v = 0;
		g->ir->ins[other].op = IR_NOP;
	}
	keep_state(x, 8, false);
	for (unsigned k = 0; k < 8; k++)
		x_load(c, false, state[k], scratch(k / 4, k % 4));
	for (unsigned i = 0; i < 4; i++)
		sha256_round(c, i);
	gather(c, r->arg ? x->d : d2 != NO_REG ? d2 : XT0, state);
	gather(c, r->arg ? (d2 != NO_REG ? d2 : XT0) : x->d, state + 4);
	keep_state(x, 8, true);
	x->whole = true;
}

/* d = s >> shift ^ s ror r1 ^ s ror r2, in words. */
static void sigma(struct code *c, unsigned d, unsigned s, unsigned tmp, unsigned r1, unsigned r2, unsigned shift)
{
	const uint8_t how[4] = { VX_SHR, VX_SHL, VX_SHR, VX_SHL };
	const uint8_t by[4] = { (uint8_t)r1, (uint8_t)(32 - r1), (uint8_t)r2, (uint8_t)(32 - r2) };

	v_shift(c, PSHIFTD, VX_SHR, d, s, shift);
	for (unsigned k = 0; k < 4; k++) {
		v_shift(c, PSHIFTD, how[k], tmp, s, by[k]);
		v_op(c, PXOR, d, d, tmp);
	}
}

void vec_sha256su0(struct vx *x, const struct vop_rule *r)
{
	v_opi(x->c, PALIGNR, XT0, x->n, x->a, 4);
	sigma(x->c, x->d, XT0, XT1, 7, 18, 3);
	v_op(x->c, PADDD, x->d, x->d, x->a);
	x->whole = true;
}

/* The upper two words depend on the lower two. */
void vec_sha256su1(struct vx *x, const struct vop_rule *r)
{
	struct code *c = x->c;

	v_opi(c, PALIGNR, x->d, x->m, x->n, 4);
	v_op(c, PADDD, x->d, x->d, x->a);
	v_op(c, PUNPCKHQDQ, XT0, x->m, x->m);
	sigma(c, XT1, XT0, XT2, 17, 19, 10);
	v_op2(c, MOVQ, XT1, XT1);
	v_op(c, PADDD, x->d, x->d, XT1);
	sigma(c, XT1, x->d, XT2, 17, 19, 10);
	v_zero(c, XT0);
	v_op(c, PUNPCKLQDQ, XT1, XT0, XT1);
	v_op(c, PADDD, x->d, x->d, XT1);
	x->whole = true;
}

/* a..e are s[0..4], and one further on after each round. op: which function. */
static void sha1_round(struct code *c, unsigned i, unsigned op)
{
	uint8_t s[5];

	for (unsigned k = 0; k < 5; k++)
		s[k] = state[(k + 5 - i) % 5];
	ror(c, RAX, s[0], 27);
	x_alu(c, ALU_ADD, false, s[4], RAX);
	if (op == SIMD_sha1c)
		choose(c, s[1], s[2], s[3]);
	else if (op == SIMD_sha1p)
		parity(c, s[1], s[2], s[3]);
	else
		majority(c, s[1], s[2], s[3]);
	x_alu(c, ALU_ADD, false, s[4], RCX);
	x_alu_mem(c, ALU_ADD, false, s[4], scratch(2, i));
	ror(c, s[1], s[1], 2);
}

void vec_sha1(struct vx *x, const struct vop_rule *r)
{
	struct code *c = x->c;

	v_store(c, x->a, scratch(0, 0));
	v_store(c, x->m, scratch(2, 0));
	keep_state(x, 5, false);
	for (unsigned k = 0; k < 4; k++)
		x_load(c, false, state[k], scratch(0, k));
	v_movd_to(c, false, state[4], x->n);
	for (unsigned i = 0; i < 4; i++)
		sha1_round(c, i, x->op);
	gather(c, x->d, state + 1);
	keep_state(x, 5, true);
	x->whole = true;
}

/* Rotated left by two; only the lowest word counts. */
void vec_sha1h(struct vx *x, const struct vop_rule *r)
{
	v_shift(x->c, PSHIFTD, VX_SHL, XT0, x->n, 30);
	v_shift(x->c, PSHIFTD, VX_SHR, x->d, x->n, 2);
	v_op(x->c, POR, x->d, x->d, XT0);
	vx_clear_above(x->c, x->d, 4);
	x->whole = true;
}

void vec_sha1su0(struct vx *x, const struct vop_rule *r)
{
	v_opi(x->c, PALIGNR, x->d, x->n, x->a, 8);
	v_op(x->c, PXOR, x->d, x->d, x->a);
	v_op(x->c, PXOR, x->d, x->d, x->m);
	x->whole = true;
}

static void rotate_left_1(struct code *c, unsigned d, unsigned s, unsigned tmp)
{
	v_shift(c, PSHIFTD, VX_SHR, tmp, s, 31);
	v_op(c, PADDD, d, s, s);
	v_op(c, POR, d, d, tmp);
}

/* The highest word depends on the lowest. */
void vec_sha1su1(struct vx *x, const struct vop_rule *r)
{
	struct code *c = x->c;

	v_shift(c, PSHIFTQ, 3, XT0, x->n, 4);
	v_op(c, PXOR, XT0, XT0, x->a);
	rotate_left_1(c, x->d, XT0, XT1);
	v_shift(c, PSHIFTQ, 7, XT0, x->d, 12);
	rotate_left_1(c, XT0, XT0, XT1);
	v_op(c, PXOR, x->d, x->d, XT0);
	x->whole = true;
}
