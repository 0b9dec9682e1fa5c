/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Threads for queues of virtio devices, each a loop of its own: made while the machine is put together, started when it
 * stands, stopped before it is taken down.
 */
#ifndef CTL_IO_THREADS_H
#define CTL_IO_THREADS_H

#include "dev/virtio/devices.h"
#include "os/loop.h"
#include "os/thread.h"

#define IO_THREADS_MAX	64u

struct io_thread {
	struct loop loop;
	struct thread thread;
	char name[16];
	bool running;
};

struct io_threads {
	struct io_thread *thread[IO_THREADS_MAX];
	struct workq *workq[IO_THREADS_MAX];	/* the loops' */
	unsigned count;
};

/* n threads for the queues of one device, in *out (which points into t); 0, -ENOSPC or the loop's error. */
int io_threads_add(struct io_threads *t, const char *name, unsigned n, struct virtio_threads *out);
int io_threads_start(struct io_threads *t);
void io_threads_stop(struct io_threads *t);
void io_threads_free(struct io_threads *t);

#endif
