/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A driver of a block device that writes anything into its ring, in any order with notifications, completions and
 * resets. Whatever it did: nothing crashes, work ends, and after a reset the device answers a correct request.
 */
#include "tests/fuzz/ring_fuzz.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "tests/dev/virtio_rig.h"
#include "tests/fuzz/input.h"

#define SIZE	16u
#define DATA	(RIG_RAM + 0x100000)

static const gpa_t places[] = {
	DATA, DATA + 0x1000, DATA + 0x2000, RIG_SEAM - 8, RIG_RAM + RIG_RAM_SIZE - 16, RIG_RAM, RIG_ROM, RIG_MMIO, 0, ~0ull - 15,
	RIG_RAM + 0x10000, RIG_RAM + 0x14000, RIG_RAM + 0x18000,	/* the ring itself */
};

static gpa_t place(struct input *in)
{
	uint64_t v = take(in, 2);

	return places[v % ARRAY_SIZE(places)] + (v >> 8);
}

static void header(struct rig *r, struct input *in)
{
	static const uint32_t types[] = { 0, 1, 4, 8, 11, 13, 2, 0xffffffff };
	uint32_t h[4] = { types[take(in, 1) % 8], 0, (uint32_t)take(in, 1), 0 };

	memcpy(rig_ptr(r, DATA + 0x1000 * (take(in, 1) % 3)), h, sizeof(h));
}

static void step(struct rig *r, struct mem_disk *disk, struct input *in)
{
	struct rig_queue *q = &r->q[0];
	uint16_t *avail = rig_ptr(r, q->driver);
	uint8_t op = (uint8_t)take(in, 1);
	uint64_t v;

	switch (op % 12) {
	case 0: case 1: case 2:
		v = take(in, 4);
		rig_desc(r, op & 16 ? DATA + 0x4000 : q->desc, v & 15, place(in), v >> 8 & 0xfff, v >> 20 & 7,
			 (uint16_t)(v >> 24 & 31));
		break;
	case 3: case 4:
		rig_offer(r, 0, (uint16_t)(take(in, 1) % (SIZE + 1)));
		break;
	case 5: case 6:
		rig_kick(r, 0);
		break;
	case 7:
		avail[1] = (uint16_t)take(in, 2);
		break;
	case 8:
		if (q->packed) {		/* a descriptor as it is, at the driver's place or anywhere */
			v = take(in, 6);
			if (v & 1)
				q->avail = (uint16_t)(v >> 1) % SIZE;
			rig_packed_put(r, 0, place(in), v >> 8 & 0xfff, (uint16_t)(v >> 16), v >> 32 & 0x8087);
			break;
		}
		avail[(take(in, 1) & 31)] = (uint16_t)take(in, 2);
		break;
	case 9:
		header(r, in);
		break;
	case 10:
		disk->hold = op & 16;
		mem_disk_finish(disk);
		rig_pump(r);
		break;
	case 11:
		v = take(in, 2);
		((uint8_t *)rig_ptr(r, RIG_RAM + 0x10000 + v % 0xc000))[0] = (uint8_t)take(in, 1);
		break;
	}
}

static void rest(struct rig *r, struct mem_disk *disk)
{
	wr(r, R_STATUS, 0);
	disk->hold = false;
	mem_disk_finish(disk);
	rig_pump(r);
	assert_int_equal(rd(r, R_STATUS), 0);
}

static void correct_request(struct rig *r)
{
	memset(rig_ptr(r, DATA), 0, 16);
	rig_desc(r, r->q[0].desc, 0, DATA, 16, DESC_F_NEXT, 1);
	rig_desc(r, r->q[0].desc, 1, DATA + 0x1000, 513, DESC_F_WRITE, 0);
	((uint8_t *)rig_ptr(r, DATA + 0x1000))[512] = 0xee;
	rig_offer(r, 0, 0);
	rig_kick(r, 0);
	assert_true(rig_used(r, 0, NULL, NULL));
	assert_int_equal(((uint8_t *)rig_ptr(r, DATA + 0x1000))[512], 0);
}

void ring_fuzz(const uint8_t *data, size_t size, uint64_t features)
{
	static struct rig r;
	static struct mem_disk disk;
	struct input in = { data, size };
	uint8_t kind = (uint8_t)take(&in, 1);

	if (!r.ram) {
		rig_open(&r);
		mem_disk_init(&disk, 64 * 512);
		rig_plug(&r, &virtio_blk_class, &disk.b);
	}
	r.features = features | F_INDIRECT | (kind & 1 ? F_EVENT_IDX | 1 << 9 | 1 << 13 | 1 << 14 : 0) |
		     (kind & 2 ? F_IN_ORDER : 0);
	rig_start(&r, 1, SIZE);
	while (in.left)
		step(&r, &disk, &in);
	rest(&r, &disk);
	rig_start(&r, 1, SIZE);
	correct_request(&r);
	rest(&r, &disk);
}
