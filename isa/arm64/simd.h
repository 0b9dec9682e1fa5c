/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Advanced SIMD, exactly: one function per operation, of any element size and arrangement.
 *
 * Called from translated code for what isn't done inline, and by tests as the oracle of what is. Every function has the
 * same shape, so that a lifter can pass SIMD_sqadd around and a trace can name it:
 *
 *	simd_sqadd(d, n, m, desc, env)
 *
 * d, n and m may be the same register. The whole of d is written: bits above a 64-bit or scalar result are zero.
 * simd_traits() tells which operations read d first (MLA, BSL, SLI, TBX, SHA1C, ...) and which have an m. What isn't read
 * may be null.
 *
 * desc is what the instruction encodes: SIMD_DESC(size, flags...) with
 *	size	log2 of the element's bytes, as the size field has it: for widening and narrowing operations that of
 *		the narrow elements (SADDL 8H <- 8B and XTN 8B <- 8H: 0); FP: 1, 2, 3 for half, single, double.
 *		Bitwise, dot products, EXT, TBL, crypto: anything.
 *	SIMD_Q	128-bit vector; in widening and narrowing operations the "2" form, upper half.
 *	SIMD_SCALAR	one element (scalar pairwise operations take n's two lowest).
 *	SIMD_ELEM(i)	by-element forms: m's element i is the second operand of every lane. For dot products the
 *		element is 4 bytes, for FCMLA a complex pair.
 *	SIMD_IMM(x)	a shift amount (decoded: 0..bits-1 left, 1..bits right), number of fraction bits, EXT's index,
 *		DUP's or INS's source element (INS's destination element is in SIMD_ELEM), FCMLA's and FCADD's rotation
 *		divided by 90; TBL and TBX: number of the first table register, with n pointing at V0 and
 *		SIMD_ELEM(length - 1); a table of one register may also be given by itself, as register 0.
 * fcmp, fcvt, fcvt_to_g and fcvt_from_g are the scalar instructions FCMP (SIMD_IMM(1): FCMPE; NZCV in bits 31:28 of d), FCVT
 * (to the format SIMD_IMM(1, 2, 3)) and conversions with general registers, whose bits are the low 64 of d or n
 * (SIMD_IMM(fraction bits), SIMD_GENERAL(..., enum fp_rounding)).
 * What the architecture makes UNDEFINED must not be asked for. Flags accumulate in env; nothing else is touched.
 */
#ifndef ISA_ARM64_SIMD_H
#define ISA_ARM64_SIMD_H

#include "isa/arm64/fp.h"
#include "isa/v128.h"

#define SIMD_Q			(1u << 2)
#define SIMD_SCALAR		(1u << 3)
#define SIMD_BY_ELEMENT		(1u << 4)
#define SIMD_ELEM(i)		(SIMD_BY_ELEMENT | (uint32_t)(i) << 16)
#define SIMD_IMM(x)		((uint32_t)(x) << 8)
#define SIMD_GENERAL(is_signed, is_64, rounding)	\
	((uint32_t)!!(is_signed) << 16 | (uint32_t)!!(is_64) << 17 | (uint32_t)(rounding) << 18)
#define SIMD_DESC(size, more)	((uint32_t)(size) | (more))

/* Three registers of the same shape. */
#define SIMD_THREE_SAME(X) \
	X(add) X(sub) X(mul) X(mla) X(mls) X(pmul) \
	X(and) X(bic) X(orr) X(orn) X(eor) X(bsl) X(bit) X(bif) \
	X(shadd) X(uhadd) X(srhadd) X(urhadd) X(shsub) X(uhsub) \
	X(sqadd) X(uqadd) X(sqsub) X(uqsub) \
	X(cmgt) X(cmge) X(cmhi) X(cmhs) X(cmtst) X(cmeq) \
	X(sshl) X(ushl) X(srshl) X(urshl) X(sqshl) X(uqshl) X(sqrshl) X(uqrshl) \
	X(smax) X(umax) X(smin) X(umin) X(sabd) X(uabd) X(saba) X(uaba) \
	X(addp) X(smaxp) X(umaxp) X(sminp) X(uminp) \
	X(sqdmulh) X(sqrdmulh) X(sqrdmlah) X(sqrdmlsh) X(sdot) X(udot) X(usdot) X(sudot) X(smmla) X(ummla) X(usmmla)

/* Results or one operand twice as wide, and the narrowing back. */
#define SIMD_THREE_DIFFERENT(X) \
	X(saddl) X(uaddl) X(ssubl) X(usubl) X(saddw) X(uaddw) X(ssubw) X(usubw) \
	X(addhn) X(raddhn) X(subhn) X(rsubhn) X(sabal) X(uabal) X(sabdl) X(uabdl) \
	X(smull) X(umull) X(smlal) X(umlal) X(smlsl) X(umlsl) X(sqdmull) X(sqdmlal) X(sqdmlsl) X(pmull)

#define SIMD_TWO_REG(X) \
	X(rev16) X(rev32) X(rev64) X(cls) X(clz) X(cnt) X(not) X(rbit) X(abs) X(neg) X(sqabs) X(sqneg) X(suqadd) X(usqadd) \
	X(saddlp) X(uaddlp) X(sadalp) X(uadalp) X(cmgt_zero) X(cmge_zero) X(cmeq_zero) X(cmle_zero) X(cmlt_zero) \
	X(xtn) X(sqxtn) X(uqxtn) X(sqxtun) X(shll) X(urecpe) X(ursqrte)

#define SIMD_ACROSS(X) \
	X(addv) X(saddlv) X(uaddlv) X(smaxv) X(umaxv) X(sminv) X(uminv) X(fmaxv) X(fminv) X(fmaxnmv) X(fminnmv)

#define SIMD_SHIFT_IMM(X) \
	X(sshr) X(ushr) X(ssra) X(usra) X(srshr) X(urshr) X(srsra) X(ursra) X(sri) X(sli) X(shl) \
	X(sqshl_imm) X(uqshl_imm) X(sqshlu) X(sshll) X(ushll) \
	X(shrn) X(rshrn) X(sqshrn) X(uqshrn) X(sqshrun) X(sqrshrn) X(uqrshrn) X(sqrshrun)

#define SIMD_PERMUTE(X) \
	X(zip1) X(zip2) X(uzp1) X(uzp2) X(trn1) X(trn2) X(ext) X(tbl) X(tbx) X(dup) X(ins)

/* Three FP registers; scalar forms serve FADD Sd, Sn, Sm too. */
#define SIMD_FP_THREE(X) \
	X(fadd) X(fsub) X(fmul) X(fdiv) X(fmulx) X(fnmul) X(fmax) X(fmin) X(fmaxnm) X(fminnm) X(fabd) X(fmla) X(fmls) \
	X(fcmeq) X(fcmge) X(fcmgt) X(facge) X(facgt) X(frecps) X(frsqrts) \
	X(faddp) X(fmaxp) X(fminp) X(fmaxnmp) X(fminnmp) \
	X(fmlal) X(fmlal2) X(fmlsl) X(fmlsl2) X(fcadd) X(fcmla)

#define SIMD_FP_TWO(X) \
	X(fabs) X(fneg) X(fsqrt) X(frecpe) X(frsqrte) X(frecpx) \
	X(frintn) X(frintm) X(frintp) X(frintz) X(frinta) X(frintx) X(frinti) \
	X(frint32z) X(frint32x) X(frint64z) X(frint64x) \
	X(fcvtns) X(fcvtms) X(fcvtps) X(fcvtzs) X(fcvtas) X(fcvtnu) X(fcvtmu) X(fcvtpu) X(fcvtzu) X(fcvtau) \
	X(scvtf) X(ucvtf) \
	X(fcmgt_zero) X(fcmge_zero) X(fcmeq_zero) X(fcmle_zero) X(fcmlt_zero) X(fcvtl) X(fcvtn) \
	X(fcmp) X(fcvt) X(fcvt_to_g) X(fcvt_from_g) X(fcvtxn)

#define SIMD_CRYPTO(X) \
	X(aese) X(aesd) X(aesmc) X(aesimc) X(sha1c) X(sha1p) X(sha1m) X(sha1h) X(sha1su0) X(sha1su1) \
	X(sha256h) X(sha256h2) X(sha256su0) X(sha256su1)

#define SIMD_OPS(X) \
	SIMD_THREE_SAME(X) SIMD_THREE_DIFFERENT(X) SIMD_TWO_REG(X) SIMD_ACROSS(X) SIMD_SHIFT_IMM(X) SIMD_PERMUTE(X) \
	SIMD_FP_THREE(X) SIMD_FP_TWO(X) SIMD_CRYPTO(X)

enum simd_op {
#define X(name) SIMD_##name,
	SIMD_OPS(X)
#undef X
	SIMD_OP_COUNT
};

typedef void simd_fn(union v128 *d, const union v128 *n, const union v128 *m, uint32_t desc, struct arm_simd_env *env);

#define X(name) simd_fn simd_##name;
SIMD_OPS(X)
#undef X

extern simd_fn *const simd_table[SIMD_OP_COUNT];
extern const char *const simd_names[SIMD_OP_COUNT];

enum simd_trait {
	SIMD_READS_D	= 1,
	SIMD_READS_D_IF_Q = 2,	/* narrowing: the "2" form keeps the lower half */
	SIMD_READS_M	= 4,
	SIMD_USES_FP	= 8,	/* depends on FPCR or may raise FPSR's FP flags */
	SIMD_SETS_QC	= 16,
};

unsigned simd_traits(enum simd_op op);	/* enum simd_trait */

/* CRC32 and CRC32C of `size` (1, 2, 4, 8) bytes of value: no inversion before or after, as the instructions have it. */
uint32_t arm_crc32(uint32_t crc, uint64_t value, unsigned size);
uint32_t arm_crc32c(uint32_t crc, uint64_t value, unsigned size);

#endif
