/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A character stream over file descriptors: what stdio, files and sockets share. One for input, one for output, either
 * may be absent.
 *
 * Output is tried at once, on the caller's thread; what the descriptor does not take waits in a ring until the loop
 * finds it writable. Input is read on the loop, kept in a ring, and delivered on the client's work queue.
 */
#ifndef BACKEND_CHARDEV_FD_H
#define BACKEND_CHARDEV_FD_H

#include "backend/byte_ring.h"
#include "base/lock.h"
#include "core/chardev.h"
#include "os/loop.h"

#define CHARDEV_OUT_MAX	65536u
#define CHARDEV_IN_MAX	4096u

struct chardev_fd {
	struct chardev c;
	struct loop *loop;
	struct chardev_client *client;
	/*
	 * Looks at n bytes of input before they are queued, on the loop's thread without the lock; may change them and
	 * returns how many are left. With a filter input is always read, and lost when the ring is full, for it may
	 * hold commands; without one reading waits for the client.
	 */
	size_t (*filter)(struct chardev_fd *f, uint8_t *buf, size_t n);
	void (*closing)(struct chardev_fd *f);	/* before the descriptors are closed; may be NULL */

	int in, out;			/* -1: none */
	bool out_blocks;		/* could not be made non-blocking: polled before each write */
	bool in_always;			/* a file: epoll won't have it, but it is always readable */
	bool watching_in, watching_out;

	struct lock lock;		/* what follows */
	struct byte_ring to_out, to_client;
	bool starved;			/* a write was cut short: the client waits for room */
	bool in_ended;
	struct loop_fd watch_in, watch_out;
	struct work deliver, room, brk;	/* on the client's queue */
};

/* Takes both descriptors over in any case. On error f's memory has been freed. */
int chardev_fd_init(struct chardev_fd *f, struct loop *loop, int in, int out);
/* Another description of what fd refers to that doesn't block; *blocks when there is none and it is the same one. */
int chardev_fd_writer(int fd, bool *blocks);
size_t chardev_fd_write(struct chardev *c, const uint8_t *buf, size_t len);
void chardev_fd_brk(struct chardev_fd *f);	/* from the filter */

#endif
