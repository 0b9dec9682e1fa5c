/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The virtio-mmio transport: one window of registers and one level interrupt for one virtio device.
 *
 *	struct device *t = device_create(vm, &virtio_mmio_class);
 *
 *	device_set_ptr(t, "device", blk);	// an initialised virtio device; none: an empty slot
 *	mmio_connect(t, chip, intid);
 *	device_init(t);
 *	virtio_mmio_map(t, base);
 */
#ifndef DEV_VIRTIO_MMIO_H
#define DEV_VIRTIO_MMIO_H

#include "dev/mmio.h"
#include "dev/virtio/virtio.h"

#define VIRTIO_MMIO_SIZE 0x200u

struct virtio_mmio {
	struct mmio_dev mmio;
	struct device *device;			/* property: a virtio device, or NULL: nothing is plugged in */
	struct virtio_dev *vd;
	struct virtio_transport transport;
	struct doorbell bell[VIRTIO_MAX_QUEUES];
	uint32_t device_sel, driver_sel, queue_sel;	/* atomic */
	uint32_t isr;				/* mmio.dev.lock, with the line */
};

static inline struct virtio_mmio *to_virtio_mmio(struct device *d)
{
	return container_of(d, struct virtio_mmio, mmio.dev);
}

/* As mmio_map, and makes each queue's notification a doorbell. */
int virtio_mmio_map(struct device *d, gpa_t base);

extern const struct dev_class virtio_mmio_class;

#endif
