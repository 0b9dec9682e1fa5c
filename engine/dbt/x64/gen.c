/* SPDX-License-Identifier: BSD-2-Clause */
/* The walk over a block's IR that emits it. */
#include "engine/dbt/x64/gen.h"

static bool is_vec(unsigned type)
{
	return type == IR_F32 || type == IR_F64 || type == IR_V128;
}

static void emit_op(struct gen *g, struct ir_ins *i)
{
	char cls = ir_op_info[i->op].cls;

	switch (i->op) {
	case IR_NOP: case IR_CONST: case IR_PROJ:
		return;
	case IR_INSN:
		g->guest = (uint16_t)i->imm;
		return;
	case IR_CHECK:
		g->fresh = g->n;
		return;
	case IR_GET:
		gen_get(g, g->n);
		return;
	case IR_SET:
		gen_set(g, (unsigned)i->imm, i->a);
		return;
	case IR_SELECT:
		if (is_vec(i->type))
			gen_vector(g, i);
		else
			gen_int(g, i);
		return;
	case IR_CALL:
		gen_call(g, i);
		return;
	case IR_FLAGS_RAISE:
		gen_flags_test(g, i->a, CC_EQ);
		return;
	}
	if (cls == 'f' || i->op == IR_FLAGS_FCMP)
		return;				/* computed where they are used */
	if (cls == 'm' || i->op == IR_FENCE)
		gen_memory(g, i);
	else if (cls == 'x')
		gen_exit(g, i);
	else if (i->op >= IR_FADD && i->op <= IR_IMOVF)
		gen_fp(g, i);
	else if (i->op >= IR_VOP && i->op <= IR_VELEM)
		gen_vector(g, i);
	else
		gen_int(g, i);
}

bool gen_block(struct gen *g)
{
	g->full = false;
	g->fresh = NONE;
	g->check_count = 0;
	g->cold_count = g->link_count = g->snap_count = 0;
	g->guest = (uint16_t)g->ir->head_offset;
	gen_alloc_init(g);
	g->head_code = g->c.at;
	for (g->n = 0; g->n < g->ir->count; g->n++) {
		struct ir_ins *i = &g->ir->ins[g->n];

		g->dead_from = g->n;
		emit_op(g, i);
		g->locked_g = g->locked_v = 0;
		if (g->full || g->c.full)
			return false;
	}
	gen_cold_stubs(g);
	return !g->full && !g->c.full;
}
