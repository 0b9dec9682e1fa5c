/* SPDX-License-Identifier: BSD-2-Clause */
/* core/irq_route: masks and pending bits, with a controller of our own and with an engine that has irqfds. */
#include <stdlib.h>
#include "base/errno.h"
#include "core/irq_route.h"
#include "core/vm.h"
#include "tests/unit/cmocka_all.h"

static struct msi last;
static unsigned sent, written, batches, batch_size;
static bool engine_refuses, connected;

static int chip_msi(struct irqchip *c, const struct msi *m)
{
	last = *m;
	sent++;
	return 1;
}

static const struct irqchip_ops chip_ops = { .msi = chip_msi };

static void eventfd_write(struct notifier *n)
{
	written++;
}

static int engine_route(struct vm *vm, struct irq_route *const *list, unsigned n)
{
	struct msi msi;

	batches++;
	batch_size = n;
	if (engine_refuses)
		return -ENOSPC;
	for (unsigned i = 0; i < n; i++) {
		list[i]->notifier.signal = eventfd_write;
		connected = irq_route_get(list[i], &msi);
		last = msi;
	}
	return 0;
}

static const struct engine_ops plain = { .name = "plain" }, with_routes = { .name = "routes", .route = engine_route };

struct fixture {
	struct vm vm;
	struct irqchip chip;
	struct irq_route r;
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->chip.ops = &chip_ops;
	f->vm.irqchip = &f->chip;
	f->vm.engine = &plain;
	sent = written = batches = 0;
	engine_refuses = connected = false;
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	free(*state);
	return 0;
}

static const struct msi message = { .addr = 0xfee00000, .data = 0x41, .devid = 8 };

static void a_signal_sends_the_message(void **state)
{
	struct fixture *f = *state;

	irq_route_init(&f->r, &f->vm);
	assert_int_equal(irq_route_set(&f->r, &message, false), 0);
	irq_route_signal(&f->r);
	notifier_signal(irq_route_notifier(&f->r));
	assert_int_equal(sent, 2);
	assert_int_equal(last.addr, message.addr);
	assert_int_equal(last.data, message.data);
	assert_int_equal(last.devid, 8);
	assert_int_equal(irq_route_notifier(&f->r)->fd, -1);
}

static void what_comes_while_masked_is_sent_once_when_unmasked(void **state)
{
	struct fixture *f = *state;

	irq_route_init(&f->r, &f->vm);
	irq_route_set(&f->r, &message, true);
	irq_route_signal(&f->r);
	irq_route_signal(&f->r);
	assert_int_equal(sent, 0);
	assert_true(irq_route_pending(&f->r));
	irq_route_set(&f->r, &message, false);
	assert_int_equal(sent, 1);
	assert_false(irq_route_pending(&f->r));
	irq_route_set(&f->r, &message, false);
	assert_int_equal(sent, 1);
}

static void a_signal_without_a_message_waits_for_one(void **state)
{
	struct fixture *f = *state;

	irq_route_init(&f->r, &f->vm);
	irq_route_signal(&f->r);
	assert_true(irq_route_pending(&f->r));
	irq_route_set(&f->r, NULL, false);
	assert_int_equal(sent, 0);
	irq_route_set(&f->r, &message, false);
	assert_int_equal(sent, 1);
	irq_route_set(&f->r, NULL, false);
	irq_route_signal(&f->r);
	irq_route_forget(&f->r);
	irq_route_set(&f->r, &message, false);
	assert_int_equal(sent, 1);
}

static void an_engine_with_routes_takes_the_signals(void **state)
{
	struct fixture *f = *state;

	f->vm.engine = &with_routes;
	irq_route_init(&f->r, &f->vm);
	assert_int_equal(batches, 1);
	assert_false(connected);
	irq_route_signal(&f->r);
	irq_route_set(&f->r, &message, false);
	assert_true(connected);
	assert_int_equal(last.data, message.data);
	assert_int_equal(written, 1);
	irq_route_signal(&f->r);
	assert_int_equal(written, 2);
	assert_int_equal(sent, 0);
	irq_route_set(&f->r, &message, true);
	assert_false(connected);
	irq_route_signal(&f->r);
	assert_int_equal(written, 2);
	assert_true(irq_route_pending(&f->r));
	irq_route_fini(&f->r);
	assert_int_equal(batches, 4);
}

static void an_engine_that_refuses_leaves_the_route_to_core(void **state)
{
	struct fixture *f = *state;

	f->vm.engine = &with_routes;
	irq_route_init(&f->r, &f->vm);
	engine_refuses = true;
	assert_int_equal(irq_route_set(&f->r, &message, false), -ENOSPC);
	irq_route_signal(&f->r);
	assert_int_equal(sent, 1);
	assert_int_equal(written, 0);
}

static void several_changes_are_one_batch(void **state)
{
	struct fixture *f = *state;
	struct irq_route other, *list[] = { &f->r, &other };

	f->vm.engine = &with_routes;
	irq_route_init(&f->r, &f->vm);
	irq_route_init(&other, &f->vm);
	irq_route_signal(&other);
	irq_route_stage(&f->r, &message, false);
	irq_route_stage(&other, &message, false);
	assert_int_equal(batches, 2);
	assert_int_equal(irq_route_commit(list, 2), 0);
	assert_int_equal(batches, 3);
	assert_int_equal(batch_size, 2);
	assert_int_equal(written, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_signal_sends_the_message, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_comes_while_masked_is_sent_once_when_unmasked, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_signal_without_a_message_waits_for_one, set_up, tear_down),
		cmocka_unit_test_setup_teardown(an_engine_with_routes_takes_the_signals, set_up, tear_down),
		cmocka_unit_test_setup_teardown(an_engine_that_refuses_leaves_the_route_to_core, set_up, tear_down),
		cmocka_unit_test_setup_teardown(several_changes_are_one_batch, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
