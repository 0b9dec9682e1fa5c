/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Zeroed memory that lives as long as a machine. Devices take what they need in init and never again, so that bare
 * metal and hosted builds share them. A hosted arena grows by chunks; a bare one has a fixed range.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "base/types.h"

struct arena {
	uint8_t *at, *end;
	/* May be NULL. Makes at..end a new zeroed chunk of at least size bytes and returns it, or NULL. */
	void *(*more)(struct arena *a, size_t size);
	void *chunks;					/* the grower's own list */
	bool zeroed;					/* at..end is known to be zero */
};

void arena_init(struct arena *a, void *buf, size_t size);
/* Zeroed, aligned to 16 (arena_alloc_aligned: to a power of two). NULL when the arena is full. */
void *arena_alloc(struct arena *a, size_t size);
void *arena_alloc_aligned(struct arena *a, size_t size, size_t align);

#endif
