/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the select_fp.c and select_vec*.c files share: opcodes of vector instructions, the state of one vector op being
 * emitted, and the table of rules.
 *
 * A rule's function gets a struct vx: source registers that it must not change, and d, which is none of them. It may use
 * d as a temporary before it holds the result, XT0, XT1, rax, rcx and rdx; XT2 only if there is no by-element operand.
 */
#ifndef ENGINE_DBT_X64_VEC_H
#define ENGINE_DBT_X64_VEC_H

#include "engine/dbt/x64/gen.h"
#include "isa/arm64/simd.h"

/* A VEX opcode: map, prefix, byte. */
#define VOP(map, pp, op)	((uint16_t)((map) << 10 | (pp) << 8 | (op)))
#define VNP(op)		VOP(1, 0, op)
#define V66(op)		VOP(1, 1, op)
#define VF3(op)		VOP(1, 2, op)
#define VF2(op)		VOP(1, 3, op)
#define V38(op)		VOP(2, 1, op)
#define V3A(op)		VOP(3, 1, op)

enum {
	PAND = V66(0xdb), PANDN = V66(0xdf), POR = V66(0xeb), PXOR = V66(0xef),
	PADDB = V66(0xfc), PADDW = V66(0xfd), PADDD = V66(0xfe), PADDQ = V66(0xd4),
	PSUBB = V66(0xf8), PSUBW = V66(0xf9), PSUBD = V66(0xfa), PSUBQ = V66(0xfb),
	PCMPEQB = V66(0x74), PCMPEQW = V66(0x75), PCMPEQD = V66(0x76), PCMPEQQ = V38(0x29),
	PCMPGTB = V66(0x64), PCMPGTW = V66(0x65), PCMPGTD = V66(0x66), PCMPGTQ = V38(0x37),
	PMINSB = V38(0x38), PMINSW = V66(0xea), PMINSD = V38(0x39), PMINUB = V66(0xda), PMINUW = V38(0x3a), PMINUD = V38(0x3b),
	PMAXSB = V38(0x3c), PMAXSW = V66(0xee), PMAXSD = V38(0x3d), PMAXUB = V66(0xde), PMAXUW = V38(0x3e), PMAXUD = V38(0x3f),
	PADDSB = V66(0xec), PADDSW = V66(0xed), PADDUSB = V66(0xdc), PADDUSW = V66(0xdd),
	PSUBSB = V66(0xe8), PSUBSW = V66(0xe9), PSUBUSB = V66(0xd8), PSUBUSW = V66(0xd9),
	PAVGB = V66(0xe0), PAVGW = V66(0xe3), PABSB = V38(0x1c), PABSW = V38(0x1d), PABSD = V38(0x1e),
	PMULLW = V66(0xd5), PMULLD = V38(0x40), PMULUDQ = V66(0xf4), PMULDQ = V38(0x28), PMULHW = V66(0xe5), PMULHUW = V66(0xe4),
	PMULHRSW = V38(0x0b), PMADDWD = V66(0xf5), PMADDUBSW = V38(0x04),
	PUNPCKLBW = V66(0x60), PUNPCKLWD = V66(0x61), PUNPCKLDQ = V66(0x62), PUNPCKLQDQ = V66(0x6c),
	PUNPCKHBW = V66(0x68), PUNPCKHWD = V66(0x69), PUNPCKHDQ = V66(0x6a), PUNPCKHQDQ = V66(0x6d),
	PACKSSWB = V66(0x63), PACKSSDW = V66(0x6b), PACKUSWB = V66(0x67), PACKUSDW = V38(0x2b),
	PSHUFB = V38(0x00), PSHUFD = V66(0x70), PSHUFLW = VF2(0x70), PSHUFHW = VF3(0x70), PALIGNR = V3A(0x0f),
	SHUFPS = VNP(0xc6), PBLENDVB = V3A(0x4c), PBLENDW = V3A(0x0e), PBLENDD = V3A(0x02),
	PMOVSXBW = V38(0x20), PMOVSXWD = V38(0x23), PMOVSXDQ = V38(0x25),
	PMOVZXBW = V38(0x30), PMOVZXWD = V38(0x33), PMOVZXDQ = V38(0x35),
	PSHIFTW = V66(0x71), PSHIFTD = V66(0x72), PSHIFTQ = V66(0x73),	/* with an immediate: see v_shift */
	PSADBW = V66(0xf6), PTEST = V38(0x17), PBROADCASTB = V38(0x78), PBROADCASTW = V38(0x79),
	MOVQ = VF3(0x7e), INSERTPS = V3A(0x21), ANDPS = VNP(0x54), ANDNPS = VNP(0x55), ORPS = VNP(0x56), XORPS = VNP(0x57),
	TESTPS = V38(0x0e), TESTPD = V38(0x0f), CVTPH2PS = V38(0x13), CVTPS2PH = V3A(0x1d),
	AESENC = V38(0xdc), AESDEC = V38(0xde), AESENCLAST = V38(0xdd), AESDECLAST = V38(0xdf), AESIMC = V38(0xdb),
	PCLMULQDQ = V3A(0x44),
};

static inline void v_op(struct code *c, unsigned op, unsigned d, unsigned a, unsigned b)
{
	v_rrr(c, op >> 10, op >> 8 & 3, false, op & 0xff, d, a, b);
}

/* Two operands: the VEX vvvv field is unused. */
static inline void v_op2(struct code *c, unsigned op, unsigned d, unsigned s)
{
	v_op(c, op, d, 0, s);
}

static inline void v_opi(struct code *c, unsigned op, unsigned d, unsigned a, unsigned b, unsigned imm)
{
	v_op(c, op, d, a, b);
	e8(c, imm);
}

/* Shift by an immediate: group opcode and /digit (2 right, 4 arithmetic, 6 left; PSHIFTQ by bytes 3, 7); d = s shifted. */
static inline void v_shift(struct code *c, unsigned group, unsigned digit, unsigned d, unsigned s, unsigned n)
{
	v_op(c, group, digit, d, s);
	e8(c, n);
}

/* GPR <-> XMM. */
static inline void v_movd_from(struct code *c, bool w, unsigned d, unsigned gpr)
{
	v_rrr(c, 1, 1, w, 0x6e, d, 0, gpr);
}

static inline void v_movd_to(struct code *c, bool w, unsigned gpr, unsigned s)
{
	v_rrr(c, 1, 1, w, 0x7e, s, 0, gpr);
}

static inline void v_zero(struct code *c, unsigned d)
{
	v_op(c, PXOR, d, d, d);
}

static inline void v_ones(struct code *c, unsigned d)
{
	v_op(c, PCMPEQD, d, d, d);
}

/* One vector op being emitted. */
struct vx {
	struct gen *g;
	struct code *c;
	struct ir_ins *i;
	uint32_t desc;
	unsigned op, size, imm, elem;
	bool q, scalar, by_elem;
	unsigned d, n, m, a;		/* registers; a: old d */
	struct side *side;		/* cold: the record of the exact path */
	uint32_t cold[8];		/* jumps to it */
	unsigned cold_count;
	bool whole;			/* the function has cleared what is above a 64-bit or scalar result */
};

enum vop_flag {
	VR_COLD = 1,		/* may go to the exact path: x->side is there */
	VR_SCALAR = 2,		/* also scalar forms */
	VR_OWN_M = 4,		/* the function itself deals with a by-element m */
	VR_NO_IMM = 8,		/* only if the immediate is zero */
	VR_FMA = 16, VR_AES = 32, VR_PCLMUL = 64, VR_F16C = 128, VR_BMI2 = 256,	/* what the host must have besides AVX2 */
};

struct vop_rule {
	void (*emit)(struct vx *x, const struct vop_rule *r);
	uint8_t sizes;		/* bit per element size that is done inline */
	uint8_t arg;		/* the function's */
	uint16_t flags;		/* enum vop_flag */
	uint16_t op[4];		/* by element size, or as the function says */
};

#define VEC_FNS(X) \
	X(rrr) X(rrr_swap) X(or_not) X(mul) X(mla) X(select) X(not_less) X(greater_u) X(test_bits) \
	X(compare_zero) X(abs64) X(unary) X(negate) X(invert) X(abs_diff) X(halving) X(saturate) X(saturate_s) \
	X(saturate_unary) X(saturate_u32) X(mul_high) X(dot) X(pairs) X(nibble_counts) X(popcount) X(reverse_bits) X(pairs_long) \
	X(shift_imm) X(shift_insert) X(shift_round) X(shift_var) X(shift_left_long) X(widen) X(widen_mul) \
	X(widen_mul_sat) X(widen_diff) X(narrow) X(narrow_high) X(narrow_sat) X(across) X(across_long) X(zip2) \
	X(unzip) X(transpose) X(ext) X(reverse) X(dup) X(ins) X(tbl) X(f_rrr) X(f_abs_diff) X(f_fma) \
	X(f_min_max) X(f_compare) X(f_compare_abs) X(f_compare_zero) X(f_pairs) X(f_across) X(f_sign) X(f_sqrt) \
	X(f_round) X(f_to_int) X(f_to_uint) X(f_from_int) X(f_from_uint) X(f_widen) X(f_narrow) X(aes) \
	X(aes_mix) X(aes_round) X(pmull) X(sha256) X(sha256su0) X(sha256su1) X(sha1) X(sha1h) X(sha1su0) \
	X(sha1su1)
#define X(name) void vec_##name(struct vx *x, const struct vop_rule *r);
VEC_FNS(X)
#undef X

/* d: the even or odd elements of n, then those of m. tmp is none of the others. */
void vx_even(struct code *c, unsigned size, unsigned d, unsigned n, unsigned m, unsigned tmp);
void vx_odd(struct code *c, unsigned size, unsigned d, unsigned n, unsigned m, unsigned tmp);
/* d = s shifted in every element; n may be the element's width. Uses XT0 for bytes and signed 64; d may be s. */
enum vx_shift { VX_SHR = 2, VX_SAR = 4, VX_SHL = 6 };
void vx_shift(struct code *c, unsigned size, enum vx_shift how, unsigned d, unsigned s, unsigned n);
/* d = s >> n in every element, rounded to nearest, ties up. Uses XT0; d and s are neither that nor tmp, nor the same. */
void vx_shift_round(struct code *c, unsigned size, enum vx_shift how, unsigned d, unsigned s, unsigned n, unsigned tmp);
/* d = n +- m, saturated, of 32 and 64 bits; sets QC; d is neither n nor m. Uses XT0, XT1. */
void vx_saturating_add(struct vx *x, unsigned size, bool subtract, unsigned d, unsigned n, unsigned m);
/* Elements of d that are the most negative number become the most positive one; sets QC. Uses XT0. */
void vx_saturate_lowest(struct vx *x, unsigned size, unsigned d);
/* v in every element of d. */
void vx_const_all(struct code *c, unsigned d, unsigned size, uint64_t v);
/* Zero above the lowest `bytes`. */
void vx_clear_above(struct code *c, unsigned d, unsigned bytes);

/*
 * Fetches the sources, with `cold` starts the record of the exact path, and defines the result in a register that is no
 * source's. False: too few registers for that; the op must go by gen_exact_always.
 */
bool vx_begin(struct vx *x, struct gen *g, struct ir_ins *i, bool cold);
void vx_end(struct vx *x);

/* Operations that no instruction has: AES rounds with nothing added, made of AESE and AESMC, AESD and AESIMC; ones in 64 bits. */
enum { VOP_AES_ROUND = SIMD_OP_COUNT, VOP_AES_INVERSE_ROUND, VOP_POPCOUNT, VOP_COUNT };

/* NULL: not inline on this host, in this mode, for this form. */
const struct vop_rule *vop_rule_find(const struct gen *g, unsigned op, uint32_t desc);

/* Jumps to the exact path if the condition holds. */
void vx_cold(struct vx *x, enum x_cc cc);
/* The same if there is a NaN among d's lanes; `packed`: in any. F64 if size is 3. Uses XT0. */
void vx_cold_if_nan(struct vx *x, unsigned size, bool packed);
/* r = a rounded to an integral value; ROUND_AWAY raises nothing, others inexact if `inexact`. d, XT0..1 are not a. */
void vx_round(struct vx *x, unsigned r, unsigned a, unsigned tmp, bool f64, enum ir_round how, bool inexact);
/* Sets QC if any bit of `bits` is set in a lane that counts; changes `bits`. */
void vx_qc(struct vx *x, unsigned bits);
/* reg, or a copy in scratch where every lane has a used lane's value: then none raises a flag of its own. */
unsigned vx_used_lanes(struct vx *x, unsigned reg, unsigned scratch);
void vx_const(struct code *c, unsigned d, uint64_t lo, uint64_t hi);
void vx_broadcast(struct code *c, unsigned d, unsigned s, unsigned size, unsigned index);

#endif
