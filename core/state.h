/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Device state as a table of fields: what snapshots and migration save, what `cella debug` prints and what the tests
 * round-trip. A loaded value is hostile: each field has a range, checked before it is stored.
 *
 * A field newer than version 1 may be missing from a record (an older snapshot) and then stays as it is.
 *
 * Record: for each field  u16 version, u16 name length, u32 element size * count, name, bytes (little-endian).
 */
#ifndef CORE_STATE_H
#define CORE_STATE_H

#include "base/types.h"

struct field {
	const char *name;	/* NULL ends the table */
	uint32_t offset;	/* in the device's struct */
	uint16_t size;		/* of an element: 1 2 4 8; arrays of structs are flattened into several fields */
	uint16_t version;	/* first version of the class that has it */
	uint32_t count;		/* elements */
	uint32_t stride;	/* bytes between elements */
	uint64_t min, max;	/* of each element, unsigned */
};

#define FIELD_RANGE(s, m, v, lo, hi) { #m, offsetof(s, m), sizeof(((s *)0)->m), v, 1, 0, lo, hi }
#define FIELD_MAX(lvalue)	(__builtin_types_compatible_p(__typeof__(lvalue), bool) ? 1 : ~0ull)
#define FIELD(s, m, v)		FIELD_RANGE(s, m, v, 0, FIELD_MAX(((s *)0)->m))
#define FIELD_ARRAY(s, m, v)	{ #m, offsetof(s, m), sizeof(((s *)0)->m[0]), v, \
	sizeof(((s *)0)->m) / sizeof(((s *)0)->m[0]), sizeof(((s *)0)->m[0]), 0, FIELD_MAX(((s *)0)->m[0]) }
#define FIELD_END		{ NULL, 0, 0, 0, 0, 0, 0, 0 }

struct state_writer {
	uint8_t *buf;
	size_t size, used;
	int err;		/* sticks: -ENOSPC */
};
struct state_reader {
	const uint8_t *buf;
	size_t size, at;
	int err;		/* sticks: -EINVAL */
};

int state_save(struct state_writer *w, const struct field *fields, const void *obj);
int state_load(struct state_reader *r, const struct field *fields, void *obj);	/* all checked before any is stored */
void state_put(struct state_writer *w, const void *p, size_t n);
int state_get(struct state_reader *r, void *p, size_t n);

#endif
