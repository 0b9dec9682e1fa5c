/* SPDX-License-Identifier: BSD-2-Clause */
/* Loads and stores: dependent loads in and out of the caches, many pages, libc's copies and string searches. */
#include "bench.h"

#include <string.h>

#define CHASE_NODES	65536u		/* of 64 bytes: 4 MiB */
#define CHASE_HOPS	700000
#define L1_NODES	64u
#define L1_HOPS		3000000
#define PAGES		2048u
#define PAGE_TOUCHES	300000
#define COPY_BYTES	65536u
#define COPIES		600
#define STR_BYTES	1024u
#define STR_ROUNDS	12000

struct node {
	struct node	*next;
	uint64_t	pad[7];
};

static struct node *big_ring, *small_ring;
static uint8_t *page_area, *copy_from, *copy_to;
static uint32_t *page_order;
static char *text_a, *text_b;

/* One cycle through all nodes, in random order. */
static struct node *ring(uint32_t n)
{
	struct node *nodes = bench_alloc(n * sizeof(*nodes));
	uint32_t *order = bench_alloc(n * sizeof(*order));
	uint64_t seed = 3;

	for (uint32_t i = 0; i < n; i++)
		order[i] = i;
	for (uint32_t i = n - 1; i > 0; i--) {
		uint32_t j = rnd(&seed) % (i + 1), t = order[i];

		order[i] = order[j];
		order[j] = t;
	}
	for (uint32_t i = 0; i < n; i++)
		nodes[order[i]].next = &nodes[order[(i + 1) % n]];
	return nodes;
}

static void chase_setup(void)
{
	big_ring = ring(CHASE_NODES);
}

static void l1_setup(void)
{
	small_ring = ring(L1_NODES);
}

static void hop(struct node *p, int hops)
{
	for (int i = 0; i < hops; i++)
		p = p->next;
	sink((uintptr_t)p);
}

static void chase_run(void)
{
	hop(big_ring, CHASE_HOPS);
}

static void l1_run(void)
{
	hop(small_ring, L1_HOPS);
}

static void pages_setup(void)
{
	uint64_t seed = 4;

	page_area = bench_alloc(PAGES * 4096);
	page_order = bench_alloc(PAGES * sizeof(*page_order));
	for (uint32_t i = 0; i < PAGES; i++)
		page_order[i] = (rnd(&seed) % PAGES) * 4096 + rnd(&seed) % 500 * 8;
}

static void pages_run(void)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < PAGE_TOUCHES; i++)
		sum += *(volatile uint64_t *)(page_area + page_order[i % PAGES]);
	sink(sum);
}

static void copy_setup(void)
{
	copy_from = bench_alloc(COPY_BYTES);
	copy_to = bench_alloc(COPY_BYTES);
}

static void copy_run(void)
{
	for (int i = 0; i < COPIES; i++) {
		memcpy((void *)opaque((uintptr_t)copy_to), copy_from, COPY_BYTES);
		sink((uintptr_t)copy_to);
	}
}

static void string_setup(void)
{
	text_a = bench_alloc(STR_BYTES + 1);
	text_b = bench_alloc(STR_BYTES + 1);
	for (uint32_t i = 0; i < STR_BYTES; i++)
		text_a[i] = text_b[i] = 'a' + i % 25;
	text_a[STR_BYTES - 1] = text_b[STR_BYTES - 1] = 'z';
}

static void strlen_run(void)
{
	for (int i = 0; i < STR_ROUNDS; i++)
		sink(strlen((char *)opaque((uintptr_t)text_a)));
}

static void memchr_run(void)
{
	for (int i = 0; i < STR_ROUNDS; i++)
		sink((uintptr_t)memchr((char *)opaque((uintptr_t)text_a), 'z', STR_BYTES));
}

static void strcmp_run(void)
{
	for (int i = 0; i < STR_ROUNDS; i++)
		sink(strcmp((char *)opaque((uintptr_t)text_a), (char *)opaque((uintptr_t)text_b)));
}

const struct row memory_rows[] = {
	{ "chase", "load", CHASE_HOPS, chase_setup, chase_run, 1 },
	{ "chase-l1", "load", L1_HOPS, l1_setup, l1_run, 1 },
	{ "pages", "load", PAGE_TOUCHES, pages_setup, pages_run, 1 },
	{ "memcpy", "KiB", COPIES * (COPY_BYTES / 1024), copy_setup, copy_run, 1 },
	{ "strlen", "KiB", STR_ROUNDS, string_setup, strlen_run, 1 },
	{ "memchr", "KiB", STR_ROUNDS, string_setup, memchr_run, 1 },
	{ "strcmp", "KiB", STR_ROUNDS, string_setup, strcmp_run, 1 },
	{ 0 }
};
