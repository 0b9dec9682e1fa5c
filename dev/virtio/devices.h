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
 * The back-end is the caller's and outlives the device.
 */
#ifndef DEV_VIRTIO_DEVICES_H
#define DEV_VIRTIO_DEVICES_H

#include "core/device.h"

extern const struct dev_class virtio_blk_class;		/* backend: struct block_backend *; queues: 1..16 */
extern const struct dev_class virtio_net_class;		/* backend: struct net_backend * */
extern const struct dev_class virtio_console_class;	/* backend: struct chardev * */
extern const struct dev_class virtio_rng_class;		/* backend: struct entropy * */
extern const struct dev_class virtio_balloon_class;	/* no backend; dev/virtio/balloon.h */

#endif
