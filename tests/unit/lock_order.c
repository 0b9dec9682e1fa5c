/* SPDX-License-Identifier: BSD-2-Clause */
/* The check of lock order that builds with sanitizers have (base/lock.h); here it is on in every build. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#ifndef LOCK_CHECK
#define LOCK_CHECK
#endif
#include "base/lock.c"
#include "core/lock_order.h"

static jmp_buf *out;
static const char *said;

/* What lock.c wants of others: a panic comes back to the test. */
void panic_at(const char *file, int line, const char *format, ...)
{
	said = format;
	longjmp(*out, 1);
}

void platform_wait(uint32_t *word, uint32_t expected)
{
}

void platform_wake(uint32_t *word, bool all)
{
}

static bool refused(struct lock *l)
{
	jmp_buf here;

	out = &here;
	said = NULL;
	if (setjmp(here))
		return true;
	lock_acquire(l);
	return false;
}

static struct lock ranked(uint32_t rank)
{
	struct lock l = { 0 };

	lock_set_rank(&l, rank);
	return l;
}

static void locks_in_order_pass(void **state)
{
	struct lock vm = ranked(LOCK_VM), device = ranked(LOCK_DEVICE), chip = ranked(LOCK_IRQCHIP), leaf = ranked(LOCK_TIME);

	for (int i = 0; i < 3; i++) {
		assert_false(refused(&vm));
		assert_false(refused(&device));
		assert_false(refused(&chip));
		assert_false(refused(&leaf));
		lock_release(&device);		/* in any order */
		lock_release(&leaf);
		lock_release(&vm);
		lock_release(&chip);
	}
}

static void a_lock_taken_too_late_is_a_panic(void **state)
{
	struct lock vm = ranked(LOCK_VM), device = ranked(LOCK_DEVICE), chip = ranked(LOCK_IRQCHIP);

	lock_acquire(&chip);
	assert_true(refused(&device));
	assert_true(refused(&vm));
	assert_non_null(said);
	lock_release(&chip);
	assert_false(refused(&device));
	assert_true(refused(&vm));
	lock_release(&device);
	assert_false(refused(&vm));
	lock_release(&vm);
}

static void a_second_lock_of_a_rank_is_a_panic_unless_it_nests(void **state)
{
	struct lock a = ranked(LOCK_IRQCHIP), b = ranked(LOCK_IRQCHIP), c = ranked(LOCK_DEVICE), d = ranked(LOCK_DEVICE);

	lock_acquire(&c);
	assert_false(refused(&d));
	assert_false(refused(&a));
	assert_true(refused(&b));
	assert_true(refused(&a));	/* nor itself again */
	lock_release(&a);
	lock_release(&d);
	lock_release(&c);
}

static void a_lock_without_rank_is_not_looked_at(void **state)
{
	struct lock plain = { 0 }, leaf = ranked(LOCK_TIME), vm = ranked(LOCK_VM);

	lock_acquire(&leaf);
	assert_false(refused(&plain));
	lock_release(&leaf);
	assert_false(refused(&vm));
	lock_release(&vm);
	lock_release(&plain);
}

static void trying_does_not_wait_and_is_never_out_of_order(void **state)
{
	struct lock vm = ranked(LOCK_VM), device = ranked(LOCK_DEVICE), leaf = ranked(LOCK_TIME);

	lock_acquire(&leaf);
	assert_true(lock_try(&device));
	lock_release(&leaf);
	assert_true(refused(&vm));	/* what was tried is held */
	lock_release(&device);
	assert_false(refused(&vm));
	assert_false(lock_try(&vm));
	lock_release(&vm);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(locks_in_order_pass),
		cmocka_unit_test(a_lock_taken_too_late_is_a_panic),
		cmocka_unit_test(a_second_lock_of_a_rank_is_a_panic_unless_it_nests),
		cmocka_unit_test(a_lock_without_rank_is_not_looked_at),
		cmocka_unit_test(trying_does_not_wait_and_is_never_out_of_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
