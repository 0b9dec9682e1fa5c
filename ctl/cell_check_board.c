/* SPDX-License-Identifier: BSD-2-Clause */
/* See cell_check.h: configurations against the board that they are for. */
#include <errno.h>
#include <string.h>

#include "base/bits.h"
#include "ctl/cell_check.h"

#define NO_PHYS	(MEMORY_COMM_REGION | MEMORY_SERVED)

static bool is_memory(const struct cell_board *b, uint64_t start, uint64_t size)
{
	return board_covers(&b->dram, start, size) || board_covers(&b->nomap, start, size);
}

static const struct board_device *device_at(const struct cell_board *b, uint64_t start, uint64_t size, bool dma_only)
{
	for (unsigned i = 0; i < b->devices; i++)
		if ((b->device[i].dma || !dma_only) && ranges_meet(start, size, b->device[i].start, b->device[i].size))
			return &b->device[i];
	return NULL;
}

static int check_hypervisor(const struct cell_file *s, const struct cell_board *b, struct ctl_error *e)
{
	const struct config_memory *hv = &s->head.hypervisor_memory;
	const struct board_range *ram = board_touches(&b->iomem, hv->phys, hv->size, true);

	if (ram)
		return ctl_fail(e, -EINVAL, "configuration %s: hypervisor memory at %#llx, size %#llx: Linux uses %#llx to %#llx: "
				"boot it with "
				"mem=, or reserve the memory in a no-map node", s->path, (unsigned long long)hv->phys,
				(unsigned long long)hv->size, (unsigned long long)ram->start,
				(unsigned long long)(ram->start + ram->size - 1));
	if (!is_memory(b, hv->phys, hv->size))
		return ctl_fail(e, -EINVAL, "configuration %s: hypervisor memory at %#llx, size %#llx: outside the board's RAM",
				s->path,
				(unsigned long long)hv->phys, (unsigned long long)hv->size);
	return 0;
}

static int check_platform(const struct cell_file *s, const struct cell_board *b, struct ctl_error *e)
{
	const struct config_platform *p = &s->head.platform;
	const struct {
		const char *name;
		uint64_t have, want;
	} gic[] = {
		{ "gicd", p->gicd_base, b->gicd },
		{ "gicr", p->gicr_base, b->gicr },
		{ "gicc", p->gicc_base, b->gicc },
		{ "gich", p->gich_base, b->gich },
		{ "gicv", p->gicv_base, b->gicv },
	};
	uint64_t cpus = b->cpus >= 64 ? ~0ull : (1ull << b->cpus) - 1;

	if (b->gic_version && p->gic_version != b->gic_version)
		return ctl_fail(e, -EINVAL, "configuration %s: gic version %u: the board has a GICv%u", s->path, p->gic_version,
				b->gic_version);
	for (unsigned i = 0; b->gic_version && i < ARRAY_SIZE(gic); i++)
		if (gic[i].have && gic[i].want && gic[i].have != gic[i].want)
			return ctl_fail(e, -EINVAL, "configuration %s: %s %#llx: the board's is at %#llx", s->path, gic[i].name,
					(unsigned long long)gic[i].have, (unsigned long long)gic[i].want);
	if (b->cpus && s->cpus != cpus)
		return ctl_fail(e, -EINVAL, "configuration %s: CPU %d: %s: the board has %u, and all are the root's at first",
				s->path,
				__builtin_ctzll(s->cpus ^ cpus), s->cpus & ~cpus ? "there is none" : "it is missing in cpus",
					b->cpus);
	if (p->pci_config_base && !p->pci_is_virtual && b->ecam_size && p->pci_config_base != b->ecam)
		return ctl_fail(e, -EINVAL, "configuration %s: pci ecam %#llx: the board's is at %#llx", s->path,
				(unsigned long long)p->pci_config_base, (unsigned long long)b->ecam);
	return 0;
}

/* All of it in one region or several of the root's, where Linux finds it: virt equals phys. */
static bool root_maps(const struct cell_file *s, uint64_t start, uint64_t size)
{
	uint64_t at = start, end = start + size;

	for (unsigned i = 0; i < s->num_memory && at < end; i++) {
		const struct config_memory *m = &s->memory[i].m;

		if (m->virt != m->phys || at < m->phys || at - m->phys >= m->size)
			continue;
		at = m->phys + m->size;
		i = ~0u;
	}
	return at >= end;
}

static bool is_gic(const struct cell_board *b, const struct board_range *r)
{
	for (unsigned i = 0; i < b->devices; i++)
		if (b->device[i].gic && ranges_meet(r->start, r->size, b->device[i].start, b->device[i].size))
			return true;
	return !strncmp(r->name, "GIC", 3);
}

/* Neither in memory nor on the board: the driver's names for what the engine answers (kmod/pci.c). */
static bool is_engine_pci(const struct cell_file *s, const struct board_range *r)
{
	return s->head.platform.pci_is_virtual && !strncmp(r->name, "cella PCI", 9);
}

/* Where a PCI bridge could show devices. */
static bool is_window(const struct cell_board *b, const struct board_range *r)
{
	for (unsigned i = 0; i < b->devices; i++)
		if (b->device[i].window && b->device[i].start != b->ecam && r->start >= b->device[i].start &&
		    r->start - b->device[i].start < b->device[i].size)
			return true;
	return false;
}

/*
 * What Linux uses now it must find after the engine has begun, or its next access is its last. Of a PCI bridge's windows it
 * uses what is in them; a window may be left out of the configuration while it is empty.
 */
static int check_uses(const struct cell_file *s, const struct cell_board *b, struct ctl_error *e)
{
	const struct board_ranges *inner = &b->inner;

	for (unsigned i = 0; i < b->iomem.count + inner->count; i++) {
		bool outer = i < b->iomem.count;
		const struct board_range *r = outer ? &b->iomem.range[i] : &inner->range[i - b->iomem.count];

		if (outer ? is_window(b, r) : !is_window(b, r))
			continue;
		if (is_gic(b, r) || is_engine_pci(s, r) || root_maps(s, r->start, r->size) || !strncmp(r->name, "reserved", 8))
			continue;
		return ctl_fail(e, -EINVAL, "configuration %s: Linux uses %s at %#llx to %#llx, and the root's [[memory]] doesn't "
				"have all of it",
				s->path, r->name, (unsigned long long)r->start, (unsigned long long)(r->start + r->size - 1));
	}
	return 0;
}

static int check_region(const struct cell_file *f, const struct cell_memory *r, const struct cell_board *b, struct ctl_error *e)
{
	const struct config_memory *m = &r->m;
	const struct board_range *ram = board_touches(&b->iomem, m->phys, m->size, true);
	const struct board_device *d;

	if (!m->size || m->flags & NO_PHYS)
		return 0;
	if (!(m->flags & MEMORY_IO) && !is_memory(b, m->phys, m->size))
		return cell_memory_fail(f, r, e, "size %#llx: outside the board's RAM; a device's registers want 'io' in their "
					"flags",
					(unsigned long long)m->size);
	if (m->flags & MEMORY_IO && board_touches(&b->dram, m->phys, m->size, false))
		return cell_memory_fail(f, r, e, "it is RAM, and its flags say io");
	if (f->system)
		return 0;
	if (ram)
		return cell_memory_fail(f, r, e, "Linux uses %#llx to %#llx: boot it with mem=, or reserve the memory in a no-map "
					"node",
					(unsigned long long)ram->start, (unsigned long long)(ram->start + ram->size - 1));
	d = m->flags & MEMORY_IO ? device_at(b, m->phys, m->size, true) : NULL;
	if (d && !r->dma_trusted && !f->dma_trusted)
		return cell_memory_fail(f, r, e, "%s masters the bus, and without an IOMMU it can write to any memory: say "
					"dma_trusted = true if "
					"its cell may", d->name);
	return 0;
}

static int check_cell(const struct cell_file *f, const struct cell_board *b, struct ctl_error *e)
{
	int err = 0;

	for (unsigned i = 0; i < f->num_memory && !err; i++)
		err = check_region(f, &f->memory[i], b, e);
	return err;
}

int cell_check_board(const struct cell_file *system, struct cell_file *const *cells, unsigned n, const struct cell_board *b,
		     struct ctl_error *e)
{
	int err = check_hypervisor(system, b, e);

	if (!err)
		err = check_platform(system, b, e);
	if (!err)
		err = check_cell(system, b, e);
	if (!err)
		err = check_uses(system, b, e);
	for (unsigned i = 0; i < n && !err; i++)
		err = check_cell(cells[i], b, e);
	return err;
}
