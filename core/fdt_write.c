/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The writer: header, memory reservations and structure block grow from the front of the buffer; the strings block is
 * collected at its end and moved behind the structure block by fdt_finish. Version 17, compatible with 16.
 */
#include "base/bits.h"
#include "base/errno.h"
#include "base/fmt.h"
#include "base/string.h"
#include "core/fdt.h"
#include "core/fdt_format.h"

#define STRINGS_MAX	4096u

#define GIC_FIRST_SPI	32
#define LEVEL_HIGH	4

void fdt_start(struct fdt_writer *w, void *buf, size_t size)
{
	*w = (struct fdt_writer){ .buf = buf, .size = size, .interrupt_cells = 3 };
	if (size < 4 * FDT_HEADER_BYTES || size > INT32_MAX || (uintptr_t)buf & 7) {
		w->err = (uintptr_t)buf & 7 ? -EINVAL : -ENOSPC;
		return;
	}
	w->strings_size = MIN(size / 4, STRINGS_MAX);
	w->size -= w->strings_size;
	w->strings = (char *)buf + w->size;
	memset(buf, 0, FDT_HEADER_BYTES);
	w->used = FDT_HEADER_BYTES;
}

/* Room for n bytes, or NULL and the error sticks. */
static uint8_t *reserve(struct fdt_writer *w, size_t n)
{
	uint8_t *p = w->buf + w->used;

	if (!w->err && n > w->size - w->used)
		w->err = -ENOSPC;
	if (w->err)
		return NULL;
	w->used += n;
	return p;
}

static void put_u32(struct fdt_writer *w, uint32_t v)
{
	uint8_t *p = reserve(w, 4);

	if (p)
		put_be32(p, v);
}

static void put_bytes(struct fdt_writer *w, const void *val, size_t len)
{
	uint8_t *p = len > w->size ? reserve(w, len) : reserve(w, ALIGN_UP(len, 4));

	if (!p)
		return;
	memcpy(p, val, len);
	memset(p + len, 0, ALIGN_UP(len, 4) - len);
}

static void put_reservation(struct fdt_writer *w, uint64_t base, uint64_t size)
{
	put_u32(w, (uint32_t)(base >> 32));
	put_u32(w, (uint32_t)base);
	put_u32(w, (uint32_t)(size >> 32));
	put_u32(w, (uint32_t)size);
}

/* The structure block begins with the root node; until then its offset in the header is 0. */
static bool structure_begun(const struct fdt_writer *w)
{
	return get_be32(w->buf + FDT_OFF_STRUCT) != 0;
}

void fdt_reserve(struct fdt_writer *w, uint64_t base, uint64_t size)
{
	if (!w->err && structure_begun(w))
		w->err = -EINVAL;
	put_reservation(w, base, size);
}

void fdt_begin(struct fdt_writer *w, const char *name_format, ...)
{
	char name[64];
	va_list ap;
	int len;

	if (w->err)
		return;
	if (!structure_begun(w)) {
		put_reservation(w, 0, 0);
		put_be32(w->buf + FDT_OFF_STRUCT, (uint32_t)w->used);
	} else if (!w->depth) {
		w->err = -EINVAL;	/* a second root */
	}
	va_start(ap, name_format);
	len = fmt_vprint(name, sizeof(name), name_format, ap);
	va_end(ap);
	if (len >= (int)sizeof(name))
		w->err = w->err ? w->err : -EINVAL;
	w->depth++;
	put_u32(w, FDT_BEGIN_NODE);
	put_bytes(w, name, strlen(name) + 1);
}

void fdt_end(struct fdt_writer *w)
{
	if (!w->err && !w->depth)
		w->err = -EINVAL;
	if (w->err)
		return;
	w->depth--;
	put_u32(w, FDT_END_NODE);
}

/* The name's offset in the strings block, where it is entered once. */
static uint32_t string_offset(struct fdt_writer *w, const char *name)
{
	size_t at = 0, len = strlen(name) + 1;

	while (at < w->strings_used) {
		if (!strcmp(w->strings + at, name))
			return (uint32_t)at;
		at += strlen(w->strings + at) + 1;
	}
	if (len > w->strings_size - w->strings_used) {
		w->err = -ENOSPC;
		return 0;
	}
	memcpy(w->strings + at, name, len);
	w->strings_used += len;
	return (uint32_t)at;
}

/* Head of a property whose value follows. */
static void begin_prop(struct fdt_writer *w, const char *name, size_t len)
{
	if (!w->err && (!w->depth || len > INT32_MAX))
		w->err = -EINVAL;
	if (w->err)
		return;
	put_u32(w, FDT_PROP);
	put_u32(w, (uint32_t)len);
	put_u32(w, string_offset(w, name));
}

void fdt_prop(struct fdt_writer *w, const char *name, const void *val, size_t len)
{
	begin_prop(w, name, len);
	put_bytes(w, val, len);
}

void fdt_prop_empty(struct fdt_writer *w, const char *name)
{
	begin_prop(w, name, 0);
}

void fdt_prop_u32(struct fdt_writer *w, const char *name, uint32_t val)
{
	fdt_prop_cells(w, name, &val, 1);
}

void fdt_prop_u64(struct fdt_writer *w, const char *name, uint64_t val)
{
	uint32_t cells[] = { (uint32_t)(val >> 32), (uint32_t)val };

	fdt_prop_cells(w, name, cells, 2);
}

void fdt_prop_cells(struct fdt_writer *w, const char *name, const uint32_t *cells, size_t n)
{
	begin_prop(w, name, n * 4);
	for (size_t i = 0; i < n; i++)
		put_u32(w, cells[i]);
}

void fdt_prop_string(struct fdt_writer *w, const char *name, const char *val)
{
	fdt_prop(w, name, val, strlen(val) + 1);
}

void fdt_prop_strings(struct fdt_writer *w, const char *name, const char *const *val, size_t n)
{
	size_t total = 0;
	uint8_t *p;

	for (size_t i = 0; i < n; i++)
		total += strlen(val[i]) + 1;
	begin_prop(w, name, total);
	p = reserve(w, ALIGN_UP(total, 4));
	if (!p)
		return;
	memset(p, 0, ALIGN_UP(total, 4));
	for (size_t i = 0; i < n; i++) {
		size_t len = strlen(val[i]) + 1;

		memcpy(p, val[i], len);
		p += len;
	}
}

void fdt_prop_reg(struct fdt_writer *w, uint64_t base, uint64_t size)
{
	uint32_t cells[] = { (uint32_t)(base >> 32), (uint32_t)base, (uint32_t)(size >> 32), (uint32_t)size };

	fdt_prop_cells(w, "reg", cells, 4);
}

void fdt_prop_interrupt(struct fdt_writer *w, uint32_t number)
{
	const uint32_t gic[] = { 0, number - GIC_FIRST_SPI, LEVEL_HIGH }, other[] = { number, LEVEL_HIGH };

	if (w->interrupt_cells < 3)
		fdt_prop_cells(w, "interrupts", other, w->interrupt_cells);
	else
		fdt_prop_cells(w, "interrupts", gic, ARRAY_SIZE(gic));
}

uint32_t fdt_phandle(struct fdt_writer *w)
{
	return ++w->phandles;
}

int fdt_finish(struct fdt_writer *w, size_t *len)
{
	uint32_t structure, strings;

	if (!w->err && (w->depth || !structure_begun(w)))
		w->err = -EINVAL;
	put_u32(w, FDT_END);
	if (w->err)
		return w->err;
	structure = get_be32(w->buf + FDT_OFF_STRUCT);
	strings = (uint32_t)w->used;
	memmove(w->buf + strings, w->strings, w->strings_used);
	put_be32(w->buf + FDT_OFF_MAGIC, FDT_MAGIC);
	put_be32(w->buf + FDT_OFF_TOTAL, strings + (uint32_t)w->strings_used);
	put_be32(w->buf + FDT_OFF_STRINGS, strings);
	put_be32(w->buf + FDT_OFF_RESERVE, FDT_HEADER_BYTES);
	put_be32(w->buf + FDT_OFF_VERSION, FDT_VERSION);
	put_be32(w->buf + FDT_OFF_COMPATIBLE, FDT_COMPATIBLE);
	put_be32(w->buf + FDT_OFF_STRINGS_SIZE, (uint32_t)w->strings_used);
	put_be32(w->buf + FDT_OFF_STRUCT_SIZE, strings - structure);
	*len = strings + w->strings_used;
	return 0;
}
