/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The virtio devices. A machine creates one of these, hands it its back-end, and plugs it into a transport:
 *
 *	struct device *d = device_create(vm, &virtio_blk_class);
 *
 *	d->workq = loop;				// whose thread works on the rings; before init
 *	device_set_ptr(d, "backend", disk);		// struct block_backend *
 *	device_init(d);
 *
 * The back-end is the caller's and outlives the device. Every class has the properties packed and in_order (offer these
 * ring features) and threads.
 */
#ifndef DEV_VIRTIO_DEVICES_H
#define DEV_VIRTIO_DEVICES_H

#include "core/device.h"

/* Property `threads`: the i-th group of queues is worked on by workq[i % count], instead of the device's own. */
struct virtio_threads {
	uint32_t count;
	struct workq *const *workq;
};

extern const struct dev_class virtio_blk_class;		/* backend: struct block_backend *; queues: 1..16 */
extern const struct dev_class virtio_net_class;		/* backend: struct net_backend *; queues: pairs, 1..8 */
extern const struct dev_class virtio_console_class;	/* backend: struct chardev * */
extern const struct dev_class virtio_rng_class;		/* backend: struct entropy * */
extern const struct dev_class virtio_balloon_class;	/* no backend; dev/virtio/balloon.h */
extern const struct dev_class virtio_p9_class;		/* backend: struct share * */
extern const struct dev_class virtio_vsock_class;	/* backend: struct vsock_backend * */

#endif
