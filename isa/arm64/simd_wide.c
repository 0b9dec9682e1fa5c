/* SPDX-License-Identifier: BSD-2-Clause */
/* Advanced SIMD, integers: operations whose operands and result differ in width, by three registers. ARM DDI 0487 C7.2. */
#include "isa/arm64/simd_impl.h"

SIMD_WIDEN(saddl, false, sa + sb)
SIMD_WIDEN(uaddl, false, a + b)
SIMD_WIDEN(ssubl, false, sa - sb)
SIMD_WIDEN(usubl, false, a - b)
SIMD_WIDEN(saddw, true, a + (uint64_t)sb)
SIMD_WIDEN(uaddw, true, a + b)
SIMD_WIDEN(ssubw, true, a - (uint64_t)sb)
SIMD_WIDEN(usubw, true, a - b)

SIMD_NARROW(addhn, true, (a + b) >> bits)
SIMD_NARROW(raddhn, true, (a + b + (1ULL << (bits - 1))) >> bits)
SIMD_NARROW(subhn, true, (a - b) >> bits)
SIMD_NARROW(rsubhn, true, (a - b + (1ULL << (bits - 1))) >> bits)

SIMD_WIDEN(sabal, false, c + (uint64_t)(sa > sb ? sa - sb : sb - sa))
SIMD_WIDEN(uabal, false, c + (a > b ? a - b : b - a))
SIMD_WIDEN(sabdl, false, sa > sb ? sa - sb : sb - sa)
SIMD_WIDEN(uabdl, false, a > b ? a - b : b - a)

SIMD_WIDEN(smull, false, sa * sb)
SIMD_WIDEN(umull, false, a * b)
SIMD_WIDEN(smlal, false, c + (uint64_t)(sa * sb))
SIMD_WIDEN(umlal, false, c + a * b)
SIMD_WIDEN(smlsl, false, c - (uint64_t)(sa * sb))
SIMD_WIDEN(umlsl, false, c - a * b)

/* Both the doubling and the accumulation saturate. */
static int64_t doubled(struct arm_simd_env *env, int64_t a, int64_t b, unsigned bits)
{
	return sign_extend(sat_s(env, (i128)a * b * 2, 2 * bits), 2 * bits);
}
SIMD_WIDEN(sqdmull, false, doubled(env, sa, sb, bits))
SIMD_WIDEN(sqdmlal, false, sat_s(env, (i128)sc + doubled(env, sa, sb, bits), 2 * bits))
SIMD_WIDEN(sqdmlsl, false, sat_s(env, (i128)sc - doubled(env, sa, sb, bits), 2 * bits))

/* Polynomials: bytes to 16 bits, or 64 bits to 128. */
SIMD_FN(pmull)
{
	unsigned size = desc_size(desc), base = desc_half_base(desc, size);
	union v128 r;
	uint64_t high;

	if (size == 3) {
		r.d[0] = carryless(n->d[base], m->d[base], &r.d[1]);
	} else {
		for (unsigned i = 0; i < 8; i++)
			r.h[i] = (uint16_t)carryless(n->b[base + i], m->b[base + i], &high);
	}
	*d = r;
}
