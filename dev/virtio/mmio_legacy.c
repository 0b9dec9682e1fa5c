/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * virtio over MMIO, the legacy interface (virtio 1.2 §4.2.4, version 1): a queue is at one page frame, in pages whose size the
 * driver chooses, its used ring aligned as the driver says.
 */
#include "base/bits.h"
#include "dev/virtio/mmio.h"

enum {
	REG_GUEST_PAGE_SIZE	= 0x028,
	REG_QUEUE_ALIGN		= 0x03c,
	REG_QUEUE_PFN		= 0x040,
};

static uint32_t load(const uint32_t *p)
{
	return __atomic_load_n(p, __ATOMIC_RELAXED);
}

static uint32_t queue_pfn(struct virtio_mmio *m, uint32_t q)
{
	uint32_t page = load(&m->page_size);

	return page && virtio_queue_ready(m->vd, q) ? (uint32_t)(virtio_queue_get(m->vd, q, VQ_REG_DESC) / page) : 0;
}

uint32_t virtio_mmio_legacy_read(struct virtio_mmio *m, uint64_t offset)
{
	uint32_t q = load(&m->queue_sel);

	switch (offset) {
	case VMMIO_DEVICE_FEATURES:	return load(&m->device_sel) ? 0 : virtio_legacy_offered(m->vd);
	case VMMIO_QUEUE_NUM_MAX:	return virtio_queue_max(m->vd, q);
	case REG_QUEUE_PFN:		return queue_pfn(m, q);
	case VMMIO_INTERRUPT_STATUS:	return virtio_mmio_isr(m);
	case VMMIO_STATUS:		return virtio_status_get(m->vd);
	default:			return 0;
	}
}

static void queue_place(struct virtio_mmio *m, uint32_t q, uint32_t pfn)
{
	uint32_t page = load(&m->page_size);

	if (q < m->vd->queues && is_pow2(page))
		virtio_legacy_queue_set(m->vd, q, (gpa_t)pfn * page, load(&m->align[q]));
}

void virtio_mmio_legacy_write(struct virtio_mmio *m, uint64_t offset, uint32_t val)
{
	uint32_t q = load(&m->queue_sel);

	switch (offset) {
	case VMMIO_DEVICE_FEATURES_SEL:	__atomic_store_n(&m->device_sel, val, __ATOMIC_RELAXED); break;
	case VMMIO_DRIVER_FEATURES_SEL:	__atomic_store_n(&m->driver_sel, val, __ATOMIC_RELAXED); break;
	case VMMIO_QUEUE_SEL:		__atomic_store_n(&m->queue_sel, val, __ATOMIC_RELAXED); break;
	case REG_GUEST_PAGE_SIZE:	__atomic_store_n(&m->page_size, val, __ATOMIC_RELAXED); break;
	case VMMIO_QUEUE_NUM:		virtio_queue_set(m->vd, q, VQ_REG_SIZE, ~0u, val); break;
	case REG_QUEUE_PFN:		queue_place(m, q, val); break;
	case VMMIO_QUEUE_NOTIFY:	virtio_queue_notify(m->vd, val); break;
	case VMMIO_INTERRUPT_ACK:	virtio_mmio_isr_clear(m, val); break;
	case VMMIO_STATUS:		virtio_legacy_status_set(m->vd, val); break;
	case VMMIO_DRIVER_FEATURES:
		if (!load(&m->driver_sel))
			virtio_legacy_features_set(m->vd, val);
		break;
	case REG_QUEUE_ALIGN:
		if (q < m->vd->queues)
			__atomic_store_n(&m->align[q], val, __ATOMIC_RELAXED);
		break;
	}
}
