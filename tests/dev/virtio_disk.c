/* SPDX-License-Identifier: BSD-2-Clause */
/* A block device as a machine has it: an event loop's thread owns the queue, a pool's threads read and write a file. */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "backend/disk.h"
#include "os/loop.h"
#include "dev/virtio/virtio.h"
#include "tests/dev/virtio_rig.h"

#define SIZE	64u
#define SECTORS	2048u
#define SLOTS	16u
#define DATA(i)	(RIG_RAM + 0x200000 + 0x2000ull * (i))
#define F_FLUSH	(1u << 9)

enum { T_IN, T_OUT, T_FLUSH = 4 };

struct world {
	struct rig r;
	struct loop loop;
	struct pool *pool;
	struct block_backend *disk;
	pthread_t thread;
	char path[32];
};

static void *loop_thread(void *arg)
{
	loop_run(arg);
	return NULL;
}

static void open_world_with(struct world *w, bool overlay, const struct engine_ops *engine)
{
	struct rig *r = &w->r;

	rig_open(r);
	r->vm.engine = engine;
	assert_int_equal(loop_init(&w->loop), 0);
	assert_int_equal(pool_new(3, "disk", &w->pool), 0);
	if (overlay)
		assert_int_equal(disk_overlay_open(w->pool, w->path, "/tmp", &w->disk), 0);
	else
		assert_int_equal(disk_raw_open(w->pool, w->path, 0, &w->disk), 0);
	r->dev = device_create(&r->vm, &virtio_blk_class);
	r->dev->workq = &w->loop.inbox;
	assert_int_equal(device_set_ptr(r->dev, "backend", w->disk), 0);
	rig_plug_device(r);
	pthread_create(&w->thread, NULL, loop_thread, &w->loop);
	r->features = F_EVENT_IDX | F_INDIRECT | F_FLUSH;
	rig_start(r, 1, SIZE);
}

static void open_world(struct world *w, bool overlay)
{
	open_world_with(w, overlay, NULL);
}

static void close_world(struct world *w)
{
	wr(&w->r, R_STATUS, 0);
	while (rd(&w->r, R_STATUS))
		sched_yield();
	loop_stop(&w->loop);
	pthread_join(w->thread, NULL);
	rig_close(&w->r);
	disk_close(w->disk);
	pool_free(w->pool);
	loop_fini(&w->loop);
}

static void offer(struct rig *r, unsigned slot, uint32_t type, uint64_t sector, uint32_t len)
{
	uint32_t h[4] = { type, 0, (uint32_t)sector, 0 };
	uint16_t d = (uint16_t)(slot * 3);

	memcpy(rig_ptr(r, DATA(slot)), h, sizeof(h));
	rig_desc(r, r->q[0].desc, d, DATA(slot), 16, DESC_F_NEXT, (uint16_t)(d + (len ? 1 : 2)));
	rig_desc(r, r->q[0].desc, d + 1u, DATA(slot) + 512, len, DESC_F_NEXT | (type == T_IN ? DESC_F_WRITE : 0),
		 (uint16_t)(d + 2));
	rig_desc(r, r->q[0].desc, d + 2u, DATA(slot) + 16, 1, DESC_F_WRITE, 0);
	rig_offer(r, 0, d);
}

static void finish(struct rig *r, unsigned count)
{
	uint32_t id;

	wr(r, R_QUEUE_NOTIFY, 0);
	while (count--) {
		while (!rig_used(r, 0, &id, NULL))
			sched_yield();
		assert_int_equal(*((uint8_t *)rig_ptr(r, DATA(id / 3)) + 16), 0);
	}
}

static uint8_t pattern(uint64_t sector, unsigned i)
{
	return (uint8_t)(sector * 31 + i * 7 + (sector >> 8));
}

/* Sixteen requests of 4 KiB at a time over the whole disk, then a flush, then all of it read back. */
static void write_and_read_back(struct rig *r)
{
	for (uint64_t s = 0; s < SECTORS; s += 8 * SLOTS) {
		for (unsigned k = 0; k < SLOTS; k++) {
			uint8_t *p = (uint8_t *)rig_ptr(r, DATA(k)) + 512;

			for (unsigned i = 0; i < 4096; i++)
				p[i] = pattern(s + k * 8, i);
			offer(r, k, T_OUT, s + k * 8, 4096);
		}
		finish(r, SLOTS);
	}
	offer(r, 0, T_FLUSH, 0, 0);
	finish(r, 1);
	for (uint64_t s = 0; s < SECTORS; s += 8 * SLOTS) {
		for (unsigned k = 0; k < SLOTS; k++)
			offer(r, k, T_IN, s + k * 8, 4096);
		finish(r, SLOTS);
		for (unsigned k = 0; k < SLOTS; k++) {
			uint8_t *p = (uint8_t *)rig_ptr(r, DATA(k)) + 512;

			for (unsigned i = 0; i < 4096; i++)
				assert_int_equal(p[i], pattern(s + k * 8, i));
		}
	}
}

static void raw_disk_holds_what_the_guest_wrote_after_a_restart(void **state)
{
	struct world *w = *state;
	uint8_t sector[512];
	FILE *file;

	open_world(w, false);
	write_and_read_back(&w->r);
	close_world(w);
	file = fopen(w->path, "r");
	assert_int_equal(fseek(file, 512 * 8 * 77, SEEK_SET), 0);
	assert_int_equal(fread(sector, 1, 512, file), 512);
	fclose(file);
	for (unsigned i = 0; i < 512; i++)
		assert_int_equal(sector[i], pattern(8 * 77, i));
}

static void overlay_disk_leaves_its_base_as_it_was(void **state)
{
	struct world *w = *state;
	FILE *file;

	open_world(w, true);
	write_and_read_back(&w->r);
	close_world(w);
	file = fopen(w->path, "r");
	for (unsigned i = 0; i < 512 * SECTORS; i++)
		assert_int_equal(fgetc(file), 0);
	fclose(file);
}

static void resets_in_the_middle_of_disk_io_leave_a_working_device(void **state)
{
	struct world *w = *state;
	struct rig *r = &w->r;

	open_world(w, false);
	for (unsigned i = 0; i < 100; i++) {
		for (unsigned k = 0; k < SLOTS; k++)
			offer(r, k, i % 2 ? T_OUT : T_IN, k * 8, 4096);
		wr(r, R_QUEUE_NOTIFY, 0);
		wr(r, R_STATUS, 0);
		while (rd(r, R_STATUS))
			sched_yield();
		rig_start(r, 1, SIZE);
	}
	write_and_read_back(r);
	close_world(w);
}

static int take_doorbell(struct vm *vm, struct region *r, const struct doorbell *d, bool on)
{
	return d->to->fd < 0;
}

/* As with KVM: the engine keeps the notification from the vCPU's thread, and the kernel signals the descriptor. */
static void notification_by_descriptor_reaches_the_queues_thread(void **state)
{
	static const struct engine_ops engine = { .doorbell = take_doorbell };
	struct world *w = *state;
	struct rig *r = &w->r;
	struct virtio_dev *vd;

	open_world_with(w, false, &engine);
	vd = container_of(r->dev, struct virtio_dev, dev);
	assert_true(vd->queue[0].bell.fd >= 0);
	for (unsigned i = 0; i < 100; i++) {
		offer(r, 0, T_IN, 8, 4096);
		notifier_signal(&vd->queue[0].bell);	/* and no register is written */
		while (!rig_used(r, 0, NULL, NULL))
			sched_yield();
	}
	close_world(w);
}

static int set_up(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	int fd;

	strcpy(w->path, "/tmp/cella-blk-XXXXXX");
	fd = mkstemp(w->path);
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, 512 * SECTORS), 0);
	close(fd);
	*state = w;
	return 0;
}

static int tear_down(void **state)
{
	struct world *w = *state;

	unlink(w->path);
	free(w);
	return 0;
}

#define CASE(t) cmocka_unit_test_setup_teardown(t, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(raw_disk_holds_what_the_guest_wrote_after_a_restart),
		CASE(overlay_disk_leaves_its_base_as_it_was),
		CASE(notification_by_descriptor_reaches_the_queues_thread),
		CASE(resets_in_the_middle_of_disk_io_leave_a_working_device),
	};

	return rig_run_all("virtio-blk over files", tests, ARRAY_SIZE(tests));
}
