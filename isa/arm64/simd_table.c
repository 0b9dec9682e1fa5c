/* SPDX-License-Identifier: BSD-2-Clause */
/* The vector operations by number: function, name, and what a translator has to know of them. */
#include "isa/arm64/simd.h"

#define SIMD_DESTRUCTIVE(X) \
	X(mla) X(mls) X(bsl) X(bit) X(bif) X(saba) X(uaba) X(sqrdmlah) X(sqrdmlsh) X(sdot) X(udot) X(usdot) X(sudot) \
	X(smmla) X(ummla) X(usmmla) X(sabal) X(uabal) X(smlal) X(umlal) X(smlsl) X(umlsl) X(sqdmlal) X(sqdmlsl) \
	X(suqadd) X(usqadd) X(sadalp) X(uadalp) X(ssra) X(usra) X(srsra) X(ursra) X(sri) X(sli) X(tbx) X(ins) \
	X(fmla) X(fmls) X(fmlal) X(fmlal2) X(fmlsl) X(fmlsl2) X(fcmla) X(aese) X(aesd) \
	X(sha1c) X(sha1p) X(sha1m) X(sha1su0) X(sha1su1) X(sha256h) X(sha256h2) X(sha256su0) X(sha256su1)

#define SIMD_NARROWING(X) \
	X(addhn) X(raddhn) X(subhn) X(rsubhn) X(xtn) X(sqxtn) X(uqxtn) X(sqxtun) X(shrn) X(rshrn) \
	X(sqshrn) X(uqshrn) X(sqshrun) X(sqrshrn) X(uqrshrn) X(sqrshrun) X(fcvtn) X(fcvtxn)

#define SIMD_CRYPTO_BINARY(X) \
	X(sha1c) X(sha1p) X(sha1m) X(sha1su0) X(sha256h) X(sha256h2) X(sha256su1)

#define SIMD_SATURATING(X) \
	X(sqadd) X(uqadd) X(sqsub) X(uqsub) X(sqshl) X(uqshl) X(sqrshl) X(uqrshl) X(sqdmulh) X(sqrdmulh) \
	X(sqrdmlah) X(sqrdmlsh) X(sqdmull) X(sqdmlal) X(sqdmlsl) X(sqabs) X(sqneg) X(suqadd) X(usqadd) \
	X(sqxtn) X(uqxtn) X(sqxtun) X(sqshl_imm) X(uqshl_imm) X(sqshlu) \
	X(sqshrn) X(uqshrn) X(sqshrun) X(sqrshrn) X(uqrshrn) X(sqrshrun)

simd_fn *const simd_table[SIMD_OP_COUNT] = {
#define X(name) [SIMD_##name] = simd_##name,
	SIMD_OPS(X)
#undef X
};

const char *const simd_names[SIMD_OP_COUNT] = {
#define X(name) [SIMD_##name] = #name,
	SIMD_OPS(X)
#undef X
};

#define X(name) case SIMD_##name:

static unsigned d_traits(enum simd_op op)
{
	switch (op) {
	SIMD_DESTRUCTIVE(X)
		return SIMD_READS_D;
	SIMD_NARROWING(X)
		return SIMD_READS_D_IF_Q;
	default:
		return 0;
	}
}

static unsigned m_traits(enum simd_op op)
{
	switch (op) {
	case SIMD_dup:
	case SIMD_ins:
		return 0;
	SIMD_THREE_SAME(X)
	SIMD_THREE_DIFFERENT(X)
	case SIMD_zip1 ... SIMD_tbx:
	SIMD_FP_THREE(X)
	SIMD_CRYPTO_BINARY(X)
	case SIMD_fcmp:
		return SIMD_READS_M;
	default:
		return 0;
	}
}

static unsigned flag_traits(enum simd_op op)
{
	switch (op) {
	SIMD_SATURATING(X)
		return SIMD_SETS_QC;
	case SIMD_fabs:
	case SIMD_fneg:
		return 0;
	case SIMD_fmaxv:
	case SIMD_fminv:
	case SIMD_fmaxnmv:
	case SIMD_fminnmv:
	SIMD_FP_THREE(X)
	case SIMD_fsqrt ... SIMD_fcvtxn:
		return SIMD_USES_FP;
	default:
		return 0;
	}
}

unsigned simd_traits(enum simd_op op)
{
	return d_traits(op) | m_traits(op) | flag_traits(op);
}
