/* SPDX-License-Identifier: BSD-2-Clause */
/* getrandom(2): never blocks once the host has booted. */
#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>
#include "backend/entropy.h"

static int host_fill(struct entropy *e, void *buf, size_t len)
{
	ssize_t n;

	do
		n = getrandom(buf, len > 65536 ? 65536 : len, 0);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : (int)n;
}

static void host_destroy(struct entropy *e)
{
	free(e);
}

static const struct entropy_ops host_ops = { .fill = host_fill, .destroy = host_destroy };

int entropy_host_open(struct entropy **out)
{
	struct entropy *e = calloc(1, sizeof(*e));

	if (!e)
		return -ENOMEM;
	e->ops = &host_ops;
	*out = e;
	return 0;
}

void entropy_close(struct entropy *e)
{
	if (e)
		e->ops->destroy(e);
}
