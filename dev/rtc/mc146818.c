/* SPDX-License-Identifier: BSD-2-Clause */
/* MC146818A registers, alarm, periodic and update-ended interrupts; mc146818.h says what is particular. */
#include "base/bits.h"
#include "base/errno.h"
#include "base/string.h"
#include "core/aml.h"
#include "core/vm.h"
#include "dev/rtc/mc146818.h"

enum {
	SECONDS = 0, SECONDS_ALARM, MINUTES, MINUTES_ALARM, HOURS, HOURS_ALARM, WEEKDAY, DAY, MONTH, YEAR,
	REG_A, REG_B, REG_C, REG_D,
	CMOS_SHUTDOWN = 0x0f, CMOS_EQUIPMENT = 0x14, CMOS_BASE_KB = 0x15, CMOS_EXT_KB = 0x17, CMOS_EXT2_KB = 0x30, CENTURY = 0x32,
	CMOS_ABOVE_16M = 0x34, CMOS_ABOVE_4G = 0x5b, CMOS_CPUS = 0x5f,
};
#define A_UIP		0x80u
#define A_DIVIDER	0x70u
#define A_RUNNING	0x20u
#define A_RATE		0x0fu
#define B_SET		0x80u
#define B_PIE		0x40u
#define B_AIE		0x20u
#define B_UIE		0x10u
#define B_BINARY	0x04u
#define B_24H		0x02u
#define C_IRQ		0x80u
#define D_VALID		0x80u
#define SECOND_NS	1000000000u
#define UIP_NS		244000u			/* before the update (data sheet, figure 16) */
#define DAY_S		86400
#define MAX_S		(3660000ll * DAY_S)

struct date {
	int64_t year;
	unsigned month, day, weekday, hour, minute, second;
};

/* ---- the calendar ---- */

/* Days since 1970 of a date; the year begins in March, so that the leap day is its last. */
static int64_t days_of(int64_t year, unsigned month, unsigned day)
{
	int64_t y = month <= 2 ? year - 1 : year, era = (y >= 0 ? y : y - 399) / 400;
	int64_t of_era = y - era * 400, of_year = (153 * ((int64_t)month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static void date_of(int64_t s, struct date *d)
{
	int64_t days = (s >= 0 ? s : s - (DAY_S - 1)) / DAY_S, rest = s - days * DAY_S, z = days + 719468;
	int64_t era = (z >= 0 ? z : z - 146096) / 146097, of_era = z - era * 146097;
	int64_t y = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	int64_t of_year = of_era - (365 * y + y / 4 - y / 100), m = (5 * of_year + 2) / 153;

	d->day = (unsigned)(of_year - (153 * m + 2) / 5 + 1);
	d->month = (unsigned)(m < 10 ? m + 3 : m - 9);
	d->year = y + era * 400 + (d->month <= 2);
	d->weekday = (unsigned)(((days + 4) % 7 + 7) % 7) + 1;	/* Sunday is 1 */
	d->hour = (unsigned)(rest / 3600);
	d->minute = (unsigned)(rest / 60 % 60);
	d->second = (unsigned)(rest % 60);
}

/* ---- registers' forms ---- */

static uint8_t encode(const struct mc146818 *r, unsigned v)
{
	return (uint8_t)(r->cmos[REG_B] & B_BINARY ? v : (v / 10) << 4 | v % 10);
}

static unsigned decode(const struct mc146818 *r, uint8_t v)
{
	return r->cmos[REG_B] & B_BINARY ? v : (v >> 4) * 10u + (v & 15);
}

static uint8_t encode_hour(const struct mc146818 *r, unsigned hour)
{
	if (r->cmos[REG_B] & B_24H)
		return encode(r, hour);
	return encode(r, hour % 12 ? hour % 12 : 12) | (hour >= 12 ? 0x80 : 0);
}

static unsigned decode_hour(const struct mc146818 *r, uint8_t v)
{
	if (r->cmos[REG_B] & B_24H)
		return decode(r, v);
	return decode(r, v & 0x7f) % 12 + (v & 0x80 ? 12 : 0);
}

static int64_t wall_s(struct mc146818 *r)
{
	return (int64_t)(vm_wall_ns(&r->mmio.dev.vm->time) / SECOND_NS);
}

static bool running(const struct mc146818 *r)
{
	return !(r->cmos[REG_B] & B_SET) && (r->cmos[REG_A] & A_DIVIDER) == A_RUNNING;
}

/* Into what a saved state may say. */
static int64_t bounded(int64_t s)
{
	return s > MAX_S ? MAX_S : s < -MAX_S ? -MAX_S : s;
}

static int64_t clock_s(struct mc146818 *r)
{
	return running(r) ? wall_s(r) + r->offset_s : r->stopped_s;
}

/* The time registers show what the clock says. */
static void show(struct mc146818 *r)
{
	struct date d;

	date_of(clock_s(r), &d);
	r->cmos[SECONDS] = encode(r, d.second);
	r->cmos[MINUTES] = encode(r, d.minute);
	r->cmos[HOURS] = encode_hour(r, d.hour);
	r->cmos[WEEKDAY] = encode(r, d.weekday);
	r->cmos[DAY] = encode(r, d.day);
	r->cmos[MONTH] = encode(r, d.month);
	r->cmos[YEAR] = encode(r, (unsigned)(d.year % 100));
	r->cmos[CENTURY] = encode(r, (unsigned)(d.year / 100 % 100));
}

/* The clock says what the time registers show. */
static void adopt(struct mc146818 *r)
{
	int64_t year = (int64_t)decode(r, r->cmos[CENTURY]) * 100 + decode(r, r->cmos[YEAR]);
	unsigned month = decode(r, r->cmos[MONTH]), day = decode(r, r->cmos[DAY]);
	int64_t s = days_of(year, month ? month : 1, day ? day : 1) * DAY_S + decode_hour(r, r->cmos[HOURS]) * 3600 +
		    decode(r, r->cmos[MINUTES]) * 60 + decode(r, r->cmos[SECONDS]);

	r->stopped_s = bounded(s);
	r->offset_s = bounded(s - wall_s(r));
}

/* ---- interrupts ---- */

static bool wanted(const struct mc146818 *r)
{
	return r->cmos[REG_C] & r->cmos[REG_B] & (B_PIE | B_AIE | B_UIE);
}

static void update(struct mc146818 *r)
{
	bool level = wanted(r);

	r->cmos[REG_C] = (uint8_t)((r->cmos[REG_C] & ~C_IRQ) | (level ? C_IRQ : 0));
	if (level != r->line)
		irq_set(&r->mmio.irq, level);
	r->line = level;
}

/* Somebody wants to know when seconds pass. */
static void arm_second(struct mc146818 *r)
{
	struct vm_time *t = &r->mmio.dev.vm->time;
	uint64_t now = vm_now_ns(t);

	if (running(r) && r->cmos[REG_B] & (B_AIE | B_UIE))
		timer_set(t, &r->second, now + SECOND_NS - vm_wall_ns(t) % SECOND_NS);
	else
		timer_cancel(t, &r->second);
}

/* Rates 1 and 2 are those of 8 and 9; 3 and up are 32768 Hz halved (data sheet, table 5). */
static void arm_periodic(struct mc146818 *r)
{
	struct vm_time *t = &r->mmio.dev.vm->time;
	unsigned rate = r->cmos[REG_A] & A_RATE;
	uint64_t period;

	rate += rate == 1 || rate == 2 ? 7 : 0;
	period = rate && (r->cmos[REG_A] & A_DIVIDER) == A_RUNNING && r->cmos[REG_B] & B_PIE ?
		 ((uint64_t)SECOND_NS << (rate - 1)) / 32768 : 0;
	if (period == r->period_ns)
		return;
	r->period_ns = period;
	if (period)
		timer_set(t, &r->periodic, vm_now_ns(t) + period);
	else
		timer_cancel(t, &r->periodic);
}

static bool alarm_matches(struct mc146818 *r)
{
	static const uint8_t pairs[][2] = { { SECONDS, SECONDS_ALARM }, { MINUTES, MINUTES_ALARM }, { HOURS, HOURS_ALARM } };

	show(r);
	for (unsigned i = 0; i < ARRAY_SIZE(pairs); i++)	/* 0xc0 and up: any */
		if (r->cmos[pairs[i][1]] < 0xc0 && r->cmos[pairs[i][1]] != r->cmos[pairs[i][0]])
			return false;
	return true;
}

static void second_passed(struct timer *t)
{
	struct mc146818 *r = container_of(t, struct mc146818, second);

	lock_acquire(&r->mmio.dev.lock);
	if (running(r)) {
		r->cmos[REG_C] |= B_UIE | (alarm_matches(r) ? B_AIE : 0);
		update(r);
	}
	arm_second(r);
	lock_release(&r->mmio.dev.lock);
}

/* What a late control loop has missed is not made up for. */
static void period_passed(struct timer *t)
{
	struct mc146818 *r = container_of(t, struct mc146818, periodic);
	struct vm_time *vt = &r->mmio.dev.vm->time;

	lock_acquire(&r->mmio.dev.lock);
	if (r->period_ns) {
		r->cmos[REG_C] |= B_PIE;
		update(r);
		timer_set(vt, &r->periodic, MAX(t->deadline_ns + r->period_ns, vm_now_ns(vt)));
	}
	lock_release(&r->mmio.dev.lock);
}

/* ---- registers ---- */

static bool is_time(uint8_t i)
{
	return i == SECONDS || i == MINUTES || i == HOURS || (i >= WEEKDAY && i <= YEAR) || i == CENTURY;
}

/* Reading clears it. UF is set by each second, interrupt or not; where none is wanted no timer runs, and it is found out now. */
static uint8_t read_flags(struct mc146818 *r)
{
	bool passed = wall_s(r) != r->looked_s && running(r) && !(r->cmos[REG_B] & (B_AIE | B_UIE));
	uint8_t v = r->cmos[REG_C] | (passed ? B_UIE : 0);

	r->looked_s = wall_s(r);
	r->cmos[REG_C] = 0;
	update(r);
	return v;
}

static uint8_t read_reg(struct mc146818 *r, uint8_t i)
{
	uint8_t v;

	if (is_time(i)) {
		if (running(r))
			show(r);
		return r->cmos[i];
	}
	switch (i) {
	case REG_A:
		v = running(r) && SECOND_NS - vm_wall_ns(&r->mmio.dev.vm->time) % SECOND_NS <= UIP_NS ? A_UIP : 0;
		return r->cmos[REG_A] | v;
	case REG_C:
		return read_flags(r);
	default:
		return r->cmos[i];
	}
}

/* The clock stops and shows where it stood, or goes on from what was written. */
static void change_running(struct mc146818 *r, uint8_t i, uint8_t v)
{
	bool was = running(r);

	if (was) {
		r->stopped_s = bounded(clock_s(r));
		show(r);
	}
	r->cmos[i] = v;
	if (!was && running(r)) {
		adopt(r);
		r->looked_s = wall_s(r);
	}
	arm_second(r);
	arm_periodic(r);
}

static void write_reg(struct mc146818 *r, uint8_t i, uint8_t v)
{
	switch (i) {
	case REG_A:
		change_running(r, i, v & (A_DIVIDER | A_RATE));
		break;
	case REG_B:
		change_running(r, i, v & B_SET ? v & (uint8_t)~B_UIE : v);
		update(r);
		break;
	case REG_C:
	case REG_D:
		break;
	default:
		if (is_time(i) && running(r))
			show(r);
		r->cmos[i] = v;
		if (is_time(i) && running(r))
			adopt(r);
	}
}

static enum bus_result mc146818_access(struct region *region, struct bus_access *a)
{
	struct mc146818 *r = container_of(region, struct mc146818, mmio.regs);

	if (!a->offset) {
		if (a->write)
			r->index = a->value & (MC146818_BYTES - 1);	/* bit 7 masks NMI: there is none */
		else
			a->value = 0xff;
	} else if (a->write) {
		write_reg(r, r->index, (uint8_t)a->value);
	} else {
		a->value = read_reg(r, r->index);
	}
	return BUS_OK;
}

static const struct region_ops mc146818_ops = {
	.access = mc146818_access, .min_size = 1, .max_size = 1, .misfit = MISFIT_SPLIT,
};

/* ---- class ---- */

static int mc146818_init(struct device *d, struct arena *a)
{
	struct mc146818 *r = container_of(d, struct mc146818, mmio.dev);

	mmio_init(&r->mmio, &mc146818_ops, 2);
	timer_init(&r->second, second_passed);
	timer_init(&r->periodic, period_passed);
	return 0;
}

static void mc146818_destroy(struct device *d)
{
	struct mc146818 *r = container_of(d, struct mc146818, mmio.dev);

	timer_cancel(&d->vm->time, &r->second);
	timer_cancel(&d->vm->time, &r->periodic);
}

/* What PC firmware looks at: sizes in KiB and in units of 64 KiB. */
static void fill_cmos(struct mc146818 *r)
{
	uint64_t kib = r->low_ram / KIB, ext = kib > 1024 ? MIN(kib - 1024, 0xffffull) : 0;
	uint64_t above_16m = r->low_ram > 16 * MIB ? MIN((r->low_ram - 16 * MIB) / (64 * KIB), 0xffffull) : 0;
	uint64_t above_4g = r->high_ram / (64 * KIB);

	put_le16(r->cmos + CMOS_BASE_KB, 640);
	put_le16(r->cmos + CMOS_EXT_KB, (uint16_t)ext);
	put_le16(r->cmos + CMOS_EXT2_KB, (uint16_t)ext);
	put_le16(r->cmos + CMOS_ABOVE_16M, (uint16_t)above_16m);
	put_le16(r->cmos + CMOS_ABOVE_4G, (uint16_t)above_4g);
	r->cmos[CMOS_ABOVE_4G + 2] = (uint8_t)(above_4g >> 16);
	r->cmos[CMOS_CPUS] = (uint8_t)(r->cpus - 1);
	r->cmos[CMOS_EQUIPMENT] = 0x06;			/* FPU, PS/2 mouse */
}

/* The clock and the battery's memory outlive a warm reset; interrupts don't. */
static void mc146818_reset(struct device *d, enum reset_kind why)
{
	struct mc146818 *r = container_of(d, struct mc146818, mmio.dev);

	lock_acquire(&d->lock);
	if (why == RESET_COLD) {
		memset(r->cmos, 0, sizeof(r->cmos));
		r->cmos[REG_A] = A_RUNNING | 6;
		r->cmos[REG_B] = B_24H;
		r->offset_s = 0;
		fill_cmos(r);
	}
	r->index = 0;
	r->cmos[CMOS_SHUTDOWN] = 0;
	r->cmos[REG_B] &= (uint8_t)~(B_PIE | B_AIE | B_UIE);
	r->cmos[REG_C] = 0;
	r->cmos[REG_D] = D_VALID;
	r->looked_s = wall_s(r);
	arm_second(r);
	arm_periodic(r);
	update(r);
	lock_release(&d->lock);
}

static int mc146818_loaded(struct device *d)
{
	struct mc146818 *r = container_of(d, struct mc146818, mmio.dev);

	/* Ten thousand years each way: more would overflow what is computed with it. */
	if (r->offset_s > MAX_S || r->offset_s < -MAX_S || r->stopped_s > MAX_S || r->stopped_s < -MAX_S)
		return -EINVAL;
	lock_acquire(&d->lock);
	r->looked_s = wall_s(r);
	r->period_ns = 0;
	arm_second(r);
	arm_periodic(r);
	r->line = !wanted(r);	/* tell the controller in any case */
	update(r);
	lock_release(&d->lock);
	return 0;
}

static void mc146818_acpi(const struct device *d, struct aml_writer *w)
{
	aml_begin(w, AML_DEVICE, "RTC");
	aml_name_eisa(w, "_HID", "PNP0B00");
	aml_resources(w, "_CRS");
	aml_res_io(w, (uint16_t)d->mmio_base, 2);
	aml_res_irq(w, d->irq, true);
	aml_end(w);
	aml_end(w);
}

static const struct prop mc146818_props[] = {
	PROP(struct mc146818, low_ram, PROP_U64, 0, 0, ~0ull),
	PROP(struct mc146818, high_ram, PROP_U64, 0, 0, ~0ull),
	PROP(struct mc146818, cpus, PROP_U32, 1, 1, 255),
	PROP_END
};

static const struct field mc146818_state[] = {
	FIELD(struct mc146818, offset_s, 1),
	FIELD(struct mc146818, stopped_s, 1),
	FIELD_RANGE(struct mc146818, index, 1, 0, MC146818_BYTES - 1),
	FIELD_ARRAY(struct mc146818, cmos, 1),
	FIELD_END
};

const struct dev_class mc146818_class = {
	.name		= "mc146818",
	.size		= sizeof(struct mc146818),
	.version	= 1,
	.props		= mc146818_props,
	.init		= mc146818_init,
	.destroy	= mc146818_destroy,
	.reset		= mc146818_reset,
	.state		= mc146818_state,
	.state_post	= mc146818_loaded,
	.acpi		= mc146818_acpi,
};
