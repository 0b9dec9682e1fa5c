/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The C library's memory and string functions, for freestanding builds only: compilers call memcpy & co. by themselves,
 * and the guest loaders use the rest. Word-wise where it is easy; nothing here is hot. Compiled with
 * -fno-tree-loop-distribute-patterns, or the loops would turn into calls of themselves.
 */
#include "base/string.h"

typedef uint64_t __attribute__((may_alias, aligned(1))) loose_u64;

void *memcpy(void *restrict d, const void *restrict s, size_t n)
{
	uint8_t *to = d;
	const uint8_t *from = s;

	for (; n >= 8; n -= 8, to += 8, from += 8)
		*(loose_u64 *)to = *(const loose_u64 *)from;
	while (n--)
		*to++ = *from++;
	return d;
}

void *memmove(void *d, const void *s, size_t n)
{
	uint8_t *to = d;
	const uint8_t *from = s;

	if ((uintptr_t)d - (uintptr_t)s >= n) {
		for (size_t i = 0; i < n; i++)
			to[i] = from[i];
		return d;
	}
	while (n--)
		to[n] = from[n];
	return d;
}

void *memset(void *d, int c, size_t n)
{
	uint8_t *to = d;
	uint64_t word = (uint8_t)c * 0x0101010101010101ull;

	for (; n >= 8; n -= 8, to += 8)
		*(loose_u64 *)to = word;
	while (n--)
		*to++ = (uint8_t)c;
	return d;
}

int memcmp(const void *a, const void *b, size_t n)
{
	const uint8_t *x = a, *y = b;

	for (size_t i = 0; i < n; i++)
		if (x[i] != y[i])
			return x[i] - y[i];
	return 0;
}

size_t strlen(const char *s)
{
	size_t n = 0;

	while (s[n])
		n++;
	return n;
}

size_t strnlen(const char *s, size_t max)
{
	size_t n = 0;

	while (n < max && s[n])
		n++;
	return n;
}

int strcmp(const char *a, const char *b)
{
	return strncmp(a, b, SIZE_MAX);
}

int strncmp(const char *a, const char *b, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (a[i] != b[i])
			return (uint8_t)a[i] - (uint8_t)b[i];
		if (!a[i])
			break;
	}
	return 0;
}

char *strchr(const char *s, int c)
{
	for (;; s++) {
		if (*s == (char)c)
			return (char *)(uintptr_t)s;
		if (!*s)
			return NULL;
	}
}
