/* SPDX-License-Identifier: BSD-2-Clause */
/* A pointer that moves up. What is left at the end of a chunk when a new one begins is lost; chunks are large. */
#include "base/arena.h"
#include "base/bits.h"
#include "base/string.h"

#define ARENA_ALIGN	16u

void arena_init(struct arena *a, void *buf, size_t size)
{
	*a = (struct arena){ .at = buf, .end = (uint8_t *)buf + size };
}

static void *carve(struct arena *a, size_t size, size_t align)
{
	uintptr_t at = ALIGN_UP((uintptr_t)a->at, align);

	if (at < (uintptr_t)a->at || at > (uintptr_t)a->end || size > (uintptr_t)a->end - at)
		return NULL;
	a->at = (uint8_t *)at + size;
	return (void *)at;
}

void *arena_alloc_aligned(struct arena *a, size_t size, size_t align)
{
	size_t need;
	uint8_t *chunk;
	void *p = carve(a, size, align);

	if (!p && a->more && !add_overflows(size, align, &need)) {
		chunk = a->more(a, need);	/* moves at and end; zeroed */
		p = chunk ? carve(a, size, align) : NULL;
	}
	if (p && !a->zeroed)
		memset(p, 0, size);
	return p;
}

void *arena_alloc(struct arena *a, size_t size)
{
	return arena_alloc_aligned(a, size, ARENA_ALIGN);
}
