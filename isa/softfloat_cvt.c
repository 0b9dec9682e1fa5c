/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Softfloat: conversions between formats, to and from integers and fixed point, and rounding to integral values.
 * ARM DDI 0487 FPConvert, FPToFixed, FixedToFP, FPRoundInt; RISC-V unprivileged ISA 11.7.
 */
#include "isa/softfloat_parts.h"

/* A NaN in another format: sign, the payload's upper bits, and quiet. FPConvertNaN. */
static uint64_t convert_nan(enum fp_fmt from, enum fp_fmt to, uint64_t a)
{
	const struct fp_format *f = &fp_formats[from], *t = &fp_formats[to];
	uint64_t payload = a << (64 - f->frac_bits) >> (64 - t->frac_bits);

	return fp_default_nan(to) | payload | fp_zero(to, (a & fp_sign_bit(from)) != 0);
}

static uint64_t convert_special(struct fp_env *env, enum fp_fmt from, enum fp_fmt to, uint64_t a, struct fp_parts p)
{
	bool alt = env->alt_half && to == FP_F16;

	if (p.class == FP_IS_ZERO)
		return fp_zero(to, p.sign);
	if (p.class == FP_IS_SNAN || alt)
		env->flags |= FP_INVALID;
	if (p.class == FP_IS_INF)
		return alt ? (fp_sign_bit(to) - 1) | fp_zero(to, p.sign) : fp_infinity(to, p.sign);
	if (alt)
		return fp_zero(to, p.sign);
	if (env->default_nan || env->nan_policy == FP_NAN_RISCV)
		return fp_default_nan(to);
	return convert_nan(from, to, a);
}

uint64_t fp_convert(struct fp_env *env, enum fp_fmt from, enum fp_fmt to, uint64_t a, enum fp_rounding rounding)
{
	struct fp_parts p = fp_unpack(env, from, a, FP_CONVERSION);

	if (p.class != FP_IS_NORMAL)
		return convert_special(env, from, to, a, p);
	return fp_round_pack(env, to, p.sign, p.exp, p.frac, rounding, FP_CONVERSION);
}

/* The integer part of frac * 2^(exp - 63), exp < 64, rounded. *inexact tells whether anything was lost. */
static uint64_t integer_part(struct fp_parts p, int32_t exp, enum fp_rounding rounding, bool *inexact)
{
	uint64_t whole = 0, rest = 1;	/* less than a half */

	if (exp == 63) {
		whole = p.frac;
		rest = 0;
	} else if (exp >= 0) {
		whole = p.frac >> (63 - exp);
		rest = p.frac << (exp + 1);
	} else if (exp == -1) {
		rest = p.frac;
	}
	*inexact = rest != 0;
	return whole + fp_rounds_up(rounding, p.sign, whole & 1, rest, 1ULL << 63);
}

uint64_t fp_round_int(struct fp_env *env, enum fp_fmt fmt, uint64_t a, enum fp_rounding rounding, bool exact)
{
	struct fp_parts p = fp_unpack(env, fmt, a, FP_ARITHMETIC);
	bool inexact;
	uint64_t whole;
	int lead;

	if (fp_class_nan(p))
		return fp_nan1(env, fmt, a);
	if (p.class == FP_IS_ZERO)
		return fp_zero(fmt, p.sign);
	if (p.class == FP_IS_INF || p.exp >= fp_formats[fmt].frac_bits)
		return a & (fp_sign_bit(fmt) * 2 - 1);
	whole = integer_part(p, p.exp, rounding, &inexact);
	if (inexact && exact)
		env->flags |= FP_INEXACT;
	if (!whole)
		return fp_zero(fmt, p.sign);
	lead = __builtin_clzll(whole);
	return fp_round_pack(env, fmt, p.sign, 63 - lead, whole << lead, FP_TO_ZERO, FP_ARITHMETIC);
}

static uint64_t saturated(struct fp_env *env, bool sign, bool is_signed, unsigned bits)
{
	uint64_t top = 1ULL << (bits - 1);

	env->flags |= FP_INVALID;
	if (is_signed)
		return sign ? top : top - 1;
	return sign ? 0 : top * 2 - 1;
}

uint64_t fp_to_int(struct fp_env *env, enum fp_fmt fmt, uint64_t a, bool is_signed, unsigned bits,
		   unsigned fraction_bits, enum fp_rounding rounding)
{
	struct fp_parts p = fp_unpack(env, fmt, a, FP_ARITHMETIC);
	uint64_t top = 1ULL << (bits - 1);
	uint64_t largest = is_signed ? top - 1 + p.sign : p.sign ? 0 : top * 2 - 1;
	int32_t exp = p.exp + (int32_t)fraction_bits;
	uint64_t whole;
	bool inexact;

	if (fp_class_nan(p)) {
		if (env->nan_policy == FP_NAN_RISCV)
			return saturated(env, false, is_signed, bits);
		env->flags |= FP_INVALID;
		return 0;
	}
	if (p.class == FP_IS_ZERO)
		return 0;
	if (p.class == FP_IS_INF || exp >= 64)
		return saturated(env, p.sign, is_signed, bits);
	whole = integer_part(p, exp, rounding, &inexact);
	if (whole > largest)
		return saturated(env, p.sign, is_signed, bits);
	if (inexact)
		env->flags |= FP_INEXACT;
	return (p.sign ? -whole : whole) & (top * 2 - 1);
}

uint64_t fp_from_int(struct fp_env *env, enum fp_fmt fmt, uint64_t value, bool is_signed, unsigned fraction_bits,
		     enum fp_rounding rounding)
{
	bool sign = is_signed && value >> 63;
	int lead;

	if (!value)
		return 0;
	if (sign)
		value = -value;
	lead = __builtin_clzll(value);
	return fp_round_pack(env, fmt, sign, 63 - lead - (int32_t)fraction_bits, value << lead, rounding, FP_ARITHMETIC);
}
