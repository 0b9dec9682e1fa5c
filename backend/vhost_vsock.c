/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Virtio sockets by /dev/vhost-vsock: what the guest's sockets are to the host's AF_VSOCK. The driver knows only of both rings at
 * work or none.
 */
#include <errno.h>
#include <linux/vhost.h>
#include <stdlib.h>
#include <sys/ioctl.h>

#include "backend/vhost.h"
#include "backend/vsock.h"

struct vsock_vhost {
	struct vsock_backend b;
	struct vhost_kernel h;
};

static int turn(struct vhost_kernel *h, unsigned ring, bool on)
{
	int all = on && h->running[!ring];

	if (on && !all)
		return 0;		/* the other one will */
	return ioctl(h->fd[0], VHOST_VSOCK_SET_RUNNING, &all) ? -errno : 0;
}

static const struct vhost_kind vsock_kind = { .path = "/dev/vhost-vsock", .turn = turn };

static void destroy(struct vsock_backend *b)
{
	struct vsock_vhost *v = container_of(b, struct vsock_vhost, b);

	vhost_kernel_close(&v->h);
	free(v);
}

static const struct vsock_ops vsock_vhost_ops = { .destroy = destroy };

int vsock_vhost_open(uint64_t cid, struct vsock_backend **out)
{
	struct vsock_vhost *v = calloc(1, sizeof(*v));
	int err = v ? vhost_kernel_open(&v->h, &vsock_kind, 1) : -ENOMEM;

	if (!err && ioctl(v->h.fd[0], VHOST_VSOCK_SET_GUEST_CID, &cid)) {
		err = -errno;
		vhost_kernel_close(&v->h);
	}
	if (err) {
		free(v);
		return err;
	}
	v->b = (struct vsock_backend){ .ops = &vsock_vhost_ops, .cid = cid, .vhost = &v->h.v };
	*out = &v->b;
	return 0;
}
