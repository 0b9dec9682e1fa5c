/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Inside softfloat: the canonical form that every operation works on, and the three formats' parameters.
 *
 * A number is (-1)^sign * frac * 2^(exp - 63) with bit 63 of frac set. An operation makes such a result with at least two
 * bits below the format's last place, the lowest of them sticky (the "jam": set if anything nonzero was lost), and
 * fp_round_pack() does rounding, overflow, underflow and flushing for all formats.
 */
#ifndef ISA_SOFTFLOAT_PARTS_H
#define ISA_SOFTFLOAT_PARTS_H

#include "isa/softfloat.h"

enum fp_class { FP_IS_ZERO, FP_IS_NORMAL, FP_IS_INF, FP_IS_QNAN, FP_IS_SNAN };

struct fp_parts {
	uint64_t frac;
	int32_t	 exp;
	uint8_t	 class;		/* enum fp_class; a denormal is FP_IS_NORMAL, or FP_IS_ZERO when flushed */
	bool	 sign;
};

struct fp_format {
	uint8_t	frac_bits;	/* without the implied one */
	uint8_t	exp_bits;
	int16_t	bias;
};

extern const struct fp_format fp_formats[4];	/* by enum fp_fmt */

/* Where a result comes from: format conversions ignore flush_f16 and are the only ones to honour alt_half. */
enum fp_origin { FP_ARITHMETIC, FP_CONVERSION };

struct fp_parts fp_unpack(struct fp_env *env, enum fp_fmt fmt, uint64_t a, enum fp_origin origin);

/* frac has bit 63 set and is jammed; exp is free in range. Raises what the result deserves. */
uint64_t fp_round_pack(struct fp_env *env, enum fp_fmt fmt, bool sign, int32_t exp, uint64_t frac,
		       enum fp_rounding rounding, enum fp_origin origin);

/* Should a magnitude with this last bit and this remainder (half: one half of the last place) be incremented? */
bool fp_rounds_up(enum fp_rounding rounding, bool sign, bool odd, uint64_t rest, uint64_t half);

/* The NaN result for one to three operands, at least one of them NaN, in the order of precedence. */
uint64_t fp_nan1(struct fp_env *env, enum fp_fmt fmt, uint64_t a);
uint64_t fp_nan2(struct fp_env *env, enum fp_fmt fmt, uint64_t a, uint64_t b);
uint64_t fp_nan3(struct fp_env *env, enum fp_fmt fmt, uint64_t a, uint64_t b, uint64_t c);
uint64_t fp_invalid(struct fp_env *env, enum fp_fmt fmt);	/* raises FP_INVALID, gives the default NaN */

static inline bool fp_class_nan(struct fp_parts p)
{
	return p.class >= FP_IS_QNAN;
}

static inline uint64_t fp_zero(enum fp_fmt fmt, bool sign)
{
	return sign ? fp_sign_bit(fmt) : 0;
}

static inline uint64_t fp_shift_right_jam(uint64_t x, unsigned n)
{
	if (n >= 64)
		return x != 0;
	return n ? x >> n | (x << (64 - n) != 0) : x;
}

#endif
