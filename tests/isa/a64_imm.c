/* SPDX-License-Identifier: BSD-2-Clause */
/* Shared A64 sub-encodings against values worked out by hand and against the definitions in other words. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#include "isa/arm64/a64_imm.h"

static uint64_t wmask(unsigned n, unsigned imms, unsigned immr, unsigned reg_bits)
{
	uint64_t w = 0;

	assert_true(a64_bitmask(n, imms, immr, reg_bits, &w, NULL));
	return w;
}

static void bitmask_gives_known_immediates(void **state)
{
	assert_int_equal(wmask(1, 0, 0, 64), 1);
	assert_int_equal(wmask(0, 0x3c, 0, 64), 0x5555555555555555);	/* 2-bit elements 01 */
	assert_int_equal(wmask(0, 0x3c, 1, 64), 0xaaaaaaaaaaaaaaaa);
	assert_int_equal(wmask(0, 0x3c, 0, 32), 0x55555555);
	assert_int_equal(wmask(0, 0x07, 0, 32), 0xff);
	assert_int_equal(wmask(1, 0x0b, 0x34, 64), 0xfff000);
	assert_int_equal(wmask(1, 0x3e, 0x3f, 64), 0xfffffffffffffffe);
	assert_int_equal(wmask(0, 0x27, 0x08, 64), 0xff00ff00ff00ff00);	/* 16-bit elements */
}

/* Every valid encoding: popcount per element, rotation, and periodicity hold; there are 5334 distinct 64-bit ones. */
static void bitmask_elements_are_rotated_runs_of_ones(void **state)
{
	unsigned valid = 0;

	for (unsigned n = 0; n < 2; n++)
		for (unsigned imms = 0; imms < 64; imms++)
			for (unsigned immr = 0; immr < 64; immr++) {
				uint64_t w, t;
				unsigned esize = 64;

				if (!a64_bitmask(n, imms, immr, 64, &w, &t))
					continue;
				if (!n)
					for (esize = 32; imms & esize; esize /= 2)
						;
				if ((imms & (esize - 1)) == esize - 1 || immr >= esize)
					continue;
				valid++;
				assert_int_equal(__builtin_popcountll(w), ((imms & (esize - 1)) + 1) * (64 / esize));
				for (unsigned bit = 0; bit < 64; bit++) {
					unsigned from = (bit + immr) % esize;

					assert_int_equal(w >> bit & 1, from <= (imms & (esize - 1)));
				}
			}
	assert_int_equal(valid, 5334);
}

static void bitmask_without_element_size_is_refused(void **state)
{
	assert_false(a64_bitmask(0, 0x3f, 0, 64, NULL, NULL));
	assert_false(a64_bitmask(0, 0x3e, 0, 64, NULL, NULL));
	assert_false(a64_bitmask(1, 0, 0, 32, NULL, NULL));
}

static void bitfield_move_masks_select_the_field(void **state)
{
	uint64_t w, t;

	assert_true(a64_bitmask(1, 15, 8, 64, &w, &t));		/* UBFX #8, #8: rotate right 8, keep 8 bits */
	assert_int_equal(t, 0xff);
	assert_int_equal((0x12345678ull >> 8) & w & t, 0x56);
	assert_true(a64_bitmask(1, 7, 56, 64, &w, &t));		/* UBFIZ #8, #8 */
	assert_int_equal(w & t, 0xff00);
	assert_true(a64_bitmask(0, 31, 4, 32, &w, &t));		/* LSR W, #4 */
	assert_int_equal(w & t, 0x0fffffff);
}

static void float_immediates_are_the_documented_numbers(void **state)
{
	for (unsigned imm8 = 0; imm8 < 256; imm8++) {
		int exponent = (int)((imm8 >> 4 & 7) ^ 4) - 3;
		double want = ldexp((16 + (imm8 & 15)) / 16.0, exponent) * (imm8 & 0x80 ? -1 : 1);
		uint64_t d = a64_vfp_expand_imm64((uint8_t)imm8);
		uint32_t s = a64_vfp_expand_imm32((uint8_t)imm8);
		uint16_t h = a64_vfp_expand_imm16((uint8_t)imm8);
		double dv;
		float sv;

		memcpy(&dv, &d, sizeof(dv));
		memcpy(&sv, &s, sizeof(sv));
		assert_true(dv == want);
		assert_true((double)sv == want);
		assert_int_equal(h >> 15, imm8 >> 7);
		assert_int_equal((h >> 10 & 31) - 15, exponent);
		assert_int_equal(h & 0x3ff, (imm8 & 15) << 6);
	}
}

static void simd_immediates_follow_cmode(void **state)
{
	static const struct { unsigned op, cmode; uint64_t want; } c[] = {
		{ 0, 0, 0x000000a5000000a5 }, { 0, 2, 0x0000a5000000a500 }, { 0, 4, 0x00a5000000a50000 },
		{ 1, 7, 0xa5000000a5000000 }, { 0, 8, 0x00a500a500a500a5 }, { 1, 10, 0xa500a500a500a500 },
		{ 0, 12, 0x0000a5ff0000a5ff }, { 0, 13, 0x00a5ffff00a5ffff }, { 0, 14, 0xa5a5a5a5a5a5a5a5 },
		{ 1, 14, 0xff00ff0000ff00ff },
	};
	uint64_t v;

	for (unsigned i = 0; i < ARRAY_SIZE(c); i++) {
		v = 0;
		assert_true(a64_simd_expand_imm(c[i].op, c[i].cmode, 0xa5, &v));
		assert_int_equal(v, c[i].want);
	}
	assert_true(a64_simd_expand_imm(0, 15, 0x70, &v));		/* 1.0f twice */
	assert_int_equal(v, 0x3f8000003f800000);
	assert_true(a64_simd_expand_imm(1, 15, 0xf0, &v));		/* -1.0 */
	assert_int_equal(v, 0xbff0000000000000);
	assert_false(a64_simd_expand_imm(0, 16, 0, &v));
}

/* SUBS of small signed numbers gives flags for which each condition means what its name says. */
static void conditions_mean_their_names(void **state)
{
	for (int a = -128; a < 128; a++)
		for (int b = -128; b < 128; b++) {
			int8_t r = (int8_t)(a - b);
			uint8_t ua = (uint8_t)a, ub = (uint8_t)b;
			unsigned f = (r < 0 ? A64_NZCV_N : 0) | (r == 0 ? A64_NZCV_Z : 0) |
				     (ua >= ub ? A64_NZCV_C : 0) | (a - b != r ? A64_NZCV_V : 0);

			assert_int_equal(a64_cond(0, f), a == b);
			assert_int_equal(a64_cond(1, f), a != b);
			assert_int_equal(a64_cond(2, f), ua >= ub);
			assert_int_equal(a64_cond(3, f), ua < ub);
			assert_int_equal(a64_cond(4, f), r < 0);
			assert_int_equal(a64_cond(5, f), r >= 0);
			assert_int_equal(a64_cond(6, f), a - b != r);
			assert_int_equal(a64_cond(7, f), a - b == r);
			assert_int_equal(a64_cond(8, f), ua > ub);
			assert_int_equal(a64_cond(9, f), ua <= ub);
			assert_int_equal(a64_cond(10, f), a >= b);
			assert_int_equal(a64_cond(11, f), a < b);
			assert_int_equal(a64_cond(12, f), a > b);
			assert_int_equal(a64_cond(13, f), a <= b);
			assert_true(a64_cond(14, f) && a64_cond(15, f));
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bitmask_gives_known_immediates),
		cmocka_unit_test(bitmask_elements_are_rotated_runs_of_ones),
		cmocka_unit_test(bitmask_without_element_size_is_refused),
		cmocka_unit_test(bitfield_move_masks_select_the_field),
		cmocka_unit_test(float_immediates_are_the_documented_numbers),
		cmocka_unit_test(simd_immediates_follow_cmode),
		cmocka_unit_test(conditions_mean_their_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
