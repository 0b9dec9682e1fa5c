/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The host bridge: configuration accesses by ECAM (PCI Express Base 3.0 §7.2.2) and by ports 0xcf8/0xcfc (PCI Local Bus 3.0
 * §3.2.2.3.2), shared interrupt lines, what firmware would do, and the device tree's node (the generic ECAM host's binding).
 *
 * There is one bus. A function that isn't there reads as ones.
 */
#include "base/bits.h"
#include "base/errno.h"
#include "core/fdt.h"
#include "core/lock_order.h"
#include "core/vm.h"
#include "dev/pci/host.h"

#define ADDRESS_PORT	0xcf8
#define DATA_PORT	0xcfc
enum { Q35_PCIEXBAR = 0x60, Q35_PAM = 0x90, Q35_PAMS = 7, Q35_SMRAM = 0x9d, Q35_ESMRAMC = 0x9e };
#define Q35_ENABLE	1u
#define Q35_64M		4u
#define ADDRESS_ENABLE	0x80000000u
#define ADDRESS_BITS	0x80fffffcu

/* ---- configuration accesses ---- */

static void settle_after(void *ctx)
{
	pci_settle(ctx);
}

void pci_master_on(struct pci_func *f, struct bus_access *a)
{
	lock_acquire(&f->lock);
	f->config[PCI_COMMAND] |= PCI_COMMAND_MASTER;
	pci_msi_stage(f);
	lock_release(&f->lock);
	__atomic_store_n(&f->dirty, true, __ATOMIC_RELEASE);
	a->after = settle_after;
	a->after_ctx = f->host;
}

static void host_access(struct pci_host *h, uint32_t bus, uint32_t devfn, uint32_t reg, struct bus_access *a)
{
	struct pci_func *f = bus ? NULL : h->func[devfn];

	if (!f) {
		if (!a->write)
			a->value = ~0ull;
	} else if (!a->write) {
		a->value = pci_config_read(f, reg, a->size);
	} else {
		pci_config_write(f, reg, a->size, (uint32_t)a->value);
		a->after = settle_after;
		a->after_ctx = h;
	}
}

static enum bus_result ecam_access(struct region *r, struct bus_access *a)
{
	struct pci_host *h = container_of(r, struct pci_host, ecam);

	host_access(h, (uint32_t)(a->offset >> 20), a->offset >> 12 & 0xff, a->offset & 0xfff, a);
	return BUS_OK;
}

static enum bus_result address_access(struct region *r, struct bus_access *a)
{
	struct pci_host *h = container_of(r, struct pci_host, address_port);

	if (a->size != 4) {
		if (!a->write)
			a->value = ~0ull;
	} else if (a->write) {
		__atomic_store_n(&h->address, (uint32_t)a->value & ADDRESS_BITS, __ATOMIC_RELAXED);
	} else {
		a->value = __atomic_load_n(&h->address, __ATOMIC_RELAXED);
	}
	return BUS_OK;
}

static enum bus_result data_access(struct region *r, struct bus_access *a)
{
	struct pci_host *h = container_of(r, struct pci_host, data_port);
	uint32_t at = __atomic_load_n(&h->address, __ATOMIC_RELAXED);

	if (at & ADDRESS_ENABLE)
		host_access(h, at >> 16 & 0xff, at >> 8 & 0xff, (at & 0xfc) | (a->offset & 3), a);
	else if (!a->write)
		a->value = ~0ull;
	return BUS_OK;
}

static const struct region_ops ecam_ops = {
	.access = ecam_access, .min_size = 1, .max_size = 4, .misfit = MISFIT_SPLIT, .flags = BUS_UNLOCKED,
};
static const struct region_ops address_ops = {
	.access = address_access, .min_size = 1, .max_size = 4, .misfit = MISFIT_SPLIT, .flags = BUS_UNLOCKED,
};
static const struct region_ops data_ops = {
	.access = data_access, .min_size = 1, .max_size = 4, .misfit = MISFIT_SPLIT, .flags = BUS_UNLOCKED,
};

/* ---- what a Q35's bridge has (Intel 316966, 5.1) ---- */

static void q35_init(struct pci_host *h)
{
	uint8_t *writable = h->bridge.writable;

	put_le64(h->bridge.config + Q35_PCIEXBAR, h->win.ecam | Q35_64M | Q35_ENABLE);
	put_le64(writable + Q35_PCIEXBAR, 0xffc000007ull | 0x3c000000);
	for (unsigned i = 0; i < Q35_PAMS; i++)
		writable[Q35_PAM + i] = i ? 0x33 : 0x30;
	writable[Q35_SMRAM] = 0x7f;
	writable[Q35_ESMRAMC] = 0x7f;
}

/* ECAM is where the register says, or nowhere. Under h->settling, or with all vCPUs stopped. */
static void q35_follow(struct pci_host *h)
{
	static const uint64_t sizes[4] = { 256 * MIB, 128 * MIB, 64 * MIB, 0 };
	struct bus *b = &h->dev.vm->bus;
	uint64_t v, size, base;

	lock_acquire(&h->bridge.lock);
	v = get_le64(h->bridge.config + Q35_PCIEXBAR);
	lock_release(&h->bridge.lock);
	size = v & Q35_ENABLE ? sizes[v >> 1 & 3] : 0;
	base = size ? v & ~(size - 1) & 0xfffffffffull : 0;
	if (h->ecam.bus && h->ecam.base == base && h->ecam.size == size)
		return;
	if (h->ecam.bus)
		bus_region_remove(b, &h->ecam);
	if (size && bus_region_add(b, &h->ecam, BUS_MMIO, base, size, 0))
		dev_guest_error(&h->dev, "ECAM at %llx is in the way of something", (unsigned long long)base);
	h->dev.mmio_base = base;
}

void pci_settle(struct pci_host *h)
{
	lock_acquire(&h->settling);
	if (h->win.q35 && __atomic_load_n(&h->bridge.dirty, __ATOMIC_ACQUIRE))
		q35_follow(h);
	for (unsigned i = 0; i < PCI_FUNCS; i++)
		if (h->func[i] && __atomic_exchange_n(&h->func[i]->dirty, false, __ATOMIC_ACQ_REL))
			pci_func_settle(h->func[i]);
	lock_release(&h->settling);
}

/* ---- interrupt lines ---- */

static uint32_t line_of(const struct pci_host *h, const struct pci_func *f)
{
	return ((f->devfn >> 3) + f->fixed[PCI_INT_PIN] - 1u) & (h->lines.count - 1);
}

static void intx_drive(struct pci_host *h, struct pci_func *f)
{
	bool level = f->intx && !f->intx_off;
	uint32_t n = line_of(h, f);
	struct irq_line line = { .chip = h->lines.chip, .pin = h->lines.first + n };

	if (level == f->intx_driven || !f->fixed[PCI_INT_PIN] || !h->lines.count)
		return;
	f->intx_driven = level;
	h->asserted[n] += level ? 1 : ~0u;
	if (h->asserted[n] == level)
		irq_set(&line, level);
}

void pci_intx_set(struct pci_func *f, bool level)
{
	struct pci_host *h = f->host;

	if (!h)
		return;
	lock_acquire(&h->lines_lock);
	__atomic_store_n(&f->intx, level, __ATOMIC_RELAXED);
	intx_drive(h, f);
	lock_release(&h->lines_lock);
}

void pci_intx_update(struct pci_func *f)
{
	struct pci_host *h = f->host;
	bool off;

	lock_acquire(&f->lock);
	off = pci_get(f->config + PCI_COMMAND, 2) & PCI_COMMAND_INTX_OFF || pci_messages(f);
	lock_release(&f->lock);
	lock_acquire(&h->lines_lock);
	f->intx_off = off;
	intx_drive(h, f);
	lock_release(&h->lines_lock);
}

/* ---- the machine's side ---- */

void pci_host_setup(struct device *d, const struct pci_windows *win, const struct pci_lines *lines)
{
	struct pci_host *h = to_pci_host(d);

	h->win = *win;
	h->lines = *lines;
}

static int host_init(struct device *d, struct arena *a)
{
	struct pci_host *h = to_pci_host(d);
	const struct pci_id id = { .vendor = h->win.vendor, .device = h->win.device, .class_code = 0x060000 };

	if (h->lines.count > PCI_LINES || (h->lines.count && !is_pow2(h->lines.count)) || h->win.ecam_size & (MIB - 1))
		return -EINVAL;
	lock_set_rank(&h->settling, LOCK_SETTLE);
	lock_set_rank(&h->lines_lock, LOCK_LINE);
	h->ecam = (struct region){ .ops = &ecam_ops, .name = "pci-ecam" };
	h->address_port = (struct region){ .ops = &address_ops, .name = "pci-address" };
	h->data_port = (struct region){ .ops = &data_ops, .name = "pci-data" };
	pci_func_init(&h->bridge, d, &id, NULL);
	if (h->win.q35)
		q35_init(h);
	return pci_plug(d, &h->bridge, 0);
}

int pci_host_map(struct device *d)
{
	struct pci_host *h = to_pci_host(d);
	struct bus *b = &d->vm->bus;
	int err = 0;

	d->mmio_base = h->win.ecam;
	d->mmio_size = h->win.ecam_size;
	if (h->win.ecam_size)
		err = bus_region_add(b, &h->ecam, BUS_MMIO, h->win.ecam, h->win.ecam_size, 0);
	if (!err && h->win.ports)
		err = bus_region_add(b, &h->address_port, BUS_PIO, ADDRESS_PORT, 4, 0);
	if (!err && h->win.ports)
		err = bus_region_add(b, &h->data_port, BUS_PIO, DATA_PORT, 4, 0);
	return err;
}

int pci_plug(struct device *d, struct pci_func *f, int devfn)
{
	struct pci_host *h = to_pci_host(d);

	for (unsigned slot = 0; devfn < 0 && slot < 32; slot++)
		if (!h->func[8 * slot])
			devfn = (int)(8 * slot);
	if (devfn < 0 || devfn >= (int)PCI_FUNCS)
		return -ENOSPC;
	if (h->func[devfn] || f->host)
		return -EEXIST;
	for (unsigned i = 0; i < PCI_CONFIG_SIZE; i++)
		f->fixed[i] = f->config[i];
	f->devfn = (uint8_t)devfn;
	f->host = h;
	h->func[devfn] = f;
	if (devfn & 7 && h->func[devfn & ~7]) {
		h->func[devfn & ~7]->fixed[PCI_HEADER] |= PCI_HEADER_MULTI;
		h->func[devfn & ~7]->config[PCI_HEADER] |= PCI_HEADER_MULTI;
	}
	return 0;
}

static void host_reset(struct device *d, enum reset_kind why)
{
	struct pci_host *h = to_pci_host(d);

	h->address = 0;
	pci_func_reset(&h->bridge);
}

static void host_destroy(struct device *d)
{
	struct pci_host *h = to_pci_host(d);
	struct bus *b = &d->vm->bus;

	pci_func_fini(&h->bridge);
	if (h->ecam.bus)
		bus_region_remove(b, &h->ecam);
	if (h->address_port.bus)
		bus_region_remove(b, &h->address_port);
	if (h->data_port.bus)
		bus_region_remove(b, &h->data_port);
}

static const struct field host_state[] = {
	FIELD(struct pci_host, address, 1),
	{ "config", offsetof(struct pci_host, bridge.config), 1, 1, PCI_CONFIG_SIZE, 1, 0, 0xff },
	FIELD_END
};

static int host_state_post(struct device *d)
{
	struct pci_host *h = to_pci_host(d);

	h->address &= ADDRESS_BITS;
	return pci_func_state_post(&h->bridge);
}

/* ---- what firmware does ---- */

struct pool {
	uint64_t at, end;
};

static bool pool_take(struct pool *p, uint64_t size, uint64_t *at)
{
	uint64_t base = ALIGN_UP(p->at, size), end;

	if (base < p->at || add_overflows(base, size, &end) || end > p->end)
		return false;
	p->at = end;
	*at = base;
	return true;
}

static int assign_bar(struct pci_func *f, unsigned n, struct pool *io, struct pool *low, struct pool *high)
{
	const struct pci_bar *b = &f->bar[n];
	uint64_t at;
	bool ok;

	if (!b->kind)
		return 0;
	if (b->kind == PCI_BAR_IO)
		ok = pool_take(io, b->size, &at);
	else
		ok = pool_take(low, b->size, &at) || (b->kind == PCI_BAR_MEM64 && pool_take(high, b->size, &at));
	if (!ok)
		return -ENOSPC;
	pci_config_write(f, PCI_BAR0 + 4 * n, 4, (uint32_t)at);
	if (b->kind == PCI_BAR_MEM64)
		pci_config_write(f, PCI_BAR0 + 4 * n + 4, 4, (uint32_t)(at >> 32));
	return 0;
}

int pci_assign(struct device *d)
{
	struct pci_host *h = to_pci_host(d);
	struct pool io = { h->win.io_first, h->win.io_size };
	struct pool low = { h->win.mem32, h->win.mem32 + h->win.mem32_size };
	struct pool high = { h->win.mem64, h->win.mem64 + h->win.mem64_size };
	int err = 0;

	for (unsigned i = 0; i < PCI_FUNCS && !err; i++) {
		struct pci_func *f = h->func[i];
		uint32_t command = 0;

		for (unsigned n = 0; f && n < PCI_BARS && !err; n++) {
			err = assign_bar(f, n, &io, &low, &high);
			if (f->bar[n].kind)
				command |= f->bar[n].kind == PCI_BAR_IO ? PCI_COMMAND_IO : PCI_COMMAND_MEMORY;
		}
		if (f && f->fixed[PCI_INT_PIN] && h->lines.count)
			pci_config_write(f, PCI_INT_LINE, 1, h->lines.int_line + line_of(h, f));
		if (f)
			pci_config_write(f, PCI_COMMAND, 2, command);
	}
	pci_settle(h);
	return err;
}

/* ---- the device tree ---- */

static uint32_t *put_cell(uint32_t *c, uint32_t v)
{
	*c = v;
	return c + 1;
}

static uint32_t *put_range(uint32_t *c, uint32_t space, uint64_t bus, uint64_t cpu, uint64_t size)
{
	if (!size)
		return c;
	c = put_cell(c, space);
	c = put_cell(c, (uint32_t)(bus >> 32));
	c = put_cell(c, (uint32_t)bus);
	c = put_cell(c, (uint32_t)(cpu >> 32));
	c = put_cell(c, (uint32_t)cpu);
	c = put_cell(c, (uint32_t)(size >> 32));
	return put_cell(c, (uint32_t)size);
}

/* A row for each slot modulo the number of lines, and each pin. */
static void fdt_interrupt_map(const struct pci_host *h, struct fdt_writer *w)
{
	const struct pci_lines *l = &h->lines;
	const uint32_t mask[4] = { (l->count - 1) << 11, 0, 0, 7 };
	uint32_t map[PCI_LINES * 4 * 10], *c = map;

	for (uint32_t slot = 0; slot < l->count; slot++) {
		for (uint32_t pin = 1; pin <= 4; pin++) {
			c = put_cell(put_cell(put_cell(put_cell(c, slot << 11), 0), 0), pin);
			c = put_cell(c, l->phandle);
			for (uint32_t i = 0; i < l->address_cells; i++)
				c = put_cell(c, 0);
			for (uint32_t i = 0; i < l->cells; i++)
				c = put_cell(c, l->cell[i] + (i == l->counting ? (slot + pin - 1) & (l->count - 1) : 0));
		}
	}
	fdt_prop_cells(w, "interrupt-map-mask", mask, 4);
	fdt_prop_cells(w, "interrupt-map", map, (size_t)(c - map));
}

void pci_host_fdt_begin(struct fdt_writer *w, gpa_t ecam, uint64_t ecam_size, uint32_t domain, const uint32_t *ranges, size_t n)
{
	const uint32_t buses[2] = { 0, (uint32_t)(ecam_size / MIB) - 1 };

	fdt_begin(w, "pcie@%llx", (unsigned long long)ecam);
	fdt_prop_string(w, "compatible", "pci-host-ecam-generic");
	fdt_prop_string(w, "device_type", "pci");
	fdt_prop_u32(w, "#address-cells", 3);
	fdt_prop_u32(w, "#size-cells", 2);
	fdt_prop_u32(w, "#interrupt-cells", 1);
	fdt_prop_u32(w, "linux,pci-domain", domain);
	fdt_prop_cells(w, "bus-range", buses, 2);
	fdt_prop_reg(w, ecam, ecam_size);
	fdt_prop_cells(w, "ranges", ranges, n);
	fdt_prop_empty(w, "dma-coherent");
}

static void host_fdt(const struct device *d, struct fdt_writer *w)
{
	const struct pci_host *h = container_of(d, const struct pci_host, dev);
	const struct pci_windows *win = &h->win;
	const uint32_t msi_map[4] = { 0, h->lines.msi_phandle, 0, 0x10000 };
	uint32_t ranges[21], *end = ranges;

	if (win->io_space == BUS_MMIO)
		end = put_range(end, 0x01000000, 0, win->io, win->io_size);
	end = put_range(end, 0x02000000, win->mem32, win->mem32, win->mem32_size);
	end = put_range(end, 0x03000000, win->mem64, win->mem64, win->mem64_size);
	pci_host_fdt_begin(w, win->ecam, win->ecam_size, 0, ranges, (size_t)(end - ranges));
	if (h->lines.count)
		fdt_interrupt_map(h, w);
	if (h->lines.msi_phandle && h->lines.msi_ids)
		fdt_prop_cells(w, "msi-map", msi_map, 4);
	else if (h->lines.msi_phandle)
		fdt_prop_u32(w, "msi-parent", h->lines.msi_phandle);
	fdt_end(w);
}

const struct dev_class pci_host_class = {
	.name = "pci-host",
	.size = sizeof(struct pci_host),
	.version = 1,
	.init = host_init,
	.destroy = host_destroy,
	.reset = host_reset,
	.state = host_state,
	.state_post = host_state_post,
	.fdt = host_fdt,
};
