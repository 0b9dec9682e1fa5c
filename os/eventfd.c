/* SPDX-License-Identifier: BSD-2-Clause */
/* See eventfd.h. */
#define _GNU_SOURCE
#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include "os/eventfd.h"

static void eventfd_signal(struct notifier *n)
{
	uint64_t one = 1;
	int saved = errno;
	ssize_t done = write(n->fd, &one, sizeof(one));

	(void)done;			/* EAGAIN: signalled 2^64 - 2 times already */
	errno = saved;
}

int eventfd_notifier_init(struct notifier *n)
{
	*n = (struct notifier){ .signal = eventfd_signal, .fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK) };
	return n->fd < 0 ? -errno : 0;
}

bool eventfd_notifier_take(struct notifier *n)
{
	uint64_t count;

	return read(n->fd, &count, sizeof(count)) == sizeof(count);
}

void eventfd_notifier_fini(struct notifier *n)
{
	if (n->fd >= 0)
		close(n->fd);
	n->fd = -1;
}
