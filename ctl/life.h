/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A machine's life after its start: pause and resume, reset, the graceful stop, and what its end says. vCPUs are parked first, then
 * time stands still, then devices come to rest; resuming goes the other way.
 */
#ifndef CTL_LIFE_H
#define CTL_LIFE_H

#include "core/engine.h"
#include "core/vm.h"
#include "ctl/control.h"
#include "ctl/options.h"
#include "os/loop.h"

struct start;
struct vcpus;

struct life {
	const struct run_options *options;	/* the pointers are the caller's, set before life_init */
	struct ctl_error *e;
	struct vm *vm;
	struct start *start;
	struct vcpus *vcpus;
	struct loop *control;
	struct semihosting *semihosting;	/* or NULL */
	struct control_target target;		/* vm, machine and console are the caller's */
	int status;				/* of the end (run.h) */
	/* Private. */
	struct loop_timer stop;
	struct work work;
	uint32_t requests;		/* atomic: bit per enum vm_exit */
	bool ready;
	bool faulted;			/* the last start was after a triple fault; */
	uint64_t started_ns;		/* and was then, in guest time */
	bool clock_held;
	struct vm_clock held;		/* the engine's clocks, since halt() */
};

int life_init(struct life *l);		/* the control loop exists */
void life_fini(struct life *l);
void life_request(struct vm *vm, enum vm_exit what);	/* vm_events.request with ctx a struct life; any thread */
void life_end(struct life *l, int status);		/* ends the control loop */
/* Until no device has work under way, the vCPUs parked; all loops but the control loop go on. */
void life_quiesce(struct life *l);

#endif
