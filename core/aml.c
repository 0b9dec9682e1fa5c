/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writing ACPI tables and AML; see aml.h. A block's length comes before its body and is as long as it needs to be: aml_end
 * makes room for it when the body is known.
 */
#include "base/bits.h"
#include "base/errno.h"
#include "base/string.h"
#include "core/aml.h"

enum {		/* ACPI 6.4, 20.2 and 20.3 */
	OP_NAME = 0x08, OP_BYTE = 0x0a, OP_WORD = 0x0b, OP_DWORD = 0x0c, OP_STRING = 0x0d, OP_QWORD = 0x0e, OP_SCOPE = 0x10,
	OP_BUFFER = 0x11, OP_PACKAGE = 0x12, OP_METHOD = 0x14, OP_DUAL_NAME = 0x2e, OP_EXT = 0x5b, EXT_DEVICE = 0x82,
};
#define NO_TABLE	(~(size_t)0)

void aml_start(struct aml_writer *w, void *buf, size_t size)
{
	*w = (struct aml_writer){ .buf = buf, .size = size, .table = NO_TABLE };
}

int aml_finish(struct aml_writer *w, size_t *len)
{
	if (!w->err && (w->depth || w->table != NO_TABLE))
		w->err = -EINVAL;
	*len = w->used;
	return w->err;
}

/* ---- bytes ---- */

static uint8_t *grow(struct aml_writer *w, size_t len)
{
	uint8_t *p = w->buf + w->used;

	if (!w->err && len > w->size - w->used)
		w->err = -ENOSPC;
	if (w->err)
		return NULL;
	w->used += len;
	return p;
}

void aml_put(struct aml_writer *w, const void *p, size_t len)
{
	uint8_t *at = grow(w, len);

	if (at)
		memcpy(at, p, len);
}

void aml_zero(struct aml_writer *w, size_t len)
{
	uint8_t *at = grow(w, len);

	if (at)
		memset(at, 0, len);
}

static void put_n(struct aml_writer *w, uint64_t v, unsigned n)
{
	uint8_t bytes[8];

	put_le64(bytes, v);
	aml_put(w, bytes, n);
}

void aml_put8(struct aml_writer *w, uint8_t v)
{
	put_n(w, v, 1);
}

void aml_put16(struct aml_writer *w, uint16_t v)
{
	put_n(w, v, 2);
}

void aml_put32(struct aml_writer *w, uint32_t v)
{
	put_n(w, v, 4);
}

void aml_put64(struct aml_writer *w, uint64_t v)
{
	put_n(w, v, 8);
}

/* ---- tables ---- */

uint8_t acpi_checksum(const void *p, size_t len)
{
	const uint8_t *b = p;
	uint8_t sum = 0;

	for (size_t i = 0; i < len; i++)
		sum = (uint8_t)(sum + b[i]);
	return (uint8_t)-sum;
}

void acpi_begin(struct aml_writer *w, const char *signature, uint8_t revision)
{
	static const uint8_t pad[7];

	aml_put(w, pad, -w->used & 7);
	if (w->table != NO_TABLE)
		w->err = -EINVAL;
	w->table = w->used;
	aml_put(w, signature, 4);
	aml_put32(w, 0);
	aml_put8(w, revision);
	aml_put8(w, 0);
	aml_put(w, "CELLA ", 6);
	aml_put(w, "CELLA-PC", 8);
	aml_put32(w, 1);
	aml_put(w, "CELA", 4);
	aml_put32(w, 1);
}

size_t acpi_end(struct aml_writer *w)
{
	size_t at = w->table;

	w->table = NO_TABLE;
	if (!w->err && (at == NO_TABLE || w->depth))
		w->err = -EINVAL;
	if (w->err)
		return 0;
	put_le32(w->buf + at + 4, (uint32_t)(w->used - at));
	w->buf[at + 9] = acpi_checksum(w->buf + at, w->used - at);
	return at;
}

/* ---- names and values ---- */

static size_t segment(const char *path)
{
	size_t n = 0;

	while (path[n] && path[n] != '.')
		n++;
	return n;
}

/* NameString: root, then one segment, or two. */
void aml_path(struct aml_writer *w, const char *path)
{
	size_t first, second;

	if (*path == '\\') {
		aml_put8(w, (uint8_t)*path++);
		if (!*path) {
			aml_put8(w, 0);
			return;
		}
	}
	first = segment(path);
	second = path[first] ? segment(path + first + 1) : 0;
	if (!first || first > 4 || second > 4 || (path[first] && (!second || path[first + 1 + second]))) {
		w->err = w->err ? w->err : -EINVAL;
		return;
	}
	if (second)
		aml_put8(w, OP_DUAL_NAME);
	aml_put(w, path, first);
	aml_put(w, "____", 4 - first);
	if (second) {
		aml_put(w, path + first + 1, second);
		aml_put(w, "____", 4 - second);
	}
}

void aml_int(struct aml_writer *w, uint64_t v)
{
	if (v < 2) {
		aml_put8(w, (uint8_t)v);			/* ZeroOp, OneOp */
	} else if (v <= 0xff) {
		aml_put8(w, OP_BYTE);
		put_n(w, v, 1);
	} else if (v <= 0xffff) {
		aml_put8(w, OP_WORD);
		put_n(w, v, 2);
	} else if (v <= 0xffffffff) {
		aml_put8(w, OP_DWORD);
		put_n(w, v, 4);
	} else {
		aml_put8(w, OP_QWORD);
		put_n(w, v, 8);
	}
}

void aml_string(struct aml_writer *w, const char *v)
{
	aml_put8(w, OP_STRING);
	aml_put(w, v, strlen(v) + 1);
}

void aml_name(struct aml_writer *w, const char *name)
{
	aml_put8(w, OP_NAME);
	aml_path(w, name);
}

void aml_name_int(struct aml_writer *w, const char *name, uint64_t v)
{
	aml_name(w, name);
	aml_int(w, v);
}

void aml_name_string(struct aml_writer *w, const char *name, const char *v)
{
	aml_name(w, name);
	aml_string(w, v);
}

static uint32_t hex(char c)
{
	return (uint32_t)(c <= '9' ? c - '0' : c - 'A' + 10);
}

/* Three letters of five bits, four digits, as a big-endian number (19.3.4, EISAID). */
void aml_name_eisa(struct aml_writer *w, const char *name, const char *id)
{
	uint32_t v = 0;

	aml_name(w, name);
	for (unsigned i = 0; i < 3; i++)
		v = v << 5 | (uint32_t)(id[i] - '@');
	for (unsigned i = 3; i < 7; i++)
		v = v << 4 | hex(id[i]);
	aml_put8(w, OP_DWORD);
	aml_put32(w, __builtin_bswap32(v));
}

/* ---- blocks ---- */

static void open_block(struct aml_writer *w, bool resources)
{
	if (w->depth == AML_DEPTH) {
		w->err = w->err ? w->err : -EINVAL;
		return;
	}
	w->open[w->depth].at = w->used;
	w->open[w->depth++].resources = resources;
}

void aml_begin(struct aml_writer *w, enum aml_block kind, const char *name)
{
	if (kind == AML_DEVICE) {
		aml_put8(w, OP_EXT);
		aml_put8(w, EXT_DEVICE);
	} else {
		aml_put8(w, OP_SCOPE);
	}
	open_block(w, false);
	aml_path(w, name);
}

void aml_method(struct aml_writer *w, const char *name, unsigned args)
{
	aml_put8(w, OP_METHOD);
	open_block(w, false);
	aml_path(w, name);
	aml_put8(w, (uint8_t)(args & 7));
}

void aml_package(struct aml_writer *w, unsigned elements)
{
	if (elements > 255)
		w->err = w->err ? w->err : -EINVAL;
	aml_put8(w, OP_PACKAGE);
	open_block(w, false);
	aml_put8(w, (uint8_t)elements);
}

/* PkgLength counts itself (20.2.4): six bits, or four and one to three bytes more. */
static unsigned length_bytes(size_t body, uint8_t out[4])
{
	unsigned n = body + 1 < 64 ? 1 : body + 2 < 1 << 12 ? 2 : body + 3 < 1 << 20 ? 3 : 4;
	size_t len = body + n;

	if (n == 1) {
		out[0] = (uint8_t)len;
		return 1;
	}
	out[0] = (uint8_t)((n - 1) << 6 | (len & 0xf));
	for (unsigned i = 1; i < n; i++)
		out[i] = (uint8_t)(len >> (8 * i - 4));
	return n;
}

/* The end tag, and the buffer's size before the descriptors. */
static void close_resources(struct aml_writer *w, size_t at)
{
	aml_put8(w, 0x79);
	aml_put8(w, 0);
	if (!w->err)
		put_le16(w->buf + at + 1, (uint16_t)(w->used - at - 3));
}

void aml_end(struct aml_writer *w)
{
	uint8_t bytes[4];
	size_t at, body;
	unsigned n;

	if (!w->depth) {
		w->err = w->err ? w->err : -EINVAL;
		return;
	}
	at = w->open[--w->depth].at;
	if (w->open[w->depth].resources)
		close_resources(w, at);
	if (w->err)
		return;
	body = w->used - at;
	n = length_bytes(body, bytes);
	if (!grow(w, n))
		return;
	memmove(w->buf + at + n, w->buf + at, body);
	memcpy(w->buf + at, bytes, n);
}

/* ---- resources (6.4) ---- */

void aml_resources(struct aml_writer *w, const char *name)
{
	aml_name(w, name);
	aml_put8(w, OP_BUFFER);
	open_block(w, true);
	aml_put8(w, OP_WORD);
	aml_put16(w, 0);
}

void aml_res_io(struct aml_writer *w, uint16_t base, uint8_t len)
{
	aml_put8(w, 0x47);
	aml_put8(w, 1);				/* 16-bit decode */
	aml_put16(w, base);
	aml_put16(w, base);
	aml_put8(w, 1);
	aml_put8(w, len);
}

void aml_res_irq(struct aml_writer *w, uint32_t gsi, bool edge)
{
	aml_put8(w, 0x89);
	aml_put16(w, 6);
	aml_put8(w, edge ? 3 : 1);		/* consumer, edge, active high, exclusive */
	aml_put8(w, 1);
	aml_put32(w, gsi);
}

void aml_res_memory(struct aml_writer *w, uint32_t base, uint32_t len)
{
	aml_put8(w, 0x86);
	aml_put16(w, 9);
	aml_put8(w, 1);				/* read and write */
	aml_put32(w, base);
	aml_put32(w, len);
}

/* An address space descriptor: producer, positive decode, fixed at both ends. */
static void window(struct aml_writer *w, uint8_t tag, unsigned width, uint8_t type, uint8_t flags, uint64_t first, uint64_t last)
{
	aml_put8(w, tag);
	aml_put16(w, (uint16_t)(3 + 5 * width));
	aml_put8(w, type);
	aml_put8(w, 0x0c);
	aml_put8(w, flags);
	put_n(w, 0, width);
	put_n(w, first, width);
	put_n(w, last, width);
	put_n(w, 0, width);
	put_n(w, last - first + 1, width);
}

void aml_res_bus(struct aml_writer *w, uint16_t first, uint16_t last)
{
	window(w, 0x88, 2, 2, 0, first, last);
}

void aml_res_io_window(struct aml_writer *w, uint16_t first, uint16_t last)
{
	window(w, 0x88, 2, 1, 3, first, last);
}

void aml_res_window32(struct aml_writer *w, uint32_t first, uint32_t last)
{
	window(w, 0x87, 4, 0, 1, first, last);
}

void aml_res_window64(struct aml_writer *w, uint64_t first, uint64_t last)
{
	window(w, 0x8a, 8, 0, 1, first, last);
}
