/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Calls onto the thread that owns a vCPU's registers. The caller pushes onto a lock-free stack, asks for a pause and
 * sleeps on the call's own word. A call is accepted only while there is an owner that will look again: vm->lock is held
 * for that decision, and by vcpu_stop, which runs the last ones.
 */
#include "base/errno.h"
#include "base/platform.h"
#include "core/engine.h"
#include "core/vcpu.h"
#include "core/vm.h"

static int push_call(struct vcpu *v, struct vcpu_call *c)
{
	struct vcpu_call *head;
	int err = 0;

	lock_acquire(&v->vm->lock);
	if (!v->thread || v->admin == VCPU_STOPPED) {
		err = v->thread ? -ENODEV : -EAGAIN;
		goto out;
	}
	head = __atomic_load_n(&v->calls, __ATOMIC_RELAXED);
	do {
		c->next = head;
	} while (!__atomic_compare_exchange_n(&v->calls, &head, c, true, __ATOMIC_RELEASE, __ATOMIC_RELAXED));
out:
	lock_release(&v->vm->lock);
	return err;
}

void vcpu_ring(struct vcpu *v)
{
	__atomic_add_fetch(&v->bell, 1, __ATOMIC_SEQ_CST);
	platform_wake(&v->bell, true);
}

int vcpu_call(struct vcpu *v, void (*fn)(struct vcpu *v, void *arg), void *arg)
{
	struct vcpu_call c = { .fn = fn, .arg = arg };
	int err;

	if (__atomic_load_n(&v->thread, __ATOMIC_RELAXED) == platform_thread_id()) {
		fn(v, arg);
		return 0;
	}
	err = push_call(v, &c);
	if (err)
		return err;
	__atomic_store_n(&v->pause_request, true, __ATOMIC_SEQ_CST);
	v->vm->engine->vcpu_kick(v);
	vcpu_ring(v);
	while (!__atomic_load_n(&c.done, __ATOMIC_ACQUIRE))
		platform_wait(&c.done, 0);
	return 0;
}

void vcpu_run_calls(struct vcpu *v)
{
	struct vcpu_call *c, *list = NULL, *next;

	__atomic_store_n(&v->pause_request, false, __ATOMIC_SEQ_CST);
	for (c = __atomic_exchange_n(&v->calls, NULL, __ATOMIC_SEQ_CST); c; c = next) {
		next = c->next;
		c->next = list;
		list = c;
	}
	for (; list; list = next) {
		next = list->next;	/* the call is its caller's again once done is set */
		list->fn(v, list->arg);
		__atomic_store_n(&list->done, 1, __ATOMIC_RELEASE);
		platform_wake(&list->done, true);
	}
}

void vcpu_start(struct vcpu *v)
{
	lock_acquire(&v->vm->lock);
	__atomic_store_n(&v->thread, platform_thread_id(), __ATOMIC_RELAXED);
	v->admin = VCPU_RUNNING;
	lock_release(&v->vm->lock);
}

void vcpu_stop(struct vcpu *v)
{
	lock_acquire(&v->vm->lock);
	v->admin = VCPU_STOPPED;
	lock_release(&v->vm->lock);
	vcpu_run_calls(v);
}
