/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Message-signalled interrupts of a function: MSI (PCI Local Bus 3.0 §6.8.1) with masks, and MSI-X (§6.8.2) with table and
 * pending bits in a BAR. Each vector is an irq_route; what it is told is computed from the registers by pci_msi_stage. A
 * function that may not master the bus sends nothing: its vectors count as masked.
 */
#include "base/bits.h"
#include "base/errno.h"
#include "core/vm.h"
#include "dev/pci/host.h"

#define MSI_CONTROL	2
#define MSI_ADDRESS	4
#define MSI_DATA	12
#define MSI_MASK	16
#define MSI_PENDING	20
#define MSI_ENABLE	1u
#define MSI_64BIT	0x80u
#define MSI_MASKABLE	0x100u

#define MSIX_CONTROL	2
#define MSIX_ENABLE	0x8000u
#define MSIX_MASK_ALL	0x4000u
#define ENTRY_MASKED	1u

#define BATCH		64u

int pci_msi_add(struct pci_func *f, unsigned count, bool masks, struct irq_route *routes)
{
	int at;

	if (!is_pow2(count) || count > PCI_MSI_VECTORS)
		return -EINVAL;
	at = pci_cap_add(f, PCI_CAP_MSI, masks ? 24 : 14);
	if (at < 0)
		return at;
	pci_put(f->config + at + MSI_CONTROL, 2, MSI_64BIT | (masks ? MSI_MASKABLE : 0) | (uint32_t)ctz64(count) << 1);
	pci_put(f->writable + at + MSI_CONTROL, 2, 0x71);
	pci_put(f->writable + at + MSI_ADDRESS, 8, ~3ull);
	pci_put(f->writable + at + MSI_DATA, 2, 0xffff);
	if (masks)
		pci_put(f->writable + at + MSI_MASK, 4, BIT(count) - 1);
	f->msi_cap = (uint8_t)at;
	f->msi_count = (uint8_t)count;
	f->msi_masks = masks;
	f->msi_route = routes;
	for (unsigned i = 0; i < count; i++)
		irq_route_init(&routes[i], f->dev->vm);
	return 0;
}

int pci_msix_add(struct pci_func *f, unsigned bar, uint32_t table_offset, uint32_t pba_offset, unsigned count,
		 struct pci_msix_entry *table, struct irq_route *routes)
{
	int at;

	if (!count || count > PCI_MSIX_VECTORS || bar >= PCI_BARS || table_offset & 7 || pba_offset & 7)
		return -EINVAL;
	at = pci_cap_add(f, PCI_CAP_MSIX, 12);
	if (at < 0)
		return at;
	pci_put(f->config + at + MSIX_CONTROL, 2, count - 1);
	pci_put(f->writable + at + MSIX_CONTROL, 2, MSIX_ENABLE | MSIX_MASK_ALL);
	pci_put(f->config + at + 4, 4, table_offset | bar);
	pci_put(f->config + at + 8, 4, pba_offset | bar);
	f->msix_cap = (uint8_t)at;
	f->msix_bar = (uint8_t)bar;
	f->msix_count = (uint16_t)count;
	f->msix_table = table_offset;
	f->pba = pba_offset;
	f->msix = table;
	f->msix_route = routes;
	for (unsigned i = 0; i < count; i++) {
		irq_route_init(&routes[i], f->dev->vm);
		table[i] = (struct pci_msix_entry){ .control = ENTRY_MASKED };
	}
	return 0;
}

/* ---- from registers to routes ---- */

static unsigned msix_control(const struct pci_func *f)
{
	return f->msix_cap ? pci_get(f->config + f->msix_cap + MSIX_CONTROL, 2) : 0;
}

static unsigned msi_control(const struct pci_func *f)
{
	return f->msi_cap ? pci_get(f->config + f->msi_cap + MSI_CONTROL, 2) : 0;
}

static bool is_master(const struct pci_func *f)
{
	return f->config[PCI_COMMAND] & PCI_COMMAND_MASTER;
}

static void msix_stage_one(struct pci_func *f, unsigned i)
{
	const struct pci_msix_entry *e = &f->msix[i];
	unsigned control = msix_control(f);
	struct msi m = {
		.addr = (uint64_t)e->addr_high << 32 | e->addr_low, .data = e->data, .devid = f->devfn,
	};

	if (control & MSIX_ENABLE)
		irq_route_stage(&f->msix_route[i], &m, e->control & ENTRY_MASKED || control & MSIX_MASK_ALL || !is_master(f));
	else
		irq_route_stage(&f->msix_route[i], NULL, true);
}

static unsigned msi_granted(const struct pci_func *f)
{
	unsigned log = msi_control(f) >> 4 & 7;

	return MIN(1u << log, (unsigned)f->msi_count);
}

static void msi_stage_one(struct pci_func *f, unsigned i)
{
	const uint8_t *cap = f->config + f->msi_cap;
	unsigned granted = msi_granted(f);
	bool masked = f->msi_masks && pci_get(cap + MSI_MASK, 4) >> i & 1;
	struct msi m = {
		.addr = (uint64_t)pci_get(cap + MSI_ADDRESS + 4, 4) << 32 | pci_get(cap + MSI_ADDRESS, 4),
		.data = (pci_get(cap + MSI_DATA, 2) & ~(granted - 1)) | i, .devid = f->devfn,
	};

	if (msi_control(f) & MSI_ENABLE && i < granted)
		irq_route_stage(&f->msi_route[i], &m, masked || !is_master(f));
	else
		irq_route_stage(&f->msi_route[i], NULL, true);
}

void pci_msi_stage(struct pci_func *f)
{
	enum pci_mode mode = PCI_INTX;

	if (msix_control(f) & MSIX_ENABLE)
		mode = PCI_MSIX;
	else if (msi_control(f) & MSI_ENABLE)
		mode = PCI_MSI;
	__atomic_store_n(&f->msi_share, (uint8_t)(f->msi_count ? msi_granted(f) - 1 : 0), __ATOMIC_RELAXED);
	__atomic_store_n(&f->mode, (uint8_t)mode, __ATOMIC_RELAXED);
	for (unsigned i = 0; i < f->msi_count; i++)
		msi_stage_one(f, i);
	for (unsigned i = 0; i < f->msix_count; i++)
		msix_stage_one(f, i);
}

static void commit_all(struct irq_route *route, unsigned count)
{
	struct irq_route *list[BATCH];

	for (unsigned done = 0; done < count; done += BATCH) {
		unsigned n = MIN(count - done, BATCH);

		for (unsigned i = 0; i < n; i++)
			list[i] = &route[done + i];
		irq_route_commit(list, n);
	}
}

void pci_msi_commit(struct pci_func *f)
{
	commit_all(f->msi_route, f->msi_count);
	commit_all(f->msix_route, f->msix_count);
}

/* ---- the device's side ---- */

void pci_signal(struct pci_func *f, unsigned vector)
{
	switch (__atomic_load_n(&f->mode, __ATOMIC_RELAXED)) {
	case PCI_MSIX:
		if (vector < f->msix_count)
			irq_route_signal(&f->msix_route[vector]);
		break;
	case PCI_MSI:
		irq_route_signal(&f->msi_route[vector & __atomic_load_n(&f->msi_share, __ATOMIC_RELAXED)]);
		break;
	}
}

struct irq_route *pci_msix_route(struct pci_func *f, unsigned vector)
{
	return vector < f->msix_count ? &f->msix_route[vector] : NULL;
}

/* ---- registers in a BAR, and the pending ones ---- */

uint32_t pci_msi_pending(struct pci_func *f)
{
	uint32_t pending = 0;

	for (unsigned i = 0; i < f->msi_count; i++)
		pending |= (uint32_t)irq_route_pending(&f->msi_route[i]) << i;
	return pending;
}

static uint32_t pba_word(struct pci_func *f, unsigned word)
{
	uint32_t pending = 0;

	for (unsigned i = 32 * word; i < f->msix_count && i < 32 * word + 32; i++)
		pending |= (uint32_t)irq_route_pending(&f->msix_route[i]) << (i & 31);
	return pending;
}

static uint32_t *entry_word(struct pci_func *f, uint64_t offset)
{
	struct pci_msix_entry *e = &f->msix[offset / 16];

	switch (offset & 12) {
	case 0:		return &e->addr_low;
	case 4:		return &e->addr_high;
	case 8:		return &e->data;
	default:	return &e->control;
	}
}

static uint32_t entry_writable(uint64_t offset)
{
	switch (offset & 12) {
	case 0:		return ~3u;
	case 12:	return ENTRY_MASKED;
	default:	return ~0u;
	}
}

static void table_access(struct pci_func *f, struct bus_access *a, uint64_t offset)
{
	struct irq_route *route = &f->msix_route[offset / 16];
	uint64_t val = 0;

	lock_acquire(&f->lock);
	for (unsigned i = 0; i < a->size; i += 4) {
		uint32_t *word = entry_word(f, offset + i), w = entry_writable(offset + i);

		if (a->write)
			*word = (*word & ~w) | ((uint32_t)(a->value >> 8 * i) & w);
		else
			val |= (uint64_t)*word << 8 * i;
	}
	if (a->write)
		msix_stage_one(f, (unsigned)(offset / 16));
	lock_release(&f->lock);
	if (a->write)
		irq_route_commit(&route, 1);
	else
		a->value = val;
}

bool pci_msix_access(struct pci_func *f, struct bus_access *a)
{
	uint64_t table = a->offset - f->msix_table, pba = a->offset - f->pba;

	if (a->size < 4)
		return false;
	if (table < 16ull * f->msix_count) {
		table_access(f, a, table);
	} else if (pba < ALIGN_UP((uint32_t)f->msix_count, 64u) / 8) {
		if (!a->write)
			a->value = pba_word(f, (unsigned)pba / 4);
		if (!a->write && a->size == 8)
			a->value |= (uint64_t)pba_word(f, (unsigned)pba / 4 + 1) << 32;
	} else {
		return false;
	}
	return true;
}
