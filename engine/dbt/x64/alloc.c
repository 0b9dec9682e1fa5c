/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Register allocation during emission: where each value is, who owns each register, what to evict.
 *
 * Uses are known ahead (a backward walk links them), so eviction takes the value whose next use is farthest (Belady).
 * Flags values of class 'f' never have a register: a use of one is a use of its operands.
 */
#include "engine/dbt/x64/gen.h"
#include "base/bits.h"
#include "base/log.h"

/* Spill slots that do not exist; the last of the array is scratch (SPILL_SCRATCH). */
#define SPILLS_TAKEN	(~0ull << (ARRAY_SIZE(((struct arm_cpu *)0)->spill) - 1))

static bool is_lazy_flags(const struct ir *ir, uint32_t v)
{
	return ir_op_info[ir->ins[v].op].cls == 'f' || ir->ins[v].op == IR_FLAGS_FCMP;
}

static bool is_vec_type(unsigned t)
{
	return t == IR_F32 || t == IR_F64 || t == IR_V128;
}

/* Calls fn for every value whose register op n may read. */
static void each_operand(struct gen *g, uint32_t n, void (*fn)(struct gen *g, uint32_t v, uint32_t n))
{
	struct ir_ins *i = &g->ir->ins[n];
	uint32_t ops[3] = { i->a, i->b, i->op == IR_EXIT_BL || i->op == IR_EXIT_BLR ? NONE : i->c };

	if (i->op == IR_SET || i->op == IR_PROJ || i->op == IR_CHECK || is_lazy_flags(g->ir, n))
		return;			/* no code of their own; a CHECK's comes with its first user */
	for (unsigned k = 0; k < 3; k++) {
		if (ops[k] == NONE)
			continue;
		if (is_lazy_flags(g->ir, ops[k])) {
			struct ir_ins *f = &g->ir->ins[ops[k]];

			if (f->op == IR_FLAGS_IMM)
				continue;
			fn(g, f->a, n);
			fn(g, f->b, n);
		} else {
			fn(g, ops[k], n);
		}
	}
	if (i->check)
		fn(g, i->check, n);
}

static void note_use(struct gen *g, uint32_t v, uint32_t n)
{
	struct gen_val *val = &g->v[v];

	if (val->uses && g->use[val->uses].pos == n)
		return;
	if (g->use_count + 1 >= ARRAY_SIZE(g->use)) {
		g->full = true;
		return;
	}
	g->use[++g->use_count] = (struct gen_use){ n, val->uses };
	val->uses = g->use_count;
}

static void extend_snap(struct gen *g, uint32_t v, uint32_t end)
{
	struct ir_ins *i = &g->ir->ins[v];

	if (is_lazy_flags(g->ir, v)) {
		if (i->op == IR_FLAGS_IMM)
			return;
		extend_snap(g, i->a, end);
		extend_snap(g, i->b, end);
		return;
	}
	if (g->v[v].snap_end < end)
		g->v[v].snap_end = end;
}

static bool is_snapshot_op(unsigned op)
{
	char cls = ir_op_info[op].cls;

	return cls == 'm' || cls == 'c' || cls == 'x';
}

/* What the back edge uses: the last SETs of the block, seen as uses by the LOOP op so that they are still around. */
static void collect_uses(struct gen *g)
{
	struct ir *ir = g->ir;
	uint32_t before = 0;			/* last snapshot op before n */
	uint32_t end[SLOT_COUNT];
	uint32_t last_snap[IR_MAX];

	for (uint32_t n = 0; n < ir->count; n++) {
		last_snap[n] = before;
		if (is_snapshot_op(ir->ins[n].op))
			before = n;
		g->v[n] = (struct gen_val){ .reg = NO_REG, .vec = is_vec_type(ir->ins[n].type), .spill = -1, .home = 0xff };
	}
	for (unsigned s = 0; s < SLOT_COUNT; s++)
		end[s] = before;
	for (uint32_t n = ir->count; n-- > 0;) {
		struct ir_ins *i = &ir->ins[n];

		if (i->op == IR_SET) {
			unsigned s = (unsigned)i->imm;

			if (end[s] > n)
				extend_snap(g, i->a, end[s]);
			end[s] = last_snap[n];
			continue;
		}
		if (i->op != IR_NOP)
			each_operand(g, n, note_use);
	}
	if (!ir->loop)
		return;
	/* The head's own values: dirty from the head up to the slot's first SET. */
	for (unsigned s = 0; s < SLOT_COUNT; s++)
		if (ir->head_get[s] != NONE)
			extend_snap(g, ir->head_get[s], ir->written[s] ? end[s] : before);
}

static void own(struct gen *g, uint32_t v, unsigned reg)
{
	struct gen_val *val = &g->v[v];

	(val->vec ? g->owner_v : g->owner_g)[reg] = v;
	val->reg = (uint8_t)reg;
}

static void release_reg(struct gen *g, struct gen_val *val)
{
	if (val->reg == NO_REG)
		return;
	(val->vec ? g->owner_v : g->owner_g)[val->reg] = NONE;
	val->reg = NO_REG;
}

void gen_free_spill(struct gen *g, struct gen_val *val)
{
	if (val->spill < 0)
		return;
	if (val->vec)
		g->vspill_used &= ~(1u << val->spill);
	else
		g->spill_used &= ~(1ull << val->spill);
	val->spill = -1;
}

/* Nothing at or after op `from` reads it. */
static bool is_dead(const struct gen *g, const struct gen_val *val, uint32_t from)
{
	return (!val->uses || g->use[val->uses].pos < from) && val->snap_end < from;
}

static struct xmem home_mem(unsigned slot)
{
	return xm(ST, slot_offset(slot));
}

static struct xmem spill_mem(const struct gen_val *val)
{
	return val->vec ? xm(ST, CPU_OFFSET(vspill) + 16 * val->spill) : xm(ST, CPU_OFFSET(spill) + 8 * val->spill);
}

void gen_load_value(struct gen *g, uint32_t v, unsigned reg)
{
	struct gen_val *val = &g->v[v];
	struct ir_ins *i = &g->ir->ins[v];

	if (val->vec) {
		struct xmem m = val->spill >= 0 ? spill_mem(val) : home_mem(val->home);

		if (val->reg != NO_REG)
			v_mov(&g->c, reg, val->reg);
		else if (val->spill >= 0 || i->type == IR_V128)
			v_load(&g->c, reg, m);
		else
			v_rrm(&g->c, 1, i->type == IR_F64 ? 3 : 2, false, 0x10, reg, 0, m);	/* vmovsd, vmovss */
		return;
	}
	if (val->reg != NO_REG)
		x_mov(&g->c, true, reg, val->reg);
	else if (i->op == IR_CONST)
		x_mov_imm_keep(&g->c, reg, i->imm);
	else if (val->spill >= 0)
		x_load(&g->c, true, reg, spill_mem(val));
	else if (val->home != 0xff)
		x_load(&g->c, val->home != SLOT_FLAGS, reg, home_mem(val->home));
	else if (i->op == IR_PCREL) {
		x_load(&g->c, true, reg, xm(ST, CPU_OFFSET(vpage)));
		if (i->imm)
			x_lea(&g->c, true, reg, xm(reg, (int32_t)i->imm));
	} else {
		panic("value v%u of op %s is nowhere at v%u", v, ir_op_info[i->op].name, g->n);
	}
}

static bool pcrel_fits(const struct ir_ins *i)
{
	return i->op == IR_PCREL && (int64_t)i->imm == (int32_t)i->imm;
}

static bool is_free_copy(const struct gen *g, const struct gen_val *val, uint32_t v)
{
	const struct ir_ins *i = &g->ir->ins[v];

	return i->op == IR_CONST || pcrel_fits(i) || val->spill >= 0 || (val->home != 0xff && !val->moved);
}

static void spill(struct gen *g, uint32_t v)
{
	struct gen_val *val = &g->v[v];
	uint64_t used = val->vec ? g->vspill_used | ~0xffffffffull : g->spill_used | SPILLS_TAKEN;
	unsigned n = ctz64(~used);

	if (n >= 64) {
		/* Slots of values that died without anybody looking. */
		for (uint32_t k = 0; k < g->n; k++)
			if (g->v[k].spill >= 0 && is_dead(g, &g->v[k], g->n))
				gen_free_spill(g, &g->v[k]);
		used = val->vec ? g->vspill_used | ~0xffffffffull :
				  g->spill_used | SPILLS_TAKEN;
		n = ctz64(~used);
		if (n >= 64) {
			g->full = true;
			return;
		}
	}
	val->spill = (int16_t)n;
	if (val->vec) {
		g->vspill_used |= 1u << n;
		v_store(&g->c, val->reg, spill_mem(val));
	} else {
		g->spill_used |= 1ull << n;
		x_store(&g->c, true, val->reg, spill_mem(val));
	}
}

static void evict(struct gen *g, bool vec, unsigned reg)
{
	uint32_t v = (vec ? g->owner_v : g->owner_g)[reg];
	struct gen_val *val = &g->v[v];

	if (!is_dead(g, val, g->dead_from) && !is_free_copy(g, val, v))
		spill(g, v);
	release_reg(g, val);
}

static unsigned pick(struct gen *g, bool vec, uint32_t avoid)
{
	uint32_t *owner = vec ? g->owner_v : g->owner_g;
	uint32_t may = (vec ? g->xmm_values & ~g->locked_v : g->gpr_values & ~g->locked_g) & ~avoid;
	unsigned best = NO_REG;
	uint64_t best_score = 0;

	for (uint32_t m = may; m; m &= m - 1) {
		unsigned r = (unsigned)__builtin_ctz(m);
		struct gen_val *val;
		uint64_t score;

		if (owner[r] == NONE)
			return r;
		val = &g->v[owner[r]];
		if (is_dead(g, val, g->dead_from)) {
			if (is_dead(g, val, g->n))
				gen_free_spill(g, val);
			release_reg(g, val);
			return r;
		}
		score = val->uses ? g->use[val->uses].pos : g->ir->count;
		score = 2 * score + (is_free_copy(g, val, owner[r]) ? 9 : 0);
		if (best == NO_REG || score > best_score) {
			best = r;
			best_score = score;
		}
	}
	if (best == NO_REG)
		panic("no register to evict at op %s", ir_op_info[g->ir->ins[g->n].op].name);
	evict(g, vec, best);
	return best;
}

unsigned gen_gpr(struct gen *g, uint32_t v)
{
	struct gen_val *val = &g->v[v];

	if (val->reg == NO_REG) {
		unsigned r = pick(g, false, 0);

		gen_load_value(g, v, r);
		own(g, v, r);
	}
	g->locked_g |= 1u << val->reg;
	return val->reg;
}

unsigned gen_xmm(struct gen *g, uint32_t v)
{
	struct gen_val *val = &g->v[v];

	if (val->reg == NO_REG) {
		unsigned r = pick(g, true, 0);

		gen_load_value(g, v, r);
		own(g, v, r);
	}
	g->locked_v |= 1u << val->reg;
	return val->reg;
}

static void advance(struct gen *g, uint32_t v, uint32_t n)
{
	struct gen_val *val = &g->v[v];

	while (val->uses && g->use[val->uses].pos <= n)
		val->uses = g->use[val->uses].next;
	if (is_dead(g, val, n + 1)) {
		gen_free_spill(g, val);
		release_reg(g, val);
	}
}

void gen_consume(struct gen *g)
{
	each_operand(g, g->n, advance);
	g->locked_g = g->locked_v = 0;
}

bool gen_dead_after(const struct gen *g, uint32_t v)
{
	const struct gen_val *val = &g->v[v];
	uint32_t u = val->uses;

	while (u && g->use[u].pos <= g->n)
		u = g->use[u].next;
	return !u && val->snap_end <= g->n;
}

static unsigned define(struct gen *g, uint32_t v, unsigned hint, uint32_t avoid, bool vec)
{
	uint32_t *owner = vec ? g->owner_v : g->owner_g;
	uint32_t may = vec ? g->xmm_values & ~g->locked_v : g->gpr_values & ~g->locked_g;
	unsigned r;

	if (hint != NO_REG && (may & ~avoid & 1u << hint) && owner[hint] == NONE)
		r = hint;
	else
		r = pick(g, vec, avoid);
	own(g, v, r);
	return r;
}

unsigned gen_def_gpr(struct gen *g, uint32_t v, unsigned hint, uint32_t avoid)
{
	return define(g, v, hint, avoid, false);
}

unsigned gen_def_xmm(struct gen *g, uint32_t v, unsigned hint, uint32_t avoid)
{
	return define(g, v, hint, avoid, true);
}

bool gen_const(const struct gen *g, uint32_t v, uint64_t *val)
{
	return ir_is_const(g->ir, v, val);
}

bool gen_imm32(const struct gen *g, uint32_t v, bool w, int32_t *val)
{
	uint64_t c;

	if (!gen_const(g, v, &c))
		return false;
	if (!w) {
		*val = (int32_t)(uint32_t)c;
		return true;
	}
	*val = (int32_t)c;
	return (int64_t)c == (int32_t)c;
}

/* The slot's memory is about to change: whoever relies on it gets another copy. */
static void leave_home(struct gen *g, unsigned slot)
{
	uint32_t v = g->home[slot];
	struct gen_val *val;

	if (v == NONE)
		return;
	val = &g->v[v];
	if (val->reg == NO_REG && val->spill < 0 && !is_dead(g, val, g->n) && g->ir->ins[v].op != IR_CONST) {
		unsigned r = pick(g, val->vec, 0);

		gen_load_value(g, v, r);
		own(g, v, r);
	}
	val->home = 0xff;
	g->home[slot] = NONE;
}

void gen_forget_homes(struct gen *g)
{
	for (unsigned s = 0; s < SLOT_COUNT; s++) {
		uint32_t v = g->home[s];

		if (v == NONE)
			continue;
		leave_home(g, s);
		if (g->v[v].reg != NO_REG && !is_dead(g, &g->v[v], g->n) && g->v[v].spill < 0)
			evict(g, g->v[v].vec, g->v[v].reg);
	}
}

void gen_get(struct gen *g, uint32_t n)
{
	unsigned slot = (unsigned)g->ir->ins[n].imm;

	if (g->v[n].home == slot || g->v[n].reg != NO_REG)
		return;			/* carried: defined at the head */
	leave_home(g, slot);
	g->home[slot] = n;
	g->v[n].home = (uint8_t)slot;
}

/*
 * A snapshot must not say that a slot's value is in another slot's memory: saving them one after the other could overwrite
 * it. So such a value gets a register, and from now on counts as having no home when it is evicted.
 */
void gen_set(struct gen *g, unsigned slot, uint32_t v)
{
	struct gen_val *val = &g->v[v];

	g->cur[slot] = g->home[slot] == v ? NONE : v;
	if (g->cur[slot] == NONE || is_lazy_flags(g->ir, v))
		return;
	if (val->home != 0xff && val->reg == NO_REG && val->spill < 0) {
		unsigned r = pick(g, val->vec, 0);

		gen_load_value(g, v, r);
		own(g, v, r);
	}
	val->moved = true;
}

/* Saves every dirty slot and makes memory the slots' home. */
void gen_store_dirty(struct gen *g)
{
	uint32_t snap;

	for (unsigned s = 0; s < SLOT_COUNT; s++)
		if (g->cur[s] != NONE && g->home[s] != g->cur[s])
			leave_home(g, s);
	snap = gen_snapshot(g);
	if (g->full)
		return;
	gen_store_snapshot(g, g->snaps + snap);
	for (unsigned s = 0; s < SLOT_COUNT; s++) {
		uint32_t v = g->cur[s];

		if (v == NONE)
			continue;
		g->cur[s] = NONE;
		if (is_lazy_flags(g->ir, v) || g->ir->ins[v].op == IR_CONST)
			continue;
		if (g->v[v].home == 0xff) {
			g->v[v].home = (uint8_t)s;
			g->home[s] = v;
		}
	}
}

void gen_spill_caller(struct gen *g)
{
	for (unsigned r = 0; r < 16; r++) {
		if ((GPR_CALLER >> r & 1) && g->owner_g[r] != NONE)
			evict(g, false, r);
		if (g->owner_v[r] != NONE)
			evict(g, true, r);
	}
}

/* Registers for the loop's carried slots, most used first, leaving some for everything else. */
static void loop_head(struct gen *g)
{
	struct ir *ir = g->ir;
	uint32_t end = ir->count - 1;		/* the last back edge: what is used behind it only does not belong to the loop */
	unsigned left_g = (unsigned)__builtin_popcount(g->gpr_values), left_v = (unsigned)__builtin_popcount(g->xmm_values);

	while (end > 0 && ir->ins[end].op != IR_LOOP && ir->ins[end].op != IR_LOOP_IF)
		end--;
	left_g = left_g > 5 ? left_g - 3 : left_g > 3 ? 1 : 0;
	left_v = left_v > 7 ? left_v - 4 : left_v > 3 ? 1 : 0;
	for (;;) {
		unsigned best = SLOT_COUNT, weight = 0;

		for (unsigned s = 0; s < SLOT_COUNT; s++) {
			uint32_t v = ir->head_get[s];
			unsigned w = 0;

			if (v == NONE || s == SLOT_FLAGS || g->head_reg[s] != NO_REG || (g->v[v].vec ? left_v : left_g) == 0)
				continue;
			for (uint32_t u = g->v[v].uses; u; u = g->use[u].next)
				w += g->use[u].pos <= end ? 2 : 0;
			w += w && ir->written[s] ? 2 : 0;
			if (w > weight) {
				weight = w;
				best = s;
			}
		}
		if (best == SLOT_COUNT)
			return;
		uint32_t v = ir->head_get[best];
		unsigned r = pick(g, g->v[v].vec, 0);

		g->v[v].home = (uint8_t)best;
		gen_load_value(g, v, r);
		own(g, v, r);
		g->head_reg[best] = (uint8_t)r;
		g->head_dirty[best] = ir->written[best];
		if (ir->written[best]) {
			g->v[v].home = 0xff;
			g->cur[best] = v;
		} else {
			g->home[best] = v;
		}
		if (g->v[v].vec)
			left_v--;
		else
			left_g--;
	}
}

void gen_alloc_init(struct gen *g)
{
	g->use_count = 0;
	g->locked_g = g->locked_v = 0;
	g->spill_used = 0;
	g->vspill_used = 0;
	g->n = g->dead_from = 0;
	for (unsigned r = 0; r < 16; r++)
		g->owner_g[r] = g->owner_v[r] = NONE;
	for (unsigned s = 0; s < SLOT_COUNT; s++) {
		g->cur[s] = g->home[s] = NONE;
		g->head_reg[s] = NO_REG;
		g->head_dirty[s] = false;
	}
	collect_uses(g);
	if (g->ir->loop)
		loop_head(g);
}
