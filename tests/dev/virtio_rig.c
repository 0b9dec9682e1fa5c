/* SPDX-License-Identifier: BSD-2-Clause */
/* See virtio_rig.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <cmocka.h>
#include "base/errno.h"
#include "tests/dev/virtio_rig.h"
#include "tests/unit/skip.h"

#define ARENA_SIZE	(64u << 20)

static void chip_set(struct irqchip *c, uint32_t pin, bool level)
{
	struct rig *r = container_of(c, struct rig, chip);
	bool was = __atomic_exchange_n(&r->line, level, __ATOMIC_RELAXED);

	assert_int_equal(pin, RIG_INTID - 32);
	if (level && !was)
		__atomic_fetch_add(&r->edges, 1, __ATOMIC_RELAXED);
}

static int chip_msi(struct irqchip *c, const struct msi *m)
{
	struct rig *r = container_of(c, struct rig, chip);

	__atomic_fetch_add(&r->messages[m->data & 31], 1, __ATOMIC_RELAXED);
	return 1;
}

static const struct irqchip_ops chip_ops = { .set = chip_set, .msi = chip_msi };

static void no_wake(struct workq *q)
{
}

static uint8_t *map(size_t size)
{
	uint8_t *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	assert_true(p != MAP_FAILED);
	return p;
}

static void slot(struct rig *r, gpa_t base, uint64_t size, enum mem_kind kind, void *host)
{
	struct mem_slot s = {
		.base = base, .size = size, .kind = kind, .can_write = kind == MEM_RAM, .can_exec = true,
		.backing = { .host = host, .fd = -1 },
	};
	uint32_t id;

	assert_int_equal(mem_slot_add(&r->vm.mem, &s, &id), 0);
}

void rig_open(struct rig *r)
{
	memset(r, 0, sizeof(*r));
	r->ram = map(RIG_SEAM - RIG_RAM);
	r->ram_above = map(RIG_RAM + RIG_RAM_SIZE - RIG_SEAM);
	r->rom = map(0x10000);
	r->arena = map(ARENA_SIZE);
	arena_init(&r->vm.arena, r->arena, ARENA_SIZE);
	mem_init(&r->vm.mem);
	bus_init(&r->vm.bus);
	list_init(&r->vm.devices);
	workq_init(&r->workq, no_wake);
	r->vm.control = &r->workq;
	r->chip.ops = &chip_ops;
	slot(r, RIG_ROM, 0x10000, MEM_ROM, r->rom);
	slot(r, RIG_RAM, RIG_SEAM - RIG_RAM, MEM_RAM, r->ram);
	slot(r, RIG_SEAM, RIG_RAM + RIG_RAM_SIZE - RIG_SEAM, MEM_RAM, r->ram_above);
}

struct device *rig_device(struct rig *r, const struct dev_class *cls, void *backend)
{
	r->dev = device_create(&r->vm, cls);
	assert_non_null(r->dev);
	r->dev->workq = &r->workq;
	if (backend)
		assert_int_equal(device_set_ptr(r->dev, "backend", backend), 0);
	assert_int_equal(device_set(r->dev, "packed", true), 0);
	assert_int_equal(device_set(r->dev, "in_order", true), 0);
	return r->dev;
}

void rig_plug_device(struct rig *r)
{
	assert_int_equal(device_init(r->dev), 0);
	rig_transport_plug(r);
}

void rig_plug(struct rig *r, const struct dev_class *cls, void *backend)
{
	rig_device(r, cls, backend);
	rig_plug_device(r);
}

void rig_close(struct rig *r)
{
	rig_pump(r);
	if (r->transport) {
		rig_transport_destroy(r);
		r->dev->cls->destroy(r->dev);
	}
	munmap(r->ram, RIG_SEAM - RIG_RAM);
	munmap(r->ram_above, RIG_RAM + RIG_RAM_SIZE - RIG_SEAM);
	munmap(r->rom, 0x10000);
	munmap(r->arena, ARENA_SIZE);
}

int rig_tear_down(void **state)
{
	rig_close(*state);
	free(*state);
	return 0;
}

void *rig_ptr(struct rig *r, gpa_t gpa)
{
	assert_true(gpa >= RIG_RAM && gpa < RIG_RAM + RIG_RAM_SIZE);
	return gpa < RIG_SEAM ? r->ram + (gpa - RIG_RAM) : r->ram_above + (gpa - RIG_SEAM);
}

void rig_pump(struct rig *r)
{
	for (unsigned i = 0; workq_run(&r->workq); i++)
		assert_true(i < 1000);		/* work that never ends */
}

uint64_t rig_offered(struct rig *r)
{
	uint64_t f;

	wr(r, R_DEVICE_FEATURES_SEL, 0);
	f = rd(r, R_DEVICE_FEATURES);
	if (rig_legacy(r))
		return f;
	wr(r, R_DEVICE_FEATURES_SEL, 1);
	return f | (uint64_t)rd(r, R_DEVICE_FEATURES) << 32;
}

void rig_negotiate(struct rig *r)
{
	uint64_t f = r->features | F_VERSION_1;

	if (rig_legacy(r) && r->features >> 32)
		skip_because("a legacy driver has no such feature; what came before it passed");
	wr(r, R_STATUS, 0);
	assert_int_equal(rd(r, R_STATUS), 0);
	wr(r, R_STATUS, S_ACK);
	wr(r, R_STATUS, S_ACK | S_DRIVER);
	wr(r, R_DRIVER_FEATURES_SEL, 0);
	wr(r, R_DRIVER_FEATURES, (uint32_t)f);
	if (!rig_legacy(r)) {
		wr(r, R_DRIVER_FEATURES_SEL, 1);
		wr(r, R_DRIVER_FEATURES, (uint32_t)(f >> 32));
	}
	wr(r, R_STATUS, S_ACK | S_DRIVER | S_FEATURES_OK);
}

static void wr64(struct rig *r, uint64_t offset, uint64_t val)
{
	wr(r, offset, (uint32_t)val);
	wr(r, offset + 4, (uint32_t)(val >> 32));
}

void rig_queue_place(struct rig *r, unsigned qi, uint16_t size)
{
	struct rig_queue *q = &r->q[qi];
	gpa_t base = RIG_RAM + 0x10000 + 0x10000ull * qi;

	*q = (struct rig_queue){
		.size = size, .desc = base, .driver = base + 0x4000, .device = base + 0x8000,
		.packed = r->features & F_PACKED, .avail_wrap = true, .used_wrap = true,
	};
	if (rig_legacy(r)) {
		q->driver = q->desc + 16u * size;
		q->device = ALIGN_UP(q->driver + 6 + 2u * size, (gpa_t)4096);
	}
	memset(rig_ptr(r, base), 0, 0x10000);
	rig_queue_write(r, qi);
}

void rig_queue_write(struct rig *r, unsigned qi)
{
	struct rig_queue *q = &r->q[qi];

	wr(r, R_QUEUE_SEL, qi);
	wr(r, R_QUEUE_NUM, q->size);
	if (rig_legacy(r))
		return;
	wr64(r, R_DESC, q->desc);
	wr64(r, R_DRIVER, q->driver);
	wr64(r, R_DEVICE, q->device);
}

void rig_queue_enable(struct rig *r, unsigned qi)
{
	wr(r, R_QUEUE_SEL, qi);
	if (rig_legacy(r))
		rig_legacy_enable(r, &r->q[qi]);
	else
		wr(r, R_QUEUE_READY, 1);
}

void rig_start(struct rig *r, unsigned queues, uint16_t size)
{
	rig_negotiate(r);
	assert_true(rd(r, R_STATUS) & S_FEATURES_OK);
	for (unsigned i = 0; i < queues; i++) {
		rig_queue_place(r, i, size);
		rig_queue_enable(r, i);
	}
	wr(r, R_STATUS, S_ACK | S_DRIVER | S_FEATURES_OK | S_DRIVER_OK);
	rig_pump(r);
}

static void put(struct rig *r, gpa_t at, uint64_t val)
{
	if (at < RIG_SEAM && at + 8 > RIG_SEAM)
		assert_int_equal(mem_write(&r->vm.mem, at, &val, 8), 0);
	else
		__atomic_store_n((uint64_t *)rig_ptr(r, at), val, __ATOMIC_SEQ_CST);
}

void rig_desc(struct rig *r, gpa_t table, unsigned i, gpa_t addr, uint32_t len, uint16_t flags, uint16_t next)
{
	bool packed = r->features & F_PACKED;

	for (unsigned qi = 0; packed && qi < ARRAY_SIZE(r->q); qi++) {
		if (r->q[qi].size && table == r->q[qi].desc) {
			r->q[qi].table[i] = (struct rig_desc){ addr, len, flags, next };
			return;
		}
	}
	put(r, table + 16 * i, addr);
	put(r, table + 16 * i + 8, len | (uint64_t)flags << (packed ? 48 : 32) | (uint64_t)next << (packed ? 32 : 48));
}

void rig_packed_put(struct rig *r, unsigned qi, gpa_t addr, uint32_t len, uint16_t id, uint16_t flags)
{
	struct rig_queue *q = &r->q[qi];
	gpa_t at = q->desc + 16u * q->avail;

	put(r, at, addr);
	put(r, at + 8, len | (uint64_t)id << 32 | (uint64_t)(flags | (q->avail_wrap ? 0x80 : 0x8000)) << 48);
	if (++q->avail == q->size) {
		q->avail = 0;
		q->avail_wrap = !q->avail_wrap;
	}
}

/* The first descriptor becomes available last. A chain that loops goes round until the ring is full of it. */
static void offer_packed(struct rig *r, unsigned qi, uint16_t head)
{
	struct rig_queue *q = &r->q[qi];
	gpa_t first = q->desc + 16u * q->avail;
	const struct rig_desc *d = &q->table[head];
	uint16_t flags = d->flags, id = d->flags & DESC_F_NEXT ? 0 : head, bits = q->avail_wrap ? 0x80 : 0x8000;

	q->slots[head] = 1;
	if (++q->avail == q->size) {
		q->avail = 0;
		q->avail_wrap = !q->avail_wrap;
	}
	for (const struct rig_desc *e = d; e->flags & DESC_F_NEXT && q->slots[head] < q->size; q->slots[head]++) {
		e = &q->table[e->next];
		rig_packed_put(r, qi, e->addr, e->len, e->flags & DESC_F_NEXT ? 0 : head, e->flags);
	}
	put(r, first, d->addr);
	put(r, first + 8, d->len | (uint64_t)id << 32 | (uint64_t)(flags | bits) << 48);
}

void rig_offer(struct rig *r, unsigned qi, uint16_t head)
{
	struct rig_queue *q = &r->q[qi];
	uint16_t *entry = rig_ptr(r, q->driver + 4 + 2u * (q->avail % q->size)), *index = rig_ptr(r, q->driver + 2);

	if (q->packed) {
		offer_packed(r, qi, head);
		return;
	}
	__atomic_store_n(entry, head, __ATOMIC_RELAXED);
	q->avail++;
	__atomic_store_n(index, q->avail, __ATOMIC_SEQ_CST);
}

void rig_kick(struct rig *r, unsigned qi)
{
	wr(r, R_QUEUE_NOTIFY, qi);
	rig_pump(r);
}

static bool used_packed(struct rig *r, struct rig_queue *q, uint32_t *id, uint32_t *len)
{
	uint64_t word;
	uint16_t flags, head;

	assert_int_equal(mem_load(&r->vm.mem, q->desc + 16u * q->used + 8, 8, MEM_SEQ_CST, &word), 0);
	flags = (uint16_t)(word >> 48);
	head = (uint16_t)(word >> 32);
	if (!(flags & 0x80) != !(flags & 0x8000) || !(flags & 0x80) == q->used_wrap)
		return false;
	if (id)
		*id = head;
	if (len)
		*len = (uint32_t)word;
	if (head <= RIG_MAX_SIZE)
		q->used = (uint16_t)(q->used + MAX(q->slots[head], 1));
	if (q->used >= q->size) {
		q->used = (uint16_t)(q->used - q->size);
		q->used_wrap = !q->used_wrap;
	}
	return true;
}

bool rig_used(struct rig *r, unsigned qi, uint32_t *id, uint32_t *len)
{
	struct rig_queue *q = &r->q[qi];
	uint16_t *index = rig_ptr(r, q->device + 2);
	gpa_t e = q->device + 4 + 8u * (q->used % q->size);

	if (q->packed)
		return used_packed(r, q, id, len);
	if (__atomic_load_n(index, __ATOMIC_ACQUIRE) == q->used)
		return false;
	q->used++;
	if (id)
		*id = __atomic_load_n((uint32_t *)rig_ptr(r, e), __ATOMIC_RELAXED);
	if (len)
		*len = __atomic_load_n((uint32_t *)rig_ptr(r, e + 4), __ATOMIC_RELAXED);
	return true;
}

uint16_t rig_used_flags(struct rig *r, unsigned qi)
{
	return __atomic_load_n((uint16_t *)rig_ptr(r, r->q[qi].device), __ATOMIC_RELAXED);
}

/* --- a disk in memory --- */

static void disk_do(struct mem_disk *d, struct block_io *io)
{
	uint8_t *at = d->data + io->offset;

	io->result = d->fail;
	if (d->fail)
		return;
	assert_true(io->offset + io->len <= d->b.size);
	for (uint32_t i = 0; i < io->vecs; i++) {
		if (io->op == BLOCK_READ)
			memcpy(io->vec[i].base, at, io->vec[i].len);
		else
			memcpy(at, io->vec[i].base, io->vec[i].len);
		at += io->vec[i].len;
	}
	switch (io->op) {
	case BLOCK_READ:
	case BLOCK_WRITE:
		assert_true(at == d->data + io->offset + io->len);
		d->writes += io->op == BLOCK_WRITE;
		break;
	case BLOCK_FLUSH:
		d->flushes++;
		break;
	case BLOCK_DISCARD:
		d->discards++;
		break;
	case BLOCK_WRITE_ZEROES:
		d->zeroes++;
		memset(at, 0, io->len);
		break;
	}
}

static void disk_submit(struct block_backend *b, struct block_io *io)
{
	struct mem_disk *d = container_of(b, struct mem_disk, b);

	if (d->hold) {
		assert_true(d->held_count < ARRAY_SIZE(d->held));
		d->held[d->held_count++] = io;
		return;
	}
	disk_do(d, io);
	block_complete(io, io->result);
}

static void disk_commit(struct block_backend *b, struct block_queue *q)
{
	container_of(b, struct mem_disk, b)->commits++;
}

static const struct block_ops disk_ops = { .submit = disk_submit, .commit = disk_commit };

void mem_disk_init(struct mem_disk *d, uint64_t size)
{
	*d = (struct mem_disk){
		.b = { .ops = &disk_ops, .size = size, .block_size = 512, .can_discard = true, .can_write_zeroes = true,
		       .serial = "CELLA-DISK-0" },
		.data = malloc(size),
	};
	for (uint64_t i = 0; i < size; i++)
		d->data[i] = (uint8_t)(i * 7 + (i >> 9));
}

void mem_disk_finish_one(struct mem_disk *d, unsigned i)
{
	struct block_io *io = d->held[i];

	assert_true(i < d->held_count);
	d->held_count--;
	memmove(&d->held[i], &d->held[i + 1], (d->held_count - i) * sizeof(d->held[0]));
	disk_do(d, io);
	block_complete(io, io->result);
}

void mem_disk_finish(struct mem_disk *d)
{
	while (d->held_count)
		mem_disk_finish_one(d, 0);
}

void mem_disk_free(struct mem_disk *d)
{
	free(d->data);
}

int disk_rig_set_up(void **state)
{
	struct disk_rig *d = calloc(1, sizeof(*d));

	rig_open(&d->r);
	mem_disk_init(&d->disk, 512 * DISK_RIG_SECTORS);
	rig_plug(&d->r, &virtio_blk_class, &d->disk.b);
	*state = d;
	return 0;
}

int disk_rig_tear_down(void **state)
{
	struct disk_rig *d = *state;

	rig_close(&d->r);
	mem_disk_free(&d->disk);
	free(d);
	return 0;
}
