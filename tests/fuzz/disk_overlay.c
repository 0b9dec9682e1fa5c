/* SPDX-License-Identifier: BSD-2-Clause */
/* An overlay disk against a plain array: any sequence of requests, and now and then a base that gets shorter. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <semaphore.h>
#include <sys/mman.h>
#include <unistd.h>
#include "backend/disk.h"
#include "base/types.h"
#include "tests/fuzz/input.h"

#define SECTORS	100u			/* its last cluster is a part of one */
#define BYTES	(SECTORS * 512u)

static sem_t wake_sem;

static void wake(struct workq *q)
{
	sem_post(&wake_sem);
}

static bool finished;

static void done(struct block_queue *q, struct block_io *list)
{
	finished = true;
}

static int io(struct block_backend *b, enum block_op op, uint64_t offset, uint64_t len, struct block_vec *vec, uint32_t vecs)
{
	struct workq inbox;
	struct block_queue q;
	struct block_io io = { .op = op, .offset = offset, .len = len, .vec = vec, .vecs = vecs, .q = &q };

	workq_init(&inbox, wake);
	block_queue_init(&q, &inbox, done);
	finished = false;
	b->ops->submit(b, &io);
	while (!finished) {
		sem_wait(&wake_sem);
		workq_run(&inbox);
	}
	return io.result;
}

#define CHECK(c) do { if (!(c)) { fprintf(stderr, "line %d: %s\n", __LINE__, #c); abort(); } } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct pool *pool;
	static int base = -1;
	static char path[40];
	uint8_t model[BYTES], buf[BYTES];
	struct input in = { data, size };
	struct block_backend *b;
	uint64_t length = BYTES;
	bool shorter = false;

	if (!pool) {
		sem_init(&wake_sem, 0, 0);
		CHECK(!pool_new(1, "disk", &pool));
		base = memfd_create("base", 0);
		snprintf(path, sizeof(path), "/proc/self/fd/%d", base);
	}
	for (unsigned i = 0; i < BYTES; i++)
		model[i] = (uint8_t)(i * 5 + (i >> 9));
	CHECK(pwrite(base, model, BYTES, 0) == BYTES);
	CHECK(!disk_overlay_open(pool, path, "/tmp", &b));
	while (in.left) {
		uint64_t at = take(&in, 1) % SECTORS, n = take(&in, 1) % 40, cut;
		uint8_t op = (uint8_t)take(&in, 1);
		struct block_vec vec[2];
		int err;

		n = MIN(n, SECTORS - at) * 512;
		at *= 512;
		cut = n ? take(&in, 2) % n : 0;
		vec[0] = (struct block_vec){ buf, cut };
		vec[1] = (struct block_vec){ buf + cut, n - cut };
		switch (op % 6) {
		case 0:
		case 1:
			memset(buf, op, n);
			err = io(b, BLOCK_WRITE, at, n, vec, 2);
			CHECK(!err || shorter);
			if (!err)
				memcpy(model + at, buf, n);
			break;
		case 2:
			err = io(b, BLOCK_WRITE_ZEROES, at, n, NULL, 0);
			CHECK(!err || shorter);
			if (!err)
				memset(model + at, 0, n);
			break;
		case 3:
			CHECK(!io(b, op & 64 ? BLOCK_DISCARD : BLOCK_FLUSH, at, n, NULL, 0));
			break;
		case 4:
			err = io(b, BLOCK_READ, at, n, vec, 2);
			CHECK(!err || shorter);
			CHECK(err || !memcmp(buf, model + at, n));
			break;
		case 5:
			if (op < 250 || at >= length)
				break;
			length = at;
			shorter = true;
			CHECK(!ftruncate(base, (off_t)at));
			break;
		}
	}
	for (unsigned s = 0; s < SECTORS; s++) {
		struct block_vec one = { buf, 512 };
		int err = io(b, BLOCK_READ, s * 512u, 512, &one, 1);

		CHECK(!err || shorter);
		CHECK(err || !memcmp(buf, model + s * 512u, 512));
	}
	disk_close(b);
	CHECK(!ftruncate(base, BYTES));
	return 0;
}
