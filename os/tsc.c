/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * See tsc.h. The measurement is against CLOCK_MONOTONIC_RAW, which is the same crystal; CLOCK_MONOTONIC, disciplined by
 * NTP, has to agree within 1/1000, or one of the three isn't what it seems.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "base/types.h"
#include "os/tsc.h"

#define NS_PER_S	1000000000ull
#define MEASURE_NS	50000000ull
#define ATTEMPTS	8

#if defined(__x86_64__)
#include <cpuid.h>

#define CPUID_INVARIANT	(1u << 8)	/* leaf 0x80000007 EDX */

static uint64_t read_tsc(void)
{
	uint32_t low, high;

	__asm__ volatile("lfence; rdtsc; lfence" : "=a"(low), "=d"(high) : : "memory");
	return (uint64_t)high << 32 | low;
}

static uint64_t clock_ns(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec;
}

/* A reading of TSC and clock at one moment: of several tries, the one that took least. */
static void read_pair(clockid_t id, uint64_t *tsc, uint64_t *ns)
{
	uint64_t best = ~0ull;

	for (int i = 0; i < ATTEMPTS; i++) {
		uint64_t before = read_tsc(), now = clock_ns(id), after = read_tsc();

		if (after - before >= best)
			continue;
		best = after - before;
		*tsc = before + best / 2;
		*ns = now;
	}
}

void tsc_start(struct tsc_start *s)
{
	uint64_t tsc;

	read_pair(CLOCK_MONOTONIC, &tsc, &s->mono_ns);		/* some microseconds earlier: enough for a check */
	read_pair(CLOCK_MONOTONIC_RAW, &s->tsc, &s->raw_ns);
}

static bool clocksource_is_tsc(void)
{
	char name[8] = "";
	int fd = open("/sys/devices/system/clocksource/clocksource0/current_clocksource", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, name, sizeof(name) - 1);

	if (fd >= 0)
		close(fd);
	return n == 4 && !memcmp(name, "tsc\n", 4);
}

static bool is_invariant(void)
{
	uint32_t a, b, c, d;

	return __get_cpuid(0x80000007, &a, &b, &c, &d) && d & CPUID_INVARIANT;
}

/* Leaf 0x15: core crystal and ratio; a zero crystal means that only the ratio is known. */
static uint64_t cpuid_frequency(void)
{
	uint32_t den, num, crystal, d;

	if (!__get_cpuid(0x15, &den, &num, &crystal, &d) || !den || !num || !crystal)
		return 0;
	return (uint64_t)crystal * num / den;
}

static uint64_t rate(uint64_t ticks, uint64_t ns)
{
	return ns ? (uint64_t)((unsigned __int128)ticks * NS_PER_S / ns) : 0;
}

static int measure(const struct tsc_start *s, uint64_t *hz)
{
	uint64_t passed = clock_ns(CLOCK_MONOTONIC) - s->mono_ns, mono_ns, raw_ns, tsc_mono, tsc_raw, by_mono;

	if (passed < MEASURE_NS) {
		struct timespec rest = { 0, (long)(MEASURE_NS - passed) };

		while (nanosleep(&rest, &rest) && errno == EINTR)
			;
	}
	read_pair(CLOCK_MONOTONIC, &tsc_mono, &mono_ns);
	read_pair(CLOCK_MONOTONIC_RAW, &tsc_raw, &raw_ns);
	*hz = rate(tsc_raw - s->tsc, raw_ns - s->raw_ns);
	by_mono = rate(tsc_mono - s->tsc, mono_ns - s->mono_ns);
	return *hz && (*hz > by_mono ? *hz - by_mono : by_mono - *hz) < *hz / 1000 ? 0 : -ENOTSUP;
}

int tsc_frequency(const struct tsc_start *s, uint64_t *hz)
{
	if (!clocksource_is_tsc() || !is_invariant())
		return -ENOTSUP;
	*hz = cpuid_frequency();
	return *hz ? 0 : measure(s, hz);
}

#else

void tsc_start(struct tsc_start *s)
{
	*s = (struct tsc_start){ 0 };
}

int tsc_frequency(const struct tsc_start *s, uint64_t *hz)
{
	return -ENOTSUP;
}

#endif
