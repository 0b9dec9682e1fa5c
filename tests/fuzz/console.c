/* SPDX-License-Identifier: BSD-2-Clause */
/* See console.h. */
#include "tests/fuzz/console.h"

static struct fuzz_console *of(struct chardev *d)
{
	return container_of(d, struct fuzz_console, dev);
}

static void console_attach(struct chardev *d, struct chardev_client *client)
{
	of(d)->client = client;
}

static size_t console_write(struct chardev *d, const uint8_t *buf, size_t len)
{
	size_t n = MIN(len, (size_t)of(d)->room);

	of(d)->room -= (unsigned)n;
	return n;
}

static void console_ready(struct chardev *d)
{
	of(d)->client->input(of(d)->client, (const uint8_t *)"0123456789", 10);
}

static const struct chardev_ops console_ops = { .attach = console_attach, .write = console_write, .ready = console_ready };

void fuzz_console_init(struct fuzz_console *c)
{
	*c = (struct fuzz_console){ .dev.ops = &console_ops };
}
