/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * May guest time be read from the time stamp counter, and how fast does that one run? Linux answers the first question:
 * its clocksource is the TSC. The second is CPUID's where it says so exactly, else it is measured over 50 ms, which
 * `struct tsc_start`, taken early in main(), lets overlap with other work.
 */
#ifndef OS_TSC_H
#define OS_TSC_H

#include "base/types.h"

struct tsc_start {
	uint64_t tsc, raw_ns, mono_ns;
};

void tsc_start(struct tsc_start *s);
/* 0, or -ENOTSUP: don't use it. Sleeps until 50 ms after s, when it has to measure. */
int tsc_frequency(const struct tsc_start *s, uint64_t *hz);

#endif
