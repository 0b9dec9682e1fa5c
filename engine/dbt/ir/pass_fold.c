/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Folding: constants, identities, extensions of what is extended already, address arithmetic into the memory op, and
 * TRUNC, which is only a view and disappears (every i32 op looks at the low half of its operands).
 */
#include "engine/dbt/ir/ir.h"
#include "base/bits.h"

struct fold {
	struct ir *ir;
	uint32_t rep[IR_MAX];
};

static void become_const(struct ir_ins *i, uint64_t v)
{
	unsigned type = i->type;

	*i = (struct ir_ins){ .op = IR_CONST, .type = (uint8_t)type, .a = IR_NONE, .b = IR_NONE, .c = IR_NONE,
			      .imm = type == IR_I32 ? (uint32_t)v : v };
}

static uint64_t fold_binary(unsigned op, unsigned width, uint64_t a, uint64_t b, bool *ok)
{
	unsigned n = (unsigned)b & (width - 1);
	uint64_t mask = width == 64 ? ~0ull : 0xffffffff;

	a &= mask;
	*ok = true;
	switch (op) {
	case IR_ADD:	return a + b;
	case IR_SUB:	return a - b;
	case IR_AND:	return a & b;
	case IR_OR:	return a | b;
	case IR_XOR:	return a ^ b;
	case IR_ANDN:	return a & ~b;
	case IR_SHL:	return a << n;
	case IR_SHR:	return a >> n;
	case IR_SAR:	return (uint64_t)(sign_extend(a, width) >> n);
	case IR_ROR:	return n ? a >> n | a << (width - n) : a;
	case IR_MUL:	return a * b;
	default:	*ok = false; return 0;
	}
}

static uint64_t fold_unary(unsigned op, uint64_t a, bool *ok)
{
	*ok = true;
	switch (op) {
	case IR_NOT:	return ~a;
	case IR_NEG:	return -a;
	case IR_ZEXT8:	return (uint8_t)a;
	case IR_ZEXT16:	return (uint16_t)a;
	case IR_ZEXT32:	return (uint32_t)a;
	case IR_SEXT8:	return (uint64_t)(int8_t)a;
	case IR_SEXT16:	return (uint64_t)(int16_t)a;
	case IR_SEXT32:	return (uint64_t)(int32_t)a;
	default:	*ok = false; return 0;
	}
}

/* True if op with constant right operand b gives its left operand unchanged. */
static bool is_identity(unsigned op, unsigned width, uint64_t b)
{
	uint64_t ones = width == 64 ? ~0ull : 0xffffffff;

	switch (op) {
	case IR_ADD: case IR_SUB: case IR_OR: case IR_XOR: case IR_ANDN:
		return b == 0;
	case IR_AND:
		return (b & ones) == ones;
	case IR_SHL: case IR_SHR: case IR_SAR: case IR_ROR:
		return (b & (width - 1)) == 0;
	default:
		return false;
	}
}

/* A 32-bit op whose result has its upper half clear in the host register. */
static bool zero_extended(const struct ir *ir, uint32_t v)
{
	const struct ir_ins *i = &ir->ins[v];

	if (i->op == IR_LOAD || i->op == IR_LOADP)
		return i->type == IR_I32 || (!(i->flags & IRM_SEXT) && i->sub <= 2);
	return i->type == IR_I32 && i->op != IR_CALL;
}

/* An alignment check of SP looks at the low four bits of a alone, and DC ZVA takes no offset. */
static void fold_memory(struct fold *f, struct ir_ins *i)
{
	struct ir *ir = f->ir;
	uint64_t c;

	if (i->flags & IRM_DCZVA)
		return;
	while (ir->ins[i->a].op == IR_ADD && ir->ins[i->a].type == IR_I64 && ir->ins[i->a].b == IR_NONE) {
		int64_t sum;

		c = ir->ins[i->a].imm;
		sum = (int64_t)i->imm + (int64_t)c;

		if ((int64_t)c > INT32_MAX || (int64_t)c < INT32_MIN || sum > INT32_MAX - 64 || sum < INT32_MIN + 64 ||
		    ((i->flags & IRM_SP) && (c & 15)))
			break;
		i->imm = (uint64_t)sum;
		i->a = ir->ins[i->a].a;
	}
}

/* The ops whose right operand may be an immediate: then b is IR_NONE and imm the constant. */
static bool takes_imm(unsigned op)
{
	return (op >= IR_ADD && op <= IR_ROR) || op == IR_MUL;
}

static bool is_commutative(unsigned op)
{
	return op == IR_ADD || op == IR_AND || op == IR_OR || op == IR_XOR || op == IR_MUL;
}

/* Constant b on the right of an op that takes immediates. A value that i equals, or IR_NONE. */
static uint32_t fold_right_const(struct fold *f, struct ir_ins *i, uint64_t b, unsigned width)
{
	struct ir *ir = f->ir;

	if (i->op == IR_SUB) {
		i->op = IR_ADD;		/* one form, for the address folder and for lea */
		b = -b;
	}
	if (width == 32)
		b = (uint32_t)b;
	if (i->op == IR_AND && b == 0) {
		become_const(i, 0);
		return IR_NONE;
	}
	if (is_identity(i->op, width, b) && (width == 64 || zero_extended(ir, i->a)))
		return i->a;
	if (i->op == IR_ADD && width == 64 && ir->ins[i->a].op == IR_PCREL) {
		b += ir->ins[i->a].imm;
		*i = (struct ir_ins){ .op = IR_PCREL, .type = IR_I64, .a = IR_NONE, .b = IR_NONE, .c = IR_NONE, .imm = b };
		return IR_NONE;
	}
	i->b = IR_NONE;
	i->imm = b;
	return IR_NONE;
}

/* A value that i equals and may be replaced by, or IR_NONE. */
static uint32_t fold_arith(struct fold *f, struct ir_ins *i)
{
	unsigned width = i->type == IR_I64 ? 64 : 32;
	uint64_t a = 0, b = 0, r;
	bool ca, cb, ok;

	if (i->type != IR_I32 && i->type != IR_I64)
		return IR_NONE;
	ca = ir_is_const(f->ir, i->a, &a);
	if (ir_op_info[i->op].operands == 1 && ca) {
		r = fold_unary(i->op, a, &ok);
		if (ok)
			become_const(i, r);
		return IR_NONE;
	}
	if (!takes_imm(i->op))
		return IR_NONE;
	if (i->b == IR_NONE) {
		b = i->imm;
		cb = true;
	} else {
		cb = ir_is_const(f->ir, i->b, &b);
	}
	if (ca && cb) {
		r = fold_binary(i->op, width, a, b, &ok);
		become_const(i, r);
		return IR_NONE;
	}
	if (ca && is_commutative(i->op)) {
		i->a = i->b;
		b = a;
		cb = true;
	}
	return cb ? fold_right_const(f, i, b, width) : IR_NONE;
}

static uint32_t fold_extend(struct fold *f, struct ir_ins *i)
{
	struct ir *ir = f->ir;

	if (i->op == IR_ZEXT32 && i->type == IR_I64 && zero_extended(ir, i->a))
		return i->a;
	if (i->op == IR_ZEXT8 || i->op == IR_ZEXT16) {
		const struct ir_ins *s = &ir->ins[i->a];
		unsigned size = i->op == IR_ZEXT8 ? 0 : 1;

		if (s->op == IR_LOAD && !(s->flags & IRM_SEXT) && s->sub <= size)
			return i->a;
	}
	return IR_NONE;
}

void ir_pass_fold(struct ir *ir)
{
	struct fold f;

	f.ir = ir;
	for (uint32_t n = 0; n < ir->count; n++) {
		struct ir_ins *i = &ir->ins[n];
		uint32_t same = IR_NONE;
		uint64_t c;

		f.rep[n] = n;
		if (i->a != IR_NONE)
			i->a = f.rep[i->a];
		if (i->b != IR_NONE)
			i->b = f.rep[i->b];
		if (i->c != IR_NONE && i->op != IR_EXIT_BL && i->op != IR_EXIT_BLR)
			i->c = f.rep[i->c];
		switch (i->op) {
		case IR_TRUNC:
			if (ir_is_const(ir, i->a, &c))
				become_const(i, c);
			else
				same = i->a;
			break;
		case IR_LOAD: case IR_STORE: case IR_LOADP: case IR_STOREP: case IR_LDXR:
			fold_memory(&f, i);
			break;
		case IR_ZEXT8: case IR_ZEXT16: case IR_ZEXT32:
			same = fold_extend(&f, i);
			if (same == IR_NONE)
				same = fold_arith(&f, i);
			break;
		default:
			if (ir_op_info[i->op].cls == 'p')
				same = fold_arith(&f, i);
		}
		if (same != IR_NONE) {
			f.rep[n] = same;
			i->op = IR_NOP;
			i->type = IR_VOID;
		}
	}
}
