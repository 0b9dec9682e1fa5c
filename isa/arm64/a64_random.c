/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random A64 instructions: see a64_random.h. Free bits are drawn until the decoder agrees, so that constraints and more
 * specific lines need no second description here; the rarest line of the table takes some tens of draws.
 */
#include "isa/arm64/a64_random.h"

uint64_t a64_random_next(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * 0x2545f4914f6cdd1dull;
}

static bool allowed(const struct a64_info *info, const struct a64_random_filter *f)
{
	return (f->features >> info->feature & 1) && !(info->flags & f->without) && (info->flags & f->with) == f->with &&
	       (!f->groups || (f->groups >> info->group & 1));
}

enum a64_op a64_random_op(uint64_t *state, const struct a64_random_filter *filter)
{
	unsigned count = 0, pick;

	for (unsigned op = 1; op < A64_OP_COUNT; op++)
		count += allowed(&a64_info[op], filter);
	if (!count)
		return A64_UNALLOCATED;
	pick = (unsigned)(a64_random_next(state) >> 32) % count;
	for (unsigned op = 1; op < A64_OP_COUNT; op++)
		if (allowed(&a64_info[op], filter) && !pick--)
			return (enum a64_op)op;
	return A64_UNALLOCATED;
}

uint32_t a64_random_word(uint64_t *state, enum a64_op op)
{
	const struct a64_info *info = &a64_info[op];
	struct a64_args args;
	uint32_t insn;

	do {
		insn = (uint32_t)(a64_random_next(state) >> 32);
		insn = (insn & ~info->mask) | info->value;
	} while (a64_decode(insn, &args) != op);
	return insn;
}
