/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Both GICs against QEMU's: the same random accesses to both, over QEMU's qtest protocol with no guest, and every
 * register read back. Values keep to what is architected alike: five priority bits, no reserved filters, both
 * groups on.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>
#include "dev/irqchip/gicv2.h"
#include "dev/irqchip/gicv3.h"
#include "tests/dev/board.h"
#include "tests/unit/skip.h"

#define DIST		0x08000000ull
#define REDIST		0x080a0000ull
#define CPU		0x08010000ull
#define SEEDS		4
#define WRITES		150
#define INTIDS		288u		/* as many as QEMU's machine has */

static struct board *b;
static FILE *to, *from;
static pid_t qemu;
static uint32_t seed;

static uint32_t dice(uint32_t n)
{
	seed = seed * 1103515245 + 12345;
	return (seed >> 8) % n;
}

static uint32_t word32(void)
{
	return dice(0x10000) << 16 | dice(0x10000);
}

/* The reply to one command; events in between are passed over. */
static uint64_t ask(const char *op, uint64_t addr, unsigned size, uint64_t value)
{
	static const char letter[] = { [1] = 'b', [2] = 'w', [4] = 'l', [8] = 'q' };
	unsigned long long out = 0;
	char line[128];

	if (*op == 'w')
		fprintf(to, "write%c 0x%llx 0x%llx\n", letter[size], (unsigned long long)addr, (unsigned long long)value);
	else
		fprintf(to, "read%c 0x%llx\n", letter[size], (unsigned long long)addr);
	fflush(to);
	do {
		if (!fgets(line, sizeof(line), from))
			fail_msg("QEMU has gone");
	} while (strncmp(line, "OK", 2));
	sscanf(line, "OK %llx", &out);
	return size < 8 ? out & ((1ull << 8 * size) - 1) : out;
}

static void put(uint64_t addr, unsigned size, uint64_t value)
{
	ask("w", addr, size, value);
	board_write(b, 0, addr, size, value);
}

static void same(uint64_t addr, unsigned size)
{
	uint64_t theirs = ask("r", addr, size, 0), ours = board_read(b, 0, addr, size);

	if (theirs != ours)
		fail_msg("seed %u, %#llx: QEMU %#llx, here %#llx", seed, (unsigned long long)addr,
			 (unsigned long long)theirs, (unsigned long long)ours);
}

static void same_range(uint64_t first, uint64_t end, unsigned size)
{
	for (uint64_t a = first; a < end; a += size)
		same(a, size);
}

static void qemu_start(unsigned version, unsigned cpus)
{
	int in[2], out[2];
	char machine[32], smp[8];

	snprintf(machine, sizeof(machine), "virt,gic-version=%u", version);
	snprintf(smp, sizeof(smp), "%u", cpus);
	assert_int_equal(pipe(in) | pipe(out), 0);
	qemu = fork();
	if (qemu == 0) {
		dup2(in[0], 0);
		dup2(out[1], 1);
		close(in[1]);
		close(out[0]);
		if (!freopen("/dev/null", "w", stderr))
			_exit(127);
		execlp("qemu-system-aarch64", "qemu-system-aarch64", "-machine", machine, "-smp", smp, "-accel", "tcg", "-S",
		       "-qtest", "stdio", "-display", "none", "-nodefaults", NULL);
		_exit(127);
	}
	close(in[0]);
	close(out[1]);
	to = fdopen(in[1], "w");
	from = fdopen(out[0], "r");
}

static void qemu_stop(void)
{
	kill(qemu, SIGKILL);
	waitpid(qemu, NULL, 0);
	fclose(to);
	fclose(from);
}

static void start(unsigned version, unsigned cpus)
{
	struct device *gic;

	qemu_start(version, cpus);
	b = board_new(cpus);
	gic = board_device(b, version == 3 ? &gicv3_class : &gicv2_class);
	assert_int_equal(device_init(gic), 0);
	assert_int_equal(version == 3 ? gicv3_map(gic, DIST, REDIST) : gicv2_map(gic, DIST, CPU), 0);
	device_reset_all(&b->vm, RESET_COLD);
}

static void stop(void)
{
	qemu_stop();
	qemu = 0;
	board_free(b);
}

static void skip_without_qemu(void)
{
	if (system("qemu-system-aarch64 --version >/dev/null 2>&1"))
		skip_because("qemu-system-aarch64 is missing");
}

/* A write to one of the registers that both versions have; `frame` holds interrupts first.. */
static void write_common(uint64_t frame, unsigned word)
{
	switch (dice(4)) {
	case 0:	put(frame + 0x400 + 32 * word + 4 * dice(8), 4, word32() & 0xf8f8f8f8); break;
	case 1:	put(frame + 0x400 + 32 * word + dice(32), 1, word32() & 0xf8); break;
	case 2:	put(frame + 0xc00 + 8 * word + 4 * dice(2), 4, word32() & 0xaaaaaaaa); break;
	default: put(frame + 0x80 * (1 + dice(7)) + 4 * word, 4, word32() & word32());
	}
}

static void same_common(uint64_t frame, unsigned first, unsigned end)
{
	for (unsigned reg = 0x80; reg < 0x400; reg += 0x80)
		same_range(frame + reg + 4 * first, frame + reg + 4 * end, 4);
	same_range(frame + 0x400 + 32 * first, frame + 0x400 + 32 * end, 4);
	same_range(frame + 0xc00 + 8 * first, frame + 0xc00 + 8 * end, 4);
}

static void same_v3(void)
{
	same(DIST, 4);
	same_common(DIST, 1, INTIDS / 32);
	same_range(DIST + 0x6100, DIST + 0x6000 + 8 * INTIDS, 8);
	for (unsigned c = 0; c < 2; c++) {
		same(REDIST + 0x20000 * c + 0x14, 4);
		same(REDIST + 0x20000 * c + 12, 4);
		same_common(REDIST + 0x20000 * c + 0x10000, 0, 1);
	}
}

static void gicv3_registers_behave_as_qemus(void **state)
{
	static const uint64_t routes[] = { 0, 1, 0x100, 1u << 31 };

	skip_without_qemu();
	for (unsigned s = 1; s <= SEEDS; s++) {
		seed = s;
		start(3, 2);
		same_v3();
		for (unsigned i = 0; i < WRITES; i++) {
			if (dice(8) == 0)
				put(DIST + 0x6000 + 8 * (32 + dice(INTIDS - 32)), 8, routes[dice(4)]);
			else if (dice(3) == 0)
				write_common(REDIST + 0x10000 + 0x20000 * dice(2), 0);
			else
				write_common(DIST, 1 + dice(8));
		}
		same_v3();
		stop();
	}
}

static void same_v2(void)
{
	same(DIST, 4);
	same_common(DIST, 0, INTIDS / 32);
	same_range(DIST + 0x800, DIST + 0x800 + INTIDS, 4);
	same_range(DIST + 0xf10, DIST + 0xf30, 4);
	same(CPU, 4);
	same(CPU + 4, 4);
}

/*
 * Acknowledging, with priorities that nest: the mask is kept at its most open, since QEMU's 1022 does not ask
 * whether the interrupt could preempt, and AckCtl on.
 */
static void gicv2_registers_and_acknowledge_behave_as_qemus(void **state)
{
	skip_without_qemu();
	for (unsigned s = 1; s <= SEEDS; s++) {
		seed = s;
		start(2, 1);
		same_v2();
		put(DIST, 4, 3);
		put(CPU + 8, 4, 2);
		put(CPU + 0x1c, 4, 3);
		put(CPU, 4, 7);
		for (unsigned i = 0; i < WRITES; i++) {
			write_common(DIST, dice(9));
			if (dice(3) == 0)
				put(CPU + 4, 4, dice(32) << 3);
			if (dice(8) == 0)
				put(DIST + 0xf00, 4, (uint64_t)dice(3) << 24 | dice(256) << 16 | dice(16));
			if (dice(4) == 0)
				same(CPU + 0xc, 4);
		}
		same_v2();
		stop();
	}
}

/* Also after a failure, which leaves in the middle. */
static int teardown(void **state)
{
	if (qemu > 0)
		qemu_stop();
	qemu = 0;
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(gicv3_registers_behave_as_qemus, teardown),
		cmocka_unit_test_teardown(gicv2_registers_and_acknowledge_behave_as_qemus, teardown),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests_name("gic_oracle", tests, NULL, NULL);
}
