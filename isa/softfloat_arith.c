/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Softfloat: add, subtract, multiply, divide, square root and fused multiply-add. Each finds the special operands, then
 * makes a 64-bit jammed fraction and lets fp_round_pack() round it. ARM DDI 0487 FPAdd, FPMul, FPDiv, FPSqrt, FPMulAdd.
 */
#include "isa/softfloat_parts.h"

typedef unsigned __int128 u128;

static uint64_t pack(struct fp_env *env, enum fp_fmt fmt, bool sign, int32_t exp, uint64_t frac)
{
	return fp_round_pack(env, fmt, sign, exp, frac, env->rounding, FP_ARITHMETIC);
}

/* The zero that x - x gives. */
static uint64_t exact_zero(struct fp_env *env, enum fp_fmt fmt)
{
	return fp_zero(fmt, env->rounding == FP_DOWN);
}

static u128 shift_right_jam128(u128 x, unsigned n)
{
	if (n >= 128)
		return x != 0;
	return n ? x >> n | (x << (128 - n) != 0) : x;
}

/*
 * Sum of two magnitudes with signs, bit 127 set in both: 128 bits hold a binary64 product exactly, with room to spare below
 * for the jam of a shifted operand.
 */
static uint64_t sum(struct fp_env *env, enum fp_fmt fmt, struct fp_parts a, u128 fa, struct fp_parts b, u128 fb, int scale)
{
	bool sign = a.sign;
	int32_t exp = a.exp;
	u128 r;
	int lead;

	if (a.exp < b.exp || (a.exp == b.exp && fa < fb)) {
		u128 f = fa;

		fa = fb;
		fb = f;
		sign = b.sign;
		exp = b.exp;
	}
	fb = shift_right_jam128(fb, (unsigned)(a.exp < b.exp ? b.exp - a.exp : a.exp - b.exp));
	if (a.sign == b.sign) {
		r = fa + fb;
		if (r < fa) {
			r = r >> 1 | (r & 1) | (u128)1 << 127;
			exp++;
		}
	} else {
		r = fa - fb;
		if (!r)
			return exact_zero(env, fmt);
		lead = r >> 64 ? __builtin_clzll((uint64_t)(r >> 64)) : 64 + __builtin_clzll((uint64_t)r);
		r <<= lead;
		exp -= lead;
	}
	return pack(env, fmt, sign, exp + scale, (uint64_t)(r >> 64) | ((uint64_t)r != 0));
}

static uint64_t add(struct fp_env *env, enum fp_fmt fmt, uint64_t a, uint64_t b, bool negate_b)
{
	struct fp_parts pa = fp_unpack(env, fmt, a, FP_ARITHMETIC);
	struct fp_parts pb = fp_unpack(env, fmt, b, FP_ARITHMETIC);

	if (fp_class_nan(pa) || fp_class_nan(pb))
		return fp_nan2(env, fmt, a, b);
	pb.sign ^= negate_b;
	if (pa.class == FP_IS_INF) {
		if (pb.class == FP_IS_INF && pa.sign != pb.sign)
			return fp_invalid(env, fmt);
		return fp_infinity(fmt, pa.sign);
	}
	if (pb.class == FP_IS_INF)
		return fp_infinity(fmt, pb.sign);
	if (pa.class == FP_IS_ZERO && pb.class == FP_IS_ZERO)
		return pa.sign == pb.sign ? fp_zero(fmt, pa.sign) : exact_zero(env, fmt);
	if (pa.class == FP_IS_ZERO)
		return pack(env, fmt, pb.sign, pb.exp, pb.frac);
	if (pb.class == FP_IS_ZERO)
		return pack(env, fmt, pa.sign, pa.exp, pa.frac);
	return sum(env, fmt, pa, (u128)pa.frac << 64, pb, (u128)pb.frac << 64, 0);
}

uint64_t fp_add(struct fp_env *env, enum fp_fmt fmt, uint64_t a, uint64_t b)
{
	return add(env, fmt, a, b, false);
}

uint64_t fp_sub(struct fp_env *env, enum fp_fmt fmt, uint64_t a, uint64_t b)
{
	return add(env, fmt, a, b, true);
}

/* Product of two numbers: its sign and exponent in the parts, bit 127 of the fraction set. */
static u128 product(struct fp_parts a, struct fp_parts b, struct fp_parts *p)
{
	u128 f = (u128)a.frac * b.frac;

	*p = (struct fp_parts){ .class = FP_IS_NORMAL, .sign = a.sign ^ b.sign, .exp = a.exp + b.exp };
	if (f >> 127)
		p->exp++;
	else
		f <<= 1;
	return f;
}

static bool inf_times_zero(struct fp_parts a, struct fp_parts b)
{
	return (a.class == FP_IS_INF && b.class == FP_IS_ZERO) || (a.class == FP_IS_ZERO && b.class == FP_IS_INF);
}

uint64_t fp_mul(struct fp_env *env, enum fp_fmt fmt, uint64_t a, uint64_t b)
{
	struct fp_parts pa = fp_unpack(env, fmt, a, FP_ARITHMETIC);
	struct fp_parts pb = fp_unpack(env, fmt, b, FP_ARITHMETIC);
	bool sign = pa.sign ^ pb.sign;
	struct fp_parts p;
	u128 f;

	if (fp_class_nan(pa) || fp_class_nan(pb))
		return fp_nan2(env, fmt, a, b);
	if (inf_times_zero(pa, pb))
		return fp_invalid(env, fmt);
	if (pa.class == FP_IS_INF || pb.class == FP_IS_INF)
		return fp_infinity(fmt, sign);
	if (pa.class == FP_IS_ZERO || pb.class == FP_IS_ZERO)
		return fp_zero(fmt, sign);
	f = product(pa, pb, &p);
	return pack(env, fmt, sign, p.exp, (uint64_t)(f >> 64) | ((uint64_t)f != 0));
}

uint64_t fp_fma_scaled(struct fp_env *env, enum fp_fmt fmt, uint64_t a, uint64_t b, uint64_t c, int scale)
{
	struct fp_parts pc = fp_unpack(env, fmt, c, FP_ARITHMETIC);
	struct fp_parts pa = fp_unpack(env, fmt, a, FP_ARITHMETIC);
	struct fp_parts pb = fp_unpack(env, fmt, b, FP_ARITHMETIC);
	bool sign = pa.sign ^ pb.sign;
	bool product_inf = pa.class == FP_IS_INF || pb.class == FP_IS_INF;
	bool product_zero = pa.class == FP_IS_ZERO || pb.class == FP_IS_ZERO;
	struct fp_parts p;
	u128 f;

	if (inf_times_zero(pa, pb) && pc.class != FP_IS_SNAN)
		return fp_invalid(env, fmt);
	if (fp_class_nan(pa) || fp_class_nan(pb) || fp_class_nan(pc))
		return fp_nan3(env, fmt, c, a, b);
	if (product_inf) {
		if (pc.class == FP_IS_INF && pc.sign != sign)
			return fp_invalid(env, fmt);
		return fp_infinity(fmt, sign);
	}
	if (pc.class == FP_IS_INF)
		return fp_infinity(fmt, pc.sign);
	if (product_zero && pc.class == FP_IS_ZERO)
		return pc.sign == sign ? fp_zero(fmt, sign) : exact_zero(env, fmt);
	if (product_zero)
		return pack(env, fmt, pc.sign, pc.exp + scale, pc.frac);
	f = product(pa, pb, &p);
	if (pc.class == FP_IS_ZERO)
		return pack(env, fmt, sign, p.exp + scale, (uint64_t)(f >> 64) | ((uint64_t)f != 0));
	return sum(env, fmt, p, f, pc, (u128)pc.frac << 64, scale);
}

uint64_t fp_fma(struct fp_env *env, enum fp_fmt fmt, uint64_t a, uint64_t b, uint64_t c)
{
	return fp_fma_scaled(env, fmt, a, b, c, 0);
}

/* One 32-bit digit of the quotient of a 96-bit *rem by a normalised divisor, by estimate and correction. */
static uint64_t quotient_digit(u128 *rem, uint64_t den)
{
	uint64_t q = (uint64_t)(*rem >> 32) / (den >> 32);

	if (q >> 32)
		q = UINT32_MAX;
	while ((u128)q * den > *rem)
		q--;
	*rem -= (u128)q * den;
	return q;
}

/* num * 2^64 / den, num < den, bit 63 of den set; jammed by the remainder. Two steps, for want of a 128-bit division. */
static uint64_t divide_jam(uint64_t num, uint64_t den)
{
	u128 rem = (u128)num << 32;
	uint64_t high = quotient_digit(&rem, den);
	uint64_t low;

	rem <<= 32;
	low = quotient_digit(&rem, den);
	return high << 32 | low | (rem != 0);
}

uint64_t fp_div(struct fp_env *env, enum fp_fmt fmt, uint64_t a, uint64_t b)
{
	struct fp_parts pa = fp_unpack(env, fmt, a, FP_ARITHMETIC);
	struct fp_parts pb = fp_unpack(env, fmt, b, FP_ARITHMETIC);
	bool sign = pa.sign ^ pb.sign;
	int32_t exp = pa.exp - pb.exp;

	if (fp_class_nan(pa) || fp_class_nan(pb))
		return fp_nan2(env, fmt, a, b);
	if (pa.class == pb.class && pa.class != FP_IS_NORMAL)
		return fp_invalid(env, fmt);
	if (pa.class == FP_IS_INF)
		return fp_infinity(fmt, sign);
	if (pb.class == FP_IS_ZERO) {
		env->flags |= FP_DIVZERO;
		return fp_infinity(fmt, sign);
	}
	if (pa.class == FP_IS_ZERO || pb.class == FP_IS_INF)
		return fp_zero(fmt, sign);
	if (pa.frac < pb.frac)
		return pack(env, fmt, sign, exp - 1, divide_jam(pa.frac, pb.frac));
	return pack(env, fmt, sign, exp, divide_jam(pa.frac >> 1, pb.frac));
}

uint64_t fp_sqrt(struct fp_env *env, enum fp_fmt fmt, uint64_t a)
{
	struct fp_parts p = fp_unpack(env, fmt, a, FP_ARITHMETIC);
	unsigned last = 63 - fp_formats[fmt].frac_bits - 2;
	uint64_t root = 0;
	u128 rem;

	if (fp_class_nan(p))
		return fp_nan1(env, fmt, a);
	if (p.class == FP_IS_ZERO)
		return fp_zero(fmt, p.sign);
	if (p.sign)
		return fp_invalid(env, fmt);
	if (p.class == FP_IS_INF)
		return fp_infinity(fmt, false);
	rem = (u128)p.frac << (p.exp & 1 ? 64 : 63);
	for (unsigned bit = 63; bit >= last; bit--) {
		u128 trial = (((u128)root << 1) + (1ULL << bit)) << bit;

		if (rem >= trial) {
			rem -= trial;
			root |= 1ULL << bit;
		}
	}
	return pack(env, fmt, false, (p.exp - (p.exp & 1)) / 2, root | (rem != 0));
}
