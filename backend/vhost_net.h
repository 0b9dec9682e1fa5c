/* SPDX-License-Identifier: BSD-2-Clause */
/* /dev/vhost-net: the host's kernel moves frames between rings and tap descriptors, a pair of rings for each descriptor. */
#ifndef BACKEND_VHOST_NET_H
#define BACKEND_VHOST_NET_H

#include "backend/vhost.h"

/* Errors of vhost_kernel_open. The descriptors stay the caller's, and open until vhost_net_close; the first is always attached. */
int vhost_net_open(unsigned pairs, const int *tap_fds, struct vhost **out);
void vhost_net_close(struct vhost *v);		/* NULL: nothing */

#endif
