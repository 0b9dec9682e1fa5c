/* SPDX-License-Identifier: BSD-2-Clause */
/* SHA-1 and SHA-256 rounds and schedules (FIPS 180-4; ARM DDI 0487 SHAHashSHA1C.., SHA256hash). */
#include "isa/arm64/simd_impl.h"

static uint32_t rol(uint32_t x, unsigned n)
{
	return x << n | x >> (32 - n);
}

static uint32_t ror(uint32_t x, unsigned n)
{
	return rol(x, 32 - n);
}

static uint32_t choose(uint32_t x, uint32_t y, uint32_t z)
{
	return ((y ^ z) & x) ^ z;
}

static uint32_t parity(uint32_t x, uint32_t y, uint32_t z)
{
	return x ^ y ^ z;
}

static uint32_t majority(uint32_t x, uint32_t y, uint32_t z)
{
	return (x & y) | ((x | y) & z);
}

/* Four rounds: d is a..d, n's lane 0 is e, m is the schedule with the constant added. */
static void sha1_rounds(union v128 *d, const union v128 *n, const union v128 *m,
			uint32_t (*f)(uint32_t x, uint32_t y, uint32_t z))
{
	uint32_t a = d->s[0], b = d->s[1], c = d->s[2], dd = d->s[3], e = n->s[0];
	union v128 w = *m;

	for (unsigned i = 0; i < 4; i++) {
		uint32_t t = rol(a, 5) + f(b, c, dd) + e + w.s[i];

		e = dd;
		dd = c;
		c = rol(b, 30);
		b = a;
		a = t;
	}
	*d = (union v128){ .s = { a, b, c, dd } };
}
SIMD_FN(sha1c) { sha1_rounds(d, n, m, choose); }
SIMD_FN(sha1p) { sha1_rounds(d, n, m, parity); }
SIMD_FN(sha1m) { sha1_rounds(d, n, m, majority); }

SIMD_FN(sha1h)
{
	*d = (union v128){ .s = { rol(n->s[0], 30), 0, 0, 0 } };
}

SIMD_FN(sha1su0)
{
	*d = (union v128){ .d = { d->d[0] ^ d->d[1] ^ m->d[0], d->d[1] ^ n->d[0] ^ m->d[1] } };
}

SIMD_FN(sha1su1)
{
	union v128 r;

	for (unsigned i = 0; i < 4; i++)
		r.s[i] = rol(d->s[i] ^ (i < 3 ? n->s[i + 1] : 0), 1);
	r.s[3] ^= rol(r.s[0], 1);
	*d = r;
}

/* Four rounds; abcd and efgh are updated. */
static void sha256_rounds(union v128 *abcd, union v128 *efgh, const union v128 *w)
{
	for (unsigned i = 0; i < 4; i++) {
		uint32_t *x = abcd->s, *y = efgh->s;
		uint32_t t1 = y[3] + (ror(y[0], 6) ^ ror(y[0], 11) ^ ror(y[0], 25)) + choose(y[0], y[1], y[2]) + w->s[i];
		uint32_t t2 = (ror(x[0], 2) ^ ror(x[0], 13) ^ ror(x[0], 22)) + majority(x[0], x[1], x[2]);

		*efgh = (union v128){ .s = { x[3] + t1, y[0], y[1], y[2] } };
		*abcd = (union v128){ .s = { t1 + t2, x[0], x[1], x[2] } };
	}
}

SIMD_FN(sha256h)
{
	union v128 abcd = *d, efgh = *n, w = *m;

	sha256_rounds(&abcd, &efgh, &w);
	*d = abcd;
}

SIMD_FN(sha256h2)
{
	union v128 abcd = *n, efgh = *d, w = *m;

	sha256_rounds(&abcd, &efgh, &w);
	*d = efgh;
}

SIMD_FN(sha256su0)
{
	union v128 r;

	for (unsigned i = 0; i < 4; i++) {
		uint32_t x = i < 3 ? d->s[i + 1] : n->s[0];

		r.s[i] = d->s[i] + (ror(x, 7) ^ ror(x, 18) ^ x >> 3);
	}
	*d = r;
}

SIMD_FN(sha256su1)
{
	union v128 r;

	for (unsigned i = 0; i < 4; i++) {
		uint32_t x = i < 2 ? m->s[i + 2] : r.s[i - 2];

		r.s[i] = d->s[i] + (i < 3 ? n->s[i + 1] : m->s[0]) + (ror(x, 17) ^ ror(x, 19) ^ x >> 10);
	}
	*d = r;
}
