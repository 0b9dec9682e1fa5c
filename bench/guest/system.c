/* SPDX-License-Identifier: BSD-2-Clause */
/* What leaves user mode: system calls, page faults, processes, context switches; and two threads that share a line. */
#include "bench.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define SYSCALLS	12000
#define FAULT_PAGES	256
#define FAULT_ROUNDS	3
#define FORKS		20
#define SWITCHES	500
#define ADDS		64000	/* per thread */
#define LOCK_EVERY	16

static void syscall_run(void)
{
	for (int i = 0; i < SYSCALLS; i++)
		sink(syscall(SYS_getppid));
}

static void fault_run(void)
{
	for (int r = 0; r < FAULT_ROUNDS; r++) {
		volatile char *p = mmap(NULL, FAULT_PAGES * 4096, PROT_READ | PROT_WRITE,
					MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (p == MAP_FAILED)
			bench_die("fault: mmap");
		madvise((void *)p, FAULT_PAGES * 4096, MADV_NOHUGEPAGE);
		for (int i = 0; i < FAULT_PAGES; i++)
			p[i * 4096] = 1;
		munmap((void *)p, FAULT_PAGES * 4096);
	}
}

static void fork_run(void)
{
	for (int i = 0; i < FORKS; i++) {
		pid_t child = fork();

		if (!child)
			_exit(0);
		if (child < 0 || waitpid(child, NULL, 0) != child)
			bench_die("fork");
	}
}

static void switch_run(void)
{
	int there[2], back[2];
	pid_t child;
	char c = 0;

	if (pipe(there) || pipe(back))
		bench_die("switch: pipe");
	child = fork();
	if (!child) {
		close(there[1]);
		while (read(there[0], &c, 1) == 1 && write(back[1], &c, 1) == 1)
			;
		_exit(0);
	}
	for (int i = 0; i < SWITCHES; i++)
		if (write(there[1], &c, 1) != 1 || read(back[0], &c, 1) != 1)
			bench_die("switch: ping-pong");
	close(there[0]);
	close(there[1]);
	close(back[0]);
	close(back[1]);
	waitpid(child, NULL, 0);
}

static atomic_uint_fast64_t shared;
static uint64_t locked;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void *contend(void *arg)
{
	for (int i = 0; i < ADDS; i++) {
		atomic_fetch_add(&shared, 1);
		if (i % LOCK_EVERY)
			continue;
		pthread_mutex_lock(&lock);
		locked++;
		pthread_mutex_unlock(&lock);
	}
	return arg;
}

static void contend_run(void)
{
	pthread_t other;

	shared = locked = 0;
	if (pthread_create(&other, NULL, contend, NULL))
		bench_die("contend: pthread_create");
	contend(NULL);
	pthread_join(other, NULL);
	if (shared != 2 * ADDS || locked != 2 * ADDS / LOCK_EVERY)
		bench_die("contend: an update was lost");
}

const struct row system_rows[] = {
	{ "syscall", "call", SYSCALLS, 0, syscall_run, 1 },
	{ "page-fault", "page", FAULT_PAGES * FAULT_ROUNDS, 0, fault_run, 1 },
	{ "fork-exit", "process", FORKS, 0, fork_run, 1 },
	{ "switch", "round trip", SWITCHES, 0, switch_run, 1 },
	{ "contend", "update", 2 * ADDS, 0, contend_run, 2 },
	{ 0 }
};
