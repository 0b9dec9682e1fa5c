/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The neighbour of a hostile cell: a timer interrupt each millisecond moves its heartbeat, and in between it sums up its memory
 * again and again. Each `period_ms` (500) it prints both, and how late a beat came at worst since the last line.
 */
#include "guests/inmate/inmate.h"

#define KEPT		(256u << 10)
#define BEAT_NS		1000000

static struct {
	uint64_t next, tick, late;
	volatile uint64_t beats, other_irqs;
} heart;
static uint64_t kept[KEPT / 8];

static void on_irq(unsigned intid)
{
	uint64_t late = now() - heart.next;

	if (intid != TIMER_IRQ) {
		heart.other_irqs++;
		return;
	}
	heart.late = MAX(heart.late, late);
	heart.beats++;
	heart.next = MAX(heart.next + heart.tick, now());
	timer_at(heart.next);
}

void inmate_main(void)
{
	uint64_t seed = 88172645463325252ull, line = ticks_of_ns(option_number("period_ms", 500) * 1000000), next;
	uint32_t sum, changed = 0;

	for (unsigned i = 0; i < KEPT / 8; i++)
		kept[i] = random_next(&seed);
	sum = mem_sum(kept, KEPT);
	heart.tick = ticks_of_ns(BEAT_NS);
	irq_handler(on_irq);
	irq_enable(TIMER_IRQ);
	heart.next = now() + heart.tick;
	timer_at(heart.next);
	irq_on();
	for (next = now() + line; !comm_poll();) {
		uint32_t again = mem_sum(kept, KEPT);

		if (again != sum)
			changed++;
		if (now() < next)
			continue;
		next += line;
		print("victim: beat %lu sum %08x changed %u strange %lu late %lu ns\n", heart.beats, again, changed,
		      heart.other_irqs, ns_of_ticks(heart.late));
		heart.late = 0;
	}
	print("victim: goodbye\n");
}
