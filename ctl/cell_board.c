/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * See cell_board.h. The tree: Devicetree Specification 0.4, §2.3 (reg, ranges), §3.5 (reserved memory); bindings of Linux for GICs
 * and generic PCI hosts. /proc/iomem has a line "START-END : NAME" each, indented by two for what lies inside another.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "core/fdt.h"
#include "ctl/cell_board.h"
#include "os/file.h"

#define THIS_TREE	"/sys/firmware/fdt"
#define THIS_IOMEM	"/proc/iomem"
#define TREE_MAX	(2u << 20)
#define MAX_DEPTH	16
#define MAX_RANGES	8

bool board_covers(const struct board_ranges *r, uint64_t start, uint64_t size)
{
	uint64_t at = start, end = start + size;

	for (unsigned i = 0; i < r->count && at < end; i++) {
		const struct board_range *x = &r->range[i];

		if (at < x->start || at - x->start >= x->size)
			continue;
		at = x->start + x->size;
		i = ~0u;			/* again from the first: they are in no order */
	}
	return at >= end;
}

const struct board_range *board_touches(const struct board_ranges *r, uint64_t start, uint64_t size, bool ram_only)
{
	for (unsigned i = 0; i < r->count; i++)
		if ((r->range[i].ram || !ram_only) && ranges_meet(start, size, r->range[i].start, r->range[i].size))
			return &r->range[i];
	return NULL;
}

static void add_range(struct board_ranges *r, uint64_t start, uint64_t size, const char *name, bool ram)
{
	struct board_range *x = &r->range[r->count];
	uint64_t end;

	if (!size || r->count >= BOARD_RANGES || add_overflows(start, size, &end))
		return;
	*x = (struct board_range){ .start = start, .size = size, .ram = ram };
	snprintf(x->name, sizeof(x->name), "%.47s", name);
	r->count++;
}

/* ---- /proc/iomem ---- */

static int read_iomem(struct cell_board *b, const char *path, struct ctl_error *e)
{
	FILE *f = fopen(path, "re");
	char line[256], name[48];
	uint64_t start, end, any = 0;
	bool ram = false;

	if (!f)
		return ctl_fail_errno(e, -errno, "file", path);
	while (fgets(line, sizeof(line), f)) {
		size_t level = strspn(line, " ") / 2;

		if (level > 1 || sscanf(line, "%" SCNx64 "-%" SCNx64 " : %47[^\n]", &start, &end, name) != 3 || end < start)
			continue;
		any |= end;
		if (!level)
			ram = !strcmp(name, "System RAM");
		if (!level || !ram)
			add_range(level ? &b->inner : &b->iomem, start, end - start + 1, name, ram);
	}
	fclose(f);
	if (!b->iomem.count || !any)
		return ctl_fail(e, -EPERM, "file %s: it shows no addresses: read it as root", path);
	return 0;
}

/* ---- the tree ---- */

struct bus {
	const struct bus *parent;
	uint32_t address_cells, size_cells;	/* of its children */
	unsigned ranges;			/* 0: addresses are the parent's */
	struct {
		uint64_t child, parent, size;
	} range[MAX_RANGES];
	bool opaque;				/* children have no addresses of the CPU's */
};

struct tree {
	struct fdt fdt;
	struct cell_board *b;
};

static uint64_t cells(const uint8_t *at, uint32_t n)
{
	uint64_t v = 0;

	for (uint32_t i = 0; i < 4 * n; i++)
		v = v << 8 | at[i];
	return v;
}

static uint32_t get_u32(const struct fdt *f, int node, const char *prop, uint32_t otherwise)
{
	uint32_t len;
	const uint8_t *at = fdt_get(f, node, prop, &len);

	return at && len >= 4 ? (uint32_t)cells(at, 1) : otherwise;
}

static bool is(const struct fdt *f, int node, const char *prop, const char *word)
{
	uint32_t len;
	const char *at = fdt_get(f, node, prop, &len);

	for (uint32_t i = 0; at && i < len; i += (uint32_t)strnlen(at + i, len - i) + 1)
		if (!strncmp(at + i, word, len - i) && strnlen(at + i, len - i) < len - i)
			return true;
	return false;
}

static bool has(const struct fdt *f, int node, const char *prop)
{
	uint32_t len;

	return fdt_get(f, node, prop, &len) != NULL;
}

static bool disabled(const struct fdt *f, int node)
{
	return has(f, node, "status") && !is(f, node, "status", "okay") && !is(f, node, "status", "ok");
}

static bool to_cpu(const struct bus *bus, uint64_t *address)
{
	for (; bus; bus = bus->parent) {
		unsigned i = 0;

		if (bus->opaque)
			return false;
		if (!bus->ranges)
			continue;
		while (i < bus->ranges && (*address < bus->range[i].child || *address - bus->range[i].child >= bus->range[i].size))
			i++;
		if (i == bus->ranges)
			return false;
		*address += bus->range[i].parent - bus->range[i].child;
	}
	return true;
}

/* Entry i of `reg`; false past the end, or where it has no address of the CPU's. */
static bool reg_of(const struct tree *t, int node, const struct bus *bus, unsigned i, uint64_t *start, uint64_t *size)
{
	uint32_t len, entry = 4 * (bus->address_cells + bus->size_cells);
	const uint8_t *at = fdt_get(&t->fdt, node, "reg", &len);

	if (!at || bus->opaque || !bus->size_cells || (i + 1ull) * entry > len)
		return false;
	*start = cells(at + i * entry, bus->address_cells);
	*size = cells(at + i * entry + 4 * bus->address_cells, bus->size_cells);
	return to_cpu(bus, start);
}

static void read_irqs(const struct tree *t, int node, struct board_device *d)
{
	uint32_t len;
	const uint8_t *at = fdt_get(&t->fdt, node, "interrupts", &len);

	for (uint32_t i = 0; at && len % 12 == 0 && i < len && d->irqs < BOARD_IRQS; i += 12)
		if (cells(at + i, 1) == 0)
			d->irq[d->irqs++] = (uint32_t)cells(at + i + 4, 1) + 32;
}

static struct board_device *add_device(struct tree *t, int node, uint64_t start, uint64_t size)
{
	struct board_device *d = &t->b->device[t->b->devices];
	uint64_t end;

	if (!size || t->b->devices >= BOARD_DEVICES || add_overflows(start, size, &end))
		return NULL;
	*d = (struct board_device){ .start = start, .size = size };
	snprintf(d->name, sizeof(d->name), "%s", fdt_name(&t->fdt, node));
	t->b->devices++;
	return d;
}

static void read_gic(struct tree *t, int node, const struct bus *bus, unsigned version)
{
	struct cell_board *b = t->b;
	uint64_t at[5] = { 0 }, size;
	uint32_t len;
	const uint8_t *irq = fdt_get(&t->fdt, node, "interrupts", &len);

	for (unsigned i = 0; i < ARRAY_SIZE(at) && reg_of(t, node, bus, i, &at[i], &size); i++) {
		struct board_device *d = add_device(t, node, at[i], size);

		if (d)
			d->gic = true;
	}
	b->gic_version = (uint8_t)version;
	b->gicd = at[0];
	if (version == 3) {
		b->gicr = at[1];
	} else {
		b->gicc = at[1];
		b->gich = at[2];
		b->gicv = at[3];
	}
	b->maintenance_irq = irq && len >= 12 && cells(irq, 1) == 1 ? (uint8_t)(cells(irq + 4, 1) + 16) : 25;
}

/* Its windows are the CPU's addresses: 3 cells of the bus's, the parent's, 2 of size. */
static void read_pci(struct tree *t, int node, const struct bus *bus)
{
	uint32_t len, entry = 4 * (3 + bus->address_cells + 2);
	const uint8_t *at = fdt_get(&t->fdt, node, "ranges", &len), *buses;
	struct board_device *d;
	uint64_t start, size;

	for (uint32_t i = 0; at && i + entry <= len; i += entry) {
		start = cells(at + i + 12, bus->address_cells);
		size = cells(at + i + 12 + 4 * bus->address_cells, 2);
		d = to_cpu(bus, &start) ? add_device(t, node, start, size) : NULL;
		if (d)
			d->window = d->dma = true;
	}
	if (!is(&t->fdt, node, "compatible", "pci-host-ecam-generic") || !reg_of(t, node, bus, 0, &start, &size))
		return;
	d = add_device(t, node, start, size);
	if (d)
		d->window = d->dma = true;
	if (t->b->ecam_size)
		return;
	t->b->ecam = start;
	t->b->ecam_size = size;
	buses = fdt_get(&t->fdt, node, "bus-range", &len);
	t->b->end_bus = buses && len >= 8 ? (uint8_t)cells(buses + 4, 1) : (uint8_t)(size / (1u << 20) - 1);
	t->b->pci_domain = (uint16_t)get_u32(&t->fdt, node, "linux,pci-domain", 0);
}

static void read_device(struct tree *t, int node, const struct bus *bus)
{
	const struct fdt *f = &t->fdt;
	bool dma = has(f, node, "dma-coherent") || has(f, node, "iommus") || has(f, node, "dmas") || has(f, node, "dma-ranges") ||
		   is(f, node, "compatible", "virtio,mmio");
	uint64_t start, size;

	if (is(f, node, "compatible", "arm,gic-v3"))
		return read_gic(t, node, bus, 3);
	if (is(f, node, "compatible", "arm,gic-400") || is(f, node, "compatible", "arm,cortex-a15-gic"))
		return read_gic(t, node, bus, 2);
	if (is(f, node, "device_type", "pci"))
		return read_pci(t, node, bus);
	t->b->smmu |= is(f, node, "compatible", "arm,smmu-v3");
	for (unsigned i = 0; reg_of(t, node, bus, i, &start, &size); i++) {
		struct board_device *d = add_device(t, node, start, size);

		if (!d)
			return;
		d->dma = dma;
		if (!i)
			read_irqs(t, node, d);
		if (is(f, node, "compatible", "arm,pl011") && !t->b->console)
			t->b->console = start;
	}
}

static void read_memory(struct tree *t, int node, const struct bus *bus, struct board_ranges *out)
{
	uint64_t start, size;

	for (unsigned i = 0; reg_of(t, node, bus, i, &start, &size); i++)
		add_range(out, start, size, fdt_name(&t->fdt, node), false);
}

static void bus_init(const struct tree *t, int node, const struct bus *parent, struct bus *bus)
{
	uint32_t len, entry;
	const uint8_t *at = fdt_get(&t->fdt, node, "ranges", &len);
	uint32_t up = parent ? parent->address_cells : 2;

	*bus = (struct bus){ .parent = parent, .address_cells = get_u32(&t->fdt, node, "#address-cells", 2),
			     .size_cells = get_u32(&t->fdt, node, "#size-cells", 1) };
	bus->opaque = bus->address_cells < 1 || bus->address_cells > 2 || bus->size_cells > 2 || (parent && !at) ||
		      (parent && parent->opaque);
	entry = 4 * (bus->address_cells + up + bus->size_cells);
	if (!parent || bus->opaque || !at)
		return;
	for (uint32_t i = 0; i + entry <= len && bus->ranges < MAX_RANGES; i += entry, bus->ranges++) {
		bus->range[bus->ranges].child = cells(at + i, bus->address_cells);
		bus->range[bus->ranges].parent = cells(at + i + 4 * bus->address_cells, up);
		bus->range[bus->ranges].size = cells(at + i + 4 * (bus->address_cells + up), bus->size_cells);
	}
}

static void walk(struct tree *t, int parent, const struct bus *up, unsigned depth)
{
	const struct fdt *f = &t->fdt;
	const char *of = fdt_name(f, parent);
	struct bus bus;

	bus_init(t, parent, up, &bus);
	for (int n = fdt_first_child(f, parent); n >= 0 && depth < MAX_DEPTH; n = fdt_next_sibling(f, n)) {
		if (disabled(f, n))
			continue;
		if (is(f, n, "device_type", "cpu"))
			t->b->cpus++;
		else if (is(f, n, "device_type", "memory"))
			read_memory(t, n, &bus, &t->b->dram);
		else if (depth == 1 && !strcmp(of, "reserved-memory") && has(f, n, "no-map"))
			read_memory(t, n, &bus, &t->b->nomap);
		else if (!bus.opaque && strcmp(of, "reserved-memory"))
			read_device(t, n, &bus);
		if (!is(f, n, "device_type", "pci"))
			walk(t, n, &bus, depth + 1);
	}
}

/* /chosen's stdout-path, where it names a node by its path or an alias. */
static void read_console(struct tree *t)
{
	int chosen = fdt_find(&t->fdt, "/chosen"), aliases = fdt_find(&t->fdt, "/aliases");
	uint32_t len;
	const char *path = chosen >= 0 ? fdt_get(&t->fdt, chosen, "stdout-path", &len) : NULL;
	char name[128];

	if (!path || !len)
		return;
	snprintf(name, sizeof(name), "%.*s", (int)strnlen(path, len), path);
	name[strcspn(name, ":")] = 0;
	path = name[0] != '/' && aliases >= 0 ? fdt_get(&t->fdt, aliases, name, &len) : NULL;
	if (path && len)
		snprintf(name, sizeof(name), "%.*s", (int)strnlen(path, len), path);
	path = strrchr(name, '/');
	for (unsigned i = 0; path && i < t->b->devices; i++)
		if (!strcmp(path + 1, t->b->device[i].name) && fdt_find(&t->fdt, name) >= 0 &&
		    is(&t->fdt, fdt_find(&t->fdt, name), "compatible", "arm,pl011"))
			t->b->console = t->b->device[i].start;
}

static int read_tree(struct cell_board *b, const char *path, struct ctl_error *e)
{
	struct tree t = { .b = b };
	struct file_data data;
	int err = file_load(path, TREE_MAX, &data);

	if (err)
		return ctl_fail_errno(e, err, "device tree", path);
	if (fdt_check(&t.fdt, data.data, data.size)) {
		file_unload(&data);
		return ctl_fail(e, -EINVAL, "device tree %s: it is none that can be read: give a .dtb file", path);
	}
	walk(&t, fdt_find(&t.fdt, "/"), NULL, 0);
	read_console(&t);
	file_unload(&data);
	return 0;
}

/* "0-2,4" */
static uint64_t read_online(void)
{
	FILE *f = fopen("/sys/devices/system/cpu/online", "re");
	unsigned from, to;
	uint64_t set = 0;
	char next = ',';

	while (f && next == ',' && fscanf(f, "%u", &from) == 1) {
		if (fscanf(f, "-%u", &to) != 1)
			to = from;
		for (; from <= to && from < 64; from++)
			set |= 1ull << from;
		if (fscanf(f, "%c", &next) != 1)
			break;
	}
	if (f)
		fclose(f);
	return set;
}

int cell_board_read(const char *iomem, const char *dtb, struct cell_board **out, struct ctl_error *e)
{
	struct cell_board *b = calloc(1, sizeof(*b));
	int err;

	if (!b)
		return ctl_fail(e, -ENOMEM, "board: out of memory");
	err = read_iomem(b, iomem ? iomem : THIS_IOMEM, e);
	if (!err)
		err = read_tree(b, dtb ? dtb : THIS_TREE, e);
	if (!err && !dtb && !iomem)
		b->online = read_online();
	if (err)
		free(b);
	else
		*out = b;
	return err;
}
