/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The virtio-mmio transport: one window of registers and one level interrupt for one virtio device.
 *
 *	struct device *t = device_create(vm, &virtio_mmio_class);
 *
 *	device_set_ptr(t, "device", blk);	// an initialised virtio device; none: an empty slot
 *	device_set(t, "legacy", true);		// the interface from before 1.0, and only that
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
	bool legacy;				/* property */
	struct virtio_dev *vd;
	struct virtio_transport transport;
	struct doorbell bell[VIRTIO_MAX_QUEUES];
	uint32_t device_sel, driver_sel, queue_sel;	/* atomic */
	uint32_t page_size, align[VIRTIO_MAX_QUEUES];	/* legacy; atomic */
	uint32_t isr;				/* mmio.dev.lock, with the line */
};

static inline struct virtio_mmio *to_virtio_mmio(struct device *d)
{
	return container_of(d, struct virtio_mmio, mmio.dev);
}

/* Registers that both interfaces have. */
enum {
	VMMIO_MAGIC		= 0x000,
	VMMIO_VERSION		= 0x004,
	VMMIO_DEVICE_ID		= 0x008,
	VMMIO_VENDOR_ID		= 0x00c,
	VMMIO_DEVICE_FEATURES	= 0x010,
	VMMIO_DEVICE_FEATURES_SEL = 0x014,
	VMMIO_DRIVER_FEATURES	= 0x020,
	VMMIO_DRIVER_FEATURES_SEL = 0x024,
	VMMIO_QUEUE_SEL		= 0x030,
	VMMIO_QUEUE_NUM_MAX	= 0x034,
	VMMIO_QUEUE_NUM		= 0x038,
	VMMIO_QUEUE_NOTIFY	= 0x050,
	VMMIO_INTERRUPT_STATUS	= 0x060,
	VMMIO_INTERRUPT_ACK	= 0x064,
	VMMIO_STATUS		= 0x070,
	VMMIO_CONFIG		= 0x100,
};

/* As mmio_map, and makes each queue's notification a doorbell. */
int virtio_mmio_map(struct device *d, gpa_t base);

extern const struct dev_class virtio_mmio_class;

/* Between the files of the transport. */
uint32_t virtio_mmio_legacy_read(struct virtio_mmio *m, uint64_t offset);
void virtio_mmio_legacy_write(struct virtio_mmio *m, uint64_t offset, uint32_t val);
uint32_t virtio_mmio_isr(struct virtio_mmio *m);
void virtio_mmio_isr_clear(struct virtio_mmio *m, uint32_t bits);

#endif
