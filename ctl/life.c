/* SPDX-License-Identifier: BSD-2-Clause */
/* See life.h. All on the control thread but life_request. */
#include <errno.h>
#include <string.h>

#include "base/platform.h"
#include "ctl/life.h"
#include "ctl/run.h"
#include "ctl/semihosting.h"
#include "ctl/start.h"
#include "ctl/vcpus.h"

#define QUIESCE_MS	5000
#define QUIESCE_STEP_NS	1000000u
#define FAULT_AGAIN_NS	10000000000ull	/* a triple fault so soon after one is no reboot */

void life_end(struct life *l, int status)
{
	l->status = status;
	loop_stop(l->control);
}

/*
 * Waits until no device has work under way, which the other threads' loops bring to its end. Ours stands still: what it would serve
 * meanwhile (a client that asks for the next thing or leaves, the guest's reset) would find us in the middle of this.
 */
void life_quiesce(struct life *l)
{
	struct vm *vm = l->vm;
	uint32_t never = 0;

	list_for_each(n, &vm->devices) {
		struct device *d = list_entry(n, struct device, node);
		int waited = 0;

		__atomic_store_n(&d->quiesced, false, __ATOMIC_RELAXED);
		if (!d->cls->quiesce || d->cls->quiesce(d) != -EINPROGRESS)
			continue;
		while (!__atomic_load_n(&d->quiesced, __ATOMIC_ACQUIRE) && waited++ < QUIESCE_MS)
			platform_wait_for(&never, never, QUIESCE_STEP_NS);
	}
}

static void resume_devices(struct vm *vm)
{
	list_for_each(n, &vm->devices) {
		struct device *d = list_entry(n, struct device, node);

		if (d->cls->resume)
			d->cls->resume(d);
	}
}

/* vCPUs, then time, then devices; resume in reverse. */
static void halt(struct life *l)
{
	vcpus_park(l->vcpus);
	vm_time_pause(&l->vm->time);
	life_quiesce(l);
	l->clock_held = l->vm->engine->clock_set && !l->vm->engine->clock_get(l->vm, &l->held);
}

static void go_on(struct life *l)
{
	if (l->clock_held)
		l->vm->engine->clock_set(l->vm, &l->held);
	resume_devices(l->vm);
	vm_time_resume(&l->vm->time);
	vcpus_resume(l->vcpus);
}

static int pause_asked(struct control_target *t)
{
	if (!t->paused)
		halt(container_of(t, struct life, target));
	t->paused = true;
	return 0;
}

static int resume_asked(struct control_target *t)
{
	if (t->paused)
		go_on(container_of(t, struct life, target));
	t->paused = false;
	return 0;
}

static void stop_asked(struct control_target *t, uint64_t timeout_ns)
{
	struct life *l = container_of(t, struct life, target);

	if (!timeout_ns) {
		life_end(l, RUN_STOPPED);
		return;
	}
	resume_asked(t);
	machine_power_key(l->target.machine);
	loop_timer_set(&l->stop, timeout_ns);
}

static void stop_due(struct loop_timer *t)
{
	life_end(container_of(t, struct life, stop), RUN_STOPPED);
}

static int reset(struct life *l)
{
	struct vm *vm = l->vm;
	int err;

	halt(l);
	__atomic_store_n(&l->requests, 0, __ATOMIC_SEQ_CST);
	device_reset_all(vm, RESET_WARM);
	if (l->semihosting)
		semihosting_reset(l->semihosting);
	err = vm->engine->vm_reset(vm);
	err = err ? ctl_fail(l->e, err, "engine %s: cannot reset (%s)", vm->engine->name, strerror(-err)) :
		    start_machine(l->start, l->target.machine, l->e);
	l->started_ns = vm_now_ns(&vm->time);
	if (!err)
		go_on(l);
	return err;
}

/* A way to reboot, unless it comes again soon after. */
static bool faulted_for_good(struct life *l)
{
	bool again = l->faulted && vm_now_ns(&l->vm->time) - l->started_ns < FAULT_AGAIN_NS;

	l->faulted = true;
	return again || l->options->no_reboot;
}

/* The guest's own last word, if it said one. */
static int off_status(struct life *l)
{
	int status = machine_exit_status(l->target.machine);

	if (status < 0 && l->semihosting)
		status = semihosting_exit_status(l->semihosting);
	return status < 0 ? RUN_OFF : status;
}

static void life_changes(struct work *w)
{
	struct life *l = container_of(w, struct life, work);
	uint32_t what = __atomic_exchange_n(&l->requests, 0, __ATOMIC_SEQ_CST);
	int err;

	if (what & 1u << EXIT_FAULTED && faulted_for_good(l)) {
		ctl_fail(l->e, -EIO, "machine %s: the guest crashed it (triple fault)", l->options->name);
		life_end(l, RUN_CRASHED);
	} else if (what & (1u << EXIT_FAILED | 1u << EXIT_CRASH)) {
		ctl_fail(l->e, -EIO, what & 1u << EXIT_FAILED ? "machine %s: the engine failed; this is a fault of Cella" :
			 "machine %s: the guest crashed it", l->options->name);
		life_end(l, RUN_CRASHED);
	} else if (what & 1u << EXIT_SHUTDOWN) {
		life_end(l, off_status(l));
	} else if (what & (1u << EXIT_RESET | 1u << EXIT_FAULTED)) {
		if (l->options->no_reboot) {
			life_end(l, RUN_OFF);
			return;
		}
		l->faulted &= !(what & 1u << EXIT_RESET);
		err = reset(l);
		if (err)
			life_end(l, err);
	}
}

void life_request(struct vm *vm, enum vm_exit what)
{
	struct life *l = vm->events.ctx;

	__atomic_or_fetch(&l->requests, 1u << what, __ATOMIC_SEQ_CST);
	work_post(&l->control->inbox, &l->work);
}

int life_init(struct life *l)
{
	int err;

	work_init(&l->work, life_changes);
	l->target.pause = pause_asked;
	l->target.resume = resume_asked;
	l->target.stop = stop_asked;
	err = loop_timer_add(l->control, &l->stop, stop_due);
	l->ready = !err;
	return err;
}

void life_fini(struct life *l)
{
	if (l->ready)
		loop_timer_remove(l->control, &l->stop);
}
