/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The back-end contract of a character stream (UART, virtio-console).
 *
 * Output: `write` takes what it can at once, never blocks, may be called from any thread and returns the bytes taken.
 * When it took less than it was given it calls the client's `writable`, on the client's work queue, once there is room
 * again; a client that ignores the result loses what was not taken.
 * Input: the back-end calls `input` on the client's work queue with bytes; the client takes as many as it has room for
 * and calls `ready` when it has room again. `writable` and `input` may be called from within write and ready when these
 * run on the client's work queue: hold no lock that the callbacks take.
 */
#ifndef CORE_CHARDEV_H
#define CORE_CHARDEV_H

#include "base/work.h"

struct chardev_client {
	size_t (*input)(struct chardev_client *c, const uint8_t *buf, size_t len);	/* bytes taken */
	void (*writable)(struct chardev_client *c);	/* room for output again, or NULL */
	void (*brk)(struct chardev_client *c);		/* a break condition (Ctrl-A b), or NULL */
	void (*resized)(struct chardev_client *c, uint16_t columns, uint16_t rows);	/* or NULL */
	struct workq *workq;
};

struct chardev;
struct chardev_ops {
	void (*attach)(struct chardev *b, struct chardev_client *c);	/* NULL detaches; while no work is under way */
	size_t (*write)(struct chardev *b, const uint8_t *buf, size_t len);
	void (*ready)(struct chardev *b);
	void (*destroy)(struct chardev *b);
};

struct chardev {
	const struct chardev_ops *ops;
};

#endif
