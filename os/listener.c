/* SPDX-License-Identifier: BSD-2-Clause */
/* See listener.h. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include "os/listener.h"

static int reserve_open(void)
{
	return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

/* With the descriptor in reserve: takes the connection, and ends it. */
static void refuse(struct listener *l)
{
	int fd;

	close(l->reserve);
	fd = accept4(l->watch.fd, NULL, NULL, SOCK_CLOEXEC);
	if (fd >= 0)
		close(fd);
	l->reserve = reserve_open();
}

static void connected(struct loop_fd *w, uint32_t events)
{
	struct listener *l = container_of(w, struct listener, watch);
	int fd;

	if (l->reserve < 0)
		l->reserve = reserve_open();
	fd = accept4(w->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd >= 0)
		l->fn(l, fd);
	else if (l->reserve >= 0 && (errno == EMFILE || errno == ENFILE))
		refuse(l);
}

/* fchmod before bind sets the mode that the name is created with. */
static int listen_at(const struct sockaddr_un *addr, int backlog)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), err;

	if (fd < 0)
		return -errno;
	if (!fchmod(fd, 0600) && !bind(fd, (const struct sockaddr *)addr, sizeof(*addr)) && !listen(fd, backlog))
		return fd;
	err = -errno;
	close(fd);
	return err;
}

int listener_open(struct listener *l, struct loop *loop, const struct sockaddr_un *addr, int backlog,
		  void (*fn)(struct listener *l, int fd))
{
	int fd = listen_at(addr, backlog), err;

	*l = (struct listener){ { fd, EPOLLIN, connected }, .reserve = reserve_open(), .loop = loop, .fn = fn };
	err = fd < 0 ? fd : l->reserve < 0 ? -EMFILE : loop_fd_add(loop, &l->watch);
	if (!err)
		return 0;
	if (fd >= 0) {
		unlink(addr->sun_path);
		close(fd);
	}
	if (l->reserve >= 0)
		close(l->reserve);
	l->watch.fd = -1;
	return err;
}

void listener_close(struct listener *l)
{
	if (l->watch.fd < 0)
		return;
	loop_fd_remove(l->loop, &l->watch);
	close(l->watch.fd);
	close(l->reserve);
	l->watch.fd = -1;
}
