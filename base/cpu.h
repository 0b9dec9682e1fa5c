/* SPDX-License-Identifier: BSD-2-Clause */
/* What C has no word for: what a spinning CPU says to its siblings, and a fence that the thread sanitizer accepts. */
#ifndef BASE_CPU_H
#define BASE_CPU_H

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

/* Stores before it are seen before loads after it are done. */
static inline void cpu_fence(void)
{
	__sync_synchronize();
}

#endif
