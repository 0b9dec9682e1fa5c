/* SPDX-License-Identifier: BSD-2-Clause */
/* The hosted side of base/platform.h, and what a process sets about it once, in main(), before there are threads. */
#ifndef OS_PLATFORM_H
#define OS_PLATFORM_H

#include "base/log.h"

void platform_log_threshold(enum log_level most);	/* lines above it are dropped; LOG_WARN at the start */

/*
 * Handlers for SIGSEGV, SIGBUS, SIGILL, SIGFPE and SIGABRT on an alternate stack: put the terminal back, print the signal,
 * the address and a backtrace, die by the same signal. An engine that uses one of them installs its own afterwards.
 */
int platform_crash_handlers(void);

#endif
