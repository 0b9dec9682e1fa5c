/* SPDX-License-Identifier: BSD-2-Clause */
/* Items, ports and DMA of fw_cfg; see fw_cfg.h. */
#include "base/bits.h"
#include "base/errno.h"
#include "base/string.h"
#include "core/vm.h"
#include "dev/misc/fw_cfg.h"

enum { PORT_SELECT = 0, PORT_DATA = 1, PORT_DMA_HIGH = 4, PORT_DMA_LOW = 8 };
enum { KEY_SIGNATURE = 0, KEY_FEATURES = 1, KEY_DIRECTORY = 0x19, KEY_FIRST_FILE = 0x20 };
#define KEY_MASK	0xbfffu			/* bit 14 asks for writing, which there is not; bit 15 is part of the number */
#define FEATURE_TRADITIONAL	1u
#define FEATURE_DMA		2u
#define DMA_ERROR	1u
#define DMA_READ	2u
#define DMA_SKIP	4u
#define DMA_SELECT	8u
#define DMA_WRITE	16u
#define DMA_SIGNATURE	0x51454d5520434647ull	/* "QEMU CFG", as reading the address register gives it */
#define MAX_FILL	(1 * MIB)		/* zeros past an item's end, in one DMA */
#define CHUNK		256u

static const struct fw_cfg_item *find(const struct fw_cfg *f, uint16_t key)
{
	for (uint32_t i = 0; i < f->items; i++)
		if (f->item[i].key == (key & KEY_MASK))
			return &f->item[i];
	return NULL;
}

/* ---- items ---- */

static void make_directory(struct fw_cfg *f)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < f->items; i++) {
		uint8_t *e = f->directory + 4 + n * 64;

		if (!f->item[i].name[0])
			continue;
		memset(e, 0, 64);
		put_be32(e, f->item[i].size);
		e[4] = (uint8_t)(f->item[i].key >> 8);
		e[5] = (uint8_t)f->item[i].key;
		memcpy(e + 8, f->item[i].name, FW_CFG_NAME);
		n++;
	}
	put_be32(f->directory, n);
	for (uint32_t i = 0; i < f->items; i++)
		if (f->item[i].key == KEY_DIRECTORY)
			f->item[i].size = 4 + n * 64;
}

static int set_item(struct fw_cfg *f, uint16_t key, const char *name, const void *data, uint32_t size)
{
	struct fw_cfg_item *it = NULL;

	if (strlen(name) >= FW_CFG_NAME)
		return -EINVAL;
	for (uint32_t i = 0; i < f->items && !it; i++)
		if (name[0] ? !strcmp(f->item[i].name, name) : f->item[i].key == key)
			it = &f->item[i];
	if (!it && f->items == FW_CFG_ITEMS)
		return -ENOSPC;
	if (!it) {
		it = &f->item[f->items++];
		it->key = name[0] ? (uint16_t)(KEY_FIRST_FILE + f->items) : key;
		memcpy(it->name, name, strlen(name) + 1);
	}
	it->data = data;
	it->size = size;
	make_directory(f);
	return 0;
}

int fw_cfg_set(struct device *d, uint16_t key, const void *data, uint32_t size)
{
	return set_item(container_of(d, struct fw_cfg, mmio.dev), key, "", data, size);
}

int fw_cfg_file(struct device *d, const char *name, const void *data, uint32_t size)
{
	return set_item(container_of(d, struct fw_cfg, mmio.dev), 0, name, data, size);
}

uint16_t fw_cfg_key(const struct device *d, const char *name)
{
	const struct fw_cfg *f = container_of(d, const struct fw_cfg, mmio.dev);

	for (uint32_t i = 0; i < f->items; i++)
		if (!strcmp(f->item[i].name, name))
			return f->item[i].key;
	return 0;
}

/* ---- accesses: the device lock is taken here ---- */

static void select_item(struct fw_cfg *f, uint16_t key)
{
	if (f->selected)
		f->selected(f->selected_ctx, key & KEY_MASK);
	lock_acquire(&f->mmio.dev.lock);
	f->key = key;
	f->offset = 0;
	lock_release(&f->mmio.dev.lock);
}

/* The next `len` bytes of the selected item, zeros past its end; buf NULL: skips them. */
static void next_bytes(struct fw_cfg *f, uint8_t *buf, uint32_t len)
{
	const struct fw_cfg_item *it;
	uint32_t left;

	lock_acquire(&f->mmio.dev.lock);
	it = find(f, f->key);
	left = it && f->offset < it->size ? it->size - f->offset : 0;
	if (buf) {
		memset(buf, 0, len);
		if (left)
			memcpy(buf, (const uint8_t *)it->data + f->offset, MIN(left, len));
	}
	f->offset += MIN(left, len);
	lock_release(&f->mmio.dev.lock);
}

static uint32_t bytes_left(struct fw_cfg *f)
{
	const struct fw_cfg_item *it;
	uint32_t left;

	lock_acquire(&f->mmio.dev.lock);
	it = find(f, f->key);
	left = it && f->offset < it->size ? it->size - f->offset : 0;
	lock_release(&f->mmio.dev.lock);
	return left;
}

static int dma_read(struct fw_cfg *f, uint64_t to, uint32_t len)
{
	uint8_t buf[CHUNK];
	int err = len > bytes_left(f) + MAX_FILL ? -E2BIG : 0;

	while (len && !err) {
		uint32_t n = MIN(len, CHUNK);

		next_bytes(f, buf, n);
		err = mem_write(&f->mmio.dev.vm->mem, to, buf, n);
		to += n;
		len -= n;
	}
	return err;
}

/* The guest's descriptor: control, length, address, all big-endian; control becomes 0, or says error. */
static void dma(struct fw_cfg *f, uint64_t at)
{
	struct mem *m = &f->mmio.dev.vm->mem;
	uint8_t d[16], done[4] = { 0 };
	uint32_t control, len;
	int err = 0;

	if (mem_read(m, at, d, sizeof(d))) {
		dev_guest_error(&f->mmio.dev, "DMA descriptor at %llx is not in RAM", (unsigned long long)at);
		return;
	}
	control = get_be32(d);
	len = get_be32(d + 4);
	if (control & DMA_SELECT)
		select_item(f, (uint16_t)(control >> 16));
	if (control & DMA_READ)
		err = dma_read(f, get_be64(d + 8), len);
	else if (control & DMA_SKIP)
		next_bytes(f, NULL, len);
	else if (control & DMA_WRITE)
		err = -EPERM;
	if (err)
		put_be32(done, DMA_ERROR);
	mem_write(m, at, done, sizeof(done));
}

static void fw_cfg_write(struct fw_cfg *f, struct bus_access *a)
{
	uint64_t v = a->value;

	if (a->offset == PORT_SELECT && a->size == 2) {
		select_item(f, (uint16_t)v);
	} else if (a->offset == PORT_DMA_HIGH && a->size == 4) {
		__atomic_store_n(&f->dma_high, __builtin_bswap32((uint32_t)v), __ATOMIC_RELAXED);
	} else if (a->offset == PORT_DMA_LOW && a->size == 4) {
		uint64_t high = __atomic_exchange_n(&f->dma_high, 0, __ATOMIC_RELAXED);

		dma(f, high << 32 | __builtin_bswap32((uint32_t)v));
	}
}

static enum bus_result fw_cfg_access(struct region *r, struct bus_access *a)
{
	struct fw_cfg *f = container_of(r, struct fw_cfg, mmio.regs);
	uint8_t sig[8];

	if (a->write) {
		fw_cfg_write(f, a);
		return BUS_OK;
	}
	a->value = 0;
	if (a->offset >= PORT_DMA_HIGH) {
		put_le64(sig, __builtin_bswap64(DMA_SIGNATURE));
		for (unsigned i = 0; i < a->size; i++)
			a->value |= (uint64_t)sig[(a->offset - PORT_DMA_HIGH + i) & 7] << 8 * i;
	} else if (a->offset == PORT_DATA && a->size == 1) {
		uint8_t byte;

		next_bytes(f, &byte, 1);
		a->value = byte;
	}
	return BUS_OK;
}

static const struct region_ops fw_cfg_ops = {
	.access = fw_cfg_access, .min_size = 1, .max_size = 4, .misfit = MISFIT_SPLIT, .flags = BUS_UNLOCKED,
};

/* ---- class ---- */

static int fw_cfg_init(struct device *d, struct arena *a)
{
	static const uint8_t features[4] = { FEATURE_TRADITIONAL | FEATURE_DMA };
	struct fw_cfg *f = container_of(d, struct fw_cfg, mmio.dev);
	int err;

	mmio_init(&f->mmio, &fw_cfg_ops, FW_CFG_PORTS);
	err = fw_cfg_set(d, KEY_SIGNATURE, "QEMU", 4);
	if (!err)
		err = fw_cfg_set(d, KEY_FEATURES, features, sizeof(features));
	return err ? err : fw_cfg_set(d, KEY_DIRECTORY, f->directory, 4);
}

static void fw_cfg_reset(struct device *d, enum reset_kind why)
{
	struct fw_cfg *f = container_of(d, struct fw_cfg, mmio.dev);

	lock_acquire(&d->lock);
	f->key = 0;
	f->offset = 0;
	f->dma_high = 0;
	lock_release(&d->lock);
}

static const struct field fw_cfg_state[] = {
	FIELD(struct fw_cfg, key, 1),
	FIELD(struct fw_cfg, offset, 1),
	FIELD(struct fw_cfg, dma_high, 1),
	FIELD_END
};

const struct dev_class fw_cfg_class = {
	.name		= "fw-cfg",
	.size		= sizeof(struct fw_cfg),
	.version	= 1,
	.init		= fw_cfg_init,
	.reset		= fw_cfg_reset,
	.state		= fw_cfg_state,
};
