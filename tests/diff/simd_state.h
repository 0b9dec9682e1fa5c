/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What both sides of the differential test share: the machine state around one instruction, and how the inputs of a trial
 * come out of a seed, so that only results have to be passed on.
 */
#ifndef TESTS_DIFF_SIMD_STATE_H
#define TESTS_DIFF_SIMD_STATE_H

#include "isa/arm64/simd.h"

struct simd_state {
	union v128 v[4], v30, v31;
	uint64_t x[2];
	uint64_t fpcr;
};

struct simd_result {
	union v128 v0;
	uint64_t x0;
	uint32_t nzcv, fpsr;
};

static inline uint64_t simd_random(uint64_t *seed)
{
	uint64_t z = *seed += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

/* An FP pattern of 2^size bytes: zeros, ends of the ranges, NaNs, small numbers, integers, anything. */
static inline uint64_t simd_random_fp(uint64_t *seed, unsigned size)
{
	static const uint8_t frac_bits[4] = { 3, 10, 23, 52 };
	unsigned f = frac_bits[size], bits = 8u << size;
	uint64_t r = simd_random(seed), sign = (r & 1) << (bits - 1), frac = (1ULL << f) - 1;
	uint64_t exps = (1ULL << (bits - 1 - f)) - 1, bias = exps >> 1, low = r >> 8 & 7;

	switch (r >> 1 & 15) {
	case 0:	return sign;
	case 1:	return sign | exps << f;
	case 2:	return sign | exps << f | (r >> 8 & frac) | (r >> 62 & 1) << (f - 1);
	case 3:	return sign | ((exps << f) - 1 - low);
	case 4:	return sign | low;
	case 5:	return sign | ((1ULL << f) + low - 4);
	case 6:	return sign | ((bias << f) + low - 4);
	case 7:	return sign | (r >> 8 & frac);
	case 8:	return sign | ((bias + (r >> 16 & 7)) << f | (low << (f - 3)));
	case 9:	return sign | ((bias + (r >> 16) % (bits + 4) - 3) & exps) << f |
		       ((r >> 24 & 1 ? frac : 0) << (r >> 32 & 15) & frac);
	case 10: return sign | (bias - 1 + (r >> 16 & 1)) << f;
	case 11: return sign | (r >> 16 & exps) << f;
	case 12: return sign | (r >> 16 & exps) << f | (r >> 32 & frac);
	default: return r ^ simd_random(seed);
	}
}

static inline uint64_t simd_random_int(uint64_t *seed, unsigned size)
{
	uint64_t r = simd_random(seed), top = 1ULL << ((8u << size) - 1), low = r >> 8 & 7;

	switch (r & 7) {
	case 0:	return low - 4;
	case 1:	return r >> 32 & 1 ? top : top + low - 4;
	case 2:	return top >> (r >> 16 & 63);
	case 3:	return r >> 16 & 0x7f;
	default: return simd_random(seed);
	}
}

static inline union v128 simd_random_vector(uint64_t *seed, bool fp, unsigned size)
{
	union v128 v;

	if (simd_random(seed) % 4 == 0)
		size = (unsigned)simd_random(seed) & 3;
	if (fp && size == 0)
		size = 1;
	for (unsigned i = 0; i < 16u >> size; i++) {
		uint64_t x = fp ? simd_random_fp(seed, size) : simd_random_int(seed, size);

		switch (size) {
		case 0:	v.b[i] = (uint8_t)x; break;
		case 1:	v.h[i] = (uint16_t)x; break;
		case 2:	v.s[i] = (uint32_t)x; break;
		default: v.d[i] = x; break;
		}
	}
	if (fp && simd_random(seed) % 16 == 0)	/* cancellation, equality */
		v.d[1] = v.d[0];
	return v;
}

static inline bool simd_case_is_fp(enum simd_op op)
{
	return (op >= SIMD_fmaxv && op <= SIMD_fminnmv) || (op >= SIMD_fadd && op <= SIMD_fcvtxn);
}

static inline struct simd_state simd_inputs(uint64_t seed, bool fp, unsigned size)
{
	struct simd_state s = { .fpcr = 0 };
	uint64_t mode = simd_random(&seed);

	if ((mode & 3) != 0)
		s.fpcr = mode & (ARM_FPCR_RMODE | ARM_FPCR_FZ | ARM_FPCR_DN | ARM_FPCR_AHP | ARM_FPCR_FZ16);
	if (mode >> 60 == 0 && size < 3)
		size++;		/* the wide operand of a narrowing operation */
	for (unsigned i = 0; i < 4; i++)
		s.v[i] = simd_random_vector(&seed, fp, size);
	if (fp && simd_random(&seed) % 8 == 0)
		s.v[2] = s.v[1];
	s.v30 = simd_random_vector(&seed, false, 3);
	s.v31 = simd_random_vector(&seed, false, 3);
	s.x[0] = simd_random_int(&seed, (unsigned)mode >> 8 & 3);
	s.x[1] = simd_random_int(&seed, 3);
	return s;
}

#endif
