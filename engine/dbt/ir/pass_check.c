/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Merges address checks: accesses off one base value, near each other, get one CHECK before the first of them.
 *
 * A page that may be written may be read, so loads use a CHECK that a store asked for, but not the other way round. What is
 * between the accesses does not matter: an exit that is taken leaves the CHECK behind, and an access that goes out of line
 * clears it. A CALL ends all groups. Accesses that must be aligned, and the atomic ones, go on checking for themselves.
 */
#include "engine/dbt/ir/ir.h"

#define SPAN	512	/* bytes that one CHECK covers: the more, the oftener they straddle two pages */
#define REACH	96	/* ops from one access of a group to the next: the addend takes a register meanwhile */
#define GROUPS	64	/* in a block */
#define OPEN	8	/* latest groups that are looked through */

struct group {
	uint32_t first, last;	/* accesses */
	uint32_t base, count;
	int32_t low, high;	/* bytes covered: base + low to base + high - 1 */
	uint8_t flags;
	bool write;
};

struct groups {
	struct group g[GROUPS];
	unsigned count, open;		/* open: the first that may still grow */
	uint8_t of[IR_MAX];		/* group of an access + 1; 0: none */
};

static bool is_store(const struct ir_ins *i)
{
	return i->op == IR_STORE || i->op == IR_STOREP;
}

/* How many bytes are accessed; 0: not an access that can share a check. */
static unsigned bytes(const struct ir_ins *i)
{
	bool pair = i->op == IR_LOADP || i->op == IR_STOREP;

	if ((!pair && i->op != IR_LOAD && i->op != IR_STORE) || (i->flags & (IRM_ALIGN | IRM_DCZVA)))
		return 0;
	return (pair ? 2u : 1u) << i->sub;
}

static bool joins(struct group *g, const struct ir_ins *i, uint32_t n, unsigned size)
{
	int64_t at = (int64_t)i->imm, low = at < g->low ? at : g->low;
	int64_t high = at + size > g->high ? at + size : g->high;

	if (g->base != i->a || ((g->flags ^ i->flags) & IRM_UNPRIV) || (is_store(i) && !g->write) || n - g->last > REACH ||
	    high - low > SPAN)
		return false;
	g->low = (int32_t)low;
	g->high = (int32_t)high;
	g->flags |= i->flags & IRM_SP;
	g->last = n;
	g->count++;
	return true;
}

static void place(struct groups *gs, const struct ir_ins *i, uint32_t n, unsigned size)
{
	unsigned oldest = gs->count > gs->open + OPEN ? gs->count - OPEN : gs->open;

	for (unsigned k = gs->count; k-- > oldest;)
		if (joins(&gs->g[k], i, n, size)) {
			gs->of[n] = (uint8_t)(k + 1);
			return;
		}
	if (gs->count == GROUPS)
		return;
	gs->g[gs->count++] = (struct group){ .first = n, .last = n, .base = i->a, .count = 1, .low = (int32_t)i->imm,
					     .high = (int32_t)i->imm + (int32_t)size, .flags = i->flags & (IRM_UNPRIV | IRM_SP),
					     .write = is_store(i) };
	gs->of[n] = (uint8_t)gs->count;
}

static void moved(uint32_t *v, const uint8_t *by)
{
	if (*v != IR_NONE)
		*v += by[*v];
}

static void move(struct ir_ins *i, const uint8_t *by)
{
	moved(&i->a, by);
	moved(&i->b, by);
	if (i->op != IR_EXIT_BL && i->op != IR_EXIT_BLR)
		moved(&i->c, by);
}

/* Puts the CHECKs in, from the end, so that each op moves once. `checks`: how many groups have more than one access. */
static void insert(struct ir *ir, struct groups *gs, unsigned checks)
{
	uint32_t at[GROUPS];		/* where a group's CHECK comes to be */
	uint8_t by[IR_MAX];		/* how far each op moves */
	unsigned k = 0, before = 0;

	for (uint32_t n = 0; n < ir->count; n++) {
		for (; k < gs->count && gs->g[k].first == n; k++)
			if (gs->g[k].count > 1)
				at[k] = n + before++;
		by[n] = (uint8_t)before;
	}
	for (uint32_t n = ir->count; n-- > 0;) {
		struct ir_ins *i = &ir->ins[n];
		struct group *g = gs->of[n] ? &gs->g[gs->of[n] - 1] : NULL;

		move(i, by);
		ir->ins[n + by[n]] = *i;
		if (!g || g->count < 2)
			continue;
		ir->ins[n + by[n]].check = at[g - gs->g];
		if (n != g->first)
			continue;
		ir->ins[at[g - gs->g]] = (struct ir_ins){ .op = IR_CHECK, .type = IR_I64, .sub = g->write, .flags = g->flags,
							 .a = ir->ins[n + by[n]].a, .b = IR_NONE,
							 .c = (uint32_t)(g->high - g->low), .imm = (uint64_t)(int64_t)g->low };
	}
	if (ir->loop)
		for (unsigned s = 0; s < SLOT_COUNT; s++)
			moved(&ir->head_get[s], by);
	ir->count += checks;
}

void ir_pass_check(struct ir *ir)
{
	struct groups gs;
	unsigned checks = 0;

	gs.count = gs.open = 0;
	for (uint32_t n = 0; n < ir->count; n++) {
		const struct ir_ins *i = &ir->ins[n];
		unsigned size = bytes(i);

		gs.of[n] = 0;
		if (i->op == IR_CALL)
			gs.open = gs.count;
		else if (size)
			place(&gs, i, n, size);
	}
	for (unsigned k = 0; k < gs.count; k++)
		checks += gs.g[k].count > 1;
	if (checks && ir->count + checks < IR_MAX)
		insert(ir, &gs, checks);
}
