/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The control socket of a running machine: JSON-RPC 2.0, one request and one answer a line (docs/api.md). Everything happens on
 * the control thread. What can be asked is one table, ctl/control_methods.c; what it acts on is a control_target.
 *
 * Whoever connects has to be the machine's own user or root (SO_PEERCRED). Requests, clients and answers have limits, so that a
 * client can do no worse than disconnect itself.
 */
#ifndef CTL_CONTROL_H
#define CTL_CONTROL_H

#include <jansson.h>

#include "ctl/names.h"
#include "machine/machine.h"
#include "os/listener.h"
#include "os/loop.h"

#define CONTROL_CLIENTS		16
#define CONTROL_REQUEST_MAX	65536

/* A machine's life, as far as others may change it. On the control thread. */
struct control_target {
	struct vm *vm;
	struct machine *machine;
	struct chardev *console;			/* a chardev_mux */
	bool paused;
	int (*pause)(struct control_target *t);		/* vCPUs, devices and time stand still on return; 0 if they did before */
	int (*resume)(struct control_target *t);
	/* The power button, and the end by force `timeout_ns` later if the guest does not take it; 0: at once. */
	void (*stop)(struct control_target *t, uint64_t timeout_ns);
};

struct control;
struct control_client {
	struct control *control;
	struct loop_fd watch;				/* fd -1: free */
	char *in, *out;
	size_t in_len, out_len;
	bool deaf;					/* broke a rule: what it still says is of no interest */
};

struct control {
	struct control_target *target;
	struct loop *loop;
	struct vm_name name;
	struct listener listener;
	struct control_client client[CONTROL_CLIENTS];
};

/*
 * Claims the name and listens. -EADDRINUSE and what the runtime directory says, with a message. control_close in any case; it
 * has to be zeroed before.
 */
int control_open(struct control *c, struct loop *loop, const char *name, struct control_target *target, struct ctl_error *e);
void control_close(struct control *c);

/* Calls a method: 0 and a new reference in *result; or -ENOSYS (no such method), -EINVAL (parameters) or what failed, and *e. */
int control_call(struct control_target *t, const char *method, const json_t *params, json_t **result, struct ctl_error *e);

#endif
