/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The threads of a machine's vCPUs. Between vcpus_park and vcpus_resume none of them is inside vcpu_run, so that the control
 * thread may reset devices, load memory, or change the clock. All functions are the control thread's.
 */
#ifndef CTL_VCPUS_H
#define CTL_VCPUS_H

#include "core/vm.h"
#include "os/thread.h"

struct vcpus;
struct vcpu_thread {
	struct vcpus *all;
	struct vcpu *v;
	struct thread thread;
};

struct vcpus {
	struct vm *vm;
	uint32_t state;			/* atomic, futex: what the threads are to do */
	uint32_t parked;		/* atomic, futex: how many wait for that */
	uint32_t started;
	int err;			/* atomic: the first vcpu_init that failed */
	struct vcpu_thread thread[VM_MAX_VCPUS];
};

/* Starts the threads, parked; each has done vcpu_init. On error vcpus_end still has to be called. */
int vcpus_start(struct vcpus *c, struct vm *vm);
void vcpus_resume(struct vcpus *c);
void vcpus_park(struct vcpus *c);	/* returns when all are; nothing if they are already */
void vcpus_end(struct vcpus *c);	/* any state; joins */

#endif
