/* SPDX-License-Identifier: BSD-2-Clause */
/* Advanced SIMD, optional FP groups: half products added to singles (FEAT_FHM), complex numbers (FEAT_FCMA). */
#define SIMD_ONE_BODY
#include "isa/arm64/simd_impl.h"

/*
 * A half as the single of the same value. A signalling NaN stays one, so that the fused operation sees it in its place
 * among the operands; FZ16 flushes silently.
 */
static uint64_t single_of_half(struct fp_env *env, uint64_t h)
{
	struct fp_env exact = { .nan_policy = FP_NAN_ARM };

	if (fp_is_nan(FP_F16, h))
		return (h & 0x8000) << 16 | 0x7f800000 | (h & 0x3ff) << 13;
	if (env->flush_f16 && !(h & 0x7c00))
		h &= 0x8000;
	return fp_convert(&exact, FP_F16, FP_F32, h, FP_TIE_EVEN);
}

static void multiply_long(union v128 *d, const union v128 *n, const union v128 *m, uint32_t desc, struct arm_simd_env *env,
			  bool upper, bool negate)
{
	unsigned lanes = desc_lanes(desc, 2);
	union v128 r = { .d = { 0, 0 } };

	for (unsigned i = 0; i < lanes; i++) {
		unsigned k = upper ? lanes + i : i;
		uint64_t a = n->h[k] ^ (negate ? 0x8000 : 0);

		r.s[i] = (uint32_t)fp_fma(&env->fp, FP_F32, single_of_half(&env->fp, a),
					  single_of_half(&env->fp, lane_m(m, 1, k, desc)), d->s[i]);
	}
	*d = r;
}
SIMD_FN(fmlal) { multiply_long(d, n, m, desc, env, false, false); }
SIMD_FN(fmlal2) { multiply_long(d, n, m, desc, env, true, false); }
SIMD_FN(fmlsl) { multiply_long(d, n, m, desc, env, false, true); }
SIMD_FN(fmlsl2) { multiply_long(d, n, m, desc, env, true, true); }

/* n + m * i (rotation 1) or n - m * i (rotation 3); real parts in even lanes. */
SIMD_FN(fcadd)
{
	unsigned size = desc_size(desc);
	bool negate_real = desc_imm(desc) == 1;
	union v128 r = { .d = { 0, 0 } };

	for (unsigned i = 0; i < desc_lanes(desc, size); i++) {
		uint64_t b = lane(m, size, i ^ 1);

		if (negate_real == !(i & 1))
			b = fp_neg(size, b);
		set_lane(&r, size, i, fp_add(&env->fp, size, lane(n, size, i), b));
	}
	*d = r;
}

/* Half of a complex multiply-add: d + (n's real or imaginary part) * m * i^rotation. */
SIMD_FN(fcmla)
{
	unsigned size = desc_size(desc), rotation = desc_imm(desc);
	union v128 r = { .d = { 0, 0 } };

	for (unsigned i = 0; i < desc_lanes(desc, size); i++) {
		unsigned imaginary = i & 1, swap = rotation & 1;
		unsigned pair = desc & SIMD_BY_ELEMENT ? 2 * desc_index(desc) : i & ~1u;
		uint64_t a = lane(n, size, (i & ~1u) + swap), b = lane(m, size, pair + (imaginary ^ swap));
		bool negate = imaginary ? rotation >= 2 : rotation == 1 || rotation == 2;

		if (negate)
			b = fp_neg(size, b);
		set_lane(&r, size, i, fp_fma(&env->fp, size, a, b, lane(d, size, i)));
	}
	*d = r;
}
