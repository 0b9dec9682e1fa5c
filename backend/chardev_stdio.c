/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The user's terminal, or whatever standard input and output are. Only a terminal has the escape key: a pipe's bytes
 * are the guest's, all of them.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "backend/chardev.h"
#include "backend/chardev_fd.h"
#include "base/types.h"
#include "os/tty.h"

#define ESCAPE	0x01			/* Ctrl-A */

struct chardev_stdio {
	struct chardev_fd f;
	struct stdio_events *events;
	bool escaped;			/* the last byte was an escape */
};

static const char help[] =
	"\r\n"
	"Ctrl-A x       quit\r\n"
	"Ctrl-A b       send a break\r\n"
	"Ctrl-A Ctrl-A  send Ctrl-A\r\n"
	"Ctrl-A h       this list\r\n";

static void command(struct chardev_stdio *s, uint8_t key)
{
	switch (key) {
	case 'x':
		if (s->events && s->events->quit)
			s->events->quit(s->events);
		break;
	case 'h':
	case '?':
		chardev_fd_write(&s->f.c, (const uint8_t *)help, sizeof(help) - 1);
		break;
	case 'b':
		chardev_fd_brk(&s->f);
		break;
	}
}

static size_t stdio_filter(struct chardev_fd *f, uint8_t *buf, size_t n)
{
	struct chardev_stdio *s = container_of(f, struct chardev_stdio, f);
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		bool escaped = s->escaped;

		s->escaped = !escaped && buf[i] == ESCAPE;
		if (s->escaped)
			continue;
		if (escaped && buf[i] != ESCAPE)
			command(s, buf[i]);
		else
			buf[kept++] = buf[i];
	}
	return kept;
}

static void stdio_closing(struct chardev_fd *f)
{
	tty_restore();
}

int chardev_stdio_open(struct loop *loop, struct stdio_events *events, struct chardev **out)
{
	struct chardev_stdio *s = calloc(1, sizeof(*s));
	int in, to, err;

	if (!s)
		return -ENOMEM;
	in = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);	/* closed: -1, no input */
	to = chardev_fd_writer(STDOUT_FILENO, &s->f.out_blocks);
	s->events = events;
	if (in >= 0 && isatty(in)) {
		err = tty_raw(in);
		if (!err) {
			s->f.filter = stdio_filter;
			s->f.closing = stdio_closing;
		}
	}
	err = chardev_fd_init(&s->f, loop, in, to);
	if (!err)
		*out = &s->f.c;
	return err;
}
