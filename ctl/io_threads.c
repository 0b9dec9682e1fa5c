/* SPDX-License-Identifier: BSD-2-Clause */
/* See io_threads.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "ctl/io_threads.h"

int io_threads_add(struct io_threads *t, const char *name, unsigned n, struct virtio_threads *out)
{
	unsigned first = t->count;

	if (n > IO_THREADS_MAX - first)
		return -ENOSPC;
	for (unsigned i = 0; i < n; i++) {
		struct io_thread *io = calloc(1, sizeof(*io));
		int err = io ? loop_init(&io->loop) : -ENOMEM;

		if (err) {
			free(io);
			return err;
		}
		if (n > 1)
			snprintf(io->name, sizeof(io->name), "%s.%u", name, i);
		else
			snprintf(io->name, sizeof(io->name), "%s", name);
		t->workq[t->count] = &io->loop.inbox;
		t->thread[t->count++] = io;
	}
	*out = (struct virtio_threads){ n, t->workq + first };
	return 0;
}

static void io_main(void *arg)
{
	loop_run(arg);
}

int io_threads_start(struct io_threads *t)
{
	for (unsigned i = 0; i < t->count; i++) {
		struct io_thread *io = t->thread[i];
		int err = thread_start(&io->thread, io->name, io_main, &io->loop);

		if (err)
			return err;
		io->running = true;
	}
	return 0;
}

void io_threads_stop(struct io_threads *t)
{
	for (unsigned i = 0; i < t->count; i++) {
		struct io_thread *io = t->thread[i];

		if (!io->running)
			continue;
		loop_stop(&io->loop);
		thread_join(&io->thread);
		io->running = false;
	}
}

void io_threads_free(struct io_threads *t)
{
	while (t->count) {
		struct io_thread *io = t->thread[--t->count];

		loop_fini(&io->loop);
		free(io);
	}
}
