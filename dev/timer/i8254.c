/* SPDX-License-Identifier: BSD-2-Clause */
/* 8254: modes, counts and latches (Intel 231164, "Programming the 8254" and "Mode Definitions"); see i8254.h. */
#include "base/bits.h"
#include "core/vm.h"
#include "dev/timer/i8254.h"

enum { PORT_BASE = 0x40, PORTS = 4, CONTROL = 3, SPEAKER_PORT = 0x61 };	/* the last is within the i8042's */
enum { LOW = 1, HIGH, BOTH, SECOND };		/* ways to access, and which byte is next */
enum { ON_TERMINAL, ONE_SHOT, RATE, SQUARE, SOFT_STROBE, HARD_STROBE };

#define SECOND_NS	1000000000ull
#define MIN_PERIOD_NS	200000u
#define REFRESH_SHIFT	14			/* the refresh bit changes every 15 us or so */

#define CONTROL_BCD	0x01u
#define READ_BACK	3u
#define NO_COUNT	0x20u			/* of the read-back command */
#define NO_STATUS	0x10u
#define STATUS_NULL	0x40u
#define STATUS_OUT	0x80u

#define P61_GATE	0x01u
#define P61_SPEAKER	0x02u
#define P61_REFRESH	0x10u
#define P61_OUT		0x20u

static uint64_t ticks_of(uint64_t ns)
{
	return ns / SECOND_NS * PIT_HZ + ns % SECOND_NS * PIT_HZ / SECOND_NS;
}

static uint64_t ns_of(uint64_t ticks)
{
	return ticks / PIT_HZ * SECOND_NS + (ticks % PIT_HZ * SECOND_NS + PIT_HZ - 1) / PIT_HZ;
}

static uint64_t now_ns(struct i8254 *p)
{
	return vm_now_ns(&p->dev.vm->time);
}

/* A low gate stops these; in other modes a rising gate starts anew. */
static bool stops(const struct pit_channel_regs *c)
{
	return c->mode == ON_TERMINAL || c->mode == SOFT_STROBE;
}

static bool repeats(const struct pit_channel_regs *c)
{
	return c->mode == RATE || c->mode == SQUARE;
}

/* Clocks since the count was loaded. */
static uint64_t elapsed(struct i8254 *p, unsigned n)
{
	const struct pit_channel_regs *c = &p->regs.channel[n];

	return ticks_of(!c->gate && stops(c) ? c->age_ns : now_ns(p) - p->loaded_ns[n]);
}

static bool output(struct i8254 *p, unsigned n)
{
	const struct pit_channel_regs *c = &p->regs.channel[n];
	uint64_t t = elapsed(p, n);

	switch (c->mode) {
	case ON_TERMINAL:
	case ONE_SHOT:
		return c->null_count ? c->mode == ONE_SHOT : t >= c->count;
	case RATE:
		return !c->gate || t % c->count != c->count - 1;
	case SQUARE:
		return !c->gate || t % c->count < (c->count + 1) / 2;
	case SOFT_STROBE:
	case HARD_STROBE:
		return t != c->count;
	default:
		return true;
	}
}

static uint16_t to_bcd(uint32_t v)
{
	return (uint16_t)(v % 10 | v / 10 % 10 << 4 | v / 100 % 10 << 8 | v / 1000 % 10 << 12);
}

static uint32_t from_bcd(uint32_t v)
{
	return (v & 15) + (v >> 4 & 15) * 10 + (v >> 8 & 15) * 100 + (v >> 12 & 15) * 1000;
}

/* What the counting element shows. */
static uint16_t counter(struct i8254 *p, unsigned n)
{
	const struct pit_channel_regs *c = &p->regs.channel[n];
	uint64_t t = elapsed(p, n), left;

	if (c->mode == RATE)
		left = c->count - t % c->count;
	else if (c->mode == SQUARE)
		left = c->count - 2 * t % c->count;
	else
		left = c->count + 0x10000ull * 10000 - t % (0x10000ull * 10000);	/* goes on below 0, in either base */
	return c->bcd ? to_bcd((uint32_t)(left % 10000)) : (uint16_t)left;
}

/* ---- channel 0's interrupt ---- */

/* The next rising edge after `after` clocks, in clocks since the load; ~0: none. */
static uint64_t next_edge(const struct pit_channel_regs *c, uint64_t after)
{
	if (c->null_count)
		return ~0ull;
	if (repeats(c))
		return (after / c->count + 1) * c->count;
	return (c->mode == ON_TERMINAL || c->mode == SOFT_STROBE) && after < c->count ? c->count : ~0ull;
}

static void arm(struct i8254 *p, uint64_t after, uint64_t not_before_ns)
{
	uint64_t edge = next_edge(&p->regs.channel[0], after);

	if (edge == ~0ull)
		timer_cancel(&p->dev.vm->time, &p->edge);
	else
		timer_set(&p->dev.vm->time, &p->edge, MAX(p->loaded_ns[0] + ns_of(edge), not_before_ns));
}

static void edge_came(struct timer *t)
{
	struct i8254 *p = container_of(t, struct i8254, edge);
	const struct pit_channel_regs *c = &p->regs.channel[0];
	uint64_t ticks, now;

	lock_acquire(&p->dev.lock);
	now = now_ns(p);
	ticks = elapsed(p, 0);
	if (next_edge(c, 0) <= ticks) {		/* else it was loaded again meanwhile */
		irq_pulse(&p->irq);
		arm(p, ticks, now + MIN_PERIOD_NS);
	}
	lock_release(&p->dev.lock);
}

/* ---- registers ---- */

static void load(struct i8254 *p, unsigned n, uint32_t v)
{
	struct pit_channel_regs *c = &p->regs.channel[n];

	if (c->bcd)
		c->count = from_bcd(v) ? from_bcd(v) : 10000;
	else
		c->count = v ? v : 0x10000;
	c->null_count = false;
	c->age_ns = 0;
	p->loaded_ns[n] = now_ns(p);
	if (!n)
		arm(p, 0, 0);
}

static void count_write(struct i8254 *p, unsigned n, uint8_t v)
{
	struct pit_channel_regs *c = &p->regs.channel[n];

	switch (c->write_state) {
	case LOW:
		load(p, n, v);
		break;
	case HIGH:
		load(p, n, (uint32_t)v << 8);
		break;
	case BOTH:
		c->write_latch = v;
		c->write_state = SECOND;
		break;
	case SECOND:
		c->write_state = BOTH;
		load(p, n, c->write_latch | (uint32_t)v << 8);
		break;
	default:
		break;
	}
}

/* A byte of v by *state, which moves on: BOTH is the low one, SECOND the high one. */
static uint8_t byte_of(uint16_t v, uint8_t *state, uint8_t after_last)
{
	uint8_t s = *state;

	*state = s == BOTH ? SECOND : after_last;
	return (uint8_t)(s == HIGH || s == SECOND ? v >> 8 : v);
}

static uint8_t count_read(struct i8254 *p, unsigned n)
{
	struct pit_channel_regs *c = &p->regs.channel[n];

	if (c->status_latched) {
		c->status_latched = false;
		return c->status;
	}
	if (c->latch_state)
		return byte_of(c->latched, &c->latch_state, 0);
	if (!c->read_state)
		return 0;
	return byte_of(counter(p, n), &c->read_state, c->access);
}

static void latch_count(struct i8254 *p, unsigned n)
{
	struct pit_channel_regs *c = &p->regs.channel[n];

	if (c->latch_state)
		return;
	c->latched = counter(p, n);
	c->latch_state = c->access;
}

static void latch_status(struct i8254 *p, unsigned n)
{
	struct pit_channel_regs *c = &p->regs.channel[n];

	if (c->status_latched)
		return;
	c->status = (uint8_t)((output(p, n) ? STATUS_OUT : 0) | (c->null_count ? STATUS_NULL : 0) | c->access << 4 |
			      (c->mode == PIT_IDLE ? 0 : c->mode) << 1 | c->bcd);
	c->status_latched = true;
}

static void set_mode(struct i8254 *p, unsigned n, uint8_t v)
{
	struct pit_channel_regs *c = &p->regs.channel[n];

	c->access = c->read_state = c->write_state = v >> 4 & 3;
	c->mode = v >> 1 & 7;
	if (c->mode > HARD_STROBE)
		c->mode &= 3;
	c->bcd = v & CONTROL_BCD;
	c->null_count = true;
	c->latch_state = 0;
	c->status_latched = false;
	if (!n)
		arm(p, 0, 0);
}

static void control_write(struct i8254 *p, uint8_t v)
{
	unsigned n = v >> 6;

	if (n == READ_BACK) {
		for (n = 0; n < PIT_CHANNELS; n++) {
			if (!(v & 2u << n))
				continue;
			if (!(v & NO_COUNT))
				latch_count(p, n);
			if (!(v & NO_STATUS))
				latch_status(p, n);
		}
	} else if (v & 0x30) {
		set_mode(p, n, v);
	} else {
		latch_count(p, n);
	}
}

static enum bus_result ports_access(struct region *r, struct bus_access *a)
{
	struct i8254 *p = container_of(r, struct i8254, ports);

	if (a->write && a->offset == CONTROL)
		control_write(p, (uint8_t)a->value);
	else if (a->write)
		count_write(p, (unsigned)a->offset, (uint8_t)a->value);
	else
		a->value = a->offset == CONTROL ? 0xff : count_read(p, (unsigned)a->offset);
	return BUS_OK;
}

static void set_gate(struct i8254 *p, unsigned n, bool gate)
{
	struct pit_channel_regs *c = &p->regs.channel[n];
	uint64_t now = now_ns(p);

	if (gate == c->gate)
		return;
	c->gate = gate;
	if (!gate)
		c->age_ns = now - p->loaded_ns[n];
	else
		p->loaded_ns[n] = stops(c) ? now - MIN(c->age_ns, now) : now;
}

static enum bus_result speaker_access(struct region *r, struct bus_access *a)
{
	struct i8254 *p = container_of(r, struct i8254, speaker);

	if (a->write) {
		set_gate(p, 2, a->value & P61_GATE);
		p->regs.speaker = a->value & P61_SPEAKER;
		return BUS_OK;
	}
	a->value = (p->regs.channel[2].gate ? P61_GATE : 0) | (p->regs.speaker ? P61_SPEAKER : 0) |
		   (now_ns(p) >> REFRESH_SHIFT & 1 ? P61_REFRESH : 0) | (output(p, 2) ? P61_OUT : 0);
	return BUS_OK;
}

#define BYTES(fn)	{ .access = fn, .min_size = 1, .max_size = 1, .misfit = MISFIT_SPLIT }
static const struct region_ops ports_ops = BYTES(ports_access), speaker_ops = BYTES(speaker_access);

/* ---- class ---- */

static void i8254_reset(struct device *d, enum reset_kind why)
{
	struct i8254 *p = container_of(d, struct i8254, dev);

	(void)why;
	lock_acquire(&d->lock);
	p->regs = (struct pit_regs){ .speaker = false };
	for (unsigned n = 0; n < PIT_CHANNELS; n++) {
		p->regs.channel[n] = (struct pit_channel_regs){ .count = 0x10000, .mode = PIT_IDLE, .gate = n != 2 };
		p->loaded_ns[n] = now_ns(p);
	}
	timer_cancel(&d->vm->time, &p->edge);
	lock_release(&d->lock);
}

static int i8254_init(struct device *d, struct arena *a)
{
	struct i8254 *p = container_of(d, struct i8254, dev);

	(void)a;
	p->ports = (struct region){ .ops = &ports_ops, .name = "8254", .lock = &d->lock };
	p->speaker = (struct region){ .ops = &speaker_ops, .name = "port61", .lock = &d->lock };
	timer_init(&p->edge, edge_came);
	i8254_reset(d, RESET_COLD);
	return 0;
}

static void i8254_destroy(struct device *d)
{
	timer_cancel(&d->vm->time, &container_of(d, struct i8254, dev)->edge);
}

int i8254_map(struct device *d)
{
	struct i8254 *p = container_of(d, struct i8254, dev);
	int err = bus_region_add(&d->vm->bus, &p->ports, BUS_PIO, PORT_BASE, PORTS, 0);

	return err ? err : bus_region_add(&d->vm->bus, &p->speaker, BUS_PIO, SPEAKER_PORT, 1, 1);
}

void i8254_connect(struct device *d, struct irqchip *chip, uint32_t pin)
{
	container_of(d, struct i8254, dev)->irq = (struct irq_line){ .chip = chip, .pin = pin, .edge = true };
}

void i8254_get(struct device *d, struct pit_regs *regs)
{
	struct i8254 *p = container_of(d, struct i8254, dev);

	lock_acquire(&d->lock);
	*regs = p->regs;
	for (unsigned n = 0; n < PIT_CHANNELS; n++)
		if (p->regs.channel[n].gate || !stops(&p->regs.channel[n]))
			regs->channel[n].age_ns = now_ns(p) - p->loaded_ns[n];
	lock_release(&d->lock);
}

void i8254_put(struct device *d, const struct pit_regs *regs)
{
	struct i8254 *p = container_of(d, struct i8254, dev);
	uint64_t now;

	lock_acquire(&d->lock);
	p->regs = *regs;
	now = now_ns(p);
	for (unsigned n = 0; n < PIT_CHANNELS; n++)
		p->loaded_ns[n] = now - regs->channel[n].age_ns;	/* may be before 0: only differences count */
	p->regs.channel[0].gate = p->regs.channel[1].gate = true;
	arm(p, elapsed(p, 0), 0);
	lock_release(&d->lock);
}

const struct dev_class i8254_class = {
	.name		= "i8254",
	.size		= sizeof(struct i8254),
	.init		= i8254_init,
	.destroy	= i8254_destroy,
	.reset		= i8254_reset,
};
