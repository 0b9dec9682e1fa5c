/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random A64 programs that end: straight code with forward branches, sometimes as the body of a counted loop. Loads and
 * stores stay in the data area, what is CONSTRAINED UNPREDICTABLE is left out.
 *
 * Registers with a purpose, which no drawn instruction may set: x22 a small index; x23 the program's end; x24 its start,
 * then the loop's counter; x25..x27 (and often SP) pointers, moved by write-back only; x28 a pointer aligned to 64; x29 the
 * arm64 side's.
 */
#ifndef TESTS_DIFF_A64_GEN_H
#define TESTS_DIFF_A64_GEN_H

#include "isa/arm64/a64_random.h"
#include "tests/diff/a64_state.h"

enum { GEN_INT = 1, GEN_BRANCH = 2, GEN_LDST = 4, GEN_SYSTEM = 8, GEN_LDST_FP = 16, GEN_FP = 32, GEN_SIMD = 64, GEN_CRYPTO = 128 };

struct a64_gen {
	uint64_t seed;			/* not 0; advances */
	uint64_t features;		/* bit per enum a64_feature */
	unsigned what;			/* GEN_* */
	unsigned max;			/* instructions in a body, at most 30 */
	uint64_t fpcr;			/* of every program */
};

/* A program for the slot at pc. */
void a64_gen_case(struct a64_gen *g, uint64_t pc, struct a64_case *c);

#endif
