/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A configuration's TOML, key by key (docs/cells.md has them all). What a value means for the others is cell_check.c's.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "ctl/cell_config.h"
#include "ctl/cell_toml.h"
#include "os/file.h"

static const struct cell_word memory_flags[] = {
	{ "read", MEMORY_READ },
	{ "write", MEMORY_WRITE },
	{ "execute", MEMORY_EXECUTE },
	{ "dma", MEMORY_DMA },
	{ "io", MEMORY_IO },
	{ "comm", MEMORY_COMM_REGION },
	{ "loadable", MEMORY_LOADABLE },
	{ "shared", MEMORY_ROOT_SHARED },
	{ "small_pages", MEMORY_NO_HUGE },
	{ "io_unaligned", MEMORY_IO_UNALIGNED },
	{ "io_8", MEMORY_IO_8 },
	{ "io_16", MEMORY_IO_16 },
	{ "io_32", MEMORY_IO_32 },
	{ "io_64", MEMORY_IO_64 },
	{ "served", MEMORY_SERVED },
	{ NULL, 0 }
};

static const struct cell_word console_types[] = { { "pl011", CONSOLE_PL011 }, { "8250", CONSOLE_8250 }, { NULL, 0 } };
static const struct cell_word pci_types[] = { { "device", 1 }, { "bridge", 2 }, { "ivshmem", 3 }, { NULL, 0 } };

static int read_console(struct cell_toml *t, const struct toml_node *table, struct abi_console *c)
{
	static const char *const keys[] = { "type", "address", "size", "register_distance", "divider", "clock", NULL };
	const struct toml_node *n = toml_get(table, "console");
	uint64_t type, address, size = 0x1000, distance, divider = 0, clock = 0;
	int err;

	if (!n)
		return 0;
	err = toml_keys(t, n, "console", keys);
	if (!err)
		err = toml_word(t, n, "type", console_types, &type);
	if (!err)
		err = toml_u64(t, n, "address", TOML_NEEDED, UINT64_MAX, &address);
	if (!err)
		err = toml_u64(t, n, "size", 0, UINT32_MAX, &size);
	if (err)
		return err;
	distance = type == CONSOLE_PL011 ? 4 : 1;
	err = toml_u64(t, n, "register_distance", 0, 4, &distance);
	if (!err)
		err = toml_u64(t, n, "divider", 0, UINT32_MAX, &divider);
	if (!err)
		err = toml_u64(t, n, "clock", 0, UINT64_MAX, &clock);
	if (!err && distance != 1 && distance != 4)
		err = toml_fail(t, n, "register_distance: 1 or 4 bytes");
	if (err)
		return err;
	*c = (struct abi_console){ .address = address, .size = (uint32_t)size, .type = (uint16_t)type, .divider = (uint32_t)divider,
				   .flags = CONSOLE_MMIO | (distance == 4 ? CONSOLE_REG_DIST_4 : 0), .clock = clock };
	return 0;
}

static int read_memory(struct cell_toml *t, const struct toml_node *n, struct cell_memory *m)
{
	static const char *const keys[] = { "name", "phys", "virt", "size", "flags", "dma_trusted", "irq", NULL };
	uint64_t phys = 0, virt, size, flags;
	int err = toml_keys(t, n, "[[memory]]", keys);

	m->line = n->line;
	if (!err)
		err = toml_text(t, n, "name", 0, m->name, sizeof(m->name));
	if (!err)
		err = toml_words(t, n, "flags", memory_flags, &flags);
	if (!err)
		err = toml_bool(t, n, "dma_trusted", &m->dma_trusted);
	if (err)
		return err;
	if (!(flags & (MEMORY_COMM_REGION | MEMORY_SERVED))) {
		err = toml_u64(t, n, "size", TOML_NEEDED, UINT64_MAX, &size);
		if (!err)	/* an empty one, of an ivshmem device, is nowhere */
			err = toml_u64(t, n, "phys", size ? TOML_NEEDED : 0, UINT64_MAX, &phys);
		virt = phys;
	} else {
		err = toml_get(n, "phys") ? toml_fail(t, n, "phys: a region with '%s' has no memory of its own",
						      flags & MEMORY_COMM_REGION ? "comm" : "served") : 0;
		virt = COMM_REGION_BASE;
		size = 0x1000;
	}
	if (!err && flags & MEMORY_SERVED)
		err = toml_u64(t, n, "irq", TOML_NEEDED, CELL_MAX_IRQ - 1, &phys);
	else if (!err && toml_get(n, "irq"))
		err = toml_fail(t, n, "irq: only a region with 'served' has one; others' are in the cell's irqs");
	if (!err && flags & MEMORY_SERVED && phys < CELL_FIRST_IRQ)
		err = toml_fail(t, n, "irq: a shared interrupt, %u to %u", CELL_FIRST_IRQ, CELL_MAX_IRQ - 1);
	if (!err)
		err = toml_u64(t, n, "virt", flags & MEMORY_SERVED ? TOML_NEEDED : 0, UINT64_MAX, &virt);
	if (!err)
		err = toml_u64(t, n, "size", size ? 0 : TOML_NEEDED, UINT64_MAX, &size);
	if (flags & MEMORY_COMM_REGION)
		flags |= MEMORY_READ | MEMORY_WRITE;
	m->m = (struct config_memory){ .phys = phys, .virt = virt, .size = size, .flags = flags };
	return err;
}

/* "00:1f.2" */
static int read_bdf(struct cell_toml *t, const struct toml_node *n, uint16_t *bdf)
{
	unsigned bus, device, function;
	char text[16], rest;
	int err = toml_text(t, n, "bdf", TOML_NEEDED, text, sizeof(text));

	if (err)
		return err;
	if (sscanf(text, "%2x:%2x.%1x%c", &bus, &device, &function, &rest) != 3 || device > 31 || function > 7)
		return toml_fail(t, n, "bdf: write it as BUS:DEVICE.FUNCTION, \"00:01.0\"");
	*bdf = (uint16_t)(bus << 8 | device << 3 | function);
	return 0;
}

static int read_capability(struct cell_toml *t, const struct toml_node *n, struct config_pci_capability *c)
{
	static const char *const keys[] = { "id", "extended", "start", "length", "writable", NULL };
	bool extended = false, writable = false;
	uint64_t id, start, length;
	int err = toml_keys(t, n, "capabilities", keys);

	if (!err)
		err = toml_u64(t, n, "id", TOML_NEEDED, 0x7fff, &id);
	if (!err)
		err = toml_u64(t, n, "start", TOML_NEEDED, 0xfff, &start);
	if (!err)
		err = toml_u64(t, n, "length", TOML_NEEDED, 0x1000, &length);
	if (!err)
		err = toml_bool(t, n, "extended", &extended);
	if (!err)
		err = toml_bool(t, n, "writable", &writable);
	if (!err)
		*c = (struct config_pci_capability){ .id = (uint16_t)(id | (extended ? 0x8000 : 0)), .start = (uint16_t)start,
						     .len = (uint16_t)length, .flags = writable };
	return err;
}

static int read_capabilities(struct cell_toml *t, const struct toml_node *n, struct cell_file *f, struct config_pci_device *d)
{
	const struct toml_node *list;
	int err = toml_list(t, n, "capabilities", &list);

	d->caps_start = (uint16_t)f->num_caps;
	for (const struct toml_node *c = list ? list->first : NULL; c && !err; c = c->next) {
		if (f->num_caps >= CELL_MAX_CAPS)
			return toml_fail(t, c, "more than %u capabilities", CELL_MAX_CAPS);
		err = read_capability(t, c, &f->caps[f->num_caps]);
		f->num_caps += !err;
		d->num_caps += !err;
	}
	return err;
}

/* The first of its memory regions, by name: state table, shared part, then one output region for each peer. */
static int read_shared(struct cell_toml *t, const struct toml_node *n, const struct cell_file *f, struct config_pci_device *d)
{
	char name[CELL_NAME_SIZE];
	uint64_t id = 0, peers = 2, protocol = 0;
	int err = toml_text(t, n, "shared", TOML_NEEDED, name, sizeof(name));

	if (!err)
		err = toml_u64(t, n, "peer", 0, 255, &id);
	if (!err)
		err = toml_u64(t, n, "peers", 0, 255, &peers);
	if (!err)
		err = toml_u64(t, n, "protocol", 0, UINT16_MAX, &protocol);
	if (err)
		return err;
	for (unsigned i = 0; i < f->num_memory; i++)
		if (!strcmp(f->memory[i].name, name)) {
			if (i + 2 + peers > f->num_memory)
				return toml_fail(t, n, "shared: behind '%s' there are not enough regions: one is for the state "
						 "table, "
						 "one is shared, and each of %u peers has one", name, (unsigned)peers);
			d->shmem_regions_start = i;
			d->shmem_dev_id = (uint8_t)id;
			d->shmem_peers = (uint8_t)peers;
			d->shmem_protocol = (uint16_t)protocol;
			return 0;
		}
	return toml_fail(t, n, "shared: no [[memory]] has the name '%s'", name);
}

static int read_msix(struct cell_toml *t, const struct toml_node *n, struct config_pci_device *d)
{
	static const char *const keys[] = { "vectors", "address", "size", NULL };
	const struct toml_node *msix = toml_get(n, "msix");
	uint64_t vectors, size, address = 0;
	int err;

	if (!msix)
		return 0;
	err = toml_keys(t, msix, "msix", keys);
	if (!err)
		err = toml_u64(t, msix, "vectors", TOML_NEEDED, 2048, &vectors);
	if (err)
		return err;
	size = (vectors * 16 + 0xfff) & ~0xfffull;
	err = toml_u64(t, msix, "address", 0, UINT64_MAX, &address);
	if (!err)
		err = toml_u64(t, msix, "size", 0, UINT16_MAX, &size);
	d->num_msix_vectors = (uint16_t)vectors;
	d->msix_region_size = (uint16_t)size;
	d->msix_address = address;
	return err;
}

static int read_pci(struct cell_toml *t, const struct toml_node *n, struct cell_file *f, struct cell_pci *p)
{
	static const char *const keys[] = { "type", "domain", "bdf", "bar_mask", "capabilities", "msi", "msi_64bit",
					   "msi_maskable", "msix",
					    "shared", "peer", "peers", "protocol", "dma_trusted", NULL };
	struct config_pci_device *d = &p->d;
	uint64_t type, domain = 0, vectors = 0, mask[6] = { 0 };
	bool wide = false, maskable = false;
	uint16_t bdf = 0;
	int err = toml_keys(t, n, "[[pci]]", keys);

	p->line = n->line;
	if (!err)
		err = toml_word(t, n, "type", pci_types, &type);
	if (!err)
		err = toml_u64(t, n, "domain", 0, UINT16_MAX, &domain);
	if (!err)
		err = read_bdf(t, n, &bdf);
	if (!err)
		err = toml_numbers(t, n, "bar_mask", UINT32_MAX, mask, ARRAY_SIZE(mask));
	if (!err)
		err = toml_u64(t, n, "msi", 0, 32, &vectors);
	if (!err)
		err = toml_bool(t, n, "msi_64bit", &wide);
	if (!err)
		err = toml_bool(t, n, "msi_maskable", &maskable);
	if (!err)
		err = toml_bool(t, n, "dma_trusted", &p->dma_trusted);
	if (err)
		return err;
	d->type = (uint8_t)type;
	d->domain = (uint16_t)domain;
	d->bdf = bdf;
	for (unsigned i = 0; i < ARRAY_SIZE(mask); i++)
		d->bar_mask[i] = (uint32_t)mask[i];
	d->num_msi_vectors = (uint8_t)vectors;
	d->msi_flags = (uint8_t)(wide | maskable << 1);
	err = read_msix(t, n, d);
	if (!err)
		err = read_capabilities(t, n, f, d);
	if (!err && type == 3)
		err = read_shared(t, n, f, d);
	return err;
}

static int read_hypervisor(struct cell_toml *t, const struct toml_node *root, struct system_config *h)
{
	static const char *const keys[] = { "memory", "log", "console", NULL }, *const memory_keys[] = { "phys", "size", NULL };
	const struct toml_node *n, *m = NULL;
	uint64_t phys = 0, size = 0;
	bool log = true;
	int err = toml_table(t, root, "hypervisor", TOML_NEEDED, &n);

	if (!err)
		err = toml_keys(t, n, "[hypervisor]", keys);
	if (!err)
		err = toml_table(t, n, "memory", TOML_NEEDED, &m);
	if (!err)
		err = toml_keys(t, m, "memory", memory_keys);
	if (!err)
		err = toml_u64(t, m, "phys", TOML_NEEDED, UINT64_MAX, &phys);
	if (!err)
		err = toml_u64(t, m, "size", TOML_NEEDED, UINT64_MAX, &size);
	if (!err)
		err = toml_bool(t, n, "log", &log);
	if (err)
		return err;
	h->hypervisor_memory = (struct config_memory){ .phys = phys, .size = size, .flags = MEMORY_READ | MEMORY_WRITE };
	h->flags = log ? SYSTEM_VIRTUAL_CONSOLE : 0;
	return read_console(t, n, &h->console);
}

static int read_gic(struct cell_toml *t, const struct toml_node *n, struct config_platform *p)
{
	static const char *const keys[] = { "version", "gicd", "gicc", "gich", "gicv", "gicr", "maintenance_irq", NULL };
	uint64_t version, d, c = 0, h = 0, v = 0, r = 0, irq = 25;
	unsigned v2, v3;
	int err = toml_keys(t, n, "gic", keys);

	if (!err)
		err = toml_u64(t, n, "version", TOML_NEEDED, 4, &version);
	if (err)
		return err;
	if (version != 2 && version != 3)
		return toml_fail(t, n, "gic version: 2 or 3");
	v2 = version == 2 ? TOML_NEEDED : 0;
	v3 = version == 3 ? TOML_NEEDED : 0;
	err = toml_u64(t, n, "gicd", TOML_NEEDED, UINT64_MAX, &d);
	if (!err)
		err = toml_u64(t, n, "gicc", v2, UINT64_MAX, &c);
	if (!err)
		err = toml_u64(t, n, "gich", v2, UINT64_MAX, &h);
	if (!err)
		err = toml_u64(t, n, "gicv", v2, UINT64_MAX, &v);
	if (!err)
		err = toml_u64(t, n, "gicr", v3, UINT64_MAX, &r);
	if (!err)
		err = toml_u64(t, n, "maintenance_irq", 0, 31, &irq);
	p->gic_version = (uint8_t)version;
	p->maintenance_irq = (uint8_t)irq;
	p->gicd_base = d;
	p->gicc_base = c;
	p->gich_base = h;
	p->gicv_base = v;
	p->gicr_base = r;
	return err;
}

static int read_platform(struct cell_toml *t, const struct toml_node *root, struct config_platform *p)
{
	static const char *const keys[] = { "gic", "pci", NULL }, *const pci_keys[] = { "ecam", "end_bus", "domain", "virtual",
										       NULL };
	const struct toml_node *n, *gic = NULL, *pci = NULL;
	uint64_t ecam = 0, end_bus = 0, domain = 0;
	bool is_virtual = false;
	int err = toml_table(t, root, "platform", TOML_NEEDED, &n);

	if (!err)
		err = toml_keys(t, n, "[platform]", keys);
	if (!err)
		err = toml_table(t, n, "gic", TOML_NEEDED, &gic);
	if (!err)
		err = read_gic(t, gic, p);
	if (!err)
		err = toml_table(t, n, "pci", 0, &pci);
	if (err || !pci)
		return err;
	err = toml_keys(t, pci, "pci", pci_keys);
	if (!err)
		err = toml_u64(t, pci, "ecam", TOML_NEEDED, UINT64_MAX, &ecam);
	if (!err)
		err = toml_u64(t, pci, "end_bus", 0, 255, &end_bus);
	if (!err)
		err = toml_u64(t, pci, "domain", 0, UINT16_MAX, &domain);
	if (!err)
		err = toml_bool(t, pci, "virtual", &is_virtual);
	p->pci_config_base = ecam;
	p->pci_end_bus = (uint8_t)end_bus;
	p->pci_domain = (uint16_t)domain;
	p->pci_is_virtual = is_virtual;
	return err;
}

static void add_irq(struct cell_file *f, unsigned intid)
{
	f->irqs[intid / 32] |= (uint32_t)BIT(intid % 32);
}

static int read_arrays(struct cell_toml *t, const struct toml_node *root, struct cell_file *f)
{
	const struct toml_node *list;
	uint64_t streams[CELL_MAX_STREAMS];
	int err = toml_list(t, root, "memory", &list);

	for (const struct toml_node *n = list ? list->first : NULL; n && !err; n = n->next) {
		if (f->num_memory >= CELL_MAX_MEMORY)
			return toml_fail(t, n, "more than %u regions of memory", CELL_MAX_MEMORY);
		snprintf(f->memory[f->num_memory].name, sizeof(f->memory[0].name), "#%u", f->num_memory);
		err = read_memory(t, n, &f->memory[f->num_memory]);
		if (!err && f->memory[f->num_memory].m.flags & MEMORY_SERVED)
			add_irq(f, (unsigned)f->memory[f->num_memory].m.phys);
		f->num_memory++;
	}
	if (!err)
		err = toml_list(t, root, "pci", &list);
	for (const struct toml_node *n = list && !err ? list->first : NULL; n && !err; n = n->next) {
		if (f->num_pci >= CELL_MAX_PCI)
			return toml_fail(t, n, "more than %u PCI devices", CELL_MAX_PCI);
		err = read_pci(t, n, f, &f->pci[f->num_pci++]);
	}
	if (!err)
		err = toml_list(t, root, "stream_ids", &list);
	if (err || !list)
		return err;
	if (list->count > CELL_MAX_STREAMS)
		return toml_fail(t, list, "more than %u stream ids", CELL_MAX_STREAMS);
	err = toml_numbers(t, root, "stream_ids", UINT32_MAX, streams, list->count);
	for (unsigned i = 0; i < list->count && !err; i++)
		f->streams[f->num_streams++] = (uint32_t)streams[i];
	return err;
}

static int read_cell(struct cell_toml *t, const struct toml_node *root, struct cell_file *f)
{
	struct cell_config *c = &f->head.root;
	bool passive = false, debug = false;
	uint64_t reset = 0, timeout = 0, vpci = 0;
	int err = toml_set(t, root, "cpus", 0, CELL_MAX_CPUS - 1, (uint32_t *)&f->cpus);

	if (!err)
		err = toml_set(t, root, "irqs", CELL_FIRST_IRQ, CELL_MAX_IRQ - 1, f->irqs);
	if (!err)
		err = toml_u64(t, root, "vpci_irq_base", 0, CELL_MAX_IRQ - CELL_FIRST_IRQ - 1, &vpci);
	if (!err)
		err = toml_u64(t, root, "reset", 0, UINT64_MAX, &reset);
	if (!err)
		err = toml_u64(t, root, "reply_timeout", 0, UINT64_MAX, &timeout);
	if (!err)
		err = toml_bool(t, root, "passive", &passive);
	if (!err)
		err = toml_bool(t, root, "debug_console", &debug);
	if (!err)
		err = toml_bool(t, root, "dma_trusted", &f->dma_trusted);
	if (!err)
		err = read_console(t, root, &c->console);
	c->flags = (passive ? CELL_PASSIVE_COMM_REGION : 0) | (debug ? CELL_CONSOLE_PERMITTED | CELL_CONSOLE_ACTIVE : 0);
	c->reset_address = reset;
	c->reply_timeout = timeout;
	c->vpci_irq_base = (uint32_t)vpci;
	return err ? err : read_arrays(t, root, f);
}

static int read_root(struct cell_toml *t, const struct toml_node *root, struct cell_file *f)
{
	static const char *const system_keys[] = { "system", "cpus", "irqs", "vpci_irq_base", "debug_console", "dma_trusted",
						  "memory", "pci",
						   "stream_ids", "hypervisor", "platform", NULL };
	static const char *const cell_keys[] = { "cell", "cpus", "irqs", "vpci_irq_base", "reset", "reply_timeout", "passive",
						 "debug_console", "dma_trusted", "console", "memory", "pci", "stream_ids", NULL };
	int err;

	f->system = toml_get(root, "system");
	if (!f->system && !toml_get(root, "cell"))
		return ctl_fail(t->e, -EINVAL, "configuration %s: begins with neither system = \"NAME\" nor cell = \"NAME\": say "
				"which "
				"it is", f->path);
	err = toml_keys(t, root, f->system ? "a system" : "a cell", f->system ? system_keys : cell_keys);
	if (!err)
		err = toml_text(t, root, f->system ? "system" : "cell", TOML_NEEDED, f->head.root.name, CELL_NAME_SIZE);
	if (!err && f->system)
		err = read_hypervisor(t, root, &f->head);
	if (!err && f->system)
		err = read_platform(t, root, &f->head.platform);
	return err ? err : read_cell(t, root, f);
}

static int read_text(struct cell_file *f, const void *data, size_t size, struct ctl_error *e)
{
	struct cell_toml t = { .file = f->path, .e = e };
	struct toml_node *root;
	int err = toml_parse(f->path, data, size, &root, e);

	if (err)
		return err;
	err = read_root(&t, root, f);
	toml_free(root);
	return err ? err : cell_blob_write(f, e);
}

static int read_binary(struct cell_file *f, const void *data, size_t size, struct ctl_error *e)
{
	f->blob = malloc(size);
	if (!f->blob)
		return ctl_fail(e, -ENOMEM, "configuration %s: out of memory", f->path);
	memcpy(f->blob, data, size);
	f->blob_size = size;
	return cell_blob_read(f, e);
}

int cell_file_parse(const char *path, const void *data, size_t size, struct cell_file **out, struct ctl_error *e)
{
	struct cell_file *f = calloc(1, sizeof(*f));
	bool binary = size >= 5 && (!memcmp(data, CONFIG_SYSTEM_SIGNATURE, 5) || !memcmp(data, CONFIG_CELL_SIGNATURE, 5));
	int err;

	if (f)
		f->path = strdup(path);
	if (!f || !f->path) {
		free(f);
		return ctl_fail(e, -ENOMEM, "configuration %s: out of memory", path);
	}
	err = binary ? read_binary(f, data, size, e) : read_text(f, data, size, e);
	if (err)
		cell_file_free(f);
	else
		*out = f;
	return err;
}

int cell_file_load(const char *path, struct cell_file **out, struct ctl_error *e)
{
	struct file_data data;
	int err = file_load(path, TOML_TEXT_MAX, &data);

	if (err)
		return ctl_fail_errno(e, err, "configuration", path);
	err = cell_file_parse(path, data.size ? (const void *)data.data : "", data.size, out, e);
	file_unload(&data);
	return err;
}

void cell_file_free(struct cell_file *f)
{
	if (!f)
		return;
	free(f->path);
	free(f->blob);
	free(f);
}

int cell_memory_fail(const struct cell_file *f, const struct cell_memory *m, struct ctl_error *e, const char *format, ...)
{
	char what[320], line[16] = "";
	va_list ap;

	va_start(ap, format);
	vsnprintf(what, sizeof(what), format, ap);
	va_end(ap);
	if (m->line)
		snprintf(line, sizeof(line), ":%u", m->line);
	return ctl_fail(e, -EINVAL, "configuration %s%s: memory '%s' at %#llx: %s", f->path, line, m->name,
			(unsigned long long)(m->m.flags & (MEMORY_COMM_REGION | MEMORY_SERVED) ? m->m.virt : m->m.phys), what);
}
