/* SPDX-License-Identifier: BSD-2-Clause */
/* Trees of translation tables; isa/arm64/pt_build.h says what is promised. */
#include "base/errno.h"
#include "isa/arm64/pt_build.h"

#define ENTRIES		512u
#define ATTRS		(~(PT_OUTPUT | PT_VALID | PT_TABLE))

struct job {
	struct pt_tree *t;
	uint64_t attrs;
	bool map, small;
};

static uint64_t span_at(const struct pt_tree *t, unsigned level)
{
	return 1ull << pt_shift(&t->g, level);
}

static uint64_t leaf(unsigned level, uint64_t pa, uint64_t attrs)
{
	return pa | attrs | PT_VALID | (level == 3 ? PT_TABLE : 0);
}

static uint64_t *table_of(const struct pt_tree *t, uint64_t entry)
{
	return (uint64_t *)(uintptr_t)pt_table_address(&t->g, entry);
}

/* Break before make: nobody sees the old and the new one at once. */
static void entry_replace(struct pt_tree *t, uint64_t *e, uint64_t value)
{
	if (*e & PT_VALID) {
		__atomic_store_n(e, 0, __ATOMIC_RELEASE);
		t->flush(t->ctx);
	}
	if (value)
		__atomic_store_n(e, value, __ATOMIC_RELEASE);
}

static void table_free(struct pt_tree *t, uint64_t *table, unsigned level)
{
	for (unsigned i = 0; level < 3 && i < ENTRIES; i++)
		if (pt_type(&t->g, level, table[i]) == PT_TYPE_TABLE)
			table_free(t, table_of(t, table[i]), level + 1);
	t->free(t->ctx, table);
}

/* Puts `value` where a leaf or a table may be. */
static void entry_put(struct pt_tree *t, uint64_t *e, unsigned level, uint64_t value)
{
	uint64_t old = *e;

	if (old == value)
		return;
	entry_replace(t, e, value);
	if (pt_type(&t->g, level, old) == PT_TYPE_TABLE)
		table_free(t, table_of(t, old), level + 1);
}

/* The table below e; a leaf there is split into one. */
static uint64_t *entry_descend(struct pt_tree *t, uint64_t *e, unsigned level)
{
	uint64_t old = *e, *table;

	if (pt_type(&t->g, level, old) == PT_TYPE_TABLE)
		return table_of(t, old);
	table = t->alloc(t->ctx);
	if (!table)
		return NULL;
	if (old & PT_VALID)
		for (unsigned i = 0; i < ENTRIES; i++)
			table[i] = leaf(level + 1, pt_leaf_address(&t->g, level, old) + i * span_at(t, level + 1), old & ATTRS);
	entry_replace(t, e, (uintptr_t)table | PT_VALID | PT_TABLE);
	return table;
}

static bool table_is_empty(const uint64_t *table)
{
	for (unsigned i = 0; i < ENTRIES; i++)
		if (table[i])
			return false;
	return true;
}

/* Do the entries of this table, at `level`, make one block of the level above? */
static bool table_is_block(const struct pt_tree *t, const uint64_t *table, unsigned level)
{
	uint64_t first = table[0];

	if (level < 2 || pt_type(&t->g, level, first) != PT_TYPE_LEAF ||
	    (pt_leaf_address(&t->g, level, first) & (span_at(t, level - 1) - 1)))
		return false;
	for (unsigned i = 1; i < ENTRIES; i++)
		if (table[i] != first + i * span_at(t, level))
			return false;
	return true;
}

/* The smallest form of the table below e, after a change in it. */
static void entry_tidy(const struct job *j, uint64_t *e, unsigned level, const uint64_t *table)
{
	if (table_is_empty(table))
		entry_put(j->t, e, level, 0);
	else if (!(j->map && j->small) && table_is_block(j->t, table, level + 1))
		entry_put(j->t, e, level, leaf(level, pt_leaf_address(&j->t->g, level + 1, table[0]), table[0] & ATTRS));
}

static bool leaf_fits(const struct job *j, unsigned level, uint64_t va, uint64_t pa, uint64_t length)
{
	uint64_t span = span_at(j->t, level);

	if (length != span || (va & (span - 1)))
		return false;
	return !j->map || level == 3 || (level && !j->small && !(pa & (span - 1)));
}

static int level_walk(const struct job *j, uint64_t *table, unsigned level, uint64_t va, uint64_t end, uint64_t pa)
{
	while (va < end) {
		uint64_t *e = &table[pt_index(&j->t->g, level, va)], *below;
		uint64_t length = MIN(end, ALIGN_DOWN(va, span_at(j->t, level)) + span_at(j->t, level)) - va;
		int err;

		if (leaf_fits(j, level, va, pa, length)) {
			entry_put(j->t, e, level, j->map ? leaf(level, pa, j->attrs) : 0);
		} else if (j->map || (*e & PT_VALID)) {
			below = entry_descend(j->t, e, level);
			if (!below)
				return -ENOMEM;
			err = level_walk(j, below, level + 1, va, va + length, pa);
			entry_tidy(j, e, level, below);
			if (err)
				return err;
		}
		va += length;
		pa += length;
	}
	return 0;
}

static int tree_walk(const struct job *j, uint64_t va, uint64_t pa, uint64_t size)
{
	uint64_t end;

	if (add_overflows(va, size, &end) || end > 1ull << j->t->g.va_bits || pa > BIT(48) || size > BIT(48) - pa)
		return -ERANGE;
	return level_walk(j, j->t->root, j->t->g.start_level, va, end, pa);
}

int pt_map(struct pt_tree *t, uint64_t va, uint64_t pa, uint64_t size, uint64_t attrs, bool small)
{
	struct job j = { .t = t, .attrs = attrs & ATTRS, .map = true, .small = small };

	return tree_walk(&j, va, pa, size);
}

int pt_unmap(struct pt_tree *t, uint64_t va, uint64_t size)
{
	struct job j = { .t = t };

	return tree_walk(&j, va, 0, size);
}

uint64_t pt_lookup(const struct pt_tree *t, uint64_t va, unsigned *level)
{
	const uint64_t *table = t->root;

	if (va >> t->g.va_bits)
		return 0;
	for (unsigned l = t->g.start_level; l < 4; l++) {
		uint64_t e = table[pt_index(&t->g, l, va)];

		if (pt_type(&t->g, l, e) == PT_TYPE_LEAF) {
			*level = l;
			return e;
		}
		if (pt_type(&t->g, l, e) != PT_TYPE_TABLE)
			return 0;
		table = table_of(t, e);
	}
	return 0;
}

void pt_clear(struct pt_tree *t)
{
	unsigned count = 1u << (t->g.va_bits - pt_shift(&t->g, t->g.start_level));

	for (unsigned i = 0; i < count; i++)
		entry_put(t, &t->root[i], t->g.start_level, 0);
}
