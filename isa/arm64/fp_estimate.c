/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reciprocal and reciprocal square root estimates: architected to the last bit, eight bits good. ARM DDI 0487
 * FPRecipEstimate, FPRSqrtEstimate, FPRecpX, UnsignedRecipEstimate, UnsignedRSqrtEstimate.
 */
#include "isa/arm64/fp.h"
#include "isa/softfloat_parts.h"

/* 1 / a: a in 256..511 stands for 0.5..1, the result in 256..511 for 1..2. */
static unsigned recip_estimate(unsigned a)
{
	return ((1u << 19) / (2 * a + 1) + 1) / 2;
}

/* 1 / sqrt(a): a in 128..511 stands for 0.25..1, the result in 256..511 for 1..2. */
static unsigned rsqrt_estimate(unsigned a)
{
	unsigned b = 512;

	a = a < 256 ? 2 * a + 1 : ((a & ~1u) + 1) * 2;
	while (a * (b + 1) * (b + 1) < 1u << 28)
		b++;
	return (b + 1) / 2;
}

uint32_t arm_urecpe(uint32_t n)
{
	return n >> 31 ? recip_estimate(n >> 23) << 23 : UINT32_MAX;
}

uint32_t arm_ursqrte(uint32_t n)
{
	return n >> 30 ? rsqrt_estimate(n >> 23) << 23 : UINT32_MAX;
}

uint64_t arm_frecpe(struct fp_env *env, enum fp_fmt fmt, uint64_t n)
{
	const struct fp_format *f = &fp_formats[fmt];
	struct fp_parts p = fp_unpack(env, fmt, n, FP_ARITHMETIC);
	bool flush = fmt == FP_F16 ? env->flush_f16 : env->flush_outputs;
	uint64_t frac;
	int exp;

	if (fp_class_nan(p))
		return fp_nan1(env, fmt, n);
	if (p.class == FP_IS_INF)
		return fp_zero(fmt, p.sign);
	if (p.class == FP_IS_ZERO) {
		env->flags |= FP_DIVZERO;
		return fp_infinity(fmt, p.sign);
	}
	if (p.exp < -f->bias - 1) {
		env->flags |= FP_OVERFLOW | FP_INEXACT;
		return env->rounding == FP_TIE_EVEN || env->rounding == (p.sign ? FP_DOWN : FP_UP) ?
		       fp_infinity(fmt, p.sign) : fp_max_normal(fmt, p.sign);
	}
	if (flush && p.exp >= f->bias - 1) {
		env->flags |= FP_UNDERFLOW;
		return fp_zero(fmt, p.sign);
	}
	frac = (uint64_t)(recip_estimate((unsigned)(p.frac >> 55)) & 0xff) << (f->frac_bits - 8);
	exp = f->bias - 1 - p.exp;
	if (exp <= 0) {		/* a denormal result: -1 or 0 */
		frac = (1ULL << f->frac_bits | frac) >> (1 - exp);
		exp = 0;
	}
	return fp_zero(fmt, p.sign) | (uint64_t)exp << f->frac_bits | frac;
}

uint64_t arm_frsqrte(struct fp_env *env, enum fp_fmt fmt, uint64_t n)
{
	const struct fp_format *f = &fp_formats[fmt];
	struct fp_parts p = fp_unpack(env, fmt, n, FP_ARITHMETIC);
	unsigned estimate;
	int exp;

	if (fp_class_nan(p))
		return fp_nan1(env, fmt, n);
	if (p.class == FP_IS_ZERO) {
		env->flags |= FP_DIVZERO;
		return fp_infinity(fmt, p.sign);
	}
	if (p.sign)
		return fp_invalid(env, fmt);
	if (p.class == FP_IS_INF)
		return 0;
	/* frac is 1..2: halve it for an odd exponent, quarter it for an even one, so that what's left is a square. */
	estimate = rsqrt_estimate((unsigned)(p.frac >> (p.exp & 1 ? 55 : 56)));
	exp = (3 * f->bias - 1 - (p.exp + f->bias)) / 2;
	return (uint64_t)exp << f->frac_bits | (uint64_t)(estimate & 0xff) << (f->frac_bits - 8);
}

uint64_t arm_frecpx(struct fp_env *env, enum fp_fmt fmt, uint64_t n)
{
	const struct fp_format *f = &fp_formats[fmt];
	struct fp_parts p = fp_unpack(env, fmt, n, FP_ARITHMETIC);
	uint64_t max = (1ULL << f->exp_bits) - 1;
	uint64_t exp = n >> f->frac_bits & max;

	if (fp_class_nan(p))
		return fp_nan1(env, fmt, n);
	return fp_zero(fmt, p.sign) | (exp ? exp ^ max : max - 1) << f->frac_bits;
}
