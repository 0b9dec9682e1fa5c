/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A Unix socket that others connect to. Where the process has no descriptor left, who connects is refused: a connection that can't
 * be accepted would keep the loop awake (a descriptor is held in reserve for that).
 */
#ifndef OS_LISTENER_H
#define OS_LISTENER_H

#include <sys/un.h>
#include "os/loop.h"

struct listener {
	struct loop_fd watch;			/* fd -1: not open */
	int reserve;
	struct loop *loop;
	void (*fn)(struct listener *l, int fd);	/* fd: non-blocking, close on exec, its own from now on */
};

/* Creates the socket, mode 0600; the name must be free. 0 or a negative errno, and then it is not open. */
int listener_open(struct listener *l, struct loop *loop, const struct sockaddr_un *addr, int backlog,
		  void (*fn)(struct listener *l, int fd));
/* The name stays. Nothing to do if it isn't open. */
void listener_close(struct listener *l);

#endif
