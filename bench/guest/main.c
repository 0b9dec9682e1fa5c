/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Chooses rows, times them and prints `row NAME NS UNIT`. As process 1 it is the guest's init: it says `bench: init`
 * first, which is what boot time is measured to, and powers the machine off at the end. Rows are chosen by arguments,
 * or by `rows=a,b` on the kernel command line, which the kernel hands to init in the environment.
 */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/reboot.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

void bench_die(const char *what)
{
	printf("bench: %s failed\n", what);
	fflush(stdout);
	if (getpid() == 1)
		reboot(RB_POWER_OFF);
	exit(1);
}

void *bench_alloc(size_t bytes)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (p == MAP_FAILED)
		bench_die("mmap");
	return p;
}

static double now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e9 + t.tv_nsec;
}

static void measure(const struct row *r)
{
	double best = 0;

	if (r->setup)
		r->setup();
	for (int i = 0; i < CHUNKS; i++) {
		double start = now_ns(), took;

		r->run();
		took = now_ns() - start;
		if (!i || took < best)
			best = took;
	}
	printf("row %s %.3f %s\n", r->name, best / r->units, r->unit);
	fflush(stdout);
}

/* Is the name one of the comma-separated ones? */
static int listed(const char *list, const char *name)
{
	size_t n = strlen(name);

	for (const char *p = list; p; p = strchr(p, ',')) {
		p += *p == ',';
		if (!strncmp(p, name, n) && (p[n] == ',' || !p[n]))
			return 1;
	}
	return 0;
}

static int chosen(const struct row *r, int argc, char **argv, const char *list)
{
	if (list && *list)
		return listed(list, r->name);
	for (int i = 1; i < argc; i++)
		if (listed(argv[i], r->name))
			return 1;
	return argc <= 1 && r->cpus <= sysconf(_SC_NPROCESSORS_ONLN);
}

int main(int argc, char **argv)
{
	static const struct row *const groups[] = {
		integer_rows, call_rows, memory_rows, float_rows, vector_rows, system_rows,
	};
	int init = getpid() == 1;
	const char *list = getenv("rows");

	if (init) {
		printf("\nbench: init %.3f\n", now_ns() / 1e9);
		fflush(stdout);
		argc = 1;
	}
	for (size_t g = 0; g < sizeof(groups) / sizeof(groups[0]); g++)
		for (const struct row *r = groups[g]; r->name; r++)
			if (chosen(r, argc, argv, list))
				measure(r);
	printf("bench: done\n");
	fflush(stdout);
	if (init) {
		tcdrain(1);
		reboot(RB_POWER_OFF);
	}
	return 0;
}
