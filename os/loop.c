/* SPDX-License-Identifier: BSD-2-Clause */
/* See loop.h. Level-triggered epoll; timerfd and signalfd are descriptors like the rest. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>
#include "os/eventfd.h"
#include "os/loop.h"

#define NS_PER_S	1000000000u

static void loop_wake(struct loop *l)
{
	uint64_t one = 1;
	ssize_t n = write(l->wake_fd, &one, sizeof(one));

	(void)n;		/* EAGAIN: it is awake already */
}

static void inbox_wake(struct workq *q)
{
	loop_wake(container_of(q, struct loop, inbox));
}

static void woken(struct loop_fd *w, uint32_t events)
{
	uint64_t count;
	ssize_t n = read(w->fd, &count, sizeof(count));

	(void)n;
}

/* --- notifiers with a descriptor --- */

struct bell {
	struct loop_fd watch;
	struct notifier *n;
	struct work *work;
};

static void bell_rang(struct loop_fd *w, uint32_t events)
{
	struct bell *b = container_of(w, struct bell, watch);

	if (eventfd_notifier_take(b->n))
		b->work->fn(b->work);
}

static int bell_add(struct workq *q, struct notifier *n, struct work *w)
{
	struct bell *b = calloc(1, sizeof(*b));
	int err = b ? eventfd_notifier_init(n) : -ENOMEM;

	if (err) {
		free(b);
		return err;
	}
	*b = (struct bell){ { n->fd, EPOLLIN, bell_rang }, n, w };
	n->ctx = b;
	err = loop_fd_add(container_of(q, struct loop, inbox), &b->watch);
	if (err) {
		eventfd_notifier_fini(n);
		free(b);
	}
	return err;
}

static void bell_remove(struct workq *q, struct notifier *n)
{
	struct bell *b = n->ctx;

	loop_fd_remove(container_of(q, struct loop, inbox), &b->watch);
	eventfd_notifier_fini(n);
	free(b);
}

static void bell_deaf(struct workq *q, struct notifier *n, bool deaf)
{
	struct bell *b = n->ctx;

	loop_fd_set(container_of(q, struct loop, inbox), &b->watch, deaf ? 0 : EPOLLIN);
}

struct loop *loop_of(struct workq *q)
{
	return q->wake == inbox_wake ? container_of(q, struct loop, inbox) : NULL;
}

int loop_init(struct loop *l)
{
	int err;

	memset(l, 0, sizeof(*l));
	workq_init(&l->inbox, inbox_wake);
	l->inbox.bell_add = bell_add;
	l->inbox.bell_remove = bell_remove;
	l->inbox.bell_deaf = bell_deaf;
	l->epoll = epoll_create1(EPOLL_CLOEXEC);
	l->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (l->epoll < 0 || l->wake_fd < 0) {
		err = -errno;
		goto out;
	}
	l->wake_watch = (struct loop_fd){ l->wake_fd, EPOLLIN, woken };
	err = loop_fd_add(l, &l->wake_watch);
	if (!err)
		return 0;
out:
	loop_fini(l);
	return err;
}

void loop_fini(struct loop *l)
{
	if (l->epoll >= 0)
		close(l->epoll);
	if (l->wake_fd >= 0)
		close(l->wake_fd);
	l->epoll = l->wake_fd = -1;
}

void loop_stop(struct loop *l)
{
	__atomic_store_n(&l->stop, true, __ATOMIC_SEQ_CST);
	loop_wake(l);
}

void loop_once(struct loop *l, int timeout_ms)
{
	struct epoll_event ev[LOOP_BATCH];
	int n;

	if (workq_run(&l->inbox))
		timeout_ms = 0;
	n = epoll_wait(l->epoll, ev, LOOP_BATCH, timeout_ms);
	for (int i = 0; i < n; i++) {
		l->batch[i] = ev[i].data.ptr;
		l->events[i] = ev[i].events;
	}
	l->batch_count = n;
	for (int i = 0; i < l->batch_count; i++)
		if (l->batch[i])
			l->batch[i]->fn(l->batch[i], l->events[i]);
	l->batch_count = 0;
	workq_run(&l->inbox);
}

void loop_run(struct loop *l)
{
	do
		loop_once(l, -1);
	while (!__atomic_load_n(&l->stop, __ATOMIC_SEQ_CST));
	__atomic_store_n(&l->stop, false, __ATOMIC_SEQ_CST);
}

int loop_fd_add(struct loop *l, struct loop_fd *w)
{
	struct epoll_event ev = { .events = w->events, .data.ptr = w };

	return !w->events ? 0 : epoll_ctl(l->epoll, EPOLL_CTL_ADD, w->fd, &ev) ? -errno : 0;
}

int loop_fd_set(struct loop *l, struct loop_fd *w, uint32_t events)
{
	struct epoll_event ev = { .events = events, .data.ptr = w };

	w->events = events;
	if (!events) {
		epoll_ctl(l->epoll, EPOLL_CTL_DEL, w->fd, NULL);
		return 0;
	}
	if (!epoll_ctl(l->epoll, EPOLL_CTL_MOD, w->fd, &ev))
		return 0;
	return errno == ENOENT && !epoll_ctl(l->epoll, EPOLL_CTL_ADD, w->fd, &ev) ? 0 : -errno;
}

void loop_fd_remove(struct loop *l, struct loop_fd *w)
{
	epoll_ctl(l->epoll, EPOLL_CTL_DEL, w->fd, NULL);
	for (int i = 0; i < l->batch_count; i++)
		if (l->batch[i] == w)
			l->batch[i] = NULL;
}

static void timer_fired(struct loop_fd *w, uint32_t events)
{
	struct loop_timer *t = container_of(w, struct loop_timer, watch);
	uint64_t count;

	if (read(w->fd, &count, sizeof(count)) == sizeof(count))	/* else it was moved meanwhile */
		t->fn(t);
}

int loop_timer_add(struct loop *l, struct loop_timer *t, void (*fn)(struct loop_timer *t))
{
	int err, fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);

	if (fd < 0)
		return -errno;
	t->watch = (struct loop_fd){ fd, EPOLLIN, timer_fired };
	t->fn = fn;
	err = loop_fd_add(l, &t->watch);
	if (err)
		close(fd);
	return err;
}

void loop_timer_set(struct loop_timer *t, uint64_t ns)
{
	struct itimerspec when = { .it_value = { (time_t)(ns / NS_PER_S), (long)(ns % NS_PER_S) } };

	if (ns == ~0ull)
		when.it_value = (struct timespec){ 0, 0 };
	else if (!ns)
		when.it_value.tv_nsec = 1;	/* 0 would disarm it */
	timerfd_settime(t->watch.fd, 0, &when, NULL);
}

void loop_timer_remove(struct loop *l, struct loop_timer *t)
{
	loop_fd_remove(l, &t->watch);
	close(t->watch.fd);
}

static void signal_came(struct loop_fd *w, uint32_t events)
{
	struct loop_signals *s = container_of(w, struct loop_signals, watch);
	struct signalfd_siginfo info;

	if (read(w->fd, &info, sizeof(info)) == sizeof(info))
		s->fn(s, (int)info.ssi_signo);
}

int loop_signals_add(struct loop *l, struct loop_signals *s, const sigset_t *set,
		     void (*fn)(struct loop_signals *s, int signal))
{
	int err, fd = signalfd(-1, set, SFD_CLOEXEC | SFD_NONBLOCK);

	if (fd < 0)
		return -errno;
	s->watch = (struct loop_fd){ fd, EPOLLIN, signal_came };
	s->fn = fn;
	err = loop_fd_add(l, &s->watch);
	if (err)
		close(fd);
	return err;
}

void loop_signals_remove(struct loop *l, struct loop_signals *s)
{
	loop_fd_remove(l, &s->watch);
	close(s->watch.fd);
}
