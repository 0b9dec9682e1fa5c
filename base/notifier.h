/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Notifier: "something happened", from any context to one consumer. Signals merge until consumed. When hosted and
 * created with an eventfd (os/), `fd` can be handed to KVM, vhost or io_uring; on bare metal it is a flag and an IPI.
 * Without anybody's help it is a callback: notifier_signal calls `fn` on the caller's thread.
 */
#ifndef BASE_NOTIFIER_H
#define BASE_NOTIFIER_H

#include "base/types.h"

struct notifier {
	void (*signal)(struct notifier *n);	/* how to wake the consumer; async-signal-safe, never sleeps */
	int fd;					/* eventfd, or -1 */
	void *ctx;
};

static inline void notifier_signal(struct notifier *n)
{
	n->signal(n);
}

#endif
