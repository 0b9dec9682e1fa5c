/* SPDX-License-Identifier: BSD-2-Clause */
/* See cell_driver.h: what sysfs shows of cells, and the configurations that the driver was given. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ctl/cell_driver.h"
#include "os/file.h"

#define SYSFS		"/sys/devices/cella"
#define MAX_IDS		128
#define SYSTEM_NAME	"system"	/* in CELL_STATE_DIR; cells' begin with '@' */

static int read_text(const char *path, char *out, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = read(fd, out, size - 1);
	close(fd);
	if (n < 0)
		return -errno;
	out[n] = 0;
	out[strcspn(out, "\n")] = 0;
	return 0;
}

int cell_driver_read(int id, const char *file, char *out, size_t size)
{
	char path[256];

	snprintf(path, sizeof(path), SYSFS "/cells/%d/%s", id, file);
	return read_text(path, out, size);
}

static int by_number(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

static bool read_status(int id, struct cell_status *s)
{
	s->id = id;
	return !cell_driver_read(id, "name", s->name, sizeof(s->name)) && !cell_driver_read(id, "state", s->state,
											    sizeof(s->state)) &&
	       !cell_driver_read(id, "cpus_assigned", s->cpus, sizeof(s->cpus)) &&
	       !cell_driver_read(id, "cpus_failed", s->failed, sizeof(s->failed));
}

int cell_driver_each(int (*fn)(const struct cell_status *s, void *arg), void *arg, struct ctl_error *e)
{
	DIR *dir = opendir(SYSFS "/cells");
	struct dirent *d;
	struct cell_status s;
	int ids[MAX_IDS], n = 0, err = 0;

	if (!dir)
		return ctl_fail(e, -ENODEV, "%s: there is none: 'cella cell enable SYSTEM' loads the driver", SYSFS);
	while (n < MAX_IDS && (d = readdir(dir)))
		if (d->d_name[0] >= '0' && d->d_name[0] <= '9')
			ids[n++] = atoi(d->d_name);
	closedir(dir);
	qsort(ids, (size_t)n, sizeof(ids[0]), by_number);
	for (int i = 0; i < n && !err; i++)
		if (read_status(ids[i], &s))	/* else it went meanwhile */
			err = fn(&s, arg);
	return err;
}

struct finder {
	const char *want;
	struct cell_status *out;
};

static int found(const struct cell_status *s, void *arg)
{
	const struct finder *f = arg;
	char id[16];

	snprintf(id, sizeof(id), "%d", s->id);
	if (strcmp(f->want, id) && strcmp(f->want, s->name))
		return 0;
	*f->out = *s;
	return 1;
}

int cell_driver_find(const char *cell, struct cell_status *out, struct ctl_error *e)
{
	struct finder f = { .want = cell, .out = out };
	int err = cell_driver_each(found, &f, e);

	if (err < 0)
		return err;
	return err ? 0 : ctl_fail(e, -ENOENT, "cell %s: there is no such cell: 'cella cell list' shows them", cell);
}

/* ---- what the driver was given ---- */

static void state_path(char *out, size_t size, const char *cell)
{
	snprintf(out, size, CELL_STATE_DIR "/%s%s", cell ? "@" : SYSTEM_NAME, cell ? cell : "");
}

void cell_state_save(const struct cell_file *f)
{
	char path[256];

	mkdir("/run", 0755);
	mkdir("/run/cella", 0700);
	mkdir(CELL_STATE_DIR, 0700);
	state_path(path, sizeof(path), f->system ? NULL : cell_file_name(f));
	file_replace(path, f->blob, f->blob_size, 0600);	/* without it only later checks know less */
}

void cell_state_remove(const char *name)
{
	DIR *dir = name ? NULL : opendir(CELL_STATE_DIR);
	char path[sizeof(CELL_STATE_DIR) + 260];
	struct dirent *d;

	if (name) {
		state_path(path, sizeof(path), name);
		unlink(path);
	}
	while (dir && (d = readdir(dir)))
		if (d->d_name[0] == '@' || !strcmp(d->d_name, SYSTEM_NAME)) {
			snprintf(path, sizeof(path), CELL_STATE_DIR "/%s", d->d_name);
			unlink(path);
		}
	if (dir)
		closedir(dir);
}

int cell_state_load(struct cell_file **system, struct cell_file **cells, unsigned max, unsigned *count, struct ctl_error *e)
{
	char path[sizeof(CELL_STATE_DIR) + 260];
	DIR *dir = opendir(CELL_STATE_DIR);
	struct dirent *d;
	int err;

	*count = 0;
	state_path(path, sizeof(path), NULL);
	if (!dir || access(path, R_OK)) {
		if (dir)
			closedir(dir);
		return -ENOENT;
	}
	err = cell_file_load(path, system, e);
	while (!err && *count < max && (d = readdir(dir))) {
		if (d->d_name[0] != '@')
			continue;
		snprintf(path, sizeof(path), CELL_STATE_DIR "/%s", d->d_name);
		err = cell_file_load(path, &cells[*count], e);
		*count += !err;
	}
	closedir(dir);
	return err;
}
