/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Selection of vector ops: moves between lanes and registers, and the frame around an Advanced SIMD operation, whose
 * inline sequence is found in a table of rules (select_vec_table.c) or which goes to the exact path.
 */
#include "engine/dbt/run.h"
#include "engine/dbt/x64/vec.h"

/* ---- the exact path ---- */

static void fetch(struct gen *g, uint32_t v)
{
	uint64_t imm;

	if (v == NONE || gen_const(g, v, &imm))
		return;
	if (g->v[v].vec)
		gen_xmm(g, v);
	else
		gen_gpr(g, v);
}

/* Registers are saved whole and operands read from there, so the record needs no snapshot: nothing faults. */
static struct side *record(struct gen *g, const struct ir_ins *i)
{
	struct side *s = gen_side(g, i->op == IR_VOP ? SIDE_VOP : SIDE_FP);
	const uint32_t v[3] = { i->a, i->b, i->c };

	if (!s)
		return NULL;
	s->type = i->type;
	s->sub = i->op;
	s->op_lo = (uint32_t)i->imm;
	s->op_hi = i->op == IR_VOP ? (uint32_t)(i->imm >> 32) : i->sub;
	for (unsigned k = 0; k < 3; k++)
		if (v[k] != NONE)
			s->operand[k].loc = gen_loc(g, v[k], &s->operand[k].lo, &s->operand[k].hi);
	if (g->side_at >= g->side_max) {
		g->full = true;
		return NULL;
	}
	s->snap[0] = SNAP_END;
	g->side_at++;
	return s;
}

static unsigned define(struct gen *g)
{
	return g->v[g->n].vec ? gen_def_xmm(g, g->n, NO_REG, 0) : gen_def_gpr(g, g->n, NO_REG, 0);
}

void gen_exact_always(struct gen *g, struct ir_ins *i)
{
	struct side *s;
	uint32_t jump;

	fetch(g, i->a);
	fetch(g, i->b);
	fetch(g, i->c);
	s = record(g, i);
	if (!s)
		return;
	gen_consume(g);
	s->dst = (uint8_t)define(g);
	jump = x_jmp(&g->c);
	gen_side_done(g, s, jump, g->c.at);
}

static unsigned source(struct gen *g, uint32_t v)
{
	if (v == NONE)
		return NO_REG;
	return g->v[v].vec ? gen_xmm(g, v) : gen_gpr(g, v);
}

bool vx_begin(struct vx *x, struct gen *g, struct ir_ins *i, bool cold)
{
	uint32_t locked_g, locked_v, may;

	*x = (struct vx){ .g = g, .c = &g->c, .i = i };
	x->n = source(g, i->a);
	x->m = source(g, i->b);
	x->a = source(g, i->c);
	locked_g = g->locked_g;
	locked_v = g->locked_v;
	may = g->v[g->n].vec ? g->xmm_values & ~locked_v : g->gpr_values & ~locked_g;
	if (!may)
		return false;
	if (cold) {
		x->side = record(g, i);
		if (!x->side)
			return true;		/* g->full: all of this is thrown away */
	}
	gen_consume(g);
	g->locked_g = locked_g;
	g->locked_v = locked_v;
	x->d = define(g);
	g->locked_g = g->locked_v = 0;
	if (x->side)
		x->side->dst = (uint8_t)x->d;
	return true;
}

void vx_end(struct vx *x)
{
	for (unsigned k = 0; k < x->cold_count; k++)
		gen_side_done(x->g, x->side, x->cold[k], x->c->at);
}

void vx_cold(struct vx *x, enum x_cc cc)
{
	x->cold[x->cold_count++] = x_jcc(x->c, cc);
}

void vx_cold_if_nan(struct vx *x, unsigned size, bool packed)
{
	unsigned pp = size == 3 ? 1 : 0;

	if (!packed) {
		v_rrr(x->c, 1, pp, false, 0x2e, x->d, 0, x->d);		/* vucomis */
		vx_cold(x, X_P);
		return;
	}
	v_rrr(x->c, 1, pp, false, 0xc2, XT0, x->d, x->d);		/* vcmpunord */
	e8(x->c, 3);
	v_op2(x->c, size == 3 ? TESTPD : TESTPS, XT0, XT0);
	vx_cold(x, X_NE);
}

/* ---- moves ---- */

/* Uses rax. */
void vx_const(struct code *c, unsigned d, uint64_t lo, uint64_t hi)
{
	if (lo == 0 && hi == 0) {
		v_zero(c, d);
		return;
	}
	if (lo == ~0ull && hi == ~0ull) {
		v_ones(c, d);
		return;
	}
	if (lo == hi && (uint32_t)lo == lo >> 32) {
		x_mov_imm(c, RAX, (uint32_t)lo);
		v_movd_from(c, false, d, RAX);
		v_opi(c, PSHUFD, d, 0, d, 0);
		return;
	}
	x_mov_imm(c, RAX, lo);
	v_movd_from(c, true, d, RAX);
	if (hi == lo) {
		v_op(c, PUNPCKLQDQ, d, d, d);
	} else if (hi) {
		x_mov_imm(c, RAX, hi);
		v_rrr(c, 3, 1, true, 0x22, d, d, RAX);		/* vpinsrq */
		e8(c, 1);
	}
}

void vx_broadcast(struct code *c, unsigned d, unsigned s, unsigned size, unsigned index)
{
	if (size == 3) {
		v_op(c, index ? PUNPCKHQDQ : PUNPCKLQDQ, d, s, s);
	} else if (size == 2) {
		v_opi(c, PSHUFD, d, 0, s, index * 0x55);
	} else {
		if (index) {
			v_shift(c, PSHIFTQ, 3, d, s, index << size);	/* vpsrldq */
			s = d;
		}
		v_op2(c, size ? PBROADCASTW : PBROADCASTB, d, s);
	}
}

void vx_const_all(struct code *c, unsigned d, unsigned size, uint64_t v)
{
	static const uint64_t ones[4] = { 0x0101010101010101, 0x0001000100010001, 0x0000000100000001, 1 };
	uint64_t mask = size == 3 ? ~0ull : (1ull << (8u << size)) - 1;

	vx_const(c, d, (v & mask) * ones[size], (v & mask) * ones[size]);
}

void vx_clear_above(struct code *c, unsigned d, unsigned bytes)
{
	if (bytes == 16)
		return;
	if (bytes == 8) {
		v_op2(c, MOVQ, d, d);
	} else if (bytes == 4) {
		v_opi(c, INSERTPS, d, d, d, 0x0e);
	} else {
		v_shift(c, PSHIFTQ, 7, d, d, 16 - bytes);
		v_shift(c, PSHIFTQ, 3, d, d, 16 - bytes);
	}
}

static void constant(struct gen *g, struct ir_ins *i)
{
	unsigned d = gen_def_xmm(g, g->n, NO_REG, 0);

	vx_const(&g->c, d, i->imm, i->sub ? 0 : i->imm);
}

static void zero_extend(struct gen *g, struct ir_ins *i)
{
	bool vec = i->sub == IR_F32 || i->sub == IR_F64;
	unsigned a = vec ? gen_xmm(g, i->a) : gen_gpr(g, i->a), d;

	gen_consume(g);
	d = gen_def_xmm(g, g->n, vec ? a : NO_REG, 0);
	if (!vec)
		v_movd_from(&g->c, i->sub == IR_I64, d, a);
	else if (i->sub == IR_F64)
		v_op2(&g->c, MOVQ, d, a);
	else
		v_opi(&g->c, INSERTPS, d, a, a, 0x0e);
}

static void set_lane(struct gen *g, struct ir_ins *i)
{
	static const uint16_t op[4] = { V3A(0x20), V66(0xc4), V3A(0x22), V3A(0x22) };
	unsigned a = gen_xmm(g, i->a), b = gen_gpr(g, i->b), d;

	gen_consume(g);
	d = gen_def_xmm(g, g->n, a, 0);
	v_rrr(&g->c, op[i->sub] >> 10, 1, i->sub == 3, op[i->sub] & 0xff, d, a, b);
	e8(&g->c, (unsigned)i->imm);
}

static void get_lane(struct gen *g, struct ir_ins *i)
{
	static const uint8_t op[4] = { 0x14, 0x15, 0x16, 0x16 };
	struct code *c = &g->c;
	bool w = i->type == IR_I64;
	unsigned a = gen_xmm(g, i->a), d;

	gen_consume(g);
	d = gen_def_gpr(g, g->n, NO_REG, 0);
	if (i->imm == 0 && i->sub >= 2) {
		v_movd_to(c, i->sub == 3, d, a);
	} else {
		v_rrr(c, 3, 1, i->sub == 3, op[i->sub], a, 0, d);
		e8(c, (unsigned)i->imm);
	}
	if (!(i->flags & IRM_SEXT))
		return;
	if (i->sub == 0)
		x_rr_byte(c, 0x0fbe, w, d, d);
	else if (i->sub == 1)
		x_rr(c, 0x0fbf, w, d, d);
	else if (i->sub == 2 && w)
		x_rr(c, 0x63, true, d, d);
}

static void duplicate(struct gen *g, struct ir_ins *i)
{
	struct code *c = &g->c;
	unsigned a = gen_gpr(g, i->a), d;

	gen_consume(g);
	d = gen_def_xmm(g, g->n, NO_REG, 0);
	v_movd_from(c, i->sub == 3, d, a);
	if (g->host->avx2 || i->sub >= 2) {
		vx_broadcast(c, d, d, i->sub, 0);
	} else if (i->sub == 1) {
		v_opi(c, PSHUFLW, d, 0, d, 0);
		v_op(c, PUNPCKLQDQ, d, d, d);
	} else {
		v_zero(c, XT0);
		v_op(c, PSHUFB, d, d, XT0);
	}
	if (i->imm & 1)
		v_op2(c, MOVQ, d, d);
}

static void element(struct gen *g, struct ir_ins *i)
{
	struct code *c = &g->c;
	unsigned a = gen_xmm(g, i->a), d;

	gen_consume(g);
	d = gen_def_xmm(g, g->n, a, 0);
	if (i->imm == 0) {
		if (d != a)
			v_mov(c, d, a);
	} else if (i->type == IR_F64) {
		v_op(c, PUNPCKHQDQ, d, a, a);
	} else {
		v_opi(c, PSHUFD, d, 0, a, (unsigned)i->imm);
	}
}

static void select_vec(struct gen *g, struct ir_ins *i)
{
	struct code *c = &g->c;
	struct x_cond t = gen_flags_test(g, i->c, (enum ir_cond)i->sub);
	unsigned a, b, d;
	uint32_t skip, skip2 = 0, locked;

	g->locked_g = g->locked_v = 0;		/* the comparison is done; from here on only moves until the jump */
	a = gen_xmm(g, i->a);
	b = gen_xmm(g, i->b);
	locked = g->locked_v;
	gen_consume(g);
	g->locked_v = locked;
	d = gen_def_xmm(g, g->n, NO_REG, 0);
	g->locked_v = 0;
	if (t.par == PAR_ALWAYS || t.par == PAR_NEVER) {
		v_mov(c, d, t.par == PAR_ALWAYS ? a : b);
		return;
	}
	v_mov(c, d, t.par == PAR_OR_P ? a : b);
	if (t.par == PAR_OR_P) {		/* a if the condition or unordered */
		skip2 = x_jcc8(c, X_P);
		skip = x_jcc8(c, t.cc);
		v_mov(c, d, b);
	} else {
		if (t.par == PAR_AND_NP)
			skip2 = x_jcc8(c, X_P);
		skip = x_jcc8(c, t.cc ^ 1);
		v_mov(c, d, a);
	}
	x_patch8(c, skip);
	if (skip2)
		x_patch8(c, skip2);
}

/* ---- Advanced SIMD operations ---- */

static unsigned result_bytes(const struct vx *x)
{
	return x->scalar ? 1u << x->size : x->q ? 16 : 8;
}

void vx_qc(struct vx *x, unsigned bits)
{
	uint32_t none;

	vx_clear_above(x->c, bits, result_bytes(x));
	v_op2(x->c, PTEST, bits, bits);
	none = x_jcc8(x->c, X_E);
	x_store_imm(x->c, false, 1, xm(ST, CPU_OFFSET(fpsr_qc)));
	x_patch8(x->c, none);
}

unsigned vx_used_lanes(struct vx *x, unsigned reg, unsigned scratch)
{
	if (reg == NO_REG || (x->q && !x->scalar))
		return reg;
	vx_broadcast(x->c, scratch, reg, x->scalar ? x->size : 3, 0);
	return scratch;
}

/* The vector op that is the only one to see the result of the current op, and has it as its n; or NULL. */
static struct ir_ins *only_reader(struct gen *g)
{
	const struct gen_val *val = &g->v[g->n];
	struct ir_ins *i;

	if (!val->uses || g->use[val->uses].next || val->snap_end)
		return NULL;
	i = &g->ir->ins[g->use[val->uses].pos];
	return i->op == IR_VOP && i->a == g->n ? i : NULL;
}

/*
 * AESE whose only reader is AESMC: what x86 has one instruction for. The key is added here, and the rest is done there. (The
 * same of AESD and AESIMC.)
 */
static void fuse_aes(struct gen *g, struct ir_ins *i)
{
	bool inverse = (uint32_t)i->imm == SIMD_aesd;
	struct ir_ins *mix = only_reader(g);

	if (!mix || !g->host->aes || !g->host->avx2 || (uint32_t)mix->imm != (inverse ? SIMD_aesimc : SIMD_aesmc))
		return;
	i->imm = SIMD_eor | (uint64_t)SIMD_Q << 32;
	i->b = i->c;
	i->c = NONE;
	mix->imm = (inverse ? VOP_AES_INVERSE_ROUND : VOP_AES_ROUND) | (uint64_t)SIMD_Q << 32;
}

/* CNT of 8 bytes whose only reader is their sum: the idiom for the number of ones in a general register. */
static void fuse_count(struct gen *g, struct ir_ins *i)
{
	struct ir_ins *sum = only_reader(g);

	if (!sum || i->imm >> 32 || sum->imm >> 32 || !g->host->popcnt || !g->host->avx2)
		return;
	if ((uint32_t)sum->imm != SIMD_addv && (uint32_t)sum->imm != SIMD_uaddlv)
		return;
	i->imm = SIMD_orr;
	i->b = i->a;
	sum->imm = VOP_POPCOUNT;
}

static void fuse(struct gen *g, struct ir_ins *i)
{
	switch ((uint32_t)i->imm) {
	case SIMD_aese: case SIMD_aesd:
		fuse_aes(g, i);
		break;
	case SIMD_cnt:
		fuse_count(g, i);
		break;
	}
}

static struct xmem saved(unsigned xmm)
{
	return xm(ST, CPU_OFFSET(save_xmm) + 16 * (int32_t)xmm);
}

static struct xmem saved_gpr(unsigned r)
{
	return xm(ST, CPU_OFFSET(save_gpr) + 8 * (int32_t)r);
}

/* All registers that hold a value and that a C call may change. Reads no flags, writes none. */
static void keep_registers(struct gen *g, bool restore, unsigned but_xmm)
{
	for (unsigned r = 0; r < 16; r++) {
		if ((GPR_CALLER >> r & 1) && g->owner_g[r] != NONE) {
			if (restore)
				x_load(&g->c, true, r, saved_gpr(r));
			else
				x_store(&g->c, true, r, saved_gpr(r));
		}
		if (g->owner_v[r] != NONE && r != but_xmm) {
			if (restore)
				v_load(&g->c, r, saved(r));
			else
				v_store(&g->c, r, saved(r));
		}
	}
}

/* By a call of the exact function, in line. */
static void call_exact(struct gen *g, struct ir_ins *i)
{
	const uint32_t v[3] = { i->a, i->b, i->c };
	struct code *c = &g->c;
	unsigned d;

	for (unsigned k = 0; k < 3; k++)
		if (v[k] != NONE)
			v_store(c, gen_xmm(g, v[k]), saved(XT0 + k));
	gen_consume(g);
	d = gen_def_xmm(g, g->n, NO_REG, 0);
	keep_registers(g, false, d);
	x_lea(c, true, RDI, xm(ST, -CPU_BIAS));
	x_mov_imm_keep(c, RSI, (uint32_t)i->imm);
	x_mov_imm_keep(c, RDX, i->imm >> 32);
	x_load(c, true, RAX, xm(ST, CPU_OFFSET(helpers)));
	x_call_mem(c, xm(RAX, 8 * (HELPER_COUNT + RUN_VECTOR)));
	keep_registers(g, true, d);
	v_load(c, d, saved(XT2));
}

static void operation(struct gen *g, struct ir_ins *i)
{
	const struct vop_rule *r;
	struct vx x;

	fuse(g, i);
	r = vop_rule_find(g, (uint32_t)i->imm, (uint32_t)(i->imm >> 32));
	if (!r || !vx_begin(&x, g, i, r->flags & VR_COLD)) {
		call_exact(g, i);
		return;
	}
	x.op = (uint32_t)i->imm;
	x.desc = (uint32_t)(i->imm >> 32);
	x.size = x.desc & 3;
	x.q = x.desc & SIMD_Q;
	x.scalar = x.desc & SIMD_SCALAR;
	x.by_elem = x.desc & SIMD_BY_ELEMENT;
	x.imm = x.desc >> 8 & 0xff;
	x.elem = x.desc >> 16 & 0xff;
	if (x.by_elem && !(r->flags & VR_OWN_M)) {
		vx_broadcast(x.c, XT2, x.m, x.size, x.elem);
		x.m = XT2;
	}
	r->emit(&x, r);
	if (!x.whole)
		vx_clear_above(x.c, x.d, result_bytes(&x));
	vx_end(&x);
}

void gen_vector(struct gen *g, struct ir_ins *i)
{
	switch (i->op) {
	case IR_VOP:	operation(g, i); break;
	case IR_VZEXT:	zero_extend(g, i); break;
	case IR_VCONST:	constant(g, i); break;
	case IR_VLANE:	set_lane(g, i); break;
	case IR_VGET:	get_lane(g, i); break;
	case IR_VDUP:	duplicate(g, i); break;
	case IR_VELEM:	element(g, i); break;
	case IR_SELECT:	select_vec(g, i); break;
	default: break;
	}
}
