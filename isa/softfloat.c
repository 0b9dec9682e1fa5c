/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Softfloat's two ends: bit patterns to canonical form, and rounding back. ARM DDI 0487 FPUnpackBase, FPRoundBase,
 * FPProcessNaN, FPProcessNaNs, FPProcessNaNs3; RISC-V unprivileged ISA 11.2 (rounding, tininess), 11.3 (NaNs).
 */
#include "isa/softfloat_parts.h"

const struct fp_format fp_formats[4] = {
	[FP_F16] = { .frac_bits = 10, .exp_bits = 5, .bias = 15 },
	[FP_F32] = { .frac_bits = 23, .exp_bits = 8, .bias = 127 },
	[FP_F64] = { .frac_bits = 52, .exp_bits = 11, .bias = 1023 },
};

static uint64_t exp_field(const struct fp_format *f)
{
	return ((1ULL << f->exp_bits) - 1) << f->frac_bits;
}

uint64_t fp_default_nan(enum fp_fmt fmt)
{
	const struct fp_format *f = &fp_formats[fmt];

	return exp_field(f) | 1ULL << (f->frac_bits - 1);
}

uint64_t fp_infinity(enum fp_fmt fmt, bool sign)
{
	return exp_field(&fp_formats[fmt]) | fp_zero(fmt, sign);
}

uint64_t fp_max_normal(enum fp_fmt fmt, bool sign)
{
	return (exp_field(&fp_formats[fmt]) - 1) | fp_zero(fmt, sign);
}

bool fp_is_nan(enum fp_fmt fmt, uint64_t a)
{
	return fp_abs(fmt, a) > exp_field(&fp_formats[fmt]);
}

bool fp_is_snan(enum fp_fmt fmt, uint64_t a)
{
	return fp_is_nan(fmt, a) && !(a >> (fp_formats[fmt].frac_bits - 1) & 1);
}

static bool flushes_input(struct fp_env *env, enum fp_fmt fmt, enum fp_origin origin)
{
	if (fmt == FP_F16)
		return env->flush_f16 && origin == FP_ARITHMETIC;
	if (env->flush_inputs)
		env->flags |= FP_INPUT_DENORMAL;
	return env->flush_inputs;
}

struct fp_parts fp_unpack(struct fp_env *env, enum fp_fmt fmt, uint64_t a, enum fp_origin origin)
{
	const struct fp_format *f = &fp_formats[fmt];
	int32_t max = (1 << f->exp_bits) - 1;
	int32_t exp = (int32_t)(a >> f->frac_bits) & max;
	uint64_t frac = a << (64 - f->frac_bits);
	struct fp_parts p = { .sign = (a & fp_sign_bit(fmt)) != 0, .class = FP_IS_NORMAL };
	bool alt = env->alt_half && fmt == FP_F16 && origin == FP_CONVERSION;

	if (exp == max && !alt) {
		p.class = !frac ? FP_IS_INF : frac >> 63 ? FP_IS_QNAN : FP_IS_SNAN;
	} else if (exp) {
		p.exp = exp - f->bias;
		p.frac = frac >> 1 | 1ULL << 63;
	} else if (!frac || flushes_input(env, fmt, origin)) {
		p.class = FP_IS_ZERO;
	} else {
		int lead = __builtin_clzll(frac);

		p.exp = -f->bias - lead;
		p.frac = frac << lead;
	}
	return p;
}

bool fp_rounds_up(enum fp_rounding rounding, bool sign, bool odd, uint64_t rest, uint64_t half)
{
	switch (rounding) {
	case FP_TIE_EVEN:	return rest > half || (rest == half && odd);
	case FP_TIE_AWAY:	return rest >= half;
	case FP_UP:		return rest && !sign;
	case FP_DOWN:		return rest && sign;
	default:		return false;
	}
}

static uint64_t overflow(struct fp_env *env, enum fp_fmt fmt, bool sign, enum fp_rounding rounding, bool alt)
{
	bool to_inf = rounding == FP_TIE_EVEN || rounding == FP_TIE_AWAY || rounding == (sign ? FP_DOWN : FP_UP);

	if (alt) {
		env->flags |= FP_INVALID;
		return (fp_sign_bit(fmt) - 1) | fp_zero(fmt, sign);
	}
	env->flags |= FP_OVERFLOW | FP_INEXACT;
	return to_inf ? fp_infinity(fmt, sign) : fp_max_normal(fmt, sign);
}

/* Would rounding with an unbounded exponent have left the value below the smallest normal number? */
static bool tiny_after_rounding(bool sign, uint64_t frac, enum fp_rounding rounding, unsigned drop)
{
	uint64_t rest = frac & ((1ULL << drop) - 1);
	uint64_t mant = frac >> drop;

	return !(mant + 1 == 1ULL << (64 - drop) &&
		 fp_rounds_up(rounding, sign, mant & 1, rest, 1ULL << (drop - 1)));
}

uint64_t fp_round_pack(struct fp_env *env, enum fp_fmt fmt, bool sign, int32_t exp, uint64_t frac,
		       enum fp_rounding rounding, enum fp_origin origin)
{
	const struct fp_format *f = &fp_formats[fmt];
	unsigned drop = 63 - f->frac_bits;
	int32_t biased = exp + f->bias;
	int32_t limit = (1 << f->exp_bits) - 1;
	bool alt = env->alt_half && fmt == FP_F16 && origin == FP_CONVERSION;
	bool flush = fmt == FP_F16 ? env->flush_f16 && origin == FP_ARITHMETIC : env->flush_outputs;
	bool tiny = biased <= 0;
	uint64_t mant, rest;

	if (tiny) {
		if (flush) {
			env->flags |= FP_UNDERFLOW;
			return fp_zero(fmt, sign);
		}
		if (!env->tininess_before_rounding && biased == 0)
			tiny = tiny_after_rounding(sign, frac, rounding, drop);
		frac = fp_shift_right_jam(frac, (unsigned)(1 - biased));
		biased = 0;
	}
	rest = frac & ((1ULL << drop) - 1);
	mant = frac >> drop;
	if (rest && tiny)
		env->flags |= FP_UNDERFLOW;
	if (fp_rounds_up(rounding, sign, mant & 1, rest, 1ULL << (drop - 1)))
		mant++;
	else if (rest && rounding == FP_ODD)
		mant |= 1;
	if (mant >> (f->frac_bits + 1)) {
		mant >>= 1;
		biased++;
	} else if (!biased && mant >> f->frac_bits) {
		biased = 1;
	}
	if (biased >= limit + alt)
		return overflow(env, fmt, sign, rounding, alt);
	if (rest)
		env->flags |= FP_INEXACT;
	mant &= (1ULL << f->frac_bits) - 1;
	return fp_zero(fmt, sign) | (uint64_t)biased << f->frac_bits | mant;
}

uint64_t fp_invalid(struct fp_env *env, enum fp_fmt fmt)
{
	env->flags |= FP_INVALID;
	return fp_default_nan(fmt);
}

uint64_t fp_nan1(struct fp_env *env, enum fp_fmt fmt, uint64_t a)
{
	if (fp_is_snan(fmt, a))
		env->flags |= FP_INVALID;
	if (env->default_nan || env->nan_policy == FP_NAN_RISCV)
		return fp_default_nan(fmt);
	return (a & (fp_sign_bit(fmt) * 2 - 1)) | 1ULL << (fp_formats[fmt].frac_bits - 1);
}

uint64_t fp_nan2(struct fp_env *env, enum fp_fmt fmt, uint64_t a, uint64_t b)
{
	if (fp_is_snan(fmt, a))
		return fp_nan1(env, fmt, a);
	if (fp_is_snan(fmt, b))
		return fp_nan1(env, fmt, b);
	return fp_nan1(env, fmt, fp_is_nan(fmt, a) ? a : b);
}

uint64_t fp_nan3(struct fp_env *env, enum fp_fmt fmt, uint64_t a, uint64_t b, uint64_t c)
{
	if (fp_is_snan(fmt, a))
		return fp_nan1(env, fmt, a);
	if (fp_is_snan(fmt, b) || fp_is_snan(fmt, c) || !fp_is_nan(fmt, a))
		return fp_nan2(env, fmt, b, c);
	return fp_nan1(env, fmt, a);
}
