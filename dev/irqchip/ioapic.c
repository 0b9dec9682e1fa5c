/* SPDX-License-Identifier: BSD-2-Clause */
/* I/O APIC: registers (82093AA, 3.0) and the life of a pin; see ioapic.h. */
#include "base/bits.h"
#include "core/lock_order.h"
#include "core/vm.h"
#include "dev/irqchip/ioapic.h"

enum { IOREGSEL = 0, IOWIN = 0x10, EOIR = 0x40 };
enum { REG_ID = 0, REG_VERSION, REG_ARBITRATION, REG_ENTRY = 0x10 };
#define VERSION		0x20u
#define ID_SHIFT	24
#define READ_ONLY	(IOAPIC_PENDING | IOAPIC_REMOTE_IRR)
#define DEFINED		(MASK(63, 56) | MASK(16, 0))
#define ALL_PINS	((1u << IOAPIC_PINS) - 1)

/* The local APICs' window, with destination and its kind (SDM vol. 3, 11.11); level messages assert. */
#define MSI_BASE	0xfee00000u
#define MSI_ASSERT	0x4000u

static struct msi message(uint64_t entry)
{
	return (struct msi){
		.addr = MSI_BASE | (entry >> IOAPIC_DEST_SHIFT) << 12 | (entry & IOAPIC_LOGICAL ? 4 : 0),
		.data = (uint32_t)(entry & (IOAPIC_VECTOR | IOAPIC_DELIVERY)) |
			(entry & IOAPIC_LEVEL ? (uint32_t)IOAPIC_LEVEL | MSI_ASSERT : 0),
	};
}

static void deliver(struct ioapic *io, uint32_t pin)
{
	uint64_t *entry = &io->regs.entry[pin];
	struct msi m = message(*entry);

	if (*entry & IOAPIC_MASKED || (*entry & IOAPIC_LEVEL && *entry & IOAPIC_REMOTE_IRR))
		return;
	if (msi_send(io->lapics, &m) >= 0 && *entry & IOAPIC_LEVEL)
		*entry |= IOAPIC_REMOTE_IRR;
}

/* Level-triggered pins that are up, when one of them may be free to interrupt again. */
static void look_again(struct ioapic *io, uint32_t pins)
{
	for (pins &= io->lines; pins; pins &= pins - 1)
		if (io->regs.entry[__builtin_ctz(pins)] & IOAPIC_LEVEL)
			deliver(io, (uint32_t)__builtin_ctz(pins));
}

void ioapic_set(struct device *d, uint32_t pin, bool level)
{
	struct ioapic *io = container_of(d, struct ioapic, dev);
	bool was;

	if (pin >= IOAPIC_PINS)
		return;
	lock_acquire(&io->lock);
	was = io->lines >> pin & 1;
	io->lines = level ? io->lines | 1u << pin : io->lines & ~(1u << pin);
	if (level && (!was || io->regs.entry[pin] & IOAPIC_LEVEL))
		deliver(io, pin);
	lock_release(&io->lock);
}

void ioapic_eoi(struct device *d, uint32_t vector)
{
	struct ioapic *io = container_of(d, struct ioapic, dev);
	uint32_t ended = 0;

	lock_acquire(&io->lock);
	for (uint32_t pin = 0; pin < IOAPIC_PINS; pin++) {
		uint64_t *entry = &io->regs.entry[pin];

		if (!(*entry & IOAPIC_LEVEL) || !(*entry & IOAPIC_REMOTE_IRR) || (*entry & IOAPIC_VECTOR) != vector)
			continue;
		*entry &= ~IOAPIC_REMOTE_IRR;
		ended |= 1u << pin;
	}
	lock_release(&io->lock);
	if (!ended)
		return;
	if (io->ended)
		io->ended(io->ctx, ended);
	lock_acquire(&io->lock);
	look_again(io, ended);
	lock_release(&io->lock);
}

bool ioapic_level_message(struct device *d, uint32_t pin, struct msi *m)
{
	struct ioapic *io = container_of(d, struct ioapic, dev);
	bool level = false;

	if (pin >= IOAPIC_PINS)
		return false;
	lock_acquire(&io->lock);
	level = io->regs.entry[pin] & IOAPIC_LEVEL;
	*m = message(io->regs.entry[pin]);
	lock_release(&io->lock);
	return level;
}

/* ---- registers ---- */

static uint32_t window_read(const struct ioapic *io)
{
	uint32_t reg = io->regs.select, n = reg - REG_ENTRY;

	switch (reg) {
	case REG_ID:
	case REG_ARBITRATION:
		return (uint32_t)io->regs.id << ID_SHIFT;
	case REG_VERSION:
		return VERSION | (IOAPIC_PINS - 1) << 16;
	default:
		if (reg < REG_ENTRY || n / 2 >= IOAPIC_PINS)
			return 0;
		return (uint32_t)(io->regs.entry[n / 2] >> (n & 1 ? 32 : 0));
	}
}

/* True: what the engine was told of ends of interrupts may be wrong now. */
static bool entry_write(struct ioapic *io, uint32_t n, uint32_t v)
{
	uint64_t *entry = &io->regs.entry[n / 2], old = *entry, now;

	now = n & 1 ? (old & 0xffffffff) | (uint64_t)v << 32 : (old & ~0xffffffffull) | v;
	now = (now & DEFINED & ~READ_ONLY) | (old & READ_ONLY);
	if (!(now & IOAPIC_LEVEL))
		now &= ~IOAPIC_REMOTE_IRR;	/* how drivers of old versions end what hangs */
	*entry = now;
	look_again(io, 1u << n / 2);
	return (old | now) & IOAPIC_LEVEL && (old ^ now) & ~(IOAPIC_MASKED | READ_ONLY);
}

static bool window_write(struct ioapic *io, uint32_t v)
{
	uint32_t reg = io->regs.select;

	if (reg == REG_ID)
		io->regs.id = v >> ID_SHIFT & 15;
	return reg >= REG_ENTRY && (reg - REG_ENTRY) / 2 < IOAPIC_PINS && entry_write(io, reg - REG_ENTRY, v);
}

static enum bus_result ioapic_access(struct region *r, struct bus_access *a)
{
	struct ioapic *io = container_of(r, struct ioapic, mmio);
	bool changed = false;

	if (a->write && a->offset == EOIR) {
		ioapic_eoi(&io->dev, (uint32_t)a->value & 0xff);
		return BUS_OK;
	}
	lock_acquire(&io->lock);
	if (!a->write)
		a->value = a->offset == IOREGSEL ? io->regs.select : a->offset == IOWIN ? window_read(io) : 0;
	else if (a->offset == IOREGSEL)
		io->regs.select = a->value & 0xff;
	else if (a->offset == IOWIN)
		changed = window_write(io, (uint32_t)a->value);
	lock_release(&io->lock);
	if (changed && io->changed)
		io->changed(io->ctx);
	return BUS_OK;
}

static const struct region_ops ioapic_ops = {
	.access = ioapic_access, .min_size = 4, .max_size = 4, .misfit = MISFIT_SPLIT, .flags = BUS_UNLOCKED,
};

/* ---- class ---- */

static int ioapic_init(struct device *d, struct arena *a)
{
	struct ioapic *io = container_of(d, struct ioapic, dev);

	(void)a;
	lock_set_rank(&io->lock, LOCK_IRQCHIP);
	io->mmio = (struct region){ .ops = &ioapic_ops, .name = "ioapic" };
	return 0;
}

int ioapic_map(struct device *d, gpa_t base)
{
	struct ioapic *io = container_of(d, struct ioapic, dev);

	d->mmio_base = base;
	return bus_region_add(&d->vm->bus, &io->mmio, BUS_MMIO, base, IOAPIC_SIZE, 0);
}

static void tell(struct ioapic *io)
{
	if (io->changed)
		io->changed(io->ctx);
}

/* Lines belong to the devices, which lower theirs. */
static void ioapic_reset(struct device *d, enum reset_kind why)
{
	struct ioapic *io = container_of(d, struct ioapic, dev);

	(void)why;
	lock_acquire(&io->lock);
	io->regs = (struct ioapic_regs){ .select = 0 };
	for (uint32_t pin = 0; pin < IOAPIC_PINS; pin++)
		io->regs.entry[pin] = IOAPIC_MASKED;
	lock_release(&io->lock);
	tell(io);
}

void ioapic_get(struct device *d, struct ioapic_regs *regs)
{
	struct ioapic *io = container_of(d, struct ioapic, dev);

	lock_acquire(&io->lock);
	*regs = io->regs;
	regs->irr = 0;
	for (uint32_t pin = 0; pin < IOAPIC_PINS; pin++)
		if (regs->entry[pin] & IOAPIC_LEVEL)
			regs->irr |= io->lines & 1u << pin;
	lock_release(&io->lock);
}

/* An edge that the kernel's IOAPIC kept is delivered, or lost where it is masked. */
void ioapic_put(struct device *d, const struct ioapic_regs *regs)
{
	struct ioapic *io = container_of(d, struct ioapic, dev);

	lock_acquire(&io->lock);
	io->regs = *regs;
	io->regs.irr = 0;
	io->lines = regs->irr & ALL_PINS;
	for (uint32_t pin = 0; pin < IOAPIC_PINS; pin++) {
		io->regs.entry[pin] &= DEFINED;
		if (!(io->regs.entry[pin] & IOAPIC_LEVEL))
			io->regs.entry[pin] &= ~IOAPIC_REMOTE_IRR;
		if (io->lines >> pin & 1)
			deliver(io, pin);
	}
	lock_release(&io->lock);
	tell(io);
}

static const struct prop ioapic_props[] = {
	PROP(struct ioapic, lapics, PROP_PTR, 0, 0, 0),
	PROP_END
};

const struct dev_class ioapic_class = {
	.name		= "ioapic",
	.size		= sizeof(struct ioapic),
	.props		= ioapic_props,
	.init		= ioapic_init,
	.reset		= ioapic_reset,
};
