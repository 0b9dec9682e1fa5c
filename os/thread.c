/* SPDX-License-Identifier: BSD-2-Clause */
/* See thread.h. */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "base/platform.h"
#include "os/thread.h"

#define ALTERNATE_BYTES	(64 * KIB)

int thread_kick_signal(void)
{
	return SIGRTMIN + 1;
}

int thread_alternate_stack(void)
{
	stack_t old, s = { .ss_size = ALTERNATE_BYTES };

	if (!sigaltstack(NULL, &old) && !(old.ss_flags & SS_DISABLE))
		return 0;
	s.ss_sp = mmap(NULL, s.ss_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (s.ss_sp == MAP_FAILED)
		return -ENOMEM;
	return sigaltstack(&s, NULL) ? -errno : 0;
}

static void free_alternate_stack(void)
{
	stack_t old, off = { .ss_flags = SS_DISABLE };

	if (!sigaltstack(&off, &old) && !(old.ss_flags & SS_DISABLE))
		munmap(old.ss_sp, old.ss_size);
}

static void *thread_main(void *arg)
{
	struct thread *t = arg;

	pthread_setname_np(pthread_self(), t->name);
	__atomic_store_n(&t->tid, platform_thread_id(), __ATOMIC_RELEASE);
	thread_alternate_stack();
	t->fn(t->arg);
	__atomic_store_n(&t->tid, 0, __ATOMIC_RELEASE);
	free_alternate_stack();
	return NULL;
}

int thread_start(struct thread *t, const char *name, void (*fn)(void *arg), void *arg)
{
	static const int open_signals[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP, SIGPROF };
	sigset_t blocked, before;
	int err;

	*t = (struct thread){ .fn = fn, .arg = arg };
	snprintf(t->name, sizeof(t->name), "%s", name);
	sigfillset(&blocked);
	for (size_t i = 0; i < ARRAY_SIZE(open_signals); i++)
		sigdelset(&blocked, open_signals[i]);
	sigdelset(&blocked, thread_kick_signal());
	pthread_sigmask(SIG_SETMASK, &blocked, &before);
	err = pthread_create(&t->handle, NULL, thread_main, t);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return -err;
}

uint64_t thread_cpu_ns(uint32_t tid)
{
	unsigned long long ns = 0;
	char path[48];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/self/task/%u/schedstat", tid);
	f = fopen(path, "re");
	if (!f)
		return 0;
	if (fscanf(f, "%llu", &ns) != 1)
		ns = 0;
	fclose(f);
	return ns;
}

void thread_join(struct thread *t)
{
	pthread_join(t->handle, NULL);
}

void thread_block_signals(void)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGWINCH };
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		sigaddset(&set, signals[i]);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
}

static void kicked(int sig)
{
}

int thread_kick_init(void)
{
	struct sigaction sa = { .sa_handler = kicked };		/* no SA_RESTART: that is the point */

	return sigaction(thread_kick_signal(), &sa, NULL) ? -errno : 0;
}

void thread_kick_id(uint32_t tid)
{
	int saved = errno;

	syscall(SYS_tgkill, getpid(), tid, thread_kick_signal());
	errno = saved;
}

void thread_kick(struct thread *t)
{
	uint32_t tid = __atomic_load_n(&t->tid, __ATOMIC_ACQUIRE);

	if (tid)
		thread_kick_id(tid);
}
