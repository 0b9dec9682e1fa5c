/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Frames between two peers by output sections of shared memory (abi/ivshmem_net.h): the queues, without a network device or an
 * interrupt around them. The driver (net.c), inmates and tests are built with it.
 *
 * What the peer wrote is hostile: each index, number and length is read once and judged before it is used, and what this side
 * needs to know later it keeps here. A frame's bytes can change while they are copied, so look at the copy. A peer that breaks
 * the rules gives NET_BROKEN, and nothing works any more until net_ring_reset.
 *
 * Sending (net_ring_frame, _send, _reap, _want_returns) and receiving (the others) may be on two CPUs at a time; neither
 * twice. net_ring_has_returns is anybody's.
 */
#ifndef KMOD_NET_RING_H
#define KMOD_NET_RING_H

#include "abi/ivshmem_net.h"

#define NET_BROKEN		(-1)
#define NET_IN_FLIGHT		512u		/* frames that this side has on their way at most */
#define NET_SECTION_MAX		(1ull << 30)

struct net_ring {
	volatile uint8_t *own;			/* sections; the peer's is only read */
	const volatile uint8_t *peer;
	uint32_t entries, used, data, size;	/* of each: entries of a queue, where those used and frames are, bytes */
	/* sending */
	uint16_t sent, returned;		/* counts */
	uint32_t head, tail;			/* free room for frames: from head, and up to tail if that is behind it */
	uint32_t end[NET_IN_FLIGHT];		/* where those on their way end, by count */
	/* receiving */
	uint16_t taken;
};

struct net_frame {
	const volatile uint8_t *data;		/* in the peer's section */
	uint32_t len;
	uint32_t id;				/* of its descriptor */
};

/* False: the section is too small to be of use, or larger than NET_SECTION_MAX. */
bool net_ring_init(struct net_ring *r, volatile void *own, const volatile void *peer, uint64_t section_bytes);
/* Empty queues, on the way to NET_READY. */
void net_ring_reset(struct net_ring *r);
/* What this side's state is to be next: `own` if that is it. up: it wants to run. */
uint32_t net_state_next(uint32_t own, uint32_t peer, bool up);

/* ---- sending ---- */

/* The longest frame for which there is always room again. */
uint32_t net_ring_longest(const struct net_ring *r);
/* Is there room for a frame of that length? Where, then. */
bool net_ring_frame(const struct net_ring *r, uint32_t len, volatile uint8_t **at);
/* The frame that net_ring_frame found room for is written. True: ring. */
bool net_ring_send(struct net_ring *r, uint32_t len);
/* Room of frames that came back is free again. How many, or NET_BROKEN. */
int net_ring_reap(struct net_ring *r);
/* From now on the peer rings when it returns a frame; look whether it has done so already. */
void net_ring_want_returns(struct net_ring *r);
/* There is something for net_ring_reap. */
bool net_ring_has_returns(const struct net_ring *r);

/* ---- receiving ---- */

/* 1: *f is the oldest frame, 0: there is none, or NET_BROKEN. */
int net_ring_receive(const struct net_ring *r, struct net_frame *f);
/* The frame of net_ring_receive has been copied. */
void net_ring_return(struct net_ring *r, const struct net_frame *f);
/* After returning so many at once: true: ring. */
bool net_ring_returned(const struct net_ring *r, uint16_t count);
/* From now on the peer rings when it sends. True: it has sent already. */
bool net_ring_listen(struct net_ring *r);

#endif
