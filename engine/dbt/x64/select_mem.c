/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Selection of guest memory ops: the inline check (select_check.c) and the access behind it. A failed check goes to a cold
 * stub and from there to slow.c, which does the access by the side record and comes back behind it.
 */
#include "engine/dbt/x64/gen.h"

static struct xmem host(const struct gen_check *k, int32_t more)
{
	return xmi(k->base, RCX, 0, k->off + more);
}

static bool is_vec(unsigned type)
{
	return type == IR_F32 || type == IR_F64 || type == IR_V128;
}

static void load_one(struct gen *g, const struct ir_ins *i, unsigned d, struct xmem m)
{
	struct code *c = &g->c;
	bool w = i->type == IR_I64, sext = i->flags & IRM_SEXT;

	if (is_vec(i->type)) {
		if (i->sub == 4)
			v_load(c, d, m);
		else
			v_rrm(c, 1, i->sub == 3 ? 3 : 2, false, 0x10, d, 0, m);
		return;
	}
	switch (i->sub) {
	case 0:	x_rm(c, sext ? 0x0fbe : 0x0fb6, sext && w, d, m); break;
	case 1:	x_rm(c, sext ? 0x0fbf : 0x0fb7, sext && w, d, m); break;
	case 2:
		if (sext && w)
			x_rm(c, 0x63, true, d, m);
		else
			x_load(c, false, d, m);
		break;
	default: x_load(c, true, d, m);
	}
}

static void store_one(struct gen *g, unsigned size, unsigned type, unsigned s, struct xmem m)
{
	struct code *c = &g->c;

	if (is_vec(type)) {
		if (size == 4)
			v_store(c, s, m);
		else
			v_rrm(c, 1, size == 3 ? 3 : 2, false, 0x11, s, 0, m);
		return;
	}
	if (size == 0) {
		x_rm_byte(c, 0x88, s, m);
		return;
	}
	if (size == 1)
		e8(c, 0x66);
	x_store(c, size == 3, s, m);
}

static void note(struct gen *g, struct side *s, unsigned k, uint32_t v)
{
	s->operand[k].loc = gen_loc(g, v, &s->operand[k].lo, &s->operand[k].hi);
}

/* A side record with the address operand and the snapshot. All sources must be in registers. */
static struct side *begin(struct gen *g, const struct ir_ins *i, enum side_kind kind, unsigned align)
{
	struct side *s = gen_side(g, kind);

	if (!s)
		return NULL;
	s->size = i->sub;
	s->flags = i->flags;
	s->type = i->type;
	s->align = (uint8_t)align;
	s->offset = (int32_t)i->imm;
	note(g, s, 0, i->a);
	return s;
}

/* Alignment that the block's mode or the op itself demands. */
static unsigned alignment(const struct gen *g, const struct ir_ins *i, unsigned total)
{
	if ((i->flags & IRM_ALIGN) || i->op == IR_AMO || i->op == IR_LDXR || i->op == IR_STXR)
		return total;
	return g->mode->align_check || !g->mode->mmu ? i->sub : 0;
}

static unsigned def(struct gen *g, uint32_t v, uint32_t avoid)
{
	return is_vec(g->ir->ins[v].type) ? gen_def_xmm(g, v, NO_REG, 0) : gen_def_gpr(g, v, NO_REG, avoid);
}

static void load(struct gen *g, struct ir_ins *i)
{
	bool pair = i->op == IR_LOADP, excl = i->op == IR_LDXR;
	unsigned align = alignment(g, i, i->sub);
	unsigned a = gen_gpr(g, i->a), d, d2 = NO_REG;
	uint32_t addend = gen_check_define(g, i);
	struct side *s = begin(g, i, pair ? SIDE_LOADP : excl ? SIDE_LDXR : SIDE_LOAD, align);
	struct gen_check k;

	if (!s)
		return;
	gen_snapshot_side(g, s);
	if (g->full)
		return;
	gen_check_use(g, i);
	gen_consume(g);
	g->dead_from = g->n + 1;
	g->locked_g = 1u << a | addend;	/* results must not displace the address: it is read twice */
	d = def(g, g->n, 0);
	s->dst = (uint8_t)d;
	if (pair) {
		if (is_vec(i->type))
			g->locked_v |= 1u << d;
		else
			g->locked_g |= 1u << d;
		d2 = def(g, g->n + 1, 0);
		s->dst2 = (uint8_t)d2;
	}
	g->locked_g = g->locked_v = 0;
	k = gen_check(g, i, a, (int32_t)i->imm, align);
	load_one(g, i, d, host(&k, 0));
	if (pair)
		load_one(g, i, d2, host(&k, 1 << i->sub));
	if (excl) {
		x_lea(&g->c, true, RAX, xm(a, (int32_t)i->imm));
		x_store(&g->c, true, RAX, xm(ST, CPU_OFFSET(excl_addr)));
		x_store(&g->c, true, d, xm(ST, CPU_OFFSET(excl_val)));
		x_store_imm(&g->c, false, 1 << i->sub, xm(ST, CPU_OFFSET(excl_size)));
	}
	gen_check_done(g, i, s, k);
}

static unsigned source(struct gen *g, uint32_t v)
{
	return is_vec(g->ir->ins[v].type) ? gen_xmm(g, v) : gen_gpr(g, v);
}

static void store(struct gen *g, struct ir_ins *i)
{
	struct code *c = &g->c;
	bool pair = i->op == IR_STOREP;
	unsigned align = alignment(g, i, i->sub);
	unsigned type = g->ir->ins[i->b].type;
	unsigned a = gen_gpr(g, i->a), b = NO_REG, b2 = NO_REG;
	struct side *s;
	struct gen_check k;
	int32_t imm = 0;
	bool by_imm = !pair && !is_vec(type) && !(i->flags & IRM_RELEASE) && gen_imm32(g, i->b, i->sub == 3, &imm);

	if (!by_imm)
		b = source(g, i->b);
	if (pair)
		b2 = source(g, i->c);
	gen_check_define(g, i);
	s = begin(g, i, pair ? SIDE_STOREP : SIDE_STORE, align);
	if (!s)
		return;
	s->type = (uint8_t)type;
	note(g, s, 1, i->b);
	if (pair)
		note(g, s, 2, i->c);
	gen_snapshot_side(g, s);
	if (g->full)
		return;
	gen_check_use(g, i);
	k = gen_check(g, i, a, (int32_t)i->imm, align);
	if (by_imm) {
		struct xmem m = host(&k, 0);

		if (i->sub == 1)
			e8(c, 0x66);
		x_rm(c, i->sub == 0 ? 0xc6 : 0xc7, i->sub == 3, 0, m);
		if (i->sub == 0) {
			e8(c, (uint8_t)imm);
		} else if (i->sub == 1) {
			e8(c, (uint8_t)imm);
			e8(c, (uint8_t)(imm >> 8));
		} else {
			e32(c, (uint32_t)imm);
		}
	} else if ((i->flags & IRM_RELEASE) && !is_vec(type)) {
		x_mov(c, true, RAX, b);
		if (i->sub == 1)
			e8(c, 0x66);
		x_rm(c, i->sub == 0 ? 0x86 : 0x87, i->sub == 3, RAX, host(&k, 0));	/* xchg */
	} else {
		store_one(g, i->sub, type, b, host(&k, 0));
		if (pair)
			store_one(g, i->sub, type, b2, host(&k, 1 << i->sub));
	}
	gen_check_done(g, i, s, k);
	gen_consume(g);
}

/* DC ZVA: 64 zero bytes at the 64-byte block that holds the address. */
static void dc_zva(struct gen *g, struct ir_ins *i)
{
	struct code *c = &g->c;
	unsigned a = gen_gpr(g, i->a);
	struct side *s = begin(g, i, SIDE_DCZVA, 0);
	int32_t array = gen_tlb_array(g, i->flags, true);
	uint32_t miss;

	if (!s)
		return;
	gen_snapshot_side(g, s);
	if (g->full)
		return;
	x_mov(c, true, RAX, a);
	x_alu_imm(c, ALU_AND, true, RAX, -64);
	x_mov(c, false, RCX, RAX);
	x_shift_imm(c, SH_SHR, false, RCX, 8);
	x_alu_imm(c, ALU_AND, false, RCX, (TLB_ENTRIES - 1) << 4);
	x_mov(c, true, RDX, RAX);
	x_alu_imm(c, ALU_AND, true, RDX, -4096);
	if (g->mode->watch)
		x_mov_imm(c, RDX, NO_TAG);
	x_alu_mem(c, ALU_CMP, true, RDX, xmi(TLB, RCX, 0, array));
	miss = x_jcc(c, X_NE);
	x_load(c, true, RCX, xmi(TLB, RCX, 0, array + 8));
	v_rrr(c, 1, 1, false, 0xef, XT0, XT0, XT0);		/* vpxor */
	for (int32_t k = 0; k < 64; k += 16)
		v_store(c, XT0, xmi(RAX, RCX, 0, k));
	gen_check_done(g, i, s, (struct gen_check){ .miss = miss });
	gen_consume(g);
}

/* lock cmpxchg [m], s with the expected value in rax. */
static void lock_cmpxchg(struct code *c, unsigned size, unsigned s, struct xmem m)
{
	e8(c, 0xf0);
	if (size == 1)
		e8(c, 0x66);
	if (size == 0)
		x_rm_byte(c, 0x0fb0, s, m);
	else
		x_rm(c, 0x0fb1, size == 3, s, m);
}

static void zext_rax(struct code *c, unsigned size, unsigned d)
{
	if (size == 0)
		x_rr_byte(c, 0x0fb6, false, d, RAX);
	else if (size == 1)
		x_rr(c, 0x0fb7, false, d, RAX);
	else
		x_mov(c, size == 3, d, RAX);
}

/*
 * Store exclusive: fails without an access unless the monitor holds this address and size; then a compare-and-swap with
 * the value that was loaded. The result and the cleared monitor are the same for both.
 */
static void stxr(struct gen *g, struct ir_ins *i)
{
	struct code *c = &g->c;
	unsigned a = gen_gpr(g, i->a), b = gen_gpr(g, i->b), d;
	struct side *s = begin(g, i, SIDE_STXR, i->sub);
	struct gen_check k;
	uint32_t other, size, done;

	if (!s)
		return;
	note(g, s, 1, i->b);
	gen_snapshot_side(g, s);
	if (g->full)
		return;
	gen_consume(g);
	g->locked_g = 1u << a | 1u << b;
	d = gen_def_gpr(g, g->n, NO_REG, 0);
	g->locked_g = 0;
	s->dst = (uint8_t)d;
	/* The access is checked first: a failing store may fault too, and this order needs no second check. */
	k = gen_check(g, i, a, 0, i->sub);
	x_alu_mem(c, ALU_CMP, true, a, xm(ST, CPU_OFFSET(excl_addr)));
	other = x_jcc8(c, X_NE);
	x_alu_mem_imm(c, ALU_CMP, false, xm(ST, CPU_OFFSET(excl_size)), 1 << i->sub);
	size = x_jcc8(c, X_NE);
	x_load(c, true, RAX, xm(ST, CPU_OFFSET(excl_val)));
	lock_cmpxchg(c, i->sub, b, host(&k, 0));
	x_setcc(c, X_NE, RAX);
	x_rr_byte(c, 0x0fb6, false, d, RAX);
	done = x_jmp8(c);
	x_patch8(c, other);
	x_patch8(c, size);
	x_mov_imm(c, d, 1);
	x_patch8(c, done);
	x_store_imm(c, false, 0, xm(ST, CPU_OFFSET(excl_size)));
	gen_check_done(g, i, s, k);
}

/* The new value of a read-modify-write in rdx, from the old in rax and operand b. */
static void amo_combine(struct gen *g, unsigned amo, unsigned size, unsigned b)
{
	struct code *c = &g->c;
	bool w = size == 3;
	unsigned left = RAX, right = b;

	if (amo >= AMO_SMAX && amo <= AMO_UMIN) {
		static const enum x_cc keep[4] = { X_GE, X_LE, X_AE, X_BE };

		if (size < 2) {
			bool sign = amo <= AMO_SMIN;
			unsigned op = size == 0 ? (sign ? 0x0fbeu : 0x0fb6u) : (sign ? 0x0fbfu : 0x0fb7u);

			/* Extend both; rdx = extended operand, compare with extended old through the stack slot. */
			x_rr_byte(c, op, false, RDX, b);
			x_store(c, true, RDX, xm(ST, SPILL_SCRATCH));
			x_rr_byte(c, op, false, RDX, RAX);
			x_alu_mem(c, ALU_CMP, false, RDX, xm(ST, SPILL_SCRATCH));
			x_rm(c, 0x0f40u | (keep[amo - AMO_SMAX] ^ 1), false, RDX, xm(ST, SPILL_SCRATCH));
			return;
		}
		x_mov(c, w, RDX, RAX);
		x_alu(c, ALU_CMP, w, left, right);
		x_cmov(c, (enum x_cc)(keep[amo - AMO_SMAX] ^ 1), w, RDX, b);
		return;
	}
	x_mov(c, true, RDX, b);
	switch (amo) {
	case AMO_CLR:
		x_f7(c, 2, true, RDX);
		x_alu(c, ALU_AND, true, RDX, RAX);
		break;
	case AMO_EOR:	x_alu(c, ALU_XOR, true, RDX, RAX); break;
	default:	x_alu(c, ALU_OR, true, RDX, RAX);
	}
}

static void amo(struct gen *g, struct ir_ins *i)
{
	struct code *c = &g->c;
	bool cas = i->imm == AMO_CAS;
	unsigned kind = (unsigned)i->imm;
	unsigned a = gen_gpr(g, i->a), b = gen_gpr(g, i->b), e = cas ? gen_gpr(g, i->c) : NO_REG, d;
	struct side *s = begin(g, i, SIDE_AMO, i->sub);
	struct gen_check k;
	uint32_t again;

	if (!s)
		return;
	s->sub = (uint8_t)kind;
	s->offset = 0;
	note(g, s, 1, i->b);
	if (cas)
		note(g, s, 2, i->c);
	gen_snapshot_side(g, s);
	if (g->full)
		return;
	gen_consume(g);
	g->locked_g = 1u << a | 1u << b | (cas ? 1u << e : 0);
	d = gen_def_gpr(g, g->n, NO_REG, 0);
	g->locked_g = 0;
	s->dst = (uint8_t)d;
	k = gen_check(g, i, a, 0, i->sub);
	if (cas) {
		x_mov(c, true, RAX, e);
		lock_cmpxchg(c, i->sub, b, host(&k, 0));
	} else if (kind == AMO_ADD || kind == AMO_SWP) {
		x_mov(c, true, RAX, b);
		if (kind == AMO_ADD)
			e8(c, 0xf0);
		if (i->sub == 1)
			e8(c, 0x66);
		if (kind == AMO_ADD)
			x_rm(c, i->sub ? 0x0fc1 : 0x0fc0, i->sub == 3, RAX, host(&k, 0));	/* lock xadd */
		else
			x_rm(c, i->sub ? 0x87 : 0x86, i->sub == 3, RAX, host(&k, 0));		/* xchg */
	} else {
		if (i->sub < 2)
			x_rm(c, i->sub ? 0x0fb7 : 0x0fb6, false, RAX, host(&k, 0));
		else
			x_load(c, i->sub == 3, RAX, host(&k, 0));
		again = c->at;
		amo_combine(g, kind, i->sub, b);
		lock_cmpxchg(c, i->sub, RDX, host(&k, 0));
		x_patch(c, x_jcc(c, X_NE), again);
	}
	zext_rax(c, i->sub, d);
	gen_check_done(g, i, s, k);
}

void gen_memory(struct gen *g, struct ir_ins *i)
{
	switch (i->op) {
	case IR_LOAD: case IR_LOADP: case IR_LDXR:
		load(g, i);
		break;
	case IR_STORE:
		if (i->flags & IRM_DCZVA)
			dc_zva(g, i);
		else
			store(g, i);
		break;
	case IR_STOREP:	store(g, i); break;
	case IR_STXR:	stxr(g, i); break;
	case IR_AMO:	amo(g, i); break;
	case IR_FENCE:
		e8(&g->c, 0xf0);			/* lock or dword [rsp - 64], 0 */
		x_alu_mem_imm(&g->c, ALU_OR, false, xm(RSP, -64), 0);
		break;
	default: break;
	}
}
