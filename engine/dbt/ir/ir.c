/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of IR operations, and the empty block. */
#include "engine/dbt/ir/ir.h"

const struct ir_op_info ir_op_info[IR_OP_COUNT] = {
#define X(name, operands, cls) [IR_##name] = { #name, operands, cls },
	IR_OPS(X)
#undef X
};

void ir_init(struct ir *ir, uint32_t head_offset)
{
	ir->count = 0;
	ir->loop = false;
	ir->overflow = false;
	ir->head_offset = head_offset;
}
