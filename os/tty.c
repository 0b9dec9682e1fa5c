/* SPDX-License-Identifier: BSD-2-Clause */
/* See tty.h. What a signal handler needs to put a terminal back has to be global; it is set before the handlers are. */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>
#include "base/types.h"
#include "os/tty.h"

static struct {
	int fd;
	bool raw;			/* atomic */
	bool prepared;			/* handlers and atexit are there */
	struct termios cooked, now;
} tty;

const char *tty_newline(void)
{
	return __atomic_load_n(&tty.raw, __ATOMIC_ACQUIRE) ? "\r\n" : "\n";
}

void tty_restore(void)
{
	int saved = errno;

	if (__atomic_exchange_n(&tty.raw, false, __ATOMIC_ACQ_REL))
		tcsetattr(tty.fd, TCSANOW, &tty.cooked);
	errno = saved;
}

static void fatal(int sig)
{
	tty_restore();
	signal(sig, SIG_DFL);
	raise(sig);			/* arrives when this handler returns */
}

static void stopped(int sig)
{
	bool was_raw = __atomic_load_n(&tty.raw, __ATOMIC_ACQUIRE);
	int saved = errno;

	tty_restore();
	raise(SIGSTOP);
	if (was_raw && !tcsetattr(tty.fd, TCSANOW, &tty.now))	/* continued */
		__atomic_store_n(&tty.raw, true, __ATOMIC_RELEASE);
	errno = saved;
}

/* Where nobody set a handler before. */
static void handle(int sig, void (*fn)(int))
{
	struct sigaction old, sa = { .sa_handler = fn, .sa_flags = SA_RESTART };

	if (!sigaction(sig, NULL, &old) && !(old.sa_flags & SA_SIGINFO) && old.sa_handler == SIG_DFL)
		sigaction(sig, &sa, NULL);
}

int tty_raw(int fd)
{
	static const int fatal_signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };

	if (__atomic_load_n(&tty.raw, __ATOMIC_ACQUIRE))
		return -EBUSY;
	if (tcgetattr(fd, &tty.cooked))
		return -errno;
	tty.fd = fd;
	tty.now = tty.cooked;
	cfmakeraw(&tty.now);
	tty.now.c_cc[VMIN] = 1;
	tty.now.c_cc[VTIME] = 0;
	if (!tty.prepared) {
		for (size_t i = 0; i < ARRAY_SIZE(fatal_signals); i++)
			handle(fatal_signals[i], fatal);
		handle(SIGTSTP, stopped);
		atexit(tty_restore);
		tty.prepared = true;
	}
	__atomic_store_n(&tty.raw, true, __ATOMIC_RELEASE);
	if (tcsetattr(fd, TCSANOW, &tty.now)) {
		__atomic_store_n(&tty.raw, false, __ATOMIC_RELEASE);
		return -errno;
	}
	return 0;
}

int tty_size(int fd, uint16_t *columns, uint16_t *rows)
{
	struct winsize w;

	if (ioctl(fd, TIOCGWINSZ, &w))
		return -errno;
	*columns = w.ws_col;
	*rows = w.ws_row;
	return 0;
}
