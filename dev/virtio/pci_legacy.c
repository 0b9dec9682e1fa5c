/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * virtio over PCI, the interface from before 1.0 (virtio 1.2 §4.1.4.10): a handful of ports, one page frame number for each
 * queue. The two vectors are there, and the device's configuration begins after them, only while MSI-X is on. A driver that
 * shows itself gets bus mastering if it has not asked for it: Linux before 2.6.34 never did.
 */
#include "base/bits.h"
#include "dev/virtio/pci.h"

enum {
	LEGACY_DEVICE_FEATURES	= 0,
	LEGACY_DRIVER_FEATURES	= 4,
	LEGACY_QUEUE_PFN		= 8,
	LEGACY_QUEUE_SIZE		= 12,
	LEGACY_QUEUE_SEL		= 14,
	LEGACY_QUEUE_NOTIFY	= 16,
	LEGACY_STATUS		= 18,
	LEGACY_ISR			= 19,
	LEGACY_CONFIG_VECTOR	= 20,
	LEGACY_QUEUE_VECTOR	= 22,
	LEGACY_END			= 24,
};

#define PAGE_SHIFT	12
#define QUEUE_ALIGN	4096u

static unsigned config_at(const struct virtio_pci *p)
{
	return __atomic_load_n(&p->pci.mode, __ATOMIC_RELAXED) == PCI_MSIX ? LEGACY_END : LEGACY_CONFIG_VECTOR;
}

static unsigned field_size(uint64_t offset)
{
	switch (offset) {
	case LEGACY_DEVICE_FEATURES:
	case LEGACY_DRIVER_FEATURES:
	case LEGACY_QUEUE_PFN:	return 4;
	case LEGACY_STATUS:
	case LEGACY_ISR:		return 1;
	default:		return offset & 1 ? 0 : 2;
	}
}

static uint32_t legacy_read(struct virtio_pci *p, uint64_t offset)
{
	struct virtio_dev *vd = p->vd;
	uint32_t q = __atomic_load_n(&p->queue_sel, __ATOMIC_RELAXED);

	switch (offset) {
	case LEGACY_DEVICE_FEATURES:	return virtio_legacy_offered(vd);
	case LEGACY_DRIVER_FEATURES:	return virtio_features_get(vd, 0);
	case LEGACY_QUEUE_PFN:
		return virtio_queue_ready(vd, q) ? (uint32_t)(virtio_queue_get(vd, q, VQ_REG_DESC) >> PAGE_SHIFT) : 0;
	case LEGACY_QUEUE_SIZE:		return (uint32_t)virtio_queue_get(vd, q, VQ_REG_SIZE);
	case LEGACY_QUEUE_SEL:		return q;
	case LEGACY_STATUS:		return virtio_status_get(vd);
	case LEGACY_ISR:			return virtio_pci_isr_take(p);
	case LEGACY_CONFIG_VECTOR:		return virtio_pci_vector(p, VIRTIO_CONFIG_CHANGED);
	case LEGACY_QUEUE_VECTOR:		return virtio_pci_vector(p, (int)q);
	default:			return 0;
	}
}

static void legacy_write(struct virtio_pci *p, uint64_t offset, uint32_t val)
{
	struct virtio_dev *vd = p->vd;
	uint32_t q = __atomic_load_n(&p->queue_sel, __ATOMIC_RELAXED);

	switch (offset) {
	case LEGACY_DRIVER_FEATURES:	virtio_legacy_features_set(vd, val); break;
	case LEGACY_QUEUE_PFN:		virtio_legacy_queue_set(vd, q, (gpa_t)val << PAGE_SHIFT, QUEUE_ALIGN); break;
	case LEGACY_QUEUE_SEL:		__atomic_store_n(&p->queue_sel, val & 0xffff, __ATOMIC_RELAXED); break;
	case LEGACY_QUEUE_NOTIFY:		virtio_queue_notify(vd, val & 0xffff); break;
	case LEGACY_STATUS:		virtio_legacy_status_set(vd, val & 0xff); break;
	case LEGACY_CONFIG_VECTOR:		virtio_pci_vector_set(p, VIRTIO_CONFIG_CHANGED, val & 0xffff); break;
	case LEGACY_QUEUE_VECTOR:		virtio_pci_vector_set(p, (int)q, val & 0xffff); break;
	}
}

enum bus_result virtio_pci_legacy_access(struct region *r, struct bus_access *a)
{
	struct virtio_pci *p = container_of(r, struct virtio_pci, pci.bar[VIRTIO_PCI_BAR_LEGACY].region);
	unsigned config = config_at(p);

	if (a->offset >= config) {
		if (a->write)
			virtio_config_write(p->vd, a->offset - config, a->size, a->value);
		else
			a->value = virtio_config_read(p->vd, a->offset - config, a->size);
	} else if (a->size != field_size(a->offset)) {
		if (!a->write)
			a->value = ~0ull;
	} else if (a->write) {
		legacy_write(p, a->offset, (uint32_t)a->value);
		if (a->offset == LEGACY_STATUS && a->value & VIRTIO_STATUS_DRIVER && !pci_bus_master(&p->pci))
			pci_master_on(&p->pci, a);
	} else {
		a->value = legacy_read(p, a->offset);
	}
	return BUS_OK;
}

void virtio_pci_legacy_doorbells(struct virtio_pci *p, bool on)
{
	struct region *r = &p->pci.bar[VIRTIO_PCI_BAR_LEGACY].region;

	for (uint32_t i = 0; i < p->vd->queues; i++) {
		p->legacy_bell[i].to = &p->vd->queue[i].bell;
		p->legacy_bell[i].offset = LEGACY_QUEUE_NOTIFY;
		p->legacy_bell[i].size = 2;
		p->legacy_bell[i].match = i;
		if (on)
			bus_doorbell_add(r, &p->legacy_bell[i]);
		else
			bus_doorbell_remove(r, &p->legacy_bell[i]);
	}
}

uint64_t virtio_pci_legacy_size(const struct virtio_pci *p)
{
	uint64_t size = 32;

	while (size < LEGACY_END + p->vd->config_len)
		size *= 2;
	return size;
}
