/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A raw disk's requests by io_uring, for one queue: batches are submitted by one system call on the queue's own thread,
 * and what the host's cache had is back when that returns. What io_uring can't finish (a short read, a page that is
 * shared out) goes to the pool.
 */
#ifndef BACKEND_DISK_URING_H
#define BACKEND_DISK_URING_H

#include "backend/disk_common.h"
#include "os/blockfile.h"

struct disk_uring;

/* NULL: not here (the host refuses, or the queue's thread is no loop); the pool serves then. */
struct disk_uring *disk_uring_new(struct disk *d, struct blockfile *file, struct block_queue *q);
void disk_uring_submit(struct disk_uring *u, struct block_io *io);
void disk_uring_commit(struct disk_uring *u);
void disk_uring_free(struct disk_uring *u);

#endif
