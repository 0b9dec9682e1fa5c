/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Snapshots: where the value of every unsaved slot is at a point of the code (side.h), and the code that saves them.
 */
#include "engine/dbt/x64/gen.h"

static void put(struct gen *g, uint32_t w)
{
	if (g->snap_count >= g->snap_max) {
		g->full = true;
		return;
	}
	g->snaps[g->snap_count++] = w;
}

uint32_t gen_loc(struct gen *g, uint32_t v, uint32_t *lo, uint32_t *hi)
{
	struct gen_val *val = &g->v[v];
	struct ir_ins *i = &g->ir->ins[v];

	*lo = *hi = 0;
	if (i->op == IR_CONST) {
		*lo = (uint32_t)i->imm;
		*hi = (uint32_t)(i->imm >> 32);
		return LOC(LOC_CONST, 0);
	}
	if (val->reg != NO_REG)
		return LOC(val->vec ? LOC_XMM : LOC_GPR, val->reg);
	if (val->spill >= 0)
		return LOC(val->vec ? LOC_VSPILL : LOC_SPILL, val->spill);
	if (i->op == IR_PCREL) {
		*lo = (uint32_t)i->imm;
		*hi = (uint32_t)(i->imm >> 32);
		return LOC(LOC_PCREL, 0);
	}
	if (val->home != 0xff)
		return LOC(LOC_HOME, val->home);
	g->full = true;		/* cannot happen: snap_end keeps the value somewhere */
	return LOC(LOC_NONE, 0);
}

static void put_loc(struct gen *g, uint32_t v)
{
	uint32_t lo, hi, l = gen_loc(g, v, &lo, &hi);

	put(g, l);
	if (LOC_KIND(l) == LOC_CONST || LOC_KIND(l) == LOC_PCREL) {
		put(g, lo);
		put(g, hi);
	}
}

static void put_flags(struct gen *g, uint32_t v)
{
	struct ir_ins *i = &g->ir->ins[v];
	bool w = i->sub == IR_I64 || i->sub == IR_F64;
	enum loc_kind kind;

	switch (i->op) {
	case IR_FLAGS_SUB:	kind = LOC_FLAGS_SUB; break;
	case IR_FLAGS_ADD:	kind = LOC_FLAGS_ADD; break;
	case IR_FLAGS_AND:	kind = LOC_FLAGS_AND; break;
	case IR_FLAGS_FCMP:	kind = LOC_FLAGS_FCMP; break;
	case IR_FLAGS_IMM:
		put(g, LOC(LOC_FLAGS_IMM, i->imm & 15));
		return;
	default:
		put_loc(g, v);
		return;
	}
	put(g, LOC(kind, (unsigned)w | (i->op == IR_FLAGS_FCMP && i->imm ? 2u : 0)));
	put_loc(g, i->a);
	put_loc(g, i->b);
}

static unsigned width_of(const struct gen *g, unsigned slot, uint32_t v)
{
	unsigned t = g->ir->ins[v].type;

	return slot < SLOT_FLAGS ? 3 : t == IR_V128 ? 4 : t == IR_F64 ? 3 : 2;
}

uint32_t gen_snapshot(struct gen *g)
{
	uint32_t at = g->snap_count;

	/* Flags first: their operands may be in slots' memory that the rest overwrites. */
	if (g->cur[SLOT_FLAGS] != NONE) {
		put(g, SNAP_WORD(SLOT_FLAGS, 2));
		put_flags(g, g->cur[SLOT_FLAGS]);
	}
	for (unsigned s = 0; s < SLOT_COUNT; s++) {
		uint32_t v = g->cur[s];

		if (v == NONE || s == SLOT_FLAGS)
			continue;
		put(g, SNAP_WORD(s, width_of(g, s, v)));
		put_loc(g, v);
	}
	put(g, SNAP_END);
	return at;
}

void gen_snapshot_side(struct gen *g, struct side *s)
{
	uint32_t from = gen_snapshot(g);
	uint32_t words = g->snap_count - from;

	if (g->full || g->side_at + words > g->side_max) {
		g->full = true;
		return;
	}
	memcpy(s->snap, g->snaps + from, words * sizeof(uint32_t));
	g->side_at += words;
	g->snap_count = from;
}

struct side *gen_side(struct gen *g, enum side_kind kind)
{
	struct side *s = (struct side *)(g->side + g->side_at);

	if (g->side_at + sizeof(*s) / 4 > g->side_max) {
		g->full = true;
		return NULL;
	}
	memset(s, 0, sizeof(*s));
	s->kind = (uint8_t)kind;
	s->guest = g->guest;
	s->mode = (uint16_t)g->mode_id;
	s->dst = s->dst2 = NO_REG;
	g->side_at += sizeof(*s) / 4;
	return s;
}

void gen_side_done(struct gen *g, struct side *s, uint32_t jump, uint32_t resume)
{
	if (!s || g->cold_count >= ARRAY_SIZE(g->cold)) {
		g->full = true;
		return;
	}
	s->resume = resume;
	g->cold[g->cold_count++] = (struct gen_cold){ .kind = COLD_SIDE, .jump = jump, .resume = resume,
						      .side = (uint32_t)((uint32_t *)s - g->side) };
}

/* ---- code that saves a snapshot ---- */

struct operand {
	enum loc_kind kind;
	uint32_t index;
	uint64_t imm;
};

static struct operand take(const uint32_t **w)
{
	struct operand o = { LOC_KIND(**w), LOC_INDEX(**w), 0 };

	(*w)++;
	if (o.kind == LOC_CONST || o.kind == LOC_PCREL) {
		o.imm = (*w)[0] | (uint64_t)(*w)[1] << 32;
		*w += 2;
	}
	return o;
}

static void load_gpr(struct gen *g, unsigned reg, struct operand o)
{
	struct code *c = &g->c;

	switch (o.kind) {
	case LOC_GPR:	x_mov(c, true, reg, o.index); break;
	case LOC_SPILL:	x_load(c, true, reg, xm(ST, CPU_OFFSET(spill) + 8 * (int32_t)o.index)); break;
	case LOC_CONST:	x_mov_imm_keep(c, reg, o.imm); break;
	case LOC_PCREL:
		x_load(c, true, reg, xm(ST, CPU_OFFSET(vpage)));
		x_lea(c, true, reg, xm(reg, (int32_t)o.imm));
		break;
	case LOC_HOME:	x_load(c, o.index != SLOT_FLAGS, reg, xm(ST, slot_offset(o.index))); break;
	default:	g->full = true;
	}
}

static unsigned operand_gpr(struct gen *g, unsigned scratch, struct operand o)
{
	if (o.kind == LOC_GPR)
		return o.index;
	load_gpr(g, scratch, o);
	return scratch;
}

static unsigned operand_xmm(struct gen *g, unsigned scratch, struct operand o)
{
	if (o.kind == LOC_XMM)
		return o.index;
	v_load(&g->c, scratch, o.kind == LOC_HOME ? xm(ST, slot_offset(o.index)) :
					xm(ST, CPU_OFFSET(vspill) + 16 * (int32_t)o.index));
	return scratch;
}

static void store_gpr_slot(struct gen *g, unsigned slot, struct operand o)
{
	struct xmem m = xm(ST, slot_offset(slot));

	if (o.kind == LOC_CONST && (int64_t)o.imm == (int32_t)o.imm)
		x_store_imm(&g->c, true, (int32_t)o.imm, m);
	else
		x_store(&g->c, true, operand_gpr(g, RAX, o), m);
}

static void store_vec_slot(struct gen *g, unsigned slot, unsigned width, struct operand o)
{
	struct xmem m = xm(ST, slot_offset(slot));
	unsigned r = operand_xmm(g, XT2, o);

	if (width == 4) {
		v_store(&g->c, r, m);
	} else if (width == 3) {
		v_rrr(&g->c, 1, 2, false, 0x7e, XT2, 0, r);		/* vmovq: upper half zero */
		v_store(&g->c, XT2, m);
	} else {
		v_rrr(&g->c, 3, 1, false, 0x21, XT2, r, r);		/* vinsertps, zero lanes 1..3 */
		e8(&g->c, 0x0e);
		v_store(&g->c, XT2, m);
	}
}

/* ucomis's result to the slot's form: less SF|CF, equal ZF, greater none, unordered OF. */
void gen_fcmp_in_ax(struct gen *g)
{
	struct code *c = &g->c;
	uint32_t unordered, done;

	unordered = x_jcc8(c, X_P);
	e8(c, 0x9f);						/* lahf: ZF and CF */
	x_alu_imm(c, ALU_AND, false, RAX, 0x4100);
	x_mov(c, false, RCX, RAX);				/* CF set means less: SF too */
	x_alu_imm(c, ALU_AND, false, RCX, 0x100);
	x_shift_imm(c, SH_SHL, false, RCX, 7);
	x_alu(c, ALU_OR, false, RAX, RCX);
	done = x_jmp8(c);
	x_patch8(c, unordered);
	x_mov_imm(c, RAX, 1);
	x_patch8(c, done);
}

void gen_flags_words_to_ax(struct gen *g, const uint32_t **w)
{
	struct operand o = take(w), a, b;
	struct code *c = &g->c;
	bool wide = o.index & 1;
	unsigned ra;

	if (o.kind == LOC_FLAGS_IMM) {
		x_mov_imm(c, RAX, nzcv_to_flags(o.index << 28));
		return;
	}
	if (o.kind < LOC_FLAGS_SUB) {
		load_gpr(g, RAX, o);
		return;
	}
	a = take(w);
	b = take(w);
	if (o.kind == LOC_FLAGS_FCMP) {
		unsigned xa = operand_xmm(g, XT1, a), xb = operand_xmm(g, XT2, b);

		v_rrr(c, 1, wide ? 1 : 0, false, o.index & 2 ? 0x2f : 0x2e, xa, 0, xb);	/* vcomis, vucomis */
		gen_fcmp_in_ax(g);
		return;
	}
	ra = o.kind == LOC_FLAGS_ADD ? (load_gpr(g, RAX, a), RAX) : operand_gpr(g, RAX, a);
	if (b.kind == LOC_CONST && (wide ? (int64_t)b.imm == (int32_t)b.imm : true)) {
		int32_t imm = (int32_t)b.imm;

		if (o.kind == LOC_FLAGS_AND)
			x_test_imm(c, wide, ra, imm);
		else
			x_alu_imm(c, o.kind == LOC_FLAGS_SUB ? ALU_CMP : ALU_ADD, wide, ra, imm);
	} else {
		unsigned rb = operand_gpr(g, RCX, b);

		if (o.kind == LOC_FLAGS_AND)
			x_test(c, wide, ra, rb);
		else
			x_alu(c, o.kind == LOC_FLAGS_SUB ? ALU_CMP : ALU_ADD, wide, ra, rb);
	}
	if (o.kind == LOC_FLAGS_ADD)
		e8(c, 0xf5);					/* cmc */
	else if (o.kind == LOC_FLAGS_AND)
		e8(c, 0xf9);					/* stc */
	e8(c, 0x9f);						/* lahf */
	x_setcc(c, X_O, RAX);
	x_rr(c, 0x0fb7, false, RAX, RAX);			/* movzx eax, ax */
}

static void store_flags_slot(struct gen *g, const uint32_t **w)
{
	if (LOC_KIND(**w) == LOC_FLAGS_IMM) {
		x_store_imm(&g->c, false, nzcv_to_flags(take(w).index << 28), xm(ST, slot_offset(SLOT_FLAGS)));
		return;
	}
	gen_flags_words_to_ax(g, w);
	x_store(&g->c, false, RAX, xm(ST, slot_offset(SLOT_FLAGS)));
}

void gen_store_snapshot(struct gen *g, const uint32_t *words)
{
	while (*words != SNAP_END) {
		unsigned slot = *words & 0xff, width = *words >> 8;

		words++;
		if (slot == SLOT_FLAGS)
			store_flags_slot(g, &words);
		else if (slot < SLOT_FLAGS)
			store_gpr_slot(g, slot, take(&words));
		else
			store_vec_slot(g, slot, width, take(&words));
	}
}
