/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A flat map of 39 bits (Arm DDI 0487 D8): level 1 has 1 GiB blocks, and level 2 tables are made for the few of them that
 * have normal memory in them. Without it caches are off, and exclusive accesses need not work.
 */
#include "guests/inmate/inmate.h"

#define ENTRIES		512
#define TABLES		4
#define VALID		1ull
#define TABLE		2ull
#define ATTR(n)		((uint64_t)(n) << 2)
#define INNER		(3ull << 8)
#define ACCESSED	BIT(10)
#define NO_EXECUTE	(BIT(53) | BIT(54))
#define DEVICE		(VALID | ATTR(0) | ACCESSED | NO_EXECUTE)
#define NORMAL		(VALID | ATTR(1) | ACCESSED | INNER)
#define MAIR		0xff00ull		/* 0: device nGnRnE, 1: write-back */
#define TCR		(25ull | 1ull << 8 | 1ull << 10 | 3ull << 12 | BIT(23) | 2ull << 32)	/* 39 bits, no TTBR1, 40-bit PA */
#define SCTLR_ON	(BIT(0) | BIT(2) | BIT(12))
#define GIB_SHIFT	30
#define BLOCK_SHIFT	21

static uint64_t level1[ENTRIES] __attribute__((aligned(4096)));
static uint64_t level2[TABLES][ENTRIES] __attribute__((aligned(4096)));

static uint64_t *table_of(uint64_t at)
{
	uint64_t *up = &level1[at >> GIB_SHIFT];

	if (*up & TABLE)
		return (uint64_t *)(*up & ~4095ull);
	for (unsigned t = 0; t < TABLES; t++) {
		if (level2[t][0])
			continue;
		for (uint64_t i = 0; i < ENTRIES; i++)
			level2[t][i] = at >> GIB_SHIFT << GIB_SHIFT | i << BLOCK_SHIFT | DEVICE;
		dsb();
		*up = (uint64_t)level2[t] | TABLE | VALID;
		return level2[t];
	}
	return NULL;
}

void mem_map_normal(uint64_t at, uint64_t size)
{
	uint64_t end = ALIGN_UP(at + size, 1ull << BLOCK_SHIFT);

	for (at = ALIGN_DOWN(at, 1ull << BLOCK_SHIFT); at < end; at += 1ull << BLOCK_SHIFT) {
		uint64_t *t = table_of(at);

		if (t)
			t[at >> BLOCK_SHIFT & (ENTRIES - 1)] = at | NORMAL;
	}
	dsb();
	__asm__ volatile("tlbi vmalle1is" ::: "memory");
	dsb();
	isb();
}

void mem_init(void)
{
	for (uint64_t i = 0; i < ENTRIES; i++)
		level1[i] = i << GIB_SHIFT | DEVICE;
	mem_map_normal((uint64_t)image_start, (uint64_t)(image_end - image_start));
	/* What the caches may still hold of the time before is as old as the image is: none of it is dirty. */
	__asm__ volatile("ic iallu" ::: "memory");
	dsb();
}

void mem_enable(void)
{
	write_reg(mair_el1, MAIR);
	write_reg(tcr_el1, TCR);
	write_reg(ttbr0_el1, (uint64_t)level1);
	isb();
	__asm__ volatile("tlbi vmalle1" ::: "memory");
	dsb();
	isb();
	write_reg(sctlr_el1, read_reg(sctlr_el1) | SCTLR_ON);
	isb();
}

uint32_t mem_sum(const void *at, size_t bytes)
{
	const uint64_t *p = at;
	uint64_t sum = 0x9e3779b97f4a7c15ull;

	for (size_t i = 0; i < bytes / 8; i++)
		sum = (sum ^ p[i]) * 0xff51afd7ed558ccdull + i;
	return (uint32_t)(sum ^ sum >> 32);
}
