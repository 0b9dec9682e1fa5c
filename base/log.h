/* SPDX-License-Identifier: BSD-2-Clause */
/* Logging and panics. A line says which object, what happened and what follows. Any thread; bounded line length. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/types.h"

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

void log_print(enum log_level level, const char *format, ...) PRINTF_LIKE(2, 3);
#define log_error(...)	log_print(LOG_ERROR, __VA_ARGS__)
#define log_warn(...)	log_print(LOG_WARN, __VA_ARGS__)
#define log_info(...)	log_print(LOG_INFO, __VA_ARGS__)
#define log_debug(...)	log_print(LOG_DEBUG, __VA_ARGS__)

/* For what a guest can cause: at most `burst` lines, then one every 10 s; state lives in the object. */
struct log_limit {
	uint64_t next_ns;
	uint32_t count;
};
bool log_allowed(struct log_limit *l);
#define log_limited(l, level, ...) do { if (log_allowed(l)) log_print(level, __VA_ARGS__); } while (0)

/* Our bug: prints and stops. Never reachable from a guest's or a user's input. */
void panic_at(const char *file, int line, const char *format, ...) PRINTF_LIKE(3, 4) NORETURN;
#define panic(...)	panic_at(__FILE__, __LINE__, __VA_ARGS__)
#define assert_that(c)	do { if (unlikely(!(c))) panic("assertion failed: %s", #c); } while (0)

#endif
