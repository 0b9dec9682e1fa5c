/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A function's configuration space (PCI Local Bus 3.0 §6): registers with writable and clear-by-one bits, capabilities,
 * BARs and the command register. pci.h tells who calls what.
 *
 * A BAR is decoded when the command register says so, its address is aligned by construction, not all ones, and the whole of
 * it is inside one of the bridge's windows. BARs that a guest lays over each other are resolved by priority, which is below
 * that of the board's own devices.
 */
#include "base/bits.h"
#include "base/errno.h"
#include "base/string.h"
#include "core/vm.h"
#include "dev/pci/host.h"

#define COMMAND_BITS	(PCI_COMMAND_IO | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER | PCI_COMMAND_INTX_OFF | 0x140u /* PERR, SERR */)
#define STATUS_CLEAR	0xf900u		/* error bits: write one to clear */
#define BAR_MEM64	4u
#define BAR_PREFETCH	8u

/* ---- set-up ---- */

void pci_func_init(struct pci_func *f, struct device *d, const struct pci_id *id, const struct pci_func_ops *ops)
{
	f->dev = d;
	f->ops = ops;
	f->free = PCI_FIRST_CAP;
	pci_put(f->config + PCI_VENDOR, 2, id->vendor);
	pci_put(f->config + PCI_DEVICE, 2, id->device);
	f->config[PCI_REVISION] = id->revision;
	pci_put(f->config + PCI_CLASS, 3, id->class_code);
	pci_put(f->config + PCI_SUB_VENDOR, 2, id->sub_vendor);
	pci_put(f->config + PCI_SUB_DEVICE, 2, id->sub_device);
	f->config[PCI_INT_PIN] = id->intx;
	pci_put(f->writable + PCI_COMMAND, 2, id->intx ? COMMAND_BITS : COMMAND_BITS & ~PCI_COMMAND_INTX_OFF);
	pci_put(f->clearable + PCI_STATUS, 2, STATUS_CLEAR);
	f->writable[0x0c] = 0xff;		/* cache line size: any value, no meaning */
	f->writable[PCI_INT_LINE] = 0xff;
}

int pci_bar_add(struct pci_func *f, unsigned bar, enum pci_bar_kind kind, uint64_t size, const struct region_ops *ops,
		struct lock *lock, const char *name)
{
	unsigned reg = PCI_BAR0 + 4 * bar, words = kind == PCI_BAR_MEM64 ? 2 : 1;
	uint64_t flags = kind == PCI_BAR_IO ? 1 : kind == PCI_BAR_MEM64 ? BAR_MEM64 : 0;
	struct pci_bar *b;

	if (bar + words > PCI_BARS || !is_pow2(size) || size < (kind == PCI_BAR_IO ? 4 : 16))
		return -EINVAL;
	if (words == 1 && size > BIT(31))
		return -EINVAL;
	b = &f->bar[bar];
	if (b->kind || (bar && f->bar[bar - 1].kind == PCI_BAR_MEM64))
		return -EEXIST;
	b->kind = kind;
	b->size = size;
	b->region = (struct region){ .ops = ops, .lock = lock, .name = name };
	pci_put(f->config + reg, 4 * words, flags);
	pci_put(f->writable + reg, 4 * words, ~(size - 1));
	return 0;
}

int pci_cap_add(struct pci_func *f, uint8_t id, unsigned len)
{
	unsigned at = ALIGN_UP(f->free, 4);

	if (at + len > PCI_CONFIG_SIZE)
		return -ENOSPC;
	f->free = (uint8_t)MIN(at + len, 0xffu);
	f->config[f->last_cap ? f->last_cap + 1 : PCI_CAP_PTR] = (uint8_t)at;
	f->config[PCI_STATUS] |= PCI_STATUS_CAPS;
	f->config[at] = id;
	f->last_cap = (uint8_t)at;
	return (int)at;
}

/* ---- accesses ---- */

static bool overlaps(uint32_t reg, unsigned size, uint32_t first, unsigned len)
{
	return reg < first + len && first < reg + size;
}

uint32_t pci_config_read(struct pci_func *f, uint32_t reg, unsigned size)
{
	uint8_t bytes[4];

	if (reg >= PCI_CONFIG_SIZE)
		return 0;			/* no extended capabilities */
	if (f->ops && f->ops->reads)
		f->ops->reads(f, reg, size);
	lock_acquire(&f->lock);
	if (f->msi_masks && overlaps(reg, size, f->msi_cap + 20u, 4))
		pci_put(f->config + f->msi_cap + 20, 4, pci_msi_pending(f));
	memcpy(bytes, f->config + reg, size);
	lock_release(&f->lock);
	if (overlaps(reg, size, PCI_STATUS, 1) && __atomic_load_n(&f->intx, __ATOMIC_RELAXED))
		bytes[PCI_STATUS - reg] |= PCI_STATUS_INTX;
	return pci_get(bytes, size);
}

void pci_config_write(struct pci_func *f, uint32_t reg, unsigned size, uint32_t val)
{
	if (reg >= PCI_CONFIG_SIZE)
		return;
	lock_acquire(&f->lock);
	for (unsigned i = 0; i < size; i++) {
		uint8_t byte = (uint8_t)(val >> 8 * i), w = f->writable[reg + i];
		uint8_t *c = &f->config[reg + i];

		*c = (uint8_t)((*c & ~w) | (byte & w));
		*c &= (uint8_t)~(byte & f->clearable[reg + i]);
	}
	pci_msi_stage(f);
	lock_release(&f->lock);
	__atomic_store_n(&f->dirty, true, __ATOMIC_RELEASE);
	if (f->ops && f->ops->wrote)
		f->ops->wrote(f, reg, size);
}

/* ---- settling ---- */

static bool inside(uint64_t base, uint64_t size, uint64_t first, uint64_t len)
{
	return len && base >= first && size <= len && base - first <= len - size;
}

/* Where the guest wants a BAR to be; false: nowhere. f->lock held. */
static bool bar_wanted(const struct pci_func *f, unsigned n, enum bus_space *space, uint64_t *base)
{
	const struct pci_windows *win = &f->host->win;
	const struct pci_bar *b = &f->bar[n];
	const uint8_t *reg = f->config + PCI_BAR0 + 4 * n;
	uint64_t at = pci_get(reg, 4);

	*space = BUS_MMIO;
	if (!b->kind || !(f->config[PCI_COMMAND] & (b->kind == PCI_BAR_IO ? PCI_COMMAND_IO : PCI_COMMAND_MEMORY)))
		return false;
	if (b->kind == PCI_BAR_IO) {
		at &= ~3ull;
		*space = win->io_space;
		*base = win->io + at;
		return at && inside(at, b->size, 0, win->io_size);
	}
	at &= ~15ull;
	if (b->kind == PCI_BAR_MEM64)
		at |= (uint64_t)pci_get(reg + 4, 4) << 32;
	*base = at;
	return inside(at, b->size, win->mem32, win->mem32_size) || inside(at, b->size, win->mem64, win->mem64_size);
}

static void bar_unmap(struct pci_func *f, unsigned n)
{
	struct pci_bar *b = &f->bar[n];

	if (!b->mapped)
		return;
	if (f->ops && f->ops->moved)
		f->ops->moved(f, n, false);
	bus_region_remove(&f->dev->vm->bus, &b->region);
	b->mapped = false;
}

static void bar_settle(struct pci_func *f, unsigned n)
{
	struct pci_bar *b = &f->bar[n];
	enum bus_space space;
	uint64_t base;
	bool on;

	lock_acquire(&f->lock);
	on = bar_wanted(f, n, &space, &base);
	lock_release(&f->lock);
	if (b->mapped && on && b->region.base == base)
		return;
	bar_unmap(f, n);
	if (!on)
		return;
	if (bus_region_add(&f->dev->vm->bus, &b->region, space, base, b->size, -1 - (int)(f->devfn * PCI_BARS + n))) {
		dev_guest_error(f->dev, "BAR %u at %llx does not fit on the bus", n, (unsigned long long)base);
		return;
	}
	b->mapped = true;
	if (f->ops && f->ops->moved)
		f->ops->moved(f, n, true);
}

void pci_unmap(struct pci_func *f)
{
	for (unsigned n = 0; n < PCI_BARS; n++)
		bar_unmap(f, n);
}

void pci_func_settle(struct pci_func *f)
{
	bool master, was;

	pci_msi_commit(f);
	pci_intx_update(f);
	for (unsigned n = 0; n < PCI_BARS; n++)
		bar_settle(f, n);
	lock_acquire(&f->lock);
	master = f->config[PCI_COMMAND] & PCI_COMMAND_MASTER;
	lock_release(&f->lock);
	was = __atomic_exchange_n(&f->master, master, __ATOMIC_ACQ_REL);
	if (master != was && f->ops && f->ops->bus_master)
		f->ops->bus_master(f, master);
	if (f->ops && f->ops->settled)
		f->ops->settled(f);
}

/* ---- life ---- */

void pci_func_reset(struct pci_func *f)
{
	lock_acquire(&f->lock);
	memcpy(f->config, f->fixed, sizeof(f->config));
	for (unsigned i = 0; i < f->msix_count; i++)
		f->msix[i] = (struct pci_msix_entry){ .control = 1 };
	for (unsigned i = 0; i < f->msi_count; i++)
		irq_route_forget(&f->msi_route[i]);
	pci_msi_stage(f);
	for (unsigned i = 0; i < f->msix_count; i++)
		irq_route_forget(&f->msix_route[i]);
	lock_release(&f->lock);
	if (!f->host)
		return;
	pci_intx_set(f, false);
	__atomic_store_n(&f->dirty, true, __ATOMIC_RELEASE);
	pci_settle(f->host);
}

int pci_func_state_post(struct pci_func *f)
{
	lock_acquire(&f->lock);
	for (unsigned i = 0; i < PCI_CONFIG_SIZE; i++) {
		uint8_t may = f->writable[i] | f->clearable[i];

		f->config[i] = (uint8_t)((f->fixed[i] & ~may) | (f->config[i] & may));
	}
	pci_msi_stage(f);
	lock_release(&f->lock);
	__atomic_store_n(&f->dirty, true, __ATOMIC_RELEASE);
	pci_settle(f->host);
	return 0;
}

void pci_func_fini(struct pci_func *f)
{
	pci_unmap(f);
	for (unsigned i = 0; i < f->msi_count; i++)
		irq_route_fini(&f->msi_route[i]);
	for (unsigned i = 0; i < f->msix_count; i++)
		irq_route_fini(&f->msix_route[i]);
	if (f->host)
		f->host->func[f->devfn] = NULL;
	f->host = NULL;
}
