/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The names of running machines. A machine called NAME holds a lock on NAME.lock in the runtime directory and listens on
 * NAME.sock beside it. The kernel drops the lock however the process ends, so what a killed one leaves is known for
 * what it is: a socket whose lock nobody holds, which the next machine of that name takes over.
 *
 * The runtime directory: $XDG_RUNTIME_DIR/cella; else /run/cella for root, /tmp/cella-UID for others. It is the user's own,
 * mode 0700.
 */
#ifndef CTL_NAMES_H
#define CTL_NAMES_H

#include <sys/un.h>

#include "ctl/error.h"

#define NAME_MAX_LEN	48

struct vm_name {
	int lock;			/* -1: not claimed */
	char lock_path[128];
	struct sockaddr_un socket;
};

/* 1 to NAME_MAX_LEN of letters, digits, '.', '_', '-', not beginning with '.' or '-'. */
bool name_valid(const char *name);
/* -EADDRINUSE: such a machine runs; -EACCES, -EROFS … from the directory; a message in each case. */
int name_claim(struct vm_name *n, const char *name, struct ctl_error *e);
void name_release(struct vm_name *n);	/* removes socket and lock; nothing if not claimed */
/* Where NAME listens, whether or not it runs. */
int name_socket(const char *name, struct sockaddr_un *addr, struct ctl_error *e);
/* NAME with another suffix in the runtime directory, which is made if it isn't there. */
int name_file(const char *name, const char *suffix, char *path, size_t size, struct ctl_error *e);
/* Calls fn for each machine that runs, by name; stops at its first nonzero result and returns that. */
int name_each(int (*fn)(const char *name, void *arg), void *arg, struct ctl_error *e);

#endif
