/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The contract between a virtio device and somebody else who works on its rings: a vhost driver in the host's kernel.
 *
 * The device keeps its registers, negotiates features, and decides when a ring runs. The back-end gets the ring's addresses
 * (of the guest; it watches core/mem.h to know what is behind them) and three notifiers. `kick` is signalled by the guest,
 * past us where the engine has doorbells. `call` is for the back-end to signal: it raises the queue's interrupt, past us
 * where the engine has message routes with descriptors; else the device's thread pumps. `failed` says that a ring makes no
 * sense; which one is not told. All three have descriptors where the device's work queue is a loop; a back-end that cannot do
 * without refuses those that have none.
 *
 * start, call and stop come from any thread, for one ring one at a time, with the queue's lock held: they call nothing back.
 */
#ifndef CORE_VHOST_H
#define CORE_VHOST_H

#include "base/notifier.h"
#include "core/mem.h"

struct vhost_ring {
	uint64_t features;		/* all that were agreed on; the same for all rings that run */
	uint16_t size;			/* entries of a split ring, as are the addresses */
	uint16_t next;			/* the available entry to go on with */
	gpa_t desc, driver, device;
	struct notifier *kick, *call;
};

struct vhost;
struct vhost_ops {
	/* In the device's init; `failed` lives until detach. The back-end keeps watch of guest memory from now on. */
	int (*attach)(struct vhost *v, struct mem *m, struct notifier *failed);
	void (*detach)(struct vhost *v);			/* no ring runs */
	/* 0, or a negative errno: the ring's areas are not in one piece of RAM each, or the host refuses. */
	int (*start)(struct vhost *v, unsigned ring, const struct vhost_ring *r);
	void (*call)(struct vhost *v, unsigned ring, struct notifier *call);	/* of a ring that runs: another from now on */
	uint16_t (*stop)(struct vhost *v, unsigned ring);	/* nobody touches it any more; returns what `next` is now */
};

struct vhost {
	const struct vhost_ops *ops;
	uint64_t features;		/* those of virtio that it deals with */
};

#endif
