/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Threads. One that we start has every signal blocked but the kick signal and the faults of its own code, a name that
 * tools show, and an alternate stack, so that even a stack overflow gets its crash report.
 */
#ifndef OS_THREAD_H
#define OS_THREAD_H

#include <pthread.h>
#include "base/types.h"

struct thread {
	pthread_t handle;
	uint32_t tid;			/* atomic; 0 until it runs, and after it ended */
	char name[16];
	void (*fn)(void *arg);
	void *arg;
};

int thread_start(struct thread *t, const char *name, void (*fn)(void *arg), void *arg);
void thread_join(struct thread *t);

/* Main thread, before the first thread_start: what signalfd takes over (SIGINT SIGTERM SIGHUP SIGQUIT SIGWINCH). */
void thread_block_signals(void);
/* Interrupts a system call that t is in: EINTR. A kick that comes before the call is lost, so t must look at a flag with
   the signal blocked (ppoll and the like) or sleep in platform_wait. Needs thread_kick_init once. Async-signal-safe. */
int thread_kick_init(void);
void thread_kick(struct thread *t);
void thread_kick_id(uint32_t tid);	/* the same by platform_thread_id; the thread must not have ended */
int thread_kick_signal(void);

uint64_t thread_cpu_ns(uint32_t tid);	/* processor time of this process's thread so far; 0 if there is none */

int thread_alternate_stack(void);	/* for the calling thread; once is enough; -ENOMEM */

#endif
