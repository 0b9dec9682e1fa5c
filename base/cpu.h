/* SPDX-License-Identifier: BSD-2-Clause */
/* What a spinning CPU says to its siblings. */
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

#endif
