/* SPDX-License-Identifier: BSD-2-Clause */
/* IR to text (text.h). */
#include "base/fmt.h"
#include "base/string.h"
#include "engine/dbt/ir/text.h"

const char *const ir_type_names[7] = { "void", "i32", "i64", "f32", "f64", "v128", "flags" };
const char *const ir_cond_names[16] = {
	"eq", "ne", "cs", "cc", "mi", "pl", "vs", "vc", "hi", "ls", "ge", "lt", "gt", "le", "al", "nv"
};

enum ir_sub_kind ir_sub_kind(unsigned op)
{
	switch (op) {
	case IR_SELECT: case IR_SETCC: case IR_EXIT_IF: case IR_LOOP_IF:
		return SUB_COND;
	case IR_FLAGS_ADD: case IR_FLAGS_SUB: case IR_FLAGS_AND: case IR_FLAGS_ADC: case IR_FLAGS_SBC: case IR_FLAGS_FCMP:
	case IR_FLAGS_CCMP: case IR_FCVT: case IR_I2F: case IR_F2I: case IR_IMOVF: case IR_VZEXT:
		return SUB_TYPE;
	default:
		return SUB_NUMBER;
	}
}

bool ir_c_is_offset(unsigned op)
{
	return op == IR_EXIT_BL || op == IR_EXIT_BLR || op == IR_CHECK;
}

bool ir_imm_is_slot(unsigned op)
{
	return op == IR_GET || op == IR_SET;
}

const char *ir_flag_letters(unsigned op)
{
	switch (op == IR_CHECK ? 'm' : ir_op_info[op].cls) {
	case 'm':	return "saurqpz";	/* sext align unpriv release acquire(q) sp(p) dc zva(z) */
	case 'x':	return "d";
	default:	return NULL;
	}
}

struct out {
	char *buf;
	size_t size, len;
};

static void PRINTF_LIKE(2, 3) put(struct out *o, const char *format, ...)
{
	va_list ap;
	int n;

	va_start(ap, format);
	n = fmt_vprint(o->len < o->size ? o->buf + o->len : NULL, o->len < o->size ? o->size - o->len : 0, format, ap);
	va_end(ap);
	o->len += n > 0 ? (size_t)n : 0;
}

static void put_slot(struct out *o, unsigned s)
{
	if (s < SLOT_SP)
		put(o, "x%u", s);
	else if (s < SLOT_V0)
		put(o, "%s", s == SLOT_SP ? "sp" : "flags");
	else
		put(o, "q%u", s - SLOT_V0);
}

/* Small numbers as people write offsets, others as bits. */
static void put_number(struct out *o, uint64_t v)
{
	int64_t s = (int64_t)v;

	if (s > -65536 && s < 65536)
		put(o, "#%lld", (long long)s);
	else
		put(o, "#0x%llx", (unsigned long long)v);
}

static void put_suffixes(struct out *o, const struct ir_ins *i)
{
	const char *letters = ir_flag_letters(i->op);

	if (i->type != IR_VOID)
		put(o, ".%s", ir_type_names[i->type]);
	if (i->sub) {
		switch (ir_sub_kind(i->op)) {
		case SUB_COND:	put(o, "/%s", ir_cond_names[i->sub & 15]); break;
		case SUB_TYPE:	put(o, "/%s", i->sub < 7 ? ir_type_names[i->sub] : "?"); break;
		default:	put(o, "/%u", i->sub);
		}
	}
	if (!i->flags)
		return;
	put(o, "!");
	if (!letters)
		put(o, "%u", i->flags);
	else
		for (unsigned b = 0; letters[b]; b++)
			if (i->flags >> b & 1)
				put(o, "%c", letters[b]);
}

static void put_operands(struct out *o, const struct ir_ins *i)
{
	uint32_t v[3] = { i->a, i->b, i->c };
	unsigned count = 3;
	const char *sep = " ";

	if (ir_imm_is_slot(i->op)) {
		put(o, " ");
		put_slot(o, (unsigned)i->imm);
		sep = ", ";
	}
	if (ir_c_is_offset(i->op))
		count = 2;
	while (count && v[count - 1] == IR_NONE)
		count--;
	for (unsigned k = 0; k < count; k++, sep = ", ")
		if (v[k] == IR_NONE)
			put(o, "%s-", sep);
		else
			put(o, "%sv%u", sep, v[k]);
	if (!ir_imm_is_slot(i->op) && (i->imm || (!count && !ir_c_is_offset(i->op)) || ir_c_is_offset(i->op))) {
		put(o, "%s", sep);
		put_number(o, i->imm);
		sep = ", ";
	}
	if (ir_c_is_offset(i->op))
		put(o, "%s#%u", sep, i->c);
	if (i->check)
		put(o, " @v%u", i->check);
}

static void put_line(struct out *o, const struct ir *ir, uint32_t n)
{
	const struct ir_ins *i = &ir->ins[n];

	if (i->type != IR_VOID && i->op != IR_SET)
		put(o, "v%u = ", n);
	for (const char *name = ir_op_info[i->op].name; *name; name++)
		put(o, "%c", *name >= 'A' && *name <= 'Z' ? *name + 32 : *name);
	put_suffixes(o, i);
	put_operands(o, i);
}

size_t ir_print_one(const struct ir *ir, uint32_t n, char *buf, size_t size)
{
	struct out o = { buf, size, 0 };

	put_line(&o, ir, n);
	return o.len;
}

size_t ir_print(const struct ir *ir, char *buf, size_t size)
{
	struct out o = { buf, size, 0 };

	if (size)
		buf[0] = 0;
	for (uint32_t n = 0; n < ir->count; n++) {
		if (ir->ins[n].op == IR_NOP)
			continue;
		put_line(&o, ir, n);
		put(&o, "\n");
	}
	return o.len;
}
