/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The pages that are the engine's to give: what lies behind its configuration in its memory. A bitmap at the start says which
 * are taken; runs of pages come first fit. Under sys->management.
 */
#ifndef ENGINE_BARE_POOL_H
#define ENGINE_BARE_POOL_H

#include "base/types.h"

struct pool {
	uint64_t *map;			/* bit n: page n is taken */
	char *base;
	uint32_t pages, used;
};

/* Zeroes all of it. -ENOMEM: too small to be of use. */
int pool_init(struct pool *p, void *start, uint64_t size);
/* `count` pages, zeroed, at a multiple of `align` pages (a power of two); NULL: none. */
void *pool_alloc(struct pool *p, uint32_t count, uint32_t align);
void pool_free(struct pool *p, void *page, uint32_t count);

#endif
