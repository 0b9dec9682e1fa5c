/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Selection of calls and of everything that leaves the block: exits, back edges, and the cold stubs at the end.
 *
 * A direct exit is a jump that the linker patches (link.c): its rel32 is 4-byte aligned so that one store changes it
 * while others run it. To another page it first goes through the fetch array, so that eviction, TLBI and dropped code make
 * it miss by themselves.
 *
 * Long because calls, returns, exits and their stubs agree on the same registers and stack frames, instruction by instruction.
 */
#include "engine/dbt/x64/gen.h"
#include "base/bits.h"

/* A jump or call that the linker patches; link_stub comes soon after. NULL: full. */
static struct dbt_link *link_branch(struct gen *g, int64_t target, bool call)
{
	struct code *c = &g->c;
	struct dbt_link *l;

	if (g->link_count >= ARRAY_SIZE(g->links)) {
		g->full = true;
		return NULL;
	}
	while ((c->at & 3) != 3 && !c->full)
		e8(c, 0x90);
	l = &g->links[g->link_count++];
	*l = (struct dbt_link){ .target = target };
	l->jump = call ? x_call(c) : x_jmp(c);
	return l;
}

/* Where it goes while it is not linked: tells the link's number to C. */
static void link_stub(struct gen *g, struct dbt_link *l)
{
	struct code *c = &g->c;

	if (!l)
		return;
	l->unlinked = c->at;
	x_patch(c, l->jump, c->at);
	e8(c, 0xb8 | RCX);			/* mov ecx, link number */
	e32(c, g->link_base + (uint32_t)(l - g->links));
	x_patch(c, x_jmp(c), g->vm->stubs.link);
}

static bool same_page(int64_t target)
{
	return target >= 0 && target < 4096;
}

/* vpage + target into rax, for stubs that store a PC. */
static void pc_to_rax(struct gen *g, int64_t target)
{
	struct code *c = &g->c;

	x_load(c, true, RAX, xm(ST, CPU_OFFSET(vpage)));
	if (target == (int32_t)target) {
		if (target)
			x_alu_imm(c, ALU_ADD, true, RAX, (int32_t)target);
	} else {
		x_mov_imm(c, RCX, (uint64_t)target);
		x_alu(c, ALU_ADD, true, RAX, RCX);
	}
}

static void to_dispatcher(struct gen *g, int64_t target)
{
	pc_to_rax(g, target);
	x_store(&g->c, true, RAX, xm(ST, CPU_OFFSET(pc)));
	x_patch(&g->c, x_jmp(&g->c), g->vm->stubs.dispatch);
}

/* Jumps to where the target's page is not the one that a cross-page link was made for; 0: there is none. */
struct page_misses {
	uint32_t tag, id;
};

/* The target page's fetch entry must be there and be the page that the link was made for. Makes vpage the target's. */
static struct page_misses check_page(struct gen *g, int64_t target)
{
	struct code *c = &g->c;
	int32_t fetch = CTX_FETCH(g->mode->el);
	struct page_misses m;

	pc_to_rax(g, target & -4096ll);
	x_mov(c, false, RCX, RAX);
	x_shift_imm(c, SH_SHR, false, RCX, 8);
	x_alu_imm(c, ALU_AND, false, RCX, (TLB_ENTRIES - 1) << 4);
	x_alu_mem(c, ALU_CMP, true, RAX, xmi(TLB, RCX, 0, fetch));
	m.tag = x_jcc(c, X_NE);
	/* cmp dword [entry.page_id], imm32: patched with the link, so aligned; ~0 is no page. */
	while (((c->at + 8) & 3) && !c->full)
		e8(c, 0x90);
	x_rm(c, 0x81, false, ALU_CMP, xmi(TLB, RCX, 0, fetch + 8));
	e32(c, ~0u);
	m.id = x_jcc(c, X_NE);
	x_store(c, true, RAX, xm(ST, CPU_OFFSET(vpage)));
	return m;
}

/* A backward jump or one to another page looks whether anything waits. */
static void check_kick(struct gen *g, int64_t target)
{
	uint32_t kick;

	if (target > g->guest && target < 4096)
		return;
	x_alu_mem_imm(&g->c, ALU_CMP, false, xm(ST, CPU_OFFSET(kick)), 0);
	kick = x_jcc(&g->c, X_NE);
	if (g->cold_count < ARRAY_SIZE(g->cold))
		g->cold[g->cold_count++] = (struct gen_cold){ .kind = COLD_DISPATCH, .jump = kick, .target = target };
	else
		g->full = true;
}

/* Everything is saved: go to vpage + target. */
static void leave_to(struct gen *g, int64_t target)
{
	struct page_misses m = { 0, 0 };
	struct dbt_link *l;

	check_kick(g, target);
	if (!same_page(target))
		m = check_page(g, target);
	l = link_branch(g, target, false);
	link_stub(g, l);
	if (m.tag && l) {
		l->page_id_at = m.id - 2 - 4;
		x_patch(&g->c, m.tag, l->unlinked);
		x_patch(&g->c, m.id, l->unlinked);
	}
}

/* What a look-up in the jump arrays leaves by when it finds nothing, or when something waits. */
struct jump_misses {
	uint32_t at[3];
};

static void patch_misses(struct gen *g, const struct jump_misses *m, uint32_t to)
{
	for (unsigned k = 0; k < ARRAY_SIZE(m->at); k++)
		x_patch(&g->c, m->at[k], to);
}

/* Target address in rax: look it up in the jump array; vpage is the target's. Returns where the host address is. */
static struct xmem look_up_jump(struct gen *g, struct jump_misses *m)
{
	struct code *c = &g->c;
	int32_t jump = CTX_JUMP(g->mode->el);

	x_alu_mem_imm(c, ALU_CMP, false, xm(ST, CPU_OFFSET(kick)), 0);
	m->at[0] = x_jcc(c, X_NE);
	x_mov(c, false, RCX, RAX);
	x_alu_imm(c, ALU_AND, false, RCX, (JUMP_ENTRIES - 1) << 2);
	x_shift_imm(c, SH_SHL, false, RCX, 3);
	x_alu_mem(c, ALU_CMP, true, RAX, xmi(TLB, RCX, 0, jump));
	m->at[1] = x_jcc(c, X_NE);
	x_rm(c, 0x81, false, ALU_CMP, xmi(TLB, RCX, 0, jump + (int32_t)offsetof(struct jump_entry, mode)));
	e32(c, g->mode_id);
	m->at[2] = x_jcc(c, X_NE);
	x_alu_imm(c, ALU_AND, true, RAX, -4096);
	x_store(c, true, RAX, xm(ST, CPU_OFFSET(vpage)));
	return xmi(TLB, RCX, 0, jump + (int32_t)offsetof(struct jump_entry, host));
}

/* Target address in rax. */
static void indirect(struct gen *g)
{
	struct jump_misses m;

	x_jmp_mem(&g->c, look_up_jump(g, &m));
	patch_misses(g, &m, g->vm->stubs.indirect);
}

/* ---- calls and returns of the guest: see returns.h ---- */

static bool has_frames(const struct gen *g)
{
	return !g->mode->ss && !g->mode->watch;
}

/* x30 is in memory: the first half of a frame, which the host's call completes. Returns a jump to where there is no room. */
static uint32_t push_frame(struct gen *g, uint32_t *room)
{
	struct code *c = &g->c;
	uint32_t full;

	x_alu_mem(c, ALU_CMP, true, RSP, xm(ST, CPU_OFFSET(returns_limit)));
	full = x_jcc(c, X_B);
	*room = c->at;
	x_push_mem(c, xm(ST, slot_offset(30)));
	return full;
}

static void no_room(struct gen *g, uint32_t full, uint32_t room)
{
	struct code *c = &g->c;

	x_patch(c, full, c->at);
	x_load(c, true, RSP, xm(ST, CPU_OFFSET(returns_base)));
	x_patch(c, x_jmp(c), room);
}

/* Where the host's return comes to: drops the frame, goes on at its address, `offset` in the page. */
static void land(struct gen *g, uint32_t offset)
{
	struct code *c = &g->c;
	struct dbt_link *l;

	x_pop(c, RAX);
	if (offset >= 4096) {
		indirect(g);
		return;
	}
	x_alu_imm(c, ALU_AND, true, RAX, -4096);
	x_store(c, true, RAX, xm(ST, CPU_OFFSET(vpage)));
	l = link_branch(g, offset, false);
	link_stub(g, l);
}

static void call_to(struct gen *g, int64_t target, uint32_t offset)
{
	struct page_misses m = { 0, 0 };
	struct code *c = &g->c;
	uint32_t full, room, landing;
	struct dbt_link *l;

	check_kick(g, target);
	full = push_frame(g, &room);
	if (!same_page(target))
		m = check_page(g, target);
	l = link_branch(g, target, true);
	landing = c->at;
	land(g, offset);
	link_stub(g, l);
	if (m.tag && l) {
		l->page_id_at = m.id - 2 - 4;
		x_patch(c, m.tag, c->at);
		x_patch(c, m.id, c->at);
		x_patch(c, x_call(c), l->unlinked);
		x_patch(c, x_jmp(c), landing);
	}
	no_room(g, full, room);
}

/* Target address in rax. */
static void call_indirect(struct gen *g, uint32_t offset)
{
	struct code *c = &g->c;
	uint32_t full, room, landing;
	struct jump_misses m;

	full = push_frame(g, &room);
	x_call_mem(c, look_up_jump(g, &m));
	landing = c->at;
	land(g, offset);
	patch_misses(g, &m, c->at);
	x_patch(c, x_call(c), g->vm->stubs.indirect);
	x_patch(c, x_jmp(c), landing);
	no_room(g, full, room);
}

/* x30 in rax. */
static void return_to(struct gen *g)
{
	struct code *c = &g->c;

	x_alu_mem_imm(c, ALU_CMP, false, xm(ST, CPU_OFFSET(kick)), 0);
	x_patch(c, x_jcc(c, X_NE), g->vm->stubs.indirect);
	x_alu_mem(c, ALU_CMP, true, RAX, xm(RSP, 8));
	x_patch(c, x_jcc(c, X_NE), g->vm->stubs.unpredicted[g->mode->el]);
	e8(c, 0xc3);
}

/* ---- conditions ---- */

static void add_cold(struct gen *g, enum cold_kind kind, uint32_t jump, uint32_t snap, int64_t target, bool dispatch)
{
	if (g->cold_count >= ARRAY_SIZE(g->cold)) {
		g->full = true;
		return;
	}
	g->cold[g->cold_count++] = (struct gen_cold){ .kind = kind, .jump = jump, .snap = snap, .target = target,
						      .dispatch = dispatch, .guest = g->guest };
}

static void exit_if(struct gen *g, struct ir_ins *i)
{
	struct code *c = &g->c;
	struct x_cond t = gen_flags_test(g, i->a, (enum ir_cond)i->sub);
	uint32_t snap = gen_snapshot(g), skip;
	bool dispatch = i->flags & IRX_DISPATCH;
	int64_t target = (int64_t)i->imm;

	switch (t.par) {
	case PAR_NEVER:
		break;
	case PAR_ALWAYS:
		add_cold(g, COLD_EXIT, x_jmp(c), snap, target, dispatch);
		break;
	case PAR_AND_NP:
		skip = x_jcc8(c, X_P);
		add_cold(g, COLD_EXIT, x_jcc(c, t.cc), snap, target, dispatch);
		x_patch8(c, skip);
		break;
	case PAR_OR_P:
		add_cold(g, COLD_EXIT, x_jcc(c, X_P), snap, target, dispatch);
		/* fall through */
	default:
		add_cold(g, COLD_EXIT, x_jcc(c, t.cc), snap, target, dispatch);
	}
	gen_consume(g);
}

/* ---- back edges ---- */

struct move {
	uint8_t dst, src;
	bool vec;
	uint8_t lane;		/* 0: all; 3, 2: low 8 or 4 bytes, rest zero */
};

static void one_move(struct gen *g, const struct move *m, unsigned src)
{
	struct code *c = &g->c;

	if (!m->vec) {
		x_mov(c, true, m->dst, src);
	} else if (m->lane == 3) {
		v_rrr(c, 1, 2, false, 0x7e, m->dst, 0, src);
	} else if (m->lane == 2) {
		v_rrr(c, 3, 1, false, 0x21, m->dst, src, src);
		e8(c, 0x0e);
	} else {
		v_mov(c, m->dst, src);
	}
}

/* Moves that must look simultaneous: emit those whose destination nobody still reads; break cycles by a scratch register. */
static void parallel_moves(struct gen *g, struct move *m, unsigned n)
{
	while (n) {
		bool progress = false;

		for (unsigned k = 0; k < n; k++) {
			bool blocked = false;

			for (unsigned j = 0; j < n; j++)
				blocked |= j != k && m[j].vec == m[k].vec && m[j].src == m[k].dst;
			if (blocked)
				continue;
			if (m[k].dst != m[k].src || m[k].lane)
				one_move(g, &m[k], m[k].src);
			m[k] = m[--n];
			progress = true;
			break;
		}
		if (!progress) {
			/* A cycle: free m[0].dst by moving its content to scratch. */
			unsigned dst = m[0].dst, scratch = m[0].vec ? XT0 : RAX;

			if (m[0].vec)
				v_mov(&g->c, scratch, dst);
			else
				x_mov(&g->c, true, scratch, dst);
			for (unsigned j = 0; j < n; j++)
				if (m[j].vec == m[0].vec && m[j].src == dst)
					m[j].src = (uint8_t)scratch;
		}
	}
}

/* What memory need not have at the head: rewritten before anything but a fault can look (docs/deviations.md for flags). */
static bool dead_at_head(const struct gen *g, unsigned slot)
{
	const struct ir *ir = g->ir;

	if (ir->head_get[slot] != NONE)
		return false;
	for (uint32_t n = 0; n < ir->count; n++) {
		const struct ir_ins *i = &ir->ins[n];
		char cls = ir_op_info[i->op].cls;

		if (i->op == IR_SET && i->imm == slot)
			return true;
		if (cls == 'x' || cls == 'c' || (cls == 'm' && slot != SLOT_FLAGS))
			return false;
	}
	return false;
}

/* Registers and memory as the head expects them, without touching the allocator's state. */
static void shuffle_to_head(struct gen *g)
{
	struct move moves[32];
	unsigned count = 0;
	uint32_t keep[SLOT_COUNT], snap;
	struct ir *ir = g->ir;

	memcpy(keep, g->cur, sizeof(keep));
	for (unsigned s = 0; s < SLOT_COUNT; s++)
		if (g->head_reg[s] != NO_REG || (g->cur[s] != NONE && dead_at_head(g, s)))
			g->cur[s] = NONE;
	snap = gen_snapshot(g);
	memcpy(g->cur, keep, sizeof(keep));
	if (g->full)
		return;
	gen_store_snapshot(g, g->snaps + snap);
	g->snap_count = snap;
	for (unsigned s = 0; s < SLOT_COUNT; s++) {
		uint32_t v = g->cur[s] != NONE ? g->cur[s] : ir->head_get[s];
		unsigned t;

		if (g->head_reg[s] == NO_REG)
			continue;
		if (g->cur[s] == NONE && g->home[s] != NONE)
			v = g->home[s];
		if (g->v[v].reg == NO_REG || (g->cur[s] == NONE && g->home[s] == NONE))
			continue;	/* second round */
		t = ir->ins[v].type;
		moves[count++] = (struct move){ g->head_reg[s], g->v[v].reg, s >= SLOT_V0,
						(uint8_t)(t == IR_F64 ? 3 : t == IR_F32 ? 2 : 0) };
	}
	parallel_moves(g, moves, count);
	for (unsigned s = 0; s < SLOT_COUNT; s++) {
		uint32_t v = g->cur[s];
		unsigned r = g->head_reg[s];

		if (r == NO_REG)
			continue;
		if (v == NONE) {
			v = g->home[s];
			if (v != NONE && g->v[v].reg != NO_REG)
				continue;
			if (s >= SLOT_V0)
				v_load(&g->c, r, xm(ST, slot_offset(s)));
			else
				x_load(&g->c, true, r, xm(ST, slot_offset(s)));
		} else if (g->v[v].reg == NO_REG) {
			unsigned t = ir->ins[v].type;
			struct move m = { (uint8_t)r, (uint8_t)r, s >= SLOT_V0, (uint8_t)(t == IR_F64 ? 3 : t == IR_F32 ? 2 : 0) };

			gen_load_value(g, v, r);
			if (m.lane)
				one_move(g, &m, r);
		}
	}
}

static void loop_back(struct gen *g)
{
	struct code *c = &g->c;
	uint32_t snap = gen_snapshot(g);

	x_alu_mem_imm(c, ALU_CMP, false, xm(ST, CPU_OFFSET(kick)), 0);
	add_cold(g, COLD_KICK, x_jcc(c, X_NE), snap, g->ir->head_offset, true);
	shuffle_to_head(g);
	x_patch(c, x_jmp(c), g->head_code);
}

static void loop_if(struct gen *g, struct ir_ins *i)
{
	struct code *c = &g->c;
	struct x_cond t = gen_flags_test(g, i->a, (enum ir_cond)i->sub);
	uint32_t out = 0, out2 = 0, in;

	switch (t.par) {
	case PAR_NEVER:
		gen_consume(g);
		return;
	case PAR_ALWAYS:
		break;
	case PAR_AND_NP:
		out2 = x_jcc(c, X_P);
		out = x_jcc(c, t.cc ^ 1);
		break;
	case PAR_OR_P:
		in = x_jcc8(c, X_P);
		out = x_jcc(c, t.cc ^ 1);
		x_patch8(c, in);
		break;
	default:
		out = x_jcc(c, t.cc ^ 1);
	}
	loop_back(g);
	if (out)
		x_patch(c, out, c->at);
	if (out2)
		x_patch(c, out2, c->at);
	gen_consume(g);
}

/* ---- calls ---- */

/* Arguments a, b, c to rsi, rdx, rcx; the vCPU to rdi. Sources are read before any of them is written. */
static void arguments(struct gen *g, struct ir_ins *i)
{
	struct code *c = &g->c;

	if (i->c != NONE)
		gen_load_value(g, i->c, RCX);
	if (i->b != NONE)
		gen_load_value(g, i->b, RDX);
	if (i->a != NONE)
		gen_load_value(g, i->a, RAX);
	if (i->a != NONE)
		x_mov(c, true, RSI, RAX);
	x_lea(c, true, RDI, xm(ST, -CPU_BIAS));
}

static void call_helper(struct gen *g, uint64_t helper)
{
	x_load(&g->c, true, RAX, xm(ST, CPU_OFFSET(helpers)));
	x_call_mem(&g->c, xm(RAX, 8 * (int32_t)helper));
}

static bool has(uint64_t helper, char flag)
{
	for (const char *f = dbt_helper_info[helper].flags; *f; f++)
		if (*f == flag)
			return true;
	return false;
}

void gen_call(struct gen *g, struct ir_ins *i)
{
	struct code *c = &g->c;
	bool saves = has(i->imm, 'S');

	if (saves) {
		gen_store_dirty(g);
		pc_to_rax(g, g->guest);
		x_store(c, true, RAX, xm(ST, CPU_OFFSET(pc)));
	}
	gen_spill_caller(g);
	if (has(i->imm, 'C'))
		gen_forget_homes(g);
	arguments(g, i);
	call_helper(g, i->imm);
	gen_consume(g);
	if (has(i->imm, 'F')) {
		x_alu_mem_imm(c, ALU_CMP, false, xm(ST, CPU_OFFSET(redirect)), 0);
		x_patch(c, x_jcc(c, X_NE), g->vm->stubs.dispatch);
	}
	x_load(c, true, TLB, xm(ST, CPU_OFFSET(ctx)));
	if (i->type != IR_VOID) {
		unsigned d = gen_def_gpr(g, g->n, NO_REG, 0);

		x_mov(c, true, d, RAX);
	}
}

static void exit_helper(struct gen *g, struct ir_ins *i)
{
	struct code *c = &g->c;

	gen_store_dirty(g);
	pc_to_rax(g, g->guest + (i->sub ? 0 : 4));
	x_store(c, true, RAX, xm(ST, CPU_OFFSET(pc)));
	arguments(g, i);
	/* Through a stub: the helper may sleep, and must not return into code that has been reclaimed. */
	x_mov_imm(c, RAX, 8 * i->imm);
	x_patch(c, x_jmp(c), g->vm->stubs.helper);
	gen_consume(g);
}

void gen_exit(struct gen *g, struct ir_ins *i)
{
	switch (i->op) {
	case IR_EXIT:
		gen_store_dirty(g);
		if (i->flags & IRX_DISPATCH)
			to_dispatcher(g, (int64_t)i->imm);
		else
			leave_to(g, (int64_t)i->imm);
		break;
	case IR_EXIT_BL:
		gen_store_dirty(g);
		call_to(g, (int64_t)i->imm, i->c);
		break;
	case IR_EXIT_IND: case IR_EXIT_BLR:
		gen_gpr(g, i->a);
		gen_store_dirty(g);
		gen_load_value(g, i->a, RAX);
		if (!has_frames(g) || (i->op == IR_EXIT_IND && i->sub == IND_JUMP))
			indirect(g);
		else if (i->op == IR_EXIT_BLR)
			call_indirect(g, i->c);
		else
			return_to(g);
		gen_consume(g);
		break;
	case IR_EXIT_IF:	exit_if(g, i); break;
	case IR_EXIT_HELPER:	exit_helper(g, i); break;
	case IR_LOOP:		loop_back(g); break;
	case IR_LOOP_IF:	loop_if(g, i); break;
	default: break;
	}
}

/* ---- cold code ---- */

void gen_cold_stubs(struct gen *g)
{
	struct code *c = &g->c;

	for (uint32_t k = 0; k < g->cold_count && !g->full; k++) {
		struct gen_cold *o = &g->cold[k];

		x_patch(c, o->jump, c->at);
		switch (o->kind) {
		case COLD_SIDE:
			if (o->ins)
				gen_check_again(g, o);
			e8(c, 0xb8 | RCX);
			e32(c, g->side_base + o->side);
			x_patch(c, x_jmp(c), g->vm->stubs.slow);
			break;
		case COLD_EXIT:
			gen_store_snapshot(g, g->snaps + o->snap);
			g->guest = o->guest;
			if (o->dispatch)
				to_dispatcher(g, o->target);
			else
				leave_to(g, o->target);
			break;
		case COLD_KICK:
			gen_store_snapshot(g, g->snaps + o->snap);
			to_dispatcher(g, o->target);
			break;
		case COLD_DISPATCH:
			to_dispatcher(g, o->target);
			break;
		}
	}
}
