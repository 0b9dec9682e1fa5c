/* SPDX-License-Identifier: BSD-2-Clause */
/* libfdt behind names of its own: its header and core/fdt.h both declare fdt_finish. */
#ifndef TESTS_UNIT_FDT_ORACLE_H
#define TESTS_UNIT_FDT_ORACLE_H

#include <stdbool.h>
#include <stddef.h>

bool oracle_accepts(const void *blob, size_t size);		/* the full check */
int oracle_find(const void *blob, const char *path);		/* offset in the structure block, or negative */
const void *oracle_get(const void *blob, int node, const char *prop, int *len);
int oracle_compatible(const void *blob, int after, const char *compatible);
int oracle_children(const void *blob, int node);		/* how many */
void oracle_reservation(const void *blob, int n, unsigned long long *base, unsigned long long *size);

#endif
