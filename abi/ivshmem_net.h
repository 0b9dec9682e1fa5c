/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Ethernet between the two peers of an ivshmem device (abi/ivshmem.h): protocol 1, laid out as Jailhouse's Linux driver has it.
 * Little endian. A peer writes into its own output section and nowhere else; the read/write section isn't used. One output
 * section, with queues of n entries (net_ring_init in kmod/net_ring.c says how many):
 *
 *   0           n struct net_desc	a frame each: where in this section, how long
 *   16 n        struct net_avail	of frames that this peer sends: which descriptors, in their order
 *   A           struct net_used	of frames that the OTHER peer sent: which of its descriptors came back. A: 64-byte aligned
 *   D           frames			D: 64-byte aligned; to the end of the section
 *
 * So who sends writes frame, descriptor, entry, and then `idx` of its net_avail; who receives copies the frame, writes an
 * entry of its own net_used, and then that `idx`. Both count frames modulo 2^16; entry i of a queue is i modulo n. Frames come
 * back in the order in which they were sent. Behind the last entry of a net_avail stands the count of returned frames, and behind
 * the last one of a net_used that of sent frames, after which its writer wants the doorbell for the next one (virtio 1.2
 * §2.7.7.2, §2.7.10).
 *
 * States, in the state table: a peer in RESET waits until the other one is in RESET or INIT and becomes INIT; waits until that is
 * not RESET, clears its queues and becomes READY; waits for READY, and becomes RUN if it wants to. In READY and RUN the link is up.
 * Whoever finds the other in RESET goes there too, and all begins anew. Without MSI-X, vector 0 is frames' and states' interrupt.
 */
#ifndef ABI_IVSHMEM_NET_H
#define ABI_IVSHMEM_NET_H

#include "abi/types.h"

enum net_state { NET_RESET, NET_INIT, NET_READY, NET_RUN };

struct net_desc {
	uint64_t addr;			/* from the section's start */
	uint32_t len;			/* bytes, without a checksum */
	uint16_t flags, next;		/* 0 */
};

struct net_avail {
	uint16_t flags, idx;		/* flags: 0 */
	uint16_t ring[];		/* and behind its last entry, used_event */
};

struct net_used {
	uint16_t flags, idx;		/* flags: 0 */
	struct {
		uint32_t id, len;	/* len: 1 */
	} ring[];			/* and behind its last entry, u16 avail_event */
};

#define NET_ALIGN	64u

_Static_assert(sizeof(struct net_desc) == 16 && sizeof(struct net_avail) == 4 && sizeof(struct net_used) == 4, "as in virtio");

#endif
