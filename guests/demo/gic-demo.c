/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How late a timer's interrupt comes: one line for each expiry, in the words of Jailhouse's demo. `period_us` (100000),
 * `quiet=N` prints each Nth.
 */
#include "guests/inmate/inmate.h"

static struct {
	uint64_t expected, period, count, sum, min, max, last;
	volatile bool fired;
} timer;

static void on_timer(unsigned intid)
{
	uint64_t late = now() - timer.expected;

	if (intid != TIMER_IRQ)
		return;
	timer.last = ns_of_ticks(late);
	timer.min = MIN(timer.min, timer.last);
	timer.max = MAX(timer.max, timer.last);
	timer.sum += timer.last;
	timer.count++;
	timer.expected += timer.period;
	if (timer.expected < now())		/* printing took long */
		timer.expected = now() + timer.period;
	timer_at(timer.expected);
	timer.fired = true;
}

void inmate_main(void)
{
	uint64_t each = option_number("quiet", 1);

	timer.period = ticks_of_ns(option_number("period_us", 100000) * 1000);
	timer.min = ~0ull;
	irq_handler(on_timer);
	irq_enable(TIMER_IRQ);
	timer.expected = now() + timer.period;
	timer_at(timer.expected);
	print("Initialized, timer every %lu us\n", ns_of_ticks(timer.period) / 1000);
	while (!comm_poll()) {
		irq_off();
		if (!timer.fired)
			wfi();
		irq_on();
		isb();
		if (!timer.fired)
			continue;
		timer.fired = false;
		if (timer.count % each == 0)
			print("Timer fired, jitter: %6lu ns, min: %6lu ns, avg: %6lu ns, max: %6lu ns\n", timer.last, timer.min,
			      timer.sum / timer.count, timer.max);
	}
	print("gic-demo: %lu expiries\n", timer.count);
}
