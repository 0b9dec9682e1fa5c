/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Exact IEEE 754 arithmetic on bit patterns, in integers only.
 *
 * The slow but exact path of translated code (NaNs, unusual modes, hosts without FMA) and the oracle of its tests. Values
 * are bit patterns in the low bits of a uint64_t (upper bits zero in results, ignored in arguments); every function takes
 * the format, so that binary16, binary32 and binary64 share one implementation. The guest's modes and its sticky flags
 * live in a struct fp_env owned by the caller (one per vCPU; not shared between threads). What ISAs differ in (NaN
 * propagation, tininess, flushing of denormals, saturation of NaN) is a field there: ARM DDI 0487 "shared/functions/float",
 * RISC-V unprivileged ISA chapters F and D. Nothing here traps, allocates or touches the host's FPU.
 */
#ifndef ISA_SOFTFLOAT_H
#define ISA_SOFTFLOAT_H

#include <stdbool.h>
#include <stdint.h>

enum fp_fmt { FP_F16 = 1, FP_F32 = 2, FP_F64 = 3 };	/* log2 of the size in bytes */

enum fp_rounding {
	FP_TIE_EVEN,
	FP_UP,			/* towards plus infinity */
	FP_DOWN,		/* towards minus infinity */
	FP_TO_ZERO,
	FP_TIE_AWAY,		/* ARM FRINTA and FCVTA, RISC-V RMM */
	FP_ODD,			/* inexact results get an odd last bit: ARM FCVTXN */
};

/* Sticky flags, at the bits where ARM's FPSR has them. */
enum fp_flag {
	FP_INVALID	= 0x01,
	FP_DIVZERO	= 0x02,
	FP_OVERFLOW	= 0x04,
	FP_UNDERFLOW	= 0x08,
	FP_INEXACT	= 0x10,
	FP_INPUT_DENORMAL = 0x80,
};

enum fp_nan_policy {
	FP_NAN_ARM,		/* first signalling, then first quiet operand; NaN to integer gives 0 */
	FP_NAN_RISCV,		/* always the default NaN; NaN to integer gives the largest */
};

enum fp_order { FP_LESS = -1, FP_EQUAL = 0, FP_GREATER = 1, FP_UNORDERED = 2 };

struct fp_env {
	uint8_t	rounding;	/* enum fp_rounding */
	uint8_t	flags;		/* enum fp_flag, only ever set here */
	uint8_t	nan_policy;	/* enum fp_nan_policy */
	bool	default_nan;	/* ARM DN */
	bool	flush_inputs;	/* binary32, binary64: denormal operands become zero, FP_INPUT_DENORMAL */
	bool	flush_outputs;	/* and results below the normal range (before rounding), FP_UNDERFLOW */
	bool	flush_f16;	/* ARM FZ16: both for binary16, except conversions; operands raise nothing */
	bool	tininess_before_rounding;	/* ARM true, RISC-V false */
	bool	alt_half;	/* ARM AHP: binary16 without infinities and NaNs, in format conversions only */
};

/* Arithmetic, rounded by env->rounding. */
uint64_t fp_add(struct fp_env *env, enum fp_fmt fmt, uint64_t a, uint64_t b);
uint64_t fp_sub(struct fp_env *env, enum fp_fmt fmt, uint64_t a, uint64_t b);
uint64_t fp_mul(struct fp_env *env, enum fp_fmt fmt, uint64_t a, uint64_t b);
uint64_t fp_div(struct fp_env *env, enum fp_fmt fmt, uint64_t a, uint64_t b);
uint64_t fp_sqrt(struct fp_env *env, enum fp_fmt fmt, uint64_t a);

/*
 * a * b + c with one rounding; the scaled form gives (a * b + c) * 2^scale. For negated variants the caller flips signs of
 * a and c beforehand, of NaNs too, as ARM does. A NaN c takes precedence over a, then b.
 */
uint64_t fp_fma(struct fp_env *env, enum fp_fmt fmt, uint64_t a, uint64_t b, uint64_t c);
uint64_t fp_fma_scaled(struct fp_env *env, enum fp_fmt fmt, uint64_t a, uint64_t b, uint64_t c, int scale);

/* A quiet NaN raises FP_INVALID only if signal_quiet; a signalling one always. */
enum fp_order fp_compare(struct fp_env *env, enum fp_fmt fmt, uint64_t a, uint64_t b, bool signal_quiet);

/* min and max propagate NaNs; minnum and maxnum prefer a number to a quiet NaN. Minus zero is less than plus zero. */
uint64_t fp_min(struct fp_env *env, enum fp_fmt fmt, uint64_t a, uint64_t b);
uint64_t fp_max(struct fp_env *env, enum fp_fmt fmt, uint64_t a, uint64_t b);
uint64_t fp_minnum(struct fp_env *env, enum fp_fmt fmt, uint64_t a, uint64_t b);
uint64_t fp_maxnum(struct fp_env *env, enum fp_fmt fmt, uint64_t a, uint64_t b);

/* To an integral value in the same format; FP_INEXACT is raised only if exact is asked for. */
uint64_t fp_round_int(struct fp_env *env, enum fp_fmt fmt, uint64_t a, enum fp_rounding rounding, bool exact);

uint64_t fp_convert(struct fp_env *env, enum fp_fmt from, enum fp_fmt to, uint64_t a, enum fp_rounding rounding);

/*
 * a * 2^fraction_bits as an integer of 16, 32 or 64 bits, saturated (FP_INVALID, and then not FP_INEXACT). The result is
 * truncated to `bits`: a negative 32-bit one is not sign-extended.
 */
uint64_t fp_to_int(struct fp_env *env, enum fp_fmt fmt, uint64_t a, bool is_signed, unsigned bits,
		   unsigned fraction_bits, enum fp_rounding rounding);

/* value / 2^fraction_bits; a narrower signed value comes sign-extended. */
uint64_t fp_from_int(struct fp_env *env, enum fp_fmt fmt, uint64_t value, bool is_signed, unsigned fraction_bits,
		     enum fp_rounding rounding);

/* Constants and sign operations; these raise nothing and don't look at what the value is. */
static inline unsigned fp_bits(enum fp_fmt fmt)
{
	return 8u << fmt;
}

static inline uint64_t fp_sign_bit(enum fp_fmt fmt)
{
	return 1ULL << (fp_bits(fmt) - 1);
}

static inline uint64_t fp_neg(enum fp_fmt fmt, uint64_t a)
{
	return a ^ fp_sign_bit(fmt);
}

static inline uint64_t fp_abs(enum fp_fmt fmt, uint64_t a)
{
	return a & (fp_sign_bit(fmt) - 1);
}

uint64_t fp_default_nan(enum fp_fmt fmt);
uint64_t fp_infinity(enum fp_fmt fmt, bool sign);
uint64_t fp_max_normal(enum fp_fmt fmt, bool sign);
bool fp_is_nan(enum fp_fmt fmt, uint64_t a);
bool fp_is_snan(enum fp_fmt fmt, uint64_t a);

#endif
