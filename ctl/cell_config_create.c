/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A first root configuration from the board: memory, devices, interrupt controller, console, PCI; the hypervisor's memory at the
 * end of what Linux leaves, the rest of that for cells. It is meant to be read and changed by a person.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/cell_run.h"

#define PAGE		4096ull
#define HYPERVISOR	(4ull << 20)

typedef unsigned long long ull;

static int by_start(const void *a, const void *b)
{
	const struct board_range *x = a, *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

/* What of the RAM is neither Linux's nor mapped by it otherwise. */
static void find_free(const struct cell_board *b, struct board_ranges *out)
{
	struct board_ranges used = b->iomem;

	out->count = 0;
	qsort(used.range, used.count, sizeof(used.range[0]), by_start);
	for (unsigned i = 0; i < b->dram.count; i++) {
		uint64_t at = b->dram.range[i].start, end = at + b->dram.range[i].size;

		for (unsigned j = 0; j <= used.count && at < end; j++) {
			const struct board_range *u = j < used.count ? &used.range[j] : NULL;
			uint64_t stop = u && u->start < end ? u->start : end;

			if (u && (u->start + u->size <= at || (strncmp(u->name, "System RAM", 10) && u->start >= end)))
				continue;
			if (stop > at && out->count < BOARD_RANGES)
				out->range[out->count++] = (struct board_range){ .start = at, .size = stop - at };
			at = u ? u->start + u->size : end;
		}
	}
	for (unsigned i = 0; i < b->nomap.count && out->count < BOARD_RANGES; i++)
		out->range[out->count++] = b->nomap.range[i];
}

static const struct board_range *largest(const struct board_ranges *r)
{
	const struct board_range *best = NULL;

	for (unsigned i = 0; i < r->count; i++)
		if (!best || r->range[i].size > best->size)
			best = &r->range[i];
	return best;
}

static void put_region(FILE *f, const char *name, uint64_t start, uint64_t size, const char *flags)
{
	fprintf(f, "\n[[memory]]\nname = \"%.24s\"\nphys = %#llx\nsize = %#llx\nflags = [%s]\n", name, (ull)start, (ull)size,
		flags);
}

static void put_ram(FILE *f, const struct cell_board *b, const struct board_ranges *unused, uint64_t hv_start)
{
	char name[32];
	unsigned n = 0;

	for (unsigned i = 0; i < b->iomem.count; i++) {
		const struct board_range *r = &b->iomem.range[i];

		if (!r->ram)
			continue;
		snprintf(name, sizeof(name), "ram%u", n++);
		put_region(f, name, r->start, r->size, "\"read\", \"write\", \"execute\", \"dma\"");
	}
	n = 0;
	for (unsigned i = 0; i < unused->count; i++) {
		const struct board_range *r = &unused->range[i];
		uint64_t size = hv_start >= r->start && hv_start - r->start < r->size ? hv_start - r->start : r->size;

		if (!size)
			continue;
		snprintf(name, sizeof(name), "cells%u", n++);
		fputs(n == 1 ? "\n# What Linux leaves: cells get theirs from here." : "", f);
		put_region(f, name, r->start, size & ~(PAGE - 1), "\"read\", \"write\", \"execute\"");
	}
}

/* Devices in whole pages, those side by side as one region. */
static void put_devices(FILE *f, const struct cell_board *b)
{
	struct board_ranges r = { 0 };

	for (unsigned i = 0; i < b->devices && r.count < BOARD_RANGES; i++) {
		const struct board_device *d = &b->device[i];
		struct board_range *x = &r.range[r.count];

		if (d->gic)
			continue;
		x->start = d->start & ~(PAGE - 1);
		x->size = ((d->start + d->size + PAGE - 1) & ~(PAGE - 1)) - x->start;
		snprintf(x->name, sizeof(x->name), "%s", d->name);
		r.count++;
	}
	qsort(r.range, r.count, sizeof(r.range[0]), by_start);
	for (unsigned i = 0, next; i < r.count; i = next) {
		uint64_t end = r.range[i].start + r.range[i].size;
		char name[CELL_NAME_SIZE];

		snprintf(name, sizeof(name), "%.24s", r.range[i].name);
		for (next = i + 1; next < r.count && r.range[next].start <= end; next++)
			if (r.range[next].start + r.range[next].size > end)
				end = r.range[next].start + r.range[next].size;
		/* A name once: a bridge has several windows. */
		for (unsigned j = 0, n = 1; j < i; j++)
			if (!strcmp(r.range[j].name, r.range[i].name))
				snprintf(name, sizeof(name), "%.20s-%u", r.range[i].name, ++n);
		put_region(f, name, r.range[i].start, end - r.range[i].start, "\"read\", \"write\", \"io\"");
	}
}

static void put_platform(FILE *f, const struct cell_board *b)
{
	if (b->gic_version == 3)
		fprintf(f, "\n[platform]\ngic = { version = 3, gicd = %#llx, gicr = %#llx, maintenance_irq = %u }\n", (ull)b->gicd,
			(ull)b->gicr, b->maintenance_irq);
	else
		fprintf(f, "\n[platform]\ngic = { version = 2, gicd = %#llx, gicc = %#llx, gich = %#llx, gicv = %#llx, "
			"maintenance_irq = %u }\n",
			(ull)b->gicd, (ull)b->gicc, (ull)b->gich, (ull)b->gicv, b->maintenance_irq);
	if (b->ecam_size)
		fprintf(f, "pci = { ecam = %#llx, end_bus = %u, domain = %u }\n", (ull)b->ecam, b->end_bus, b->pci_domain);
}

int cell_config_create(const struct cell_board *b, const char *name, FILE *f, struct ctl_error *e)
{
	struct board_ranges *unused = calloc(1, sizeof(*unused));
	const struct board_range *best;
	uint64_t hv;

	if (!unused)
		return ctl_fail(e, -ENOMEM, "config: out of memory");
	find_free(b, unused);
	best = largest(unused);
	if (!best || best->size < HYPERVISOR || !b->gic_version) {
		free(unused);
		return ctl_fail(e, -EINVAL, b->gic_version ? "config: Linux uses all memory: boot it with mem=, or reserve some "
				"in a no-map node of "
				"the device tree" : "config: the device tree has neither a GICv2 nor a GICv3");
	}
	hv = (best->start + best->size - HYPERVISOR) & ~(PAGE - 1);
	fprintf(f, "# Made by 'cella cell config create' from this board's /proc/iomem and device tree. Check what it gives the "
		"root.\n"
		"system = \"%s\"\ncpus = [\"0-%u\"]\nirqs = [\"32-%u\"]\n", name, b->cpus ? b->cpus - 1 : 0, 287u);
	fprintf(f, "\n[hypervisor]\nmemory = { phys = %#llx, size = \"4M\" }\n", (ull)hv);
	if (b->console)
		fprintf(f, "console = { type = \"pl011\", address = %#llx }\n", (ull)b->console);
	put_platform(f, b);
	put_ram(f, b, unused, hv);
	put_devices(f, b);
	free(unused);
	return ferror(f) ? ctl_fail(e, -EIO, "config: it could not be written") : 0;
}
