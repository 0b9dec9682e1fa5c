/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The back-end contract of a network interface. Frames are Ethernet without FCS, each preceded by nothing; offloads
 * come with a virtio_net_hdr when `vnet_hdr` is agreed on. `send` may be called from the device's queue thread only;
 * it copies. Frames for the guest arrive through `receive` on the device's work queue thread; it returns false when the
 * guest has no buffer, and the back-end keeps or drops the frame and calls again after net_ready.
 */
#ifndef CORE_NET_H
#define CORE_NET_H

#include "base/work.h"
#include "core/block.h"

struct net_client {				/* the device's side */
	bool (*receive)(struct net_client *c, const void *frame, size_t len);
	struct workq *workq;			/* where receive must run */
};

struct net_backend;
struct net_ops {
	int (*attach)(struct net_backend *b, struct net_client *c);	/* before the machine starts */
	void (*send)(struct net_backend *b, const struct block_vec *vec, uint32_t vecs);
	void (*ready)(struct net_backend *b);	/* the guest has receive buffers again */
	void (*destroy)(struct net_backend *b);
};

struct net_backend {
	const struct net_ops *ops;
	uint8_t mac[6];				/* suggested for the guest */
	uint16_t mtu;
	bool vnet_hdr;
};

#endif
