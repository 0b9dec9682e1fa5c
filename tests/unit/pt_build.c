/* SPDX-License-Identifier: BSD-2-Clause */
/* Trees of translation tables (isa/arm64/pt_build.h): what is mapped, and that the form is the smallest. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/errno.h"
#include "isa/arm64/pt_build.h"

struct rig {
	struct pt_tree t;
	int tables, left, flushes;
};

static void *table_alloc(void *ctx)
{
	struct rig *r = ctx;
	void *table;

	if (!r->left)
		return NULL;
	r->left--;
	r->tables++;
	table = aligned_alloc(4096, 4096);
	memset(table, 0, 4096);
	return table;
}

static void table_free(void *ctx, void *table)
{
	struct rig *r = ctx;

	r->tables--;
	r->left++;
	free(table);
}

static void flush(void *ctx)
{
	((struct rig *)ctx)->flushes++;
}

static int set_up(void **state)
{
	struct rig *r = calloc(1, sizeof(*r));

	r->left = 100;
	r->t = (struct pt_tree){ .g = { .page_bits = 12, .stride = 9, .va_bits = 40, .start_level = 1 }, .alloc = table_alloc,
				 .free = table_free, .flush = flush, .ctx = r };
	r->t.root = aligned_alloc(8192, 8192);
	memset(r->t.root, 0, 8192);
	*state = r;
	return 0;
}

static int tear_down(void **state)
{
	struct rig *r = *state;

	pt_clear(&r->t);
	assert_int_equal(r->tables, 0);
	free(r->t.root);
	free(r);
	return 0;
}

static uint64_t where(const struct rig *r, uint64_t va)
{
	unsigned level;
	uint64_t leaf = pt_lookup(&r->t, va, &level);

	return leaf ? pt_leaf_address(&r->t.g, level, leaf) + (va & ((1ull << pt_shift(&r->t.g, level)) - 1)) : ~0ull;
}

static void the_largest_blocks_that_fit_are_used(void **state)
{
	struct rig *r = *state;
	unsigned level;

	assert_int_equal(pt_map(&r->t, 0x40000000, 0x80000000, 2 * GIB, PT_AF, false), 0);
	assert_int_equal(r->tables, 0);
	assert_int_equal(where(r, 0x80012345), 0xc0012345);
	assert_int_equal(pt_map(&r->t, 0x1ff000, 0x1ff000, 0x202000, PT_AF, false), 0);
	assert_true(pt_lookup(&r->t, 0x200000, &level) && level == 2);
	assert_true(pt_lookup(&r->t, 0x400000, &level) && level == 3);
	assert_int_equal(where(r, 0x401000), ~0ull);
}

static void taking_out_and_putting_back_gives_every_table_back(void **state)
{
	struct rig *r = *state;

	assert_int_equal(pt_map(&r->t, 0x40000000, 0x40000000, GIB, PT_AF | PT_S2AP_READ, false), 0);
	assert_int_equal(pt_unmap(&r->t, 0x5e001000, 0x3000), 0);
	assert_int_equal(r->tables, 2);
	assert_int_equal(where(r, 0x5e001000), ~0ull);
	assert_int_equal(where(r, 0x5e000fff), 0x5e000fff);
	assert_int_equal(where(r, 0x5e004000), 0x5e004000);
	assert_int_equal(pt_map(&r->t, 0x5e001000, 0x5e001000, 0x3000, PT_AF | PT_S2AP_READ, false), 0);
	assert_int_equal(r->tables, 0);
}

static void other_rights_are_no_block(void **state)
{
	struct rig *r = *state;

	assert_int_equal(pt_map(&r->t, 0, 0, 2 * MIB, PT_AF | PT_S2AP_READ, false), 0);
	assert_int_equal(pt_map(&r->t, 0x1000, 0x1000, 0x1000, PT_AF, false), 0);
	assert_int_equal(r->tables, 2);
	assert_int_equal(pt_map(&r->t, 0x1000, 0x1000, 0x1000, PT_AF | PT_S2AP_READ, false), 0);
	assert_int_equal(r->tables, 1);
}

static void small_means_pages_only(void **state)
{
	struct rig *r = *state;
	unsigned level;

	assert_int_equal(pt_map(&r->t, 0, 0, 2 * MIB, PT_AF, true), 0);
	assert_true(pt_lookup(&r->t, 0, &level) && level == 3);
}

static void an_entry_that_is_replaced_is_flushed(void **state)
{
	struct rig *r = *state;
	int before;

	assert_int_equal(pt_map(&r->t, 0, 0, 2 * MIB, PT_AF, false), 0);
	before = r->flushes;
	assert_int_equal(pt_map(&r->t, 4 * MIB, 0, 2 * MIB, PT_AF, false), 0);
	assert_int_equal(r->flushes, before);
	assert_int_equal(pt_unmap(&r->t, 0, 4096), 0);
	assert_int_equal(r->flushes, before + 2);	/* the block, the page */
}

static void addresses_past_the_geometry_are_refused(void **state)
{
	struct rig *r = *state;

	assert_int_equal(pt_map(&r->t, BIT(40) - 4096, 0, 8192, PT_AF, false), -ERANGE);
	assert_int_equal(pt_map(&r->t, ~0ull - 4095, 0, 8192, PT_AF, false), -ERANGE);
	assert_int_equal(pt_map(&r->t, 0, BIT(48), 4096, PT_AF, false), -ERANGE);
	assert_int_equal(where(r, BIT(40)), ~0ull);
}

static void no_table_left_is_an_error_and_the_rest_stays(void **state)
{
	struct rig *r = *state;

	assert_int_equal(pt_map(&r->t, 0, 0, GIB, PT_AF, false), 0);
	r->left = 1;
	assert_int_equal(pt_unmap(&r->t, 0x1000, 0x1000), -ENOMEM);
	r->left = 100;
	assert_int_equal(where(r, 0x1000), 0x1000);
	assert_int_equal(pt_unmap(&r->t, 0x1000, 0x1000), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_largest_blocks_that_fit_are_used, set_up, tear_down),
		cmocka_unit_test_setup_teardown(taking_out_and_putting_back_gives_every_table_back, set_up, tear_down),
		cmocka_unit_test_setup_teardown(other_rights_are_no_block, set_up, tear_down),
		cmocka_unit_test_setup_teardown(small_means_pages_only, set_up, tear_down),
		cmocka_unit_test_setup_teardown(an_entry_that_is_replaced_is_flushed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(addresses_past_the_geometry_are_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(no_table_left_is_an_error_and_the_rest_stays, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
