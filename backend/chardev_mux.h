/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A console with more than one reader: the character back-end it was made over (the terminal, a file), and any number of
 * sockets that come and go (`cella console`). The guest's output goes to all of them, input from each reaches the guest.
 *
 * The first back-end alone slows the guest down when it doesn't keep up; a socket that doesn't loses what its 64 KiB cannot
 * hold. All but write and ready, which are core/chardev.h's, is for the control thread.
 */
#ifndef BACKEND_CHARDEV_MUX_H
#define BACKEND_CHARDEV_MUX_H

#include "core/chardev.h"

struct loop;

#define CHARDEV_MUX_SOCKETS	8

/* Takes `under` over, in any case. */
int chardev_mux_open(struct loop *loop, struct chardev *under, struct chardev **out);
bool chardev_mux_room(const struct chardev *mux);	/* for one more socket */
/* Takes the connected stream socket over until its peer closes it. -EBUSY: there are as many as can be; fd stays open. */
int chardev_mux_add(struct chardev *mux, int fd);
/* As if it had been typed. Returns the bytes there was room for. */
size_t chardev_mux_type(struct chardev *mux, const void *text, size_t len);
void chardev_mux_break(struct chardev *mux);
struct chardev *chardev_mux_under(struct chardev *mux);

#endif
