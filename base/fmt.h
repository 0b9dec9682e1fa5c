/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Formatting into a buffer: the integer, string, character and pointer part of printf (%d %i %u %x %X %c %s %p %%,
 * flags - 0 #, width and precision also as '*', length hh h l ll z). No floating point.
 */
#ifndef BASE_FMT_H
#define BASE_FMT_H

#include <stdarg.h>
#include "base/types.h"

/* Returns the length that a large enough buffer would have got; the result always ends in NUL when size > 0. */
int fmt_vprint(char *buf, size_t size, const char *format, va_list ap);
int fmt_print(char *buf, size_t size, const char *format, ...) PRINTF_LIKE(3, 4);

#endif
