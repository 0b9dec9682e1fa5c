/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An event loop: one thread that waits for descriptors, timers, signals and posted work. The machine has a control loop;
 * groups of virtio queues and network back-ends may have their own.
 *
 * Any thread may post work (work_post(&loop->inbox, w)), set a descriptor's events or a timer, and stop the loop. Adding
 * and removing is for the loop's own thread, or for when the loop doesn't run. Callbacks run on the loop's thread, with no
 * lock held, one at a time.
 */
#ifndef OS_LOOP_H
#define OS_LOOP_H

#include <signal.h>
#include "base/types.h"
#include "base/work.h"

struct loop_fd {
	int fd;				/* the caller's; not closed by the loop */
	uint32_t events;		/* EPOLLIN, EPOLLOUT … */
	void (*fn)(struct loop_fd *w, uint32_t events);
};

struct loop_timer {
	struct loop_fd watch;
	void (*fn)(struct loop_timer *t);
};

struct loop_signals {
	struct loop_fd watch;
	void (*fn)(struct loop_signals *s, int signal);
};

#define LOOP_BATCH	16

struct loop {
	struct workq inbox;
	int epoll, wake_fd;
	struct loop_fd wake_watch;
	bool stop;				/* atomic */
	struct loop_fd *batch[LOOP_BATCH];	/* of the wait being served; removed ones become NULL */
	uint32_t events[LOOP_BATCH];
	int batch_count;
};

int loop_init(struct loop *l);
/* The loop whose inbox this is, or NULL. */
struct loop *loop_of(struct workq *q);
void loop_fini(struct loop *l);
void loop_run(struct loop *l);		/* until loop_stop; serves what was posted before it */
void loop_stop(struct loop *l);		/* async-signal-safe; a stop before loop_run is not lost */
/* One round: waits for up to timeout_ms (-1: forever), serves, returns. For tests and short waits before loop_run. */
void loop_once(struct loop *l, int timeout_ms);

int loop_fd_add(struct loop *l, struct loop_fd *w);	/* fd, events, fn set; -EPERM: epoll can't watch a plain file */
int loop_fd_set(struct loop *l, struct loop_fd *w, uint32_t events);	/* 0: not even errors and hang-ups */
void loop_fd_remove(struct loop *l, struct loop_fd *w);

/* Fires once, `ns` from now (0: at once; ~0: never, disarms). Setting it again replaces the time. */
int loop_timer_add(struct loop *l, struct loop_timer *t, void (*fn)(struct loop_timer *t));
void loop_timer_set(struct loop_timer *t, uint64_t ns);
void loop_timer_remove(struct loop *l, struct loop_timer *t);

/* Block the signals in every thread (thread_block_signals in main) or they arrive elsewhere. */
int loop_signals_add(struct loop *l, struct loop_signals *s, const sigset_t *set,
		     void (*fn)(struct loop_signals *s, int signal));
void loop_signals_remove(struct loop *l, struct loop_signals *s);

#endif
