/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The host's vhost drivers, /dev/vhost-net and /dev/vhost-vsock: what they have in common. Each descriptor is a device of two
 * rings; a network of several pairs has as many descriptors.
 */
#ifndef BACKEND_VHOST_H
#define BACKEND_VHOST_H

#include "base/lock.h"
#include "core/vhost.h"

#define VHOST_MAX_FDS		8u
#define VHOST_RINGS		2u		/* of one descriptor */

struct vhost_memory;
struct vhost_kernel;

struct vhost_kind {
	const char *path;
	/* The ring begins or ends to work. h->lock held. 0 or a negative errno; an end succeeds. */
	int (*turn)(struct vhost_kernel *h, unsigned ring, bool on);
	void (*features)(struct vhost_kernel *h, uint64_t features);	/* agreed on; no ring runs; or NULL */
};

struct vhost_kernel {
	struct vhost v;
	const struct vhost_kind *kind;
	unsigned fds;
	int fd[VHOST_MAX_FDS];
	struct lock lock;			/* the rest */
	struct mem *mem;
	struct mem_listener listener;
	struct vhost_memory *table;		/* what of the guest's memory is where */
	struct notifier *failed;
	uint64_t features;			/* as the host was told last */
	bool running[VHOST_MAX_FDS * VHOST_RINGS];
};

/*
 * Opens the driver `fds` times. h->v.features has what it can do, the driver's own bits too. -ENODEV: the host does not have it;
 * -EPERM: no right to use it; -ENOTSUP: too old for virtio 1.0.
 */
int vhost_kernel_open(struct vhost_kernel *h, const struct vhost_kind *kind, unsigned fds);
void vhost_kernel_close(struct vhost_kernel *h);

#endif
