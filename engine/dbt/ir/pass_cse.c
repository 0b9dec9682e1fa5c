/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Common subexpressions: a pure op equal to an earlier one becomes its value. Blocks have one path, so what is earlier
 * dominates. The table forgets on collision, which costs a chance and nothing else.
 */
#include "engine/dbt/ir/ir.h"
#include "base/string.h"

#define TABLE	256

static bool is_commutative(unsigned op)
{
	return op == IR_ADD || op == IR_AND || op == IR_OR || op == IR_XOR || op == IR_MUL || op == IR_UMULH || op == IR_SMULH;
}

static unsigned hash(const struct ir_ins *i)
{
	uint64_t h = i->imm + (uint64_t)i->op * 0x9e3779b97f4a7c15;

	h = (h ^ i->a) * 0xff51afd7ed558ccd;
	h = (h ^ i->b ^ (uint64_t)i->c << 32) * 0xc4ceb9fe1a85ec53;
	return (unsigned)(h >> 40) % TABLE;
}

static bool equal(const struct ir_ins *x, const struct ir_ins *y)
{
	return x->op == y->op && x->type == y->type && x->sub == y->sub && x->flags == y->flags && x->a == y->a && x->b == y->b &&
	       x->c == y->c && x->imm == y->imm;
}

void ir_pass_cse(struct ir *ir)
{
	uint32_t table[TABLE], rep[IR_MAX];

	memset(table, 0xff, sizeof(table));
	for (uint32_t n = 0; n < ir->count; n++) {
		struct ir_ins *i = &ir->ins[n];
		char cls = ir_op_info[i->op].cls;
		uint32_t *t;

		rep[n] = n;
		if (i->a != IR_NONE)
			i->a = rep[i->a];
		if (i->b != IR_NONE)
			i->b = rep[i->b];
		if (i->c != IR_NONE && i->op != IR_EXIT_BL && i->op != IR_EXIT_BLR)
			i->c = rep[i->c];
		if ((cls != 'p' && cls != 'f') || i->op == IR_NOP || i->op == IR_PROJ)
			continue;
		if (is_commutative(i->op) && i->b != IR_NONE && i->a > i->b) {
			uint32_t a = i->a;

			i->a = i->b;
			i->b = a;
		}
		t = &table[hash(i)];
		if (*t != IR_NONE && equal(&ir->ins[*t], i)) {
			rep[n] = *t;
			i->op = IR_NOP;
			i->type = IR_VOID;
		} else {
			*t = n;
		}
	}
}
