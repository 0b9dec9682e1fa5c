/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Network back-ends. All run on the loop of the device they are attached to; opened and closed while it doesn't run.
 */
#ifndef BACKEND_NET_H
#define BACKEND_NET_H

#include "core/net.h"

struct loop;

/* A cable that leads nowhere: frames are dropped. mac: the guest's. */
int net_none_open(const uint8_t mac[6], struct net_backend **out);

/*
 * User networking by libslirp, without privileges: the guest is 10.0.2.15 by DHCP, the host 10.0.2.2, DNS 10.0.2.3,
 * and what the guest connects to is connected by this process. `loop` must be the device's. -ELIBACC: no libslirp here.
 */
int net_user_open(struct loop *loop, const uint8_t mac[6], unsigned mtu, struct net_backend **out);	/* mtu 0: 1500 */
/*
 * --publish [IP:]HOST:GUEST[/udp]: connections to the host's port lead to the guest's. Without an IP only the host
 * itself can connect (127.0.0.1). -EINVAL: not of this form; -EADDRINUSE, -EACCES, …: from binding the port.
 */
int net_user_publish(struct net_backend *b, const char *spec);

/*
 * A tap interface of the host's; errors of os/tap.h, and -ENOTCONN: no vhost-net can be used, *vhost_err says why. It is
 * neither brought up nor given an address here.
 */
struct net_tap_config {
	const char *ifname;		/* "": the kernel chooses */
	uint8_t mac[6];
	unsigned pairs;			/* 1..NET_MAX_PAIRS */
	unsigned mtu;			/* 0: as the interface has it */
	bool vhost;			/* frames are moved by the host's /dev/vhost-net */
};
int net_tap_open(const struct net_tap_config *c, struct net_backend **out, int *vhost_err);
const char *net_tap_name(const struct net_backend *b);

void net_close(struct net_backend *b);		/* NULL: nothing */

#endif
