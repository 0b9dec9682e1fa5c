/* SPDX-License-Identifier: BSD-2-Clause */
/* virtio block device over a disk in memory (virtio 1.2 §5.2). */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/errno.h"
#include "tests/dev/virtio_rig.h"

#define SIZE	256u
#define SECTORS	DISK_RIG_SECTORS
#define HEADER	(RIG_RAM + 0x1000)
#define DATA	(RIG_RAM + 0x200000)
#define STATUS	(RIG_RAM + 0x3000)
#define F_FLUSH	(1ull << 9)
#define F_DISCARD (1ull << 13)
#define F_ZEROES (1ull << 14)

enum { T_IN, T_OUT, T_FLUSH = 4, T_GET_ID = 8, T_DISCARD = 11, T_ZEROES = 13 };
enum { OK, IOERR, UNSUPP, NO_ANSWER = 0xee };

static void offer(struct rig *r, uint32_t type, uint64_t sector, uint32_t len)
{
	uint32_t h[4] = { type, 0, (uint32_t)sector, (uint32_t)(sector >> 32) };
	gpa_t t = r->q[0].desc;
	bool in = type == T_IN || type == T_GET_ID;

	memcpy(rig_ptr(r, HEADER), h, sizeof(h));
	*(uint8_t *)rig_ptr(r, STATUS) = NO_ANSWER;
	rig_desc(r, t, 0, HEADER, 16, DESC_F_NEXT, len ? 1 : 2);
	rig_desc(r, t, 1, DATA, len, DESC_F_NEXT | (in ? DESC_F_WRITE : 0), 2);
	rig_desc(r, t, 2, STATUS, 1, DESC_F_WRITE, 0);
	rig_offer(r, 0, 0);
}

static unsigned answer(struct rig *r, uint32_t *len)
{
	rig_kick(r, 0);
	if (!rig_used(r, 0, NULL, len))
		return NO_ANSWER;
	return *(uint8_t *)rig_ptr(r, STATUS);
}

static unsigned request(struct rig *r, uint32_t type, uint64_t sector, uint32_t len)
{
	offer(r, type, sector, len);
	return answer(r, NULL);
}

static void range(struct rig *r, uint64_t sector, uint32_t sectors, uint32_t flags)
{
	uint32_t g[4] = { (uint32_t)sector, (uint32_t)(sector >> 32), sectors, flags };

	memcpy(rig_ptr(r, DATA), g, sizeof(g));
}

static void start(struct disk_rig *f, uint64_t features)
{
	f->r.features = features;
	rig_start(&f->r, 1, SIZE);
}

static void write_then_read_gives_the_same_bytes(void **state)
{
	struct disk_rig *f = *state;
	uint8_t *data = rig_ptr(&f->r, DATA);

	start(f, F_FLUSH);
	for (unsigned i = 0; i < 8 * 512; i++)
		data[i] = (uint8_t)(i * 13 + 5);
	assert_int_equal(request(&f->r, T_OUT, 3, 8 * 512), OK);
	assert_memory_equal(f->disk.data + 3 * 512, data, 8 * 512);
	memset(data, 0, 8 * 512);
	assert_int_equal(request(&f->r, T_IN, 3, 8 * 512), OK);
	assert_memory_equal(f->disk.data + 3 * 512, data, 8 * 512);
	assert_int_equal(f->disk.flushes, 0);
}

static void used_length_counts_what_was_written(void **state)
{
	struct disk_rig *f = *state;
	uint32_t len;

	start(f, F_FLUSH);
	offer(&f->r, T_IN, 0, 1024);
	answer(&f->r, &len);
	assert_int_equal(len, 1025);
	offer(&f->r, T_OUT, 0, 1024);
	answer(&f->r, &len);
	assert_int_equal(len, 1);
	f->disk.fail = -EIO;
	offer(&f->r, T_IN, 0, 1024);
	assert_int_equal(answer(&f->r, &len), IOERR);
	assert_int_equal(len, 0);		/* nothing from the start on */
}

static void header_and_status_may_lie_anywhere_in_the_chain(void **state)
{
	struct disk_rig *f = *state;
	struct rig *r = &f->r;
	gpa_t t;

	start(f, F_FLUSH);
	t = r->q[0].desc;
	offer(r, T_OUT, 5, 512);
	rig_desc(r, t, 0, HEADER, 7, DESC_F_NEXT, 3);
	rig_desc(r, t, 3, HEADER + 7, 9, DESC_F_NEXT, 4);
	rig_desc(r, t, 4, DATA, 100, DESC_F_NEXT, 5);
	rig_desc(r, t, 5, DATA + 100, 412, DESC_F_NEXT, 2);
	assert_int_equal(answer(r, NULL), OK);
	assert_memory_equal(f->disk.data + 5 * 512, rig_ptr(r, DATA), 512);
	/* One buffer for data and status. */
	offer(r, T_IN, 6, 512);
	rig_desc(r, t, 1, DATA, 513, DESC_F_WRITE, 0);
	*((uint8_t *)rig_ptr(r, DATA) + 512) = NO_ANSWER;
	answer(r, NULL);
	assert_int_equal(*((uint8_t *)rig_ptr(r, DATA) + 512), OK);
	assert_memory_equal(f->disk.data + 6 * 512, rig_ptr(r, DATA), 512);
}

static void request_past_the_end_is_an_error(void **state)
{
	struct disk_rig *f = *state;

	start(f, F_FLUSH);
	assert_int_equal(request(&f->r, T_IN, SECTORS - 1, 512), OK);
	assert_int_equal(request(&f->r, T_IN, SECTORS - 1, 1024), IOERR);
	assert_int_equal(request(&f->r, T_IN, SECTORS, 512), IOERR);
	assert_int_equal(request(&f->r, T_OUT, ~0ull, 512), IOERR);
	assert_int_equal(request(&f->r, T_IN, 0x0080000000000000ull, 512), IOERR);	/* times 512 is 2^64 */
	assert_int_equal(request(&f->r, T_IN, 0x007fffffffffffffull, 1024), IOERR);
	assert_int_equal(request(&f->r, T_IN, 0, 512), OK);
}

static void part_of_a_sector_is_an_error(void **state)
{
	struct disk_rig *f = *state;

	start(f, F_FLUSH);
	assert_int_equal(request(&f->r, T_IN, 0, 100), IOERR);
	assert_int_equal(request(&f->r, T_OUT, 0, 513), IOERR);
	assert_int_equal(request(&f->r, T_IN, 0, 512), OK);
}

static void unknown_request_is_unsupported(void **state)
{
	struct disk_rig *f = *state;

	start(f, F_FLUSH);
	assert_int_equal(request(&f->r, 2, 0, 512), UNSUPP);
	assert_int_equal(request(&f->r, 0xffffffff, 0, 0), UNSUPP);
	assert_int_equal(request(&f->r, T_IN, 0, 512), OK);
}

static void backend_error_reaches_the_guest_and_the_device_goes_on(void **state)
{
	struct disk_rig *f = *state;

	start(f, F_FLUSH);
	f->disk.fail = -ENOSPC;
	assert_int_equal(request(&f->r, T_OUT, 0, 512), IOERR);
	f->disk.fail = -EIO;
	assert_int_equal(request(&f->r, T_IN, 0, 512), IOERR);
	assert_int_equal(request(&f->r, T_FLUSH, 0, 0), IOERR);
	f->disk.fail = 0;
	assert_int_equal(request(&f->r, T_IN, 0, 512), OK);
}

static void flush_reaches_the_backend(void **state)
{
	struct disk_rig *f = *state;

	start(f, F_FLUSH);
	assert_int_equal(request(&f->r, T_FLUSH, 0, 0), OK);
	assert_int_equal(f->disk.flushes, 1);
}

static void write_is_flushed_when_the_driver_knows_no_flush(void **state)
{
	struct disk_rig *f = *state;

	start(f, 0);
	assert_int_equal(request(&f->r, T_OUT, 0, 512), OK);
	assert_int_equal(f->disk.flushes, 1);
	assert_int_equal(request(&f->r, T_IN, 0, 512), OK);
	assert_int_equal(f->disk.flushes, 1);
}

static void identity_is_the_serial(void **state)
{
	struct disk_rig *f = *state;
	char *data = rig_ptr(&f->r, DATA);
	uint32_t len;

	start(f, F_FLUSH);
	memset(data, 'x', 24);
	offer(&f->r, T_GET_ID, 0, 20);
	assert_int_equal(answer(&f->r, &len), OK);
	assert_int_equal(len, 21);
	assert_string_equal(data, "CELLA-DISK-0");
	assert_int_equal(data[20], 'x');
	memset(data, 'x', 24);
	assert_int_equal(request(&f->r, T_GET_ID, 0, 5), OK);
	assert_memory_equal(data, "CELLAxxx", 8);
}

static void discard_and_write_zeroes_reach_the_backend(void **state)
{
	struct disk_rig *f = *state;
	struct rig *r = &f->r;

	start(f, F_FLUSH | F_DISCARD | F_ZEROES);
	range(r, 4, 2, 1);
	assert_int_equal(request(r, T_ZEROES, 0, 16), OK);
	assert_int_equal(f->disk.zeroes, 1);
	assert_int_equal(f->disk.data[4 * 512] | f->disk.data[6 * 512 - 1], 0);
	range(r, 8, 8, 0);
	assert_int_equal(request(r, T_DISCARD, 0, 16), OK);
	assert_int_equal(f->disk.discards, 1);
	range(r, 0, 0, 0);
	assert_int_equal(request(r, T_DISCARD, 0, 16), OK);
	assert_int_equal(f->disk.discards, 1);
}

static void bad_discards_are_refused(void **state)
{
	struct disk_rig *f = *state;
	struct rig *r = &f->r;

	start(f, F_FLUSH | F_DISCARD | F_ZEROES);
	range(r, 0, 8, 1);			/* unmap is for write-zeroes */
	assert_int_equal(request(r, T_DISCARD, 0, 16), UNSUPP);
	range(r, 0, 8, 2);
	assert_int_equal(request(r, T_ZEROES, 0, 16), UNSUPP);
	range(r, SECTORS - 1, 2, 0);
	assert_int_equal(request(r, T_ZEROES, 0, 16), IOERR);
	range(r, ~0ull, 2, 0);
	assert_int_equal(request(r, T_DISCARD, 0, 16), IOERR);
	range(r, 0, 0xffffffff, 0);
	assert_int_equal(request(r, T_DISCARD, 0, 16), IOERR);
	range(r, 0, 1, 0);
	assert_int_equal(request(r, T_DISCARD, 0, 15), IOERR);
	assert_int_equal(request(r, T_DISCARD, 0, 32), IOERR);	/* one segment is what we said */
	assert_int_equal(request(r, T_DISCARD, 0, 0), IOERR);
	assert_int_equal(f->disk.discards + f->disk.zeroes, 0);
	start(f, F_FLUSH);			/* not agreed on */
	range(r, 0, 1, 0);
	assert_int_equal(request(r, T_DISCARD, 0, 16), UNSUPP);
	assert_int_equal(request(r, T_ZEROES, 0, 16), UNSUPP);
}

static void read_only_disk_refuses_to_write(void **state)
{
	struct rig r;
	struct mem_disk disk;

	rig_open(&r);
	mem_disk_init(&disk, 512 * SECTORS);
	disk.b.read_only = true;
	rig_plug(&r, &virtio_blk_class, &disk.b);
	assert_true(rig_offered(&r) & 1ull << 5);
	assert_false(rig_offered(&r) & (F_DISCARD | F_ZEROES));
	r.features = F_FLUSH | 1ull << 5;
	rig_start(&r, 1, SIZE);
	assert_int_equal(request(&r, T_OUT, 0, 512), IOERR);
	range(&r, 0, 1, 0);
	assert_int_equal(request(&r, T_DISCARD, 0, 16), IOERR);
	assert_int_equal(request(&r, 2, 0, 0), UNSUPP);		/* no type of request, writes or not */
	assert_int_equal(request(&r, T_FLUSH, 0, 0), OK);
	assert_int_equal(request(&r, T_IN, 0, 512), OK);
	assert_int_equal(disk.writes, 0);
	rig_close(&r);
	mem_disk_free(&disk);
}

static void more_requests_than_can_be_out_are_all_answered(void **state)
{
	struct disk_rig *f = *state;
	struct rig *r = &f->r;
	unsigned answers = 0;

	start(f, F_FLUSH);
	f->disk.hold = true;
	offer(r, T_IN, 0, 512);
	for (unsigned i = 1; i < SIZE; i++)
		rig_offer(r, 0, 0);
	rig_kick(r, 0);
	assert_in_range(f->disk.held_count, 8, 64);
	assert_false(rig_used(r, 0, NULL, NULL));
	for (unsigned i = 0; i < SIZE && answers < SIZE; i++) {
		mem_disk_finish(&f->disk);
		rig_pump(r);			/* without another notification */
		while (rig_used(r, 0, NULL, NULL))
			answers++;
	}
	assert_int_equal(answers, SIZE);
}

/* What one notification brought is committed once, and what came back together interrupts once. */
static void batch_is_committed_once_and_interrupts_once(void **state)
{
	struct disk_rig *f = *state;
	struct rig *r = &f->r;
	unsigned edges, answers = 0;

	start(f, F_FLUSH);
	for (unsigned hold = 0; hold < 2; hold++) {
		f->disk.hold = hold;
		f->disk.commits = 0;
		edges = r->edges;
		for (uint16_t i = 0; i < 20; i++) {
			rig_desc(r, r->q[0].desc, 3 * i, HEADER, 16, DESC_F_NEXT, (uint16_t)(3 * i + 1));
			rig_desc(r, r->q[0].desc, 3u * i + 1, DATA + 0x1000u * i, 512, DESC_F_NEXT | DESC_F_WRITE,
				 (uint16_t)(3 * i + 2));
			rig_desc(r, r->q[0].desc, 3u * i + 2, STATUS + i, 1, DESC_F_WRITE, 0);
			rig_offer(r, 0, (uint16_t)(3 * i));
		}
		memset(rig_ptr(r, HEADER), 0, 16);
		rig_kick(r, 0);
		assert_int_equal(f->disk.commits, 1);
		mem_disk_finish(&f->disk);
		rig_pump(r);
		while (rig_used(r, 0, NULL, NULL))
			answers++;
		assert_int_equal(answers, 20);
		answers = 0;
		assert_int_equal(r->edges, edges + 1);
		wr(r, R_ACK, 1);
	}
}

static void segments_up_to_seg_max_work(void **state)
{
	struct disk_rig *f = *state;
	struct rig *r = &f->r;
	gpa_t t;

	start(f, F_FLUSH);
	t = r->q[0].desc;
	assert_int_equal(rd(r, R_CONFIG + 12), SIZE - 2);
	offer(r, T_IN, 0, 512);
	for (unsigned i = 1; i <= SIZE - 2; i++)
		rig_desc(r, t, i, DATA + 0x1000 * i, 256, DESC_F_NEXT | DESC_F_WRITE, (uint16_t)(i + 1));
	rig_desc(r, t, SIZE - 1, STATUS, 1, DESC_F_WRITE, 0);
	assert_int_equal(answer(r, NULL), OK);
	for (unsigned i = 1; i <= SIZE - 2; i++)
		assert_memory_equal(rig_ptr(r, DATA + 0x1000 * i), f->disk.data + 256 * (i - 1), 256);
}

static void each_of_several_queues_works(void **state)
{
	struct rig r;
	struct mem_disk disk;

	rig_open(&r);
	mem_disk_init(&disk, 512 * SECTORS);
	r.dev = device_create(&r.vm, &virtio_blk_class);
	r.dev->workq = &r.workq;
	assert_int_equal(device_set_ptr(r.dev, "backend", &disk.b), 0);
	assert_int_equal(device_set(r.dev, "queues", 4), 0);
	rig_plug_device(&r);
	assert_true(rig_offered(&r) & 1 << 12);
	assert_int_equal(rig_read(&r, R_CONFIG + 34, 2), 4);
	r.features = F_FLUSH | 1 << 12;
	rig_start(&r, 4, SIZE);
	for (unsigned q = 0; q < 4; q++) {
		memset(rig_ptr(&r, HEADER), 0, 16);
		rig_desc(&r, r.q[q].desc, 0, HEADER, 16, DESC_F_NEXT, 1);
		rig_desc(&r, r.q[q].desc, 1, DATA, 513, DESC_F_WRITE, 0);
		rig_offer(&r, q, 0);
		rig_kick(&r, q);
		assert_true(rig_used(&r, q, NULL, NULL));
	}
	rig_close(&r);
	mem_disk_free(&disk);
}

#define CASE(t) cmocka_unit_test_setup_teardown(t, disk_rig_set_up, disk_rig_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(write_then_read_gives_the_same_bytes),
		CASE(used_length_counts_what_was_written),
		CASE(header_and_status_may_lie_anywhere_in_the_chain),
		CASE(request_past_the_end_is_an_error),
		CASE(part_of_a_sector_is_an_error),
		CASE(unknown_request_is_unsupported),
		CASE(backend_error_reaches_the_guest_and_the_device_goes_on),
		CASE(flush_reaches_the_backend),
		CASE(write_is_flushed_when_the_driver_knows_no_flush),
		CASE(identity_is_the_serial),
		CASE(discard_and_write_zeroes_reach_the_backend),
		CASE(bad_discards_are_refused),
		cmocka_unit_test(read_only_disk_refuses_to_write),
		CASE(more_requests_than_can_be_out_are_all_answered),
		CASE(batch_is_committed_once_and_interrupts_once),
		CASE(segments_up_to_seg_max_work),
		cmocka_unit_test(each_of_several_queues_works),
	};

	return rig_run_all("virtio-blk", tests, ARRAY_SIZE(tests));
}
