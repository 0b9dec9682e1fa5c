/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * virtio devices with threads as they are in a machine: vCPUs that write registers and ring memory, a loop that owns the
 * queues, a disk that completes elsewhere. For the thread sanitizer as much as for what it asserts.
 */
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "tests/dev/virtio_rig.h"

#define SIZE	16u
#define QUEUES	2u
#define SECTORS	64u
#define DATA(q, i) (RIG_RAM + 0x200000 + 0x10000ull * (q) + 0x1000ull * (i))

struct slow_disk {			/* completes on a thread of its own */
	struct block_backend b;
	struct lock lock;
	struct block_io *head;		/* linked by next */
	sem_t some;
	pthread_t thread;
	bool stop, touches;		/* touches: reads give the sector's number */
};

struct world {
	struct rig r;
	struct slow_disk disk;
	pthread_t worker;
	sem_t wake;
	bool stop;
};

static struct world *world_of(struct workq *q)
{
	return container_of(container_of(q, struct rig, workq), struct world, r);
}

static void wake(struct workq *q)
{
	sem_post(&world_of(q)->wake);
}

static void *worker(void *arg)
{
	struct world *w = arg;

	while (!__atomic_load_n(&w->stop, __ATOMIC_ACQUIRE)) {
		sem_wait(&w->wake);
		while (workq_run(&w->r.workq))
			;
	}
	return NULL;
}

static void slow_submit(struct block_backend *b, struct block_io *io)
{
	struct slow_disk *d = container_of(b, struct slow_disk, b);

	lock_acquire(&d->lock);
	io->next = d->head;
	d->head = io;
	lock_release(&d->lock);
	sem_post(&d->some);
}

static void *disk_thread(void *arg)
{
	struct slow_disk *d = arg;

	for (;;) {
		struct block_io *io;

		sem_wait(&d->some);
		lock_acquire(&d->lock);
		io = d->head;
		if (io)
			d->head = io->next;
		lock_release(&d->lock);
		if (!io)
			return NULL;
		sched_yield();
		for (uint32_t i = 0; d->touches && io->op == BLOCK_READ && i < io->vecs; i++)
			memset(io->vec[i].base, (int)(io->offset / 512), io->vec[i].len);
		block_complete(io, 0);
	}
}

static const struct block_ops slow_ops = { .submit = slow_submit };

static int set_up_kind(void **state, uint64_t more)
{
	struct world *w = calloc(1, sizeof(*w));
	struct rig *r = &w->r;

	rig_open(r);
	sem_init(&w->wake, 0, 0);
	sem_init(&w->disk.some, 0, 0);
	w->disk.b = (struct block_backend){ .ops = &slow_ops, .size = SECTORS * 512, .block_size = 512 };
	w->disk.touches = true;
	workq_init(&r->workq, wake);
	r->dev = device_create(&r->vm, &virtio_blk_class);
	r->dev->workq = &r->workq;
	assert_int_equal(device_set_ptr(r->dev, "backend", &w->disk.b), 0);
	assert_int_equal(device_set(r->dev, "queues", QUEUES), 0);
	assert_int_equal(device_set(r->dev, "packed", true), 0);
	assert_int_equal(device_set(r->dev, "in_order", true), 0);
	rig_plug_device(r);
	r->features = F_EVENT_IDX | F_INDIRECT | 1 << 12 | 1 << 9 | more;
	pthread_create(&w->disk.thread, NULL, disk_thread, &w->disk);
	pthread_create(&w->worker, NULL, worker, w);
	*state = w;
	return 0;
}

static int set_up(void **state)
{
	return set_up_kind(state, 0);
}

static int set_up_packed(void **state)
{
	return set_up_kind(state, F_PACKED);
}

static int set_up_in_order(void **state)
{
	return set_up_kind(state, F_PACKED | F_IN_ORDER);
}

static int tear_down(void **state)
{
	struct world *w = *state;

	sem_post(&w->disk.some);		/* with nothing in the list: the end */
	pthread_join(w->disk.thread, NULL);
	__atomic_store_n(&w->stop, true, __ATOMIC_RELEASE);
	sem_post(&w->wake);
	pthread_join(w->worker, NULL);
	rig_close(&w->r);
	free(w);
	return 0;
}

/* The rig's rig_start pumps the queue by hand, which here is the worker's to do. */
static void start(struct rig *r)
{
	rig_negotiate(r);
	for (unsigned i = 0; i < QUEUES; i++) {
		rig_queue_place(r, i, SIZE);
		rig_queue_enable(r, i);
	}
	wr(r, R_STATUS, S_ACK | S_DRIVER | S_FEATURES_OK | S_DRIVER_OK);
}

static void stop(struct rig *r)
{
	wr(r, R_STATUS, 0);
	while (rd(r, R_STATUS))
		sched_yield();
}

static void offer(struct rig *r, unsigned q, unsigned slot, uint64_t sector)
{
	uint32_t h[4] = { 0, 0, (uint32_t)sector, 0 };
	uint16_t d = (uint16_t)(slot * 3);

	memcpy(rig_ptr(r, DATA(q, slot)), h, sizeof(h));
	rig_desc(r, r->q[q].desc, d, DATA(q, slot), 16, DESC_F_NEXT, (uint16_t)(d + 1));
	rig_desc(r, r->q[q].desc, d + 1u, DATA(q, slot) + 16, 512, DESC_F_NEXT | DESC_F_WRITE, (uint16_t)(d + 2));
	rig_desc(r, r->q[q].desc, d + 2u, DATA(q, slot) + 528, 1, DESC_F_WRITE, 0);
	rig_offer(r, q, d);
}

struct vcpu_arg {
	struct world *w;
	unsigned queue, wrong;
};

/* Five requests at a time on a queue of its own. */
static void *vcpu_reads(void *arg)
{
	struct vcpu_arg *a = arg;
	struct rig *r = &a->w->r;

	for (unsigned i = 0; i < 400; i++) {
		for (unsigned s = 0; s < 5; s++)
			offer(r, a->queue, s, (i + s + a->queue) % SECTORS);
		wr(r, R_QUEUE_NOTIFY, a->queue);
		for (unsigned s = 0; s < 5; s++) {
			uint8_t *data;
			uint32_t id, len;

			while (!rig_used(r, a->queue, &id, &len))
				sched_yield();
			data = rig_ptr(r, DATA(a->queue, id / 3));
			if (len != 513 || data[528] || data[16] != (i + id / 3 + a->queue) % SECTORS || data[16] != data[527])
				a->wrong++;
		}
	}
	return NULL;
}

static void vcpus_with_a_queue_each_get_their_own_answers(void **state)
{
	struct world *w = *state;
	struct vcpu_arg arg[QUEUES];
	pthread_t t[QUEUES];

	start(&w->r);
	for (unsigned i = 0; i < QUEUES; i++) {
		arg[i] = (struct vcpu_arg){ .w = w, .queue = i };
		pthread_create(&t[i], NULL, vcpu_reads, &arg[i]);
	}
	for (unsigned i = 0; i < QUEUES; i++) {
		pthread_join(t[i], NULL);
		assert_int_equal(arg[i].wrong, 0);
	}
	assert_false(rd(&w->r, R_STATUS) & S_NEEDS_RESET);
	stop(&w->r);
}

static void device_works_after_each_of_many_resets_in_the_middle_of_io(void **state)
{
	struct world *w = *state;
	struct rig *r = &w->r;
	gpa_t ring;

	for (unsigned i = 0; i < 300; i++) {
		start(r);
		for (unsigned s = 0; s < 5; s++)
			offer(r, i % QUEUES, s, s);
		wr(r, R_QUEUE_NOTIFY, i % QUEUES);
		for (unsigned n = i % 7; n; n--)
			sched_yield();
		stop(r);
		assert_int_equal(rd(r, R_ISR), 0);
		assert_false(__atomic_load_n(&r->line, __ATOMIC_RELAXED));
		/* The ring is ours again: nobody writes it any more. */
		ring = r->q[i % QUEUES].packed ? r->q[i % QUEUES].desc : r->q[i % QUEUES].device;
		memset(rig_ptr(r, ring), 0x55, 0x100);
		for (unsigned n = 0; n < 5; n++)
			sched_yield();
		for (unsigned n = 0; n < 0x100; n++)
			assert_int_equal(*(uint8_t *)rig_ptr(r, ring + n), 0x55);
	}
	start(r);
	offer(r, 0, 0, 9);
	wr(r, R_QUEUE_NOTIFY, 0);
	while (!rig_used(r, 0, NULL, NULL))
		sched_yield();
	assert_int_equal(*((uint8_t *)rig_ptr(r, DATA(0, 0)) + 16), 9);
	stop(r);
}

static uint32_t xorshift(uint32_t *s)
{
	*s ^= *s << 13;
	*s ^= *s >> 17;
	*s ^= *s << 5;
	return *s;
}

static void scribble_packed(struct rig *r, unsigned q, uint32_t *s)
{
	uint64_t *d = rig_ptr(r, r->q[q].desc + 16 * (xorshift(s) % SIZE)), flags = (xorshift(s) & 0x8080) | xorshift(s) % 8;

	__atomic_store_n(d, DATA(q, 8 + xorshift(s) % 4), __ATOMIC_RELAXED);
	__atomic_store_n(d + 1, xorshift(s) % 2000 | flags << 48, __ATOMIC_RELAXED);
}

/* Rewrites descriptors and indices while the device looks at them. */
static void *vcpu_scribbles(void *arg)
{
	struct vcpu_arg *a = arg;
	struct rig *r = &a->w->r;
	uint32_t s = 12345 + a->queue;

	for (unsigned i = 0; i < 20000 && !__atomic_load_n(&a->wrong, __ATOMIC_RELAXED); i++) {
		struct rig_queue *q = &r->q[a->queue];
		uint16_t *avail = rig_ptr(r, q->driver);
		unsigned d = xorshift(&s) % SIZE;

		if (q->packed)
			scribble_packed(r, a->queue, &s);
		switch (q->packed ? 3 : xorshift(&s) % 4) {
		case 0:
			rig_desc(r, q->desc, d, DATA(a->queue, 8 + xorshift(&s) % 4), xorshift(&s) % 2000,
				 xorshift(&s) % 8, (uint16_t)(xorshift(&s) % (SIZE + 1)));
			break;
		case 1:
			__atomic_store_n(&avail[2 + xorshift(&s) % SIZE], (uint16_t)(xorshift(&s) % (SIZE + 1)),
					 __ATOMIC_RELAXED);
			break;
		case 2:
			__atomic_fetch_add(&avail[1], xorshift(&s) % 3, __ATOMIC_RELAXED);
			break;
		default:
			wr(r, R_QUEUE_NOTIFY, a->queue);
		}
	}
	return NULL;
}

static void rings_that_change_under_the_device_do_no_harm(void **state)
{
	struct world *w = *state;
	struct rig *r = &w->r;
	struct vcpu_arg arg[QUEUES];
	pthread_t t[QUEUES];

	w->disk.touches = false;	/* the scribbles make its buffers overlap with what is read elsewhere */
	start(r);
	for (unsigned i = 0; i < QUEUES; i++) {
		arg[i] = (struct vcpu_arg){ .w = w, .queue = i };
		pthread_create(&t[i], NULL, vcpu_scribbles, &arg[i]);
	}
	for (unsigned i = 0; i < 2000; i++) {
		sched_yield();
		if (!(rd(r, R_STATUS) & S_NEEDS_RESET))
			continue;
		stop(r);
		rig_negotiate(r);
		for (unsigned q = 0; q < QUEUES; q++) {
			rig_queue_write(r, q);
			rig_queue_enable(r, q);
		}
		wr(r, R_STATUS, S_ACK | S_DRIVER | S_FEATURES_OK | S_DRIVER_OK);
	}
	for (unsigned i = 0; i < QUEUES; i++)
		pthread_join(t[i], NULL);
	stop(r);
	w->disk.touches = true;
	start(r);
	offer(r, 1, 0, 7);
	wr(r, R_QUEUE_NOTIFY, 1);
	while (!rig_used(r, 1, NULL, NULL))
		sched_yield();
	assert_int_equal(*((uint8_t *)rig_ptr(r, DATA(1, 0)) + 16), 7);
	stop(r);
}

#define PACKED(t) { #t " (packed)", t, set_up_packed, tear_down, NULL }
#define IN_ORDER(t) { #t " (packed, in order)", t, set_up_in_order, tear_down, NULL }
#define CASE(t) cmocka_unit_test_setup_teardown(t, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(vcpus_with_a_queue_each_get_their_own_answers),
		CASE(device_works_after_each_of_many_resets_in_the_middle_of_io),
		CASE(rings_that_change_under_the_device_do_no_harm),
	}, modern[] = {
		PACKED(vcpus_with_a_queue_each_get_their_own_answers),
		PACKED(device_works_after_each_of_many_resets_in_the_middle_of_io),
		PACKED(rings_that_change_under_the_device_do_no_harm),
		IN_ORDER(vcpus_with_a_queue_each_get_their_own_answers),
		IN_ORDER(rings_that_change_under_the_device_do_no_harm),
	};

	return rig_run_all("virtio threads", tests, ARRAY_SIZE(tests)) +
	       rig_run_modern("virtio threads, modern", modern, ARRAY_SIZE(modern));
}
