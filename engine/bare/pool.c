/* SPDX-License-Identifier: BSD-2-Clause */
/* The page pool. Pages are zeroed when they are given, so that nothing of one cell is seen by the next. */
#include "base/bits.h"
#include "base/errno.h"
#include "base/log.h"
#include "base/string.h"
#include "engine/bare/pool.h"

#define PAGE	4096u

static bool page_taken(const struct pool *p, uint32_t n)
{
	return p->map[n / 64] >> (n % 64) & 1;
}

static void pages_mark(struct pool *p, uint32_t first, uint32_t count, bool taken)
{
	for (uint32_t n = first; n < first + count; n++)
		p->map[n / 64] = field_set(p->map[n / 64], BIT(n % 64), taken);
}

int pool_init(struct pool *p, void *start, uint64_t size)
{
	uintptr_t base = ALIGN_UP((uintptr_t)start, PAGE);
	uint64_t lost = base - (uintptr_t)start, pages, map_pages;

	if (size < lost || size - lost < 4 * PAGE)
		return -ENOMEM;
	pages = MIN((size - lost) / PAGE, UINT32_MAX);
	map_pages = (pages + 8 * PAGE - 1) / (8 * PAGE);
	*p = (struct pool){ .map = (uint64_t *)base, .base = (char *)base + map_pages * PAGE,
			    .pages = (uint32_t)(pages - map_pages) };
	memset(p->map, 0, map_pages * PAGE);
	return 0;
}

void *pool_alloc(struct pool *p, uint32_t count, uint32_t align)
{
	uint32_t skew = (uint32_t)((uintptr_t)p->base / PAGE) & (align - 1), run = 0;

	for (uint32_t n = 0; count && n < p->pages; n++) {
		if (page_taken(p, n) || (!run && ((n + skew) & (align - 1)))) {
			run = 0;
			continue;
		}
		if (++run == count) {
			char *page = p->base + (uint64_t)(n + 1 - count) * PAGE;

			pages_mark(p, n + 1 - count, count, true);
			p->used += count;
			memset(page, 0, (size_t)count * PAGE);
			return page;
		}
	}
	return NULL;
}

void pool_free(struct pool *p, void *page, uint32_t count)
{
	uint32_t first = (uint32_t)(((char *)page - p->base) / PAGE);

	assert_that((char *)page >= p->base && first + count <= p->pages);
	for (uint32_t n = first; n < first + count; n++)
		assert_that(page_taken(p, n));
	pages_mark(p, first, count, false);
	p->used -= count;
}
