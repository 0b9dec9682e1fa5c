/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The back-end contract of virtio sockets: packets of virtio 1.2 §5.10.6, both ways, on the device's work queue. The device
 * moves them between rings and the back-end; what a connection is, only the back-end knows.
 */
#ifndef CORE_VSOCK_H
#define CORE_VSOCK_H

#include "base/work.h"
#include "core/block.h"

#define VSOCK_DATA_MAX	65536u		/* of one packet of the guest's */
#define VSOCK_HOST_CID	2u

enum vsock_op {
	VSOCK_REQUEST = 1, VSOCK_RESPONSE, VSOCK_RST, VSOCK_SHUTDOWN, VSOCK_RW, VSOCK_CREDIT_UPDATE, VSOCK_CREDIT_REQUEST,
};
enum { VSOCK_STREAM = 1 };					/* type */
enum { VSOCK_SHUTDOWN_RECEIVE = 1, VSOCK_SHUTDOWN_SEND = 2 };	/* flags of a SHUTDOWN: the sender's end */

struct vsock_header {			/* §5.10.6, little-endian */
	uint64_t src_cid, dst_cid;
	uint32_t src_port, dst_port, len;
	uint16_t type, op;
	uint32_t flags, buf_alloc, fwd_cnt;
} __attribute__((packed));
_Static_assert(sizeof(struct vsock_header) == 44, "§5.10.6");

/* Puts data straight into the guest's buffers: up to h->len bytes. Returns how many; 0 or a negative errno: no packet after all. */
struct vsock_fill {
	int (*fn)(struct vsock_fill *f, const struct block_vec *vec, uint32_t vecs, uint32_t max);
};

struct vsock_client {
	/*
	 * A packet for the guest, with f's data or none; the device sets h->len. 1; -ENOBUFS: no buffer now, the device will call
	 * ready; else what f said.
	 */
	int (*receive)(struct vsock_client *c, struct vsock_header *h, struct vsock_fill *f);
	struct workq *workq;
};

struct vhost;
struct vsock_backend;
struct vsock_ops {		/* with a vhost only destroy */
	void (*attach)(struct vsock_backend *b, struct vsock_client *c);	/* NULL detaches */
	/* From the guest; h->len bytes of data, at most VSOCK_DATA_MAX. May call receive. */
	void (*packet)(struct vsock_backend *b, const struct vsock_header *h, const uint8_t *data);
	void (*ready)(struct vsock_backend *b);		/* there are buffers again */
	void (*reset)(struct vsock_backend *b);		/* the guest has forgotten its connections */
	void (*destroy)(struct vsock_backend *b);
};

struct vsock_backend {
	const struct vsock_ops *ops;
	uint64_t cid;				/* the guest's */
	struct vhost *vhost;			/* works on rings 0 and 1 in our place, or NULL */
};

#endif
