/* SPDX-License-Identifier: BSD-2-Clause */
/* cella console: this terminal as one more of a running machine's console; Ctrl-A x leaves it. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/types.h"
#include "cmd/cmd.h"
#include "cmd/target.h"
#include "os/tty.h"

#define ESCAPE	0x01	/* Ctrl-A */

static bool write_all(int fd, const char *buf, size_t len)
{
	while (len) {
		ssize_t n = write(fd, buf, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		buf += n;
		len -= (size_t)n;
	}
	return true;
}

/* What was typed, less the escapes. False: leave. */
static bool typed(int fd, bool terminal, bool *escaped)
{
	char buf[256], out[256];
	ssize_t n = read(STDIN_FILENO, buf, sizeof(buf));
	size_t kept = 0;

	if (n <= 0)
		return false;
	for (ssize_t i = 0; i < n; i++) {
		bool was = *escaped;

		*escaped = terminal && !was && buf[i] == ESCAPE;
		if (was && buf[i] == 'x')
			return false;
		if (!*escaped && (!was || buf[i] == ESCAPE))
			out[kept++] = buf[i];
	}
	return write_all(fd, out, kept);
}

static int console_one(void *arg, int fd, const char *machine, struct ctl_error *e)
{
	bool terminal = isatty(STDIN_FILENO), escaped = false;
	struct pollfd p[2] = { { .fd = fd, .events = POLLIN }, { .fd = STDIN_FILENO, .events = POLLIN } };
	int err = target_call(fd, machine, "console", NULL, e);
	char buf[4096];
	ssize_t n;

	if (err)
		return err;
	if (terminal)
		tty_raw(STDIN_FILENO);
	for (;;) {
		if (poll(p, 2, -1) < 0) {
			if (errno == EINTR)
				continue;	/* revents are of before */
			break;
		}
		if (p[1].revents && !typed(fd, terminal, &escaped)) {
			if (terminal)
				break;
			p[1].fd = -1;	/* input has ended; what the guest says is still of interest */
		}
		n = p[0].revents ? read(fd, buf, sizeof(buf)) : 1;
		if (n <= 0 || (p[0].revents && !write_all(STDOUT_FILENO, buf, (size_t)n)))
			break;
	}
	if (terminal)
		tty_restore();
	return 0;
}

int cmd_console(int argc, char **argv)
{
	static const struct target_command command = { .name = "console", .one = true, .act = console_one };

	return target_run(&command, NULL, argc, argv);
}
