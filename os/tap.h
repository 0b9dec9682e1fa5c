/* SPDX-License-Identifier: BSD-2-Clause */
/* A tap interface of the host: Ethernet frames by read and write, each behind a 12-byte virtio_net_hdr. */
#ifndef OS_TAP_H
#define OS_TAP_H

#include "base/types.h"

#define TAP_NAME_MAX	16u

/*
 * Opens `queues` descriptors (non-blocking) of one interface. `name`: an existing interface or that of a new one; "" lets
 * the kernel choose; filled with what it is. -ENODEV: the host has no /dev/net/tun, -EPERM: no right to make or use
 * it, -EBUSY: somebody else uses it, -EINVAL: it exists, with another number of queues in mind or of another kind.
 */
int tap_open(char name[TAP_NAME_MAX], unsigned queues, int *fds);
/* The TUN_F_* that the peer deals with; an interface's, through any of its descriptors. */
int tap_set_offloads(int fd, bool csum, bool tso4, bool tso6, bool ecn);
int tap_set_header(int fd, size_t len);		/* of that interface's header: 12 as opened, or 10 without num_buffers */
int tap_attach(int fd, bool on);		/* a queue takes part in the interface or not */
int tap_mtu(const char *name);			/* or a negative errno */
int tap_set_mtu(const char *name, unsigned mtu);
/* Brings it up; ip "" leaves its addresses alone, "A.B.C.D[/LEN]" gives it one (without LEN: 24). -EINVAL: no address. */
int tap_up(const char *name, const char *ip);

#endif
