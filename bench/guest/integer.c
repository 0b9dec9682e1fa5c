/* SPDX-License-Identifier: BSD-2-Clause */
/* Integer code: branches, shifts, bytes, compares. SHA-256 is FIPS 180-4, its constants computed at setup. */
#include "bench.h"

#include <math.h>
#include <string.h>

#define SIEVE_N		(1u << 20)
#define SHA_BYTES	(1u << 19)
#define SORT_N		60000u

static uint8_t *sieve_map;
static uint8_t *sha_data;
static uint32_t sha_k[64], sha_h0[8];
static uint32_t *sort_from, *sort_work;

static void sieve_setup(void)
{
	sieve_map = bench_alloc(SIEVE_N);
}

static void sieve_run(void)
{
	uint8_t *composite = sieve_map;
	uint64_t primes = 0;

	memset(composite, 0, SIEVE_N);
	for (uint32_t i = 2; i < SIEVE_N; i++) {
		if (composite[i])
			continue;
		primes++;
		for (uint64_t j = (uint64_t)i * i; j < SIEVE_N; j += i)
			composite[j] = 1;
	}
	if (primes != 82025)
		bench_die("sieve: number of primes");
}

/* The first 32 bits of a root's fraction. */
static uint32_t fraction(long double root)
{
	return (uint32_t)(uint64_t)((root - floorl(root)) * 4294967296.0L);
}

static void sha_setup(void)
{
	uint64_t seed = 1;
	int n = 0;

	for (int c = 2; n < 64; c++) {
		int prime = 1;

		for (int d = 2; d * d <= c; d++)
			prime &= c % d != 0;
		if (!prime)
			continue;
		if (n < 8)
			sha_h0[n] = fraction(sqrtl(c));
		sha_k[n++] = fraction(cbrtl(c));
	}
	sha_data = bench_alloc(SHA_BYTES);
	for (uint32_t i = 0; i < SHA_BYTES; i++)
		sha_data[i] = rnd(&seed);
}

static uint32_t ror(uint32_t v, int n)
{
	return v >> n | v << (32 - n);
}

static void sha_block(uint32_t h[8], const uint8_t *p)
{
	uint32_t w[64], a = h[0], b = h[1], c = h[2], d = h[3], e = h[4], f = h[5], g = h[6], z = h[7];

	for (int i = 0; i < 16; i++)
		w[i] = (uint32_t)p[4 * i] << 24 | p[4 * i + 1] << 16 | p[4 * i + 2] << 8 | p[4 * i + 3];
	for (int i = 16; i < 64; i++) {
		uint32_t s0 = ror(w[i - 15], 7) ^ ror(w[i - 15], 18) ^ w[i - 15] >> 3;
		uint32_t s1 = ror(w[i - 2], 17) ^ ror(w[i - 2], 19) ^ w[i - 2] >> 10;

		w[i] = w[i - 16] + s0 + w[i - 7] + s1;
	}
	for (int i = 0; i < 64; i++) {
		uint32_t t1 = z + (ror(e, 6) ^ ror(e, 11) ^ ror(e, 25)) + ((e & f) ^ (~e & g)) + sha_k[i] + w[i];
		uint32_t t2 = (ror(a, 2) ^ ror(a, 13) ^ ror(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));

		z = g;
		g = f;
		f = e;
		e = d + t1;
		d = c;
		c = b;
		b = a;
		a = t1 + t2;
	}
	h[0] += a;
	h[1] += b;
	h[2] += c;
	h[3] += d;
	h[4] += e;
	h[5] += f;
	h[6] += g;
	h[7] += z;
}

static void sha_run(void)
{
	uint32_t h[8];

	memcpy(h, sha_h0, sizeof(h));
	for (uint32_t i = 0; i < SHA_BYTES; i += 64)
		sha_block(h, sha_data + i);
	sink(h[0] ^ h[7]);
}

static void sort_setup(void)
{
	uint64_t seed = 2;

	sort_from = bench_alloc(SORT_N * sizeof(*sort_from));
	sort_work = bench_alloc(SORT_N * sizeof(*sort_work));
	for (uint32_t i = 0; i < SORT_N; i++)
		sort_from[i] = rnd(&seed) >> 32;
}

static __attribute__((noinline)) void quicksort(uint32_t *a, int lo, int hi)
{
	while (lo < hi) {
		uint32_t pivot = a[lo + (hi - lo) / 2];
		int i = lo, j = hi;

		while (i <= j) {
			while (a[i] < pivot)
				i++;
			while (a[j] > pivot)
				j--;
			if (i <= j) {
				uint32_t t = a[i];

				a[i++] = a[j];
				a[j--] = t;
			}
		}
		if (j - lo < hi - i) {
			quicksort(a, lo, j);
			lo = i;
		} else {
			quicksort(a, i, hi);
			hi = j;
		}
	}
}

static void sort_run(void)
{
	memcpy(sort_work, sort_from, SORT_N * sizeof(*sort_work));
	quicksort(sort_work, 0, SORT_N - 1);
	for (uint32_t i = 1; i < SORT_N; i++)
		if (sort_work[i - 1] > sort_work[i])
			bench_die("sort: order");
}

const struct row integer_rows[] = {
	{ "sieve", "number", SIEVE_N, sieve_setup, sieve_run, 1 },
	{ "sha256", "byte", SHA_BYTES, sha_setup, sha_run, 1 },
	{ "sort", "element", SORT_N, sort_setup, sort_run, 1 },
	{ 0 }
};
