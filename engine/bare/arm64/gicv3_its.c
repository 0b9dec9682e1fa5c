/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory that a GICv3 reads and writes by itself: LPI tables of redistributors (ARM IHI 0069 §12.11) and the tables and the
 * command queue of ITSs (§12.19). Only the root may say where, and only in memory that it may write itself; a table that was
 * elsewhere when the engine began keeps it from beginning, and memory with a table in it can't be given to a cell.
 *
 * What stands in a table, and in commands, is the root's: an indirect table and a device's table of interrupts are not looked at.
 */
#include "base/log.h"
#include "engine/bare/arm64/gic.h"
#include "engine/bare/arm64/gicv3.h"
#include "engine/bare/cell_config.h"

#define GITS_CTLR	0x000u
#define GITS_CBASER	0x080u
#define GITS_CWRITER	0x088u
#define GITS_BASER	0x100u
#define GITS_BASERS	8u
#define GITS_ENABLED	BIT(0)
#define GITS_QUIESCENT	BIT(31)
#define TABLE_VALID	BIT(63)
#define TABLE_ADDRESS	MASK(51, 12)
#define TABLE_PAGES	MASK(7, 0)	/* less one */
#define BASER_TYPE	MASK(58, 56)	/* 0: there is none */
#define BASER_PAGE_SIZE	MASK(9, 8)
#define PROP_IDBITS	MASK(4, 0)

struct table {
	uint64_t start, size;		/* size 0: none */
};

static bool root_has(const struct bare *sys, const struct table *t)
{
	for (uint64_t at = 0; at < t->size; at += PAGE_BYTES)
		if (!stage2_has(root_of(sys), t->start + at))
			return false;
	return true;
}

static bool table_overlaps(const struct table *t, uint64_t phys, uint64_t size)
{
	return t->size && ranges_overlap(t->start, t->size, phys, size);
}

/* The first, the second, the fourth … time: the log is not the root's to fill. */
static void refused(struct bare *sys, uint64_t offset, uint64_t value)
{
	uint32_t n = __atomic_add_fetch(&machine_of(sys)->refused_tables, 1, __ATOMIC_RELAXED);

	if (is_pow2(n))
		log_error("the GIC's tables are kept out of memory that isn't the root's: register %#llx, %#llx; %u times so far",
			(unsigned long long)offset, (unsigned long long)value, n);
}

/* ---- redistributors ---- */

/* A byte for each LPI in the one, a bit in the other. */
static struct table lpi_table(const struct bare *sys, uint64_t offset, uint64_t value)
{
	unsigned id_bits = (unsigned)field_get(MASK(23, 19), mmio_read(gicd_base(sys) + GICD_TYPER, 4)) + 1;
	uint64_t ids = BIT(offset == GICR_PROPBASER ? MIN(id_bits, (unsigned)field_get(PROP_IDBITS, value) + 1) : id_bits);

	return (struct table){ value & TABLE_ADDRESS, offset == GICR_PROPBASER ? ids : ids / 8 };
}

void gicv3_lpi_table_write(struct bare *sys, uint64_t frame, uint64_t offset, uint64_t value)
{
	struct table t = lpi_table(sys, offset, value);

	if (root_has(sys, &t))
		mmio_write(frame + offset, value, 8);
	else
		refused(sys, offset, value);
}

static bool lpis_are_on(uint64_t frame)
{
	return mmio_read(frame + GICR_CTLR, 4) & CTLR_ENABLE_LPIS;
}

static struct table frame_table(const struct bare *sys, uint64_t frame, uint64_t offset)
{
	return lpi_table(sys, offset, mmio_read(frame + offset, 8));
}

bool gicv3_lpi_tables_are_good(const struct bare *sys, uint64_t frame)
{
	struct table prop = frame_table(sys, frame, GICR_PROPBASER), pend = frame_table(sys, frame, GICR_PENDBASER);

	return root_has(sys, &prop) && root_has(sys, &pend);
}

int gicv3_lpi_tables_check(const struct bare *sys, uint64_t frame)
{
	if (!lpis_are_on(frame) || gicv3_lpi_tables_are_good(sys, frame))
		return 0;
	log_error("the GIC has an LPI table at %#llx or %#llx that is not in the root's memory",
		(unsigned long long)frame_table(sys, frame, GICR_PROPBASER).start,
		(unsigned long long)frame_table(sys, frame, GICR_PENDBASER).start);
	return -EINVAL;
}

/* ---- ITSs ---- */

static uint64_t its_window(uint64_t its)
{
	return (uintptr_t)arch_window(arch_this_cpu(), its, ITS_FRAME, true);
}

static struct table its_table(uint64_t offset, uint64_t value)
{
	uint64_t pages = (value & TABLE_PAGES) + 1, page = 4096;
	struct table t = { value & TABLE_ADDRESS, pages * page };

	if (offset == GITS_CBASER)
		return t;
	page <<= 2 * MIN(field_get(BASER_PAGE_SIZE, value), 2ull);
	if (page == 65536)	/* bits 51 to 48 of the address where 15 to 12 would be */
		t.start = (value & MASK(47, 16)) | field_put(MASK(51, 48), field_get(MASK(15, 12), value));
	else
		t.start = value & MASK(47, 12);
	t.size = pages * page;
	return t;
}

static bool is_table(uint64_t offset)
{
	return offset == GITS_CBASER || (offset >= GITS_BASER && offset < GITS_BASER + 8 * GITS_BASERS);
}

/* Table i of the ITS whose registers are at `its`; the queue comes after the others. */
static struct table its_table_now(uint64_t its, unsigned i)
{
	uint64_t offset = i == GITS_BASERS ? GITS_CBASER : GITS_BASER + 8 * i, value = mmio_read(its + offset, 8);
	bool there = (value & TABLE_VALID) && (i == GITS_BASERS || (value & BASER_TYPE));

	return there ? its_table(offset, value) : (struct table){ 0, 0 };
}

/* Page size and type are the ITS's own in many of them: what counts is what it has taken. Not while it runs. */
static void its_table_write(struct bare *sys, uint64_t its, uint64_t offset, uint64_t value)
{
	uint64_t ctlr = mmio_read(its + GITS_CTLR, 4);
	struct table t;

	if ((ctlr & GITS_ENABLED) || !(ctlr & GITS_QUIESCENT))
		return;
	mmio_write(its + offset, value & ~TABLE_VALID, 8);
	if (!(value & TABLE_VALID))
		return;
	t = its_table(offset, mmio_read(its + offset, 8));
	if (root_has(sys, &t))
		mmio_write(its + offset, value, 8);
	else
		refused(sys, offset, value);
}

/* The root's; arg: struct image_header.its's entry. Linux has no other registers to write, and none but by 4 and 8 bytes. */
static enum mmio_result its_access(struct cpu *cpu, void *arg, struct mmio_access *a)
{
	uint64_t its = its_window(*(const uint64_t *)arg);

	if (a->size < 4 || (a->address & (a->size - 1u)))
		return MMIO_BAD;
	if (!a->write)
		a->value = a->address < ITS_FRAME ? mmio_read(its + a->address, a->size) : 0;
	else if (is_table(a->address) && a->size == 8)
		its_table_write(cpu->sys, its, a->address, a->value);
	else if ((a->address == GITS_CTLR && a->size == 4) || (a->address & ~4ull) == GITS_CWRITER)
		mmio_write(its + a->address, a->value, a->size);
	return MMIO_DONE;
}

int gicv3_its_init(struct cell *root)
{
	const uint64_t *its = root->sys->image->its;
	int err = 0;

	for (uint32_t i = 0; i < IMAGE_MAX_ITS && !err; i++)
		if (its[i])
			err = mmio_add(&root->mmio, its[i], ITS_BYTES, its_access, (void *)(uintptr_t)&its[i]);
	return err;
}

int gicv3_its_check(const struct bare *sys)
{
	for (uint32_t i = 0; i < IMAGE_MAX_ITS; i++) {
		uint64_t its = sys->image->its[i] ? its_window(sys->image->its[i]) : 0;

		for (unsigned n = 0; its && n <= GITS_BASERS; n++) {
			struct table t = its_table_now(its, n);

			if (root_has(sys, &t))
				continue;
			log_error("an ITS has its table %u at %#llx, which is not the root's memory", n,
				  (unsigned long long)t.start);
			return -EINVAL;
		}
	}
	return 0;
}

bool gicv3_has_tables(const struct bare *sys, uint64_t phys, uint64_t size)
{
	struct table t;
	struct cpu *c;

	for_each_cpu(c, sys, ~0ull) {
		uint64_t frame = arm_cpu_of(c)->gicr;

		for (uint64_t offset = GICR_PROPBASER; c->present && offset <= GICR_PENDBASER; offset += 8) {
			t = frame_table(sys, frame, offset);
			if (lpis_are_on(frame) && table_overlaps(&t, phys, size))
				return true;
		}
	}
	for (uint32_t i = 0; i < IMAGE_MAX_ITS; i++) {
		uint64_t its = sys->image->its[i] ? its_window(sys->image->its[i]) : 0;

		for (unsigned n = 0; its && n <= GITS_BASERS; n++) {
			t = its_table_now(its, n);
			if (table_overlaps(&t, phys, size))
				return true;
		}
	}
	return false;
}
