/* SPDX-License-Identifier: BSD-2-Clause */
/* See arena.h. Each chunk begins with the list's node. */
#define _GNU_SOURCE
#include <sys/mman.h>
#include "base/bits.h"
#include "os/arena.h"

#define CHUNK_BYTES	(1 * MIB)

struct chunk {
	struct chunk *next;
	size_t size;
};

static void *more(struct arena *a, size_t size)
{
	size_t bytes;
	struct chunk *c;

	if (add_overflows(size, sizeof(*c) + 4095, &bytes))
		return NULL;
	bytes = MAX(ALIGN_DOWN(bytes, 4096), CHUNK_BYTES);
	c = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (c == MAP_FAILED)
		return NULL;
	c->next = a->chunks;
	c->size = bytes;
	a->chunks = c;
	a->at = (uint8_t *)(c + 1);
	a->end = (uint8_t *)c + bytes;
	return a->at;
}

void os_arena_init(struct arena *a)
{
	arena_init(a, NULL, 0);
	a->more = more;
	a->zeroed = true;
}

void os_arena_free(struct arena *a)
{
	struct chunk *c = a->chunks, *next;

	for (; c; c = next) {
		next = c->next;
		munmap(c, c->size);
	}
	os_arena_init(a);
}
