/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random A64 instructions from the decode table, for differential tests and fuzzers.
 *
 * Deterministic: the caller owns a 64-bit state, not zero, which each draw advances. Register fields are uniform; a test
 * that needs a base register or a bounded offset rewrites fields of the word (rn is bits 9:5, rm 20:16, rt/rd 4:0 in every
 * line) and may decode again to see that it is still the same operation.
 */
#ifndef ISA_ARM64_A64_RANDOM_H
#define ISA_ARM64_A64_RANDOM_H

#include "base/types.h"
#include "isa/arm64/a64_ops.h"

/* What may be drawn. */
struct a64_random_filter {
	uint64_t features;	/* bit per enum a64_feature; A64_FEAT_base is bit 0 */
	uint32_t without;	/* A64_FLAG_* of which none may be set */
	uint32_t with;		/* A64_FLAG_* of which all must be set */
	uint64_t groups;	/* bit per enum a64_group; 0: any */
};

/* The next random number (xorshift64*). */
uint64_t a64_random_next(uint64_t *state);

/* An operation that the filter allows, all equally likely; A64_UNALLOCATED when it allows none. */
enum a64_op a64_random_op(uint64_t *state, const struct a64_random_filter *filter);

/* A word that a64_decode takes for op. op isn't A64_UNALLOCATED. */
uint32_t a64_random_word(uint64_t *state, enum a64_op op);

#endif
