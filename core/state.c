/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Saving and loading by table. Records come in the table's order; a field that a newer version of the class added may be
 * missing, and then keeps what reset gave it. Loading goes over the records twice: check, then store.
 */
#include "base/errno.h"
#include "base/string.h"
#include "core/state.h"

struct record {
	uint16_t version, name_len;
	uint32_t bytes;
};

#define RECORD_BYTES	8

void state_put(struct state_writer *w, const void *p, size_t n)
{
	if (!w->err && n > w->size - w->used)
		w->err = -ENOSPC;
	if (w->err)
		return;
	memcpy(w->buf + w->used, p, n);
	w->used += n;
}

int state_get(struct state_reader *r, void *p, size_t n)
{
	if (!r->err && (r->at > r->size || n > r->size - r->at))
		r->err = -EINVAL;
	if (r->err)
		return r->err;
	memcpy(p, r->buf + r->at, n);
	r->at += n;
	return 0;
}

static void put_le(struct state_writer *w, uint64_t v, unsigned size)
{
	uint8_t b[8];

	for (unsigned i = 0; i < size; i++)
		b[i] = (uint8_t)(v >> 8 * i);
	state_put(w, b, size);
}

static uint64_t get_le(struct state_reader *r, unsigned size)
{
	uint8_t b[8] = { 0 };
	uint64_t v = 0;

	state_get(r, b, size);
	for (unsigned i = 0; i < size; i++)
		v |= (uint64_t)b[i] << 8 * i;
	return v;
}

static uint64_t element_load(const void *p, unsigned size)
{
	switch (size) {
	case 1: return *(const uint8_t *)p;
	case 2: return *(const uint16_t *)p;
	case 4: return *(const uint32_t *)p;
	default: return *(const uint64_t *)p;
	}
}

static void element_store(void *p, unsigned size, uint64_t v)
{
	switch (size) {
	case 1: *(uint8_t *)p = (uint8_t)v; break;
	case 2: *(uint16_t *)p = (uint16_t)v; break;
	case 4: *(uint32_t *)p = (uint32_t)v; break;
	default: *(uint64_t *)p = v;
	}
}

int state_save(struct state_writer *w, const struct field *fields, const void *obj)
{
	for (const struct field *f = fields; f && f->name; f++) {
		size_t len = strlen(f->name);

		put_le(w, f->version, 2);
		put_le(w, len, 2);
		put_le(w, (uint64_t)f->size * f->count, 4);
		state_put(w, f->name, len);
		for (uint32_t i = 0; i < f->count; i++)
			put_le(w, element_load((const uint8_t *)obj + f->offset + (size_t)i * f->stride, f->size), f->size);
	}
	return w->err;
}

/* Moves past the record's head when it is f's; false: it is not, and nothing moved. */
static bool next_is(struct state_reader *r, const struct field *f)
{
	struct state_reader look = *r;
	struct record rec = { (uint16_t)get_le(&look, 2), 0, 0 };

	rec.name_len = (uint16_t)get_le(&look, 2);
	rec.bytes = (uint32_t)get_le(&look, 4);
	if (look.err || rec.name_len != strlen(f->name) || rec.name_len > look.size - look.at ||
	    memcmp(look.buf + look.at, f->name, rec.name_len))
		return false;
	if (rec.bytes != f->size * f->count) {
		r->err = -EINVAL;
		return false;
	}
	look.at += rec.name_len;
	*r = look;
	return true;
}

static int pass(struct state_reader *r, const struct field *fields, uint8_t *obj)
{
	for (const struct field *f = fields; f && f->name; f++) {
		if (!next_is(r, f)) {
			if (f->version <= 1 || r->err)
				return -EINVAL;
			continue;
		}
		for (uint32_t i = 0; i < f->count; i++) {
			uint64_t v = get_le(r, f->size);

			if (r->err || v < f->min || v > f->max)
				return -EINVAL;
			if (obj)
				element_store(obj + f->offset + (size_t)i * f->stride, f->size, v);
		}
	}
	return 0;
}

int state_load(struct state_reader *r, const struct field *fields, void *obj)
{
	struct state_reader check = *r;

	if (!r->err)
		r->err = pass(&check, fields, NULL);
	if (!r->err)
		r->err = pass(r, fields, obj);
	return r->err;
}
