/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * PL031 registers: ARM DDI 0224C chapter 3. The counter always runs (RTCCR bit 0 reads one): the driver starts it
 * before it reads it, and a stopped clock has no use.
 */
#include "base/bits.h"
#include "core/fdt.h"
#include "core/vm.h"
#include "dev/rtc/pl031.h"

enum {
	RTCDR = 0x00, RTCMR = 0x04, RTCLR = 0x08, RTCCR = 0x0c, RTCIMSC = 0x10, RTCRIS = 0x14, RTCMIS = 0x18, RTCICR = 0x1c,
};

#define PART		0x031
#define NS_PER_S	1000000000ull

static uint32_t pl031_now(struct pl031 *rtc)
{
	return (uint32_t)(vm_wall_ns(&rtc->mmio.dev.vm->time) / NS_PER_S) + rtc->offset_s;
}

static void pl031_update(struct pl031 *rtc)
{
	irq_set(&rtc->mmio.irq, rtc->irq_raw && rtc->irq_enabled);
}

/* The alarm is at the second when RTCDR becomes RTCMR; one that has passed comes round after 2^32 seconds. */
static void pl031_arm(struct pl031 *rtc)
{
	struct vm_time *t = &rtc->mmio.dev.vm->time;
	uint32_t ahead = rtc->match - pl031_now(rtc);
	uint64_t into_second = vm_wall_ns(t) % NS_PER_S;

	timer_set(t, &rtc->alarm, vm_now_ns(t) + (ahead ? ahead : BIT(32)) * NS_PER_S - into_second);
}

static void pl031_alarm(struct timer *t)
{
	struct pl031 *rtc = container_of(t, struct pl031, alarm);

	lock_acquire(&rtc->mmio.dev.lock);
	rtc->irq_raw = true;
	pl031_update(rtc);
	pl031_arm(rtc);
	lock_release(&rtc->mmio.dev.lock);
}

static uint32_t pl031_read(struct pl031 *rtc, uint64_t offset)
{
	switch (offset) {
	case RTCDR:	return pl031_now(rtc);
	case RTCMR:	return rtc->match;
	case RTCLR:	return rtc->load;
	case RTCCR:	return 1;
	case RTCIMSC:	return rtc->irq_enabled;
	case RTCRIS:	return rtc->irq_raw;
	case RTCMIS:	return rtc->irq_raw && rtc->irq_enabled;
	default:	return primecell_id(PART, 0, offset);
	}
}

static void pl031_write(struct pl031 *rtc, uint64_t offset, uint32_t v)
{
	switch (offset) {
	case RTCMR:
		rtc->match = v;
		if (v == pl031_now(rtc))
			rtc->irq_raw = true;
		pl031_arm(rtc);
		break;
	case RTCLR:
		rtc->load = v;
		rtc->offset_s += v - pl031_now(rtc);
		if (rtc->match == v)
			rtc->irq_raw = true;
		pl031_arm(rtc);
		break;
	case RTCIMSC:
		rtc->irq_enabled = v & 1;
		break;
	case RTCICR:
		if (v & 1)
			rtc->irq_raw = false;
		break;
	}
	pl031_update(rtc);
}

static enum bus_result pl031_access(struct region *r, struct bus_access *a)
{
	struct pl031 *rtc = container_of(r, struct pl031, mmio.regs);

	if (a->write)
		pl031_write(rtc, a->offset, (uint32_t)a->value);
	else
		a->value = pl031_read(rtc, a->offset);
	return BUS_OK;
}

static const struct region_ops pl031_ops = {
	.access = pl031_access, .min_size = 4, .max_size = 4, .misfit = MISFIT_IGNORE,
};

static int pl031_init(struct device *d, struct arena *a)
{
	struct pl031 *rtc = container_of(d, struct pl031, mmio.dev);

	mmio_init(&rtc->mmio, &pl031_ops, PRIMECELL_SIZE);
	timer_init(&rtc->alarm, pl031_alarm);
	return 0;
}

/* A warm reset leaves the time that the guest has set: the counter has a reset of its own (§2.2.2). */
static void pl031_reset(struct device *d, enum reset_kind why)
{
	struct pl031 *rtc = container_of(d, struct pl031, mmio.dev);

	lock_acquire(&d->lock);
	timer_cancel(&d->vm->time, &rtc->alarm);
	if (why == RESET_COLD)
		rtc->offset_s = 0;
	rtc->match = rtc->load = 0;
	rtc->irq_enabled = rtc->irq_raw = false;
	pl031_update(rtc);
	lock_release(&d->lock);
}

static int pl031_loaded(struct device *d)
{
	struct pl031 *rtc = container_of(d, struct pl031, mmio.dev);

	lock_acquire(&d->lock);
	pl031_arm(rtc);
	pl031_update(rtc);
	lock_release(&d->lock);
	return 0;
}

static void pl031_fdt(const struct device *d, struct fdt_writer *w)
{
	static const char *const clocks[] = { "apb_pclk" };
	const struct pl031 *rtc = container_of(d, const struct pl031, mmio.dev);

	primecell_fdt_begin(d, w, "pl031", "arm,pl031", rtc->clock, clocks, ARRAY_SIZE(clocks));
	fdt_end(w);
}

static const struct prop pl031_props[] = {
	PROP(struct pl031, clock, PROP_U32, 0, 0, 0xfffffffe),
	PROP_END
};

static const struct field pl031_state[] = {
	FIELD(struct pl031, offset_s, 1),
	FIELD(struct pl031, match, 1),
	FIELD(struct pl031, load, 1),
	FIELD(struct pl031, irq_enabled, 1),
	FIELD(struct pl031, irq_raw, 1),
	FIELD_END
};

const struct dev_class pl031_class = {
	.name		= "pl031",
	.size		= sizeof(struct pl031),
	.version	= 1,
	.props		= pl031_props,
	.init		= pl031_init,
	.reset		= pl031_reset,
	.state		= pl031_state,
	.state_post	= pl031_loaded,
	.fdt		= pl031_fdt,
};
