/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The regular Advanced SIMD instructions on vectors: one vector operation on rn, rm and rd, of which each line of the table
 * differs in name and element size only (ARM DDI 0487 C4.1, "Data Processing -- Scalar Floating-Point and Advanced SIMD").
 * What moves data without computing is in lift_simd_move.c.
 */
#include "engine/dbt/arm64/lift_vec.h"

#define SIZED(a)	((uint32_t)(a)->size | Q(a))
#define SINGLE(a)	((2u + (a)->sz) | Q(a))
#define HALF(a)		(1u | Q(a))

#define INSN(name, op, desc)	LIFT(name) { vec_insn(l, a, SIMD_##op, desc); }

/* Integers of the size field; whether there is an rm is the operation's business. */
#define SAME(X) \
	X(SHADD, shadd) X(SQADD, sqadd) X(SRHADD, srhadd) X(SHSUB, shsub) X(SQSUB, sqsub) X(CMGT, cmgt) X(CMGE, cmge) \
	X(SSHL, sshl) X(SQSHL, sqshl) X(SRSHL, srshl) X(SQRSHL, sqrshl) X(SMAX, smax) X(SMIN, smin) X(SABD, sabd) \
	X(SABA, saba) X(ADD, add) X(CMTST, cmtst) X(MLA, mla) X(MUL, mul) X(SMAXP, smaxp) X(SMINP, sminp) \
	X(SQDMULH, sqdmulh) X(ADDP, addp) X(UHADD, uhadd) X(UQADD, uqadd) X(URHADD, urhadd) X(UHSUB, uhsub) \
	X(UQSUB, uqsub) X(CMHI, cmhi) X(CMHS, cmhs) X(USHL, ushl) X(UQSHL, uqshl) X(URSHL, urshl) X(UQRSHL, uqrshl) \
	X(UMAX, umax) X(UMIN, umin) X(UABD, uabd) X(UABA, uaba) X(SUB, sub) X(CMEQ, cmeq) X(MLS, mls) X(UMAXP, umaxp) \
	X(UMINP, uminp) X(SQRDMULH, sqrdmulh) X(SQRDMLAH, sqrdmlah) X(SQRDMLSH, sqrdmlsh) \
	X(SADDL, saddl) X(SADDW, saddw) X(SSUBL, ssubl) X(SSUBW, ssubw) X(ADDHN, addhn) X(SABAL, sabal) X(SUBHN, subhn) \
	X(SABDL, sabdl) X(SMLAL, smlal) X(SQDMLAL, sqdmlal) X(SMLSL, smlsl) X(SQDMLSL, sqdmlsl) X(SMULL, smull) \
	X(SQDMULL, sqdmull) X(UADDL, uaddl) X(UADDW, uaddw) X(USUBL, usubl) X(USUBW, usubw) X(RADDHN, raddhn) \
	X(UABAL, uabal) X(RSUBHN, rsubhn) X(UABDL, uabdl) X(UMLAL, umlal) X(UMLSL, umlsl) X(UMULL, umull) \
	X(REV64, rev64) X(SADDLP, saddlp) X(SUQADD, suqadd) X(CLS, cls) X(SADALP, sadalp) X(SQABS, sqabs) X(ABS, abs) \
	X(XTN, xtn) X(SQXTN, sqxtn) X(REV32, rev32) X(UADDLP, uaddlp) X(USQADD, usqadd) X(CLZ, clz) X(UADALP, uadalp) \
	X(SQNEG, sqneg) X(NEG, neg) X(SQXTUN, sqxtun) X(SHLL, shll) X(UQXTN, uqxtn)
#define X(NAME, op) INSN(NAME##_v, op, SIZED(a))
SAME(X)
#undef X

/* Integers compared with zero, across the vector, permuted. */
INSN(CMGT_vz, cmgt_zero, SIZED(a))
INSN(CMGE_vz, cmge_zero, SIZED(a))
INSN(CMEQ_vz, cmeq_zero, SIZED(a))
INSN(CMLE_vz, cmle_zero, SIZED(a))
INSN(CMLT_vz, cmlt_zero, SIZED(a))

#define PLAIN(X) \
	X(SADDLV, saddlv) X(SMAXV, smaxv) X(SMINV, sminv) X(ADDV, addv) X(UADDLV, uaddlv) X(UMAXV, umaxv) X(UMINV, uminv) \
	X(UZP1, uzp1) X(TRN1, trn1) X(ZIP1, zip1) X(UZP2, uzp2) X(TRN2, trn2) X(ZIP2, zip2)
#define X(NAME, op) INSN(NAME, op, SIZED(a))
PLAIN(X)
#undef X

/* Of one element size only, or of none. */
#define BYTES(X) \
	X(PMUL, pmul) X(AND, and) X(BIC, bic) X(ORN, orn) X(EOR, eor) X(BSL, bsl) X(BIT, bit) X(BIF, bif) X(SDOT, sdot) \
	X(UDOT, udot) X(PMULL, pmull) X(REV16, rev16) X(CNT, cnt) X(NOT, not) X(RBIT, rbit)
#define X(NAME, op) INSN(NAME##_v, op, Q(a))
BYTES(X)
#undef X

INSN(PMULL_1q, pmull, 3 | Q(a))
INSN(EXT, ext, Q(a) | SIMD_IMM(a->imm4))
INSN(URECPE_v, urecpe, 2 | Q(a))
INSN(URSQRTE_v, ursqrte, 2 | Q(a))

/* Floating point: single and double by sz, and half. */
#define FLOAT(X) \
	X(FMAXNM, fmaxnm) X(FMLA, fmla) X(FADD, fadd) X(FMULX, fmulx) X(FCMEQ, fcmeq) X(FMAX, fmax) X(FRECPS, frecps) \
	X(FMINNM, fminnm) X(FMLS, fmls) X(FSUB, fsub) X(FMIN, fmin) X(FRSQRTS, frsqrts) X(FMAXNMP, fmaxnmp) \
	X(FADDP, faddp) X(FMUL, fmul) X(FCMGE, fcmge) X(FACGE, facge) X(FMAXP, fmaxp) X(FDIV, fdiv) X(FMINNMP, fminnmp) \
	X(FABD, fabd) X(FCMGT, fcmgt) X(FACGT, facgt) X(FMINP, fminp) \
	X(FRINTN, frintn) X(FRINTM, frintm) X(FRINTP, frintp) X(FRINTZ, frintz) X(FRINTA, frinta) X(FRINTX, frintx) \
	X(FRINTI, frinti) X(FCVTNS, fcvtns) X(FCVTMS, fcvtms) X(FCVTAS, fcvtas) X(SCVTF, scvtf) X(FCVTPS, fcvtps) \
	X(FCVTZS, fcvtzs) X(FCVTNU, fcvtnu) X(FCVTMU, fcvtmu) X(FCVTAU, fcvtau) X(UCVTF, ucvtf) X(FCVTPU, fcvtpu) \
	X(FCVTZU, fcvtzu) X(FABS, fabs) X(FNEG, fneg) X(FSQRT, fsqrt) X(FRECPE, frecpe) X(FRSQRTE, frsqrte)
#define X(NAME, op) INSN(NAME##_v, op, SINGLE(a)) INSN(NAME##_vh, op, HALF(a))
FLOAT(X)
#undef X

#define FLOAT_ZERO(X) \
	X(FCMGT, fcmgt_zero) X(FCMGE, fcmge_zero) X(FCMEQ, fcmeq_zero) X(FCMLE, fcmle_zero) X(FCMLT, fcmlt_zero)
#define X(NAME, op) INSN(NAME##_vz, op, SINGLE(a)) INSN(NAME##_vzh, op, HALF(a))
FLOAT_ZERO(X)
#undef X

INSN(FRINT32Z_v, frint32z, SINGLE(a))
INSN(FRINT64Z_v, frint64z, SINGLE(a))
INSN(FRINT32X_v, frint32x, SINGLE(a))
INSN(FRINT64X_v, frint64x, SINGLE(a))

/* sz says which two neighbouring sizes: half and single, or single and double. */
INSN(FCVTN_v, fcvtn, (1u + a->sz) | Q(a))
INSN(FCVTL_v, fcvtl, (1u + a->sz) | Q(a))
INSN(FCVTXN_v, fcvtxn, 2 | Q(a))

#define FLOAT_ACROSS(X) X(FMAXNMV, fmaxnmv) X(FMAXV, fmaxv) X(FMINNMV, fminnmv) X(FMINV, fminv)
#define X(NAME, op) INSN(NAME, op, 2 | SIMD_Q) INSN(NAME##_h, op, HALF(a))
FLOAT_ACROSS(X)
#undef X

/* Shifts by an immediate. */
#define SHIFT(X) \
	X(SSHR_v, sshr) X(SSRA_v, ssra) X(SRSHR_v, srshr) X(SRSRA_v, srsra) X(USHR_v, ushr) X(USRA_v, usra) \
	X(URSHR_v, urshr) X(URSRA_v, ursra) X(SRI_v, sri) X(SHL_v, shl) X(SLI_v, sli) X(SQSHL_vi, sqshl_imm) \
	X(SQSHLU_vi, sqshlu) X(UQSHL_vi, uqshl_imm) X(SHRN_v, shrn) X(RSHRN_v, rshrn) X(SQSHRN_v, sqshrn) \
	X(SQRSHRN_v, sqrshrn) X(SQSHRUN_v, sqshrun) X(SQRSHRUN_v, sqrshrun) X(UQSHRN_v, uqshrn) X(UQRSHRN_v, uqrshrn) \
	X(SSHLL_v, sshll) X(USHLL_v, ushll)
#define X(NAME, op) INSN(NAME, op, SIZED(a) | SIMD_IMM(a->amount))
SHIFT(X)
#undef X

#define FIXED(X) X(SCVTF, scvtf) X(FCVTZS, fcvtzs) X(UCVTF, ucvtf) X(FCVTZU, fcvtzu)
#define X(NAME, op) \
	INSN(NAME##_vfix, op, SINGLE(a) | SIMD_IMM(a->fbits)) INSN(NAME##_vfixh, op, HALF(a) | SIMD_IMM(a->fbits))
FIXED(X)
#undef X

/* By element of rm. */
#define ELEMENT(X) \
	X(SMLAL, smlal) X(SQDMLAL, sqdmlal) X(SMLSL, smlsl) X(SQDMLSL, sqdmlsl) X(MUL, mul) X(SMULL, smull) \
	X(SQDMULL, sqdmull) X(SQDMULH, sqdmulh) X(SQRDMULH, sqrdmulh) X(MLA, mla) X(MLS, mls) X(UMLAL, umlal) \
	X(UMLSL, umlsl) X(UMULL, umull) X(SQRDMLAH, sqrdmlah) X(SQRDMLSH, sqrdmlsh)
#define X(NAME, op) INSN(NAME##_ve, op, SIZED(a) | SIMD_ELEM(a->index))
ELEMENT(X)
#undef X

INSN(SDOT_ve, sdot, Q(a) | SIMD_ELEM(a->index))
INSN(UDOT_ve, udot, Q(a) | SIMD_ELEM(a->index))

#define FLOAT_ELEMENT(X) X(FMLA, fmla) X(FMLS, fmls) X(FMUL, fmul) X(FMULX, fmulx)
#define X(NAME, op) \
	INSN(NAME##_ve, op, SINGLE(a) | SIMD_ELEM(a->index)) INSN(NAME##_veh, op, HALF(a) | SIMD_ELEM(a->index))
FLOAT_ELEMENT(X)
#undef X

/* Cryptography. */
#define CRYPTO(X) \
	X(AESE, aese) X(AESD, aesd) X(AESMC, aesmc) X(AESIMC, aesimc) X(SHA1C, sha1c) X(SHA1P, sha1p) X(SHA1M, sha1m) \
	X(SHA1SU0, sha1su0) X(SHA256H, sha256h) X(SHA256H2, sha256h2) X(SHA256SU1, sha256su1) X(SHA1SU1, sha1su1) \
	X(SHA256SU0, sha256su0)
#define X(NAME, op) INSN(NAME, op, SIMD_Q)
CRYPTO(X)
#undef X

INSN(SHA1H, sha1h, 2 | SIMD_SCALAR)
