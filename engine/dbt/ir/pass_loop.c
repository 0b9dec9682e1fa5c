/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Exits that lead to the block's own head become back edges. The back end then keeps guest registers in host registers
 * around them. EXITs by way of the dispatcher stay exits.
 */
#include "engine/dbt/ir/ir.h"

void ir_pass_loop(struct ir *ir)
{
	for (uint32_t n = 0; n < ir->count; n++) {
		struct ir_ins *i = &ir->ins[n];

		if ((i->op != IR_EXIT && i->op != IR_EXIT_IF) || i->flags || i->imm != ir->head_offset)
			continue;
		i->op = i->op == IR_EXIT ? IR_LOOP : IR_LOOP_IF;
		ir->loop = true;
	}
}
