/* SPDX-License-Identifier: BSD-2-Clause */
/* Configurations: where their arrays are, and what is wrong with them. The format is in abi/config.h. */
#include "base/log.h"
#include "base/string.h"
#include "engine/bare/arch.h"
#include "engine/bare/cell_config.h"

#define WIDTHS		(MEMORY_IO_8 | MEMORY_IO_16 | MEMORY_IO_32 | MEMORY_IO_64)
#define ADDRESS_BITS	48

static uint64_t arrays_size(const struct cell_config *c)
{
	return c->cpu_set_size + (uint64_t)c->num_memory * sizeof(struct config_memory) +
	       (uint64_t)c->num_cache * sizeof(struct config_cache) +
	       (uint64_t)c->num_irqchips * sizeof(struct config_irqchip) + (uint64_t)c->num_ports * 4 +
	       (uint64_t)c->num_pci_devices * sizeof(struct config_pci_device) +
	       (uint64_t)c->num_pci_caps * sizeof(struct config_pci_capability) + (uint64_t)c->num_stream_ids * 4;
}

int cell_config_size(const struct cell_config *c, uint32_t *size)
{
	uint64_t bytes = sizeof(*c) + arrays_size(c);	/* eight 32-bit counts: no overflow */

	if (bytes > CONFIG_BYTES_MAX)
		return -E2BIG;
	*size = (uint32_t)bytes;
	return 0;
}

const uint8_t *config_cpus(const struct cell_config *c)
{
	return (const uint8_t *)(c + 1);
}

const struct config_memory *config_memory(const struct cell_config *c)
{
	return (const struct config_memory *)(config_cpus(c) + c->cpu_set_size);
}

const struct config_irqchip *config_irqchips(const struct cell_config *c)
{
	const struct config_cache *cache = (const struct config_cache *)(config_memory(c) + c->num_memory);

	return (const struct config_irqchip *)(cache + c->num_cache);
}

const struct config_pci_device *config_pci_devices(const struct cell_config *c)
{
	const uint8_t *ports = (const uint8_t *)(config_irqchips(c) + c->num_irqchips);

	return (const struct config_pci_device *)(ports + (size_t)c->num_ports * 4);
}

int config_cpu_set(const struct cell_config *c, uint64_t *set)
{
	*set = 0;
	for (uint32_t i = 0; i < c->cpu_set_size; i++) {
		uint8_t byte = config_cpus(c)[i];

		if (i >= IMAGE_MAX_CPUS / 8 && byte)
			return -EINVAL;
		if (i < IMAGE_MAX_CPUS / 8)
			*set |= (uint64_t)byte << (8 * i);
	}
	return *set ? 0 : -EINVAL;
}

bool memory_is_subpage(const struct config_memory *m)
{
	return (m->virt | m->size) & (PAGE_BYTES - 1);
}

bool memory_is_empty(const struct config_memory *m)
{
	return !(m->phys | m->virt | m->size | m->flags);
}

bool memory_is_mapped(const struct config_memory *m)
{
	return m->size && !(m->flags & (MEMORY_COMM_REGION | MEMORY_SERVED)) && !memory_is_subpage(m);
}

bool memory_is_taken(const struct config_memory *m)
{
	return memory_is_mapped(m) && !(m->flags & MEMORY_ROOT_SHARED);
}

static bool range_is_good(uint64_t start, uint64_t size)
{
	uint64_t end;

	return size && !add_overflows(start, size, &end) && end <= BIT(ADDRESS_BITS);
}

static const char *memory_fault(const struct config_memory *m)
{
	bool page = m->flags & (MEMORY_COMM_REGION | MEMORY_SERVED);

	if (memory_is_empty(m))
		return NULL;
	if (!range_is_good(m->virt, m->size) || (!page && !range_is_good(m->phys, m->size)))
		return "is empty or leaves the address space";
	if ((m->flags & MEMORY_COMM_REGION) && (m->size != PAGE_BYTES || memory_is_subpage(m)))
		return "is no page for a comm region";
	if ((m->flags & MEMORY_SERVED) && memory_is_subpage(m))
		return "is served and not of whole pages";
	if (!page && memory_is_subpage(m)) {
		if (!(m->flags & MEMORY_IO) || !(m->flags & WIDTHS) || ((m->virt ^ m->phys) & 7))
			return "is a piece of a page without widths of access";
		if (m->flags & MEMORY_LOADABLE)
			return "is loadable and not of whole pages";
	} else if (!page && (m->phys & (PAGE_BYTES - 1))) {
		return "is not aligned to pages";
	}
	if ((m->flags & MEMORY_LOADABLE) && (m->flags & MEMORY_IO))
		return "is loadable, but a device's";
	return NULL;
}

static int memory_check(const struct cell_config *c)
{
	const struct config_memory *m = config_memory(c);
	uint32_t comm_regions = 0;

	for (uint32_t i = 0; i < c->num_memory; i++) {
		const char *fault = memory_fault(&m[i]);

		for (uint32_t j = 0; j < i && !fault; j++)
			if (m[i].size && m[j].size && ranges_overlap(m[i].virt, m[i].size, m[j].virt, m[j].size))
				fault = "overlaps another of the cell";
		comm_regions += !!(m[i].flags & MEMORY_COMM_REGION);
		if (comm_regions > 1)
			fault = "is a second comm region";
		if (!fault)
			continue;
		log_error("cell '%s': memory %u at %#llx %s", c->name, i, (unsigned long long)m[i].virt, fault);
		return -EINVAL;
	}
	return 0;
}

/* One region behind the other in the cell's memory, all but the table perhaps empty; the table is the engine's to write alone. */
static const char *ivshmem_fault(const struct cell_config *c, const struct config_pci_device *d)
{
	const struct config_memory *m = config_memory(c) + d->shmem_regions_start;
	uint32_t peers = d->shmem_peers;
	uint64_t next;

	if (peers < 2 || d->shmem_dev_id >= peers)
		return "has a number that there is no peer of";
	if (d->shmem_regions_start > c->num_memory || 2 + peers > c->num_memory - d->shmem_regions_start)
		return "has too few regions of memory";
	if (m->size > UINT32_MAX || (m->flags & (MEMORY_WRITE | MEMORY_IO | MEMORY_LOADABLE)))
		return "has a state table that isn't memory to read alone";
	next = m->virt;
	for (uint32_t i = 0; i < 2 + peers; i++) {
		if (i > 2 && m[i].size != m[2].size)
			return "has output regions of several sizes";
		if (i && memory_is_empty(&m[i]))
			continue;
		if (!memory_is_mapped(&m[i]))
			return "has a region that isn't memory";
		if (m[i].virt != next)
			return "has regions that don't follow one another";
		next += m[i].size;
	}
	return NULL;
}

static int ivshmem_check(const struct cell_config *c)
{
	const struct config_pci_device *d = config_pci_devices(c);

	for (uint32_t i = 0; i < c->num_pci_devices; i++) {
		const char *fault = d[i].type == PCI_TYPE_IVSHMEM ? ivshmem_fault(c, &d[i]) : NULL;

		for (uint32_t j = 0; j < i && d[i].type == PCI_TYPE_IVSHMEM && !fault; j++)
			if (d[j].bdf == d[i].bdf)
				fault = "is there twice";
		if (!fault)
			continue;
		log_error("cell '%s': ivshmem device %#x %s", c->name, d[i].bdf, fault);
		return -EINVAL;
	}
	return 0;
}

int cell_config_check(const struct cell_config *c, uint32_t size)
{
	uint32_t need;
	uint64_t cpus;
	int err;

	if (size < sizeof(*c))
		return -EINVAL;
	err = cell_config_size(c, &need);
	if (err)
		return err;
	if (need > size || c->name[CELL_NAME_SIZE - 1])
		return -EINVAL;
	err = config_cpu_set(c, &cpus);
	if (err) {
		log_error("cell '%s': its CPU set is empty or names CPUs past %u", c->name, IMAGE_MAX_CPUS);
		return err;
	}
	err = memory_check(c);
	return err ? err : ivshmem_check(c);
}

static int header_check(const char *signature, const char *want, uint8_t architecture, uint16_t revision)
{
	return memcmp(signature, want, 5) || architecture != CONFIG_ARCH_ARM64 || revision != CONFIG_REVISION ? -EINVAL : 0;
}

int system_config_check(const struct system_config *s, uint32_t size)
{
	const struct config_memory *hv = &s->hypervisor_memory;

	if (size < sizeof(*s) || header_check(s->signature, CONFIG_SYSTEM_SIGNATURE, s->architecture, s->revision))
		return -EINVAL;
	if (!range_is_good(hv->phys, hv->size) || ((hv->phys | hv->size) & (PAGE_BYTES - 1)))
		return -EINVAL;
	return cell_config_check(&s->root, size - (uint32_t)offsetof(struct system_config, root));
}

/* Is all of m the root's? Its regions may be put together. */
static bool root_has(const struct bare *sys, const struct config_memory *m)
{
	const struct cell_config *root = &sys->config->root;
	const struct config_memory *r = config_memory(root);
	uint64_t at = m->phys, end = m->phys + m->size;

	for (uint32_t i = 0; i < root->num_memory && at < end; i++) {
		if (at < r[i].phys || at - r[i].phys >= r[i].size || (r[i].flags & (MEMORY_COMM_REGION | MEMORY_SERVED)))
			continue;
		at = r[i].phys + r[i].size;
		i = UINT32_MAX;		/* from the first one again: they are in no order */
	}
	return at >= end;
}

static bool physical(const struct config_memory *m)
{
	return m->size && !(m->flags & (MEMORY_COMM_REGION | MEMORY_SERVED));
}

static int memory_against(const struct config_memory *m, const struct cell_config *other)
{
	const struct config_memory *o = config_memory(other);

	for (uint32_t i = 0; i < other->num_memory; i++)
		if (physical(&o[i]) && ranges_overlap(m->phys, m->size, o[i].phys, o[i].size) &&
		    !(m->flags & o[i].flags & MEMORY_ROOT_SHARED))
			return -EBUSY;
	return 0;
}

static int memory_fits(const struct bare *sys, const struct config_memory *m)
{
	const struct config_memory *hv = &sys->config->hypervisor_memory;
	int err = 0;

	if (!physical(m))
		return 0;
	if (ranges_overlap(m->phys, m->size, hv->phys, hv->size) || !root_has(sys, m) ||
	    arch_is_reserved(sys, m->phys, m->size))
		return -EINVAL;
	for (uint32_t i = 1; i < MAX_CELLS && !err; i++)
		if (sys->cell[i])
			err = memory_against(m, sys->cell[i]->config);
	return err;
}

int cell_config_fits(const struct bare *sys, const struct cell_config *c)
{
	const struct config_memory *m = config_memory(c);

	if (header_check(c->signature, CONFIG_CELL_SIGNATURE, c->architecture, c->revision))
		return -EINVAL;
	if (!c->id || c->id > INT32_MAX)
		return -EINVAL;
	for (uint32_t i = 0; i < MAX_CELLS; i++)
		if (sys->cell[i] && (sys->cell[i]->config->id == c->id ||
				     !strncmp(sys->cell[i]->config->name, c->name, CELL_NAME_SIZE)))
			return -EEXIST;
	for (uint32_t i = 0; i < c->num_memory; i++) {
		int err = memory_fits(sys, &m[i]);

		if (err) {
			log_error("cell '%s': memory %u, physical %#llx and %#llx bytes, is %s", c->name, i,
				  (unsigned long long)m[i].phys, (unsigned long long)m[i].size,
				  err == -EBUSY ? "another cell's" : "not the root's to give");
			return err;
		}
	}
	return 0;
}
