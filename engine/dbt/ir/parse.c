/* SPDX-License-Identifier: BSD-2-Clause */
/* Text to IR (text.h), for tests. */
#include "base/errno.h"
#include "base/string.h"
#include "engine/dbt/ir/text.h"

struct in {
	const char *p, *end;		/* the line */
	uint32_t *label;		/* index by label; IR_NONE: not seen */
};

static void skip(struct in *s)
{
	while (s->p < s->end && (*s->p == ' ' || *s->p == '\t' || *s->p == ','))
		s->p++;
}

static bool is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

/* The word at the cursor, at most size - 1 characters of it. */
static unsigned word(struct in *s, char *buf, unsigned size)
{
	unsigned n = 0;

	while (s->p < s->end && is_word(*s->p) && n + 1 < size)
		buf[n++] = *s->p++;
	buf[n] = 0;
	return n;
}

static bool number(struct in *s, uint64_t *out)
{
	bool minus = s->p < s->end && *s->p == '-';
	unsigned base = 10, digits = 0;
	uint64_t v = 0;

	s->p += minus;
	if (s->end - s->p > 2 && s->p[0] == '0' && s->p[1] == 'x') {
		base = 16;
		s->p += 2;
	}
	for (; s->p < s->end; s->p++, digits++) {
		unsigned c = (unsigned char)*s->p, d = c <= '9' ? c - '0' : c >= 'a' ? c - 'a' + 10 : 99;

		if (d >= base)
			break;
		v = v * base + d;
	}
	*out = minus ? -v : v;
	return digits > 0;
}

static int find(const char *const *names, unsigned count, const char *w)
{
	for (unsigned k = 0; k < count; k++)
		if (!strcmp(names[k], w))
			return (int)k;
	return -1;
}

static int find_op(const char *w)
{
	for (unsigned k = 0; k < IR_OP_COUNT; k++) {
		const char *n = ir_op_info[k].name, *p = w;

		while (*n && (*n >= 'A' && *n <= 'Z' ? *n + 32 : *n) == *p)
			n++, p++;
		if (!*n && !*p)
			return (int)k;
	}
	return -1;
}

/* vN as a label's number. */
static bool label(struct in *s, uint32_t *n)
{
	const char *p = s->p;
	uint64_t v;

	if (p >= s->end || *p != 'v')
		return false;
	s->p++;
	if (!number(s, &v) || v >= IR_MAX) {
		s->p = p;
		return false;
	}
	*n = (uint32_t)v;
	return true;
}

static bool slot(struct in *s, uint64_t *out)
{
	char w[8];
	uint64_t n;

	skip(s);
	if (s->p < s->end && (*s->p == 'x' || *s->p == 'q')) {
		bool vector = *s->p++ == 'q';

		if (!number(s, &n) || n > (vector ? 31 : 30))
			return false;
		*out = n + (vector ? SLOT_V0 : SLOT_X0);
		return true;
	}
	word(s, w, sizeof(w));
	*out = !strcmp(w, "sp") ? SLOT_SP : SLOT_FLAGS;
	return *out == SLOT_SP || !strcmp(w, "flags");
}

static bool parse_sub(struct in *s, struct ir_ins *i)
{
	char w[16];
	uint64_t n;
	int k = -1;

	s->p++;
	switch (ir_sub_kind(i->op)) {
	case SUB_COND:
		word(s, w, sizeof(w));
		k = find(ir_cond_names, 16, w);
		break;
	case SUB_TYPE:
		word(s, w, sizeof(w));
		k = find(ir_type_names, 7, w);
		break;
	case SUB_NUMBER:
		k = number(s, &n) && n < 256 ? (int)n : -1;
		break;
	}
	i->sub = (uint8_t)k;
	return k >= 0;
}

static bool parse_flags(struct in *s, struct ir_ins *i)
{
	const char *letters = ir_flag_letters(i->op), *at;
	uint64_t n = 0;

	s->p++;
	if (!letters) {
		if (!number(s, &n))
			return false;
	} else {
		for (; s->p < s->end && is_word(*s->p); s->p++) {
			at = strchr(letters, *s->p);
			if (!at)
				return false;
			n |= 1u << (at - letters);
		}
	}
	i->flags = (uint8_t)n;
	return n < 256;
}

static bool parse_operands(struct in *s, struct ir_ins *i)
{
	uint32_t *v[3] = { &i->a, &i->b, &i->c };
	unsigned k = 0, imms = 0;
	uint64_t n;

	if (ir_imm_is_slot(i->op) && !slot(s, &i->imm))
		return false;
	for (;;) {
		uint32_t l;

		skip(s);
		if (s->p >= s->end)
			return true;
		if (*s->p == '#') {
			s->p++;
			if (!number(s, &n) || imms > 1 || (imms && !ir_c_is_offset(i->op)))
				return false;
			if (imms++)
				i->c = (uint32_t)n;
			else
				i->imm = n;
		} else if (*s->p == '@') {
			s->p++;
			if (!label(s, &l) || s->label[l] == IR_NONE)
				return false;
			i->check = s->label[l];
		} else if (k < 3 && *s->p == '-') {
			s->p++;
			k++;
		} else if (k < 3 && label(s, &l)) {
			if (s->label[l] == IR_NONE)
				return false;
			*v[k++] = s->label[l];
		} else {
			return false;
		}
	}
}

static bool parse_line(struct ir *ir, struct in *s)
{
	struct ir_ins i = { .a = IR_NONE, .b = IR_NONE, .c = IR_NONE };
	uint32_t l = IR_NONE;
	char w[24];
	int k;

	skip(s);
	if (s->p >= s->end)
		return true;
	if (label(s, &l)) {
		skip(s);
		if (s->p >= s->end || *s->p != '=')
			return false;
		s->p++;
		skip(s);
	}
	word(s, w, sizeof(w));
	k = find_op(w);
	if (k < 0 || ir->count >= IR_MAX - 1)
		return false;
	i.op = (uint8_t)k;
	if (s->p < s->end && *s->p == '.') {
		s->p++;
		word(s, w, sizeof(w));
		k = find(ir_type_names, 7, w);
		if (k < 0)
			return false;
		i.type = (uint8_t)k;
	}
	if (s->p < s->end && *s->p == '/' && !parse_sub(s, &i))
		return false;
	if (s->p < s->end && *s->p == '!' && !parse_flags(s, &i))
		return false;
	if (!parse_operands(s, &i))
		return false;
	if (l != IR_NONE)
		s->label[l] = ir->count;
	ir->ins[ir->count++] = i;
	return true;
}

int ir_parse(struct ir *ir, const char *text)
{
	uint32_t labels[IR_MAX], line = 1;

	memset(labels, 0xff, sizeof(labels));
	ir_init(ir, 0);
	for (; *text; line++) {
		struct in s = { .p = text, .end = text, .label = labels };

		while (*text && *text != '\n')
			if (*text++ != ';' && s.end == text - 1)
				s.end = text;
		if (!parse_line(ir, &s)) {
			ir->count = line;
			return -EINVAL;
		}
		if (*text)
			text++;
	}
	if (ir->count && ir->ins[0].op == IR_INSN)
		ir->head_offset = (uint32_t)ir->ins[0].imm;
	return 0;
}
