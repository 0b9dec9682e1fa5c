/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * State forwarding: a GET of a slot whose value is known becomes that value.
 *
 * A vector slot may be known by its low lane only (type f32 or f64). A SET of such a value clears the lanes above, so a
 * later v128 GET is a VZEXT of it; a GET of a low lane says nothing about the rest, so a later v128 GET reads again. In a
 * loop the value at the head comes from two places, so every slot that is read before it is written gets one GET, of the
 * full type, which the back end carries round. What is read after a call that changes registers isn't the head's value.
 */
#include "engine/dbt/ir/ir.h"

struct forward {
	struct ir *ir;
	uint32_t cur[SLOT_COUNT];	/* value, or IR_NONE */
	bool set[SLOT_COUNT];		/* it comes from a SET */
	bool called;			/* behind a call that may have changed any slot */
	uint32_t rep[IR_MAX];		/* what each value has become */
};

static bool is_lane(unsigned type)
{
	return type == IR_F32 || type == IR_F64;
}

static void forward_get(struct forward *f, uint32_t n)
{
	struct ir_ins *i = &f->ir->ins[n];
	unsigned slot = (unsigned)i->imm;
	uint32_t v = f->cur[slot];
	unsigned have = v == IR_NONE ? IR_VOID : f->ir->ins[v].type;

	if (v != IR_NONE && is_lane(have) && (i->type == IR_V128 || (have == IR_F32 && i->type == IR_F64))) {
		if (f->set[slot]) {
			*i = (struct ir_ins){ .op = IR_VZEXT, .type = IR_V128, .sub = (uint8_t)have, .a = v, .b = IR_NONE,
					      .c = IR_NONE };
			f->cur[slot] = n;	/* the same register, now known in full */
			return;
		}
		v = IR_NONE;
	}
	if (v != IR_NONE) {
		f->rep[n] = v;
		i->op = IR_NOP;
		i->type = IR_VOID;
		return;
	}
	if (f->ir->loop && is_lane(i->type))
		i->type = IR_V128;
	f->cur[slot] = n;
	f->set[slot] = false;
	if (f->ir->loop && !f->ir->written[slot] && !f->called)
		f->ir->head_get[slot] = n;
}

static uint32_t replaced(const struct forward *f, uint32_t v)
{
	return v == IR_NONE ? v : f->rep[v];
}

void ir_pass_forward(struct ir *ir)
{
	struct forward f;

	f.ir = ir;
	f.called = false;
	for (unsigned s = 0; s < SLOT_COUNT; s++) {
		f.cur[s] = ir->head_get[s] = IR_NONE;
		f.set[s] = ir->written[s] = false;
	}
	for (uint32_t n = 0; n < ir->count; n++) {
		struct ir_ins *i = &ir->ins[n];

		f.rep[n] = n;
		i->a = replaced(&f, i->a);
		i->b = replaced(&f, i->b);
		if (i->op != IR_EXIT_BL && i->op != IR_EXIT_BLR)
			i->c = replaced(&f, i->c);
		if (i->op == IR_GET) {
			forward_get(&f, n);
		} else if (i->op == IR_SET) {
			f.cur[i->imm] = i->a;
			f.set[i->imm] = true;
			ir->written[i->imm] = true;
		} else if (i->op == IR_CALL && i->flags) {
			f.called = true;
			for (unsigned s = 0; s < SLOT_COUNT; s++)
				f.cur[s] = IR_NONE;
		}
	}
}
