/* SPDX-License-Identifier: BSD-2-Clause */
/* cella cell list, stats, console: what there is. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/types.h"
#include "cmd/cell.h"
#include "ctl/cell_driver.h"

static int print_cell(const struct cell_status *s, void *arg)
{
	bool *any = arg;

	if (!*any)
		printf("%-8s%-24s%-18s%-24s%s\n", "ID", "Name", "State", "Assigned CPUs", "Failed CPUs");
	*any = true;
	printf("%-8d%-24s%-18s%-24s%s\n", s->id, s->name, s->state, s->cpus, s->failed);
	return 0;
}

int cell_verb_list(const struct cell_args *a, struct ctl_error *e)
{
	bool any = false;
	int err = cell_driver_each(print_cell, &any, e);

	if (!err && !any)
		fputs("no cells: 'cella cell enable SYSTEM' makes this Linux one\n", stderr);
	return err;
}

static const char *const stat_files[] = { "total", "mmio", "management", "hypercall", "maintenance", "virt_irq", "virt_sgi", "psci",
					  "smccc" };

static void read_stats(int id, uint64_t *out)
{
	char path[64], text[32];

	for (size_t i = 0; i < ARRAY_SIZE(stat_files); i++) {
		snprintf(path, sizeof(path), "statistics/vmexits_%s", stat_files[i]);
		out[i] = cell_driver_read(id, path, text, sizeof(text)) ? 0 : strtoull(text, NULL, 10);
	}
}

int cell_verb_stats(const struct cell_args *a, struct ctl_error *e)
{
	uint64_t before[ARRAY_SIZE(stat_files)], now[ARRAY_SIZE(stat_files)];
	struct cell_status s;
	int err = cell_driver_find(a->operand[0], &s, e);

	if (err)
		return err;
	read_stats(s.id, before);
	sleep(1);
	read_stats(s.id, now);
	printf("%-24s%16s%12s\n", s.name, "since start", "a second");
	for (size_t i = 0; i < ARRAY_SIZE(stat_files); i++)
		printf("vmexits_%-16s%16llu%12lld\n", stat_files[i], (unsigned long long)now[i], (long long)(now[i] - before[i]));
	return 0;
}

int cell_verb_console(const struct cell_args *a, struct ctl_error *e)
{
	char buf[1024];
	ssize_t n = 0;
	int fd = cell_driver_open(e);

	if (fd < 0)
		return fd;
	if (!cell_value(a, 'f') && fcntl(fd, F_SETFL, O_NONBLOCK))
		n = -1;
	while (n >= 0 && (n = read(fd, buf, sizeof(buf))) > 0) {
		fwrite(buf, 1, (size_t)n, stdout);
		fflush(stdout);
	}
	close(fd);
	return n < 0 && errno != EAGAIN ? ctl_fail_errno(e, -errno, "device", "/dev/cella") : 0;
}
