/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * FPCR and FPSR, compare, multiply variants, step functions and the odd integer conversions. ARM DDI 0487 C5.2 (FPCR,
 * FPSR), FPCompare, FPMulX, FPRecipStepFused, FPRSqrtStepFused, FPRoundIntN, FPToFixedJS.
 */
#include "isa/arm64/fp.h"
#include "isa/softfloat_parts.h"

void arm_fp_env_from_fpcr(struct fp_env *env, uint32_t fpcr)
{
	static const uint8_t modes[4] = { FP_TIE_EVEN, FP_UP, FP_DOWN, FP_TO_ZERO };

	env->rounding = modes[(fpcr & ARM_FPCR_RMODE) >> 22];
	env->nan_policy = FP_NAN_ARM;
	env->default_nan = fpcr & ARM_FPCR_DN;
	env->flush_inputs = env->flush_outputs = fpcr & ARM_FPCR_FZ;
	env->flush_f16 = fpcr & ARM_FPCR_FZ16;
	env->tininess_before_rounding = true;
	env->alt_half = fpcr & ARM_FPCR_AHP;
}

uint32_t arm_fpsr_get(const struct arm_simd_env *env)
{
	return (env->fp.flags & ARM_FPSR_FLAGS) | (env->qc ? ARM_FPSR_QC : 0);
}

void arm_fpsr_set(struct arm_simd_env *env, uint32_t fpsr)
{
	env->fp.flags = fpsr & ARM_FPSR_FLAGS;
	env->qc = (fpsr & ARM_FPSR_QC) != 0;
}

unsigned arm_fcmp(struct fp_env *env, enum fp_fmt fmt, uint64_t n, uint64_t m, bool signal_quiet)
{
	switch (fp_compare(env, fmt, n, m, signal_quiet)) {
	case FP_LESS:		return 8;
	case FP_EQUAL:		return 6;
	case FP_GREATER:	return 2;
	default:		return 3;
	}
}

uint64_t arm_fmadd(struct fp_env *env, enum fp_fmt fmt, uint64_t n, uint64_t m, uint64_t a, bool negate_n, bool negate_a)
{
	return fp_fma(env, fmt, n ^ fp_zero(fmt, negate_n), m, a ^ fp_zero(fmt, negate_a));
}

uint64_t arm_fnmul(struct fp_env *env, enum fp_fmt fmt, uint64_t n, uint64_t m)
{
	return fp_neg(fmt, fp_mul(env, fmt, n, m));
}

/* Is this infinity times zero (flushed denormals count)? */
static bool inf_times_zero(struct fp_env *env, enum fp_fmt fmt, uint64_t n, uint64_t m)
{
	struct fp_parts pn = fp_unpack(env, fmt, n, FP_ARITHMETIC);
	struct fp_parts pm = fp_unpack(env, fmt, m, FP_ARITHMETIC);

	return (pn.class == FP_IS_INF && pm.class == FP_IS_ZERO) || (pn.class == FP_IS_ZERO && pm.class == FP_IS_INF);
}

static uint64_t constant(enum fp_fmt fmt, unsigned twice)	/* 2, 3 or 1.5, by its double */
{
	static const struct { uint16_t f16; uint32_t f32; uint64_t f64; } c[] = {
		[3] = { 0x3e00, 0x3fc00000, 0x3ff8000000000000 },
		[4] = { 0x4000, 0x40000000, 0x4000000000000000 },
		[6] = { 0x4200, 0x40400000, 0x4008000000000000 },
	};

	return fmt == FP_F16 ? c[twice].f16 : fmt == FP_F32 ? c[twice].f32 : c[twice].f64;
}

uint64_t arm_fmulx(struct fp_env *env, enum fp_fmt fmt, uint64_t n, uint64_t m)
{
	if (inf_times_zero(env, fmt, n, m))
		return constant(fmt, 4) | ((n ^ m) & fp_sign_bit(fmt));
	return fp_mul(env, fmt, n, m);
}

uint64_t arm_frecps(struct fp_env *env, enum fp_fmt fmt, uint64_t n, uint64_t m)
{
	if (inf_times_zero(env, fmt, n, m))
		return constant(fmt, 4);
	return fp_fma(env, fmt, fp_neg(fmt, n), m, constant(fmt, 4));
}

uint64_t arm_frsqrts(struct fp_env *env, enum fp_fmt fmt, uint64_t n, uint64_t m)
{
	if (inf_times_zero(env, fmt, n, m))
		return constant(fmt, 3);
	return fp_fma_scaled(env, fmt, fp_neg(fmt, n), m, constant(fmt, 6), -1);
}

uint64_t arm_frint_int(struct fp_env *env, enum fp_fmt fmt, uint64_t n, unsigned int_bits, enum fp_rounding rounding)
{
	struct fp_env probe = *env;

	probe.flags = 0;
	fp_to_int(&probe, fmt, n, true, int_bits, 0, rounding);
	if (!(probe.flags & FP_INVALID))
		return fp_round_int(env, fmt, n, rounding, true);
	env->flags |= probe.flags;
	return fp_from_int(&probe, fmt, -1ULL << (int_bits - 1), true, 0, FP_TO_ZERO);
}

uint32_t arm_fjcvtzs(struct fp_env *env, uint64_t n, bool *z)
{
	uint8_t before = env->flags;
	struct fp_parts p;
	uint64_t whole;

	env->flags = 0;
	p = fp_unpack(env, FP_F64, n, FP_ARITHMETIC);
	fp_to_int(env, FP_F64, n, true, 32, 0, FP_TO_ZERO);
	*z = !(env->flags & (FP_INVALID | FP_INEXACT)) && !(p.class == FP_IS_ZERO && n);
	env->flags |= before;
	if (p.class != FP_IS_NORMAL || p.exp < 0 || p.exp >= 63 + 32)
		return 0;
	whole = p.exp <= 63 ? p.frac >> (63 - p.exp) : p.frac << (p.exp - 63);
	return (uint32_t)(p.sign ? -whole : whole);
}
