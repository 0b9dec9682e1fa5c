/* SPDX-License-Identifier: BSD-2-Clause */
/* Lines of log and the last words of a panic; the platform decides where they go and which levels are shown. */
#include "base/fmt.h"
#include "base/log.h"
#include "base/platform.h"

#define LINE_BYTES	512
#define LIMIT_BURST	10
#define LIMIT_NS	10000000000ull

static void print_line(enum log_level level, char *line, int len)
{
	platform_log((int)level, line, MIN((size_t)len, (size_t)LINE_BYTES - 1));
}

void log_print(enum log_level level, const char *format, ...)
{
	char line[LINE_BYTES];
	va_list ap;
	int len;

	va_start(ap, format);
	len = fmt_vprint(line, sizeof(line), format, ap);
	va_end(ap);
	print_line(level, line, len);
}

bool log_allowed(struct log_limit *l)
{
	uint64_t now, next;

	if (__atomic_load_n(&l->count, __ATOMIC_RELAXED) < LIMIT_BURST &&
	    __atomic_fetch_add(&l->count, 1, __ATOMIC_RELAXED) < LIMIT_BURST)
		return true;
	now = platform_now_ns();
	next = __atomic_load_n(&l->next_ns, __ATOMIC_RELAXED);
	if (!next)		/* the first after the burst starts the clock */
		__atomic_compare_exchange_n(&l->next_ns, &next, now + LIMIT_NS, false, __ATOMIC_RELAXED,
					    __ATOMIC_RELAXED);
	return next && now >= next && __atomic_compare_exchange_n(&l->next_ns, &next, now + LIMIT_NS, false,
								  __ATOMIC_RELAXED, __ATOMIC_RELAXED);
}

void panic_at(const char *file, int line, const char *format, ...)
{
	char text[LINE_BYTES];
	int at = fmt_print(text, sizeof(text), "panic at %s:%d: ", file, line);
	va_list ap;

	va_start(ap, format);
	if (at < (int)sizeof(text))
		at += fmt_vprint(text + at, sizeof(text) - (size_t)at, format, ap);
	va_end(ap);
	print_line(LOG_ERROR, text, at);
	platform_halt();
}
