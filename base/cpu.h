/* SPDX-License-Identifier: BSD-2-Clause */
/* What C has no word for: a spinning CPU's hint to its siblings, a fence that the thread sanitizer accepts, the TSC. */
#ifndef BASE_CPU_H
#define BASE_CPU_H

#include <stdint.h>

static inline void cpu_relax(void)
{
#if defined(__x86_64__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("yield");
#else
	__asm__ volatile("" ::: "memory");
#endif
}

/* The time stamp counter, not read ahead of what comes before; 0 where there is none. */
static inline uint64_t cpu_tsc(void)
{
#if defined(__x86_64__)
	uint32_t low, high;

	__asm__ volatile("lfence; rdtsc" : "=a"(low), "=d"(high) : : "memory");
	return (uint64_t)high << 32 | low;
#else
	return 0;
#endif
}

/* Stores before it are seen before loads after it are done. */
static inline void cpu_fence(void)
{
	__sync_synchronize();
}

#endif
