/* SPDX-License-Identifier: BSD-2-Clause */
/* The freestanding string functions, under other names, against the C library's. */
#include <stdlib.h>
#include <string.h>
#include "tests/unit/cmocka_all.h"

#define memcpy		free_memcpy
#define memmove		free_memmove
#define memset		free_memset
#define memcmp		free_memcmp
#define strlen		free_strlen
#define strnlen		free_strnlen
#define strcmp		free_strcmp
#define strncmp		free_strncmp
#define strchr		free_strchr
#include "base/string.c"
#undef memcpy
#undef memmove
#undef memset
#undef memcmp
#undef strlen
#undef strnlen
#undef strcmp
#undef strncmp
#undef strchr

static int sign(int v)
{
	return (v > 0) - (v < 0);
}

static void memory_functions_do_what_the_c_librarys_do(void **state)
{
	uint8_t a[64], b[64], want[64];

	for (unsigned i = 0; i < 20000; i++) {
		size_t from = (size_t)rand() % 32, to = (size_t)rand() % 32, n = (size_t)rand() % 32;

		for (unsigned k = 0; k < 64; k++)
			a[k] = b[k] = want[k] = (uint8_t)rand();
		memmove(want + to, want + from, n);
		free_memmove(a + to, a + from, n);
		assert_memory_equal(a, want, 64);
		free_memcpy(want, b, n);
		assert_memory_equal(want, b, n);
		memset(a + from, (int)n, n);
		free_memset(b + from, (int)n, n);
		assert_memory_equal(a + from, b + from, n);
		assert_int_equal(sign(free_memcmp(a, want, n)), sign(memcmp(a, want, n)));
	}
}

static void string_functions_do_what_the_c_librarys_do(void **state)
{
	static const char *const s[] = { "", "a", "ab", "b", "abc", "\xff", "a\xff" };

	for (unsigned i = 0; i < 7; i++) {
		assert_int_equal(free_strlen(s[i]), strlen(s[i]));
		assert_int_equal(free_strnlen(s[i], 1), strnlen(s[i], 1));
		assert_ptr_equal(free_strchr(s[i], 'b'), strchr(s[i], 'b'));
		assert_ptr_equal(free_strchr(s[i], 0), strchr(s[i], 0));
		for (unsigned k = 0; k < 7; k++) {
			assert_int_equal(sign(free_strcmp(s[i], s[k])), sign(strcmp(s[i], s[k])));
			for (size_t n = 0; n < 4; n++)
				assert_int_equal(sign(free_strncmp(s[i], s[k], n)), sign(strncmp(s[i], s[k], n)));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_functions_do_what_the_c_librarys_do),
		cmocka_unit_test(string_functions_do_what_the_c_librarys_do),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
