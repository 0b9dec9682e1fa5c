/* SPDX-License-Identifier: BSD-2-Clause */
/* Advanced SIMD, shifts by an immediate; the count arrives decoded. ARM DDI 0487 C4.1.96.9, C7.2. */
#include "isa/arm64/simd_impl.h"

/* Right shifts by 1..bits; round_shift() gives what a shift by all of the bits has to. */
#define SHIFT_S(a, n)	((uint64_t)((i128)(a) >> (n)))
#define SHIFT_U(a, n)	((uint64_t)((u128)(a) >> (n)))
#define ROUND(a, n)	((uint64_t)round_shift(a, n))

SIMD_UNARY(sshr, SHIFT_S(sa, imm))
SIMD_UNARY(ushr, SHIFT_U(a, imm))
SIMD_UNARY(ssra, c + SHIFT_S(sa, imm))
SIMD_UNARY(usra, c + SHIFT_U(a, imm))
SIMD_UNARY(srshr, ROUND(sa, imm))
SIMD_UNARY(urshr, ROUND(a, imm))
SIMD_UNARY(srsra, c + ROUND(sa, imm))
SIMD_UNARY(ursra, c + ROUND(a, imm))

SIMD_UNARY(sri, SHIFT_U(a, imm) | (c & ~SHIFT_U(UINT64_MAX >> (64 - bits), imm)))
SIMD_UNARY(sli, a << imm | (c & ((1ULL << imm) - 1)))
SIMD_UNARY(shl, a << imm)

SIMD_UNARY(sqshl_imm, sat_s(env, (i128)sa * ((i128)1 << imm), bits))
SIMD_UNARY(uqshl_imm, sat_u(env, (i128)((u128)a << imm), bits))
SIMD_UNARY(sqshlu, sat_u(env, (i128)sa * ((i128)1 << imm), bits))

SIMD_WIDEN_UNARY(sshll, (uint64_t)sa << imm)
SIMD_WIDEN_UNARY(ushll, a << imm)

SIMD_NARROW(shrn, false, a >> imm)
SIMD_NARROW(rshrn, false, ROUND(a, imm))
SIMD_NARROW(sqshrn, false, sat_s(env, sa >> imm, bits))
SIMD_NARROW(uqshrn, false, sat_u(env, a >> imm, bits))
SIMD_NARROW(sqshrun, false, sat_u(env, sa >> imm, bits))
SIMD_NARROW(sqrshrn, false, sat_s(env, round_shift(sa, imm), bits))
SIMD_NARROW(uqrshrn, false, sat_u(env, round_shift(a, imm), bits))
SIMD_NARROW(sqrshrun, false, sat_u(env, round_shift(sa, imm), bits))
