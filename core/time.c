/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Guest nanoseconds, the architected counter, and a heap of timers.
 *
 * Both clocks are linear in one source. If that is host ns, the counter is its exact quotient; if it is the TSC, both are
 * ((tsc - base) * mult >> shift) + value_base, with a 128-bit product and mult rounded up. Readers copy the parameters
 * under a sequence count, so that threads which are no vCPU may read while another pauses the machine.
 *
 * The heap is told about every change of a deadline, the host only when it has to fire earlier than it would: a guest
 * that moves its timer on every tick costs no system call. What fires too early finds nothing due and is armed again.
 */
#include "base/bits.h"
#include "base/cpu.h"
#include "base/log.h"
#include "base/platform.h"
#include "base/string.h"
#include "core/lock_order.h"
#include "core/time.h"

#define NS_PER_S	1000000000ull
#define NEVER		(~0ull)

/* ---- arithmetic without a 128-bit division, which freestanding builds lack ---- */

static uint64_t scale(uint64_t v, uint64_t mult, uint32_t shift)
{
	return (uint64_t)((unsigned __int128)v * mult >> shift);
}

/* ceil(num * 2^shift / den) with the largest shift up to 63 for which that fits in 64 bits. */
static void ratio(uint64_t num, uint64_t den, uint64_t *mult, uint32_t *shift)
{
	uint64_t q = num / den, rem = num % den;
	uint32_t n = 0;

	while (n < 63 && !(q >> 63)) {
		bool carry = rem >> 63 || rem << 1 >= den;

		q = q << 1 | carry;
		rem = (rem << 1) - (carry ? den : 0);
		n++;
	}
	if (rem && q != NEVER)
		q++;
	while (n && !(q & 1)) {		/* 1/16 as 1 >> 4 is easier to read in a dump */
		q >>= 1;
		n--;
	}
	*mult = q;
	*shift = n;
}

/* floor(v * num / den), exact while num * den fits in 64 bits. */
static uint64_t mul_div(uint64_t v, uint64_t num, uint64_t den)
{
	return v / den * num + v % den * num / den;
}

/* ---- the source ---- */

#define GET(field)	__atomic_load_n(&t->field, __ATOMIC_SEQ_CST)
#define SET(field, v)	__atomic_store_n(&t->field, v, __ATOMIC_SEQ_CST)

static uint64_t host_ns(struct vm_time *t)
{
	return t->source ? t->source(t->source_ctx) : platform_now_ns();
}

static uint64_t source_now(struct vm_time *t)
{
	return GET(tsc) ? cpu_tsc() : host_ns(t);
}

static void write_begin(struct vm_time *t)
{
	__atomic_store_n(&t->seq, t->seq + 1, __ATOMIC_SEQ_CST);
}

static void write_end(struct vm_time *t)
{
	__atomic_store_n(&t->seq, t->seq + 1, __ATOMIC_SEQ_CST);
}

/* From what the source has advanced to ns or the count. */
static uint64_t convert(struct vm_time *t, uint64_t advance, bool counter)
{
	if (GET(tsc))
		return counter ? scale(advance, GET(mult), GET(shift)) : scale(advance, GET(ns_mult), GET(ns_shift));
	return counter ? mul_div(advance, t->counter_hz, NS_PER_S) : advance;
}

/* A clock's value now: ns or the counter. */
static uint64_t clock_now(struct vm_time *t, bool counter)
{
	uint64_t v, from;
	uint32_t seq;

	for (;;) {
		seq = GET(seq);
		from = GET(tsc) ? GET(tsc_base) : GET(host_base);
		v = GET(paused) ? 0 : source_now(t) - from;
		/* A TSC may be a little behind on another CPU. */
		v = (int64_t)v > 0 ? convert(t, v, counter) : 0;
		v += counter ? GET(counter_base) : GET(ns_base);
		if (!(seq & 1) && GET(seq) == seq)
			return v;
		cpu_relax();
	}
}

uint64_t vm_now_ns(struct vm_time *t)
{
	return clock_now(t, false);
}

uint64_t vm_counter(struct vm_time *t)
{
	return clock_now(t, true);
}

uint64_t vm_wall_ns(struct vm_time *t)
{
	return vm_now_ns(t) + t->wall_offset_ns;
}

uint64_t vm_counter_to_ns(struct vm_time *t, uint64_t count)
{
	uint64_t base = GET(counter_base), hz = t->counter_hz, ticks = count - base, ns;

	if (count < base)
		return GET(ns_base);
	if (mul_overflows(ticks / hz, NS_PER_S, &ns) ||
	    add_overflows(ns, (ticks % hz * NS_PER_S + hz - 1) / hz, &ns) || add_overflows(ns, GET(ns_base), &ns))
		return NEVER;
	return ns;
}

uint64_t vm_time_until(struct vm_time *t, uint64_t deadline_ns)
{
	uint64_t now = vm_now_ns(t);

	return deadline_ns == NEVER ? NEVER : deadline_ns > now ? deadline_ns - now : 0;
}

/* Restart the clocks at their present values from the source as it is now. */
static void rebase(struct vm_time *t, uint64_t ns, uint64_t count, bool paused)
{
	write_begin(t);
	SET(ns_base, ns);
	SET(counter_base, count);
	SET(host_base, host_ns(t));
	SET(tsc_base, t->tsc ? cpu_tsc() : 0);
	SET(paused, paused);
	write_end(t);
}

void vm_time_init(struct vm_time *t, uint64_t counter_hz, struct timer **heap, uint32_t capacity)
{
	memset(t, 0, sizeof(*t));
	lock_set_rank(&t->lock, LOCK_TIME);
	t->counter_hz = counter_hz;
	t->heap = heap;
	t->capacity = capacity;
	t->armed_ns = NEVER;
	t->paused = true;
	rebase(t, 0, 0, true);
}

void vm_time_use_tsc(struct vm_time *t, uint64_t tsc_hz)
{
	uint64_t ns = vm_now_ns(t), count = vm_counter(t);
	uint64_t mult, ns_mult;
	uint32_t shift, ns_shift;

	ratio(t->counter_hz, tsc_hz, &mult, &shift);
	ratio(NS_PER_S, tsc_hz, &ns_mult, &ns_shift);
	write_begin(t);
	SET(tsc, true);
	SET(mult, mult);
	SET(shift, shift);
	SET(ns_mult, ns_mult);
	SET(ns_shift, ns_shift);
	SET(tsc_base, cpu_tsc());
	SET(ns_base, ns);
	SET(counter_base, count);
	write_end(t);
}

void vm_time_pause(struct vm_time *t)
{
	if (!t->paused)
		rebase(t, vm_now_ns(t), vm_counter(t), true);
}

void vm_time_resume(struct vm_time *t)
{
	if (!t->paused)
		return;
	rebase(t, t->ns_base, t->counter_base, false);
	lock_acquire(&t->lock);
	t->armed_ns = t->timers ? t->heap[0]->deadline_ns : NEVER;
	if (t->timers && t->rearm)
		t->rearm(t, t->armed_ns);
	lock_release(&t->lock);
}

/* ---- the heap; everything below runs under t->lock ---- */

static void place(struct vm_time *vt, uint32_t i, struct timer *t)
{
	vt->heap[i] = t;
	t->slot = i + 1;
}

static void sift(struct vm_time *vt, uint32_t i, struct timer *t)
{
	uint32_t child;

	for (; i && t->deadline_ns < vt->heap[(i - 1) / 2]->deadline_ns; i = (i - 1) / 2)
		place(vt, i, vt->heap[(i - 1) / 2]);
	for (;; i = child) {
		child = 2 * i + 1;
		if (child + 1 < vt->timers && vt->heap[child + 1]->deadline_ns < vt->heap[child]->deadline_ns)
			child++;
		if (child >= vt->timers || vt->heap[child]->deadline_ns >= t->deadline_ns)
			break;
		place(vt, i, vt->heap[child]);
	}
	place(vt, i, t);
}

static void take_out(struct vm_time *vt, struct timer *t)
{
	uint32_t i = t->slot - 1;
	struct timer *last = vt->heap[--vt->timers];

	t->slot = 0;
	if (last != t)
		sift(vt, i, last);
}

void timer_init(struct timer *t, void (*fn)(struct timer *t))
{
	*t = (struct timer){ .fn = fn };
}

void timer_set(struct vm_time *vt, struct timer *t, uint64_t deadline_ns)
{
	lock_acquire(&vt->lock);
	t->deadline_ns = deadline_ns;
	if (t->slot) {
		sift(vt, t->slot - 1, t);
	} else if (vt->timers < vt->capacity) {
		sift(vt, vt->timers++, t);
	} else {
		lock_release(&vt->lock);
		panic("more than %u timers", vt->capacity);
	}
	if (vt->heap[0]->deadline_ns < vt->armed_ns && !vt->paused) {
		vt->armed_ns = vt->heap[0]->deadline_ns;
		if (vt->rearm)
			vt->rearm(vt, vt->armed_ns);
	}
	lock_release(&vt->lock);
}

void timer_cancel(struct vm_time *vt, struct timer *t)
{
	lock_acquire(&vt->lock);
	if (t->slot)
		take_out(vt, t);
	lock_release(&vt->lock);
}

uint64_t vm_time_run(struct vm_time *t)
{
	uint64_t next;

	lock_acquire(&t->lock);
	while (!t->paused && t->timers && t->heap[0]->deadline_ns <= vm_now_ns(t)) {
		struct timer *due = t->heap[0];

		take_out(t, due);
		t->armed_ns = 0;	/* nobody needs to rearm: this loop looks again */
		lock_release(&t->lock);
		due->fn(due);
		lock_acquire(&t->lock);
	}
	next = t->timers && !t->paused ? t->heap[0]->deadline_ns : NEVER;
	t->armed_ns = next;
	if (next != NEVER && t->rearm)
		t->rearm(t, next);
	lock_release(&t->lock);
	return next;
}
