/* SPDX-License-Identifier: BSD-2-Clause */
/* core/device, core/state, core/vcpu: properties, saved fields that may be hostile, calls between threads. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include "base/errno.h"
#include "base/platform.h"
#include "core/vm.h"
#include "os/arena.h"
#include "tests/unit/cmocka_all.h"

struct lamp {
	struct device dev;
	uint32_t watts;
	uint64_t hours;
	bool on;
	const char *colour;
	uint16_t level[3];
	bool flag[2];
	int64_t offset;
	uint8_t added;
	unsigned resets;
};

static void lamp_reset(struct device *d, enum reset_kind why)
{
	struct lamp *l = container_of(d, struct lamp, dev);

	l->resets++;
	l->added = 7;
}

static const struct prop lamp_props[] = {
	PROP(struct lamp, watts, PROP_U32, 40, 1, 100),
	PROP(struct lamp, hours, PROP_U64, 1ull << 40, 0, ~0ull),
	PROP(struct lamp, on, PROP_BOOL, 1, 0, 1),
	PROP(struct lamp, colour, PROP_STRING, 0, 0, 0),
	PROP_END
};

static const struct field lamp_state_1[] = {
	FIELD_RANGE(struct lamp, watts, 1, 1, 100),
	FIELD(struct lamp, on, 1),
	FIELD_ARRAY(struct lamp, level, 1),
	FIELD_ARRAY(struct lamp, flag, 1),
	FIELD(struct lamp, offset, 1),
	FIELD_END
};

static const struct field lamp_state_2[] = {
	FIELD_RANGE(struct lamp, watts, 1, 1, 100),
	FIELD(struct lamp, on, 1),
	FIELD(struct lamp, added, 2),
	FIELD_ARRAY(struct lamp, level, 1),
	FIELD_ARRAY(struct lamp, flag, 1),
	FIELD(struct lamp, offset, 1),
	FIELD_END
};

static const struct dev_class lamp_class = {
	.name = "lamp", .size = sizeof(struct lamp), .props = lamp_props, .reset = lamp_reset,
};

static unsigned kicks;

static void kick(struct vcpu *v)
{
	__atomic_fetch_add(&kicks, 1, __ATOMIC_RELAXED);
}

static const struct engine_ops engine = { .name = "none", .vcpu_kick = kick };

static int set_up(void **state)
{
	struct vm *vm = calloc(1, sizeof(*vm));

	os_arena_init(&vm->arena);
	assert_int_equal(vm_init(vm, ISA_ARM64, &engine, 62500000), 0);
	*state = vm;
	return 0;
}

static int tear_down(void **state)
{
	struct vm *vm = *state;

	device_destroy_all(vm);
	os_arena_free(&vm->arena);
	free(vm);
	return 0;
}

static struct lamp *new_lamp(void **state)
{
	struct device *d = device_create(*state, &lamp_class);

	assert_non_null(d);
	return container_of(d, struct lamp, dev);
}

static void properties_have_defaults_types_and_ranges(void **state)
{
	struct lamp *l = new_lamp(state), *second = new_lamp(state);

	assert_int_equal(l->watts, 40);
	assert_true(l->hours == 1ull << 40);
	assert_true(l->on);
	assert_null(l->colour);
	assert_int_equal(device_set(&l->dev, "watts", 100), 0);
	assert_int_equal(l->watts, 100);
	assert_int_equal(device_set(&l->dev, "watts", 101), -ERANGE);
	assert_int_equal(device_set(&l->dev, "watts", 0), -ERANGE);
	assert_int_equal(device_set(&l->dev, "on", 2), -ERANGE);
	assert_int_equal(device_set(&l->dev, "smell", 1), -ENOENT);
	assert_int_equal(device_set(&l->dev, "colour", 1), -EINVAL);
	assert_int_equal(device_set_ptr(&l->dev, "watts", "x"), -EINVAL);
	assert_int_equal(device_set_ptr(&l->dev, "colour", "red"), 0);
	assert_string_equal(l->colour, "red");
	assert_int_equal(l->dev.instance, 0);
	assert_int_equal(second->dev.instance, 1);
	assert_int_equal(device_init(&l->dev), 0);
	device_reset_all(*state, RESET_COLD);
	assert_int_equal(l->resets + second->resets, 2);
}

static void fill(struct lamp *l)
{
	l->watts = 99;
	l->on = true;
	l->level[0] = 0x1234;
	l->level[2] = 0xfedc;
	l->flag[1] = true;
	l->offset = -5;
}

static void saved_state_comes_back(void **state)
{
	struct lamp *l = new_lamp(state), *m = new_lamp(state);
	uint8_t buf[256];
	struct state_writer w = { buf, sizeof(buf), 0, 0 };
	struct state_reader r = { buf, 0, 0, 0 };

	fill(l);
	assert_int_equal(state_save(&w, lamp_state_1, l), 0);
	r.size = w.used;
	assert_int_equal(state_load(&r, lamp_state_1, m), 0);
	assert_int_equal(r.at, r.size);
	assert_int_equal(m->watts, 99);
	assert_memory_equal(m->level, l->level, sizeof(l->level));
	assert_true(m->on && m->flag[1] && !m->flag[0]);
	assert_int_equal(m->offset, -5);
}

static void a_field_that_an_old_record_lacks_keeps_its_reset_value(void **state)
{
	struct lamp *l = new_lamp(state), *m = new_lamp(state);
	uint8_t buf[256];
	struct state_writer w = { buf, sizeof(buf), 0, 0 };
	struct state_reader r = { buf, 0, 0, 0 };

	fill(l);
	lamp_reset(&m->dev, RESET_COLD);
	state_save(&w, lamp_state_1, l);
	r.size = w.used;
	assert_int_equal(state_load(&r, lamp_state_2, m), 0);
	assert_int_equal(m->added, 7);
	assert_int_equal(m->offset, -5);
	w.used = 0;
	state_save(&w, lamp_state_2, l);
	r = (struct state_reader){ buf, w.used, 0, 0 };
	assert_int_equal(state_load(&r, lamp_state_1, m), -EINVAL);	/* a newer one is refused */
}

static void a_bad_record_changes_nothing(void **state)
{
	struct lamp *l = new_lamp(state), *m = new_lamp(state);
	uint8_t buf[256], bad[256];
	struct state_writer w = { buf, sizeof(buf), 0, 0 };
	struct state_reader r;
	unsigned refused = 0;

	fill(l);
	state_save(&w, lamp_state_1, l);
	for (size_t cut = 0; cut < w.used; cut++) {
		r = (struct state_reader){ buf, cut, 0, 0 };
		assert_int_equal(state_load(&r, lamp_state_1, m), -EINVAL);
		assert_int_equal(m->watts, 40);
	}
	for (size_t at = 0; at < w.used; at++) {
		memcpy(bad, buf, w.used);
		bad[at] ^= 0x80;
		r = (struct state_reader){ bad, w.used, 0, 0 };
		m->watts = 1;
		if (state_load(&r, lamp_state_1, m)) {
			assert_int_equal(m->watts, 1);
			refused++;
		}
		assert_true(m->watts >= 1 && m->watts <= 100);
	}
	assert_true(refused > 50);
	w = (struct state_writer){ buf, 20, 0, 0 };
	assert_int_equal(state_save(&w, lamp_state_1, l), -ENOSPC);
}

struct owner {
	struct vcpu *v;
	uint32_t started;		/* atomic */
	uint32_t calls;
	uint32_t ran_on;
};

static void *own(void *arg)
{
	struct owner *o = arg;

	vcpu_start(o->v);
	__atomic_store_n(&o->started, 1, __ATOMIC_RELEASE);
	while (__atomic_load_n(&o->calls, __ATOMIC_RELAXED) < 2000)
		if (__atomic_load_n(&o->v->pause_request, __ATOMIC_SEQ_CST))
			vcpu_run_calls(o->v);
	vcpu_stop(o->v);
	return NULL;
}

static void count_call(struct vcpu *v, void *arg)
{
	struct owner *o = arg;

	o->ran_on = platform_thread_id();
	__atomic_fetch_add(&o->calls, 1, __ATOMIC_RELAXED);
}

static void *call_often(void *arg)
{
	struct owner *o = arg;

	for (int i = 0; i < 1000; i++)
		assert_int_equal(vcpu_call(o->v, count_call, o), 0);
	return NULL;
}

static void calls_run_on_the_owner_and_are_waited_for(void **state)
{
	struct vm *vm = *state;
	struct owner o = { 0 };
	pthread_t t[3];

	assert_int_equal(vm_vcpus_create(vm, 2), 0);
	o.v = vm->vcpu[1];
	assert_int_equal(o.v->index, 1);
	assert_int_equal(vcpu_call(o.v, count_call, &o), -EAGAIN);
	pthread_create(&t[0], NULL, own, &o);
	while (!__atomic_load_n(&o.started, __ATOMIC_ACQUIRE))
		;
	pthread_create(&t[1], NULL, call_often, &o);
	pthread_create(&t[2], NULL, call_often, &o);
	for (int i = 0; i < 3; i++)
		pthread_join(t[i], NULL);
	assert_int_equal(o.calls, 2000);
	assert_int_equal(o.ran_on, o.v->thread);
	assert_int_equal(vcpu_call(o.v, count_call, &o), -ENODEV);
	vcpu_start(o.v);
	assert_int_equal(vcpu_call(o.v, count_call, &o), 0);	/* we are the owner now */
	assert_int_equal(o.calls, 2001);
}

static void kicking_all_asks_those_that_run(void **state)
{
	struct vm *vm = *state;

	assert_int_equal(vm_vcpus_create(vm, 3), 0);
	assert_int_equal(vm_vcpus_create(vm, 3), -EINVAL);
	kicks = 0;
	vcpu_start(vm->vcpu[2]);
	vm_kick_all(vm);
	assert_int_equal(kicks, 1);
	assert_true(vm->vcpu[0]->pause_request && vm->vcpu[2]->pause_request);
}

#define T(name)	cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(properties_have_defaults_types_and_ranges),
		T(saved_state_comes_back),
		T(a_field_that_an_old_record_lacks_keeps_its_reset_value),
		T(a_bad_record_changes_nothing),
		T(calls_run_on_the_owner_and_are_waited_for),
		T(kicking_all_asks_those_that_run),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
