/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Advanced SIMD, integers, three registers of the same shape: arithmetic, logic, comparison, saturation, pairwise, dot
 * products. ARM DDI 0487 C7.2, in the order of enum simd_op.
 */
#include "isa/arm64/simd_impl.h"

SIMD_LANES(add, a + b)
SIMD_LANES(sub, a - b)
SIMD_LANES(mul, a * b)
SIMD_LANES(mla, c + a * b)
SIMD_LANES(mls, c - a * b)

static uint64_t carryless_low(uint64_t a, uint64_t b)
{
	uint64_t high;

	return carryless(a, b, &high);
}
SIMD_LANES(pmul, carryless_low(a, b))

/* Whatever desc says, bitwise operations work on 64-bit lanes. */
#define BITWISE(name, expr) \
	SIMD_FN(name) \
	{ \
		for (unsigned i = 0; i < 2; i++) { \
			MAYBE_UNUSED uint64_t a = n->d[i], b = m->d[i], c = d->d[i]; \
			d->d[i] = i && !(desc & SIMD_Q) ? 0 : (expr); \
		} \
	}
BITWISE(and, a & b)
BITWISE(bic, a & ~b)
BITWISE(orr, a | b)
BITWISE(orn, a | ~b)
BITWISE(eor, a ^ b)
BITWISE(bsl, b ^ ((b ^ a) & c))
BITWISE(bit, c ^ ((c ^ a) & b))
BITWISE(bif, c ^ ((c ^ a) & ~b))

SIMD_LANES(shadd, (sa + sb) >> 1)
SIMD_LANES(uhadd, (a + b) >> 1)
SIMD_LANES(srhadd, (sa + sb + 1) >> 1)
SIMD_LANES(urhadd, (a + b + 1) >> 1)
SIMD_LANES(shsub, (sa - sb) >> 1)
SIMD_LANES(uhsub, (a - b) >> 1)

SIMD_LANES(sqadd, sat_s(env, (i128)sa + sb, bits))
SIMD_LANES(uqadd, sat_u(env, (i128)a + b, bits))
SIMD_LANES(sqsub, sat_s(env, (i128)sa - sb, bits))
SIMD_LANES(uqsub, sat_u(env, (i128)a - b, bits))

SIMD_LANES(cmgt, all_ones_if(sa > sb))
SIMD_LANES(cmge, all_ones_if(sa >= sb))
SIMD_LANES(cmhi, all_ones_if(a > b))
SIMD_LANES(cmhs, all_ones_if(a >= b))
SIMD_LANES(cmtst, all_ones_if(a & b))
SIMD_LANES(cmeq, all_ones_if(a == b))

/* Shifts by a register: the count is the low byte of the element, signed; negative is right. */
static uint64_t shift_plain(i128 a, uint64_t by, unsigned bits, bool round)
{
	int n = (int8_t)by;

	if (n >= 0)
		return n >= (int)bits ? 0 : (uint64_t)a << n;
	return (uint64_t)(round ? round_shift(a, (unsigned)-n) : a >> (n < -64 ? 64 : -n));
}

static i128 shift_wide(i128 a, uint64_t by, unsigned bits, bool round)
{
	int n = (int8_t)by;

	if (n < 0)
		return round ? round_shift(a, (unsigned)-n) : a >> (n < -64 ? 64 : -n);
	if (n < (int)bits)
		return a * ((i128)1 << n);
	return a > 0 ? (i128)1 << 100 : a < 0 ? -((i128)1 << 100) : 0;	/* saturates whatever the size */
}
SIMD_LANES(sshl, shift_plain(sa, b, bits, false))
SIMD_LANES(ushl, shift_plain(a, b, bits, false))
SIMD_LANES(srshl, shift_plain(sa, b, bits, true))
SIMD_LANES(urshl, shift_plain(a, b, bits, true))
SIMD_LANES(sqshl, sat_s(env, shift_wide(sa, b, bits, false), bits))
SIMD_LANES(uqshl, sat_u(env, shift_wide(a, b, bits, false), bits))
SIMD_LANES(sqrshl, sat_s(env, shift_wide(sa, b, bits, true), bits))
SIMD_LANES(uqrshl, sat_u(env, shift_wide(a, b, bits, true), bits))

SIMD_LANES(smax, sa > sb ? a : b)
SIMD_LANES(umax, a > b ? a : b)
SIMD_LANES(smin, sa < sb ? a : b)
SIMD_LANES(umin, a < b ? a : b)
SIMD_LANES(sabd, sa > sb ? a - b : b - a)
SIMD_LANES(uabd, a > b ? a - b : b - a)
SIMD_LANES(saba, c + (sa > sb ? a - b : b - a))
SIMD_LANES(uaba, c + (a > b ? a - b : b - a))

SIMD_PAIRS(addp, a + b)
SIMD_PAIRS(smaxp, sa > sb ? a : b)
SIMD_PAIRS(umaxp, a > b ? a : b)
SIMD_PAIRS(sminp, sa < sb ? a : b)
SIMD_PAIRS(uminp, a < b ? a : b)

SIMD_LANES(sqdmulh, sat_s(env, ((i128)sa * sb * 2) >> bits, bits))
SIMD_LANES(sqrdmulh, sat_s(env, ((i128)sa * sb * 2 + ((i128)1 << (bits - 1))) >> bits, bits))
SIMD_LANES(sqrdmlah, sat_s(env, ((i128)sc * ((i128)1 << bits) + (i128)sa * sb * 2 + ((i128)1 << (bits - 1))) >> bits, bits))
SIMD_LANES(sqrdmlsh, sat_s(env, ((i128)sc * ((i128)1 << bits) - (i128)sa * sb * 2 + ((i128)1 << (bits - 1))) >> bits, bits))

static uint32_t dot(uint32_t sum, const uint8_t *a, const uint8_t *b, unsigned bytes, bool signed_a, bool signed_b)
{
	for (unsigned i = 0; i < bytes; i++)
		sum += (uint32_t)((signed_a ? (int8_t)a[i] : a[i]) * (signed_b ? (int8_t)b[i] : b[i]));
	return sum;
}

#define DOT(name, signed_a, signed_b) \
	SIMD_FN(name) \
	{ \
		union v128 r = { .d = { 0, 0 } }; \
		for (unsigned i = 0; i < desc_lanes(desc, 2); i++) { \
			unsigned k = desc & SIMD_BY_ELEMENT ? desc_index(desc) : i; \
			r.s[i] = dot(d->s[i], n->b + 4 * i, m->b + 4 * k, 4, signed_a, signed_b); \
		} \
		*d = r; \
	}
DOT(sdot, true, true)
DOT(udot, false, false)
DOT(usdot, false, true)
DOT(sudot, true, false)

/* 2x2 sums of products of 8-byte rows. */
#define MATRIX(name, signed_a, signed_b) \
	SIMD_FN(name) \
	{ \
		union v128 r; \
		for (unsigned i = 0; i < 4; i++) \
			r.s[i] = dot(d->s[i], n->b + 8 * (i / 2), m->b + 8 * (i % 2), 8, signed_a, signed_b); \
		*d = r; \
	}
MATRIX(smmla, true, true)
MATRIX(ummla, false, false)
MATRIX(usmmla, false, true)
