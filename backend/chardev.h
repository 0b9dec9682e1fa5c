/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Character back-ends. Opened and closed on the control thread; input and room for output come through the loop given
 * here, and reach the client on its own work queue.
 */
#ifndef BACKEND_CHARDEV_H
#define BACKEND_CHARDEV_H

#include "core/chardev.h"

struct loop;

/* What the user asks for at the keyboard; on the loop's thread. */
struct stdio_events {
	void (*quit)(struct stdio_events *e);		/* Ctrl-A x */
};

int chardev_null_open(struct chardev **out);		/* output goes nowhere, input never comes */
int chardev_file_open(struct loop *loop, const char *path, struct chardev **out);	/* output only; truncated */
/*
 * Standard input and output. On a terminal: raw mode until chardev_close (os/tty.h restores it after a crash too), and
 * Ctrl-A begins a command: x quits, h lists, b sends a break, Ctrl-A sends Ctrl-A. Otherwise bytes pass as they are.
 * Output that a slow reader does not take is kept up to 64 KiB, then the guest waits; nothing is dropped.
 */
int chardev_stdio_open(struct loop *loop, struct stdio_events *events, struct chardev **out);
void chardev_resized(struct chardev *c);		/* SIGWINCH: tell the client the terminal's size */
void chardev_close(struct chardev *c);			/* waits up to a second for queued output; NULL: nothing */

#endif
