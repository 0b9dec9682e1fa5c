/* SPDX-License-Identifier: BSD-2-Clause */
/* vCPU threads: parked means that nobody is inside vcpu_run, however fast parks and resumes follow one another. */
#define _GNU_SOURCE
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include "ctl/vcpus.h"
#include "os/arena.h"

struct rig {
	struct vm vm;
	struct vcpus vcpus;
	uint32_t inside, runs, inits, finis;	/* atomic */
	int fail_at;				/* vcpu_init of this index fails; -1: none */
	int exit_once;				/* vcpu 0 returns this once; -1: no */
	int requested;				/* atomic */
};

static struct rig *rig_of(struct vcpu *v)
{
	return container_of(v->vm, struct rig, vm);
}

static int fake_init(struct vcpu *v)
{
	struct rig *r = rig_of(v);

	if ((int)v->index == r->fail_at)
		return -ENOMEM;
	__atomic_add_fetch(&r->inits, 1, __ATOMIC_SEQ_CST);
	return 0;
}

static void fake_fini(struct vcpu *v)
{
	__atomic_add_fetch(&rig_of(v)->finis, 1, __ATOMIC_SEQ_CST);
}

static enum vm_exit fake_run(struct vcpu *v)
{
	struct rig *r = rig_of(v);

	__atomic_add_fetch(&r->runs, 1, __ATOMIC_SEQ_CST);
	if (!v->index && __atomic_load_n(&r->exit_once, __ATOMIC_SEQ_CST) >= 0)
		return (enum vm_exit)__atomic_exchange_n(&r->exit_once, -1, __ATOMIC_SEQ_CST);
	__atomic_add_fetch(&r->inside, 1, __ATOMIC_SEQ_CST);
	while (!__atomic_load_n(&v->pause_request, __ATOMIC_SEQ_CST))
		nanosleep(&(struct timespec){ 0, 1000 }, NULL);
	__atomic_sub_fetch(&r->inside, 1, __ATOMIC_SEQ_CST);
	return EXIT_PAUSED;
}

static void fake_kick(struct vcpu *v)
{
}

static void fake_request(struct vm *vm, enum vm_exit what)
{
	__atomic_store_n(&container_of(vm, struct rig, vm)->requested, (int)what, __ATOMIC_SEQ_CST);
}

static const struct engine_ops fake_engine = {
	.name = "fake", .vcpu_init = fake_init, .vcpu_fini = fake_fini, .vcpu_run = fake_run, .vcpu_kick = fake_kick,
};

static struct rig *rig_new(uint32_t vcpus)
{
	struct rig *r = calloc(1, sizeof(*r));

	r->fail_at = r->exit_once = r->requested = -1;
	os_arena_init(&r->vm.arena);
	assert_int_equal(vm_init(&r->vm, ISA_ARM64, &fake_engine, 62500000), 0);
	assert_int_equal(vm_vcpus_create(&r->vm, vcpus), 0);
	r->vm.events.request = fake_request;
	return r;
}

static void rig_free(struct rig *r)
{
	os_arena_free(&r->vm.arena);
	free(r);
}

static void nobody_runs_while_parked(void **state)
{
	struct rig *r = rig_new(8);

	assert_int_equal(vcpus_start(&r->vcpus, &r->vm), 0);
	assert_int_equal(r->inits, 8);
	assert_int_equal(r->runs, 0);
	for (int i = 0; i < 300; i++) {
		vcpus_resume(&r->vcpus);
		if (i % 3)
			nanosleep(&(struct timespec){ 0, (i % 7) * 20000 }, NULL);
		vcpus_park(&r->vcpus);
		assert_int_equal(__atomic_load_n(&r->inside, __ATOMIC_SEQ_CST), 0);
		if (i % 5 == 0)
			vcpus_park(&r->vcpus);		/* once more changes nothing */
	}
	assert_true(__atomic_load_n(&r->runs, __ATOMIC_SEQ_CST) > 0);
	vcpus_resume(&r->vcpus);
	vcpus_end(&r->vcpus);
	assert_int_equal(r->finis, 8);
	rig_free(r);
}

static void an_exit_is_told_once_and_its_vcpu_waits(void **state)
{
	struct rig *r = rig_new(2);

	r->exit_once = EXIT_CRASH;
	assert_int_equal(vcpus_start(&r->vcpus, &r->vm), 0);
	vcpus_resume(&r->vcpus);
	while (__atomic_load_n(&r->requested, __ATOMIC_SEQ_CST) < 0)
		nanosleep(&(struct timespec){ 0, 100000 }, NULL);
	nanosleep(&(struct timespec){ 0, 5000000 }, NULL);
	assert_true(__atomic_load_n(&r->inside, __ATOMIC_SEQ_CST) <= 1);
	assert_int_equal(r->requested, EXIT_CRASH);
	vcpus_park(&r->vcpus);
	vcpus_resume(&r->vcpus);		/* after a reset it runs again */
	while (__atomic_load_n(&r->inside, __ATOMIC_SEQ_CST) != 2)
		nanosleep(&(struct timespec){ 0, 100000 }, NULL);
	vcpus_end(&r->vcpus);
	rig_free(r);
}

static void a_vcpu_that_cannot_start_ends_them_all(void **state)
{
	struct rig *r = rig_new(4);

	r->fail_at = 2;
	assert_int_equal(vcpus_start(&r->vcpus, &r->vm), -ENOMEM);
	vcpus_end(&r->vcpus);
	assert_int_equal(r->finis, 3);
	rig_free(r);
}

static void add(struct vcpu *v, void *arg)
{
	*(uint64_t *)arg += v->index + 1;
}

static void calls_reach_a_running_vcpu(void **state)
{
	struct rig *r = rig_new(3);
	uint64_t sum = 0;

	assert_int_equal(vcpus_start(&r->vcpus, &r->vm), 0);
	vcpus_resume(&r->vcpus);
	for (int i = 0; i < 20; i++)
		for (uint32_t v = 0; v < 3; v++)
			assert_int_equal(vcpu_call(r->vm.vcpu[v], add, &sum), 0);
	assert_int_equal(sum, 120);
	vcpus_end(&r->vcpus);
	rig_free(r);
}

static void calls_reach_a_parked_vcpu(void **state)
{
	struct rig *r = rig_new(3);
	uint64_t sum = 0;

	assert_int_equal(vcpus_start(&r->vcpus, &r->vm), 0);
	for (int round = 0; round < 50; round++) {
		for (uint32_t v = 0; v < 3; v++)
			assert_int_equal(vcpu_call(r->vm.vcpu[v], add, &sum), 0);
		assert_int_equal(r->inside, 0);
		vcpus_resume(&r->vcpus);
		vcpus_park(&r->vcpus);
	}
	assert_int_equal(sum, 300);
	vcpus_end(&r->vcpus);
	assert_int_equal(vcpu_call(r->vm.vcpu[0], add, &sum), -ENODEV);
	rig_free(r);
}

static void calls_reach_a_vcpu_whose_exit_was_told(void **state)
{
	struct rig *r = rig_new(1);
	uint64_t sum = 0;

	r->exit_once = EXIT_CRASH;
	assert_int_equal(vcpus_start(&r->vcpus, &r->vm), 0);
	vcpus_resume(&r->vcpus);
	while (__atomic_load_n(&r->requested, __ATOMIC_SEQ_CST) < 0)
		nanosleep(&(struct timespec){ 0, 100000 }, NULL);
	assert_int_equal(vcpu_call(r->vm.vcpu[0], add, &sum), 0);
	assert_int_equal(sum, 1);
	vcpus_end(&r->vcpus);
	rig_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nobody_runs_while_parked),
		cmocka_unit_test(an_exit_is_told_once_and_its_vcpu_waits),
		cmocka_unit_test(a_vcpu_that_cannot_start_ends_them_all),
		cmocka_unit_test(calls_reach_a_running_vcpu),
		cmocka_unit_test(calls_reach_a_parked_vcpu),
		cmocka_unit_test(calls_reach_a_vcpu_whose_exit_was_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
