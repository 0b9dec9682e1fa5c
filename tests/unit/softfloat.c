/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Softfloat against the host's FPU: every rounding mode, results and flags, on values chosen where implementations go
 * wrong. The host's tininess (x86: after rounding) is the one asked for. binary16 is computed in binary64 and rounded once.
 */
#include <fenv.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "isa/softfloat_parts.h"

#define ROUNDS 60000

static const struct { enum fp_rounding soft; int host; } modes[] = {
	{ FP_TIE_EVEN, FE_TONEAREST }, { FP_UP, FE_UPWARD }, { FP_DOWN, FE_DOWNWARD }, { FP_TO_ZERO, FE_TOWARDZERO },
};

static uint64_t next(uint64_t *seed)
{
	uint64_t z = *seed += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

/* A pattern of the format: special, near a power of two, near another value, or anything. */
static uint64_t value(uint64_t *seed, enum fp_fmt fmt, uint64_t other)
{
	unsigned f = fp_formats[fmt].frac_bits, e = fp_formats[fmt].exp_bits;
	uint64_t r = next(seed), mask = fp_sign_bit(fmt) * 2 - 1, sign = r & fp_sign_bit(fmt);
	uint64_t exp_one = (uint64_t)fp_formats[fmt].bias << f, frac = (1ULL << f) - 1;

	switch (r & 15) {
	case 0:	return sign;
	case 1:	return sign | fp_infinity(fmt, false);
	case 2:	return sign | fp_infinity(fmt, false) | (r >> 8 & frac);
	case 3:	return sign | fp_max_normal(fmt, false);
	case 4:	return sign | (r >> 8 & 3);
	case 5:	return sign | ((1ULL << f) + (r >> 8 & 7) - 3);
	case 6:	return sign | (exp_one + (r >> 8 & 7) - 3);
	case 7:	return sign | (r >> 8 & frac);
	case 8:	return ((other ^ (r & fp_sign_bit(fmt))) + (r >> 8 & 7) - 3) & mask;
	case 9:	return sign | ((r >> 8 & ((1ULL << e) - 1)) << f);
	case 10: return sign | (((r >> 8 & 63) << f) + exp_one - (32ULL << f)) % (mask >> 1);
	case 11: return sign | ((exp_one + ((r >> 8 & 63) << f)) % (mask >> 1) & ~(frac >> (r >> 40 & 31)));
	case 12: return sign | (exp_one & ~frac) | (next(seed) & frac);
	default: return next(seed) & mask;
	}
}

static uint8_t host_flags(void)
{
	int ex = fetestexcept(FE_ALL_EXCEPT);

	return (ex & FE_INVALID ? FP_INVALID : 0) | (ex & FE_DIVBYZERO ? FP_DIVZERO : 0) |
	       (ex & FE_OVERFLOW ? FP_OVERFLOW : 0) | (ex & FE_UNDERFLOW ? FP_UNDERFLOW : 0) |
	       (ex & FE_INEXACT ? FP_INEXACT : 0);
}

static double f64(uint64_t bits)
{
	double d;

	memcpy(&d, &bits, 8);
	return d;
}

static float f32(uint64_t bits)
{
	uint32_t b = (uint32_t)bits;
	float f;

	memcpy(&f, &b, 4);
	return f;
}

static uint64_t bits64(double d)
{
	uint64_t b;

	memcpy(&b, &d, 8);
	return b;
}

static uint64_t bits32(float f)
{
	uint32_t b;

	memcpy(&b, &f, 4);
	return b;
}

enum op { ADD, SUB, MUL, DIV, SQRT, FMA, OPS };
static const char *const op_names[OPS] = { "add", "sub", "mul", "div", "sqrt", "fma" };

static uint64_t soft(struct fp_env *env, enum fp_fmt fmt, enum op op, uint64_t a, uint64_t b, uint64_t c)
{
	switch (op) {
	case ADD: return fp_add(env, fmt, a, b);
	case SUB: return fp_sub(env, fmt, a, b);
	case MUL: return fp_mul(env, fmt, a, b);
	case DIV: return fp_div(env, fmt, a, b);
	case SQRT: return fp_sqrt(env, fmt, a);
	default: return fp_fma(env, fmt, a, b, c);
	}
}

static uint64_t host64(enum op op, uint64_t a, uint64_t b, uint64_t c)
{
	volatile double x = f64(a), y = f64(b), z = f64(c), r = 0;

	feclearexcept(FE_ALL_EXCEPT);
	switch (op) {
	case ADD: r = x + y; break;
	case SUB: r = x - y; break;
	case MUL: r = x * y; break;
	case DIV: r = x / y; break;
	case SQRT: r = sqrt(x); break;
	default: r = fma(x, y, z); break;
	}
	return bits64(r);
}

static uint64_t host32(enum op op, uint64_t a, uint64_t b, uint64_t c)
{
	volatile float x = f32(a), y = f32(b), z = f32(c), r = 0;

	feclearexcept(FE_ALL_EXCEPT);
	switch (op) {
	case ADD: r = x + y; break;
	case SUB: r = x - y; break;
	case MUL: r = x * y; break;
	case DIV: r = x / y; break;
	case SQRT: r = sqrtf(x); break;
	default: r = fmaf(x, y, z); break;
	}
	return bits32(r);
}

static void same(const char *what, enum fp_fmt fmt, const uint64_t in[3], unsigned mode, uint64_t got, uint64_t want,
		 uint8_t got_flags, uint8_t want_flags)
{
	if ((got == want || (fp_is_nan(fmt, got) && fp_is_nan(fmt, want))) && got_flags == want_flags)
		return;
	print_error("%s f%u mode %u: %llx %llx %llx: got %llx flags %02x, host %llx flags %02x\n", what, fp_bits(fmt), mode,
		    (unsigned long long)in[0], (unsigned long long)in[1], (unsigned long long)in[2],
		    (unsigned long long)got, got_flags, (unsigned long long)want, want_flags);
	fail();
}

static void arithmetic(enum fp_fmt fmt)
{
	uint64_t seed = 1 + fmt;

	for (unsigned i = 0; i < ROUNDS; i++) {
		unsigned m = i % 4;
		struct fp_env env = { .rounding = modes[m].soft };
		uint64_t in[3];

		in[0] = value(&seed, fmt, 0);
		in[1] = value(&seed, fmt, in[0]);
		in[2] = value(&seed, fmt, soft(&env, fmt, MUL, in[0], in[1], 0));
		for (enum op op = 0; op < OPS; op++) {
			uint64_t got, want;

			if (op == FMA && fp_is_nan(fmt, in[2]))
				continue;	/* x86 has inf * 0 + quiet NaN raise nothing */
			env.flags = 0;
			got = soft(&env, fmt, op, in[0], in[1], in[2]);
			fesetround(modes[m].host);
			want = fmt == FP_F64 ? host64(op, in[0], in[1], in[2]) : host32(op, in[0], in[1], in[2]);
			fesetround(FE_TONEAREST);
			same(op_names[op], fmt, in, m, got, want, env.flags, host_flags());
		}
	}
}

static void arithmetic_in_binary64_equals_the_host(void **state) { arithmetic(FP_F64); }
static void arithmetic_in_binary32_equals_the_host(void **state) { arithmetic(FP_F32); }

static void arithmetic_in_binary16_equals_binary64_rounded_once(void **state)
{
	uint64_t seed = 99;

	for (unsigned i = 0; i < ROUNDS; i++) {
		unsigned m = i % 4;
		struct fp_env env = { .rounding = modes[m].soft }, wide = env;
		uint64_t in[3], up[3];

		for (unsigned k = 0; k < 3; k++) {
			in[k] = value(&seed, FP_F16, k ? in[k - 1] : 0);
			up[k] = fp_convert(&wide, FP_F16, FP_F64, in[k], FP_TIE_EVEN);
		}
		for (enum op op = 0; op < OPS; op++) {
			uint64_t got, want;

			wide.flags = env.flags = 0;
			got = soft(&env, FP_F16, op, in[0], in[1], in[2]);
			/* A 66-bit sum of fma doesn't fit 53; round it to odd, whose second rounding is harmless. */
			if (op == FMA)
				wide.rounding = FP_ODD;
			want = soft(&wide, FP_F64, op, up[0], up[1], up[2]);
			wide.rounding = modes[m].soft;
			if (op == FMA && !(want << 1) && wide.rounding == FP_DOWN)
				want = soft(&wide, FP_F64, op, up[0], up[1], up[2]);
			wide.flags &= ~(unsigned)FP_INEXACT;
			want = fp_convert(&wide, FP_F64, FP_F16, want, wide.rounding);
			if (op == DIV || op == SQRT)	/* what the first rounding lost is inexact too */
				wide.flags |= env.flags & (FP_INEXACT | FP_UNDERFLOW);
			if (fp_is_snan(FP_F16, in[0]) || fp_is_snan(FP_F16, in[1]) || fp_is_snan(FP_F16, in[2]))
				wide.flags |= env.flags & FP_INVALID;	/* converting quietened it */
			same(op_names[op], FP_F16, in, m, got, want, env.flags, wide.flags);
		}
	}
}

static void conversion_between_formats_equals_the_host(void **state)
{
	uint64_t seed = 5;

	for (unsigned i = 0; i < ROUNDS; i++) {
		unsigned m = i % 4;
		struct fp_env env = { .rounding = modes[m].soft };
		uint64_t in[3] = { 0 };
		volatile float f;
		volatile double d;
		uint64_t got;

		in[0] = value(&seed, FP_F64, 0);
		if (i & 4) {	/* where a binary32 result is near its ends */
			in[0] = (in[0] & ~(0x7ffULL << 52)) | (next(&seed) % 300 + 1023 - 152) << 52;
		}
		got = fp_convert(&env, FP_F64, FP_F32, in[0], modes[m].soft);
		fesetround(modes[m].host);
		d = f64(in[0]);
		feclearexcept(FE_ALL_EXCEPT);
		f = (float)d;
		fesetround(FE_TONEAREST);
		same("to f32", FP_F32, in, m, got, bits32(f), env.flags, host_flags());

		in[0] = value(&seed, FP_F32, 0);
		env.flags = 0;
		got = fp_convert(&env, FP_F32, FP_F64, in[0], modes[m].soft);
		f = f32(in[0]);
		feclearexcept(FE_ALL_EXCEPT);
		d = (double)f;
		same("to f64", FP_F64, in, m, got, bits64(d), env.flags, host_flags());
	}
}

static void conversion_from_integers_equals_the_host(void **state)
{
	uint64_t seed = 6;

	for (unsigned i = 0; i < ROUNDS; i++) {
		unsigned m = i % 4;
		struct fp_env env = { .rounding = modes[m].soft };
		uint64_t in[3] = { next(&seed) >> (next(&seed) & 63) };
		volatile int64_t s = (int64_t)in[0];
		volatile double d;
		volatile float f;
		uint64_t got;

		if (i & 8)
			s = (int64_t)(in[0] = -in[0]);
		fesetround(modes[m].host);
		feclearexcept(FE_ALL_EXCEPT);
		d = (double)s;
		got = fp_from_int(&env, FP_F64, in[0], true, 0, modes[m].soft);
		same("from s64", FP_F64, in, m, got, bits64(d), env.flags, host_flags());
		feclearexcept(FE_ALL_EXCEPT);
		f = (float)s;
		env.flags = 0;
		got = fp_from_int(&env, FP_F32, in[0], true, 0, modes[m].soft);
		same("from s64", FP_F32, in, m, got, bits32(f), env.flags, host_flags());
		fesetround(FE_TONEAREST);
	}
}

static void conversion_to_integers_truncates_like_the_host_and_saturates(void **state)
{
	uint64_t seed = 7;

	for (unsigned i = 0; i < ROUNDS; i++) {
		struct fp_env env = { 0 };
		uint64_t in[3] = { value(&seed, FP_F64, 0) };
		volatile double d = f64(in[0]);
		volatile int64_t want;
		uint64_t got = fp_to_int(&env, FP_F64, in[0], true, 64, 0, FP_TO_ZERO);

		if (isnan(d) || d >= 0x1p63 || d < -0x1p63) {
			assert_int_equal(env.flags, FP_INVALID);
			assert_true(got == (isnan(d) ? 0 : d > 0 ? INT64_MAX : (uint64_t)INT64_MIN));
			continue;
		}
		feclearexcept(FE_ALL_EXCEPT);
		want = (int64_t)d;
		same("to s64", FP_F64, in, 3, got, (uint64_t)want, env.flags, host_flags());
		env.flags = 0;
		got = fp_to_int(&env, FP_F64, in[0], true, 32, 0, FP_TO_ZERO);
		if (want == (int32_t)want)
			assert_int_equal(got, (uint32_t)want);
		else
			assert_int_equal(got, want > 0 ? INT32_MAX : (uint32_t)INT32_MIN);
	}
}

static void rounding_to_integral_equals_rint_and_round(void **state)
{
	uint64_t seed = 8;

	for (unsigned i = 0; i < ROUNDS; i++) {
		unsigned m = i % 4;
		struct fp_env env = { 0 };
		uint64_t in[3] = { value(&seed, FP_F64, 0) };
		volatile double d = f64(in[0]), r;
		uint64_t got = fp_round_int(&env, FP_F64, in[0], modes[m].soft, true);

		fesetround(modes[m].host);
		feclearexcept(FE_ALL_EXCEPT);
		r = rint(d);
		fesetround(FE_TONEAREST);
		same("rint", FP_F64, in, m, got, bits64(r), env.flags, host_flags());
		env.flags = 0;
		got = fp_round_int(&env, FP_F64, in[0], FP_TIE_AWAY, false);
		r = round(d);
		same("round", FP_F64, in, 4, got, bits64(r), env.flags & ~(unsigned)FP_INVALID, 0);
	}
}

static void comparison_equals_the_host(void **state)
{
	uint64_t seed = 9;

	for (unsigned i = 0; i < ROUNDS; i++) {
		struct fp_env env = { 0 };
		uint64_t a = value(&seed, FP_F32, 0), b = value(&seed, FP_F32, a);
		float x = f32(a), y = f32(b);
		enum fp_order want = isnan(x) || isnan(y) ? FP_UNORDERED : x < y ? FP_LESS : x > y ? FP_GREATER : FP_EQUAL;

		assert_int_equal(fp_compare(&env, FP_F32, a, b, false), want);
		assert_int_equal(env.flags, fp_is_snan(FP_F32, a) || fp_is_snan(FP_F32, b) ? FP_INVALID : 0);
		assert_int_equal(fp_compare(&env, FP_F32, a, b, true), want);
		assert_int_equal(env.flags, want == FP_UNORDERED ? FP_INVALID : 0);
	}
}

static void riscv_minimum_prefers_the_number_to_a_signalling_nan(void **state)
{
	struct fp_env env = { .nan_policy = FP_NAN_RISCV };

	assert_int_equal(fp_minnum(&env, FP_F32, 0x7f800001, 0x3f800000), 0x3f800000);
	assert_int_equal(env.flags, FP_INVALID);
	assert_int_equal(fp_maxnum(&env, FP_F32, 0xffc00001, 0x7fc00001), 0x7fc00000);
	assert_int_equal(fp_minnum(&env, FP_F32, 0x80000000, 0), 0x80000000);
	assert_int_equal(fp_maxnum(&env, FP_F32, 0x80000000, 0), 0);
}

static void riscv_nan_to_integer_is_the_largest(void **state)
{
	struct fp_env env = { .nan_policy = FP_NAN_RISCV };

	assert_int_equal(fp_to_int(&env, FP_F32, 0xffc00000, true, 32, 0, FP_TO_ZERO), INT32_MAX);
	assert_int_equal(fp_to_int(&env, FP_F32, 0xffc00000, false, 32, 0, FP_TO_ZERO), UINT32_MAX);
	assert_int_equal(env.flags, FP_INVALID);
}

static void arm_detects_tininess_before_rounding(void **state)
{
	struct fp_env env = { .tininess_before_rounding = true };

	/* (1 + 2^-13) * (1 - 2^-13) * 2^-126 rounds up to the smallest normal number, inexactly. */
	assert_int_equal(fp_mul(&env, FP_F32, 0x3f800400, 0x007ffc00), 0x00800000);
	assert_int_equal(env.flags, FP_UNDERFLOW | FP_INEXACT);
	env = (struct fp_env){ 0 };
	assert_int_equal(fp_mul(&env, FP_F32, 0x3f800400, 0x007ffc00), 0x00800000);
	assert_int_equal(env.flags, FP_INEXACT);
}

static void arm_fused_infinity_times_zero_beats_a_quiet_addend(void **state)
{
	struct fp_env env = { 0 };

	assert_int_equal(fp_fma(&env, FP_F32, 0x7f800000, 0, 0x7fc01234), 0x7fc00000);
	assert_int_equal(env.flags, FP_INVALID);
	assert_int_equal(fp_fma(&env, FP_F32, 0x7f800000, 0, 0x7f801234), 0x7fc01234);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arithmetic_in_binary64_equals_the_host),
		cmocka_unit_test(arithmetic_in_binary32_equals_the_host),
		cmocka_unit_test(arithmetic_in_binary16_equals_binary64_rounded_once),
		cmocka_unit_test(conversion_between_formats_equals_the_host),
		cmocka_unit_test(conversion_from_integers_equals_the_host),
		cmocka_unit_test(conversion_to_integers_truncates_like_the_host_and_saturates),
		cmocka_unit_test(rounding_to_integral_equals_rint_and_round),
		cmocka_unit_test(comparison_equals_the_host),
		cmocka_unit_test(riscv_minimum_prefers_the_number_to_a_signalling_nan),
		cmocka_unit_test(riscv_nan_to_integer_is_the_largest),
		cmocka_unit_test(arm_detects_tininess_before_rounding),
		cmocka_unit_test(arm_fused_infinity_times_zero_beats_a_quiet_addend),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
