/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Misuses /dev/cella (abi/ioctl.h), on the board of tests/system/rig/bare_arm64.py: cell_ioctl SECONDS SEED IMAGE SYSTEM CELL...
 *
 * IMAGE, SYSTEM and the CELLs are good files, from which bad ones are made: wrong sizes and counts, flags, names, CPUs and
 * references, pointers to nothing. What a good administrator could not survive either is not tried: code of ours at EL2,
 * Linux's own memory or interrupts given away. It prints how often each answer came, and ends with the engine disabled.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "abi/image.h"
#include "abi/ioctl.h"

#define MAX_FILES	8
#define BIG		(256u << 10)
#define CALLS		9
#define ERRNOS		160

struct file {
	unsigned char *bytes;
	uint32_t size;
};

static struct {
	struct file image, system, cell[MAX_FILES];
	unsigned cells;
	uint64_t seed;
	unsigned char *scratch, *none;		/* BIG bytes; the same and unmapped */
	unsigned long answers[CALLS + 1][ERRNOS];
	int fd;
} fuzz;

static uint64_t dice(uint64_t n)
{
	fuzz.seed ^= fuzz.seed << 13;
	fuzz.seed ^= fuzz.seed >> 7;
	fuzz.seed ^= fuzz.seed << 17;
	return n ? fuzz.seed % n : fuzz.seed;
}

static bool one_in(unsigned n)
{
	return dice(n) == 0;
}

static uint64_t odd_number(void)
{
	static const uint64_t odd[] = { 0, 1, 2, 3, 31, 32, 33, 63, 64, 65, 127, 128, 0x7fff, 0x8000, 0xffff, 0x10000, 0xfffff000,
					0x7fffffff, 0x80000000, 0xffffffff, 0x100000000, ~0ull, ~0ull >> 1, 1ull << 63 };

	return one_in(4) ? dice(0) : odd[dice(sizeof(odd) / sizeof(*odd))];
}

static struct file read_file(const char *name)
{
	struct file f = { malloc(1 << 20), 0 };
	FILE *in = fopen(name, "rb");

	if (!in || !f.bytes) {
		perror(name);
		exit(2);
	}
	f.size = (uint32_t)fread(f.bytes, 1, 1 << 20, in);
	fclose(in);
	return f;
}

static int call(unsigned n, unsigned long command, void *arg)
{
	int err = ioctl(fuzz.fd, command, arg) < 0 ? errno : 0;

	fuzz.answers[n][err < ERRNOS ? err : ERRNOS - 1]++;
	return err;
}

/* Where a good pointer should be. */
static uint64_t pointer(const void *good)
{
	switch (dice(12)) {
	case 0:
		return (uintptr_t)fuzz.none;
	case 1:
		return 0xffff000000000000ull + dice(1ull << 32);
	case 2:
		return odd_number();
	case 3:
		return (uintptr_t)fuzz.none - 100;	/* runs into nothing */
	default:
		return (uintptr_t)good;
	}
}

static void put32(unsigned char *at, uint64_t v)
{
	uint32_t w = (uint32_t)v;

	memcpy(at, &w, sizeof(w));
}

/* Changes a cell's configuration in one to three places. */
static uint32_t spoil_cell(unsigned char *bytes, uint32_t size)
{
	struct cell_config c;
	uint32_t memory, n = 1 + (uint32_t)dice(3);

	for (uint32_t i = 0; i < n; i++) {
		memcpy(&c, bytes, sizeof(c));
		memory = (uint32_t)sizeof(c) + (c.cpu_set_size < 64 ? c.cpu_set_size : 0);
		switch (dice(10)) {
		case 0:		/* any count or size of the head */
			put32(bytes + offsetof(struct cell_config, cpu_set_size) + 4 * dice(9), odd_number());
			break;
		case 1:
			size = (uint32_t)dice(size + 64);
			break;
		case 2:
			bytes[dice(8)] ^= (unsigned char)(1 << dice(8));
			break;
		case 3:
			for (unsigned k = 0; k < CELL_NAME_SIZE; k++)
				bytes[offsetof(struct cell_config, name) + k] = one_in(8) ? 'x' : (unsigned char)dice(256);
			break;
		case 4:		/* CPUs that aren't there, all, none */
			if (memory < size)
				bytes[sizeof(c)] = (unsigned char)dice(256) | (one_in(2) ? 0xf0 : 0);
			break;
		case 5:		/* a region's virt, size or flags */
			if (c.num_memory && c.num_memory < 64 && memory + 32 * c.num_memory <= size) {
				uint64_t v = odd_number();

				memcpy(bytes + memory + 32 * dice(c.num_memory) + 8 + 8 * dice(3), &v, 8);
			}
			break;
		case 6:		/* its place, but not Linux's devices: those of the first GiB */
			if (c.num_memory && c.num_memory < 64 && memory + 32 * c.num_memory <= size) {
				uint64_t v = (odd_number() & ~0xfffull) | 1ull << (30 + dice(30));

				memcpy(bytes + memory + 32 * dice(c.num_memory), &v, 8);
			}
			break;
		case 7:
			put32(bytes + offsetof(struct cell_config, id), odd_number());
			break;
		case 8:
			put32(bytes + offsetof(struct cell_config, flags), odd_number());
			break;
		default:
			put32(bytes + offsetof(struct cell_config, reset_address) + 4 * dice(2), odd_number());
		}
	}
	return size;
}

static void make_ref(struct cella_cell_ref *ref, int32_t id)
{
	memset(ref, 0, sizeof(*ref));
	ref->id = one_in(6) ? (int32_t)odd_number() : id;
	if (one_in(4)) {
		ref->id = -1;
		for (unsigned i = 0; i < CELL_NAME_SIZE; i++)
			ref->name[i] = (char)dice(256);
	}
	ref->pad = one_in(16) ? (uint32_t)odd_number() : 0;
}

static void try_enable(void)
{
	struct cella_enable e = { .image_size = fuzz.image.size, .config_size = fuzz.system.size };
	unsigned char *config = fuzz.scratch, *image = fuzz.scratch + BIG;

	memcpy(config, fuzz.system.bytes, fuzz.system.size);
	memcpy(image, fuzz.image.bytes, fuzz.image.size);
	e.image = pointer(image);
	e.config = pointer(config);
	switch (dice(8)) {
	case 0:		/* the header up to its entry, which may leave the image but not go elsewhere in it */
		put32(image + 4 * dice(5), odd_number());
		break;
	case 1:
		put32(image + offsetof(struct image_header, entry), fuzz.image.size + dice(1 << 20));
		break;
	case 2:
		put32(image + offsetof(struct image_header, console_offset) + 4 * dice(2), odd_number());
		break;
	case 3:
		e.config_size = (uint32_t)odd_number();
		break;
	case 4:
		e.image_size = (uint32_t)odd_number();
		break;
	case 5:		/* the engine's memory: anywhere in Linux's, or crooked */
		put32(config + offsetof(struct system_config, hypervisor_memory) + (one_in(2) ? 0 : 16),
		      0x40000000 + dice(1 << 29));
		break;
	case 6:
		e.config_size = (uint32_t)offsetof(struct system_config, root) +
				spoil_cell(config + offsetof(struct system_config, root), 0);
		break;
	default:
		break;
	}
	call(0, CELLA_IOC_ENABLE, &e);
}

static int32_t try_create(void)
{
	const struct file *f = &fuzz.cell[dice(fuzz.cells)];
	struct cella_create c = { .config_size = f->size, .id = -1 };

	memcpy(fuzz.scratch, f->bytes, f->size);
	if (!one_in(4))
		c.config_size = spoil_cell(fuzz.scratch, f->size);
	c.config = pointer(fuzz.scratch);
	return call(2, CELLA_IOC_CREATE, &c) ? 0 : c.id;
}

static void try_load(int32_t id)
{
	struct cella_load l;

	memset(&l, 0, sizeof(l));
	make_ref(&l.cell, id);
	l.count = one_in(3) ? (uint32_t)odd_number() : 1 + (uint32_t)dice(CELLA_LOAD_MAX);
	for (unsigned i = 0; i < CELLA_LOAD_MAX; i++) {
		l.piece[i].source = pointer(fuzz.scratch);
		l.piece[i].size = one_in(3) ? odd_number() : dice(BIG);
		l.piece[i].target = one_in(3) ? odd_number() : dice(1 << 20);
	}
	call(3, CELLA_IOC_LOAD, &l);
}

/* A file of its own: maps something, which isn't touched, and sets interrupts. */
static void try_serve(const struct cella_cell_ref *ref)
{
	struct cella_serve_irq irq = { .intid = (uint32_t)odd_number(), .pending = (uint32_t)(one_in(8) ? odd_number() : dice(2)) };
	int fd = open("/dev/cella", O_RDWR | O_NONBLOCK), all = fuzz.fd;
	char buf[64];
	void *at;

	if (fd < 0)
		return;
	fuzz.fd = fd;
	if (!one_in(4))
		call(7, CELLA_IOC_SERVE, one_in(8) ? (void *)(uintptr_t)pointer(ref) : (void *)(uintptr_t)ref);
	call(8, CELLA_IOC_SERVE_IRQ, one_in(8) ? (void *)(uintptr_t)pointer(&irq) : &irq);
	at = mmap(NULL, 0x3000, one_in(4) ? PROT_EXEC : PROT_READ | PROT_WRITE, one_in(4) ? MAP_PRIVATE : MAP_SHARED, fd,
		  (off_t)(odd_number() & ~0xfffull));
	if (read(fd, one_in(4) ? (void *)fuzz.none : buf, dice(sizeof(buf))) < 0)
		fuzz.answers[CALLS][errno < ERRNOS ? errno : 0]++;
	if (one_in(4))
		call(6, CELLA_IOC_DESTROY, (void *)(uintptr_t)ref);
	if (at != MAP_FAILED)
		munmap(at, 0x3000);
	fuzz.fd = all;
	close(fd);
}

static void one_round(void)
{
	struct cella_cell_ref ref;
	static int32_t last;
	char buf[64];

	make_ref(&ref, last);
	switch (dice(13)) {
	case 0:
		try_enable();
		break;
	case 1:
		if (one_in(8))
			call(1, CELLA_IOC_DISABLE, (void *)(uintptr_t)odd_number());
		break;
	case 2: case 3:
		last = try_create();
		break;
	case 4: case 5:
		try_load(last);
		break;
	case 6:
		call(4, CELLA_IOC_START, &ref);
		break;
	case 7:
		call(5, CELLA_IOC_SHUTDOWN, &ref);
		break;
	case 8: case 9:
		call(6, CELLA_IOC_DESTROY, &ref);
		break;
	case 10:	/* any call at all, but enable with what happens to lie there */
		call(CALLS, _IOC((unsigned)dice(4), one_in(2) ? 0xce : dice(256), 9 + dice(246), dice(1 << 14)),
		     (void *)(uintptr_t)(one_in(2) ? pointer(fuzz.scratch) : odd_number()));
		break;
	case 11:
		try_serve(&ref);
		break;
	default:
		if (read(fuzz.fd, one_in(4) ? (void *)fuzz.none : buf, dice(sizeof(buf))) < 0)
			fuzz.answers[CALLS][errno < ERRNOS ? errno : 0]++;
	}
}

/* A cell may have no answer to "shut down", for ever: that wait ends with a signal. */
static void on_alarm(int signal)
{
	(void)signal;
}

int main(int argc, char **argv)
{
	time_t end;

	if (argc < 6 || argc > 5 + MAX_FILES) {
		fprintf(stderr, "usage: cell_ioctl SECONDS SEED IMAGE SYSTEM CELL...\n");
		return 2;
	}
	fuzz.seed = 0x9e3779b97f4a7c15ull * (strtoull(argv[2], NULL, 0) + 1);
	fuzz.image = read_file(argv[3]);
	fuzz.system = read_file(argv[4]);
	for (int i = 5; i < argc; i++)
		fuzz.cell[fuzz.cells++] = read_file(argv[i]);
	fuzz.scratch = mmap(NULL, 4 * BIG, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	fuzz.none = fuzz.scratch + 3 * BIG;
	munmap(fuzz.none, BIG);
	fuzz.fd = open("/dev/cella", O_RDWR | O_NONBLOCK);
	if (fuzz.fd < 0) {
		perror("/dev/cella");
		return 2;
	}
	sigaction(SIGALRM, &(struct sigaction){ .sa_handler = on_alarm }, NULL);
	setitimer(ITIMER_REAL, &(struct itimerval){ { 0, 500000 }, { 0, 500000 } }, NULL);
	end = time(NULL) + atoi(argv[1]);
	for (unsigned long rounds = 0; time(NULL) < end; rounds++) {
		one_round();
		if (rounds % 4096 == 4095)	/* from the start, whatever has come about */
			call(1, CELLA_IOC_DISABLE, NULL);
	}
	call(1, CELLA_IOC_DISABLE, NULL);
	for (unsigned n = 0; n <= CALLS; n++) {
		static const char *const names[] = { "enable", "disable", "create", "load", "start", "shutdown", "destroy", "serve",
						     "serve_irq", "other" };

		printf("%s:", names[n]);
		for (unsigned e = 0; e < ERRNOS; e++)
			if (fuzz.answers[n][e])
				printf(" %s %lu", e ? strerrorname_np((int)e) : "0", fuzz.answers[n][e]);
		printf("\n");
	}
	return 0;
}
