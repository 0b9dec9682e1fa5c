/* SPDX-License-Identifier: BSD-2-Clause */
/* The random instruction generator. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "isa/arm64/a64_random.h"

static void every_operation_can_be_drawn(void **state)
{
	uint64_t rng = 1;
	struct a64_args a;

	for (unsigned op = 1; op < A64_OP_COUNT; op++)
		for (unsigned i = 0; i < 50; i++)
			assert_int_equal(a64_decode(a64_random_word(&rng, (enum a64_op)op), &a), op);
}

static void same_state_gives_same_words(void **state)
{
	uint64_t one = 42, two = 42;

	for (unsigned i = 0; i < 100; i++)
		assert_int_equal(a64_random_word(&one, A64_ADD_shift), a64_random_word(&two, A64_ADD_shift));
	assert_int_equal(one, two);
}

static void filter_limits_features_groups_and_hints(void **state)
{
	struct a64_random_filter loads = { .features = 1, .with = A64_FLAG_load, .without = A64_FLAG_fp | A64_FLAG_lit };
	struct a64_random_filter crypto = { .features = UINT64_C(1) << A64_FEAT_aes };
	struct a64_random_filter none = { .features = 0 };
	struct a64_random_filter simd = { .features = 1, .groups = UINT64_C(1) << A64_GROUP_simd_same };
	uint64_t rng = 7;

	for (unsigned i = 0; i < 1000; i++) {
		assert_int_equal(a64_info[a64_random_op(&rng, &loads)].group, A64_GROUP_ldst);
		assert_int_equal(a64_info[a64_random_op(&rng, &crypto)].feature, A64_FEAT_aes);
		assert_int_equal(a64_info[a64_random_op(&rng, &simd)].group, A64_GROUP_simd_same);
	}
	assert_int_equal(a64_random_op(&rng, &none), A64_UNALLOCATED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_operation_can_be_drawn),
		cmocka_unit_test(same_state_gives_same_words),
		cmocka_unit_test(filter_limits_features_groups_and_hints),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
