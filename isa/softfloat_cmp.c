/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Softfloat: comparison, minimum and maximum. ARM DDI 0487 FPCompare, FPMax, FPMaxNum; RISC-V unprivileged ISA 11.6
 * (FMIN and FMAX are minimumNumber and maximumNumber of IEEE 754-2019).
 */
#include "isa/softfloat_parts.h"

static enum fp_order order_magnitude(struct fp_parts a, struct fp_parts b)
{
	if (a.class != b.class)
		return a.class < b.class ? FP_LESS : FP_GREATER;
	if (a.class != FP_IS_NORMAL)
		return FP_EQUAL;
	if (a.exp != b.exp)
		return a.exp < b.exp ? FP_LESS : FP_GREATER;
	return a.frac == b.frac ? FP_EQUAL : a.frac < b.frac ? FP_LESS : FP_GREATER;
}

static enum fp_order order_numbers(struct fp_parts a, struct fp_parts b)
{
	if (a.class == FP_IS_ZERO && b.class == FP_IS_ZERO)
		return FP_EQUAL;
	if (a.sign != b.sign)
		return a.sign ? FP_LESS : FP_GREATER;
	return a.sign ? order_magnitude(b, a) : order_magnitude(a, b);
}

enum fp_order fp_compare(struct fp_env *env, enum fp_fmt fmt, uint64_t a, uint64_t b, bool signal_quiet)
{
	struct fp_parts pa = fp_unpack(env, fmt, a, FP_ARITHMETIC);
	struct fp_parts pb = fp_unpack(env, fmt, b, FP_ARITHMETIC);

	if (fp_class_nan(pa) || fp_class_nan(pb)) {
		if (signal_quiet || pa.class == FP_IS_SNAN || pb.class == FP_IS_SNAN)
			env->flags |= FP_INVALID;
		return FP_UNORDERED;
	}
	return order_numbers(pa, pb);
}

static uint64_t pick(struct fp_env *env, enum fp_fmt fmt, uint64_t a, uint64_t b, bool max)
{
	struct fp_parts pa = fp_unpack(env, fmt, a, FP_ARITHMETIC);
	struct fp_parts pb = fp_unpack(env, fmt, b, FP_ARITHMETIC);
	bool take_b;

	if (fp_class_nan(pa) || fp_class_nan(pb))
		return fp_nan2(env, fmt, a, b);
	if (pa.class == FP_IS_ZERO && pb.class == FP_IS_ZERO)
		return fp_zero(fmt, max ? pa.sign && pb.sign : pa.sign || pb.sign);
	take_b = order_numbers(pa, pb) == (max ? FP_LESS : FP_GREATER);
	if ((take_b ? pb : pa).class == FP_IS_ZERO)
		return fp_zero(fmt, (take_b ? pb : pa).sign);	/* perhaps a flushed denormal */
	return (take_b ? b : a) & (fp_sign_bit(fmt) * 2 - 1);
}

static uint64_t pick_number(struct fp_env *env, enum fp_fmt fmt, uint64_t a, uint64_t b, bool max)
{
	bool nan_a = fp_is_nan(fmt, a), nan_b = fp_is_nan(fmt, b);
	bool snan_a = fp_is_snan(fmt, a), snan_b = fp_is_snan(fmt, b);

	if (env->nan_policy == FP_NAN_RISCV && (snan_a || snan_b)) {
		env->flags |= FP_INVALID;	/* and the other operand is the result all the same */
		snan_a = snan_b = false;
	}
	if (nan_a != nan_b && !snan_a && !snan_b) {
		if (nan_a)
			a = fp_infinity(fmt, max);
		else
			b = fp_infinity(fmt, max);
	}
	return pick(env, fmt, a, b, max);
}

uint64_t fp_min(struct fp_env *env, enum fp_fmt fmt, uint64_t a, uint64_t b)
{
	return pick(env, fmt, a, b, false);
}

uint64_t fp_max(struct fp_env *env, enum fp_fmt fmt, uint64_t a, uint64_t b)
{
	return pick(env, fmt, a, b, true);
}

uint64_t fp_minnum(struct fp_env *env, enum fp_fmt fmt, uint64_t a, uint64_t b)
{
	return pick_number(env, fmt, a, b, false);
}

uint64_t fp_maxnum(struct fp_env *env, enum fp_fmt fmt, uint64_t a, uint64_t b)
{
	return pick_number(env, fmt, a, b, true);
}
