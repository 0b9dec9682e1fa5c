/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Scalar FP and CRC instructions that leave something in a general register, in NZCV, or have three sources:
 * SCALAR(text, statement). The statement computes the same on `s` (struct simd_state) with `env`; N(fmt), M(fmt), A(fmt)
 * are the low lanes of v1, v2, v3; D() sets v0, X() sets x0, F() sets NZCV.
 */
#define FCMP(r, fmt) \
	SCALAR("fcmp " r "1, " r "2", F(arm_fcmp(fp, fmt, N(fmt), M(fmt), false))) \
	SCALAR("fcmpe " r "1, " r "2", F(arm_fcmp(fp, fmt, N(fmt), M(fmt), true))) \
	SCALAR("fcmp " r "1, #0.0", F(arm_fcmp(fp, fmt, N(fmt), 0, false)))
#define FMADD(r, fmt) \
	SCALAR("fmadd " r "0, " r "1, " r "2, " r "3", D(arm_fmadd(fp, fmt, N(fmt), M(fmt), A(fmt), false, false))) \
	SCALAR("fmsub " r "0, " r "1, " r "2, " r "3", D(arm_fmadd(fp, fmt, N(fmt), M(fmt), A(fmt), true, false))) \
	SCALAR("fnmadd " r "0, " r "1, " r "2, " r "3", D(arm_fmadd(fp, fmt, N(fmt), M(fmt), A(fmt), true, true))) \
	SCALAR("fnmsub " r "0, " r "1, " r "2, " r "3", D(arm_fmadd(fp, fmt, N(fmt), M(fmt), A(fmt), false, true)))
#define TO_INT_MODE(name, r, fmt, mode) \
	SCALAR(name "s w0, " r "1", X(fp_to_int(fp, fmt, N(fmt), true, 32, 0, mode))) \
	SCALAR(name "s x0, " r "1", X(fp_to_int(fp, fmt, N(fmt), true, 64, 0, mode))) \
	SCALAR(name "u w0, " r "1", X(fp_to_int(fp, fmt, N(fmt), false, 32, 0, mode))) \
	SCALAR(name "u x0, " r "1", X(fp_to_int(fp, fmt, N(fmt), false, 64, 0, mode)))
#define TO_INT(r, fmt) \
	TO_INT_MODE("fcvtn", r, fmt, FP_TIE_EVEN) TO_INT_MODE("fcvtm", r, fmt, FP_DOWN) \
	TO_INT_MODE("fcvtp", r, fmt, FP_UP) \
	TO_INT_MODE("fcvtz", r, fmt, FP_TO_ZERO) TO_INT_MODE("fcvta", r, fmt, FP_TIE_AWAY) \
	SCALAR("fcvtzs w0, " r "1, #32", X(fp_to_int(fp, fmt, N(fmt), true, 32, 32, FP_TO_ZERO))) \
	SCALAR("fcvtzu x0, " r "1, #64", X(fp_to_int(fp, fmt, N(fmt), false, 64, 64, FP_TO_ZERO))) \
	SCALAR("fcvtzs x0, " r "1, #3", X(fp_to_int(fp, fmt, N(fmt), true, 64, 3, FP_TO_ZERO)))
#define FROM_INT(r, fmt) \
	SCALAR("scvtf " r "0, w0", D(fp_from_int(fp, fmt, (uint64_t)(int32_t)s->x[0], true, 0, fp->rounding))) \
	SCALAR("ucvtf " r "0, w0", D(fp_from_int(fp, fmt, (uint32_t)s->x[0], false, 0, fp->rounding))) \
	SCALAR("scvtf " r "0, x0", D(fp_from_int(fp, fmt, s->x[0], true, 0, fp->rounding))) \
	SCALAR("ucvtf " r "0, x0", D(fp_from_int(fp, fmt, s->x[0], false, 0, fp->rounding))) \
	SCALAR("scvtf " r "0, w0, #32", D(fp_from_int(fp, fmt, (uint64_t)(int32_t)s->x[0], true, 32, fp->rounding))) \
	SCALAR("ucvtf " r "0, x0, #64", D(fp_from_int(fp, fmt, s->x[0], false, 64, fp->rounding)))
#define CONVERT(to, from, tf, ff) \
	SCALAR("fcvt " to "0, " from "1", D(fp_convert(fp, ff, tf, N(ff), fp->rounding)))
#define CRC(c, size, r) \
	SCALAR("crc32" c " w0, w0, " r "1", X(arm_crc32((uint32_t)s->x[0], s->x[1], size))) \
	SCALAR("crc32c" c " w0, w0, " r "1", X(arm_crc32c((uint32_t)s->x[0], s->x[1], size)))

#define FP_CASES \
	FCMP("h", FP_F16) FCMP("s", FP_F32) FCMP("d", FP_F64) FMADD("h", FP_F16) FMADD("s", FP_F32) FMADD("d", FP_F64) \
	TO_INT("h", FP_F16) TO_INT("s", FP_F32) TO_INT("d", FP_F64) FROM_INT("h", FP_F16) FROM_INT("s", FP_F32) \
	FROM_INT("d", FP_F64) CONVERT("h", "s", FP_F16, FP_F32) CONVERT("h", "d", FP_F16, FP_F64) \
	CONVERT("s", "h", FP_F32, FP_F16) CONVERT("s", "d", FP_F32, FP_F64) CONVERT("d", "h", FP_F64, FP_F16) \
	CONVERT("d", "s", FP_F64, FP_F32) CRC("b", 1, "w") CRC("h", 2, "w") CRC("w", 4, "w") CRC("x", 8, "x") \
	SCALAR("fjcvtzs w0, d1", { bool z; X(arm_fjcvtzs(fp, N(FP_F64), &z)); F(z ? 4 : 0); })
