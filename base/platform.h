/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the freestanding layers need from whoever links them: os/ when hosted, image/ on bare metal. These are the
 * only undefined symbols that the libraries base, isa, core, fw and boot may have.
 */
#ifndef BASE_PLATFORM_H
#define BASE_PLATFORM_H

#include "base/types.h"

/* Sleep while *word == expected (spurious returns allowed) and wake waiters. Bare metal spins and does nothing. */
void platform_wait(uint32_t *word, uint32_t expected);
void platform_wait_for(uint32_t *word, uint32_t expected, uint64_t timeout_ns);	/* the same, for at most that time */
void platform_wake(uint32_t *word, bool all);

/* One line of log, without the newline. Any thread. */
void platform_log(int level, const char *line, size_t len);

/* After panic() has printed. Never returns. */
void platform_halt(void) NORETURN;

/* Monotonic nanoseconds of the host, not of any guest. */
uint64_t platform_now_ns(void);

/* Identifies the calling thread or CPU; never 0. For lock-order checks. */
uint32_t platform_thread_id(void);

#endif
