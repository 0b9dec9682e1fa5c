/* SPDX-License-Identifier: BSD-2-Clause */
/* A64 immediates and conditions: see a64_imm.h. Arm ARM (DDI 0487) J1.3, shared pseudocode. */
#include "isa/arm64/a64_imm.h"

#include "base/bits.h"

static uint64_t ones(unsigned n)	/* n low bits, n 0..64 */
{
	return n ? ~0ull >> (64 - n) : 0;
}

static uint64_t replicate(uint64_t v, unsigned from_bits)
{
	for (unsigned n = from_bits; n < 64; n *= 2)
		v |= v << n;
	return v;
}

bool a64_bitmask(unsigned n, unsigned imms, unsigned immr, unsigned reg_bits, uint64_t *wmask, uint64_t *tmask)
{
	unsigned sizes = (n & 1) << 6 | (~imms & 0x3f);
	unsigned esize, s, r, d;
	uint64_t element;

	if (sizes < 2)
		return false;
	esize = 1u << (63 - clz64(sizes));
	if (esize > reg_bits)
		return false;
	s = imms & (esize - 1);
	r = immr & (esize - 1);
	d = (s - r) & (esize - 1);
	if (wmask) {
		element = ones(s + 1);
		if (r)
			element = (element >> r | element << (esize - r)) & ones(esize);
		*wmask = replicate(element, esize) & ones(reg_bits);
	}
	if (tmask)
		*tmask = replicate(ones(d + 1), esize) & ones(reg_bits);
	return true;
}

/* sign, exponent NOT(b):b...b:cd, fraction efgh followed by zeros. */
static uint64_t vfp_expand(uint8_t imm8, unsigned bits, unsigned exponent_bits)
{
	unsigned fraction_bits = bits - exponent_bits - 1;
	uint64_t b = imm8 >> 6 & 1;
	uint64_t exponent = (b ^ 1) << (exponent_bits - 1) | (b ? ones(exponent_bits - 3) : 0) << 2 | (imm8 >> 4 & 3);

	return (uint64_t)(imm8 >> 7) << (bits - 1) | exponent << fraction_bits | (uint64_t)(imm8 & 15) << (fraction_bits - 4);
}

uint16_t a64_vfp_expand_imm16(uint8_t imm8)
{
	return (uint16_t)vfp_expand(imm8, 16, 5);
}

uint32_t a64_vfp_expand_imm32(uint8_t imm8)
{
	return (uint32_t)vfp_expand(imm8, 32, 8);
}

uint64_t a64_vfp_expand_imm64(uint8_t imm8)
{
	return vfp_expand(imm8, 64, 11);
}

/* Each bit of imm8 becomes a byte of zeros or ones. */
static uint64_t bytes_from_bits(uint8_t imm8)
{
	uint64_t v = 0;

	for (unsigned i = 0; i < 8; i++)
		if (imm8 >> i & 1)
			v |= 0xffull << (8 * i);
	return v;
}

bool a64_simd_expand_imm(unsigned op, unsigned cmode, uint8_t imm8, uint64_t *out)
{
	uint64_t v = imm8;

	if (op > 1 || cmode > 15)
		return false;
	if (cmode < 8)					/* 32-bit lanes, imm8 shifted by 0, 8, 16 or 24 */
		*out = replicate(v << (cmode >> 1) * 8, 32);
	else if (cmode < 12)				/* 16-bit lanes, imm8 shifted by 0 or 8 */
		*out = replicate(v << (cmode >> 1 & 1) * 8, 16);
	else if (cmode < 14)				/* 32-bit lanes, ones shifted in behind */
		*out = replicate(cmode & 1 ? v << 16 | 0xffff : v << 8 | 0xff, 32);
	else if (cmode == 14)
		*out = op ? bytes_from_bits(imm8) : replicate(v, 8);
	else
		*out = op ? a64_vfp_expand_imm64(imm8) : replicate(a64_vfp_expand_imm32(imm8), 32);
	return true;
}

bool a64_cond(unsigned cond, unsigned nzcv)
{
	bool n = nzcv & A64_NZCV_N, z = nzcv & A64_NZCV_Z, c = nzcv & A64_NZCV_C, v = nzcv & A64_NZCV_V;
	bool holds;

	switch (cond >> 1 & 7) {
	case 0:		holds = z;		break;	/* EQ NE */
	case 1:		holds = c;		break;	/* CS CC */
	case 2:		holds = n;		break;	/* MI PL */
	case 3:		holds = v;		break;	/* VS VC */
	case 4:		holds = c && !z;	break;	/* HI LS */
	case 5:		holds = n == v;		break;	/* GE LT */
	case 6:		holds = n == v && !z;	break;	/* GT LE */
	default:	return true;			/* AL, and 15 as well */
	}
	return holds != (cond & 1);
}
