/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Advanced SIMD helpers without a reference machine: published vectors for the cryptographic ones, and for every form of
 * tests/diff/simd_cases.h what isa/arm64/simd.h promises about aliasing, untouched operands, upper bits and flags.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "tests/diff/simd_cases.h"
#include "tests/diff/simd_state.h"

#define TRIALS 200

static const struct { enum simd_op op; uint32_t desc; const char *text; } cases[] = {
#define CASE(op, desc, text) { SIMD_##op, desc, text },
	SIMD_CASES
#undef CASE
};

#define CASES (sizeof(cases) / sizeof(cases[0]))

/* Instructions on scalars alone have no case there; tests/diff/insn.c knows them. */
static bool is_scalar(unsigned op)
{
	return op == SIMD_fcmp || op == SIMD_fcvt || op == SIMD_fcvt_to_g || op == SIMD_fcvt_from_g;
}

static bool is_table(unsigned c)
{
	return cases[c].op == SIMD_tbl || cases[c].op == SIMD_tbx;
}

static struct simd_state inputs(unsigned c, unsigned t)
{
	return simd_inputs((uint64_t)c << 32 | t, simd_case_is_fp(cases[c].op), cases[c].desc & 3);
}

static union v128 run(unsigned c, union v128 *d, const union v128 *n, const union v128 *m, uint64_t fpcr, uint32_t *fpsr)
{
	struct arm_simd_env env = { 0 };

	arm_fp_env_from_fpcr(&env.fp, (uint32_t)fpcr);
	simd_table[cases[c].op](d, n, m, cases[c].desc, &env);
	*fpsr = arm_fpsr_get(&env);
	return *d;
}

static void same(unsigned c, const char *what, union v128 a, union v128 b)
{
	if (memcmp(&a, &b, sizeof(a)))
		fail_msg("%s: %s", cases[c].text, what);
}

static void destination_may_be_a_source(void **state)
{
	for (unsigned c = 0; c < CASES; c++) {
		if (is_table(c))
			continue;	/* its n is the register file */
		for (unsigned t = 0; t < TRIALS; t++) {
			struct simd_state s = inputs(c, t);
			union v128 d = s.v[1], apart;
			uint32_t flags, flags2;

			apart = run(c, &d, &s.v[1], &s.v[2], s.fpcr, &flags);
			d = s.v[1];
			same(c, "d is n", run(c, &d, &d, &s.v[2], s.fpcr, &flags2), apart);
			d = s.v[2];
			apart = run(c, &d, &s.v[1], &s.v[2], s.fpcr, &flags);
			d = s.v[2];
			same(c, "d is m", run(c, &d, &s.v[1], &d, s.fpcr, &flags2), apart);
			assert_int_equal(flags, flags2);
		}
	}
}

static void traits_tell_what_is_read(void **state)
{
	bool did[SIMD_OP_COUNT] = { false };

	for (unsigned c = 0; c < CASES; c++) {
		unsigned traits = simd_traits(cases[c].op);
		bool reads_d = traits & SIMD_READS_D || (traits & SIMD_READS_D_IF_Q && cases[c].desc & SIMD_Q);
		bool changed = false;

		for (unsigned t = 0; t < TRIALS; t++) {
			struct simd_state s = inputs(c, t);
			union v128 d = s.v[0], d2 = s.v[3], file[32] = { s.v[0], s.v[1], s.v[2], s.v[3] };
			const union v128 *n = is_table(c) ? file : &s.v[1], *m = traits & SIMD_READS_M ? &s.v[2] : NULL;
			uint32_t flags;
			union v128 r = run(c, &d, n, m, s.fpcr, &flags), r2 = run(c, &d2, n, m, s.fpcr, &flags);

			changed |= memcmp(&r, &r2, sizeof(r)) != 0;
		}
		if (changed && !reads_d)
			fail_msg("%s reads d", cases[c].text);
		did[cases[c].op] |= changed;
	}
	for (unsigned op = 0; op < SIMD_OP_COUNT; op++)
		if (simd_traits(op) & (SIMD_READS_D | SIMD_READS_D_IF_Q) && !did[op])
			fail_msg("%s doesn't read d", simd_names[op]);
}

static void traits_tell_which_flags_are_raised(void **state)
{
	uint32_t did[SIMD_OP_COUNT] = { 0 };

	for (unsigned c = 0; c < CASES; c++) {
		unsigned traits = simd_traits(cases[c].op);
		uint32_t raised = 0;

		for (unsigned t = 0; t < TRIALS; t++) {
			struct simd_state s = inputs(c, t);
			union v128 file[32] = { s.v[0], s.v[1], s.v[2], s.v[3] };
			uint32_t flags;

			run(c, &s.v[0], is_table(c) ? file : &s.v[1], &s.v[2], s.fpcr, &flags);
			raised |= flags;
		}
		if ((raised & ARM_FPSR_FLAGS && !(traits & SIMD_USES_FP)) ||
		    (raised & ARM_FPSR_QC && !(traits & SIMD_SETS_QC)))
			fail_msg("%s raises %08x", cases[c].text, raised);
		did[cases[c].op] |= raised;
	}
	for (unsigned op = 0; op < SIMD_OP_COUNT; op++)
		if (simd_traits(op) & (SIMD_USES_FP | SIMD_SETS_QC) && !did[op] && !is_scalar(op))
			fail_msg("%s raises nothing", simd_names[op]);
}

static void upper_half_of_64_bit_and_scalar_results_is_zero(void **state)
{
	for (unsigned c = 0; c < CASES; c++) {
		struct simd_state s = inputs(c, 1);
		union v128 file[32] = { s.v[0], s.v[1], s.v[2], s.v[3] };
		const char *text = strchr(cases[c].text, ' ') + 1;
		bool narrow = !strncmp(text, "v0.8b", 5) || !strncmp(text, "v0.4h", 5) || !strncmp(text, "v0.2s", 5) ||
			      !strncmp(text, "v0.1d", 5) || strchr("bhsd", text[0]);
		uint32_t flags;

		if (narrow)
			assert_int_equal(run(c, &s.v[0], is_table(c) ? file : &s.v[1], &s.v[2], 0, &flags).d[1], 0);
	}
}

static void call(enum simd_op op, union v128 *d, const union v128 *n, const union v128 *m)
{
	struct arm_simd_env env = { 0 };

	simd_table[op](d, n, m, SIMD_Q, &env);
}

/* FIPS 197 appendix B: one block, with its round keys 0 and 1; the state after round 1. */
static void aes_first_round_is_that_of_fips_197(void **state)
{
	const union v128 input = { .b = {
		0x32, 0x43, 0xf6, 0xa8, 0x88, 0x5a, 0x30, 0x8d, 0x31, 0x31, 0x98, 0xa2, 0xe0, 0x37, 0x07, 0x34,
	} };
	const union v128 key = { .b = {
		0x2b, 0x7e, 0x15, 0x16, 0x28, 0xae, 0xd2, 0xa6, 0xab, 0xf7, 0x15, 0x88, 0x09, 0xcf, 0x4f, 0x3c,
	} };
	union v128 s = input;
	const uint8_t mixed[16] = {
		0x04, 0x66, 0x81, 0xe5, 0xe0, 0xcb, 0x19, 0x9a, 0x48, 0xf8, 0xd3, 0x7a, 0x28, 0x06, 0x26, 0x4c,
	};

	call(SIMD_aese, &s, &key, NULL);
	call(SIMD_aesmc, &s, &s, NULL);
	assert_memory_equal(s.b, mixed, 16);
	call(SIMD_aesimc, &s, &s, NULL);
	call(SIMD_aesd, &s, &(union v128){ .d = { 0, 0 } }, NULL);
	for (unsigned i = 0; i < 2; i++)
		assert_true((s.d[i] ^ key.d[i]) == input.d[i]);
}

/* The padded block "abc". */
static const uint32_t abc[16] = { 0x61626380, [15] = 24 };

static void sha1_of_abc_is_that_of_fips_180(void **state)
{
	static const uint32_t k[4] = { 0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6 };
	static const enum simd_op f[4] = { SIMD_sha1c, SIMD_sha1p, SIMD_sha1m, SIMD_sha1p };
	static const union v128 start = { .s = { 0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476 } };
	union v128 abcd = start, e = { .s = { 0xc3d2e1f0 } }, w[20];

	memcpy(w, abc, 64);
	for (unsigned i = 4; i < 20; i++) {
		w[i] = w[i - 4];
		call(SIMD_sha1su0, &w[i], &w[i - 3], &w[i - 2]);
		call(SIMD_sha1su1, &w[i], &w[i - 1], NULL);
	}
	for (unsigned i = 0; i < 20; i++) {
		union v128 wk = w[i], next_e;

		for (unsigned j = 0; j < 4; j++)
			wk.s[j] += k[i / 5];
		call(SIMD_sha1h, &next_e, &abcd, NULL);
		call(f[i / 5], &abcd, &e, &wk);
		e = next_e;
	}
	assert_int_equal(abcd.s[0] + start.s[0], 0xa9993e36);
	assert_int_equal(abcd.s[3] + start.s[3], 0x7850c26c);
	assert_int_equal(e.s[0] + 0xc3d2e1f0, 0x9cd0d89d);
}

static void sha256_schedule_and_rounds_of_abc_are_those_of_fips_180(void **state)
{
	static const uint32_t k[4] = { 0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5 };
	union v128 abcd = { .s = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a } };
	union v128 efgh = { .s = { 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19 } };
	union v128 w[5], before = abcd;

	memcpy(w, abc, 64);
	w[4] = w[0];
	call(SIMD_sha256su0, &w[4], &w[1], NULL);
	call(SIMD_sha256su1, &w[4], &w[2], &w[3]);
	assert_int_equal(w[4].s[0], 0x61626380);
	assert_int_equal(w[4].s[1], 0x000f0000);
	for (unsigned j = 0; j < 4; j++)
		w[0].s[j] += k[j];
	call(SIMD_sha256h, &abcd, &efgh, &w[0]);
	call(SIMD_sha256h2, &efgh, &before, &w[0]);
	assert_int_equal(abcd.s[3], 0x5d6aebcd);	/* after round 0: a and e */
	assert_int_equal(efgh.s[3], 0xfa2a4622);
}

static uint32_t crc_of_digits(uint32_t (*crc)(uint32_t crc, uint64_t value, unsigned size))
{
	uint64_t eight;

	memcpy(&eight, "12345678", 8);
	return ~crc(crc(~0u, eight, 8), '9', 1);
}

static void crc_of_digits_is_the_check_value(void **state)
{
	assert_int_equal(crc_of_digits(arm_crc32), 0xcbf43926);
	assert_int_equal(crc_of_digits(arm_crc32c), 0xe3069283);
}

static void table_wraps_from_v31_to_v0(void **state)
{
	struct arm_simd_env env = { 0 };
	union v128 file[32] = { 0 }, d, index = { .b = { 0, 16, 32, 48, 64, 255 } };

	file[30].b[0] = 1;
	file[31].b[0] = 2;
	file[0].b[0] = 3;
	file[1].b[0] = 4;
	simd_tbl(&d, file, &index, SIMD_Q | SIMD_IMM(30) | SIMD_ELEM(3), &env);
	assert_memory_equal(d.b, ((uint8_t[]){ 1, 2, 3, 4, 0, 0 }), 6);
}

static void fpsr_reads_back_as_written(void **state)
{
	struct arm_simd_env env = { 0 };

	arm_fpsr_set(&env, 0xffffffff);
	assert_int_equal(arm_fpsr_get(&env), 0x0800009f);
	arm_fpsr_set(&env, ARM_FPSR_QC);
	assert_int_equal(arm_fpsr_get(&env), ARM_FPSR_QC);
}

static void known_values_of_estimates(void **state)
{
	struct fp_env env = { 0 };

	assert_int_equal(arm_frecpe(&env, FP_F32, 0x3f800000), 0x3f7f8000);	/* 1 -> 0.998 */
	assert_int_equal(arm_frsqrte(&env, FP_F32, 0x40800000), 0x3eff8000);	/* 4 -> 0.499 */
	assert_int_equal(env.flags, 0);
	assert_int_equal(arm_frecpe(&env, FP_F32, 0x80000000), 0xff800000);
	assert_int_equal(env.flags, FP_DIVZERO);
	assert_int_equal(arm_urecpe(0x80000000), 0xff800000);
	assert_int_equal(arm_urecpe(0x7fffffff), 0xffffffff);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(destination_may_be_a_source),
		cmocka_unit_test(traits_tell_what_is_read),
		cmocka_unit_test(traits_tell_which_flags_are_raised),
		cmocka_unit_test(upper_half_of_64_bit_and_scalar_results_is_zero),
		cmocka_unit_test(aes_first_round_is_that_of_fips_197),
		cmocka_unit_test(sha1_of_abc_is_that_of_fips_180),
		cmocka_unit_test(sha256_schedule_and_rounds_of_abc_are_those_of_fips_180),
		cmocka_unit_test(crc_of_digits_is_the_check_value),
		cmocka_unit_test(table_wraps_from_v31_to_v0),
		cmocka_unit_test(fpsr_reads_back_as_written),
		cmocka_unit_test(known_values_of_estimates),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
