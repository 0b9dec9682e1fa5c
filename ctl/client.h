/* SPDX-License-Identifier: BSD-2-Clause */
/* The other end of a control socket (ctl/control.h): what the subcommands speak to a running machine with. Blocking. */
#ifndef CTL_CLIENT_H
#define CTL_CLIENT_H

#include <jansson.h>

#include "ctl/error.h"

/* A connected socket, or -ENOENT (no such machine), -EACCES … and a message. */
int client_connect(const char *name, struct ctl_error *e);
/* Sends a request and waits for its answer. `params` is taken over; NULL: none. 0 and a new reference in *result. */
int client_call(int fd, const char *name, const char *method, json_t *params, json_t **result, struct ctl_error *e);
/* Waits until the machine closes the connection, at most timeout_ms. -ETIMEDOUT. */
int client_wait_gone(int fd, int timeout_ms);

#endif
