/* SPDX-License-Identifier: BSD-2-Clause */
/* See vhost_net.h. A legacy driver without mergeable buffers has a shorter header, which the tap has to agree to. */
#include <errno.h>
#include <linux/vhost.h>
#include <stdlib.h>
#include <sys/ioctl.h>

#include "backend/vhost_net.h"
#include "base/bits.h"
#include "core/net.h"
#include "os/tap.h"

#define F_MRG_RXBUF	15
#define F_VERSION_1	32

struct vhost_net {
	struct vhost_kernel h;
	int tap[VHOST_MAX_FDS];
};

static int turn(struct vhost_kernel *h, unsigned ring, bool on)
{
	const struct vhost_net *n = container_of(h, struct vhost_net, h);
	unsigned pair = ring / VHOST_RINGS;
	struct vhost_vring_file file = { .index = ring % VHOST_RINGS, .fd = on ? n->tap[pair] : -1 };

	return ioctl(h->fd[pair], VHOST_NET_SET_BACKEND, &file) ? -errno : 0;
}

static void agreed(struct vhost_kernel *h, uint64_t features)
{
	bool with_buffers = features & (BIT(F_VERSION_1) | BIT(F_MRG_RXBUF));

	tap_set_header(container_of(h, struct vhost_net, h)->tap[0],
		       with_buffers ? sizeof(struct net_hdr) : offsetof(struct net_hdr, num_buffers));
}

static const struct vhost_kind net_kind = { .path = "/dev/vhost-net", .turn = turn, .features = agreed };

int vhost_net_open(unsigned pairs, const int *tap_fds, struct vhost **out)
{
	struct vhost_net *n = calloc(1, sizeof(*n));
	int err = n ? vhost_kernel_open(&n->h, &net_kind, pairs) : -ENOMEM;

	if (err) {
		free(n);
		return err;
	}
	/* A header of its own, between the driver's and the frame, is not what we have. */
	n->h.v.features &= ~BIT(VHOST_NET_F_VIRTIO_NET_HDR);
	for (unsigned i = 0; i < pairs; i++)
		n->tap[i] = tap_fds[i];
	*out = &n->h.v;
	return 0;
}

void vhost_net_close(struct vhost *v)
{
	struct vhost_net *n = container_of(v, struct vhost_net, h.v);

	if (!v)
		return;
	vhost_kernel_close(&n->h);
	free(n);
}
