/* SPDX-License-Identifier: BSD-2-Clause */
/* Output to a file, output to nowhere, and what all character back-ends share. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include "backend/chardev.h"
#include "backend/chardev_fd.h"

static void null_attach(struct chardev *c, struct chardev_client *client)
{
}

static size_t null_write(struct chardev *c, const uint8_t *buf, size_t len)
{
	return len;
}

static void null_ready(struct chardev *c)
{
}

static void null_destroy(struct chardev *c)
{
	free(c);
}

static const struct chardev_ops null_ops = {
	.attach = null_attach,
	.write = null_write,
	.ready = null_ready,
	.destroy = null_destroy,
};

int chardev_null_open(struct chardev **out)
{
	struct chardev *c = calloc(1, sizeof(*c));

	if (!c)
		return -ENOMEM;
	c->ops = &null_ops;
	*out = c;
	return 0;
}

int chardev_file_open(struct loop *loop, const char *path, struct chardev **out)
{
	struct chardev_fd *f = calloc(1, sizeof(*f));
	int fd, err;

	if (!f)
		return -ENOMEM;
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0666);
	if (fd < 0) {
		err = -errno;
		free(f);
		return err;
	}
	err = chardev_fd_init(f, loop, -1, fd);
	if (!err)
		*out = &f->c;
	return err;
}

void chardev_close(struct chardev *c)
{
	if (c)
		c->ops->destroy(c);
}
