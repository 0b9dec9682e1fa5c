/* SPDX-License-Identifier: BSD-2-Clause */
/* The network device's own: net.c moves frames, net_ctrl.c does what the driver asks for on the control queue. */
#ifndef DEV_VIRTIO_NET_H
#define DEV_VIRTIO_NET_H

#include "core/net.h"
#include "dev/virtio/devices.h"
#include "dev/virtio/virtio.h"

#define NET_QUEUE_SIZE	256u
#define NET_SPANS	(NET_QUEUE_SIZE + 8)	/* of one chain */
#define NET_CHAINS	64u			/* that one frame may take */
#define NET_MACS	64u			/* of each kind in the filter; more: all */

enum {
	NET_F_CSUM = 0, NET_F_GUEST_CSUM = 1, NET_F_CTRL_GUEST_OFFLOADS = 2, NET_F_MTU = 3, NET_F_MAC = 5,
	NET_F_GUEST_TSO4 = 7, NET_F_GUEST_TSO6 = 8, NET_F_GUEST_ECN = 9, NET_F_HOST_TSO4 = 11, NET_F_HOST_TSO6 = 12,
	NET_F_HOST_ECN = 13, NET_F_MRG_RXBUF = 15, NET_F_STATUS = 16, NET_F_CTRL_VQ = 17, NET_F_CTRL_RX = 18,
	NET_F_CTRL_VLAN = 19, NET_F_CTRL_RX_EXTRA = 20, NET_F_GUEST_ANNOUNCE = 21, NET_F_MQ = 22,
	NET_F_CTRL_MAC_ADDR = 23, NET_F_SPEED_DUPLEX = 63,
};

enum { NET_S_LINK_UP = 1, NET_S_ANNOUNCE = 2 };

struct net_config {		/* §5.1.4 */
	uint8_t mac[6];
	uint16_t status, max_virtqueue_pairs, mtu;
	uint32_t speed;
	uint8_t duplex, pad[3];
};
#define NET_CONFIG_SIZE	17u

struct net_macs {
	uint32_t count;		/* above NET_MACS: any */
	uint8_t mac[NET_MACS][6];
};

/* Which frames the guest wants. Until the driver says something it wants all. */
struct net_filter {
	bool all_unicast, all_multicast, no_multicast, no_unicast, no_broadcast, promiscuous;
	struct net_macs unicast, multicast;
	uint64_t vlan[4096 / 64];
};

struct net_rx {				/* of one pair; its thread only */
	struct vring_chain chain[NET_CHAINS];
	struct mem_span spans[NET_CHAINS + NET_SPANS];
	struct block_vec vecs[NET_CHAINS + NET_SPANS + 2];
	uint32_t want;			/* bytes that recent frames took */
	uint8_t rest[NET_FRAME_MAX];	/* of a frame longer than that */
};

struct net_tx {
	struct mem_span spans[NET_SPANS];
	struct block_vec vecs[NET_SPANS + 1];
};

struct virtio_net {
	struct virtio_dev vd;
	struct net_backend *backend;
	uint32_t queues;		/* pairs */
	struct net_client client;
	struct net_config config;
	struct net_rx *rx[NET_MAX_PAIRS];
	struct net_tx *tx[NET_MAX_PAIRS];
	struct mem_span ctrl_spans[NET_SPANS];

	struct lock filter_lock;	/* leaf */
	struct net_filter filter;
};

static inline struct virtio_net *to_net(struct virtio_dev *vd)
{
	return container_of(vd, struct virtio_net, vd);
}

/* Queues 2i and 2i + 1 are pair i; the control queue is behind those that the driver knows of (§5.1.2). Only between
   virtqueue_begin and virtqueue_end does the answer hold: a reset may come before. */
static inline uint32_t net_ctrl_index(const struct virtio_net *net)
{
	return virtio_has(&net->vd, NET_F_MQ) ? 2 * net->queues : 2;
}

void net_ctrl_kick(struct virtio_net *net, struct virtqueue *q);
void net_filter_reset(struct virtio_net *net);
/* Is the frame, of which `head` has the first 18 bytes (or all), for the guest? */
bool net_wanted(struct virtio_net *net, const uint8_t *head, size_t len);
unsigned net_guest_offloads(uint64_t features);

#endif
