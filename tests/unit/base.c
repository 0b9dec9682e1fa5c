/* SPDX-License-Identifier: BSD-2-Clause */
/* base/: formatting against the C library's, arena, lock, work, log limits, bits. */
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include "base/arena.h"
#include "base/bits.h"
#include "base/fmt.h"
#include "base/lock.h"
#include "base/log.h"
#include "base/work.h"
#include "tests/unit/cmocka_all.h"

#define SAME(...) do { \
	char ours[120], theirs[120]; \
	int n = snprintf(theirs, sizeof(theirs), __VA_ARGS__); \
	assert_int_equal(fmt_print(ours, sizeof(ours), __VA_ARGS__), n); \
	assert_string_equal(ours, theirs); \
} while (0)

static void numbers_are_printed_as_the_c_library_does(void **state)
{
	SAME("%d %i %u", -5, 7, 4000000000u);
	SAME("[%5d] [%-5d] [%05d] [%05d]", 42, 42, 42, -42);
	SAME("[%.3d] [%8.3d] [%-8.3x]", 7, 7, 7);
	SAME("[%.0d] [%.0d]", 0, 1);
	SAME("%x %X %#x %#X %#x", 0xbeefu, 0xbeefu, 0xbeefu, 0xbeefu, 0u);
	SAME("%#010x %010lx", 0xbeefu, 0xbeeful);
	SAME("%hhd %hhu %hd %hu", (signed char)-1, (unsigned char)255, (short)-2, (unsigned short)65535);
	SAME("%ld %lu %lld %llx %zu %zd", -1l, ~0ul, INT64_MIN + 0ll, ~0ull, (size_t)-1, (ssize_t)-1);
	SAME("[%*d] [%-*d] [%*d] [%.*d]", 6, 1, 6, 1, -6, 1, 4, 1);
	SAME("%d%%", 100);
	SAME("%p", (void *)0x1234);
}

static void strings_are_printed_as_the_c_library_does(void **state)
{
	SAME("%s|%10s|%-10s|%.2s|%10.2s|%.*s", "abc", "abc", "abc", "abc", "abc", 1, "abc");
	SAME("%c|%5c|%-5c|", 'x', 'y', 'z');
	SAME("plain");
	SAME("%s", "");
}

static void output_that_does_not_fit_is_cut_and_counted(void **state)
{
	char b[5] = "????";

	assert_int_equal(fmt_print(b, sizeof(b), "%s", "abcdefgh"), 8);
	assert_string_equal(b, "abcd");
	assert_int_equal(fmt_print(b, 0, "%d", 123), 3);
	assert_int_equal(fmt_print(NULL, 0, "%d", 123), 3);
}

static void an_arena_gives_zeroed_aligned_memory_until_it_is_full(void **state)
{
	static uint8_t buf[4096] __attribute__((aligned(64)));
	struct arena a;
	uint8_t *p, *q;

	memset(buf, 0xff, sizeof(buf));
	arena_init(&a, buf + 1, sizeof(buf) - 1);
	p = arena_alloc(&a, 5);
	q = arena_alloc_aligned(&a, 100, 64);
	assert_non_null(p);
	assert_int_equal((uintptr_t)p & 15, 0);
	assert_int_equal((uintptr_t)q & 63, 0);
	assert_true(q >= p + 5);
	for (int i = 0; i < 100; i++)
		assert_int_equal(q[i], 0);
	assert_null(arena_alloc(&a, sizeof(buf)));
	assert_null(arena_alloc(&a, SIZE_MAX));
	assert_null(arena_alloc(&a, SIZE_MAX - 15));
	assert_non_null(arena_alloc(&a, 100));
}

struct contest {
	struct lock lock;
	uint64_t count;
};

static void *contend(void *arg)
{
	struct contest *c = arg;

	for (int i = 0; i < 50000; i++) {
		lock_acquire(&c->lock);
		c->count++;
		lock_release(&c->lock);
	}
	return NULL;
}

static void a_lock_lets_one_thread_in_at_a_time(void **state)
{
	struct contest c = { 0 };
	pthread_t t[4];

	for (int i = 0; i < 4; i++)
		pthread_create(&t[i], NULL, contend, &c);
	for (int i = 0; i < 4; i++)
		pthread_join(t[i], NULL);
	assert_int_equal(c.count, 200000);
	assert_true(lock_try(&c.lock));
	assert_false(lock_try(&c.lock));
	lock_release(&c.lock);
}

struct order {
	struct work w;
	char name;
};
static char ran[16];
static unsigned wakes;

static void note(struct work *w)
{
	char name[2] = { container_of(w, struct order, w)->name, 0 };

	strcat(ran, name);
}

static void count_wake(struct workq *q)
{
	wakes++;
}

static void work_runs_in_order_once_for_each_post(void **state)
{
	struct order o[3];
	struct workq q;

	workq_init(&q, count_wake);
	for (int i = 0; i < 3; i++) {
		work_init(&o[i].w, note);
		o[i].name = (char)('a' + i);
		work_post(&q, &o[i].w);
		work_post(&q, &o[i].w);		/* merges */
	}
	assert_int_equal(wakes, 1);
	assert_int_equal(workq_run(&q), 3);
	assert_string_equal(ran, "abc");
	assert_int_equal(workq_run(&q), 0);
	work_post(&q, &o[1].w);
	assert_int_equal(wakes, 2);
	assert_int_equal(workq_run(&q), 1);
	assert_string_equal(ran, "abcb");
}

struct counter {
	struct work w;
	struct workq q;
	uint64_t posted, seen;
};

static void count_run(struct work *w)
{
	struct counter *c = container_of(w, struct counter, w);

	c->seen = __atomic_load_n(&c->posted, __ATOMIC_RELAXED);
}

static void *post_many(void *arg)
{
	struct counter *c = arg;

	for (int i = 0; i < 20000; i++) {
		__atomic_fetch_add(&c->posted, 1, __ATOMIC_RELAXED);
		work_post(&c->q, &c->w);
	}
	return NULL;
}

static void no_post_is_lost_between_threads(void **state)
{
	struct counter c = { 0 };
	pthread_t t[3];

	workq_init(&c.q, NULL);
	work_init(&c.w, count_run);
	for (int i = 0; i < 3; i++)
		pthread_create(&t[i], NULL, post_many, &c);
	for (int i = 0; i < 1000; i++)
		workq_run(&c.q);
	for (int i = 0; i < 3; i++)
		pthread_join(t[i], NULL);
	workq_run(&c.q);
	assert_int_equal(c.seen, 60000);
}

static void a_limited_message_comes_ten_times_and_then_rarely(void **state)
{
	struct log_limit l = { 0 };
	int n = 0;

	for (int i = 0; i < 100; i++)
		n += log_allowed(&l);
	assert_int_equal(n, 10);
	l.next_ns = 1;			/* long ago */
	assert_true(log_allowed(&l));
	assert_false(log_allowed(&l));
}

static void fields_are_taken_and_put_by_mask(void **state)
{
	assert_int_equal(MASK(7, 4), 0xf0);
	assert_true(MASK(63, 0) == ~0ull);
	assert_int_equal(field_get(MASK(7, 4), 0xab), 0xa);
	assert_int_equal(field_put(MASK(7, 4), 0x1c), 0xc0);
	assert_int_equal(field_set(0xabull, MASK(7, 4), 5), 0x5b);
	assert_int_equal(sign_extend(0x80, 8), -128);
	assert_int_equal(bits(0xabcd, 4, 8), 0xbc);
	assert_int_equal(ctz64(0), 64);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_printed_as_the_c_library_does),
		cmocka_unit_test(strings_are_printed_as_the_c_library_does),
		cmocka_unit_test(output_that_does_not_fit_is_cut_and_counted),
		cmocka_unit_test(an_arena_gives_zeroed_aligned_memory_until_it_is_full),
		cmocka_unit_test(a_lock_lets_one_thread_in_at_a_time),
		cmocka_unit_test(work_runs_in_order_once_for_each_post),
		cmocka_unit_test(no_post_is_lost_between_threads),
		cmocka_unit_test(a_limited_message_comes_ten_times_and_then_rarely),
		cmocka_unit_test(fields_are_taken_and_put_by_mask),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
