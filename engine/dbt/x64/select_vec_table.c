/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which vector operations are inline, and by which rule. What is not here, or not for this element size, host, mode or
 * form, goes to the exact path. All rules suppose AVX2.
 */
#include "engine/dbt/x64/vec.h"

#define RULE(name, fn, sizes, arg, flags, ...)	[SIMD_##name] = { vec_##fn, sizes, arg, flags, { __VA_ARGS__ } }
#define SAME(op)	op, op, op, op

/* Element sizes: bytes, 16, 32, 64 bits; FP: half, single, double. */
enum { B = 1, H = 2, S = 4, D = 8, BH = B | H, BHS = B | H | S, ALL = B | H | S | D, SD = S | D, HS = H | S };
enum { SC = VR_SCALAR, CO = VR_COLD | VR_SCALAR };
enum { EQ_OQ = 0, LT_OS = 1, LE_OS = 2, GE_OS = 13, GT_OS = 14 };

static const struct vop_rule rules[VOP_COUNT] = {
	/* Three registers of the same shape. */
	RULE(add, rrr, ALL, 0, SC, PADDB, PADDW, PADDD, PADDQ),
	RULE(sub, rrr, ALL, 0, SC, PSUBB, PSUBW, PSUBD, PSUBQ),
	RULE(mul, mul, BHS, 0, 0),
	RULE(mla, mla, BHS, 0, 0),
	RULE(mls, mla, BHS, 1, 0),
	RULE(and, rrr, ALL, 0, 0, SAME(PAND)),
	RULE(bic, rrr_swap, ALL, 0, 0, SAME(PANDN)),
	RULE(orr, rrr, ALL, 0, 0, SAME(POR)),
	RULE(orn, or_not, ALL, 0, 0),
	RULE(eor, rrr, ALL, 0, 0, SAME(PXOR)),
	RULE(bsl, select, ALL, 0, 0),
	RULE(bit, select, ALL, 1, 0),
	RULE(bif, select, ALL, 2, 0),
	RULE(shadd, halving, BHS, 4, 0),
	RULE(uhadd, halving, BHS, 0, 0),
	RULE(srhadd, halving, BHS, 5, 0),
	RULE(urhadd, halving, BHS, 1, 0),
	RULE(shsub, halving, BHS, 6, 0),
	RULE(uhsub, halving, BHS, 2, 0),
	RULE(cmgt, rrr, ALL, 0, SC, PCMPGTB, PCMPGTW, PCMPGTD, PCMPGTQ),
	RULE(cmge, not_less, ALL, 0, SC, PMAXSB, PMAXSW, PMAXSD),
	RULE(cmhi, greater_u, ALL, 0, SC, PMAXUB, PMAXUW, PMAXUD),
	RULE(cmeq, rrr, ALL, 0, SC, PCMPEQB, PCMPEQW, PCMPEQD, PCMPEQQ),
	RULE(cmtst, test_bits, ALL, 0, SC),
	RULE(sshl, shift_var, SD, 1, SC),
	RULE(ushl, shift_var, SD, 0, SC),
	RULE(smax, rrr, BHS, 0, 0, PMAXSB, PMAXSW, PMAXSD),
	RULE(umax, rrr, BHS, 0, 0, PMAXUB, PMAXUW, PMAXUD),
	RULE(smin, rrr, BHS, 0, 0, PMINSB, PMINSW, PMINSD),
	RULE(umin, rrr, BHS, 0, 0, PMINUB, PMINUW, PMINUD),
	RULE(sabd, abs_diff, BHS, 0, 0),
	RULE(uabd, abs_diff, BHS, 2, 0),
	RULE(saba, abs_diff, BHS, 1, 0),
	RULE(uaba, abs_diff, BHS, 3, 0),
	RULE(addp, pairs, ALL, 0, SC, PADDB, PADDW, PADDD, PADDQ),
	RULE(smaxp, pairs, BHS, 0, 0, PMAXSB, PMAXSW, PMAXSD),
	RULE(umaxp, pairs, BHS, 0, 0, PMAXUB, PMAXUW, PMAXUD),
	RULE(sminp, pairs, BHS, 0, 0, PMINSB, PMINSW, PMINSD),
	RULE(uminp, pairs, BHS, 0, 0, PMINUB, PMINUW, PMINUD),
	RULE(sqdmulh, mul_high, HS, 0, SC),
	RULE(sqrdmulh, mul_high, HS, 1, SC),
	RULE(sdot, dot, ALL, 3, VR_OWN_M),
	RULE(udot, dot, ALL, 0, VR_OWN_M),
	RULE(usdot, dot, ALL, 2, VR_OWN_M),
	RULE(sudot, dot, ALL, 1, VR_OWN_M),

	/* Different widths. */
	RULE(saddl, widen, BHS, 0, 0),
	RULE(uaddl, widen, BHS, 1, 0),
	RULE(ssubl, widen, BHS, 2, 0),
	RULE(usubl, widen, BHS, 3, 0),
	RULE(saddw, widen, BHS, 4, 0),
	RULE(uaddw, widen, BHS, 5, 0),
	RULE(ssubw, widen, BHS, 6, 0),
	RULE(usubw, widen, BHS, 7, 0),
	RULE(addhn, narrow_high, BHS, 0, 0),
	RULE(raddhn, narrow_high, BHS, 2, 0),
	RULE(subhn, narrow_high, BHS, 1, 0),
	RULE(rsubhn, narrow_high, BHS, 3, 0),
	RULE(sabdl, widen_diff, BHS, 0, 0),
	RULE(sabal, widen_diff, BHS, 1, 0),
	RULE(uabdl, widen_diff, BHS, 2, 0),
	RULE(uabal, widen_diff, BHS, 3, 0),
	RULE(smull, widen_mul, BHS, 0, 0),
	RULE(umull, widen_mul, BHS, 1, 0),
	RULE(smlal, widen_mul, BHS, 2, 0),
	RULE(umlal, widen_mul, BHS, 3, 0),
	RULE(smlsl, widen_mul, BHS, 4, 0),
	RULE(umlsl, widen_mul, BHS, 5, 0),
	RULE(sqdmull, widen_mul_sat, HS, 0, 0),
	RULE(sqdmlal, widen_mul_sat, HS, 1, 0),
	RULE(sqdmlsl, widen_mul_sat, HS, 2, 0),
	RULE(pmull, pmull, D, 0, VR_PCLMUL),

	/* Two registers. */
	RULE(rev16, reverse, B, 1, 0),
	RULE(rev32, reverse, BH, 2, 0),
	RULE(rev64, reverse, BHS, 3, 0),
	RULE(cnt, nibble_counts, B, 0, 0),
	RULE(not, invert, ALL, 0, 0),
	RULE(rbit, reverse_bits, ALL, 0, 0),
	RULE(abs, abs64, ALL, 0, SC, PABSB, PABSW, PABSD),
	RULE(neg, negate, ALL, 0, SC),
	RULE(sqabs, saturate_unary, ALL, 0, SC, PABSB, PABSW, PABSD),
	RULE(sqneg, saturate_unary, ALL, 1, SC),
	RULE(saddlp, pairs_long, BHS, 0, 0),
	RULE(uaddlp, pairs_long, BHS, 2, 0),
	RULE(sadalp, pairs_long, BHS, 1, 0),
	RULE(uadalp, pairs_long, BHS, 3, 0),
	RULE(cmeq_zero, compare_zero, ALL, 0, SC),
	RULE(cmgt_zero, compare_zero, ALL, 1, SC),
	RULE(cmlt_zero, compare_zero, ALL, 2, SC),
	RULE(cmge_zero, compare_zero, ALL, 3, SC),
	RULE(cmle_zero, compare_zero, ALL, 4, SC),
	RULE(xtn, narrow, BHS, 0, 0),
	RULE(sqxtn, narrow_sat, BH, 0, 0),
	RULE(uqxtn, narrow_sat, BH, 1, 0),
	RULE(sqxtun, narrow_sat, BH, 2, 0),
	RULE(shll, shift_left_long, BHS, 3, 0),

	/* Across. */
	RULE(addv, across, BHS, 0, 0, PADDB, PADDW, PADDD),
	RULE(saddlv, across_long, BHS, 0, 0),
	RULE(uaddlv, across_long, BHS, 2, 0),
	RULE(smaxv, across, BHS, 0, 0, PMAXSB, PMAXSW, PMAXSD),
	RULE(umaxv, across, BHS, 0, 0, PMAXUB, PMAXUW, PMAXUD),
	RULE(sminv, across, BHS, 0, 0, PMINSB, PMINSW, PMINSD),
	RULE(uminv, across, BHS, 0, 0, PMINUB, PMINUW, PMINUD),
	RULE(fmaxv, f_across, S, 1, CO),
	RULE(fminv, f_across, S, 0, CO),
	RULE(fmaxnmv, f_across, S, 1, CO),
	RULE(fminnmv, f_across, S, 0, CO),

	/* Shifts by an immediate. */
	RULE(sshr, shift_imm, ALL, VX_SAR, SC),
	RULE(ushr, shift_imm, ALL, VX_SHR, SC),
	RULE(ssra, shift_imm, ALL, VX_SAR | 8, SC),
	RULE(usra, shift_imm, ALL, VX_SHR | 8, SC),
	RULE(srshr, shift_round, ALL, VX_SAR, SC),
	RULE(urshr, shift_round, ALL, VX_SHR, SC),
	RULE(srsra, shift_round, ALL, VX_SAR | 8, SC),
	RULE(ursra, shift_round, ALL, VX_SHR | 8, SC),
	RULE(sri, shift_insert, ALL, VX_SHR, SC),
	RULE(sli, shift_insert, ALL, VX_SHL, SC),
	RULE(shl, shift_imm, ALL, VX_SHL, SC),
	RULE(sshll, shift_left_long, BHS, 0, 0),
	RULE(ushll, shift_left_long, BHS, 1, 0),
	RULE(shrn, narrow, BHS, 0, 0),
	RULE(rshrn, narrow, BHS, 1, 0),
	RULE(sqshrn, narrow_sat, BH, 0, 0),
	RULE(uqshrn, narrow_sat, BH, 1, 0),
	RULE(sqshrun, narrow_sat, BH, 2, 0),
	RULE(sqrshrn, narrow_sat, BH, 4, 0),
	RULE(uqrshrn, narrow_sat, BH, 5, 0),
	RULE(sqrshrun, narrow_sat, BH, 6, 0),

	/* Permutations. */
	RULE(zip1, rrr, ALL, 0, 0, PUNPCKLBW, PUNPCKLWD, PUNPCKLDQ, PUNPCKLQDQ),
	RULE(zip2, zip2, ALL, 0, 0, PUNPCKHBW, PUNPCKHWD, PUNPCKHDQ, PUNPCKHQDQ),
	RULE(uzp1, unzip, ALL, 0, 0),
	RULE(uzp2, unzip, ALL, 1, 0),
	RULE(trn1, transpose, ALL, 0, 0),
	RULE(trn2, transpose, ALL, 1, 0),
	RULE(ext, ext, ALL, 0, 0),
	RULE(tbl, tbl, ALL, 0, VR_OWN_M),
	RULE(tbx, tbl, ALL, 1, VR_OWN_M),
	RULE(dup, dup, ALL, 0, SC),
	RULE(ins, ins, ALL, 0, VR_OWN_M),

	/* Floating point. */
	RULE(fadd, f_rrr, SD, 0, CO, 0x58),
	RULE(fsub, f_rrr, SD, 0, CO, 0x5c),
	RULE(fmul, f_rrr, SD, 0, CO, 0x59),
	RULE(fdiv, f_rrr, SD, 0, CO, 0x5e),
	RULE(fabd, f_abs_diff, SD, 0, CO, 0x5c),
	RULE(fmla, f_fma, SD, 0, CO | VR_FMA),
	RULE(fmls, f_fma, SD, 1, CO | VR_FMA),
	RULE(fmax, f_min_max, SD, 1, CO),
	RULE(fmin, f_min_max, SD, 0, CO),
	RULE(fmaxnm, f_min_max, SD, 1, CO),
	RULE(fminnm, f_min_max, SD, 0, CO),
	RULE(fcmeq, f_compare, SD, EQ_OQ, SC),
	RULE(fcmge, f_compare, SD, GE_OS, SC),
	RULE(fcmgt, f_compare, SD, GT_OS, SC),
	RULE(facge, f_compare_abs, SD, GE_OS, SC),
	RULE(facgt, f_compare_abs, SD, GT_OS, SC),
	RULE(fcmeq_zero, f_compare_zero, SD, EQ_OQ, SC),
	RULE(fcmge_zero, f_compare_zero, SD, GE_OS, SC),
	RULE(fcmgt_zero, f_compare_zero, SD, GT_OS, SC),
	RULE(fcmle_zero, f_compare_zero, SD, LE_OS, SC),
	RULE(fcmlt_zero, f_compare_zero, SD, LT_OS, SC),
	RULE(faddp, f_pairs, SD, 0, VR_COLD),
	RULE(fminp, f_pairs, SD, 1, VR_COLD),
	RULE(fmaxp, f_pairs, SD, 2, VR_COLD),
	RULE(fminnmp, f_pairs, SD, 1, VR_COLD),
	RULE(fmaxnmp, f_pairs, SD, 2, VR_COLD),
	RULE(fabs, f_sign, H | SD, 0, SC),
	RULE(fneg, f_sign, H | SD, 1, SC),
	RULE(fsqrt, f_sqrt, SD, 0, CO),
	RULE(frintn, f_round, SD, ROUND_EVEN, CO),
	RULE(frintm, f_round, SD, ROUND_DOWN, CO),
	RULE(frintp, f_round, SD, ROUND_UP, CO),
	RULE(frintz, f_round, SD, ROUND_ZERO, CO),
	RULE(frinta, f_round, SD, ROUND_AWAY, CO),
	RULE(frintx, f_round, SD, ROUND_FPCR | 8, CO),
	RULE(frinti, f_round, SD, ROUND_FPCR, CO),
	RULE(fcvtns, f_to_int, SD, ROUND_EVEN, CO),
	RULE(fcvtms, f_to_int, SD, ROUND_DOWN, CO),
	RULE(fcvtps, f_to_int, SD, ROUND_UP, CO),
	RULE(fcvtzs, f_to_int, SD, ROUND_ZERO, CO | VR_NO_IMM),
	RULE(fcvtas, f_to_int, SD, ROUND_AWAY, CO),
	RULE(fcvtnu, f_to_uint, SD, ROUND_EVEN, CO),
	RULE(fcvtmu, f_to_uint, SD, ROUND_DOWN, CO),
	RULE(fcvtpu, f_to_uint, SD, ROUND_UP, CO),
	RULE(fcvtzu, f_to_uint, SD, ROUND_ZERO, CO | VR_NO_IMM),
	RULE(fcvtau, f_to_uint, SD, ROUND_AWAY, CO),
	RULE(scvtf, f_from_int, SD, 0, SC),
	RULE(ucvtf, f_from_uint, SD, 0, CO),
	RULE(fcvtl, f_widen, HS, 0, CO | VR_F16C),
	RULE(fcvtn, f_narrow, HS, 0, CO | VR_F16C),

	/* Cryptography. */
	RULE(aese, aes, ALL, 0, VR_AES),
	RULE(aesd, aes, ALL, 1, VR_AES),
	RULE(aesmc, aes_mix, ALL, 0, VR_AES),
	RULE(aesimc, aes_mix, ALL, 1, VR_AES),
	[VOP_AES_ROUND] = { vec_aes_round, ALL, 0, 0, { 0 } },
	[VOP_POPCOUNT] = { vec_popcount, ALL, 0, 0, { 0 } },
	[VOP_AES_INVERSE_ROUND] = { vec_aes_round, ALL, 1, 0, { 0 } },
	RULE(sha1h, sha1h, ALL, 0, SC),
	RULE(sha1su0, sha1su0, ALL, 0, 0),
	RULE(sha1su1, sha1su1, ALL, 0, 0),
	RULE(sha1c, sha1, ALL, 0, VR_BMI2),
	RULE(sha1p, sha1, ALL, 0, VR_BMI2),
	RULE(sha1m, sha1, ALL, 0, VR_BMI2),
	RULE(sha256h, sha256, ALL, 0, VR_BMI2),
	RULE(sha256h2, sha256, ALL, 1, VR_BMI2),
	RULE(sha256su0, sha256su0, ALL, 0, 0),
	RULE(sha256su1, sha256su1, ALL, 0, 0),
};

/* Different rules by element size. */
static const struct vop_rule saturating[4] = {
	{ vec_saturate, BH, 0, SC, { PADDSB, PADDSW } }, { vec_saturate, BH, 0, SC, { PADDUSB, PADDUSW } },
	{ vec_saturate, BH, 1, SC, { PSUBSB, PSUBSW } }, { vec_saturate, BH, 1, SC, { PSUBUSB, PSUBUSW } },
};
static const struct vop_rule saturating_wide[4] = {
	{ vec_saturate_s, SD, 0, SC }, { vec_saturate_u32, S, 0, SC },
	{ vec_saturate_s, SD, 1, SC }, { vec_saturate_u32, S, 1, SC },
};
static const struct vop_rule not_below[2] = {
	{ vec_not_less, BHS, 0, SC, { PMAXUB, PMAXUW, PMAXUD } }, { vec_greater_u, D, 1, SC },
};

static const struct vop_rule *rule_of(unsigned op, unsigned size)
{
	switch (op) {
	case SIMD_sqadd: case SIMD_uqadd: case SIMD_sqsub: case SIMD_uqsub:
		return &(size >= 2 ? saturating_wide : saturating)[op - SIMD_sqadd];
	case SIMD_cmhs:
		return &not_below[size == 3];
	default:
		return &rules[op];
	}
}

static bool host_has(const struct host_cpu *h, unsigned flags)
{
	return h->avx2 && (h->fma || !(flags & VR_FMA)) && (h->aes || !(flags & VR_AES)) && (h->bmi2 || !(flags & VR_BMI2)) &&
	       (h->pclmul || !(flags & VR_PCLMUL)) && (h->f16c || !(flags & VR_F16C));
}

static bool form_is_inline(const struct vop_rule *r, uint32_t desc)
{
	if (!r->emit || !(r->sizes >> (desc & 3) & 1))
		return false;
	if ((desc & SIMD_SCALAR) && !(r->flags & VR_SCALAR))
		return false;
	return !(desc & SIMD_IMM(0xff)) || !(r->flags & VR_NO_IMM);
}

/* Flushing is never inline; conversions from and to half precision know no flushing of halves, but another format. */
static bool mode_is_inline(const struct arm_mode *m, unsigned op)
{
	if (!(simd_traits((enum simd_op)op) & SIMD_USES_FP))
		return true;
	return !m->fz && !m->fp_exact && !(m->ahp && (op == SIMD_fcvtl || op == SIMD_fcvtn));
}

const struct vop_rule *vop_rule_find(const struct gen *g, unsigned op, uint32_t desc)
{
	const struct vop_rule *r = rule_of(op, desc & 3);

	if (!form_is_inline(r, desc) || !host_has(g->host, r->flags) || !mode_is_inline(g->mode, op))
		return NULL;
	return r;
}
