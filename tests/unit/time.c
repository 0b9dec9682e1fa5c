/* SPDX-License-Identifier: BSD-2-Clause */
/* core/time: the clocks' arithmetic and continuity, and the timer heap. */
#include <stdlib.h>
#include <time.h>
#include "base/log.h"
#include "core/time.h"
#include "os/tsc.h"
#include "tests/unit/cmocka_all.h"
#include "tests/unit/skip.h"

#define NS_PER_S	1000000000ull

struct fixture {
	struct vm_time t;
	struct timer *heap[64];
	uint64_t host, armed;
	unsigned rearmed;
};

static uint64_t source(void *ctx)
{
	return ((struct fixture *)ctx)->host;
}

static void rearm(struct vm_time *t, uint64_t deadline_ns)
{
	struct fixture *f = t->rearm_ctx;

	f->armed = deadline_ns;
	f->rearmed++;
}

static struct fixture *start(uint64_t hz)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->host = 123456789;
	vm_time_init(&f->t, hz, f->heap, 64);
	f->t.source = source;
	f->t.source_ctx = f;
	f->t.rearm = rearm;
	f->t.rearm_ctx = f;
	vm_time_resume(&f->t);
	return f;
}

static const uint64_t rates[] = { 62500000, 1000000000, 24000000, 19200000, 100000000, 10000000, 54000000, 32768, 3333333333 };

static void the_counter_is_exact_for_years(void **state)
{
	for (size_t r = 0; r < ARRAY_SIZE(rates); r++) {
		struct fixture *f = start(rates[r]);
		uint64_t begin = f->host;

		for (uint64_t s = 1; s < 10 * 366 * 86400ull; s = s * 3 + 1) {
			f->host = begin + s * NS_PER_S;
			assert_int_equal(vm_now_ns(&f->t), s * NS_PER_S);
			assert_int_equal(vm_counter(&f->t), s * rates[r]);
			f->host--;
			assert_int_equal(vm_now_ns(&f->t), s * NS_PER_S - 1);
			assert_true(vm_counter(&f->t) <= s * rates[r]);
		}
		free(f);
	}
}

static void a_count_is_there_at_its_time_and_not_before(void **state)
{
	for (size_t r = 0; r < ARRAY_SIZE(rates); r++) {
		struct fixture *f = start(rates[r]);
		uint64_t begin = f->host;

		for (uint64_t count = 1; count < 1ull << 52; count = count * 3 + 1) {
			uint64_t ns = vm_counter_to_ns(&f->t, count);

			if (ns > INT64_MAX)
				break;
			f->host = begin + ns;
			assert_true(vm_counter(&f->t) >= count);
			f->host = begin + ns - 1;
			assert_true(vm_counter(&f->t) < count);
		}
		assert_true(vm_counter_to_ns(&f->t, ~0ull) > 1ull << 62);
		free(f);
	}
}

static void a_count_too_far_away_saturates(void **state)
{
	struct fixture *f = start(1000);

	assert_true(vm_counter_to_ns(&f->t, ~0ull) == ~0ull);
	assert_true(vm_counter_to_ns(&f->t, 1ull << 60) == ~0ull);
	free(f);
}

static void time_stands_still_while_paused(void **state)
{
	struct fixture *f = start(62500000);

	f->host += 1600;
	vm_time_pause(&f->t);
	f->host += 1000000;
	assert_int_equal(vm_now_ns(&f->t), 1600);
	assert_int_equal(vm_counter(&f->t), 100);
	vm_time_pause(&f->t);
	vm_time_resume(&f->t);
	assert_int_equal(vm_now_ns(&f->t), 1600);
	f->host += 160;
	assert_int_equal(vm_now_ns(&f->t), 1760);
	assert_int_equal(vm_counter(&f->t), 110);
	assert_int_equal(vm_counter_to_ns(&f->t, 120), 1920);
	assert_int_equal(vm_time_until(&f->t, 1920), 160);
	assert_int_equal(vm_time_until(&f->t, 5), 0);
	assert_true(vm_time_until(&f->t, ~0ull) == ~0ull);
	free(f);
}

static void the_tsc_keeps_time_with_the_host_and_continues_the_clocks(void **state)
{
	struct fixture *f;
	struct tsc_start s;
	struct timespec nap = { 0, 20000000 };
	uint64_t hz, ns, count;

	tsc_start(&s);
	if (tsc_frequency(&s, &hz)) {
		skip_because("the host has no TSC that counts evenly");
		return;
	}
	f = start(62500000);
	f->host += 5 * NS_PER_S;
	vm_time_use_tsc(&f->t, hz);
	ns = vm_now_ns(&f->t);
	count = vm_counter(&f->t);
	assert_true(ns >= 5 * NS_PER_S && ns < 6 * NS_PER_S);
	assert_true(count >= 5 * 62500000ull && count < 6 * 62500000ull);
	nanosleep(&nap, NULL);
	ns = vm_now_ns(&f->t) - ns;
	assert_true(ns > 19900000 && ns < 5 * NS_PER_S);
	count = vm_counter(&f->t) - count;
	assert_true(count * 16 > ns - 10000 && count * 16 < ns + NS_PER_S);
	vm_time_pause(&f->t);
	ns = vm_now_ns(&f->t);
	nanosleep(&nap, NULL);
	assert_int_equal(vm_now_ns(&f->t), ns);
	vm_time_resume(&f->t);
	assert_true(vm_now_ns(&f->t) >= ns && vm_now_ns(&f->t) < ns + 15000000);
	free(f);
}

struct test_timer {
	struct timer t;
	struct fixture *f;
	unsigned fired;
	uint64_t at, again;
};

static void fire(struct timer *t)
{
	struct test_timer *me = container_of(t, struct test_timer, t);

	me->fired++;
	me->at = vm_now_ns(&me->f->t);
	if (me->again)
		timer_set(&me->f->t, t, me->at + me->again);
}

static void timers_fire_in_order_of_their_deadlines(void **state)
{
	struct fixture *f = start(62500000);
	struct test_timer t[40] = { 0 };
	uint64_t begin = f->host, next = 0, last = 0;
	unsigned fired = 0;

	srand(1);
	for (int round = 0; round < 200; round++) {
		struct test_timer *x = &t[rand() % 40];

		if (!x->t.fn) {
			timer_init(&x->t, fire);
			x->f = f;
		}
		if (rand() % 4)
			timer_set(&f->t, &x->t, (uint64_t)(1 + rand() % 1000));
		else
			timer_cancel(&f->t, &x->t);
		for (uint32_t i = 1; i < f->t.timers; i++)
			assert_true(f->heap[i]->deadline_ns >= f->heap[(i - 1) / 2]->deadline_ns);
		for (uint32_t i = 0; i < f->t.timers; i++)
			assert_int_equal(f->heap[i]->slot, i + 1);
	}
	fired = f->t.timers;
	while ((next = vm_time_run(&f->t)) != ~0ull) {
		assert_true(next > last);
		last = next;
		f->host = begin + next;
	}
	for (int i = 0; i < 40; i++) {
		fired -= t[i].fired;
		if (t[i].fired)
			assert_int_equal(t[i].at, t[i].t.deadline_ns);
	}
	assert_int_equal(fired, 0);
	free(f);
}

static void the_host_is_armed_only_for_earlier_deadlines(void **state)
{
	struct fixture *f = start(62500000);
	struct test_timer a = { .f = f }, b = { .f = f };

	timer_init(&a.t, fire);
	timer_init(&b.t, fire);
	timer_set(&f->t, &a.t, 1000);
	assert_int_equal(f->armed, 1000);
	timer_set(&f->t, &b.t, 2000);
	timer_set(&f->t, &a.t, 3000);			/* later: it may fire early once */
	assert_int_equal(f->rearmed, 1);
	timer_set(&f->t, &a.t, 500);
	assert_int_equal(f->armed, 500);
	f->host += 500;
	assert_int_equal(vm_time_run(&f->t), 2000);
	assert_int_equal(f->armed, 2000);
	assert_int_equal(a.fired, 1);
	a.again = 100;
	timer_set(&f->t, &a.t, 600);
	f->rearmed = 0;
	f->host += 100;
	assert_int_equal(vm_time_run(&f->t), 700);
	assert_int_equal(f->armed, 700);
	assert_int_equal(f->rearmed, 1);		/* once, after the callback had set its timer */
	timer_cancel(&f->t, &a.t);
	timer_cancel(&f->t, &a.t);
	assert_int_equal(vm_time_run(&f->t), 2000);
	free(f);
}

static void paused_timers_wait_and_are_armed_again(void **state)
{
	struct fixture *f = start(62500000);
	struct test_timer a = { .f = f };

	timer_init(&a.t, fire);
	timer_set(&f->t, &a.t, 1000);
	vm_time_pause(&f->t);
	f->host += 5000;
	assert_true(vm_time_run(&f->t) == ~0ull);
	assert_int_equal(a.fired, 0);
	vm_time_resume(&f->t);
	assert_int_equal(f->armed, 1000);
	assert_int_equal(vm_time_until(&f->t, f->armed), 1000);
	f->host += 1000;
	vm_time_run(&f->t);
	assert_int_equal(a.fired, 1);
	free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_counter_is_exact_for_years),
		cmocka_unit_test(a_count_is_there_at_its_time_and_not_before),
		cmocka_unit_test(a_count_too_far_away_saturates),
		cmocka_unit_test(time_stands_still_while_paused),
		cmocka_unit_test(the_tsc_keeps_time_with_the_host_and_continues_the_clocks),
		cmocka_unit_test(timers_fire_in_order_of_their_deadlines),
		cmocka_unit_test(the_host_is_armed_only_for_earlier_deadlines),
		cmocka_unit_test(paused_timers_wait_and_are_armed_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
