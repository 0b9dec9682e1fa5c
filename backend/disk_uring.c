/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * See disk_uring.h. All on the queue's thread.
 *
 * Not everything goes through the ring. The kernel hands a buffered write to a thread of its own, one at a time for
 * each file, which costs more than copying a few pages into the cache does: those we do ourselves, at once. Ranges to
 * discard or zero are rare and slow; the pool has them.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include "backend/disk_uring.h"
#include "base/types.h"
#include "os/loop.h"
#include "os/uring.h"

#define ENTRIES		64u

struct disk_uring {
	struct disk *d;
	struct blockfile *file;
	struct block_queue *q;
	struct uring ring;
	struct loop *loop;
	struct loop_fd watch;
	struct block_io *done;		/* to be handed over */
};

static void finished(struct disk_uring *u, struct block_io *io, int result)
{
	io->result = result;
	io->next = u->done;
	u->done = io;
}

/* The list is taken off first: done may come back with more. */
static void hand_over(struct disk_uring *u)
{
	struct block_io *list = u->done;

	u->done = NULL;
	if (list)
		u->q->done(u->q, list);
}

static void reap(struct disk_uring *u)
{
	uint64_t data;
	int result;

	while (uring_reap(&u->ring, &data, &result)) {
		struct block_io *io = (struct block_io *)(uintptr_t)data;
		bool moves = io->op == BLOCK_READ || io->op == BLOCK_WRITE;

		if (moves ? (result >= 0 && (uint64_t)result < io->len) || result == -EAGAIN || result == -EINTR : result == -EINTR)
			disk_submit_to_pool(u->d, io);		/* again, as a whole */
		else
			finished(u, io, result < 0 ? result : 0);
	}
}

static void ring_readable(struct loop_fd *w, uint32_t events)
{
	struct disk_uring *u = container_of(w, struct disk_uring, watch);

	reap(u);
	hand_over(u);
}

static struct io_uring_sqe *get(struct disk_uring *u)
{
	struct io_uring_sqe *s = uring_get(&u->ring);

	if (!s && !uring_submit(&u->ring)) {
		reap(u);
		s = uring_get(&u->ring);
	}
	return s;
}

static bool put(struct disk_uring *u, struct block_io *io)
{
	struct io_uring_sqe *s = get(u);

	if (!s)
		return false;
	s->flags = IOSQE_FIXED_FILE;
	s->user_data = (uintptr_t)io;
	if (io->op == BLOCK_FLUSH) {
		s->opcode = IORING_OP_FSYNC;
		s->fsync_flags = IORING_FSYNC_DATASYNC;
		return true;
	}
	s->opcode = io->op == BLOCK_READ ? IORING_OP_READV : IORING_OP_WRITEV;
	s->off = io->offset;
	s->addr = (uintptr_t)io->vec;
	s->len = io->vecs;
	return true;
}

static void write_now(struct disk_uring *u, struct block_io *io)
{
	struct iovec vec[DISK_MAX_VECS];

	memcpy(vec, io->vec, io->vecs * sizeof(vec[0]));
	finished(u, io, blockfile_write(u->file, vec, io->vecs, io->offset, io->len));
}

/* The file must not grow again after somebody has shortened it, which the kernel doesn't look at. */
static bool ring_takes(struct disk_uring *u, const struct block_io *io)
{
	if (io->op == BLOCK_FLUSH)
		return true;
	return (io->op == BLOCK_READ || (io->op == BLOCK_WRITE && blockfile_reaches(u->file, io->offset + io->len))) &&
	       blockfile_aligned(u->file, (const struct iovec *)io->vec, io->vecs, io->offset);
}

void disk_uring_submit(struct disk_uring *u, struct block_io *io)
{
	if (disk_refuses(u->d, io))
		return;
	if (io->vecs <= DISK_MAX_VECS && io->op == BLOCK_WRITE && u->file->align <= 1)
		write_now(u, io);
	else if (io->vecs > DISK_MAX_VECS || !ring_takes(u, io) || !put(u, io))
		disk_submit_to_pool(u->d, io);
}

/* What the kernel does not take, for want of memory say, the pool has: nobody may come to try again. */
void disk_uring_commit(struct disk_uring *u)
{
	uint64_t data;

	if (uring_submit(&u->ring))
		while (uring_take_back(&u->ring, &data))
			disk_submit_to_pool(u->d, (struct block_io *)(uintptr_t)data);
	reap(u);
	hand_over(u);
}

struct disk_uring *disk_uring_new(struct disk *d, struct blockfile *file, struct block_queue *q)
{
	struct loop *loop = loop_of(q->workq);
	struct disk_uring *u = loop ? calloc(1, sizeof(*u)) : NULL;

	if (!u)
		return NULL;
	*u = (struct disk_uring){ .d = d, .file = file, .q = q, .loop = loop };
	if (uring_init(&u->ring, ENTRIES))
		goto out_free;
	u->watch = (struct loop_fd){ u->ring.fd, EPOLLIN, ring_readable };
	if (!uring_register_file(&u->ring, file->fd) && !loop_fd_add(loop, &u->watch))
		return u;
	uring_fini(&u->ring);
out_free:
	free(u);
	return NULL;
}

void disk_uring_free(struct disk_uring *u)
{
	if (!u)
		return;
	loop_fd_remove(u->loop, &u->watch);
	uring_fini(&u->ring);
	free(u);
}
