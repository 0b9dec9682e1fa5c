/* SPDX-License-Identifier: BSD-2-Clause */
/* printf without floating point, for log lines, names of tree nodes and messages of freestanding builds. */
#include "base/fmt.h"
#include "base/string.h"

struct out {
	char *buf;
	size_t size, len;		/* len may run past size */
};

struct spec {
	bool left, zero, alt;
	int width, precision;		/* precision -1: none */
	int length;			/* -2 hh, -1 h, 0, 1 l, 2 ll, 3 z */
};

static void put(struct out *o, char c)
{
	if (o->len + 1 < o->size)
		o->buf[o->len] = c;
	o->len++;
}

static void put_n(struct out *o, char c, int n)
{
	while (n-- > 0)
		put(o, c);
}

/* prefix (sign, 0x), zeroes up to the precision, digits; padded to the width. */
static void put_field(struct out *o, const struct spec *s, const char *prefix, const char *digits, int len, int zeroes)
{
	int prefix_len = (int)strlen(prefix);
	int pad = s->width - prefix_len - zeroes - len;

	if (!s->left && !s->zero)
		put_n(o, ' ', pad);
	for (int i = 0; i < prefix_len; i++)
		put(o, prefix[i]);
	if (!s->left && s->zero)
		put_n(o, '0', pad);
	put_n(o, '0', zeroes);
	for (int i = 0; i < len; i++)
		put(o, digits[i]);
	if (s->left)
		put_n(o, ' ', pad);
}

static void put_number(struct out *o, struct spec *s, uint64_t v, bool negative, unsigned base, bool upper)
{
	const char *digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";
	const char *prefix = negative ? "-" : s->alt && base == 16 && v ? upper ? "0X" : "0x" : "";
	char text[24];
	int at = (int)sizeof(text), len;

	for (; v; v /= base)
		text[--at] = digits[v % base];
	len = (int)sizeof(text) - at;
	if (s->precision >= 0)
		s->zero = false;
	else
		s->precision = 1;
	put_field(o, s, prefix, text + at, len, s->precision > len ? s->precision - len : 0);
}

static void put_string(struct out *o, struct spec *s, const char *str)
{
	size_t len;

	if (!str)
		str = "(null)";
	len = s->precision >= 0 ? strnlen(str, (size_t)s->precision) : strlen(str);
	s->zero = false;
	put_field(o, s, "", str, (int)len, 0);
}

static const char *parse_number(const char *f, int *n)
{
	for (*n = 0; *f >= '0' && *f <= '9'; f++)
		*n = *n * 10 + (*f - '0');
	return f;
}

static const char *parse_flags(const char *f, struct spec *s)
{
	for (;; f++) {
		if (*f == '-')
			s->left = true;
		else if (*f == '0')
			s->zero = true;
		else if (*f == '#')
			s->alt = true;
		else
			return f;
	}
}

static const char *parse_length(const char *f, struct spec *s)
{
	for (; *f == 'h'; f++)
		s->length--;
	for (; *f == 'l'; f++)
		s->length++;
	if (*f == 'z') {
		s->length = 3;
		f++;
	}
	return f;
}

/* va_list in a struct can be passed on by pointer on every ABI. */
struct args {
	va_list ap;
};

static const char *parse_spec(const char *f, struct spec *s, struct args *a)
{
	*s = (struct spec){ .precision = -1 };
	f = parse_flags(f, s);
	if (*f == '*') {
		s->width = va_arg(a->ap, int);
		f++;
	} else {
		f = parse_number(f, &s->width);
	}
	if (s->width < 0) {
		s->left = true;
		s->width = -s->width;
	}
	if (*f == '.') {
		f++;
		if (*f == '*') {
			s->precision = va_arg(a->ap, int);
			f++;
		} else {
			f = parse_number(f, &s->precision);
		}
	}
	return parse_length(f, s);
}

static uint64_t unsigned_arg(const struct spec *s, struct args *a)
{
	switch (s->length) {
	case -2: return (uint8_t)va_arg(a->ap, unsigned);
	case -1: return (uint16_t)va_arg(a->ap, unsigned);
	case 0: return va_arg(a->ap, unsigned);
	case 1: return va_arg(a->ap, unsigned long);
	case 2: return va_arg(a->ap, unsigned long long);
	default: return va_arg(a->ap, size_t);
	}
}

static int64_t signed_arg(const struct spec *s, struct args *a)
{
	switch (s->length) {
	case -2: return (int8_t)va_arg(a->ap, int);
	case -1: return (int16_t)va_arg(a->ap, int);
	case 0: return va_arg(a->ap, int);
	case 1: return va_arg(a->ap, long);
	case 2: return va_arg(a->ap, long long);
	default: return va_arg(a->ap, ptrdiff_t);
	}
}

static void put_conversion(struct out *o, struct spec *s, char conv, struct args *a)
{
	int64_t v;
	char c;

	switch (conv) {
	case 'd':
	case 'i':
		v = signed_arg(s, a);
		put_number(o, s, v < 0 ? -(uint64_t)v : (uint64_t)v, v < 0, 10, false);
		break;
	case 'u':
		put_number(o, s, unsigned_arg(s, a), false, 10, false);
		break;
	case 'x':
	case 'X':
		put_number(o, s, unsigned_arg(s, a), false, 16, conv == 'X');
		break;
	case 'p':
		s->alt = true;
		put_number(o, s, (uintptr_t)va_arg(a->ap, void *), false, 16, false);
		break;
	case 'c':
		c = (char)va_arg(a->ap, int);
		s->zero = false;
		put_field(o, s, "", &c, 1, 0);
		break;
	case 's':
		put_string(o, s, va_arg(a->ap, const char *));
		break;
	default:
		put(o, conv);		/* %% and what nobody should write */
	}
}

int fmt_vprint(char *buf, size_t size, const char *format, va_list ap)
{
	struct out o = { buf, size, 0 };
	struct args a;
	struct spec s;

	va_copy(a.ap, ap);
	for (const char *f = format; *f; f++) {
		if (*f != '%') {
			put(&o, *f);
			continue;
		}
		f = parse_spec(f + 1, &s, &a);
		if (!*f)
			break;
		put_conversion(&o, &s, *f, &a);
	}
	va_end(a.ap);
	if (size)
		buf[o.len < size ? o.len : size - 1] = 0;
	return (int)o.len;
}

int fmt_print(char *buf, size_t size, const char *format, ...)
{
	va_list ap;
	int len;

	va_start(ap, format);
	len = fmt_vprint(buf, size, format, ap);
	va_end(ap);
	return len;
}
