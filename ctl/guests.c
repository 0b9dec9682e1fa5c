/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Named guests; see guests.h. debfetch is a script beside the installed binary (../libexec/cella) or in the source tree
 * (../tools); it prints the directory on its standard output and draws its progress on standard error.
 */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ctl/guests.h"

#define IMAGES	"/usr/lib/debian-installer/images/12/arm64/text/debian-installer/arm64"

const struct guest guest_table[] = {
	{ "hello", "built in: UART, timer, GIC, and every vCPU greets", NULL, NULL, NULL, NULL, 64 * MIB },
	{ "debian-arm64", "Debian 12 installer's kernel and initrd, at a shell", "debian-installer-12-netboot-arm64",
	  IMAGES "/linux", IMAGES "/initrd.gz", "console=ttyAMA0 rdinit=/bin/sh", 1 * GIB },
	{ NULL }
};

extern char **environ;

const struct guest *guest_find(const char *name)
{
	for (const struct guest *g = guest_table; g->name; g++)
		if (!strcmp(g->name, name))
			return g;
	return NULL;
}

static int find_debfetch(char path[4096], struct ctl_error *e)
{
	static const char *const places[] = { "/../libexec/cella/debfetch", "/../tools/debfetch" };
	char dir[2048], *slash;
	ssize_t n = readlink("/proc/self/exe", dir, sizeof(dir) - 1);

	dir[n > 0 ? n : 0] = 0;
	slash = strrchr(dir, '/');
	if (slash)
		*slash = 0;
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		snprintf(path, 4096, "%s%s", dir, places[i]);
		if (!access(path, X_OK))
			return 0;
	}
	return ctl_fail(e, -ENOENT, "debfetch: not found in %s/../libexec/cella: install Cella with 'make install'", dir);
}

/* Runs argv and keeps what it prints, at most size - 1 bytes. Returns its status or a negative errno. */
static int run_and_read(char *const argv[], char *out, size_t size)
{
	posix_spawn_file_actions_t actions;
	int pipe_fd[2], status, err;
	size_t len = 0;
	ssize_t n;
	pid_t pid;

	if (pipe2(pipe_fd, O_CLOEXEC))
		return -errno;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, pipe_fd[1], 1);
	err = posix_spawn(&pid, argv[0], &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	close(pipe_fd[1]);
	if (err) {
		close(pipe_fd[0]);
		return -err;
	}
	while (len < size - 1 && ((n = read(pipe_fd[0], out + len, size - 1 - len)) > 0 || (n < 0 && errno == EINTR)))
		len += n > 0 ? (size_t)n : 0;
	out[len] = 0;
	close(pipe_fd[0]);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

int guest_get(const struct guest *g, char **dir, struct ctl_error *e)
{
	char tool[4096], out[4096];
	char *argv[] = { tool, "path", (char *)g->package, NULL };
	int err;

	*dir = NULL;
	if (!g->package)
		return 0;
	err = find_debfetch(tool, e);
	if (err)
		return err;
	err = run_and_read(argv, out, sizeof(out));
	if (err < 0)
		return ctl_fail_errno(e, err, "guest", g->name);
	out[strcspn(out, "\n")] = 0;
	if (err || out[0] != '/')
		return ctl_fail(e, -EIO, "guest %s: could not be fetched: see the line above, then try 'cella get %s' again",
				g->name, g->name);
	*dir = strdup(out);
	return *dir ? 0 : ctl_fail(e, -ENOMEM, "out of memory");
}

static int default_path(char **field, const char *dir, const char *file)
{
	if (*field || !file)
		return 0;
	return asprintf(field, "%s%s", dir, file) < 0 ? -ENOMEM : 0;
}

static int default_params(struct run_options *o, const struct guest *g)
{
	char *both;

	if (!g->params)
		return 0;
	if (asprintf(&both, "%s%s%s", g->params, o->params ? " " : "", o->params ? o->params : "") < 0)
		return -ENOMEM;
	free(o->params);
	o->params = both;
	return 0;
}

int guest_options(const struct guest *g, struct run_options *o, struct ctl_error *e)
{
	char *dir;
	int err = guest_get(g, &dir, e);

	if (err)
		return err;
	if (default_path(&o->kernel, dir, g->kernel) || default_path(&o->initrd, dir, g->initrd) || default_params(o, g))
		err = ctl_fail(e, -ENOMEM, "out of memory");
	if (o->mem == OPTION_UNSET)
		o->mem = g->mem;
	if (g->package) {	/* its files say everything from here on */
		free(o->payload);
		o->payload = NULL;
	}
	free(dir);
	return err;
}
