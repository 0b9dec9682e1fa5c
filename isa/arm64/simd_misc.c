/* SPDX-License-Identifier: BSD-2-Clause */
/* Advanced SIMD, integers: two-register operations, and reductions across lanes. ARM DDI 0487 C7.2. */
#include "isa/arm64/simd_impl.h"

/* Elements of `size` in reverse order within each group of 2^group bytes. */
static void reverse(union v128 *d, const union v128 *n, uint32_t desc, unsigned group)
{
	unsigned size = desc_size(desc), flip = (1u << (group - size)) - 1;
	union v128 r = { .d = { 0, 0 } };

	for (unsigned i = 0; i < desc_lanes(desc, size); i++)
		set_lane(&r, size, i, lane(n, size, i ^ flip));
	*d = r;
}
SIMD_FN(rev16) { reverse(d, n, desc, 1); }
SIMD_FN(rev32) { reverse(d, n, desc, 2); }
SIMD_FN(rev64) { reverse(d, n, desc, 3); }

static unsigned leading_zeros(uint64_t a, unsigned bits)
{
	return clz64(a) - (64 - bits);
}

static uint64_t count_bits(uint64_t a)
{
	uint64_t n = 0;

	for (; a; a &= a - 1)
		n++;
	return n;
}

static uint64_t reverse_bits(uint64_t a)
{
	a = (a & 0x55) << 1 | (a >> 1 & 0x55);
	a = (a & 0x33) << 2 | (a >> 2 & 0x33);
	return (a & 0x0f) << 4 | (a >> 4 & 0x0f);
}
SIMD_UNARY(cls, leading_zeros((a ^ a << 1) >> 1 & ((1ULL << (bits - 1)) - 1), bits) - 1)
SIMD_UNARY(clz, leading_zeros(a, bits))
SIMD_UNARY(cnt, count_bits(a))
SIMD_UNARY(not, ~a)
SIMD_UNARY(rbit, reverse_bits(a))
SIMD_UNARY(abs, sa < 0 ? -a : a)
SIMD_UNARY(neg, -a)
SIMD_UNARY(sqabs, sat_s(env, sa < 0 ? -(i128)sa : sa, bits))
SIMD_UNARY(sqneg, sat_s(env, -(i128)sa, bits))
SIMD_UNARY(suqadd, sat_s(env, (i128)a + sc, bits))
SIMD_UNARY(usqadd, sat_u(env, (i128)sa + c, bits))

/* Sums of adjacent pairs, twice as wide, with or without d added. */
static void add_pairs(union v128 *d, const union v128 *n, uint32_t desc, bool is_signed, bool accumulate)
{
	unsigned size = desc_size(desc), bits = 8u << size;
	union v128 r = { .d = { 0, 0 } };

	for (unsigned i = 0; i < desc_lanes(desc, size + 1); i++) {
		uint64_t a = lane(n, size, 2 * i), b = lane(n, size, 2 * i + 1);

		if (is_signed) {
			a = (uint64_t)sign_extend(a, bits);
			b = (uint64_t)sign_extend(b, bits);
		}
		set_lane(&r, size + 1, i, a + b + (accumulate ? lane(d, size + 1, i) : 0));
	}
	*d = r;
}
SIMD_FN(saddlp) { add_pairs(d, n, desc, true, false); }
SIMD_FN(uaddlp) { add_pairs(d, n, desc, false, false); }
SIMD_FN(sadalp) { add_pairs(d, n, desc, true, true); }
SIMD_FN(uadalp) { add_pairs(d, n, desc, false, true); }

SIMD_UNARY(cmgt_zero, all_ones_if(sa > 0))
SIMD_UNARY(cmge_zero, all_ones_if(sa >= 0))
SIMD_UNARY(cmeq_zero, all_ones_if(a == 0))
SIMD_UNARY(cmle_zero, all_ones_if(sa <= 0))
SIMD_UNARY(cmlt_zero, all_ones_if(sa < 0))

SIMD_NARROW(xtn, false, a)
SIMD_NARROW(sqxtn, false, sat_s(env, sa, bits))
SIMD_NARROW(uqxtn, false, sat_u(env, a, bits))
SIMD_NARROW(sqxtun, false, sat_u(env, sa, bits))
SIMD_WIDEN_UNARY(shll, a << bits)

SIMD_UNARY(urecpe, arm_urecpe((uint32_t)a))
SIMD_UNARY(ursqrte, arm_ursqrte((uint32_t)a))

/* One result in lane 0 of all of n's elements; `wide` results have twice their width. */
#define ACROSS(name, wide, first, expr) \
	SIMD_FN(name) \
	{ \
		unsigned size = desc_size(desc), bits = 8u << size; \
		uint64_t acc = first; \
		union v128 r = { .d = { 0, 0 } }; \
		for (unsigned i = 0; i < desc_lanes(desc, size); i++) { \
			uint64_t a = lane(n, size, i); \
			MAYBE_UNUSED int64_t sa = sign_extend(a, bits); \
			acc = (uint64_t)(expr); \
		} \
		set_lane(&r, size + wide, 0, acc); \
		*d = r; \
	}
ACROSS(addv, 0, 0, acc + a)
ACROSS(saddlv, 1, 0, acc + (uint64_t)sa)
ACROSS(uaddlv, 1, 0, acc + a)
ACROSS(smaxv, 0, (uint64_t)INT64_MIN, sa > (int64_t)acc ? sa : (int64_t)acc)
ACROSS(umaxv, 0, 0, a > acc ? a : acc)
ACROSS(sminv, 0, INT64_MAX, sa < (int64_t)acc ? sa : (int64_t)acc)
ACROSS(uminv, 0, UINT64_MAX, a < acc ? a : acc)
