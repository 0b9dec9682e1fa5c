/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How the vector operations are written: a macro makes the loop over lanes, and the operation is one expression of
 *	a, b, c		n's, m's and d's element, zero-extended; sa, sb, sc the same sign-extended
 *	bits		of an element (of a narrow one where widths differ)
 *	env, desc
 * Intermediate values that may pass 64 bits are i128, and sat_s() and sat_u() bring them back.
 */
#ifndef ISA_ARM64_SIMD_IMPL_H
#define ISA_ARM64_SIMD_IMPL_H

#include "isa/arm64/simd.h"
#include "base/bits.h"

typedef __int128 i128;
typedef unsigned __int128 u128;

#define SIMD_FN(name) \
	void simd_##name(union v128 *d, const union v128 *n, const union v128 *m, uint32_t desc, struct arm_simd_env *env)
#define MAYBE_UNUSED	__attribute__((unused))

static inline unsigned desc_size(uint32_t desc)
{
	return desc & 3;
}

static inline unsigned desc_imm(uint32_t desc)
{
	return desc >> 8 & 0xff;
}

static inline unsigned desc_index(uint32_t desc)
{
	return desc >> 16 & 0xff;
}

/* How many results there are of this element size. */
static inline unsigned desc_lanes(uint32_t desc, unsigned size)
{
	return desc & SIMD_SCALAR ? 1 : (desc & SIMD_Q ? 16u : 8u) >> size;
}

/* How many narrow elements a widening or narrowing operation works on, and from which one on. */
static inline unsigned desc_half_lanes(uint32_t desc, unsigned size)
{
	return desc & SIMD_SCALAR ? 1 : 8u >> size;
}

static inline unsigned desc_half_base(uint32_t desc, unsigned size)
{
	return (desc & (SIMD_SCALAR | SIMD_Q)) == SIMD_Q ? 8u >> size : 0;
}

static inline uint64_t lane(const union v128 *v, unsigned size, unsigned i)
{
	switch (size) {
	case 0:	return v->b[i];
	case 1:	return v->h[i];
	case 2:	return v->s[i];
	default: return v->d[i];
	}
}

static inline void set_lane(union v128 *v, unsigned size, unsigned i, uint64_t x)
{
	switch (size) {
	case 0:	v->b[i] = (uint8_t)x; break;
	case 1:	v->h[i] = (uint16_t)x; break;
	case 2:	v->s[i] = (uint32_t)x; break;
	default: v->d[i] = x; break;
	}
}

/* The second operand of lane i: m's element i, or the one element of a by-element form. */
static inline uint64_t lane_m(const union v128 *m, unsigned size, unsigned i, uint32_t desc)
{
	return lane(m, size, desc & SIMD_BY_ELEMENT ? desc_index(desc) : i);
}

static inline uint64_t all_ones_if(bool condition)
{
	return condition ? UINT64_MAX : 0;
}

static inline uint64_t sat_s(struct arm_simd_env *env, i128 v, unsigned bits)
{
	i128 top = (i128)1 << (bits - 1);

	if (v >= -top && v < top)
		return (uint64_t)v;
	env->qc = 1;
	return (uint64_t)(v < 0 ? -top : top - 1);
}

static inline uint64_t sat_u(struct arm_simd_env *env, i128 v, unsigned bits)
{
	i128 top = (i128)1 << bits;

	if (v >= 0 && v < top)
		return (uint64_t)v;
	env->qc = 1;
	return v < 0 ? 0 : (uint64_t)(top - 1);
}

/* a shifted right by 1 or more with rounding to nearest, ties up. */
static inline i128 round_shift(i128 a, unsigned n)
{
	if (n > 65)
		n = 65;		/* any larger shift of 64 bits gives zero, too */
	return (a + ((i128)1 << (n - 1))) >> n;
}

static inline uint64_t carryless(uint64_t a, uint64_t b, uint64_t *high)
{
	u128 r = 0;

	for (u128 shifted = a; b; b >>= 1, shifted <<= 1)
		if (b & 1)
			r ^= shifted;
	*high = (uint64_t)(r >> 64);
	return (uint64_t)r;
}

/*
 * The loops are compiled once for each size of integer elements, with SIMD_BY_SIZE, and once for all FP sizes, where the
 * work is in calls: simd_fp*.c choose by defining SIMD_ONE_BODY before they include this.
 */
#define SIMD_BODY(name) \
	static inline __attribute__((always_inline)) void name##_body(union v128 *d, const union v128 *n, \
		const union v128 *m, uint32_t desc, struct arm_simd_env *env, unsigned size)

#ifdef SIMD_ONE_BODY
#define SIMD_BY_SIZE(name)	SIMD_FN(name) { name##_body(d, n, m, desc, env, desc_size(desc)); }
#else
#define SIMD_BY_SIZE(name) \
	SIMD_FN(name) \
	{ \
		switch (desc_size(desc)) { \
		case 0: name##_body(d, n, m, desc, env, 0); break; \
		case 1: name##_body(d, n, m, desc, env, 1); break; \
		case 2: name##_body(d, n, m, desc, env, 2); break; \
		default: name##_body(d, n, m, desc, env, 3); break; \
		} \
	}
#endif

/* Every lane of d from the same lane of n, m and d. */
#define SIMD_LANES(name, expr) \
	SIMD_BODY(name) \
	{ \
		MAYBE_UNUSED unsigned bits = 8u << size; \
		union v128 r = { .d = { 0, 0 } }; \
		for (unsigned i = 0; i < desc_lanes(desc, size); i++) { \
			MAYBE_UNUSED uint64_t a = lane(n, size, i), b = lane_m(m, size, i, desc); \
			MAYBE_UNUSED uint64_t c = lane(d, size, i); \
			MAYBE_UNUSED int64_t sa = sign_extend(a, bits), sb = sign_extend(b, bits); \
			MAYBE_UNUSED int64_t sc = sign_extend(c, bits); \
			set_lane(&r, size, i, (uint64_t)(expr)); \
		} \
		*d = r; \
	} \
	SIMD_BY_SIZE(name)

/* The same without m, which may be null: two-register operations and shifts by `imm`. */
#define SIMD_UNARY(name, expr) \
	SIMD_BODY(name) \
	{ \
		MAYBE_UNUSED unsigned bits = 8u << size, imm = desc_imm(desc); \
		union v128 r = { .d = { 0, 0 } }; \
		for (unsigned i = 0; i < desc_lanes(desc, size); i++) { \
			MAYBE_UNUSED uint64_t a = lane(n, size, i), c = lane(d, size, i); \
			MAYBE_UNUSED int64_t sa = sign_extend(a, bits), sc = sign_extend(c, bits); \
			set_lane(&r, size, i, (uint64_t)(expr)); \
		} \
		*d = r; \
	} \
	SIMD_BY_SIZE(name)

/* Adjacent elements of n, then m; the scalar form has n's only. */
#define SIMD_PAIRS(name, expr) \
	SIMD_BODY(name) \
	{ \
		MAYBE_UNUSED unsigned bits = 8u << size, lanes = desc_lanes(desc, size); \
		unsigned half = desc & SIMD_SCALAR ? 1 : lanes / 2; \
		union v128 r = { .d = { 0, 0 } }; \
		for (unsigned i = 0; i < lanes; i++) { \
			const union v128 *v = i < half ? n : m; \
			unsigned k = 2 * (i < half ? i : i - half); \
			MAYBE_UNUSED uint64_t a = lane(v, size, k), b = lane(v, size, k + 1); \
			MAYBE_UNUSED int64_t sa = sign_extend(a, bits), sb = sign_extend(b, bits); \
			set_lane(&r, size, i, (uint64_t)(expr)); \
		} \
		*d = r; \
	} \
	SIMD_BY_SIZE(name)

/* Narrow a and b (a wide with `wide_a`), wide c and result. */
#define SIMD_WIDEN(name, wide_a, expr) \
	SIMD_BODY(name) \
	{ \
		MAYBE_UNUSED unsigned bits = 8u << size, base = desc_half_base(desc, size); \
		union v128 r = { .d = { 0, 0 } }; \
		for (unsigned i = 0; i < desc_half_lanes(desc, size); i++) { \
			MAYBE_UNUSED uint64_t a = wide_a ? lane(n, size + 1, i) : lane(n, size, base + i); \
			MAYBE_UNUSED uint64_t b = lane_m(m, size, base + i, desc), c = lane(d, size + 1, i); \
			MAYBE_UNUSED int64_t sa = sign_extend(a, wide_a ? 2 * bits : bits), sb = sign_extend(b, bits); \
			MAYBE_UNUSED int64_t sc = sign_extend(c, 2 * bits); \
			set_lane(&r, size + 1, i, (uint64_t)(expr)); \
		} \
		*d = r; \
	} \
	SIMD_BY_SIZE(name)

#define SIMD_WIDEN_UNARY(name, expr) \
	SIMD_BODY(name) \
	{ \
		MAYBE_UNUSED unsigned bits = 8u << size, imm = desc_imm(desc); \
		unsigned base = desc_half_base(desc, size); \
		union v128 r = { .d = { 0, 0 } }; \
		for (unsigned i = 0; i < desc_half_lanes(desc, size); i++) { \
			MAYBE_UNUSED uint64_t a = lane(n, size, base + i); \
			MAYBE_UNUSED int64_t sa = sign_extend(a, bits); \
			set_lane(&r, size + 1, i, (uint64_t)(expr)); \
		} \
		*d = r; \
	} \
	SIMD_BY_SIZE(name)

/* Wide a (and b, if binary), narrow result: into d's lower half, or with Q into its upper half. */
#define SIMD_NARROW(name, binary, expr) \
	SIMD_BODY(name) \
	{ \
		MAYBE_UNUSED unsigned bits = 8u << size, imm = desc_imm(desc); \
		unsigned base = desc_half_base(desc, size); \
		union v128 r = { .d = { base ? d->d[0] : 0, 0 } }; \
		for (unsigned i = 0; i < desc_half_lanes(desc, size); i++) { \
			MAYBE_UNUSED uint64_t a = lane(n, size + 1, i), b = binary ? lane(m, size + 1, i) : 0; \
			MAYBE_UNUSED int64_t sa = sign_extend(a, 2 * bits); \
			set_lane(&r, size, base + i, (uint64_t)(expr)); \
		} \
		*d = r; \
	} \
	SIMD_BY_SIZE(name)

#endif
