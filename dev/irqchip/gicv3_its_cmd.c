/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ITS tables and commands (IHI 0069 §5.2, §5.3). The format of entries is left to us, and is that in which KVM saves its
 * tables (arm-vgic-its.rst, "ITS Table ABI REV0"), so that a saved machine's tables serve either. Entries are eight bytes:
 *
 *	device		valid 63, next 62:49, translation table's address [51:8] at 48:5, event bits - 1 at 4:0
 *	collection	valid 63, redistributor's number at 51:16, collection at 15:0
 *	translation	next 63:48, INTID at 47:16, collection at 15:0; INTID 0: none
 *
 * Devices and events have the entries of their numbers. Collections have entries from the first on, in any order; most often
 * theirs too. `next` tells KVM how far to go to the next valid entry, at least: one, or 0 for nowhere.
 *
 * A command that names what is not there is passed over, as is one whose table is not in RAM.
 */
#include "base/errno.h"
#include "core/vm.h"
#include "dev/irqchip/gic_lpi.h"
#include "dev/irqchip/gicv3_its.h"

enum {
	CMD_MOVI = 0x01, CMD_INT = 0x03, CMD_CLEAR = 0x04, CMD_SYNC = 0x05, CMD_MAPD = 0x08, CMD_MAPC = 0x09, CMD_MAPTI = 0x0a,
	CMD_MAPI = 0x0b, CMD_INV = 0x0c, CMD_INVALL = 0x0d, CMD_MOVALL = 0x0e, CMD_DISCARD = 0x0f,
};

#define VALID		BIT(63)
#define DEVICE_NEXT	BIT(49)
#define EVENT_NEXT	BIT(48)
#define COLLECTIONS	256u		/* mapped at once, at most: four for each CPU that there can be */
#define ENTRY_SIZE	8u
#define BASER_VALID	BIT(63)

struct its_event {
	gpa_t entry;
	uint64_t next;			/* EVENT_NEXT, or 0 in the last entry */
	uint32_t lpi, collection;
};

/* ---- tables ---- */

static struct gic *gic_of(const struct gicv3_its *its)
{
	return container_of(its->gic, struct gic, dev);
}

static int table_load(struct gicv3_its *its, gpa_t at, uint64_t *entry)
{
	return mem_load(&its->dev.vm->mem, at, ENTRY_SIZE, MEM_RELAXED, entry);
}

static int table_store(struct gicv3_its *its, gpa_t at, uint64_t entry)
{
	return mem_store(&its->dev.vm->mem, at, ENTRY_SIZE, MEM_RELAXED, entry);
}

/* Entry n of a table that GITS_BASER describes; -ENOENT: there is no such entry. */
static int baser_entry(const struct gicv3_its *its, unsigned table, uint32_t n, gpa_t *at)
{
	static const uint32_t page_sizes[4] = { 4096, 16384, 65536, 65536 };
	uint64_t b = its->reg.baser[table];
	uint32_t page = page_sizes[bits(b, 8, 2)];
	gpa_t base = b & MASK(47, 12);

	if (page == 65536)
		base = (b & MASK(47, 16)) | bits(b, 12, 4) << 48;
	if (!(b & BASER_VALID) || n >= (bits(b, 0, 8) + 1) * (page / ENTRY_SIZE))
		return -ENOENT;
	*at = base + (uint64_t)n * ENTRY_SIZE;
	return 0;
}

/* Collection entry n. False: there is none, or it ends the list. */
static bool collection_load(struct gicv3_its *its, uint32_t n, gpa_t *at, uint64_t *entry)
{
	return !baser_entry(its, ITS_COLLECTIONS, n, at) && !table_load(its, *at, entry) && *entry & VALID;
}

/* A collection's entry and where it is; -ENOENT: it is not mapped, and *n is the number of the first free entry. */
static int collection_find(struct gicv3_its *its, uint32_t collection, uint32_t *n, gpa_t *at, uint64_t *entry)
{
	*n = collection;
	if (collection_load(its, collection, at, entry) && bits(*entry, 0, 16) == collection)
		return 0;
	for (*n = 0; *n < COLLECTIONS && collection_load(its, *n, at, entry); ++*n)
		if (bits(*entry, 0, 16) == collection)
			return 0;
	return -ENOENT;
}

static int collection_cpu(struct gicv3_its *its, uint32_t collection, struct gic_cpu **cpu)
{
	struct gic *g = gic_of(its);
	uint64_t entry;
	uint32_t n;
	gpa_t at;

	if (collection_find(its, collection, &n, &at, &entry) || bits(entry, 16, 36) >= g->cpus)
		return -ENOENT;
	*cpu = &g->cpu[bits(entry, 16, 36)];
	return 0;
}

/* The entry for the event, in its device's translation table. */
static int event_entry(struct gicv3_its *its, uint32_t devid, uint32_t event, struct its_event *e)
{
	uint64_t entry;
	gpa_t device;

	if (devid >> GICV3_ITS_DEVICE_BITS || event >> GICV3_ITS_EVENT_BITS)
		return -ENOENT;
	if (baser_entry(its, ITS_DEVICES, devid, &device) || table_load(its, device, &entry))
		return -ENOENT;
	if (!(entry & VALID) || event >> 1 >> bits(entry, 0, 5))
		return -ENOENT;
	e->entry = (bits(entry, 5, 44) << 8) + (uint64_t)event * ENTRY_SIZE;
	e->next = (event + 1) >> 1 >> bits(entry, 0, 5) ? 0 : EVENT_NEXT;
	return 0;
}

static int event_load(struct gicv3_its *its, uint32_t devid, uint32_t event, struct its_event *e)
{
	uint64_t entry;

	if (event_entry(its, devid, event, e) || table_load(its, e->entry, &entry))
		return -ENOENT;
	e->lpi = (uint32_t)bits(entry, 16, 32);
	e->collection = (uint32_t)bits(entry, 0, 16);
	return e->lpi ? 0 : -ENOENT;
}

int its_translate(struct gicv3_its *its, uint32_t devid, uint32_t event, uint32_t *lpi, struct gic_cpu **cpu)
{
	struct its_event e;

	if (event_load(its, devid, event, &e) || collection_cpu(its, e.collection, cpu))
		return -ENOENT;
	*lpi = e.lpi;
	return 0;
}

/* ---- commands ---- */

static void map_device(struct gicv3_its *its, const uint64_t cmd[4])
{
	uint32_t devid = (uint32_t)(cmd[0] >> 32), size = (uint32_t)bits(cmd[1], 0, 5);
	gpa_t at;

	if (devid >> GICV3_ITS_DEVICE_BITS || size >= GICV3_ITS_EVENT_BITS || baser_entry(its, ITS_DEVICES, devid, &at))
		return;
	table_store(its, at, cmd[2] & VALID ? VALID | DEVICE_NEXT | bits(cmd[2], 8, 44) << 5 | size : 0);
}

/* The last entry goes where that of an unmapped collection was. */
static void unmap_collection(struct gicv3_its *its, uint32_t collection)
{
	uint64_t entry, moved;
	gpa_t at, last, next;
	uint32_t n;

	if (collection_find(its, collection, &n, &at, &moved))
		return;
	for (last = at; ++n < COLLECTIONS && collection_load(its, n, &next, &entry); last = next)
		moved = entry;
	table_store(its, at, moved);
	table_store(its, last, 0);
}

/* A number that the table has no entry for is none, although another's entry would do. */
static void map_collection(struct gicv3_its *its, const uint64_t cmd[4])
{
	uint32_t collection = (uint32_t)bits(cmd[2], 0, 16), n;
	uint64_t entry;
	gpa_t at;

	if (baser_entry(its, ITS_COLLECTIONS, collection, &at))
		return;
	if (!(cmd[2] & VALID)) {
		unmap_collection(its, collection);
	} else if (bits(cmd[2], 16, 35) < gic_of(its)->cpus) {
		if (collection_find(its, collection, &n, &at, &entry) && n == COLLECTIONS)
			return;
		if (!baser_entry(its, ITS_COLLECTIONS, n, &at))
			table_store(its, at, VALID | bits(cmd[2], 16, 16) << 16 | collection);
	}
}

static void map_event(struct gicv3_its *its, const uint64_t cmd[4], uint32_t lpi)
{
	struct its_event e;

	if (lpi < GIC_FIRST_LPI || lpi >> GIC_LPI_BITS ||
	    event_entry(its, (uint32_t)(cmd[0] >> 32), (uint32_t)cmd[1], &e))
		return;
	table_store(its, e.entry, e.next | (uint64_t)lpi << 16 | bits(cmd[2], 0, 16));
}

static void move_event(struct gicv3_its *its, const uint64_t cmd[4])
{
	struct gic_cpu *from, *to;
	struct its_event e;

	if (event_load(its, (uint32_t)(cmd[0] >> 32), (uint32_t)cmd[1], &e) || collection_cpu(its, e.collection, &from) ||
	    collection_cpu(its, (uint32_t)bits(cmd[2], 0, 16), &to))
		return;
	table_store(its, e.entry, e.next | (uint64_t)e.lpi << 16 | bits(cmd[2], 0, 16));
	gic_lpi_move(from, to, e.lpi);
}

static void on_event(struct gicv3_its *its, const uint64_t cmd[4], void (*fn)(struct gic_cpu *c, uint32_t intid))
{
	struct gic_cpu *cpu;
	uint32_t lpi;

	if (!its_translate(its, (uint32_t)(cmd[0] >> 32), (uint32_t)cmd[1], &lpi, &cpu))
		fn(cpu, lpi);
}

static void discard_event(struct gicv3_its *its, const uint64_t cmd[4])
{
	struct its_event e;

	on_event(its, cmd, gic_lpi_clear);
	if (!event_load(its, (uint32_t)(cmd[0] >> 32), (uint32_t)cmd[1], &e))
		table_store(its, e.entry, 0);
}

/* Those that look at every LPI of a CPU cost as much as hundreds that look at one. */
static uint32_t cost_of(uint8_t op)
{
	return op == CMD_INVALL || op == CMD_MOVALL ? 512 : 1;
}

uint32_t its_run_command(struct gicv3_its *its, const uint64_t cmd[4])
{
	struct gic *g = gic_of(its);
	uint8_t op = (uint8_t)cmd[0];
	struct gic_cpu *cpu;

	switch (op) {
	case CMD_MAPD:		map_device(its, cmd); break;
	case CMD_MAPC:		map_collection(its, cmd); break;
	case CMD_MAPTI:		map_event(its, cmd, (uint32_t)(cmd[1] >> 32)); break;
	case CMD_MAPI:		map_event(its, cmd, (uint32_t)cmd[1]); break;
	case CMD_MOVI:		move_event(its, cmd); break;
	case CMD_INT:		on_event(its, cmd, gic_lpi_raise); break;
	case CMD_CLEAR:		on_event(its, cmd, gic_lpi_clear); break;
	case CMD_INV:		on_event(its, cmd, gic_lpi_refresh); break;
	case CMD_DISCARD:	discard_event(its, cmd); break;
	case CMD_INVALL:
		if (!collection_cpu(its, (uint32_t)bits(cmd[2], 0, 16), &cpu))
			gic_lpi_refresh_all(cpu);
		break;
	case CMD_MOVALL:
		if (bits(cmd[2], 16, 35) < g->cpus && bits(cmd[3], 16, 35) < g->cpus)
			gic_lpi_move_all(&g->cpu[bits(cmd[2], 16, 35)], &g->cpu[bits(cmd[3], 16, 35)]);
		break;
	case CMD_SYNC:			/* all is done already */
		break;
	default:
		dev_guest_error(&its->dev, "no such command: %#x", op);
	}
	return cost_of(op);
}
