/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A virtual CPU as the machine sees it. Registers belong to the thread or CPU that runs it.
 *
 * Administrative state (created, running, paused, stopped) is core's and changes only through vm_*; power state (off,
 * on, waiting) is the engine's, reached by vcpu_power in engine_ops.
 */
#ifndef CORE_VCPU_H
#define CORE_VCPU_H

#include "base/types.h"
#include "core/irq.h"
#include "core/mem.h"

struct vm;

enum vcpu_admin { VCPU_CREATED, VCPU_RUNNING, VCPU_PAUSED, VCPU_STOPPED };
enum vcpu_power_state { VCPU_OFF, VCPU_ON, VCPU_WAITING };

struct vcpu_power {
	enum vcpu_power_state state;
	uint64_t entry;			/* when turned on, or woken with `reset`: PC; x86-64: 0 leaves it as it is */
	uint64_t arg;			/* x0 / a1; x86-64 has none */
	bool reset;			/* registers to their reset state first; WAITING without it: all is retained */
};

struct vcpu_call {			/* one cross-thread call; lives on the caller's stack */
	struct vcpu_call *next;
	void (*fn)(struct vcpu *v, void *arg);
	void *arg;
	uint32_t done;
};

struct vcpu {
	struct vm *vm;
	uint32_t index;
	uint64_t hwid;			/* MPIDR affinity, hart id, APIC id */
	void *engine;			/* the engine's own */
	void *timer;			/* the timer device's per-vCPU part (arm64 generic timer), or NULL */
	void *irq;			/* the model interrupt controller's per-vCPU part, or NULL */
	enum vcpu_admin admin;		/* under vm->lock */
	bool pause_request;		/* atomic; set by vm_pause, vcpu_call: makes vcpu_run return EXIT_PAUSED */
	struct vcpu_call *calls;	/* atomic LIFO */
	uint32_t bell;			/* atomic, platform_wait word: an owner that is not in vcpu_run should look around */
	struct mem_reader reader;
	uint32_t thread;		/* platform_thread_id of the owner; 0: none yet */
};

/* The owner, before its first and after its last vcpu_run: its thread, and state running or stopped. */
void vcpu_start(struct vcpu *v);
void vcpu_stop(struct vcpu *v);

/* Wakes the owner where it waits outside vcpu_run: it reads `bell`, looks (calls, whatever it waits for), waits on it. */
void vcpu_ring(struct vcpu *v);

/*
 * Runs fn on v's owner at the next safe point, or while it is parked, and waits for it. From the owner itself it runs at once.
 * Hold no lock that the owner may want. -EAGAIN: not started yet; -ENODEV: stopped.
 */
int vcpu_call(struct vcpu *v, void (*fn)(struct vcpu *v, void *arg), void *arg);
/*
 * The owner, when vcpu_run returned EXIT_PAUSED, and while it waits elsewhere: clears pause_request and runs what was asked.
 * Whoever wants more than a call (a pause) keeps that elsewhere, and the owner looks there after this.
 */
void vcpu_run_calls(struct vcpu *v);

#endif
