/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Guest time. One `vm_time` for a machine: nanoseconds since power-on that stand still while the machine is paused,
 * and the architected counter derived from them (arm64 CNTVCT/CNTPCT, riscv64 time). Timers fire on the machine's
 * control loop with no lock held; a callback may set its own timer again. Deadlines are in guest nanoseconds.
 *
 * When hosted on a machine whose TSC is the clocksource, the counter is computed from the TSC (`tsc` true): a
 * translator may read it inline as  count = ((rdtsc - tsc_base) * mult) >> shift  (128-bit product) + counter_base, and
 * vm_counter() uses the same arithmetic, so that both agree.
 */
#ifndef CORE_TIME_H
#define CORE_TIME_H

#include "base/lock.h"
#include "base/types.h"

struct timer {
	void (*fn)(struct timer *t);
	uint64_t deadline_ns;
	uint32_t slot;			/* heap index + 1; 0: not set */
};

struct vm_time {
	struct lock lock;
	uint64_t counter_hz;
	bool paused;
	bool tsc;			/* source is the TSC */
	uint64_t tsc_base, mult, counter_base;	/* see above; they change only while every vCPU is stopped */
	uint32_t shift;
	uint64_t ns_base, host_base;	/* guest ns at host_base (host ns) */
	uint64_t ns_mult;		/* guest ns from the TSC, as the counter from mult and shift */
	uint32_t ns_shift;
	uint32_t seq;			/* odd while somebody changes the above */
	uint64_t wall_offset_ns;	/* host CLOCK_REALTIME minus guest ns at power-on; for RTCs */
	struct timer **heap;		/* by deadline */
	uint32_t timers, capacity;
	/* Call vm_time_run at deadline_ns at the latest (vm_time_until says how long that is). Any thread, under the time
	   lock: takes no lock that somebody may hold around timer_set. */
	void (*rearm)(struct vm_time *t, uint64_t deadline_ns);
	void *rearm_ctx;
	uint64_t armed_ns;		/* what rearm was told last */
	uint64_t (*source)(void *ctx);	/* host ns; NULL: platform_now_ns. Tests and --icount replace it */
	void *source_ctx;
};

/* `heap` holds `capacity` pointers and belongs to the caller. counter_hz: up to 18 GHz. Paused, at 0, until vm_time_resume. */
void vm_time_init(struct vm_time *t, uint64_t counter_hz, struct timer **heap, uint32_t capacity);
/* Use the TSC, running at tsc_hz, for counter and ns from now on. All vCPUs stopped. */
void vm_time_use_tsc(struct vm_time *t, uint64_t tsc_hz);
uint64_t vm_now_ns(struct vm_time *t);
uint64_t vm_wall_ns(struct vm_time *t);		/* wall clock, ns since 1970 */
uint64_t vm_counter(struct vm_time *t);
uint64_t vm_counter_to_ns(struct vm_time *t, uint64_t count);	/* guest ns at which the counter reaches count, saturating */
void vm_time_pause(struct vm_time *t);
void vm_time_resume(struct vm_time *t);

void timer_init(struct timer *t, void (*fn)(struct timer *t));
void timer_set(struct vm_time *vt, struct timer *t, uint64_t deadline_ns);	/* any thread; moves it if it is set */
void timer_cancel(struct vm_time *vt, struct timer *t);	/* a callback under way on another thread may still finish */
/* Host ns from now until guest time deadline_ns; 0: it has passed; ~0 stays ~0. */
uint64_t vm_time_until(struct vm_time *t, uint64_t deadline_ns);
/* The control loop: fire what is due, rearm for the rest. Returns the next deadline or ~0. */
uint64_t vm_time_run(struct vm_time *t);

#endif
