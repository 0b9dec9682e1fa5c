/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Dead code, from the end backwards: SETs that no exit, call or faulting op can see, pure ops without a use, and FLAGS_RAISE
 * where something tests the flags anyway.
 */
#include "engine/dbt/ir/ir.h"

static void use(uint32_t *uses, uint32_t v)
{
	if (v != IR_NONE)
		uses[v]++;
}

void ir_pass_dead(struct ir *ir)
{
	uint32_t uses[IR_MAX] = { 0 };
	bool tested[IR_MAX] = { false };	/* used by more than a SET */
	bool seen[SLOT_COUNT];		/* something between here and the slot's next SET looks at it */

	for (unsigned s = 0; s < SLOT_COUNT; s++)
		seen[s] = false;
	for (uint32_t n = ir->count; n-- > 0;) {
		struct ir_ins *i = &ir->ins[n];
		char cls = ir_op_info[i->op].cls;

		if (cls == 'm' || cls == 'c' || cls == 'x')
			for (unsigned s = 0; s < SLOT_COUNT; s++)
				seen[s] = true;
		if (i->op == IR_SET) {
			if (!seen[i->imm]) {
				i->op = IR_NOP;
				continue;
			}
			seen[i->imm] = false;
		} else if ((cls == 'p' || cls == 'f' || cls == 'g') && !uses[n] &&
			   !(i->op == IR_PROJ)) {
			if (i->op == IR_GET && ir->loop && ir->head_get[i->imm] == n)
				ir->head_get[i->imm] = IR_NONE;
			i->op = IR_NOP;
			continue;
		}
		if (i->op == IR_FLAGS_RAISE && tested[i->a])
			i->op = IR_NOP;
		if (i->op == IR_NOP)
			continue;
		if (i->op != IR_SET && i->a != IR_NONE)
			tested[i->a] = true;
		if (i->op == IR_SELECT || i->op == IR_FLAGS_CCMP || i->op == IR_ADC || i->op == IR_SBC)
			tested[i->c] = true;
		use(uses, i->a);
		use(uses, i->b);
		if (i->op != IR_EXIT_BL && i->op != IR_EXIT_BLR)
			use(uses, i->c);
	}
}
