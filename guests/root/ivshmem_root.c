/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The root's side of ivshmem-demo: ivshmem_root SECONDS [RINGS]. Takes the first ivshmem device of cella.ko, says its state
 * (1), writes into its own output region, rings the other peer RINGS times, and prints each change of what it sees; with state
 * 0 it ends. Needs nothing but sysfs.
 */
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define DEVICES		"/sys/bus/pci/drivers/cella-ivshmem"
#define PAGE		0x1000u
#define REG_ID		0
#define REG_PEERS	1
#define REG_INTERRUPT	2
#define REG_DOORBELL	3
#define REG_STATE	4
#define GREETING	0x7eee0000u

static int open_file(const char *device, const char *name, int mode)
{
	char path[512];
	int fd;

	snprintf(path, sizeof(path), DEVICES "/%s/%s", device, name);
	fd = open(path, mode);
	if (fd < 0) {
		perror(path);
		exit(1);
	}
	return fd;
}

static volatile void *map(const char *device, const char *name, size_t size)
{
	int fd = open_file(device, name, O_RDWR);
	void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	close(fd);
	if (at == MAP_FAILED) {
		perror(name);
		exit(1);
	}
	return at;
}

static char *find(void)
{
	DIR *d = opendir(DEVICES);
	struct dirent *e;

	while (d && (e = readdir(d)))
		if (strchr(e->d_name, ':'))
			return strdup(e->d_name);
	fprintf(stderr, "no ivshmem device\n");
	exit(1);
}

static unsigned count(int fd)
{
	char text[32] = "";

	if (pread(fd, text, sizeof(text) - 1, 0) < 0)
		perror("interrupts");
	return (unsigned)strtoul(text, NULL, 10);
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* One page for the state table, one that both write, and one for each peer, as in configs/. */
int main(int argc, char **argv)
{
	double end = seconds() + (argc > 1 ? atof(argv[1]) : 10);
	unsigned rings = argc > 2 ? (unsigned)atoi(argv[2]) : 3, seen = ~0u, state = ~0u, first;
	char *device = find();
	volatile uint32_t *regs = map(device, "resource0", PAGE), *states = map(device, "memory", 4 * PAGE);
	int fd = open_file(device, "interrupts", O_RDONLY);
	uint32_t id = regs[REG_ID], peer = !id;
	volatile uint64_t *own = (volatile uint64_t *)(states + (2 + id) * PAGE / 4);
	volatile uint64_t *other = (volatile uint64_t *)(states + (2 + peer) * PAGE / 4);

	setlinebuf(stdout);
	printf("root: %s, id %u of %u\n", device, id, regs[REG_PEERS]);
	first = count(fd);
	*own = GREETING;
	regs[REG_INTERRUPT] = 1;
	regs[REG_STATE] = 1;
	while (seconds() < end) {
		unsigned now = count(fd) - first;

		if (now != seen || states[peer] != state) {
			seen = now;
			state = states[peer];
			printf("root: %u interrupts, peer's state %u, output %llu\n", seen, state, (unsigned long long)*other);
		}
		if (rings) {
			rings--;
			*own = *own + 1;
			regs[REG_DOORBELL] = peer << 16;
		}
		poll(&(struct pollfd){ .fd = fd, .events = POLLPRI }, 1, 300);
	}
	regs[REG_STATE] = 0;
	printf("root: end\n");
	return 0;
}
