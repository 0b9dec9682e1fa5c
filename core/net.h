/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The back-end contract of a network interface. Frames are Ethernet without FCS, and in both directions each has a
 * struct net_hdr before it, which says what is left to do: a checksum to complete, a large TCP segment to cut. A
 * back-end names the offloads that it understands; others neither come nor go.
 *
 * Nothing is copied on the way. `send` gets the guest's own buffers; it takes what it needs before it returns. The
 * other way round the device is told that there may be frames (`readable`) and fetches them by `recv`, straight into
 * the guest's buffers. A pair is one such path with a thread of its own: its functions are called on that thread only,
 * and so must be its client's.
 */
#ifndef CORE_NET_H
#define CORE_NET_H

#include "base/work.h"
#include "core/block.h"

#define NET_MAX_PAIRS	8u
#define NET_FRAME_MAX	65550u		/* an IP packet of 64 KiB, Ethernet header and a VLAN tag, rounded up */

/* As the virtio specification has it (§5.1.6); fields are little-endian. */
struct net_hdr {
	uint8_t flags, gso_type;
	uint16_t hdr_len, gso_size, csum_start, csum_offset;
	uint16_t num_buffers;		/* the device's affair */
};
enum { NET_HDR_NEEDS_CSUM = 1, NET_HDR_DATA_VALID = 2 };
enum { NET_GSO_NONE = 0, NET_GSO_TCPV4 = 1, NET_GSO_TCPV6 = 4, NET_GSO_ECN = 0x80 };

enum { NET_CSUM = 1, NET_TSO4 = 2, NET_TSO6 = 4, NET_ECN = 8 };

struct net_client {				/* the device's side */
	/* Fetches frames until there are none or it has had its turn. False: the guest has no buffers; wait for `ready`. */
	bool (*readable)(struct net_client *c, unsigned pair);
	struct workq *workq[NET_MAX_PAIRS];	/* each pair's thread */
	unsigned pairs;
};

struct net_backend;
struct net_ops {
	int (*attach)(struct net_backend *b, struct net_client *c);	/* before the machine starts */
	/* vec[0] is the header, alone; what cannot be sent now is lost. */
	void (*send)(struct net_backend *b, unsigned pair, const struct block_vec *vec, uint32_t vecs);
	void (*sent)(struct net_backend *b, unsigned pair);	/* after a batch; or NULL */
	/*
	 * The next frame; vec[0] takes the header, alone. Returns the bytes in all; 0: none. What did not fit is lost, and the
	 * sum is less than the frame.
	 */
	size_t (*recv)(struct net_backend *b, unsigned pair, const struct block_vec *vec, uint32_t vecs);
	void (*ready)(struct net_backend *b, unsigned pair);	/* there may be receive buffers again */
	/* Any thread. What the guest wants of rx_offloads; how many pairs it works on (the rest is not used). Or NULL. */
	void (*set_offloads)(struct net_backend *b, unsigned offloads);
	int (*set_pairs)(struct net_backend *b, unsigned pairs);
	void (*destroy)(struct net_backend *b);
};

struct vhost;
struct net_backend {
	const struct net_ops *ops;
	/* Who works on the pairs' rings in our place, or NULL: then nothing is sent or received here. Ring i is queue i. */
	struct vhost *vhost;
	uint8_t mac[6];				/* suggested for the guest */
	uint16_t mtu;				/* 0: the usual 1500 */
	unsigned pairs;				/* at most; 0 and 1: one */
	unsigned tx_offloads, rx_offloads;
	uint32_t speed;				/* Mbit/s; 0: unknown */
};

#endif
