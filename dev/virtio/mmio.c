/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * virtio over MMIO (virtio 1.2 §4.2): what both interfaces have, and the modern one (version 2).
 *
 * Registers are 32 bits wide: other widths read as ones and write nothing. The configuration space takes any width.
 * The region is unlocked: the common part takes the device's lock, and a reset must be able to wait for a queue's
 * thread, which may be raising this transport's interrupt. Our own lock covers InterruptStatus and the line only.
 */
#include "base/bits.h"
#include "base/errno.h"
#include "base/fmt.h"
#include "core/aml.h"
#include "core/fdt.h"
#include "core/vm.h"
#include "dev/virtio/mmio.h"

#define MMIO_MAGIC		0x74726976u	/* "virt" */
#define MMIO_VENDOR		0x414c4c43u	/* "CLLA" */

enum {
	REG_QUEUE_READY		= 0x044,
	REG_QUEUE_DESC_LOW	= 0x080,
	REG_QUEUE_DESC_HIGH	= 0x084,
	REG_QUEUE_DRIVER_LOW	= 0x090,
	REG_QUEUE_DRIVER_HIGH	= 0x094,
	REG_QUEUE_DEVICE_LOW	= 0x0a0,
	REG_QUEUE_DEVICE_HIGH	= 0x0a4,
	REG_SHM_LEN_LOW		= 0x0b0,
	REG_SHM_BASE_HIGH	= 0x0bc,
	REG_QUEUE_RESET		= 0x0c0,
	REG_CONFIG_GENERATION	= 0x0fc,
};

#define INT_USED	1u
#define INT_CONFIG	2u
#define LOW		0xffffffffull
#define HIGH		(0xffffffffull << 32)

static void vmmio_interrupt(struct virtio_transport *t, int queue)
{
	struct virtio_mmio *m = container_of(t, struct virtio_mmio, transport);

	lock_acquire(&m->mmio.dev.lock);
	m->isr |= queue == VIRTIO_CONFIG_CHANGED ? INT_CONFIG : INT_USED;
	irq_set(&m->mmio.irq, true);
	lock_release(&m->mmio.dev.lock);
}

void virtio_mmio_isr_clear(struct virtio_mmio *m, uint32_t bits)
{
	lock_acquire(&m->mmio.dev.lock);
	m->isr &= ~bits;
	irq_set(&m->mmio.irq, m->isr != 0);
	lock_release(&m->mmio.dev.lock);
}

static void vmmio_transport_reset(struct virtio_transport *t)
{
	virtio_mmio_isr_clear(container_of(t, struct virtio_mmio, transport), ~0u);
}

uint32_t virtio_mmio_isr(struct virtio_mmio *m)
{
	uint32_t isr;

	lock_acquire(&m->mmio.dev.lock);
	isr = m->isr;
	lock_release(&m->mmio.dev.lock);
	return isr;
}

static uint32_t sel(const uint32_t *which)
{
	return __atomic_load_n(which, __ATOMIC_RELAXED);
}

static uint32_t vmmio_read(struct virtio_mmio *m, uint64_t offset)
{
	struct virtio_dev *vd = m->vd;

	switch (offset) {
	case VMMIO_MAGIC:		return MMIO_MAGIC;
	case VMMIO_VERSION:		return m->legacy ? 1 : 2;
	case VMMIO_DEVICE_ID:		return vd ? vd->ops->id : 0;
	case VMMIO_VENDOR_ID:		return MMIO_VENDOR;
	}
	if (!vd)
		return 0;
	if (m->legacy)
		return virtio_mmio_legacy_read(m, offset);
	switch (offset) {
	case VMMIO_DEVICE_FEATURES:	return virtio_offered_get(vd, sel(&m->device_sel));
	case VMMIO_QUEUE_NUM_MAX:	return virtio_queue_max(vd, sel(&m->queue_sel));
	case REG_QUEUE_READY:		return virtio_queue_ready(vd, sel(&m->queue_sel));
	case REG_QUEUE_RESET:		return virtio_queue_resetting(vd, sel(&m->queue_sel));
	case VMMIO_INTERRUPT_STATUS:	return virtio_mmio_isr(m);
	case VMMIO_STATUS:		return virtio_status_get(vd);
	case REG_CONFIG_GENERATION:	return virtio_generation(vd);
	}
	if (offset >= REG_SHM_LEN_LOW && offset <= REG_SHM_BASE_HIGH)
		return ~0u;			/* no shared memory region has this number */
	return 0;
}

static void vmmio_write(struct virtio_mmio *m, uint64_t offset, uint32_t val)
{
	struct virtio_dev *vd = m->vd;
	uint32_t q = sel(&m->queue_sel);
	uint64_t high = (uint64_t)val << 32;

	if (m->legacy) {
		virtio_mmio_legacy_write(m, offset, val);
		return;
	}
	switch (offset) {
	case VMMIO_DEVICE_FEATURES_SEL:	__atomic_store_n(&m->device_sel, val, __ATOMIC_RELAXED); break;
	case VMMIO_DRIVER_FEATURES_SEL:	__atomic_store_n(&m->driver_sel, val, __ATOMIC_RELAXED); break;
	case VMMIO_QUEUE_SEL:		__atomic_store_n(&m->queue_sel, val, __ATOMIC_RELAXED); break;
	case VMMIO_DRIVER_FEATURES:	virtio_features_set(vd, sel(&m->driver_sel), val); break;
	case VMMIO_QUEUE_NUM:		virtio_queue_set(vd, q, VQ_REG_SIZE, LOW, val); break;
	case REG_QUEUE_READY:		virtio_queue_enable(vd, q, val & 1); break;
	case VMMIO_QUEUE_NOTIFY:		virtio_queue_notify(vd, val); break;
	case REG_QUEUE_RESET:		if (val & 1) virtio_queue_reset(vd, q); break;
	case VMMIO_INTERRUPT_ACK:	virtio_mmio_isr_clear(m, val); break;
	case VMMIO_STATUS:		virtio_status_set(vd, val); break;
	case REG_QUEUE_DESC_LOW:	virtio_queue_set(vd, q, VQ_REG_DESC, LOW, val); break;
	case REG_QUEUE_DESC_HIGH:	virtio_queue_set(vd, q, VQ_REG_DESC, HIGH, high); break;
	case REG_QUEUE_DRIVER_LOW:	virtio_queue_set(vd, q, VQ_REG_DRIVER, LOW, val); break;
	case REG_QUEUE_DRIVER_HIGH:	virtio_queue_set(vd, q, VQ_REG_DRIVER, HIGH, high); break;
	case REG_QUEUE_DEVICE_LOW:	virtio_queue_set(vd, q, VQ_REG_DEVICE, LOW, val); break;
	case REG_QUEUE_DEVICE_HIGH:	virtio_queue_set(vd, q, VQ_REG_DEVICE, HIGH, high); break;
	}
}

static enum bus_result vmmio_access(struct region *r, struct bus_access *a)
{
	struct virtio_mmio *m = container_of(r, struct virtio_mmio, mmio.regs);

	if (a->offset >= VMMIO_CONFIG) {
		uint64_t offset = a->offset - VMMIO_CONFIG;

		if (!a->write)
			a->value = m->vd ? virtio_config_read(m->vd, offset, a->size) : ~0ull;
		else if (m->vd)
			virtio_config_write(m->vd, offset, a->size, a->value);
	} else if (a->size != 4 || a->offset & 3) {
		if (!a->write)
			a->value = ~0ull;
	} else if (!a->write) {
		a->value = vmmio_read(m, a->offset);
	} else if (m->vd) {
		vmmio_write(m, a->offset, (uint32_t)a->value);
	}
	return BUS_OK;
}

static const struct region_ops vmmio_region_ops = {
	.access = vmmio_access,
	.min_size = 1,
	.max_size = 8,
	.misfit = MISFIT_SPLIT,
	.flags = BUS_UNLOCKED,
};

static int vmmio_init(struct device *d, struct arena *a)
{
	struct virtio_mmio *m = to_virtio_mmio(d);

	mmio_init(&m->mmio, &vmmio_region_ops, VIRTIO_MMIO_SIZE);
	if (!m->device)
		return 0;
	m->vd = container_of(m->device, struct virtio_dev, dev);
	if (m->vd->transport)
		return -EBUSY;
	m->transport = (struct virtio_transport){ vmmio_interrupt, vmmio_transport_reset };
	m->vd->transport = &m->transport;
	return 0;
}

int virtio_mmio_map(struct device *d, gpa_t base)
{
	struct virtio_mmio *m = to_virtio_mmio(d);
	int err = mmio_map(d, base);

	for (uint32_t i = 0; !err && m->vd && i < m->vd->queues; i++) {
		m->bell[i] = (struct doorbell){
			.to = &m->vd->queue[i].bell, .offset = VMMIO_QUEUE_NOTIFY, .match = i, .size = 4,
		};
		err = bus_doorbell_add(&m->mmio.regs, &m->bell[i]);
	}
	return err;
}

static void vmmio_destroy(struct device *d)
{
	struct virtio_mmio *m = to_virtio_mmio(d);

	if (m->mmio.regs.bus)
		bus_region_remove(&d->vm->bus, &m->mmio.regs);
}

/* The virtio device's own reset brings interrupts to rest. */
static void vmmio_reset(struct device *d, enum reset_kind why)
{
	struct virtio_mmio *m = to_virtio_mmio(d);

	__atomic_store_n(&m->device_sel, 0, __ATOMIC_RELAXED);
	__atomic_store_n(&m->driver_sel, 0, __ATOMIC_RELAXED);
	__atomic_store_n(&m->queue_sel, 0, __ATOMIC_RELAXED);
	__atomic_store_n(&m->page_size, 0, __ATOMIC_RELAXED);
	for (unsigned i = 0; i < VIRTIO_MAX_QUEUES; i++)
		__atomic_store_n(&m->align[i], 0, __ATOMIC_RELAXED);
}

static void vmmio_fdt(const struct device *d, struct fdt_writer *w)
{
	fdt_begin(w, "virtio_mmio@%llx", (unsigned long long)d->mmio_base);
	fdt_prop_string(w, "compatible", "virtio,mmio");
	fdt_prop_reg(w, d->mmio_base, VIRTIO_MMIO_SIZE);
	fdt_prop_interrupt(w, d->irq);
	fdt_prop_empty(w, "dma-coherent");
	fdt_end(w);
}

/* The identifier is what Linux, FreeBSD and EDK II know (Linux, drivers/virtio/virtio_mmio.c). */
static void vmmio_acpi(const struct device *d, struct aml_writer *w)
{
	char name[5];

	fmt_print(name, sizeof(name), "VM%02X", d->instance & 0xff);
	aml_begin(w, AML_DEVICE, name);
	aml_name_string(w, "_HID", "LNRO0005");
	aml_name_int(w, "_UID", d->instance);
	aml_name_int(w, "_CCA", 1);
	aml_resources(w, "_CRS");
	aml_res_memory(w, (uint32_t)d->mmio_base, VIRTIO_MMIO_SIZE);
	aml_res_irq(w, d->irq, false);
	aml_end(w);
	aml_end(w);
}

static const struct prop vmmio_props[] = {
	PROP(struct virtio_mmio, device, PROP_PTR, 0, 0, 0),
	PROP(struct virtio_mmio, legacy, PROP_BOOL, 0, 0, 0),
	PROP_END
};

static const struct field vmmio_state[] = {
	FIELD(struct virtio_mmio, device_sel, 1),
	FIELD(struct virtio_mmio, driver_sel, 1),
	FIELD(struct virtio_mmio, queue_sel, 1),
	FIELD(struct virtio_mmio, page_size, 1),
	FIELD_ARRAY(struct virtio_mmio, align, 1),
	FIELD_RANGE(struct virtio_mmio, isr, 1, 0, INT_USED | INT_CONFIG),
	FIELD_END
};

static int vmmio_state_post(struct device *d)
{
	struct virtio_mmio *m = to_virtio_mmio(d);

	irq_set(&m->mmio.irq, m->isr != 0);
	return 0;
}

const struct dev_class virtio_mmio_class = {
	.name = "virtio-mmio",
	.size = sizeof(struct virtio_mmio),
	.version = 1,
	.props = vmmio_props,
	.init = vmmio_init,
	.destroy = vmmio_destroy,
	.reset = vmmio_reset,
	.state = vmmio_state,
	.state_post = vmmio_state_post,
	.fdt = vmmio_fdt,
	.acpi = vmmio_acpi,
};
