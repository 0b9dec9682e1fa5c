/* SPDX-License-Identifier: BSD-2-Clause */
/* Goldfish clock; see goldfish.h. A pair is read low half first and written high half first; the low half is what counts. */
#include "base/bits.h"
#include "core/fdt.h"
#include "core/vm.h"
#include "dev/rtc/goldfish.h"

enum {
	TIME_LOW = 0x00, TIME_HIGH = 0x04, ALARM_LOW = 0x08, ALARM_HIGH = 0x0c, IRQ_ENABLED = 0x10, CLEAR_ALARM = 0x14,
	ALARM_STATUS = 0x18, CLEAR_INTERRUPT = 0x1c,
};

#define REGS_SIZE	0x1000u

static uint64_t goldfish_now(struct goldfish_rtc *g)
{
	return vm_wall_ns(&g->mmio.dev.vm->time) + g->offset_ns;
}

static void goldfish_update(struct goldfish_rtc *g)
{
	irq_set(&g->mmio.irq, g->irq_raw && g->irq_enabled);
}

/* An alarm of the past rings at once. */
static void goldfish_arm(struct goldfish_rtc *g)
{
	struct vm_time *t = &g->mmio.dev.vm->time;
	int64_t ahead = (int64_t)(g->alarm_ns - goldfish_now(g));

	if (!g->armed)
		timer_cancel(t, &g->alarm);
	else
		timer_set(t, &g->alarm, vm_now_ns(t) + (uint64_t)MAX(ahead, 0));
}

static void goldfish_alarm(struct timer *t)
{
	struct goldfish_rtc *g = container_of(t, struct goldfish_rtc, alarm);

	lock_acquire(&g->mmio.dev.lock);
	g->armed = false;
	g->irq_raw = true;
	goldfish_update(g);
	lock_release(&g->mmio.dev.lock);
}

static uint32_t goldfish_read(struct goldfish_rtc *g, uint64_t offset)
{
	uint64_t now;

	switch (offset) {
	case TIME_LOW:
		now = goldfish_now(g);
		g->high = (uint32_t)(now >> 32);
		return (uint32_t)now;
	case TIME_HIGH:		return g->high;
	case ALARM_LOW:		return (uint32_t)g->alarm_ns;
	case ALARM_HIGH:	return (uint32_t)(g->alarm_ns >> 32);
	case IRQ_ENABLED:	return g->irq_enabled;
	case ALARM_STATUS:	return g->armed;
	default:		return 0;
	}
}

static void goldfish_write(struct goldfish_rtc *g, uint64_t offset, uint32_t v)
{
	switch (offset) {
	case TIME_HIGH:
		g->high = v;
		break;
	case TIME_LOW:
		g->offset_ns += ((uint64_t)g->high << 32 | v) - goldfish_now(g);
		goldfish_arm(g);
		break;
	case ALARM_HIGH:
		g->alarm_high = v;
		break;
	case ALARM_LOW:
		g->alarm_ns = (uint64_t)g->alarm_high << 32 | v;
		g->armed = true;
		goldfish_arm(g);
		break;
	case IRQ_ENABLED:
		g->irq_enabled = v & 1;
		break;
	case CLEAR_ALARM:
		g->armed = false;
		goldfish_arm(g);
		break;
	case CLEAR_INTERRUPT:
		g->irq_raw = false;
		break;
	}
	goldfish_update(g);
}

static enum bus_result goldfish_access(struct region *r, struct bus_access *a)
{
	struct goldfish_rtc *g = container_of(r, struct goldfish_rtc, mmio.regs);

	if (a->write)
		goldfish_write(g, a->offset, (uint32_t)a->value);
	else
		a->value = goldfish_read(g, a->offset);
	return BUS_OK;
}

static const struct region_ops goldfish_ops = {
	.access = goldfish_access, .min_size = 4, .max_size = 4, .misfit = MISFIT_IGNORE,
};

static int goldfish_init(struct device *d, struct arena *a)
{
	struct goldfish_rtc *g = container_of(d, struct goldfish_rtc, mmio.dev);

	(void)a;
	mmio_init(&g->mmio, &goldfish_ops, REGS_SIZE);
	timer_init(&g->alarm, goldfish_alarm);
	return 0;
}

/* A warm reset leaves the time that the guest has set. */
static void goldfish_reset(struct device *d, enum reset_kind why)
{
	struct goldfish_rtc *g = container_of(d, struct goldfish_rtc, mmio.dev);

	lock_acquire(&d->lock);
	if (why == RESET_COLD)
		g->offset_ns = 0;
	g->alarm_ns = 0;
	g->high = g->alarm_high = 0;
	g->armed = g->irq_enabled = g->irq_raw = false;
	goldfish_arm(g);
	goldfish_update(g);
	lock_release(&d->lock);
}

static int goldfish_loaded(struct device *d)
{
	struct goldfish_rtc *g = container_of(d, struct goldfish_rtc, mmio.dev);

	lock_acquire(&d->lock);
	goldfish_arm(g);
	goldfish_update(g);
	lock_release(&d->lock);
	return 0;
}

static void goldfish_fdt(const struct device *d, struct fdt_writer *w)
{
	fdt_begin(w, "rtc@%llx", (unsigned long long)d->mmio_base);
	fdt_prop_string(w, "compatible", "google,goldfish-rtc");
	fdt_prop_reg(w, d->mmio_base, d->mmio_size);
	fdt_prop_interrupt(w, d->irq);
	fdt_end(w);
}

static const struct field goldfish_state[] = {
	FIELD(struct goldfish_rtc, offset_ns, 1),
	FIELD(struct goldfish_rtc, alarm_ns, 1),
	FIELD(struct goldfish_rtc, high, 1),
	FIELD(struct goldfish_rtc, alarm_high, 1),
	FIELD(struct goldfish_rtc, armed, 1),
	FIELD(struct goldfish_rtc, irq_enabled, 1),
	FIELD(struct goldfish_rtc, irq_raw, 1),
	FIELD_END
};

const struct dev_class goldfish_rtc_class = {
	.name		= "goldfish-rtc",
	.size		= sizeof(struct goldfish_rtc),
	.version	= 1,
	.init		= goldfish_init,
	.reset		= goldfish_reset,
	.state		= goldfish_state,
	.state_post	= goldfish_loaded,
	.fdt		= goldfish_fdt,
};
