/* SPDX-License-Identifier: BSD-2-Clause */
/* See fdt_oracle.h. */
#include <libfdt.h>
#include "tests/unit/fdt_oracle.h"

bool oracle_accepts(const void *blob, size_t size)
{
	return !fdt_check_full(blob, size);
}

int oracle_find(const void *blob, const char *path)
{
	return fdt_path_offset(blob, path);
}

const void *oracle_get(const void *blob, int node, const char *prop, int *len)
{
	return fdt_getprop(blob, node, prop, len);
}

int oracle_compatible(const void *blob, int after, const char *compatible)
{
	return fdt_node_offset_by_compatible(blob, after, compatible);
}

int oracle_children(const void *blob, int node)
{
	int n = 0, child;

	fdt_for_each_subnode(child, blob, node)
		n++;
	return n;
}

void oracle_reservation(const void *blob, int n, unsigned long long *base, unsigned long long *size)
{
	uint64_t b = 0, s = 0;

	fdt_get_mem_rsv(blob, n, &b, &s);
	*base = b;
	*size = s;
}
