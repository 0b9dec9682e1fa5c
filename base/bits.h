/* SPDX-License-Identifier: BSD-2-Clause */
/* Bits, fields and checked arithmetic. Hardware fields are named masks, never C bit-fields. */
#ifndef BASE_BITS_H
#define BASE_BITS_H

#include "base/types.h"

#define BIT(n)			(1ull << (n))
/* Bits hi..lo set. */
#define MASK(hi, lo)		((~0ull >> (63 - (hi))) & (~0ull << (lo)))
#define field_get(mask, v)	(((uint64_t)(v) & (mask)) / ((mask) & -(uint64_t)(mask)))
#define field_put(mask, v)	(((uint64_t)(v) * ((mask) & -(uint64_t)(mask))) & (mask))
#define field_set(old, mask, v)	(((old) & ~(uint64_t)(mask)) | field_put(mask, v))

#define add_overflows(a, b, out)	__builtin_add_overflow(a, b, out)
#define sub_overflows(a, b, out)	__builtin_sub_overflow(a, b, out)
#define mul_overflows(a, b, out)	__builtin_mul_overflow(a, b, out)

/* Bits lo..lo+n-1 of v. */
static inline uint64_t bits(uint64_t v, unsigned lo, unsigned n)
{
	return n >= 64 ? v >> lo : (v >> lo) & ((1ull << n) - 1);
}

/* The low n bits of v as a signed number. */
static inline int64_t sign_extend(uint64_t v, unsigned n)
{
	return (int64_t)(v << (64 - n)) >> (64 - n);
}

static inline bool is_pow2(uint64_t v)
{
	return v && !(v & (v - 1));
}

static inline unsigned ctz64(uint64_t v)	/* 64 for 0 */
{
	return v ? (unsigned)__builtin_ctzll(v) : 64;
}

static inline unsigned clz64(uint64_t v)	/* 64 for 0 */
{
	return v ? (unsigned)__builtin_clzll(v) : 64;
}

/* Little-endian accesses that need no alignment. */
static inline uint16_t get_le16(const void *p)
{
	const uint8_t *b = p;

	return (uint16_t)(b[0] | b[1] << 8);
}

static inline uint32_t get_le32(const void *p)
{
	return get_le16(p) | (uint32_t)get_le16((const uint8_t *)p + 2) << 16;
}

static inline uint64_t get_le64(const void *p)
{
	return get_le32(p) | (uint64_t)get_le32((const uint8_t *)p + 4) << 32;
}

static inline uint32_t get_be32(const void *p)
{
	return __builtin_bswap32(get_le32(p));
}

static inline uint64_t get_be64(const void *p)
{
	return __builtin_bswap64(get_le64(p));
}

static inline void put_le16(void *p, uint16_t v)
{
	((uint8_t *)p)[0] = (uint8_t)v;
	((uint8_t *)p)[1] = (uint8_t)(v >> 8);
}

static inline void put_le32(void *p, uint32_t v)
{
	uint8_t *b = p;

	b[0] = (uint8_t)v;
	b[1] = (uint8_t)(v >> 8);
	b[2] = (uint8_t)(v >> 16);
	b[3] = (uint8_t)(v >> 24);
}

static inline void put_le64(void *p, uint64_t v)
{
	put_le32(p, (uint32_t)v);
	put_le32((uint8_t *)p + 4, (uint32_t)(v >> 32));
}

static inline void put_be32(void *p, uint32_t v)
{
	put_le32(p, __builtin_bswap32(v));
}

#endif
