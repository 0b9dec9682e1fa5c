/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * virtio over PCI, the modern interface (virtio 1.2 §4.1): common, notification, ISR and device parts in one BAR, each found
 * by a vendor capability; a capability through which BARs can be reached from configuration space; MSI-X.
 *
 * A field of the common part is written in its own width (64-bit addresses: two halves as well), other writes do nothing. It is
 * read in any: the iPXE of Debian 12 reads the lower half of a word of features and takes it for the whole.
 *
 * Regions are unlocked, for the reasons that mmio.c has. Our own lock covers the ISR byte and the line.
 */
#include "base/bits.h"
#include "base/errno.h"
#include "base/string.h"
#include "core/vm.h"
#include "dev/virtio/pci.h"

#define VENDOR_VIRTIO	0x1af4u
#define DEVICE_MODERN	0x1040u		/* + the device's type */

enum { CAP_COMMON = 1, CAP_NOTIFY, CAP_ISR, CAP_DEVICE, CAP_WINDOW };
enum { WINDOW_BAR = 4, WINDOW_OFFSET = 8, WINDOW_LENGTH = 12, WINDOW_DATA = 16 };

enum {
	COMMON_DEVICE_SEL	= 0x00,
	COMMON_DEVICE_FEATURES	= 0x04,
	COMMON_DRIVER_SEL	= 0x08,
	COMMON_DRIVER_FEATURES	= 0x0c,
	COMMON_CONFIG_VECTOR	= 0x10,
	COMMON_QUEUES		= 0x12,
	COMMON_STATUS		= 0x14,
	COMMON_GENERATION	= 0x15,
	COMMON_QUEUE_SEL	= 0x16,
	COMMON_QUEUE_SIZE	= 0x18,
	COMMON_QUEUE_VECTOR	= 0x1a,
	COMMON_QUEUE_ENABLE	= 0x1c,
	COMMON_QUEUE_NOTIFY_OFF	= 0x1e,
	COMMON_QUEUE_DESC	= 0x20,
	COMMON_QUEUE_DRIVER	= 0x28,
	COMMON_QUEUE_DEVICE	= 0x30,
	COMMON_QUEUE_NOTIFY_DATA = 0x38,
	COMMON_QUEUE_RESET	= 0x3a,
	COMMON_SIZE		= 0x3c,
};

#define ISR_QUEUE	1u
#define ISR_CONFIG	2u

/* ---- interrupts ---- */

static uint16_t *vector_of(struct virtio_pci *p, int queue)
{
	return queue == VIRTIO_CONFIG_CHANGED ? &p->config_vector : &p->queue_vector[queue];
}

uint32_t virtio_pci_vector(struct virtio_pci *p, int queue)
{
	if (queue >= (int)p->vd->queues)
		return PCI_NO_VECTOR;
	return __atomic_load_n(vector_of(p, queue), __ATOMIC_RELAXED);
}

static void vector_set(struct virtio_pci *p, int queue, uint32_t vector)
{
	uint16_t v = vector < p->pci.msix_count ? (uint16_t)vector : PCI_NO_VECTOR;

	if (queue < (int)p->vd->queues)
		__atomic_store_n(vector_of(p, queue), v, __ATOMIC_RELAXED);
}

/* A vector that there isn't reads back as NO_VECTOR (§4.1.5.1.2). */
void virtio_pci_vector_set(struct virtio_pci *p, int queue, uint32_t vector)
{
	vector_set(p, queue, vector);
	virtio_call_changed(p->vd, (uint32_t)queue);
}

static void vpci_interrupt(struct virtio_transport *t, int queue)
{
	struct virtio_pci *p = container_of(t, struct virtio_pci, transport);

	if (pci_messages(&p->pci)) {
		pci_signal(&p->pci, virtio_pci_vector(p, queue));
		return;
	}
	lock_acquire(&p->dev.lock);
	p->isr |= queue == VIRTIO_CONFIG_CHANGED ? ISR_CONFIG : ISR_QUEUE;
	pci_intx_set(&p->pci, true);
	lock_release(&p->dev.lock);
}

static struct notifier *vpci_direct(struct virtio_transport *t, int queue)
{
	struct virtio_pci *p = container_of(t, struct virtio_pci, transport);
	struct irq_route *route = pci_msix_route(&p->pci, virtio_pci_vector(p, queue));

	return route && __atomic_load_n(&p->pci.mode, __ATOMIC_RELAXED) == PCI_MSIX ? irq_route_direct(route) : NULL;
}

uint8_t virtio_pci_isr_take(struct virtio_pci *p)
{
	uint8_t isr;

	lock_acquire(&p->dev.lock);
	isr = p->isr;
	p->isr = 0;
	pci_intx_set(&p->pci, false);
	lock_release(&p->dev.lock);
	return isr;
}

static void vpci_transport_reset(struct virtio_transport *t)
{
	struct virtio_pci *p = container_of(t, struct virtio_pci, transport);

	virtio_pci_isr_take(p);
	vector_set(p, VIRTIO_CONFIG_CHANGED, PCI_NO_VECTOR);
	for (uint32_t i = 0; i < p->vd->queues; i++)
		vector_set(p, (int)i, PCI_NO_VECTOR);
}

/* ---- the common part ---- */

static uint32_t sel(const uint32_t *which)
{
	return __atomic_load_n(which, __ATOMIC_RELAXED);
}

/* The width of the field that starts here; 0: none does. */
static unsigned field_size(uint64_t offset)
{
	if (offset < COMMON_CONFIG_VECTOR)
		return offset & 3 ? 0 : 4;
	if (offset == COMMON_STATUS || offset == COMMON_GENERATION)
		return 1;
	if (offset >= COMMON_QUEUE_DESC && offset < COMMON_QUEUE_NOTIFY_DATA)
		return offset & 7 ? offset & 3 ? 0 : 4 : 8;
	return offset & 1 ? 0 : 2;
}

static uint64_t common_read(struct virtio_pci *p, uint64_t offset)
{
	struct virtio_dev *vd = p->vd;
	uint32_t q = sel(&p->queue_sel);

	switch (offset) {
	case COMMON_DEVICE_SEL:		return sel(&p->device_sel);
	case COMMON_DEVICE_FEATURES:	return virtio_offered_get(vd, sel(&p->device_sel));
	case COMMON_DRIVER_SEL:		return sel(&p->driver_sel);
	case COMMON_DRIVER_FEATURES:	return virtio_features_get(vd, sel(&p->driver_sel));
	case COMMON_CONFIG_VECTOR:	return virtio_pci_vector(p, VIRTIO_CONFIG_CHANGED);
	case COMMON_QUEUES:		return vd->queues;
	case COMMON_STATUS:		return virtio_status_get(vd);
	case COMMON_GENERATION:		return virtio_generation(vd);
	case COMMON_QUEUE_SEL:		return q;
	case COMMON_QUEUE_SIZE:		return virtio_queue_get(vd, q, VQ_REG_SIZE);
	case COMMON_QUEUE_VECTOR:	return virtio_pci_vector(p, (int)q);
	case COMMON_QUEUE_ENABLE:	return virtio_queue_ready(vd, q);
	case COMMON_QUEUE_NOTIFY_OFF:	return q < vd->queues ? q : 0;
	case COMMON_QUEUE_DESC:		return virtio_queue_get(vd, q, VQ_REG_DESC);
	case COMMON_QUEUE_DESC + 4:	return virtio_queue_get(vd, q, VQ_REG_DESC) >> 32;
	case COMMON_QUEUE_DRIVER:	return virtio_queue_get(vd, q, VQ_REG_DRIVER);
	case COMMON_QUEUE_DRIVER + 4:	return virtio_queue_get(vd, q, VQ_REG_DRIVER) >> 32;
	case COMMON_QUEUE_DEVICE:	return virtio_queue_get(vd, q, VQ_REG_DEVICE);
	case COMMON_QUEUE_DEVICE + 4:	return virtio_queue_get(vd, q, VQ_REG_DEVICE) >> 32;
	case COMMON_QUEUE_RESET:	return virtio_queue_resetting(vd, q);
	default:			return 0;
	}
}

static void common_write_address(struct virtio_pci *p, uint64_t offset, unsigned size, uint64_t val)
{
	static const enum virtqueue_reg reg[3] = { VQ_REG_DESC, VQ_REG_DRIVER, VQ_REG_DEVICE };
	unsigned shift = (offset & 4) * 8;
	uint64_t mask = size == 8 ? ~0ull : 0xffffffffull << shift;

	virtio_queue_set(p->vd, sel(&p->queue_sel), reg[(offset - COMMON_QUEUE_DESC) / 8], mask, val << shift);
}

static void common_write(struct virtio_pci *p, uint64_t offset, unsigned size, uint64_t val)
{
	struct virtio_dev *vd = p->vd;
	uint32_t v = (uint32_t)val, q = sel(&p->queue_sel);

	switch (offset) {
	case COMMON_DEVICE_SEL:		__atomic_store_n(&p->device_sel, v, __ATOMIC_RELAXED); break;
	case COMMON_DRIVER_SEL:		__atomic_store_n(&p->driver_sel, v, __ATOMIC_RELAXED); break;
	case COMMON_DRIVER_FEATURES:	virtio_features_set(vd, sel(&p->driver_sel), v); break;
	case COMMON_CONFIG_VECTOR:	virtio_pci_vector_set(p, VIRTIO_CONFIG_CHANGED, v & 0xffff); break;
	case COMMON_STATUS:		virtio_status_set(vd, v & 0xff); break;
	case COMMON_QUEUE_SEL:		__atomic_store_n(&p->queue_sel, v & 0xffff, __ATOMIC_RELAXED); break;
	case COMMON_QUEUE_SIZE:		virtio_queue_set(vd, q, VQ_REG_SIZE, 0xffff, v & 0xffff); break;
	case COMMON_QUEUE_VECTOR:	virtio_pci_vector_set(p, (int)q, v & 0xffff); break;
	case COMMON_QUEUE_ENABLE:
		if (v & 1)		/* turned off by a reset only */
			virtio_queue_enable(vd, q, true);
		break;
	case COMMON_QUEUE_RESET:
		if (v & 1)
			virtio_queue_reset(vd, q);
		break;
	default:
		if (offset >= COMMON_QUEUE_DESC && offset < COMMON_QUEUE_NOTIFY_DATA)
			common_write_address(p, offset, size, val);
	}
}

/* Bytes of whatever fields lie there; ones past the end. No field changes by being read. */
static uint64_t common_read_bytes(struct virtio_pci *p, uint64_t offset, unsigned size)
{
	uint64_t val = 0;

	for (unsigned i = 0; i < size; i++) {
		uint64_t at = offset + i, field = at, byte = 0xff;

		while (at < COMMON_SIZE && !field_size(field))
			field--;
		if (at < COMMON_SIZE)
			byte = common_read(p, field) >> 8 * (at - field) & 0xff;
		val |= byte << 8 * i;
	}
	return val;
}

static void common_access(struct virtio_pci *p, struct bus_access *a)
{
	unsigned size = a->offset < COMMON_SIZE ? field_size(a->offset) : 0;

	if (size == 8 && a->size == 4)
		size = 4;
	if (!a->write)
		a->value = a->size == size ? common_read(p, a->offset) : common_read_bytes(p, a->offset, a->size);
	else if (a->size == size)
		common_write(p, a->offset, size, a->value);
}

static enum bus_result vpci_access(struct region *r, struct bus_access *a)
{
	struct virtio_pci *p = container_of(r, struct virtio_pci, pci.bar[VIRTIO_PCI_BAR].region);

	if (a->offset < VIRTIO_PCI_ISR) {
		common_access(p, a);
	} else if (a->offset < VIRTIO_PCI_DEVICE) {
		if (!a->write)
			a->value = a->offset == VIRTIO_PCI_ISR ? virtio_pci_isr_take(p) : 0;
	} else if (a->offset < VIRTIO_PCI_NOTIFY) {
		if (a->write)
			virtio_config_write(p->vd, a->offset - VIRTIO_PCI_DEVICE, a->size, a->value);
		else
			a->value = virtio_config_read(p->vd, a->offset - VIRTIO_PCI_DEVICE, a->size);
	} else if (a->write) {
		virtio_queue_notify(p->vd, (uint32_t)(a->offset - VIRTIO_PCI_NOTIFY) / VIRTIO_PCI_NOTIFY_STEP);
	} else {
		a->value = 0;
	}
	return BUS_OK;
}

static enum bus_result vpci_msix_access(struct region *r, struct bus_access *a)
{
	struct virtio_pci *p = container_of(r, struct virtio_pci, pci.bar[VIRTIO_PCI_BAR_MSIX].region);

	if (!pci_msix_access(&p->pci, a) && !a->write)
		a->value = ~0ull;
	return BUS_OK;
}

/* ---- the configuration access capability (§4.1.4.9) ---- */

/* What the guest has put into it, as an access of a BAR; NULL: nothing that can be done. */
static struct region *window_access(struct virtio_pci *p, struct bus_access *a)
{
	uint8_t cap[20];
	uint32_t length;
	struct pci_bar *bar;

	lock_acquire(&p->pci.lock);
	memcpy(cap, p->pci.config + p->window, sizeof(cap));
	lock_release(&p->pci.lock);
	length = pci_get(cap + WINDOW_LENGTH, 4);
	a->offset = pci_get(cap + WINDOW_OFFSET, 4);
	a->value = pci_get(cap + WINDOW_DATA, 4);
	a->size = (uint8_t)length;
	if (cap[WINDOW_BAR] >= PCI_BARS || (length != 1 && length != 2 && length != 4) || a->offset & (length - 1))
		return NULL;
	bar = &p->pci.bar[cap[WINDOW_BAR]];
	return bar->kind && a->offset + length <= bar->size ? &bar->region : NULL;
}

static bool touches_window(const struct virtio_pci *p, uint32_t reg, unsigned size)
{
	uint32_t data = p->window + WINDOW_DATA;

	return reg < data + 4 && data < reg + size;
}

static void vpci_reads(struct pci_func *f, uint32_t reg, unsigned size)
{
	struct virtio_pci *p = container_of(f, struct virtio_pci, pci);
	struct bus_access a = { .write = false };
	struct region *r;

	if (!touches_window(p, reg, size))
		return;
	r = window_access(p, &a);
	if (r) {
		r->ops->access(r, &a);
		a.value &= BIT(8 * a.size) - 1;
	} else {
		a.value = ~0u;
	}
	lock_acquire(&f->lock);
	pci_put(f->config + p->window + WINDOW_DATA, 4, a.value);
	lock_release(&f->lock);
}

static void vpci_wrote(struct pci_func *f, uint32_t reg, unsigned size)
{
	struct virtio_pci *p = container_of(f, struct virtio_pci, pci);
	struct bus_access a = { .write = true };
	struct region *r;

	if (!touches_window(p, reg, size))
		return;
	r = window_access(p, &a);
	if (r)
		r->ops->access(r, &a);
}

/* ---- settling ---- */

static void vpci_moved(struct pci_func *f, unsigned bar, bool on)
{
	struct virtio_pci *p = container_of(f, struct virtio_pci, pci);

	if (bar == VIRTIO_PCI_BAR_LEGACY)
		virtio_pci_legacy_doorbells(p, on);
	for (uint32_t i = 0; bar == VIRTIO_PCI_BAR && i < p->vd->queues; i++) {
		p->bell[i].to = &p->vd->queue[i].bell;
		p->bell[i].offset = VIRTIO_PCI_NOTIFY + i * VIRTIO_PCI_NOTIFY_STEP;
		p->bell[i].size = 2;
		p->bell[i].any_value = true;
		if (on)
			bus_doorbell_add(&f->bar[bar].region, &p->bell[i]);
		else
			bus_doorbell_remove(&f->bar[bar].region, &p->bell[i]);
	}
}

static void vpci_bus_master(struct pci_func *f, bool on)
{
	virtio_dma_set(container_of(f, struct virtio_pci, pci)->vd, on);
}

static void vpci_settled(struct pci_func *f)
{
	struct virtio_dev *vd = container_of(f, struct virtio_pci, pci)->vd;

	for (uint32_t i = 0; i < vd->queues; i++)
		virtio_call_changed(vd, i);
}

static const struct pci_func_ops vpci_ops = {
	.reads = vpci_reads, .wrote = vpci_wrote, .moved = vpci_moved, .bus_master = vpci_bus_master, .settled = vpci_settled,
};

/* ---- set-up ---- */

static const struct region_ops vpci_region_ops = {
	.access = vpci_access, .min_size = 1, .max_size = 8, .misfit = MISFIT_SPLIT, .flags = BUS_UNLOCKED,
};
static const struct region_ops vpci_msix_ops = {
	.access = vpci_msix_access, .min_size = 1, .max_size = 8, .misfit = MISFIT_SPLIT, .flags = BUS_UNLOCKED,
};
static const struct region_ops vpci_legacy_ops = {
	.access = virtio_pci_legacy_access, .min_size = 1, .max_size = 4, .misfit = MISFIT_SPLIT, .flags = BUS_UNLOCKED,
};

/* Class codes, and the device IDs of types that were there before 1.0 (§4.1.2.1). */
static const struct { uint16_t type, legacy_id; uint32_t class_code; } vpci_ids[] = {
	{ 1, 0x1000, 0x020000 },	/* network */
	{ 2, 0x1001, 0x010000 },	/* block: SCSI storage */
	{ 3, 0x1003, 0x078000 },	/* console: communication */
	{ 4, 0x1005, 0xff0000 },	/* entropy */
	{ 5, 0x1002, 0xff0000 },	/* balloon */
	{ 8, 0x1004, 0x010000 },	/* SCSI host */
	{ 9, 0x1009, 0x028000 },	/* 9P */
	{ 0, 0, 0xff0000 },
};

static int add_cap(struct virtio_pci *p, uint8_t type, uint32_t offset, uint32_t length, unsigned len)
{
	int at = pci_cap_add(&p->pci, PCI_CAP_VENDOR, len);
	uint8_t *cap = p->pci.config + MAX(at, 0);

	if (at < 0)
		return at;
	cap[2] = (uint8_t)len;
	cap[3] = type;
	cap[4] = type == CAP_WINDOW ? 0 : VIRTIO_PCI_BAR;
	pci_put(cap + 8, 4, offset);
	pci_put(cap + 12, 4, length);
	return at;
}

static int add_caps(struct virtio_pci *p)
{
	int at = add_cap(p, CAP_COMMON, VIRTIO_PCI_COMMON, COMMON_SIZE, 16);

	if (at >= 0)
		at = add_cap(p, CAP_ISR, VIRTIO_PCI_ISR, 1, 16);
	if (at >= 0 && p->vd->config_len)
		at = add_cap(p, CAP_DEVICE, VIRTIO_PCI_DEVICE, ALIGN_UP(p->vd->config_len, 4u), 16);
	if (at >= 0)
		at = add_cap(p, CAP_NOTIFY, VIRTIO_PCI_NOTIFY, p->vd->queues * VIRTIO_PCI_NOTIFY_STEP, 20);
	if (at < 0)
		return at;
	pci_put(p->pci.config + at + 16, 4, VIRTIO_PCI_NOTIFY_STEP);
	at = add_cap(p, CAP_WINDOW, 0, 0, 20);
	if (at < 0)
		return at;
	p->window = (uint8_t)at;
	p->pci.writable[at + WINDOW_BAR] = 0xff;
	pci_put(p->pci.writable + at + WINDOW_OFFSET, 4, ~0u);
	pci_put(p->pci.writable + at + WINDOW_LENGTH, 4, ~0u);
	pci_put(p->pci.writable + at + WINDOW_DATA, 4, ~0u);
	return 0;
}

static int vpci_init(struct device *d, struct arena *arena)
{
	struct virtio_pci *p = to_virtio_pci(d);
	struct pci_id id = { .vendor = VENDOR_VIRTIO, .sub_vendor = VENDOR_VIRTIO, .revision = 1, .intx = true };
	unsigned i = 0;
	int err;

	if (!p->device)
		return -EINVAL;
	p->vd = container_of(p->device, struct virtio_dev, dev);
	if (p->vd->transport)
		return -EBUSY;
	while (vpci_ids[i].type && vpci_ids[i].type != p->vd->ops->id)
		i++;
	p->transitional &= vpci_ids[i].legacy_id != 0;	/* newer types have no older interface */
	id.class_code = vpci_ids[i].class_code;
	/* §4.1.2.1: what is modern only has a subsystem number of 0x40 or more, so that older drivers leave it alone. */
	id.device = id.sub_device = (uint16_t)(DEVICE_MODERN + p->vd->ops->id);
	if (p->transitional) {
		id.device = vpci_ids[i].legacy_id;
		id.sub_device = p->vd->ops->id;
		id.revision = 0;
	}
	pci_func_init(&p->pci, d, &id, &vpci_ops);
	err = p->transitional ? pci_bar_add(&p->pci, VIRTIO_PCI_BAR_LEGACY, PCI_BAR_IO, virtio_pci_legacy_size(p), &vpci_legacy_ops,
					    NULL, "virtio-pci-legacy") : 0;
	if (!err)
		err = pci_bar_add(&p->pci, VIRTIO_PCI_BAR_MSIX, PCI_BAR_MEM32, 0x1000, &vpci_msix_ops, NULL, "virtio-pci-msix");
	if (!err)
		err = pci_bar_add(&p->pci, VIRTIO_PCI_BAR, PCI_BAR_MEM64, VIRTIO_PCI_BAR_SIZE, &vpci_region_ops, NULL,
				  "virtio-pci");
	if (!err)
		err = pci_msix_add(&p->pci, VIRTIO_PCI_BAR_MSIX, 0, 0x800, p->vd->queues + 1, p->table, p->route);
	if (!err)
		err = add_caps(p);
	if (err)
		return err;
	p->transport = (struct virtio_transport){ vpci_interrupt, vpci_transport_reset, vpci_direct };
	p->vd->transport = &p->transport;
	virtio_dma_set(p->vd, false);
	vpci_transport_reset(&p->transport);
	return 0;
}

static void vpci_destroy(struct device *d)
{
	struct virtio_pci *p = to_virtio_pci(d);

	pci_func_fini(&p->pci);
}

/* The virtio device's own reset brings interrupts to rest. */
static void vpci_reset(struct device *d, enum reset_kind why)
{
	struct virtio_pci *p = to_virtio_pci(d);

	__atomic_store_n(&p->device_sel, 0, __ATOMIC_RELAXED);
	__atomic_store_n(&p->driver_sel, 0, __ATOMIC_RELAXED);
	__atomic_store_n(&p->queue_sel, 0, __ATOMIC_RELAXED);
	pci_func_reset(&p->pci);
}

static const struct prop vpci_props[] = {
	PROP(struct virtio_pci, device, PROP_PTR, 0, 0, 0),
	PROP(struct virtio_pci, transitional, PROP_BOOL, 0, 0, 0),
	PROP_END
};

#define TABLE_FIELD(m)	{ "table." #m, offsetof(struct virtio_pci, table[0].m), 4, 1, VIRTIO_PCI_VECTORS, \
			  sizeof(struct pci_msix_entry), 0, ~0u }

static const struct field vpci_state[] = {
	FIELD(struct virtio_pci, device_sel, 1),
	FIELD(struct virtio_pci, driver_sel, 1),
	FIELD_RANGE(struct virtio_pci, queue_sel, 1, 0, 0xffff),
	FIELD(struct virtio_pci, config_vector, 1),
	FIELD_ARRAY(struct virtio_pci, queue_vector, 1),
	FIELD_RANGE(struct virtio_pci, isr, 1, 0, ISR_QUEUE | ISR_CONFIG),
	{ "config", offsetof(struct virtio_pci, pci.config), 1, 1, PCI_CONFIG_SIZE, 1, 0, 0xff },
	TABLE_FIELD(addr_low), TABLE_FIELD(addr_high), TABLE_FIELD(data), TABLE_FIELD(control),
	FIELD_END
};

static int vpci_state_post(struct device *d)
{
	struct virtio_pci *p = to_virtio_pci(d);

	for (int i = VIRTIO_CONFIG_CHANGED; i < (int)p->vd->queues; i++)
		vector_set(p, i, virtio_pci_vector(p, i));
	for (unsigned i = 0; i < VIRTIO_PCI_VECTORS; i++) {
		p->table[i].addr_low &= ~3u;
		p->table[i].control &= 1;
	}
	pci_intx_set(&p->pci, p->isr != 0);
	return pci_func_state_post(&p->pci);
}

const struct dev_class virtio_pci_class = {
	.name = "virtio-pci",
	.size = sizeof(struct virtio_pci),
	.version = 1,
	.props = vpci_props,
	.init = vpci_init,
	.destroy = vpci_destroy,
	.reset = vpci_reset,
	.state = vpci_state,
	.state_post = vpci_state_post,
};
