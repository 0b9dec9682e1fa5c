/* SPDX-License-Identifier: BSD-2-Clause */
/* See cell_check.h: a file alone, and files together. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/bits.h"
#include "ctl/cell_check.h"

#define PAGE		4096ull
#define ADDRESS_END	(1ull << 48)
#define WIDTHS		(MEMORY_IO_8 | MEMORY_IO_16 | MEMORY_IO_32 | MEMORY_IO_64)
#define NO_PHYS		(MEMORY_COMM_REGION | MEMORY_SERVED)
#define PCI_DEVICE	1
#define PCI_IVSHMEM	3

static bool bad_range(uint64_t start, uint64_t size)
{
	uint64_t end;

	return !size || add_overflows(start, size, &end) || end > ADDRESS_END;
}

static bool has_phys(const struct cell_memory *m)
{
	return m->m.size && !(m->m.flags & NO_PHYS);
}

/* An entry of zeroes, which Jailhouse's files have for an ivshmem device without a shared region; in TOML, size = 0, flags = []. */
static bool is_no_region(const struct cell_memory *r)
{
	return !(r->m.phys | r->m.virt | r->m.size | r->m.flags);
}

static int check_memory(const struct cell_file *f, const struct cell_memory *r, struct ctl_error *e)
{
	const struct config_memory *m = &r->m;
	bool part = (m->virt | m->size) & (PAGE - 1);

	if (is_no_region(r))
		return 0;
	if (bad_range(m->virt, m->size) || (has_phys(r) && bad_range(m->phys, m->size)))
		return cell_memory_fail(f, r, e, "size %#llx is 0 or leads out of 48 bits of address", (unsigned long long)m->size);
	if (!has_phys(r) && part)
		return cell_memory_fail(f, r, e, "a region with 'comm' or 'served' is of whole pages of 4K");
	if ((m->flags & MEMORY_COMM_REGION) && m->size != PAGE)
		return cell_memory_fail(f, r, e, "the comm region is one page: size = 0x1000");
	if (has_phys(r) && part && !(m->flags & MEMORY_IO))
		return cell_memory_fail(f, r, e, "virt %#llx or size %#llx isn't aligned to pages of 4K",
					(unsigned long long)m->virt, (unsigned long long)m->size);
	if (has_phys(r) && part && (!(m->flags & WIDTHS) || (m->phys ^ m->virt) & 7))
		return cell_memory_fail(f, r, e, "a part of a page wants the widths that may pass, among its flags: io_8, io_16, "
					"io_32, io_64");
	if (has_phys(r) && !part && m->phys & (PAGE - 1))
		return cell_memory_fail(f, r, e, "phys isn't aligned to pages of 4K");
	if (m->flags & MEMORY_LOADABLE && (m->flags & MEMORY_IO || !has_phys(r)))
		return cell_memory_fail(f, r, e, "'loadable' doesn't go with io, comm or served");
	if (f->system && m->flags & (NO_PHYS | MEMORY_LOADABLE))
		return cell_memory_fail(f, r, e, "the root has no comm, served or loadable region");
	return 0;
}

static int check_regions(const struct cell_file *f, struct ctl_error *e)
{
	unsigned comm = 0;
	int err = 0;

	for (unsigned i = 0; i < f->num_memory && !err; i++) {
		const struct cell_memory *r = &f->memory[i];

		err = check_memory(f, r, e);
		for (unsigned j = 0; j < i && !err; j++)
			if (r->m.size && f->memory[j].m.size &&
			    ranges_meet(r->m.virt, r->m.size, f->memory[j].m.virt, f->memory[j].m.size))
				err = cell_memory_fail(f, r, e, "virt %#llx overlaps '%s' of the same cell",
						       (unsigned long long)r->m.virt,
						       f->memory[j].name);
		for (unsigned j = 0; j < i && !err && r->line; j++)
			if (!strcmp(r->name, f->memory[j].name))
				err = cell_memory_fail(f, r, e, "its name is that of line %u, too", f->memory[j].line);
		comm += !!(r->m.flags & MEMORY_COMM_REGION);
		if (!err && comm > 1)
			err = cell_memory_fail(f, r, e, "a second comm region");
	}
	return err;
}

static int fail(const struct cell_file *f, struct ctl_error *e, const char *what)
{
	return ctl_fail(e, -EINVAL, "configuration %s: %s", f->path, what);
}

/* What the engine demands (engine/bare/cell_config.c) and what makes it of use. NULL: it is good. */
static const char *ivshmem_fault(const struct cell_file *f, const struct config_pci_device *d)
{
	unsigned pin = d->bdf >> 3 & 3, peers = d->shmem_peers;
	const struct cell_memory *r;
	uint64_t next;

	if (d->shmem_regions_start > f->num_memory || 2 + peers > f->num_memory - d->shmem_regions_start)
		return "its shared memory doesn't exist";
	r = &f->memory[d->shmem_regions_start];
	if (peers < 2 || d->shmem_dev_id >= peers)
		return "peer must be below peers, and those are 2 at least";
	if (r->m.flags & (MEMORY_WRITE | MEMORY_IO | MEMORY_LOADABLE))
		return "its state table, the first region, is memory to read alone: flags = [\"read\", \"shared\"]";
	next = r->m.virt;
	for (unsigned i = 0; i < 2 + peers; i++) {
		if ((i > 2 && r[i].m.size != r[2].m.size) ||
		    (!(i && is_no_region(&r[i])) &&
		     (!has_phys(&r[i]) || !(f->system || r[i].m.flags & MEMORY_ROOT_SHARED) || r[i].m.virt != next)))
			return "its regions must all be shared, follow one another, and outputs be of one size";
		next += r[i].m.size;
	}
	if (!f->system && !cell_has_irq(f, CELL_FIRST_IRQ + f->head.root.vpci_irq_base + pin))
		return "its interrupt, vpci_irq_base and 32 more, is not in the cell's irqs";
	return NULL;
}

static int check_pci(const struct cell_file *f, struct ctl_error *e)
{
	for (unsigned i = 0; i < f->num_pci; i++) {
		const struct cell_pci *p = &f->pci[i];
		unsigned bus = p->d.bdf >> 8, dev = p->d.bdf >> 3 & 31, fn = p->d.bdf & 7;
		const char *fault;

		for (unsigned j = 0; j < i; j++)
			if (f->pci[j].d.bdf == p->d.bdf && f->pci[j].d.domain == p->d.domain)
				return ctl_fail(e, -EINVAL, "configuration %s:%u: PCI device %02x:%02x.%x: it is here twice",
						f->path, p->line,
						bus, dev, fn);
		if (p->d.caps_start > f->num_caps || p->d.num_caps > f->num_caps - p->d.caps_start)
			return ctl_fail(e, -EINVAL, "configuration %s:%u: PCI device %02x:%02x.%x: its capabilities don't exist",
					f->path,
					p->line, bus, dev, fn);
		fault = p->d.type == PCI_IVSHMEM ? ivshmem_fault(f, &p->d) : NULL;
		if (fault)
			return ctl_fail(e, -EINVAL, "configuration %s:%u: ivshmem device %02x:%02x.%x: %s", f->path, p->line, bus,
					dev, fn, fault);
		if (p->d.type == PCI_DEVICE && !f->system && !p->dma_trusted && !f->dma_trusted)
			return ctl_fail(e, -EINVAL, "configuration %s:%u: PCI device %02x:%02x.%x: without an IOMMU it can write "
					"to any memory: "
					"say dma_trusted = true if its cell may", f->path, p->line, bus, dev, fn);
	}
	return 0;
}

/* The console that inmates are told of is a device of theirs. */
static int check_console(const struct cell_file *f, struct ctl_error *e)
{
	const struct abi_console *c = &f->head.root.console;

	if (f->system || !c->address || c->type == CONSOLE_NONE || !(c->flags & CONSOLE_MMIO))
		return 0;
	for (unsigned i = 0; i < f->num_memory; i++) {
		const struct config_memory *m = &f->memory[i].m;

		if (c->address >= m->virt && c->address - m->virt < m->size)
			return 0;
	}
	return ctl_fail(e, -EINVAL, "configuration %s: console at %#llx: no [[memory]] has it: add one with flags read, write, "
			"io", f->path,
			(unsigned long long)c->address);
}

static int check_system(const struct cell_file *f, struct ctl_error *e)
{
	const struct config_memory *hv = &f->head.hypervisor_memory;
	const struct config_platform *p = &f->head.platform;
	const uint64_t gic[] = { p->gicd_base, p->gic_version == 2 ? p->gich_base : p->gicr_base };

	if (bad_range(hv->phys, hv->size) || (hv->phys | hv->size) & (PAGE - 1))
		return fail(f, e, "hypervisor memory: not aligned to pages of 4K, empty or out of 48 bits of address");
	if (hv->size < 1u << 20)
		return fail(f, e, "hypervisor memory: at least 1M is needed");
	if (p->gic_version != 2 && p->gic_version != 3)
		return fail(f, e, "gic version: 2 or 3");
	for (unsigned i = 0; i < f->num_memory; i++) {
		const struct cell_memory *r = &f->memory[i];

		if (ranges_meet(r->m.phys, r->m.size, hv->phys, hv->size))
			return cell_memory_fail(f, r, e, "overlaps the hypervisor's memory at %#llx", (unsigned long long)hv->phys);
		for (unsigned g = 0; g < ARRAY_SIZE(gic); g++)
			if (ranges_meet(r->m.phys, r->m.size, gic[g], PAGE))
				return cell_memory_fail(f, r, e, "has the interrupt controller at %#llx, which is the hypervisor's",
							(unsigned long long)gic[g]);
	}
	return 0;
}

int cell_check_alone(const struct cell_file *f, struct ctl_error *e)
{
	int err = 0;

	if (!f->cpus)
		err = fail(f, e, "cpus: none are given: say cpus = [1]");
	if (!err && !*cell_file_name(f))
		err = fail(f, e, "it has no name");
	if (!err)
		err = check_regions(f, e);
	if (!err)
		err = check_pci(f, e);
	if (!err)
		err = check_console(f, e);
	if (!err && f->system)
		err = check_system(f, e);
	return err;
}

/* ---- together ---- */

static int clash(const struct cell_file *a, const struct cell_file *b, struct ctl_error *e)
{
	uint64_t cpus = a->cpus & b->cpus;

	if (!strcmp(cell_file_name(a), cell_file_name(b)))
		return ctl_fail(e, -EEXIST, "configuration %s: the name '%s' is that of %s, too", a->path, cell_file_name(a),
				b->path);
	if (cpus)
		return ctl_fail(e, -EINVAL, "configuration %s: CPU %d belongs to cell %s, too (%s)", a->path, __builtin_ctzll(cpus),
				cell_file_name(b), b->path);
	for (unsigned irq = CELL_FIRST_IRQ; irq < CELL_MAX_IRQ; irq++)
		if (cell_has_irq(a, irq) && cell_has_irq(b, irq))
			return ctl_fail(e, -EINVAL, "configuration %s: interrupt %u belongs to cell %s, too (%s)", a->path, irq,
					cell_file_name(b), b->path);
	for (unsigned i = 0; i < a->num_memory; i++)
		for (unsigned j = 0; j < b->num_memory; j++) {
			const struct cell_memory *m = &a->memory[i], *o = &b->memory[j];

			if (!has_phys(m) || !has_phys(o) || m->m.flags & o->m.flags & MEMORY_ROOT_SHARED ||
			    !ranges_meet(m->m.phys, m->m.size, o->m.phys, o->m.size))
				continue;
			return cell_memory_fail(a, m, e, "overlaps '%s' of cell %s (%s:%u), and they don't both have 'shared' in "
						"their flags",
						o->name, cell_file_name(b), b->path, o->line);
		}
	return 0;
}

static bool roots_memory(const struct cell_file *system, uint64_t start, uint64_t size)
{
	uint64_t at = start, end = start + size;

	for (unsigned i = 0; i < system->num_memory && at < end; i++) {
		const struct config_memory *m = &system->memory[i].m;

		if (at < m->phys || at - m->phys >= m->size)
			continue;
		at = m->phys + m->size;
		i = ~0u;
	}
	return at >= end;
}

static int from_root(const struct cell_file *system, const struct cell_file *c, struct ctl_error *e)
{
	const struct config_memory *hv = &system->head.hypervisor_memory;
	uint64_t cpus = c->cpus & ~system->cpus;

	for (unsigned i = 0; i < c->num_pci; i++)
		if (c->pci[i].d.type == PCI_IVSHMEM && !system->head.platform.pci_is_virtual)
			return ctl_fail(e, -EINVAL, "configuration %s:%u: ivshmem: the system %s has no PCI for it: say "
					"pci = { ecam = ..., virtual = true }", c->path, c->pci[i].line, system->path);
	if (cpus)
		return ctl_fail(e, -EINVAL, "configuration %s: CPU %d: the system %s has none of that number", c->path,
				__builtin_ctzll(cpus),
				system->path);
	for (unsigned irq = CELL_FIRST_IRQ; irq < CELL_MAX_IRQ; irq++)
		if (cell_has_irq(c, irq) && !cell_has_irq(system, irq))
			return ctl_fail(e, -EINVAL, "configuration %s: interrupt %u: the irqs of %s don't have it", c->path, irq,
					system->path);
	for (unsigned i = 0; i < c->num_memory; i++) {
		const struct cell_memory *r = &c->memory[i];

		if (!has_phys(r))
			continue;
		if (ranges_meet(r->m.phys, r->m.size, hv->phys, hv->size))
			return cell_memory_fail(c, r, e, "overlaps the hypervisor's memory at %#llx (%s)",
						(unsigned long long)hv->phys,
						system->path);
		if (!roots_memory(system, r->m.phys, r->m.size))
			return cell_memory_fail(c, r, e, "size %#llx: not all of it is in the root's [[memory]] (%s), so it isn't "
						"the root's "
						"to give", (unsigned long long)r->m.size, system->path);
	}
	return 0;
}

int cell_check_together(const struct cell_file *system, struct cell_file *const *cells, unsigned n, struct ctl_error *e)
{
	uint64_t left = system->cpus;
	int err = 0;

	for (unsigned i = 0; i < n && !err; i++) {
		err = from_root(system, cells[i], e);
		if (!err && !strcmp(cell_file_name(system), cell_file_name(cells[i])))
			err = clash(cells[i], system, e);
		for (unsigned j = 0; j < i && !err; j++)
			err = clash(cells[i], cells[j], e);
		left &= ~cells[i]->cpus;
	}
	if (!err && !left)
		err = fail(cells[n - 1], e, "cpus: none is left for the root");
	return err;
}
