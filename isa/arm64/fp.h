/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ARM's floating point on top of isa/softfloat.h: FPCR and FPSR, and the operations that only ARM has (ARM DDI 0487
 * "shared/functions/float"). Scalars are bit patterns in uint64_t, as there. FADD is fp_add(), FMINNM is fp_minnum(),
 * FRINTX is fp_round_int(.., env->rounding, true), FCVTZS is fp_to_int(.., FP_TO_ZERO), FCVTXN is fp_convert(.., FP_ODD).
 */
#ifndef ISA_ARM64_FP_H
#define ISA_ARM64_FP_H

#include "isa/softfloat.h"

enum {
	ARM_FPCR_FZ16	= 1 << 19,
	ARM_FPCR_RMODE	= 3 << 22,	/* 0 nearest even, 1 up, 2 down, 3 zero */
	ARM_FPCR_FZ	= 1 << 24,
	ARM_FPCR_DN	= 1 << 25,
	ARM_FPCR_AHP	= 1 << 26,
	ARM_FPSR_QC	= 1 << 27,
	ARM_FPSR_FLAGS	= 0x9f,		/* IOC DZC OFC UFC IXC IDC, exactly enum fp_flag */
};

/* One per vCPU: FPCR unpacked, and FPSR's sticky bits. Vector operations take this, scalar ones its `fp`. */
struct arm_simd_env {
	struct fp_env fp;
	uint8_t	qc;		/* FPSR.QC: some saturating operation saturated; 0 or 1 */
};

/* Sets every mode from FPCR and keeps the flags. */
void arm_fp_env_from_fpcr(struct fp_env *env, uint32_t fpcr);
uint32_t arm_fpsr_get(const struct arm_simd_env *env);
void arm_fpsr_set(struct arm_simd_env *env, uint32_t fpsr);

/* FCMP (signal_quiet false) and FCMPE: NZCV in bits 3:0. */
unsigned arm_fcmp(struct fp_env *env, enum fp_fmt fmt, uint64_t n, uint64_t m, bool signal_quiet);

/* FMADD (false, false), FMSUB (negate_n), FNMADD (both), FNMSUB (negate_a): +-a + +-n * m. */
uint64_t arm_fmadd(struct fp_env *env, enum fp_fmt fmt, uint64_t n, uint64_t m, uint64_t a, bool negate_n, bool negate_a);
uint64_t arm_fnmul(struct fp_env *env, enum fp_fmt fmt, uint64_t n, uint64_t m);
uint64_t arm_fmulx(struct fp_env *env, enum fp_fmt fmt, uint64_t n, uint64_t m);

uint64_t arm_frecpe(struct fp_env *env, enum fp_fmt fmt, uint64_t n);
uint64_t arm_frsqrte(struct fp_env *env, enum fp_fmt fmt, uint64_t n);
uint64_t arm_frecpx(struct fp_env *env, enum fp_fmt fmt, uint64_t n);
uint64_t arm_frecps(struct fp_env *env, enum fp_fmt fmt, uint64_t n, uint64_t m);
uint64_t arm_frsqrts(struct fp_env *env, enum fp_fmt fmt, uint64_t n, uint64_t m);
uint32_t arm_urecpe(uint32_t n);
uint32_t arm_ursqrte(uint32_t n);

/* FRINT32 and FRINT64 (int_bits 32, 64): out of range gives the most negative integer and FP_INVALID. */
uint64_t arm_frint_int(struct fp_env *env, enum fp_fmt fmt, uint64_t n, unsigned int_bits, enum fp_rounding rounding);

/* FJCVTZS: the truncated integer modulo 2^32; *z is PSTATE.Z, set if nothing was lost. */
uint32_t arm_fjcvtzs(struct fp_env *env, uint64_t n, bool *z);

#endif
