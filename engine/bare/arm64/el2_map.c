/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * EL2's own translation tables (ARM DDI 0487 D8.3): addresses equal to physical ones, each page what it is for: text, constants,
 * data; the GIC's registers; and nothing else. Each CPU has tables of its own, in its own memory: they can be built before there
 * is a way to agree with others, stacks and tables of other CPUs are not in them, and the window into cells' memory needs no
 * other CPU's consent.
 */
#include "base/string.h"
#include "engine/bare/arm64/arm.h"
#include "engine/bare/arm64/gicv3.h"

#define ADDRESS_BITS	48
#define WINDOW		(BIT(ADDRESS_BITS) - WINDOW_BYTES)	/* where no memory is */
#define ATTR_DEVICE	0u		/* indices into MAIR */
#define ATTR_NORMAL	1u
#define MAIR		0xff04ull	/* Device-nGnRE; write-back */
#define SH_INNER	field_put(PT_SH, 3)
#define RES1		PT_AP_EL0	/* of a regime with one range */

#define MAP_DATA	(PT_AF | SH_INNER | RES1 | PT_UXN | field_put(PT_ATTR_INDEX, ATTR_NORMAL))
#define MAP_CONST	(MAP_DATA | PT_AP_RO)
#define MAP_TEXT	(MAP_CONST & ~PT_UXN)
#define MAP_DEVICE	(PT_AF | RES1 | PT_UXN | field_put(PT_ATTR_INDEX, ATTR_DEVICE))

#define TCR_RES1	(BIT(31) | BIT(23))
#define TCR_CACHED	(BIT(8) | BIT(10) | MASK(13, 12))	/* walks: write-back, inner shareable */

extern const char text_end[], data_start[];	/* of the linker script; the image starts at its header */

static void *table_alloc(void *ctx)
{
	struct arm_cpu *c = ctx;
	void *table = c->tables;

	if (!c->tables_left)
		return NULL;
	c->tables_left--;
	c->tables += PAGE_BYTES;
	return table;
}

static void table_free(void *ctx, void *table)
{
}

static void map_flush(void *ctx)
{
}

static int map(struct arm_cpu *c, uint64_t start, uint64_t end, uint64_t attrs)
{
	return end > start ? pt_map(&c->map, start, start, end - start, attrs, false) : 0;
}

static int map_cpus(struct arm_cpu *c, const struct image_header *image)
{
	int err = 0;

	for (uint32_t i = 0; i < image->max_cpus && !err; i++) {
		uint64_t at = (uintptr_t)percpu_of(image, i);

		if (i == c->cpu.number)
			err = map(c, at - CPU_OFFSET + STACK_OFFSET, at - CPU_OFFSET + PERCPU_BYTES, MAP_DATA);
		else
			err = map(c, at, at + CPU_BYTES, MAP_DATA);
	}
	return err;
}

static int map_gic(struct arm_cpu *c, const struct image_header *image, const struct config_platform *p)
{
	uint64_t gicd_bytes = p->gic_version == 2 ? GICD_BYTES_V2 : GICD_BYTES_V3;
	int err = map(c, p->gicd_base, p->gicd_base + gicd_bytes, MAP_DEVICE);

	if (!err && p->gic_version == 2) {
		err = map(c, p->gicc_base, p->gicc_base + 0x2000, MAP_DEVICE);
		return err ? err : map(c, p->gich_base, p->gich_base + 0x1000, MAP_DEVICE);
	}
	if (err)
		return err;
	return map(c, p->gicr_base, p->gicr_base + gicr_bytes(p, image->max_cpus), MAP_DEVICE);
}

/* A table at the level of pages for the window; empty. */
static int window_init(struct arm_cpu *c, uint64_t any)
{
	uint64_t *table = c->map.root;
	int err = pt_map(&c->map, WINDOW, any, PAGE_BYTES, MAP_CONST, true);

	if (err)
		return err;
	for (unsigned level = c->map.g.start_level; level < 3; level++)
		table = (uint64_t *)(uintptr_t)pt_table_address(&c->map.g, table[pt_index(&c->map.g, level, WINDOW)]);
	table[0] = 0;
	c->window = table;
	return 0;
}

int el2_map_build(struct arm_cpu *c, const struct image_header *image, const struct system_config *config)
{
	uint64_t base = (uintptr_t)image, percpu_end = base + image->core_size + (uint64_t)image->max_cpus * image->percpu_size;
	uint64_t pool = ALIGN_UP(base + image->config_offset + image->config_size, PAGE_BYTES);
	int err;

	c->tables = (char *)c - CPU_OFFSET + TABLES_OFFSET;
	c->tables_left = TABLES;
	c->map = (struct pt_tree){ .g = pt_geometry_of(12, ADDRESS_BITS), .alloc = table_alloc, .free = table_free,
				   .flush = map_flush, .ctx = c };
	c->map.root = table_alloc(c);
	err = map(c, base, (uintptr_t)text_end, MAP_TEXT);
	if (!err)
		err = map(c, (uintptr_t)text_end, (uintptr_t)data_start, MAP_CONST);
	if (!err)
		err = map(c, (uintptr_t)data_start, base + image->core_size, MAP_DATA);
	if (!err)
		err = map_cpus(c, image);
	if (!err)
		err = map(c, MAX(percpu_end, ALIGN_DOWN(base + image->config_offset, PAGE_BYTES)), pool, MAP_CONST);
	if (!err)
		err = map(c, pool, base + image->size, MAP_DATA);
	if (!err)
		err = map_gic(c, image, &config->platform);
	return err ? err : window_init(c, base);
}

void el2_map_use(const struct arm_cpu *c)
{
	uint64_t pa_range = sys_read(id_aa64mmfr0_el1) & 7;

	sys_write(mair_el2, MAIR);
	sys_write(tcr_el2, TCR_RES1 | TCR_CACHED | (64 - ADDRESS_BITS) | MIN(pa_range, 5ull) << 16);
	sys_write(ttbr0_el2, (uintptr_t)c->map.root);
	isb();
}

void *arch_window(struct cpu *cpu, uint64_t phys, uint64_t size, bool device)
{
	struct arm_cpu *c = arm_cpu_of(cpu);
	uint64_t attrs = (device ? MAP_DEVICE : MAP_DATA) | PT_VALID | PT_TABLE;
	uint32_t pages = (uint32_t)(size / PAGE_BYTES);

	if (pages <= c->window_pages && c->window[0] == (phys | attrs))
		return (void *)WINDOW;
	memset(c->window, 0, c->window_pages * sizeof(uint64_t));
	dsb(nshst);
	for (uint32_t i = 0; i < c->window_pages; i++)
		__asm__ volatile("tlbi vae2, %0" : : "r"((WINDOW >> 12) + i));
	dsb(nsh);
	for (uint32_t i = 0; i < pages; i++)
		c->window[i] = (phys + i * PAGE_BYTES) | attrs;
	c->window_pages = pages;
	dsb(nshst);
	isb();
	return (void *)WINDOW;
}

/* ---- caches ---- */

static uint64_t line_bytes(void)
{
	return 4ull << (sys_read(ctr_el0) >> 16 & 15);
}

void arch_clean(void *start, uint64_t size)
{
	uint64_t line = line_bytes(), at = ALIGN_DOWN((uintptr_t)start, line), end = (uintptr_t)start + size;

	for (; at < end; at += line)
		__asm__ volatile("dc civac, %0" : : "r"(at) : "memory");
	dsb(sy);
}

void arch_zero(void *start, uint64_t size)
{
	uint64_t dczid = sys_read(dczid_el0), block = 4ull << (dczid & 15), at = (uintptr_t)start, end = at + size;

	if (dczid & BIT(4)) {
		memset(start, 0, size);
		return;
	}
	for (; at < end; at += block)
		__asm__ volatile("dc zva, %0" : : "r"(at) : "memory");
}

void arch_icache_flush(void)
{
	dsb(ish);
	__asm__ volatile("ic ialluis" : : : "memory");
	dsb(ish);
	isb();
}
