/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * base/platform.h on Linux: futexes, the monotonic clock, standard error. Standard error and the handlers of signals
 * belong to the process, so the threshold beside them does as well.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <execinfo.h>
#include <linux/futex.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include <unwind.h>
#include "base/fmt.h"
#include "base/platform.h"
#include "os/platform.h"
#include "os/thread.h"
#include "os/tty.h"

#define LINE_BYTES	640
#define FRAMES		48

static int log_threshold = LOG_WARN;

void platform_wait(uint32_t *word, uint32_t expected)
{
	syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, expected, NULL, NULL, 0);
}

void platform_wait_for(uint32_t *word, uint32_t expected, uint64_t timeout_ns)
{
	struct timespec t = { (time_t)(timeout_ns / 1000000000u), (long)(timeout_ns % 1000000000u) };

	syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, expected, &t, NULL, 0);
}

void platform_wake(uint32_t *word, bool all)
{
	syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, all ? INT32_MAX : 1, NULL, NULL, 0);
}

uint64_t platform_now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

uint32_t platform_thread_id(void)
{
	static __thread uint32_t id;

	if (!id)
		id = (uint32_t)syscall(SYS_gettid);
	return id;
}

void platform_log_threshold(enum log_level most)
{
	__atomic_store_n(&log_threshold, (int)most, __ATOMIC_RELAXED);
}

static void write_all(const char *text, size_t len)
{
	while (len) {
		ssize_t n = write(STDERR_FILENO, text, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return;
		text += n;
		len -= (size_t)n;
	}
}

void platform_log(int level, const char *line, size_t len)
{
	static const char *const prefix[] = { "cella: ", "cella: warning: ", "cella: ", "cella: debug: " };
	char text[LINE_BYTES];
	int n;

	if (level > __atomic_load_n(&log_threshold, __ATOMIC_RELAXED))
		return;
	n = fmt_print(text, sizeof(text), "%s%.*s%s", prefix[level & 3], (int)len, line, tty_newline());
	write_all(text, MIN((size_t)n, sizeof(text) - 1));
}

struct trace {
	void *frame[FRAMES];
	int count;
};

static _Unwind_Reason_Code add_frame(struct _Unwind_Context *c, void *arg)
{
	struct trace *t = arg;

	if (t->count == FRAMES)
		return _URC_END_OF_STACK;
	t->frame[t->count++] = (void *)_Unwind_GetIP(c);
	return _URC_NO_REASON;
}

/* libc's own backtrace() loads the unwinder when it is first called, which is not for a handler; the program has it linked in. */
static void print_backtrace(void)
{
	struct trace t = { .count = 0 };

	_Unwind_Backtrace(add_frame, &t);
	backtrace_symbols_fd(t.frame, t.count, STDERR_FILENO);
}

void platform_halt(void)
{
	signal(SIGABRT, SIG_DFL);
	tty_restore();
	print_backtrace();
	abort();
}

static void crashed(int sig, siginfo_t *info, void *context)
{
	char text[128];
	int n;

	signal(sig, SIG_DFL);
	tty_restore();
	n = fmt_print(text, sizeof(text), "cella: signal %d at address %p\n", sig, info->si_addr);
	write_all(text, MIN((size_t)n, sizeof(text) - 1));
	print_backtrace();
	raise(sig);
}

int platform_crash_handlers(void)
{
	static const int signals[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT };
	struct sigaction sa = { .sa_sigaction = crashed, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER };
	int err = thread_alternate_stack();

	if (err)
		return err;
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		if (sigaction(signals[i], &sa, NULL))
			return -errno;
	return 0;
}
