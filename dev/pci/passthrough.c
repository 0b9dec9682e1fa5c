/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A function of the host on the guest's bus (PCI Local Bus 3.0 §6; PCI Power Management 1.2 §3.2; PCI Express Base 3.0 §7.8).
 *
 * Configuration space is ours. It starts as a copy of the host's, without capabilities that we don't know, and what the guest
 * writes stays here: its addresses are not the host's, power states change nothing, and a reset is the machine's to do. Only
 * bus mastering and the bodies of vendor capabilities reach the function.
 *
 * BARs: whole pages are memory slots that follow the guest's BAR, except those with the MSI-X table or pending bits: these
 * are ours, and a guest never sees or writes the messages that the host's own interrupts go by. What is no slot, or whose slot
 * collides with another's, is read and written through the back-end.
 *
 * Interrupts: messages are written to their routes' descriptors by the host. INTx raises the shared line and stays masked at
 * the host until the guest has dealt with it: its interrupt controller tells of that, or else we look again each millisecond.
 */
#include "base/bits.h"
#include "base/errno.h"
#include "base/string.h"
#include "core/hostpci.h"
#include "core/vm.h"
#include "dev/pci/host.h"
#include "dev/pci/passthrough.h"

#define MAX_SLOTS	8u
#define INTX_AGAIN_NS	1000000u
#define CAP_PM		0x01u
#define CAP_EXPRESS	0x10u
#define MSI_64BIT	0x80u
#define MSI_MASKABLE	0x100u
#define TYPE_INTEGRATED	9u		/* of PCI Express functions: beside the root complex, without a link */
#define CAP_FLR		BIT(28)

struct passed_slot {
	unsigned bar;
	uint64_t offset, size;
	struct mem_backing backing;
	bool added;
	uint32_t id;
};

struct passthrough {
	struct device dev;
	struct hostpci *host;
	struct pci_func pci;
	bool passed[PCI_CONFIG_SIZE];		/* bytes that are read from and written to the host */
	struct passed_slot slot[MAX_SLOTS];
	unsigned slots;
	struct pci_msix_entry *table;
	struct irq_route *msix, msi[PCI_MSI_VECTORS];
	struct notifier intx, eoi, eoi_fd;
	struct timer again;
	bool watched;				/* the controller tells of the end of an interrupt */
	bool asked, paused;
	enum hostpci_irq kind;			/* what was asked of the host: */
	unsigned count;
};

static struct passthrough *of(struct pci_func *f)
{
	return container_of(f, struct passthrough, pci);
}

struct pci_func *pci_passthrough_func(struct device *d)
{
	return &container_of(d, struct passthrough, dev)->pci;
}

static uint32_t host_get(struct passthrough *p, uint32_t reg, unsigned size)
{
	return p->host->ops->config_read(p->host, reg, size);
}

/* ---- configuration space ---- */

static void pass_reads(struct pci_func *f, uint32_t reg, unsigned size)
{
	struct passthrough *p = of(f);

	for (uint32_t r = reg; r < reg + size && r < PCI_CONFIG_SIZE; r++) {
		uint32_t val;

		if (!p->passed[r])
			continue;
		val = host_get(p, r, 1);
		lock_acquire(&f->lock);
		f->config[r] = (uint8_t)val;
		lock_release(&f->lock);
	}
}

/* Vendor capabilities begin and end anywhere: a write goes on as wide as it came when all of it is passed. */
static void pass_wrote(struct pci_func *f, uint32_t reg, unsigned size)
{
	struct passthrough *p = of(f);
	bool all = true;
	uint8_t bytes[4];

	lock_acquire(&f->lock);
	memcpy(bytes, f->config + reg, size);
	lock_release(&f->lock);
	for (unsigned i = 0; i < size; i++)
		all &= p->passed[reg + i];
	for (unsigned i = 0; !all && i < size; i++)
		if (p->passed[reg + i])
			p->host->ops->config_write(p->host, reg + i, 1, bytes[i]);
	if (all)
		p->host->ops->config_write(p->host, reg, size, pci_get(bytes, size));
}

/* A capability where the host has it, so that what points into configuration space is right. */
static int cap_at(struct pci_func *f, unsigned at, uint8_t id, unsigned len, uint8_t body[PCI_CONFIG_SIZE])
{
	f->free = (uint8_t)at;
	if (pci_cap_add(f, id, len) != (int)at)
		return -ENOSPC;
	memcpy(f->config + at + 2, body + at + 2, len - 2);
	return 0;
}

static int add_power(struct pci_func *f, unsigned at, uint8_t *body)
{
	body[at + 3] &= 7;			/* no wake-up events */
	pci_put(body + at + 4, 4, 8);		/* D0, and nothing is lost on the way back to it */
	f->writable[at + 4] = 3;
	return cap_at(f, at, CAP_PM, 8, body);
}

static int add_express(struct pci_func *f, unsigned at, unsigned len, uint8_t *body)
{
	body[at + 2] = (uint8_t)((body[at + 2] & 0xf) | TYPE_INTEGRATED << 4);
	body[at + 3] = 0;
	pci_put(body + at + 4, 4, pci_get(body + at + 4, 4) & ~CAP_FLR);
	body[at + 9] &= 0x7f;
	memset(body + at + 10, 0, len - 10);
	f->writable[at + 8] = 0xff;		/* device control, which has no effect; no reset by it */
	f->writable[at + 9] = 0x7f;
	return cap_at(f, at, CAP_EXPRESS, len, body);
}

static int add_vendor(struct passthrough *p, unsigned at, unsigned len, uint8_t *body)
{
	for (unsigned i = 4; i < len; i++) {
		p->passed[at + i] = true;
		p->pci.writable[at + i] = 0xff;
	}
	return cap_at(&p->pci, at, PCI_CAP_VENDOR, len, body);
}

static int add_msi(struct passthrough *p, unsigned at, const uint8_t *body)
{
	unsigned count = p->host->vectors[HOSTPCI_MSI];

	p->pci.free = (uint8_t)at;
	return pci_msi_add(&p->pci, MIN(count, PCI_MSI_VECTORS), pci_get(body + at + 2, 2) & MSI_MASKABLE, p->msi);
}

static int add_msix(struct passthrough *p, struct arena *a, unsigned at, const uint8_t *body)
{
	unsigned count = (pci_get(body + at + 2, 2) & 0x7ff) + 1;
	uint32_t table = pci_get(body + at + 4, 4), pba = pci_get(body + at + 8, 4);
	const struct hostpci_bar *b;
	int err;

	if ((table & 7) >= HOSTPCI_BARS || (pba & 7) >= HOSTPCI_BARS)
		return -EINVAL;
	b = &p->host->bar[table & 7];
	if (b->size < (table & ~7u) + 16ull * count)
		return -EINVAL;
	p->table = arena_alloc(a, count * sizeof(*p->table));
	p->msix = arena_alloc(a, count * sizeof(*p->msix));
	if (!p->table || !p->msix)
		return -ENOMEM;
	p->pci.free = (uint8_t)at;
	err = pci_msix_add(&p->pci, table & 7, table & ~7u, pba & ~7u, count, p->table, p->msix);
	if (!err && (pba & 7) != (table & 7)) {		/* elsewhere: the host's own, which are clear */
		pci_put(p->pci.config + p->pci.msix_cap + 8, 4, pba);
		p->pci.pba = ~7u;
	}
	return err;
}

/* Bytes that a capability takes, or 0: it is left out. */
static unsigned cap_length(const struct passthrough *p, const uint8_t *c)
{
	switch (c[0]) {
	case CAP_PM:
		return 8;
	case PCI_CAP_MSI:
		if (!p->host->vectors[HOSTPCI_MSI] || !(c[2] & MSI_64BIT))
			return 0;
		return c[3] & (MSI_MASKABLE >> 8) ? 24 : 14;
	case PCI_CAP_VENDOR:
		return c[2] > 4 ? c[2] : 0;
	case CAP_EXPRESS:
		return (c[2] & 0xf) >= 2 ? 0x3c : 0x14;
	case PCI_CAP_MSIX:
		return p->host->vectors[HOSTPCI_MSIX] ? 12 : 0;
	default:
		return 0;
	}
}

static int add_cap(struct passthrough *p, struct arena *a, unsigned at, unsigned len, uint8_t *body)
{
	switch (body[at]) {
	case CAP_PM:		return add_power(&p->pci, at, body);
	case PCI_CAP_MSI:	return add_msi(p, at, body);
	case PCI_CAP_VENDOR:	return add_vendor(p, at, len, body);
	case CAP_EXPRESS:	return add_express(&p->pci, at, len, body);
	default:		return add_msix(p, a, at, body);
	}
}

static int add_caps(struct passthrough *p, struct arena *a, uint8_t *body)
{
	bool used[PCI_CONFIG_SIZE] = { false };
	unsigned at = body[PCI_STATUS] & PCI_STATUS_CAPS ? body[PCI_CAP_PTR] & ~3u : 0;
	int err = 0;

	for (unsigned left = 48; left && at >= PCI_FIRST_CAP && !err; left--) {
		unsigned next = body[at + 1] & ~3u, len = cap_length(p, body + at);

		for (unsigned i = at; len && i < at + len; i++)
			if (i >= PCI_CONFIG_SIZE || used[i])
				len = 0;
		memset(used + at, true, len);
		memset(p->pci.config + at, 0, len);
		if (len)
			err = add_cap(p, a, at, len, body);
		at = next;
	}
	return err;
}

/* ---- BARs ---- */

static uint64_t table_size(const struct pci_func *f)
{
	return 16ull * f->msix_count;
}

static uint64_t pba_size(const struct pci_func *f)
{
	return ALIGN_UP((uint64_t)f->msix_count, 64u) / 8;
}

static bool touches(const struct bus_access *a, uint64_t at, uint64_t len)
{
	return a->offset < at + len && at < a->offset + a->size;
}

static enum bus_result bar_access(struct region *r, struct bus_access *a)
{
	unsigned n = (unsigned)(r->name[3] - '0');
	struct pci_func *f = container_of(r, struct pci_func, bar[n].region);
	struct hostpci *h = of(f)->host;

	if (f->msix_count && n == f->msix_bar) {
		if (pci_msix_access(f, a))
			return BUS_OK;
		/* In pieces that are too small: never through to the host's. */
		if (touches(a, f->msix_table, table_size(f)) || touches(a, f->pba, pba_size(f))) {
			if (!a->write)
				a->value = ~0ull;
			return BUS_OK;
		}
	}
	if (a->write)
		h->ops->bar_write(h, n, a->offset, a->size, a->value);
	else
		a->value = h->ops->bar_read(h, n, a->offset, a->size);
	return BUS_OK;
}

static const struct region_ops bar_ops = {
	.access = bar_access, .min_size = 1, .max_size = 8, .misfit = MISFIT_SPLIT, .flags = BUS_UNLOCKED,
};

static int add_bars(struct passthrough *p)
{
	static const char *const names[PCI_BARS] = { "bar0", "bar1", "bar2", "bar3", "bar4", "bar5" };
	static const enum pci_bar_kind kinds[] = {
		[HOSTPCI_IO] = PCI_BAR_IO, [HOSTPCI_MEM32] = PCI_BAR_MEM32, [HOSTPCI_MEM64] = PCI_BAR_MEM64,
	};
	int err = 0;

	for (unsigned n = 0; n < PCI_BARS && !err; n++) {
		const struct hostpci_bar *b = &p->host->bar[n];

		if (b->kind == HOSTPCI_NONE)
			continue;
		err = pci_bar_add(&p->pci, n, kinds[b->kind], b->size, &bar_ops, NULL, names[n]);
		if (b->prefetchable && !err) {
			p->pci.bar[n].prefetchable = true;
			p->pci.config[PCI_BAR0 + 4 * n] |= 8;
		}
	}
	return err;
}

static void add_slot(struct passthrough *p, unsigned bar, uint64_t from, uint64_t to)
{
	struct passed_slot *s = &p->slot[p->slots];

	if (from >= to || p->slots == MAX_SLOTS)
		return;
	*s = (struct passed_slot){ .bar = bar, .offset = from, .size = to - from };
	if (!p->host->ops->map(p->host, bar, from, to - from, &s->backing))
		p->slots++;
}

/* The pages of [from, to) without those that the hole [hole, hole_end) touches; holes are given in order. */
static void add_slots(struct passthrough *p, unsigned bar, uint64_t from, uint64_t to)
{
	const struct pci_func *f = &p->pci;
	uint64_t page = p->host->page, table = f->msix_table, pba = f->pba;
	uint64_t hole[2] = { MIN(table, pba), MAX(table, pba) };
	uint64_t len[2] = { table_size(f), pba_size(f) };

	for (unsigned i = 0; f->msix_count && bar == f->msix_bar && i < 2; i++) {
		uint64_t first = hole[i] & ~(page - 1), end = ALIGN_UP(hole[i] + len[hole[i] != table], page);

		add_slot(p, bar, from, MIN(first, to));
		from = MAX(from, end);
	}
	add_slot(p, bar, from, to);
}

static void map_bars(struct passthrough *p)
{
	if (p->dev.vm->engine_info.caps & ENGINE_SOFT_MMU)
		return;
	for (unsigned n = 0; n < PCI_BARS; n++) {
		const struct hostpci_bar *b = &p->host->bar[n];

		for (unsigned i = 0; i < b->areas && (b->kind == HOSTPCI_MEM32 || b->kind == HOSTPCI_MEM64); i++)
			add_slots(p, n, b->area[i].offset, b->area[i].offset + b->area[i].size);
	}
}

static void moved(struct pci_func *f, unsigned bar, bool on)
{
	struct passthrough *p = of(f);
	struct mem *m = &p->dev.vm->mem;

	for (unsigned i = 0; i < p->slots; i++) {
		struct passed_slot *s = &p->slot[i];
		const struct mem_slot slot = {
			.base = f->bar[bar].region.base + s->offset, .size = s->size, .kind = MEM_DEVICE, .can_write = true,
			.backing = s->backing,
		};

		if (s->bar != bar)
			continue;
		if (!on && s->added)
			mem_slot_remove(m, s->id);
		s->added = on && !mem_slot_add(m, &slot, &s->id);
	}
}

/* ---- interrupts ---- */

static void intx_came(struct notifier *n)
{
	struct passthrough *p = container_of(n, struct passthrough, intx);

	pci_intx_set(&p->pci, true);
	if (!p->watched)
		timer_set(&p->dev.vm->time, &p->again, vm_now_ns(&p->dev.vm->time) + INTX_AGAIN_NS);
}

/* The function signals again at once if it still has reason to. */
static void intx_over(struct passthrough *p)
{
	if (!__atomic_load_n(&p->pci.intx, __ATOMIC_RELAXED))
		return;
	pci_intx_set(&p->pci, false);
	p->host->ops->intx_unmask(p->host);
}

static void eoi_came(struct notifier *n)
{
	intx_over(container_of(n, struct passthrough, eoi));
}

/* From a controller that is a model, on a vCPU's thread. */
static void eoi_told(struct notifier *n)
{
	intx_over(container_of(n, struct passthrough, eoi_fd));
}

static void again(struct timer *t)
{
	intx_over(container_of(t, struct passthrough, again));
}

static void watch_eoi(struct passthrough *p)
{
	const struct pci_lines *l = &p->pci.host->lines;
	uint32_t pin;
	int fd;

	if (!l->chip || !l->chip->ops->eoi_watch || p->watched)
		return;
	fd = p->host->ops->listen(p->host, &p->eoi);
	pin = l->first + (((p->pci.devfn >> 3) + p->pci.fixed[PCI_INT_PIN] - 1u) & (l->count - 1));
	p->eoi_fd = (struct notifier){ .signal = eoi_told, .fd = fd };
	p->watched = fd >= 0 && !l->chip->ops->eoi_watch(l->chip, pin, &p->eoi_fd);
}

static void set_interrupts(struct passthrough *p, enum hostpci_irq kind, unsigned count)
{
	struct notifier *list[PCI_MSIX_VECTORS];
	int err;

	if (p->asked && p->kind == kind && p->count == count)
		return;
	for (unsigned i = 0; i < count; i++)
		list[i] = kind == HOSTPCI_INTX ? &p->intx : irq_route_notifier(kind == HOSTPCI_MSI ? &p->msi[i] : &p->msix[i]);
	if (kind != HOSTPCI_INTX)
		pci_intx_set(&p->pci, false);
	else if (count)
		watch_eoi(p);
	p->asked = true;
	p->kind = kind;
	p->count = count;
	err = p->host->ops->interrupts(p->host, kind, list, count);
	if (err != (int)count)
		log_warn("%s: the host has %d of %u interrupts", p->host->name, MAX(err, 0), count);
}

static void set_command(struct passthrough *p)
{
	uint32_t command = PCI_COMMAND_IO | PCI_COMMAND_MEMORY;

	if (pci_bus_master(&p->pci) && !p->paused)
		command |= PCI_COMMAND_MASTER;
	p->host->ops->config_write(p->host, PCI_COMMAND, 2, command);
}

static void bus_master(struct pci_func *f, bool on)
{
	set_command(of(f));
}

static void settled(struct pci_func *f)
{
	struct passthrough *p = of(f);

	switch (__atomic_load_n(&f->mode, __ATOMIC_RELAXED)) {
	case PCI_MSIX:
		set_interrupts(p, HOSTPCI_MSIX, f->msix_count);
		break;
	case PCI_MSI:
		set_interrupts(p, HOSTPCI_MSI, 1u + __atomic_load_n(&f->msi_share, __ATOMIC_RELAXED));
		break;
	default:
		set_interrupts(p, HOSTPCI_INTX, f->fixed[PCI_INT_PIN] != 0);
	}
}

static const struct pci_func_ops func_ops = {
	.reads = pass_reads, .wrote = pass_wrote, .moved = moved, .bus_master = bus_master, .settled = settled,
};

/* ---- life ---- */

static void describe(struct passthrough *p, const uint8_t *body)
{
	const struct pci_id id = {
		.vendor = (uint16_t)pci_get(body + PCI_VENDOR, 2), .device = (uint16_t)pci_get(body + PCI_DEVICE, 2),
		.sub_vendor = (uint16_t)pci_get(body + PCI_SUB_VENDOR, 2),
		.sub_device = (uint16_t)pci_get(body + PCI_SUB_DEVICE, 2), .class_code = pci_get(body + PCI_CLASS, 3),
		.revision = body[PCI_REVISION], .intx = p->host->vectors[HOSTPCI_INTX],
	};

	memcpy(p->pci.config + PCI_FIRST_CAP, body + PCI_FIRST_CAP, PCI_CONFIG_SIZE - PCI_FIRST_CAP);
	pci_func_init(&p->pci, &p->dev, &id, &func_ops);
	if (id.intx)
		p->pci.config[PCI_INT_PIN] = (uint8_t)MIN(MAX(body[PCI_INT_PIN], 1), 4);
}

static int pass_init(struct device *d, struct arena *a)
{
	struct passthrough *p = container_of(d, struct passthrough, dev);
	uint8_t body[PCI_CONFIG_SIZE];
	int err;

	if (!p->host)
		return -EINVAL;
	for (unsigned r = 0; r < PCI_CONFIG_SIZE; r += 4)
		pci_put(body + r, 4, host_get(p, r, 4));
	p->intx = (struct notifier){ .signal = intx_came, .fd = -1 };
	p->eoi = (struct notifier){ .signal = eoi_came, .fd = -1 };
	timer_init(&p->again, again);
	describe(p, body);
	err = add_bars(p);
	if (!err)
		err = add_caps(p, a, body);
	if (!err)
		map_bars(p);
	return err;
}

static void pass_reset(struct device *d, enum reset_kind why)
{
	struct passthrough *p = container_of(d, struct passthrough, dev);

	p->host->ops->interrupts(p->host, p->kind, NULL, 0);
	p->host->ops->config_write(p->host, PCI_COMMAND, 2, PCI_COMMAND_IO | PCI_COMMAND_MEMORY);
	p->host->ops->reset(p->host);
	p->asked = p->paused = false;
	pci_func_reset(&p->pci);
	set_command(p);
}

static int pass_quiesce(struct device *d)
{
	struct passthrough *p = container_of(d, struct passthrough, dev);

	p->paused = true;
	set_command(p);
	return 0;
}

static void pass_resume(struct device *d)
{
	struct passthrough *p = container_of(d, struct passthrough, dev);

	p->paused = false;
	set_command(p);
}

static void pass_destroy(struct device *d)
{
	struct passthrough *p = container_of(d, struct passthrough, dev);

	if (!p->host)
		return;
	p->host->ops->config_write(p->host, PCI_COMMAND, 2, 0);
	p->host->ops->interrupts(p->host, p->kind, NULL, 0);
	timer_cancel(&d->vm->time, &p->again);
	pci_func_fini(&p->pci);
}

static const struct prop pass_props[] = {
	PROP(struct passthrough, host, PROP_PTR, 0, 0, 0),
	PROP_END
};

const struct dev_class pci_passthrough_class = {
	.name = "pci-passthrough",
	.size = sizeof(struct passthrough),
	.version = 1,
	.props = pass_props,
	.init = pass_init,
	.destroy = pass_destroy,
	.reset = pass_reset,
	.quiesce = pass_quiesce,
	.resume = pass_resume,
};
