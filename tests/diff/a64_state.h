/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the two sides of the A64 differential test say to each other: the runner sends a struct a64_case, the arm64 program
 * answers with the state after it and a hash of the data area. Both map code and data at the same addresses.
 */
#ifndef TESTS_DIFF_A64_STATE_H
#define TESTS_DIFF_A64_STATE_H

#include <stdint.h>

#define A64_CODE	0x40100000ull		/* first page: the arm64 side's own */
#define A64_CODE_SIZE	0x00400000ull
#define A64_FIRST_SLOT	(A64_CODE + 0x1000)
#define A64_DATA	0x40800000ull
#define A64_DATA_SIZE	0x10000ull
#define A64_STATE	0x40900000ull		/* x29 */
#define A64_WORDS	64			/* of a slot; the last A64_LITERALS are data */
#define A64_LITERALS	16

/* Offsets are known to a64_arm64.c. */
struct a64_state {
	uint64_t x[31], sp;		/* 0, 248 */
	uint64_t pc, nzcv, fpcr, fpsr;	/* 256, 264, 272, 280 */
	uint64_t v[32][2];		/* 288 */
	uint64_t host_sp, host_return;	/* 800, 808 */
	uint64_t hash;			/* of the data area */
	uint64_t fault;			/* signal or syndrome; 0: none */
};

struct a64_case {
	uint64_t pc, seed;		/* of the data area's content */
	uint32_t count;			/* instructions; the side's own exit goes behind them */
	uint32_t word[A64_WORDS];
	struct a64_state in;
};

static inline void a64_fill(uint64_t *data, uint64_t seed)
{
	for (uint64_t i = 0; i < A64_DATA_SIZE / 8; i++) {
		seed = seed * 6364136223846793005u + 1442695040888963407u;
		data[i] = seed ^ seed >> 29;
	}
}

static inline uint64_t a64_hash(const uint64_t *data)
{
	uint64_t h = 0;

	for (uint64_t i = 0; i < A64_DATA_SIZE / 8; i++)
		h = (h ^ data[i]) * 0x9e3779b97f4a7c15u;
	return h;
}

#endif
