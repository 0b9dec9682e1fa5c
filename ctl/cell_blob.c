/* SPDX-License-Identifier: BSD-2-Clause */
/* The binary form of configurations (abi/config.h), both ways. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "abi/ioctl.h"
#include "base/bits.h"
#include "ctl/cell_config.h"

#define PINS	128u		/* of one struct config_irqchip */

const char *cell_file_name(const struct cell_file *f)
{
	return f->head.root.name;
}

/* ---- writing ---- */

struct out {
	uint8_t *at;
};

static void put(struct out *o, const void *data, size_t size)
{
	memcpy(o->at, data, size);
	o->at += size;
}

static bool any_pin(const struct cell_file *f, unsigned base)
{
	for (unsigned w = base / 32; w < base / 32 + PINS / 32 && w < ARRAY_SIZE(f->irqs); w++)
		if (f->irqs[w])
			return true;
	return false;
}

static unsigned irqchips(const struct cell_file *f)
{
	unsigned n = 0;

	for (unsigned base = CELL_FIRST_IRQ; base < CELL_MAX_IRQ; base += PINS)
		n += any_pin(f, base);
	return n;
}

static void put_irqchips(struct out *o, const struct cell_file *f)
{
	for (unsigned base = CELL_FIRST_IRQ; base < CELL_MAX_IRQ; base += PINS) {
		struct config_irqchip chip = { .address = f->head.platform.gicd_base, .pin_base = base };

		for (unsigned w = 0; w < PINS / 32 && base / 32 + w < ARRAY_SIZE(f->irqs); w++)
			chip.bitmap[w] = f->irqs[base / 32 + w];
		if (any_pin(f, base))
			put(o, &chip, sizeof(chip));
	}
}

int cell_blob_write(struct cell_file *f, struct ctl_error *e)
{
	struct system_config *h = &f->head;
	struct cell_config *c = &h->root;
	size_t head = f->system ? sizeof(*h) : sizeof(*c), size;
	struct out o;

	if (f->system)
		memcpy(h->signature, CONFIG_SYSTEM_SIGNATURE, sizeof(h->signature));
	else
		memcpy(c->signature, CONFIG_CELL_SIGNATURE, sizeof(c->signature));
	c->architecture = h->architecture = CONFIG_ARCH_ARM64;
	c->revision = h->revision = CONFIG_REVISION;
	c->cpu_set_size = sizeof(f->cpus);
	c->num_memory = f->num_memory;
	c->num_irqchips = irqchips(f);
	c->num_pci_devices = f->num_pci;
	c->num_pci_caps = f->num_caps;
	c->num_stream_ids = f->num_streams;
	size = head + sizeof(f->cpus) + f->num_memory * sizeof(struct config_memory) +
	       c->num_irqchips * sizeof(struct config_irqchip) + f->num_pci * sizeof(struct config_pci_device) +
	       f->num_caps * sizeof(f->caps[0]) + f->num_streams * sizeof(f->streams[0]);
	f->blob = malloc(size);
	if (!f->blob)
		return ctl_fail(e, -ENOMEM, "configuration %s: out of memory", f->path);
	f->blob_size = size;
	o.at = f->blob;
	put(&o, f->system ? (const void *)h : (const void *)c, head);
	put(&o, &f->cpus, sizeof(f->cpus));
	for (unsigned i = 0; i < f->num_memory; i++)
		put(&o, &f->memory[i].m, sizeof(f->memory[i].m));
	put_irqchips(&o, f);
	for (unsigned i = 0; i < f->num_pci; i++)
		put(&o, &f->pci[i].d, sizeof(f->pci[i].d));
	put(&o, f->caps, f->num_caps * sizeof(f->caps[0]));
	put(&o, f->streams, f->num_streams * sizeof(f->streams[0]));
	return 0;
}

/* ---- reading ---- */

struct in {
	const uint8_t *at;
	size_t left;
	const struct cell_file *f;
	struct ctl_error *e;
};

static int broken(const struct in *in, const char *what)
{
	return ctl_fail(in->e, -EINVAL, "configuration %s: %s", in->f->path, what);
}

/* The next count entries of size bytes, into `to`, which holds max; NULL: passed over. */
static int take(struct in *in, void *to, size_t stride, uint32_t count, size_t size, uint32_t max)
{
	if (count > max || in->left / size < count)
		return broken(in, count > max ? "more entries of one kind than fit" : "shorter than its counts say");
	for (uint32_t i = 0; i < count && to; i++)
		memcpy((char *)to + i * stride, in->at + i * size, size);
	in->at += count * size;
	in->left -= count * size;
	return 0;
}

static int take_cpus(struct in *in, struct cell_file *f)
{
	uint32_t size = f->head.root.cpu_set_size;
	const uint8_t *set = in->at;
	int err = take(in, NULL, 0, size, 1, UINT32_MAX);

	for (uint32_t i = 0; i < size && !err; i++) {
		if (i >= sizeof(f->cpus) && set[i])
			return broken(in, "CPUs past 63 are not supported");
		if (i < sizeof(f->cpus))
			f->cpus |= (uint64_t)set[i] << (8 * i);
	}
	return err;
}

static int take_irqchips(struct in *in, struct cell_file *f)
{
	uint32_t n = f->head.root.num_irqchips;
	struct config_irqchip chip = { 0 };
	int err = 0;

	for (uint32_t i = 0; i < n && !err; i++) {
		err = take(in, &chip, sizeof(chip), 1, sizeof(chip), 1);
		for (unsigned bit = 0; bit < PINS && !err; bit++) {
			uint64_t intid = (uint64_t)chip.pin_base + bit;

			if (!(chip.bitmap[bit / 32] >> bit % 32 & 1))
				continue;
			if (chip.pin_base < CELL_FIRST_IRQ)
				return broken(in, "an interrupt below 32, which is each CPU's own");
			if (intid < CELL_MAX_IRQ)	/* whole words are set in many a file */
				f->irqs[intid / 32] |= 1u << intid % 32;
		}
	}
	return err;
}

static int take_arrays(struct in *in, struct cell_file *f)
{
	const struct cell_config *c = &f->head.root;
	int err = take_cpus(in, f);

	if (!err)
		err = take(in, &f->memory[0].m, sizeof(f->memory[0]), c->num_memory, sizeof(f->memory[0].m), CELL_MAX_MEMORY);
	if (!err)
		err = take(in, NULL, 0, c->num_cache, sizeof(struct config_cache), UINT32_MAX);
	if (!err)
		err = take_irqchips(in, f);
	if (!err)
		err = take(in, NULL, 0, c->num_ports, 4, UINT32_MAX);
	if (!err)
		err = take(in, &f->pci[0].d, sizeof(f->pci[0]), c->num_pci_devices, sizeof(f->pci[0].d), CELL_MAX_PCI);
	if (!err)
		err = take(in, f->caps, sizeof(f->caps[0]), c->num_pci_caps, sizeof(f->caps[0]), CELL_MAX_CAPS);
	if (!err)
		err = take(in, f->streams, sizeof(f->streams[0]), c->num_stream_ids, sizeof(f->streams[0]), CELL_MAX_STREAMS);
	if (!err && in->left)
		err = broken(in, "longer than its counts say");
	if (err)
		return err;
	f->num_memory = c->num_memory;
	f->num_pci = c->num_pci_devices;
	f->num_caps = c->num_pci_caps;
	f->num_streams = c->num_stream_ids;
	for (unsigned i = 0; i < f->num_memory; i++)
		snprintf(f->memory[i].name, sizeof(f->memory[i].name), "#%u", i);
	return 0;
}

static int check_head(const struct in *in, uint8_t architecture, uint16_t revision)
{
	if (revision != CONFIG_REVISION)
		return broken(in, "another revision than 14: compile it anew");
	return architecture == CONFIG_ARCH_ARM64 ? 0 : broken(in, "not for arm64");
}

int cell_blob_read(struct cell_file *f, struct ctl_error *e)
{
	struct in in = { .at = f->blob, .left = f->blob_size, .f = f, .e = e };
	int err;

	if (f->blob_size > CELLA_CONFIG_MAX)
		return broken(&in, "longer than 64 KiB");
	f->system = f->blob_size >= sizeof(f->head) && !memcmp(f->blob, CONFIG_SYSTEM_SIGNATURE, 5);
	if (f->system)
		err = take(&in, &f->head, 0, 1, sizeof(f->head), 1);
	else
		err = take(&in, &f->head.root, 0, 1, sizeof(f->head.root), 1);
	if (err)
		return err;
	if (f->system)
		err = check_head(&in, f->head.architecture, f->head.revision);
	else
		err = check_head(&in, f->head.root.architecture, f->head.root.revision);
	if (!err && !memchr(f->head.root.name, 0, sizeof(f->head.root.name)))
		err = broken(&in, "its name has no end");
	return err ? err : take_arrays(&in, f);
}
