/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The virtio PCI transport: a PCI function for one virtio device.
 *
 *	struct device *t = device_create(vm, &virtio_pci_class);
 *
 *	device_set_ptr(t, "device", blk);	// an initialised virtio device
 *	device_set(t, "transitional", true);	// also the interface from before virtio 1.0
 *	device_init(t);
 *	pci_plug(host, virtio_pci_func(t), -1);
 *
 * BAR 4 has the modern interface, BAR 1 the MSI-X table, BAR 0 (ports) the legacy interface.
 */
#ifndef DEV_VIRTIO_PCI_H
#define DEV_VIRTIO_PCI_H

#include "dev/pci/pci.h"
#include "dev/virtio/virtio.h"

#define VIRTIO_PCI_VECTORS	(VIRTIO_MAX_QUEUES + 1)
#define VIRTIO_PCI_BAR_LEGACY	0u
#define VIRTIO_PCI_BAR_MSIX	1u
#define VIRTIO_PCI_BAR		4u

/* Where the parts are in BAR 4. */
enum {
	VIRTIO_PCI_COMMON = 0x0000, VIRTIO_PCI_ISR = 0x1000, VIRTIO_PCI_DEVICE = 0x2000, VIRTIO_PCI_NOTIFY = 0x3000,
	VIRTIO_PCI_BAR_SIZE = 0x4000,
};
#define VIRTIO_PCI_NOTIFY_STEP	4u	/* notify_off_multiplier */

struct virtio_pci {
	struct device dev;
	struct pci_func pci;
	struct device *device;			/* property: a virtio device */
	bool transitional;			/* property */
	struct virtio_dev *vd;
	struct virtio_transport transport;
	struct doorbell bell[VIRTIO_MAX_QUEUES], legacy_bell[VIRTIO_MAX_QUEUES];
	struct pci_msix_entry table[VIRTIO_PCI_VECTORS];
	struct irq_route route[VIRTIO_PCI_VECTORS];
	uint8_t window;				/* offset of the configuration access capability */

	uint32_t device_sel, driver_sel, queue_sel;	/* atomic, as are the vectors */
	uint16_t config_vector, queue_vector[VIRTIO_MAX_QUEUES];
	uint8_t isr;				/* dev.lock, with the line */
};

static inline struct virtio_pci *to_virtio_pci(struct device *d)
{
	return container_of(d, struct virtio_pci, dev);
}

static inline struct pci_func *virtio_pci_func(struct device *d)
{
	return &to_virtio_pci(d)->pci;
}

extern const struct dev_class virtio_pci_class;

/* Between the files of the transport. */
enum bus_result virtio_pci_legacy_access(struct region *r, struct bus_access *a);
void virtio_pci_legacy_doorbells(struct virtio_pci *p, bool on);
uint64_t virtio_pci_legacy_size(const struct virtio_pci *p);		/* of BAR 0 */
uint8_t virtio_pci_isr_take(struct virtio_pci *p);
uint32_t virtio_pci_vector(struct virtio_pci *p, int queue);		/* VIRTIO_CONFIG_CHANGED: of the configuration */
void virtio_pci_vector_set(struct virtio_pci *p, int queue, uint32_t vector);

#endif
