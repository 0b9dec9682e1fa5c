/* SPDX-License-Identifier: BSD-2-Clause */
/* ACPI fixed hardware; acpi_pm.h is its map. */
#include "base/bits.h"
#include "core/aml.h"
#include "core/vm.h"
#include "dev/misc/acpi_pm.h"

enum { PM1_STS = 0, PM1_EN = 2, PM1_CNT = 4, PM_TMR = 8, GPE0_STS = 0x20, GPE0_EN = 0x28, GPE0_END = 0x30, SMI_EN = 0x30 };

#define STS_TIMER	0x0001u
#define STS_POWER	0x0100u
#define STS_CLEARED	0x8731u		/* what writing ones clears: WAK, RTC, sleep and power buttons, GBL, BM, TMR */
#define EN_KEPT		0x0721u
#define CNT_SCI_EN	0x0001u
#define CNT_TYPE	0x1c00u
#define CNT_SLP_EN	0x2000u
#define CNT_KEPT	0x1c02u
#define SMI_EN_APMC	0x20u		/* there is no SMM: firmware is told that somebody has set it up */
#define TIMER_HALF	0x800000u	/* ticks between overflows: bit 23 changes */

static uint64_t ticks(struct acpi_pm *pm)
{
	return (uint64_t)((unsigned __int128)vm_now_ns(&pm->mmio.dev.vm->time) * ACPI_PM_TIMER_HZ / 1000000000u);
}

static void update(struct acpi_pm *pm)
{
	bool level = pm->status & pm->enable;

	if (level != pm->line)
		irq_set(&pm->mmio.irq, level);
	pm->line = level;
}

/* The timer's status bit is set each time its top bit changes; nobody is woken for that unless it is enabled. */
static void arm_overflow(struct acpi_pm *pm)
{
	struct vm_time *t = &pm->mmio.dev.vm->time;
	uint64_t next = (ticks(pm) / TIMER_HALF + 1) * TIMER_HALF;

	if (pm->enable & STS_TIMER)
		timer_set(t, &pm->overflow, (uint64_t)((unsigned __int128)next * 1000000000u / ACPI_PM_TIMER_HZ) + 1);
	else
		timer_cancel(t, &pm->overflow);
}

static void overflowed(struct timer *t)
{
	struct acpi_pm *pm = container_of(t, struct acpi_pm, overflow);

	lock_acquire(&pm->mmio.dev.lock);
	pm->status |= STS_TIMER;
	arm_overflow(pm);
	update(pm);
	lock_release(&pm->mmio.dev.lock);
}

void acpi_pm_press(struct device *d)
{
	struct acpi_pm *pm = container_of(d, struct acpi_pm, mmio.dev);

	lock_acquire(&d->lock);
	pm->status |= STS_POWER;
	update(pm);
	lock_release(&d->lock);
}

static uint8_t read_byte(struct acpi_pm *pm, uint64_t offset)
{
	switch (offset) {
	case PM1_STS: case PM1_STS + 1:	return (uint8_t)(pm->status >> 8 * (offset & 1));
	case PM1_EN: case PM1_EN + 1:	return (uint8_t)(pm->enable >> 8 * (offset & 1));
	case PM1_CNT: case PM1_CNT + 1:	return (uint8_t)((pm->control | CNT_SCI_EN) >> 8 * (offset & 1));
	case SMI_EN:			return SMI_EN_APMC;
	default:
		return offset >= GPE0_EN && offset < GPE0_END ? pm->gpe_enable[offset - GPE0_EN] : 0;
	}
}

static void write_control(struct acpi_pm *pm, uint16_t v)
{
	pm->control = v & CNT_KEPT;
	if (!(v & CNT_SLP_EN))
		return;
	if ((v & CNT_TYPE) == ACPI_PM_S5 << 10)
		vm_request(pm->mmio.dev.vm, EXIT_SHUTDOWN);
	else
		dev_guest_error(&pm->mmio.dev, "sleep type %u is not there", (v & CNT_TYPE) >> 10);
}

static void write_byte(struct acpi_pm *pm, uint64_t offset, uint8_t v)
{
	unsigned shift = 8 * (offset & 1);
	uint16_t mask = (uint16_t)(0xff << shift), val = (uint16_t)(v << shift);

	switch (offset) {
	case PM1_STS: case PM1_STS + 1:
		pm->status &= (uint16_t)~(val & STS_CLEARED);
		break;
	case PM1_EN: case PM1_EN + 1:
		pm->enable = (uint16_t)((pm->enable & ~mask) | (val & EN_KEPT));
		arm_overflow(pm);
		break;
	case PM1_CNT: case PM1_CNT + 1:
		write_control(pm, (uint16_t)((pm->control & ~mask) | val));
		break;
	default:
		if (offset >= GPE0_EN && offset < GPE0_END)
			pm->gpe_enable[offset - GPE0_EN] = v;
	}
}

static enum bus_result acpi_pm_access(struct region *r, struct bus_access *a)
{
	struct acpi_pm *pm = container_of(r, struct acpi_pm, mmio.regs);
	uint64_t value = 0;

	if (!a->write && ALIGN_DOWN(a->offset, 4) == PM_TMR) {	/* as one */
		a->value = (ticks(pm) & 0xffffff) >> 8 * (a->offset & 3);
		return BUS_OK;
	}
	if (a->write && a->size == 2 && a->offset == PM1_CNT) {
		write_control(pm, (uint16_t)a->value);
		return BUS_OK;
	}
	for (unsigned i = 0; i < a->size; i++)
		if (a->write)
			write_byte(pm, a->offset + i, (uint8_t)(a->value >> 8 * i));
		else
			value |= (uint64_t)read_byte(pm, a->offset + i) << 8 * i;
	a->value = a->write ? a->value : value;
	update(pm);
	return BUS_OK;
}

static const struct region_ops acpi_pm_ops = {
	.access = acpi_pm_access, .min_size = 1, .max_size = 4, .misfit = MISFIT_SPLIT,
};

static int acpi_pm_init(struct device *d, struct arena *a)
{
	struct acpi_pm *pm = container_of(d, struct acpi_pm, mmio.dev);

	mmio_init(&pm->mmio, &acpi_pm_ops, ACPI_PM_SIZE);
	timer_init(&pm->overflow, overflowed);
	return 0;
}

static void acpi_pm_destroy(struct device *d)
{
	timer_cancel(&d->vm->time, &container_of(d, struct acpi_pm, mmio.dev)->overflow);
}

static void acpi_pm_reset(struct device *d, enum reset_kind why)
{
	struct acpi_pm *pm = container_of(d, struct acpi_pm, mmio.dev);

	lock_acquire(&d->lock);
	pm->status = pm->enable = pm->control = 0;
	for (unsigned i = 0; i < ARRAY_SIZE(pm->gpe_enable); i++)
		pm->gpe_enable[i] = 0;
	arm_overflow(pm);
	update(pm);
	lock_release(&d->lock);
}

static int acpi_pm_loaded(struct device *d)
{
	struct acpi_pm *pm = container_of(d, struct acpi_pm, mmio.dev);

	lock_acquire(&d->lock);
	arm_overflow(pm);
	pm->line = !(pm->status & pm->enable);	/* tell the controller in any case */
	update(pm);
	lock_release(&d->lock);
	return 0;
}

static const struct field acpi_pm_state[] = {
	FIELD_RANGE(struct acpi_pm, status, 1, 0, STS_CLEARED),
	FIELD_RANGE(struct acpi_pm, enable, 1, 0, EN_KEPT),
	FIELD_RANGE(struct acpi_pm, control, 1, 0, CNT_KEPT),
	FIELD_ARRAY(struct acpi_pm, gpe_enable, 1),
	FIELD_END
};

const struct dev_class acpi_pm_class = {
	.name		= "acpi-pm",
	.size		= sizeof(struct acpi_pm),
	.version	= 1,
	.init		= acpi_pm_init,
	.destroy	= acpi_pm_destroy,
	.reset		= acpi_pm_reset,
	.state		= acpi_pm_state,
	.state_post	= acpi_pm_loaded,
};
