/* SPDX-License-Identifier: BSD-2-Clause */
/* Keys by name; the expected codes are of the PS/2 keyboard's scan code set 2. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

#include "ctl/keys.h"

static void expect(const char *chord, const char *codes, int n)
{
	uint8_t got[KEYS_BYTES];

	assert_int_equal(keys_encode(chord, got), n);
	assert_memory_equal(got, codes, (size_t)n);
}

static void a_key_is_pressed_and_released(void **state)
{
	expect("a", "\x1c\xf0\x1c", 3);
	expect("f7", "\x83\xf0\x83", 3);
}

static void a_later_key_has_its_prefix_both_times(void **state)
{
	expect("up", "\xe0\x75\xe0\xf0\x75", 5);
}

static void keys_held_together_are_released_in_the_other_order(void **state)
{
	expect("ctrl-alt-delete", "\x14\x11\xe0\x71\xe0\xf0\x71\xf0\x11\xf0\x14", 11);
}

static void what_is_no_key_is_refused(void **state)
{
	uint8_t got[KEYS_BYTES];

	assert_int_equal(keys_encode("", got), -EINVAL);
	assert_int_equal(keys_encode("ctrl-", got), -EINVAL);
	assert_int_equal(keys_encode("-a", got), -EINVAL);
	assert_int_equal(keys_encode("ctrl-alt-frobnicate", got), -EINVAL);
}

static void nine_keys_at_once_are_too_many(void **state)
{
	uint8_t got[KEYS_BYTES];

	assert_int_equal(keys_encode("up-up-up-up-up-up-up-up", got), 40);
	assert_int_equal(keys_encode("up-up-up-up-up-up-up-up-up", got), -E2BIG);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_key_is_pressed_and_released),
		cmocka_unit_test(a_later_key_has_its_prefix_both_times),
		cmocka_unit_test(keys_held_together_are_released_in_the_other_order),
		cmocka_unit_test(what_is_no_key_is_refused),
		cmocka_unit_test(nine_keys_at_once_are_too_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
