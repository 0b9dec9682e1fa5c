/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Parking: the control thread sets `state`, kicks everybody out of vcpu_run, and waits until `parked` counts all. A thread that
 * leaves the park counts itself out before anything else, and vcpus_resume waits for that: so a park right after a
 * resume can't mistake one that is on its way out for one that is in. Whoever waits here runs what vcpu_call asks for.
 */
#include "base/platform.h"
#include "base/fmt.h"
#include "ctl/vcpus.h"

enum { VCPUS_PARK, VCPUS_RUN, VCPUS_END };

static uint32_t load(uint32_t *word)
{
	return __atomic_load_n(word, __ATOMIC_SEQ_CST);
}

static void set_state(struct vcpus *c, uint32_t state)
{
	__atomic_store_n(&c->state, state, __ATOMIC_SEQ_CST);
	for (uint32_t i = 0; i < c->started; i++)
		vcpu_ring(c->vm->vcpu[i]);
}

/* The owner, while the state is `state`. Returns the next one. */
static uint32_t wait_while(struct vcpus *c, struct vcpu *v, uint32_t state)
{
	for (;;) {
		uint32_t bell = load(&v->bell), now = load(&c->state);

		if (now != state)
			return now;
		if (__atomic_load_n(&v->calls, __ATOMIC_SEQ_CST))
			vcpu_run_calls(v);
		else
			platform_wait(&v->bell, bell);
	}
}

static void count_parked(struct vcpus *c, int by)
{
	__atomic_add_fetch(&c->parked, (uint32_t)by, __ATOMIC_SEQ_CST);
	platform_wake(&c->parked, true);
}

static void wait_parked(struct vcpus *c, uint32_t wanted)
{
	uint32_t now;

	while ((now = load(&c->parked)) != wanted)
		platform_wait(&c->parked, now);
}

/* False: the machine has ended. */
static bool park(struct vcpus *c, struct vcpu *v)
{
	uint32_t state;

	count_parked(c, 1);
	state = wait_while(c, v, VCPUS_PARK);
	count_parked(c, -1);
	return state == VCPUS_RUN;
}

static void run(struct vcpus *c, struct vcpu *v)
{
	enum vm_exit what = v->vm->engine->vcpu_run(v);

	if (what == EXIT_PAUSED) {
		vcpu_run_calls(v);
		return;
	}
	/* The machine's life changes: tell, and do nothing until the control thread has dealt with it. */
	vm_request(v->vm, what);
	wait_while(c, v, VCPUS_RUN);
}

static void vcpu_main(void *arg)
{
	struct vcpu_thread *t = arg;
	struct vcpus *c = t->all;
	int err = c->vm->engine->vcpu_init(t->v);

	if (err) {
		__atomic_store_n(&c->err, err, __ATOMIC_SEQ_CST);
		park(c, t->v);
		return;
	}
	vcpu_start(t->v);
	while (load(&c->state) == VCPUS_RUN || park(c, t->v))
		run(c, t->v);
	vcpu_stop(t->v);
	c->vm->engine->vcpu_fini(t->v);
}

int vcpus_start(struct vcpus *c, struct vm *vm)
{
	int err = 0;

	c->vm = vm;
	c->state = VCPUS_PARK;
	for (uint32_t i = 0; i < vm->vcpu_count && !err; i++) {
		struct vcpu_thread *t = &c->thread[i];
		char name[16];

		t->all = c;
		t->v = vm->vcpu[i];
		fmt_print(name, sizeof(name), "vcpu%u", i);
		err = thread_start(&t->thread, name, vcpu_main, t);
		if (!err)
			c->started++;
	}
	wait_parked(c, c->started);
	return err ? err : __atomic_load_n(&c->err, __ATOMIC_SEQ_CST);
}

void vcpus_resume(struct vcpus *c)
{
	set_state(c, VCPUS_RUN);
	wait_parked(c, 0);
}

void vcpus_park(struct vcpus *c)
{
	set_state(c, VCPUS_PARK);
	vm_kick_all(c->vm);
	wait_parked(c, c->started);
}

void vcpus_end(struct vcpus *c)
{
	if (!c->vm)
		return;
	vcpus_park(c);
	set_state(c, VCPUS_END);
	for (uint32_t i = 0; i < c->started; i++)
		thread_join(&c->thread[i].thread);
	c->started = 0;
}
