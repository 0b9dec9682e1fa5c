/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every Advanced SIMD instruction form that isa/arm64/simd.h covers, as CASE(op, desc, text): what to assemble for the
 * arm64 side, and what to call on ours. Registers are v0 = d, v1 = n, v2 = m; tables use v30, v31, v0..v3.
 * Included by both sides, which so agree on numbering.
 */
#define Q SIMD_Q
#define SC SIMD_SCALAR

/* Three registers: t is an arrangement. */
#define V3(op, i, size, q, t) CASE(op, SIMD_DESC(size, q), i " v0." t ", v1." t ", v2." t)
#define V3_B(op, i) V3(op, i, 0, 0, "8b") V3(op, i, 0, Q, "16b")
#define V3_H(op, i) V3(op, i, 1, 0, "4h") V3(op, i, 1, Q, "8h")
#define V3_S(op, i) V3(op, i, 2, 0, "2s") V3(op, i, 2, Q, "4s")
#define V3_D(op, i) V3(op, i, 3, Q, "2d")
#define V3_BHS(op) V3_B(op, #op) V3_H(op, #op) V3_S(op, #op)
#define V3_BHSD(op) V3_BHS(op) V3_D(op, #op)
#define V3_HS(op) V3_H(op, #op) V3_S(op, #op)
#define V3_FP(op) V3_H(op, #op) V3_S(op, #op) V3_D(op, #op)
#define S3(op, i, size, r) CASE(op, SIMD_DESC(size, SC), i " " r "0, " r "1, " r "2")
#define S3_BHSD(op) S3(op, #op, 0, "b") S3(op, #op, 1, "h") S3(op, #op, 2, "s") S3(op, #op, 3, "d")
#define S3_FP(op) S3(op, #op, 1, "h") S3(op, #op, 2, "s") S3(op, #op, 3, "d")
#define S3_HS(op) S3(op, #op, 1, "h") S3(op, #op, 2, "s")
#define S3_D(op) S3(op, #op, 3, "d")

/* By element. */
#define E3(op, size, q, t, e, x) \
	CASE(op, SIMD_DESC(size, (q) | SIMD_ELEM(x)), #op " v0." t ", v1." t ", v2." e "[" #x "]")
#define E3_HS(op) \
	E3(op, 1, 0, "4h", "h", 5) E3(op, 1, Q, "8h", "h", 7) E3(op, 2, 0, "2s", "s", 1) E3(op, 2, Q, "4s", "s", 3)
#define E3_FP(op) E3_HS(op) E3(op, 3, Q, "2d", "d", 1) E3(op, 3, Q, "2d", "d", 0)
#define SE3(op, size, r, x) CASE(op, SIMD_DESC(size, SC | SIMD_ELEM(x)), #op " " r "0, " r "1, v2." r "[" #x "]")
#define SE3_HS(op) SE3(op, 1, "h", 6) SE3(op, 2, "s", 2)
#define SE3_FP(op) SE3_HS(op) SE3(op, 3, "d", 1)

/* Widening: destination, n, m arrangements. */
#define W(op, i, size, q, td, tn, tm) CASE(op, SIMD_DESC(size, q), i " v0." td ", v1." tn ", v2." tm)
#define LONG_B(op) W(op, #op, 0, 0, "8h", "8b", "8b") W(op, #op "2", 0, Q, "8h", "16b", "16b")
#define LONG_HS(op) \
	W(op, #op, 1, 0, "4s", "4h", "4h") W(op, #op "2", 1, Q, "4s", "8h", "8h") \
	W(op, #op, 2, 0, "2d", "2s", "2s") W(op, #op "2", 2, Q, "2d", "4s", "4s")
#define LONG_BHS(op) LONG_B(op) LONG_HS(op)
#define WIDE_BHS(op) \
	W(op, #op, 0, 0, "8h", "8h", "8b") W(op, #op "2", 0, Q, "8h", "8h", "16b") \
	W(op, #op, 1, 0, "4s", "4s", "4h") W(op, #op "2", 1, Q, "4s", "4s", "8h") \
	W(op, #op, 2, 0, "2d", "2d", "2s") W(op, #op "2", 2, Q, "2d", "2d", "4s")
#define HIGH_BHS(op) \
	W(op, #op, 0, 0, "8b", "8h", "8h") W(op, #op "2", 0, Q, "16b", "8h", "8h") \
	W(op, #op, 1, 0, "4h", "4s", "4s") W(op, #op "2", 1, Q, "8h", "4s", "4s") \
	W(op, #op, 2, 0, "2s", "2d", "2d") W(op, #op "2", 2, Q, "4s", "2d", "2d")
#define WE(op, i, size, q, td, tn, e, x) \
	CASE(op, SIMD_DESC(size, (q) | SIMD_ELEM(x)), i " v0." td ", v1." tn ", v2." e "[" #x "]")
#define LONG_E(op) \
	WE(op, #op, 1, 0, "4s", "4h", "h", 6) WE(op, #op "2", 1, Q, "4s", "8h", "h", 3) \
	WE(op, #op, 2, 0, "2d", "2s", "s", 2) WE(op, #op "2", 2, Q, "2d", "4s", "s", 1)
#define LONG_SCALAR(op) \
	CASE(op, SIMD_DESC(1, SC), #op " s0, h1, h2") CASE(op, SIMD_DESC(2, SC), #op " d0, s1, s2") \
	CASE(op, SIMD_DESC(1, SC | SIMD_ELEM(7)), #op " s0, h1, v2.h[7]") \
	CASE(op, SIMD_DESC(2, SC | SIMD_ELEM(3)), #op " d0, s1, v2.s[3]")

/* Two registers; `more` follows the last operand. */
#define V2(op, i, size, q, td, tn, more) CASE(op, SIMD_DESC(size, q), i " v0." td ", v1." tn more)
#define V2_B(op, i, more) V2(op, i, 0, 0, "8b", "8b", more) V2(op, i, 0, Q, "16b", "16b", more)
#define V2_H(op, i, more) V2(op, i, 1, 0, "4h", "4h", more) V2(op, i, 1, Q, "8h", "8h", more)
#define V2_S(op, i, more) V2(op, i, 2, 0, "2s", "2s", more) V2(op, i, 2, Q, "4s", "4s", more)
#define V2_D(op, i, more) V2(op, i, 3, Q, "2d", "2d", more)
#define V2_BHS(op, i, more) V2_B(op, i, more) V2_H(op, i, more) V2_S(op, i, more)
#define V2_BHSD(op, i, more) V2_BHS(op, i, more) V2_D(op, i, more)
#define V2_FP(op, i, more) V2_H(op, i, more) V2_S(op, i, more) V2_D(op, i, more)
#define S2(op, i, size, rd, rn, more) CASE(op, SIMD_DESC(size, SC), i " " rd "0, " rn "1" more)
#define S2_BHSD(op, i, more) \
	S2(op, i, 0, "b", "b", more) S2(op, i, 1, "h", "h", more) S2(op, i, 2, "s", "s", more) S2(op, i, 3, "d", "d", more)
#define S2_FP(op, i, more) S2(op, i, 1, "h", "h", more) S2(op, i, 2, "s", "s", more) S2(op, i, 3, "d", "d", more)
#define PAIRWISE_LONG(op) \
	V2(op, #op, 0, 0, "4h", "8b", "") V2(op, #op, 0, Q, "8h", "16b", "") V2(op, #op, 1, 0, "2s", "4h", "") \
	V2(op, #op, 1, Q, "4s", "8h", "") V2(op, #op, 2, 0, "1d", "2s", "") V2(op, #op, 2, Q, "2d", "4s", "")
#define NARROW_BHS(op) \
	V2(op, #op, 0, 0, "8b", "8h", "") V2(op, #op "2", 0, Q, "16b", "8h", "") V2(op, #op, 1, 0, "4h", "4s", "") \
	V2(op, #op "2", 1, Q, "8h", "4s", "") V2(op, #op, 2, 0, "2s", "2d", "") V2(op, #op "2", 2, Q, "4s", "2d", "")
#define NARROW_SCALAR(op) S2(op, #op, 0, "b", "h", "") S2(op, #op, 1, "h", "s", "") S2(op, #op, 2, "s", "d", "")

/* Across lanes. */
#define ACROSS(op, size, q, rd, tn) CASE(op, SIMD_DESC(size, q), #op " " rd "0, v1." tn)
#define ACROSS_BHS(op) \
	ACROSS(op, 0, 0, "b", "8b") ACROSS(op, 0, Q, "b", "16b") ACROSS(op, 1, 0, "h", "4h") ACROSS(op, 1, Q, "h", "8h") \
	ACROSS(op, 2, Q, "s", "4s")
#define ACROSS_LONG(op) \
	ACROSS(op, 0, 0, "h", "8b") ACROSS(op, 0, Q, "h", "16b") ACROSS(op, 1, 0, "s", "4h") ACROSS(op, 1, Q, "s", "8h") \
	ACROSS(op, 2, Q, "d", "4s")
#define ACROSS_FP(op) ACROSS(op, 1, 0, "h", "4h") ACROSS(op, 1, Q, "h", "8h") ACROSS(op, 2, Q, "s", "4s")

/* Shifts. */
#define SH(op, i, size, q, td, tn, n) CASE(op, SIMD_DESC(size, (q) | SIMD_IMM(n)), i " v0." td ", v1." tn ", #" #n)
#define SH_RIGHT(op, i) \
	SH(op, i, 0, 0, "8b", "8b", 1) SH(op, i, 0, Q, "16b", "16b", 8) SH(op, i, 0, Q, "16b", "16b", 5) \
	SH(op, i, 1, 0, "4h", "4h", 16) SH(op, i, 1, Q, "8h", "8h", 1) SH(op, i, 1, Q, "8h", "8h", 11) \
	SH(op, i, 2, 0, "2s", "2s", 7) SH(op, i, 2, Q, "4s", "4s", 32) SH(op, i, 2, Q, "4s", "4s", 1) \
	SH(op, i, 3, Q, "2d", "2d", 1) SH(op, i, 3, Q, "2d", "2d", 64) SH(op, i, 3, Q, "2d", "2d", 33)
#define SH_LEFT(op, i) \
	SH(op, i, 0, 0, "8b", "8b", 0) SH(op, i, 0, Q, "16b", "16b", 7) SH(op, i, 0, Q, "16b", "16b", 3) \
	SH(op, i, 1, 0, "4h", "4h", 15) SH(op, i, 1, Q, "8h", "8h", 0) SH(op, i, 1, Q, "8h", "8h", 2) \
	SH(op, i, 2, 0, "2s", "2s", 31) SH(op, i, 2, Q, "4s", "4s", 4) SH(op, i, 2, Q, "4s", "4s", 0) \
	SH(op, i, 3, Q, "2d", "2d", 0) SH(op, i, 3, Q, "2d", "2d", 63) SH(op, i, 3, Q, "2d", "2d", 9)
#define SSH(op, i, size, rd, rn, n) CASE(op, SIMD_DESC(size, SC | SIMD_IMM(n)), i " " rd "0, " rn "1, #" #n)
#define SSH_RIGHT(op, i) SSH(op, i, 3, "d", "d", 1) SSH(op, i, 3, "d", "d", 64) SSH(op, i, 3, "d", "d", 20)
#define SSH_LEFT(op, i) SSH(op, i, 3, "d", "d", 0) SSH(op, i, 3, "d", "d", 63) SSH(op, i, 3, "d", "d", 20)
#define SSH_LEFT_BHS(op, i) \
	SSH(op, i, 0, "b", "b", 0) SSH(op, i, 0, "b", "b", 7) SSH(op, i, 1, "h", "h", 3) SSH(op, i, 1, "h", "h", 15) \
	SSH(op, i, 2, "s", "s", 1) SSH(op, i, 2, "s", "s", 31)
#define SH_NARROW(op) \
	SH(op, #op, 0, 0, "8b", "8h", 1) SH(op, #op, 0, 0, "8b", "8h", 8) SH(op, #op "2", 0, Q, "16b", "8h", 3) \
	SH(op, #op, 1, 0, "4h", "4s", 16) SH(op, #op "2", 1, Q, "8h", "4s", 1) \
	SH(op, #op, 2, 0, "2s", "2d", 1) SH(op, #op "2", 2, Q, "4s", "2d", 32) SH(op, #op "2", 2, Q, "4s", "2d", 13)
#define SSH_NARROW(op) \
	SSH(op, #op, 0, "b", "h", 1) SSH(op, #op, 0, "b", "h", 8) SSH(op, #op, 1, "h", "s", 16) SSH(op, #op, 2, "s", "d", 5)
#define SH_LONG(op, i) \
	SH(op, i, 0, 0, "8h", "8b", 0) SH(op, i "2", 0, Q, "8h", "16b", 7) SH(op, i, 1, 0, "4s", "4h", 15) \
	SH(op, i "2", 1, Q, "4s", "8h", 0) SH(op, i, 2, 0, "2d", "2s", 31) SH(op, i "2", 2, Q, "2d", "4s", 9)
#define SHLL(t, size, q, td, tn, n) CASE(shll, SIMD_DESC(size, q), t " v0." td ", v1." tn ", #" n)

/* Fixed point. */
#define FIXED(op) \
	SH(op, #op, 1, 0, "4h", "4h", 1) SH(op, #op, 1, Q, "8h", "8h", 16) SH(op, #op, 2, 0, "2s", "2s", 32) \
	SH(op, #op, 2, Q, "4s", "4s", 5) SH(op, #op, 3, Q, "2d", "2d", 64) SH(op, #op, 3, Q, "2d", "2d", 21) \
	SSH(op, #op, 1, "h", "h", 9) SSH(op, #op, 2, "s", "s", 1) SSH(op, #op, 3, "d", "d", 40)
#define FP2(op) V2_FP(op, #op, "")
#define FP2S(op) V2_FP(op, #op, "") S2_FP(op, #op, "")
#define FP2_SD(op) \
	V2_S(op, #op, "") V2_D(op, #op, "") S2(op, #op, 2, "s", "s", "") S2(op, #op, 3, "d", "d", "")
#define ZERO_FP(op, i) V2_FP(op, i, ", #0.0") S2_FP(op, i, ", #0.0")
#define ZERO(op, i) V2_BHSD(op, i, ", #0") S2(op, i, 3, "d", "d", ", #0")
#define PAIR_SCALAR(op) \
	CASE(op, SIMD_DESC(1, SC), #op " h0, v1.2h") CASE(op, SIMD_DESC(2, SC), #op " s0, v1.2s") \
	CASE(op, SIMD_DESC(3, SC), #op " d0, v1.2d")
#define COMPLEX(op, r, n) \
	CASE(op, SIMD_DESC(1, SIMD_IMM(n)), #op " v0.4h, v1.4h, v2.4h, #" #r) \
	CASE(op, SIMD_DESC(1, Q | SIMD_IMM(n)), #op " v0.8h, v1.8h, v2.8h, #" #r) \
	CASE(op, SIMD_DESC(2, SIMD_IMM(n)), #op " v0.2s, v1.2s, v2.2s, #" #r) \
	CASE(op, SIMD_DESC(2, Q | SIMD_IMM(n)), #op " v0.4s, v1.4s, v2.4s, #" #r) \
	CASE(op, SIMD_DESC(3, Q | SIMD_IMM(n)), #op " v0.2d, v1.2d, v2.2d, #" #r)
#define COMPLEX_E(r, n) \
	CASE(fcmla, SIMD_DESC(1, SIMD_IMM(n) | SIMD_ELEM(1)), "fcmla v0.4h, v1.4h, v2.h[1], #" #r) \
	CASE(fcmla, SIMD_DESC(1, Q | SIMD_IMM(n) | SIMD_ELEM(3)), "fcmla v0.8h, v1.8h, v2.h[3], #" #r) \
	CASE(fcmla, SIMD_DESC(2, Q | SIMD_IMM(n) | SIMD_ELEM(1)), "fcmla v0.4s, v1.4s, v2.s[1], #" #r)
#define FHM(op) \
	CASE(op, SIMD_DESC(1, 0), #op " v0.2s, v1.2h, v2.2h") CASE(op, SIMD_DESC(1, Q), #op " v0.4s, v1.4h, v2.4h") \
	CASE(op, SIMD_DESC(1, SIMD_ELEM(7)), #op " v0.2s, v1.2h, v2.h[7]") \
	CASE(op, SIMD_DESC(1, Q | SIMD_ELEM(2)), #op " v0.4s, v1.4h, v2.h[2]")
#define DOT(op) CASE(op, 0, #op " v0.2s, v1.8b, v2.8b") CASE(op, Q, #op " v0.4s, v1.16b, v2.16b")
#define DOT_E(op) \
	CASE(op, SIMD_ELEM(1), #op " v0.2s, v1.8b, v2.4b[1]") CASE(op, Q | SIMD_ELEM(3), #op " v0.4s, v1.16b, v2.4b[3]")
#define TABLE(op, first, length, regs) \
	CASE(op, SIMD_IMM(first) | SIMD_ELEM(length - 1), #op " v0.8b, {" regs "}, v2.8b") \
	CASE(op, Q | SIMD_IMM(first) | SIMD_ELEM(length - 1), #op " v0.16b, {" regs "}, v2.16b")
#define TABLES(op) \
	TABLE(op, 1, 1, "v1.16b") TABLE(op, 1, 2, "v1.16b-v2.16b") TABLE(op, 0, 3, "v0.16b-v2.16b") \
	TABLE(op, 30, 4, "v30.16b, v31.16b, v0.16b, v1.16b")
#define DUP_INS(size, t64, t128, r, x, y) \
	CASE(dup, SIMD_DESC(size, Q | SIMD_IMM(x)), "dup v0." t128 ", v1." r "[" #x "]") \
	CASE(dup, SIMD_DESC(size, SC | SIMD_IMM(x)), "dup " r "0, v1." r "[" #x "]") \
	CASE(ins, SIMD_DESC(size, Q | SIMD_IMM(x) | SIMD_ELEM(y)), "ins v0." r "[" #y "], v1." r "[" #x "]")

#define SIMD_CASES \
	V3_BHSD(add) S3_D(add) V3_BHSD(sub) S3_D(sub) V3_BHS(mul) V3_BHS(mla) V3_BHS(mls) E3_HS(mul) E3_HS(mla) E3_HS(mls) \
	V3_B(pmul, "pmul") V3_B(and, "and") V3_B(bic, "bic") V3_B(orr, "orr") V3_B(orn, "orn") V3_B(eor, "eor") \
	V3_B(bsl, "bsl") V3_B(bit, "bit") V3_B(bif, "bif") \
	V3_BHS(shadd) V3_BHS(uhadd) V3_BHS(srhadd) V3_BHS(urhadd) V3_BHS(shsub) V3_BHS(uhsub) \
	V3_BHSD(sqadd) V3_BHSD(uqadd) V3_BHSD(sqsub) V3_BHSD(uqsub) \
	S3_BHSD(sqadd) S3_BHSD(uqadd) S3_BHSD(sqsub) S3_BHSD(uqsub) \
	V3_BHSD(cmgt) V3_BHSD(cmge) V3_BHSD(cmhi) V3_BHSD(cmhs) V3_BHSD(cmtst) V3_BHSD(cmeq) \
	S3_D(cmgt) S3_D(cmge) S3_D(cmhi) S3_D(cmhs) S3_D(cmtst) S3_D(cmeq) \
	V3_BHSD(sshl) V3_BHSD(ushl) V3_BHSD(srshl) V3_BHSD(urshl) S3_D(sshl) S3_D(ushl) S3_D(srshl) S3_D(urshl) \
	V3_BHSD(sqshl) V3_BHSD(uqshl) V3_BHSD(sqrshl) V3_BHSD(uqrshl) \
	S3_BHSD(sqshl) S3_BHSD(uqshl) S3_BHSD(sqrshl) S3_BHSD(uqrshl) \
	V3_BHS(smax) V3_BHS(umax) V3_BHS(smin) V3_BHS(umin) V3_BHS(sabd) V3_BHS(uabd) V3_BHS(saba) V3_BHS(uaba) \
	V3_BHSD(addp) CASE(addp, SIMD_DESC(3, SC), "addp d0, v1.2d") \
	V3_BHS(smaxp) V3_BHS(umaxp) V3_BHS(sminp) V3_BHS(uminp) \
	V3_HS(sqdmulh) V3_HS(sqrdmulh) V3_HS(sqrdmlah) V3_HS(sqrdmlsh) \
	S3_HS(sqdmulh) S3_HS(sqrdmulh) S3_HS(sqrdmlah) S3_HS(sqrdmlsh) \
	E3_HS(sqdmulh) E3_HS(sqrdmulh) E3_HS(sqrdmlah) E3_HS(sqrdmlsh) \
	SE3_HS(sqdmulh) SE3_HS(sqrdmulh) SE3_HS(sqrdmlah) SE3_HS(sqrdmlsh) \
	DOT(sdot) DOT(udot) DOT(usdot) DOT_E(sdot) DOT_E(udot) DOT_E(usdot) DOT_E(sudot) \
	CASE(smmla, Q, "smmla v0.4s, v1.16b, v2.16b") CASE(ummla, Q, "ummla v0.4s, v1.16b, v2.16b") \
	CASE(usmmla, Q, "usmmla v0.4s, v1.16b, v2.16b") \
	LONG_BHS(saddl) LONG_BHS(uaddl) LONG_BHS(ssubl) LONG_BHS(usubl) \
	WIDE_BHS(saddw) WIDE_BHS(uaddw) WIDE_BHS(ssubw) WIDE_BHS(usubw) \
	HIGH_BHS(addhn) HIGH_BHS(raddhn) HIGH_BHS(subhn) HIGH_BHS(rsubhn) \
	LONG_BHS(sabal) LONG_BHS(uabal) LONG_BHS(sabdl) LONG_BHS(uabdl) LONG_BHS(smull) LONG_BHS(umull) \
	LONG_BHS(smlal) LONG_BHS(umlal) LONG_BHS(smlsl) LONG_BHS(umlsl) \
	LONG_E(smull) LONG_E(umull) LONG_E(smlal) LONG_E(umlal) LONG_E(smlsl) LONG_E(umlsl) \
	LONG_HS(sqdmull) LONG_HS(sqdmlal) LONG_HS(sqdmlsl) LONG_E(sqdmull) LONG_E(sqdmlal) LONG_E(sqdmlsl) \
	LONG_SCALAR(sqdmull) LONG_SCALAR(sqdmlal) LONG_SCALAR(sqdmlsl) LONG_B(pmull) \
	W(pmull, "pmull", 3, 0, "1q", "1d", "1d") W(pmull, "pmull2", 3, Q, "1q", "2d", "2d") \
	V2_B(rev16, "rev16", "") V2_B(rev32, "rev32", "") V2_H(rev32, "rev32", "") V2_BHS(rev64, "rev64", "") \
	V2_BHS(cls, "cls", "") V2_BHS(clz, "clz", "") V2_B(cnt, "cnt", "") V2_B(not, "not", "") V2_B(rbit, "rbit", "") \
	V2_BHSD(abs, "abs", "") V2_BHSD(neg, "neg", "") S2(abs, "abs", 3, "d", "d", "") S2(neg, "neg", 3, "d", "d", "") \
	V2_BHSD(sqabs, "sqabs", "") V2_BHSD(sqneg, "sqneg", "") S2_BHSD(sqabs, "sqabs", "") S2_BHSD(sqneg, "sqneg", "") \
	V2_BHSD(suqadd, "suqadd", "") V2_BHSD(usqadd, "usqadd", "") \
	S2_BHSD(suqadd, "suqadd", "") S2_BHSD(usqadd, "usqadd", "") \
	PAIRWISE_LONG(saddlp) PAIRWISE_LONG(uaddlp) PAIRWISE_LONG(sadalp) PAIRWISE_LONG(uadalp) \
	ZERO(cmgt_zero, "cmgt") ZERO(cmge_zero, "cmge") ZERO(cmeq_zero, "cmeq") ZERO(cmle_zero, "cmle") \
	ZERO(cmlt_zero, "cmlt") \
	NARROW_BHS(xtn) NARROW_BHS(sqxtn) NARROW_BHS(uqxtn) NARROW_BHS(sqxtun) \
	NARROW_SCALAR(sqxtn) NARROW_SCALAR(uqxtn) NARROW_SCALAR(sqxtun) \
	SHLL("shll", 0, 0, "8h", "8b", "8") SHLL("shll2", 0, Q, "8h", "16b", "8") SHLL("shll", 1, 0, "4s", "4h", "16") \
	SHLL("shll2", 1, Q, "4s", "8h", "16") SHLL("shll", 2, 0, "2d", "2s", "32") SHLL("shll2", 2, Q, "2d", "4s", "32") \
	V2_S(urecpe, "urecpe", "") V2_S(ursqrte, "ursqrte", "") \
	ACROSS_BHS(addv) ACROSS_LONG(saddlv) ACROSS_LONG(uaddlv) \
	ACROSS_BHS(smaxv) ACROSS_BHS(umaxv) ACROSS_BHS(sminv) ACROSS_BHS(uminv) \
	ACROSS_FP(fmaxv) ACROSS_FP(fminv) ACROSS_FP(fmaxnmv) ACROSS_FP(fminnmv) \
	SH_RIGHT(sshr, "sshr") SH_RIGHT(ushr, "ushr") SH_RIGHT(ssra, "ssra") SH_RIGHT(usra, "usra") \
	SH_RIGHT(srshr, "srshr") SH_RIGHT(urshr, "urshr") SH_RIGHT(srsra, "srsra") SH_RIGHT(ursra, "ursra") \
	SH_RIGHT(sri, "sri") SH_LEFT(sli, "sli") SH_LEFT(shl, "shl") \
	SSH_RIGHT(sshr, "sshr") SSH_RIGHT(ushr, "ushr") SSH_RIGHT(ssra, "ssra") SSH_RIGHT(usra, "usra") \
	SSH_RIGHT(srshr, "srshr") SSH_RIGHT(urshr, "urshr") SSH_RIGHT(srsra, "srsra") SSH_RIGHT(ursra, "ursra") \
	SSH_RIGHT(sri, "sri") SSH_LEFT(sli, "sli") SSH_LEFT(shl, "shl") \
	SH_LEFT(sqshl_imm, "sqshl") SH_LEFT(uqshl_imm, "uqshl") SH_LEFT(sqshlu, "sqshlu") \
	SSH_LEFT(sqshl_imm, "sqshl") SSH_LEFT(uqshl_imm, "uqshl") SSH_LEFT(sqshlu, "sqshlu") \
	SSH_LEFT_BHS(sqshl_imm, "sqshl") SSH_LEFT_BHS(uqshl_imm, "uqshl") SSH_LEFT_BHS(sqshlu, "sqshlu") \
	SH_LONG(sshll, "sshll") SH_LONG(ushll, "ushll") SH_NARROW(shrn) SH_NARROW(rshrn) \
	SH_NARROW(sqshrn) SH_NARROW(uqshrn) SH_NARROW(sqshrun) SH_NARROW(sqrshrn) SH_NARROW(uqrshrn) SH_NARROW(sqrshrun) \
	SSH_NARROW(sqshrn) SSH_NARROW(uqshrn) SSH_NARROW(sqshrun) \
	SSH_NARROW(sqrshrn) SSH_NARROW(uqrshrn) SSH_NARROW(sqrshrun) \
	V3_BHSD(zip1) V3_BHSD(zip2) V3_BHSD(uzp1) V3_BHSD(uzp2) V3_BHSD(trn1) V3_BHSD(trn2) \
	CASE(ext, SIMD_IMM(0), "ext v0.8b, v1.8b, v2.8b, #0") CASE(ext, SIMD_IMM(5), "ext v0.8b, v1.8b, v2.8b, #5") \
	CASE(ext, Q | SIMD_IMM(3), "ext v0.16b, v1.16b, v2.16b, #3") \
	CASE(ext, Q | SIMD_IMM(15), "ext v0.16b, v1.16b, v2.16b, #15") TABLES(tbl) TABLES(tbx) \
	DUP_INS(0, "8b", "16b", "b", 13, 3) DUP_INS(1, "4h", "8h", "h", 6, 7) DUP_INS(2, "2s", "4s", "s", 3, 1) \
	DUP_INS(3, "", "2d", "d", 1, 0) CASE(dup, SIMD_DESC(1, SIMD_IMM(5)), "dup v0.4h, v1.h[5]") \
	V3_FP(fadd) V3_FP(fsub) V3_FP(fmul) V3_FP(fdiv) V3_FP(fmulx) V3_FP(fmax) V3_FP(fmin) V3_FP(fmaxnm) V3_FP(fminnm) \
	S3_FP(fadd) S3_FP(fsub) S3_FP(fmul) S3_FP(fdiv) S3_FP(fmulx) S3_FP(fmax) S3_FP(fmin) S3_FP(fmaxnm) S3_FP(fminnm) \
	S3_FP(fnmul) V3_FP(fabd) S3_FP(fabd) V3_FP(fmla) V3_FP(fmls) E3_FP(fmla) E3_FP(fmls) E3_FP(fmul) E3_FP(fmulx) \
	SE3_FP(fmla) SE3_FP(fmls) SE3_FP(fmul) SE3_FP(fmulx) \
	V3_FP(fcmeq) V3_FP(fcmge) V3_FP(fcmgt) V3_FP(facge) V3_FP(facgt) V3_FP(frecps) V3_FP(frsqrts) \
	S3_FP(fcmeq) S3_FP(fcmge) S3_FP(fcmgt) S3_FP(facge) S3_FP(facgt) S3_FP(frecps) S3_FP(frsqrts) \
	V3_FP(faddp) V3_FP(fmaxp) V3_FP(fminp) V3_FP(fmaxnmp) V3_FP(fminnmp) \
	PAIR_SCALAR(faddp) PAIR_SCALAR(fmaxp) PAIR_SCALAR(fminp) PAIR_SCALAR(fmaxnmp) PAIR_SCALAR(fminnmp) \
	FHM(fmlal) FHM(fmlal2) FHM(fmlsl) FHM(fmlsl2) COMPLEX(fcadd, 90, 1) COMPLEX(fcadd, 270, 3) \
	COMPLEX(fcmla, 0, 0) COMPLEX(fcmla, 90, 1) COMPLEX(fcmla, 180, 2) COMPLEX(fcmla, 270, 3) \
	COMPLEX_E(0, 0) COMPLEX_E(90, 1) COMPLEX_E(180, 2) COMPLEX_E(270, 3) \
	FP2S(fabs) FP2S(fneg) FP2S(fsqrt) FP2S(frecpe) FP2S(frsqrte) S2_FP(frecpx, "frecpx", "") \
	FP2S(frintn) FP2S(frintm) FP2S(frintp) FP2S(frintz) FP2S(frinta) FP2S(frintx) FP2S(frinti) \
	FP2_SD(frint32z) FP2_SD(frint32x) FP2_SD(frint64z) FP2_SD(frint64x) \
	FP2S(fcvtns) FP2S(fcvtms) FP2S(fcvtps) FP2S(fcvtzs) FP2S(fcvtas) \
	FP2S(fcvtnu) FP2S(fcvtmu) FP2S(fcvtpu) FP2S(fcvtzu) FP2S(fcvtau) \
	FP2S(scvtf) FP2S(ucvtf) FIXED(fcvtzs) FIXED(fcvtzu) FIXED(scvtf) FIXED(ucvtf) \
	ZERO_FP(fcmgt_zero, "fcmgt") ZERO_FP(fcmge_zero, "fcmge") ZERO_FP(fcmeq_zero, "fcmeq") \
	ZERO_FP(fcmle_zero, "fcmle") ZERO_FP(fcmlt_zero, "fcmlt") \
	V2(fcvtl, "fcvtl", 1, 0, "4s", "4h", "") V2(fcvtl, "fcvtl2", 1, Q, "4s", "8h", "") \
	V2(fcvtl, "fcvtl", 2, 0, "2d", "2s", "") V2(fcvtl, "fcvtl2", 2, Q, "2d", "4s", "") \
	V2(fcvtn, "fcvtn", 1, 0, "4h", "4s", "") V2(fcvtn, "fcvtn2", 1, Q, "8h", "4s", "") \
	V2(fcvtn, "fcvtn", 2, 0, "2s", "2d", "") V2(fcvtn, "fcvtn2", 2, Q, "4s", "2d", "") \
	V2(fcvtxn, "fcvtxn", 2, 0, "2s", "2d", "") V2(fcvtxn, "fcvtxn2", 2, Q, "4s", "2d", "") \
	CASE(fcvtxn, SIMD_DESC(2, SC), "fcvtxn s0, d1") \
	CASE(fcvt, SIMD_DESC(1, SC | SIMD_IMM(3)), "fcvt d0, h1") CASE(fcvt, SIMD_DESC(3, SC | SIMD_IMM(1)), "fcvt h0, d1") \
	V2(aese, "aese", 0, Q, "16b", "16b", "") V2(aesd, "aesd", 0, Q, "16b", "16b", "") \
	V2(aesmc, "aesmc", 0, Q, "16b", "16b", "") V2(aesimc, "aesimc", 0, Q, "16b", "16b", "") \
	CASE(sha1c, Q, "sha1c q0, s1, v2.4s") CASE(sha1p, Q, "sha1p q0, s1, v2.4s") CASE(sha1m, Q, "sha1m q0, s1, v2.4s") \
	CASE(sha1h, SC, "sha1h s0, s1") CASE(sha1su0, Q, "sha1su0 v0.4s, v1.4s, v2.4s") \
	CASE(sha1su1, Q, "sha1su1 v0.4s, v1.4s") CASE(sha256h, Q, "sha256h q0, q1, v2.4s") \
	CASE(sha256h2, Q, "sha256h2 q0, q1, v2.4s") CASE(sha256su0, Q, "sha256su0 v0.4s, v1.4s") \
	CASE(sha256su1, Q, "sha256su1 v0.4s, v1.4s, v2.4s")
