/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A64 sub-encodings that several instructions share: bitmask, floating-point and SIMD immediates, and condition codes
 * (Arm ARM, "Shared pseudocode": DecodeBitMasks, VFPExpandImm, AdvSIMDExpandImm, ConditionHolds). Pure functions; used by
 * the lifters, by the tests' model and by the disassembler.
 */
#ifndef ISA_ARM64_A64_IMM_H
#define ISA_ARM64_A64_IMM_H

#include "base/types.h"

/* NZCV as a64_cond takes it: the four bits of PSTATE in the order of an instruction's nzcv field. */
#define A64_NZCV_N	8u
#define A64_NZCV_Z	4u
#define A64_NZCV_C	2u
#define A64_NZCV_V	1u

/*
 * Masks of a logical immediate or of a bit-field move (SBFM, BFM, UBFM). wmask is the immediate of AND/ORR/EOR and the
 * rotated mask of bit-field moves, tmask the latter's mask of kept result bits; both are cut to reg_bits (32 or 64).
 * Either pointer may be NULL. False: the encoding has no element size (n 0, imms 0x3e or 0x3f) or an element wider than
 * the register. That imms isn't all ones, which logical immediates need in addition, is the decode table's business.
 */
bool a64_bitmask(unsigned n, unsigned imms, unsigned immr, unsigned reg_bits, uint64_t *wmask, uint64_t *tmask);

/* FMOV (immediate): the half, single or double that imm8 stands for, as bits. */
uint16_t a64_vfp_expand_imm16(uint8_t imm8);
uint32_t a64_vfp_expand_imm32(uint8_t imm8);
uint64_t a64_vfp_expand_imm64(uint8_t imm8);

/*
 * The 64-bit pattern of a SIMD modified immediate (MOVI, MVNI, ORR, BIC, FMOV): op is bit 29 of the instruction, cmode
 * bits 15:12. MVNI and BIC use its complement; half-precision FMOV is a64_vfp_expand_imm16 in every lane instead. False
 * when op or cmode is out of range.
 */
bool a64_simd_expand_imm(unsigned op, unsigned cmode, uint8_t imm8, uint64_t *out);

/* Whether condition cond (0-15; 14 and 15 always) holds for the flags. */
bool a64_cond(unsigned cond, unsigned nzcv);

#endif
