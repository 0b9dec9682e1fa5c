/* SPDX-License-Identifier: BSD-2-Clause */
/* core/fdt's reader on anything: what fdt_check accepts can be walked, found in and read without a look outside. */
#include <stdlib.h>
#include <string.h>
#include "core/fdt.h"
#include "tests/fuzz/input.h"

static void walk(const struct fdt *f, int node, unsigned depth)
{
	uint32_t len;

	for (; node >= 0 && depth < 70; node = fdt_next_sibling(f, node)) {
		const uint8_t *v = fdt_get(f, node, "reg", &len);
		volatile uint8_t last = v && len ? v[len - 1] : 0;

		(void)last;
		if (!fdt_name(f, node))
			abort();
		walk(f, fdt_first_child(f, node), depth + 1);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size + !size);
	struct fdt f;

	memcpy(copy, data, size);
	if (!fdt_check(&f, copy, size)) {
		walk(&f, fdt_find(&f, "/"), 0);
		fdt_find(&f, "/a/b@1");
		for (int n = -1; (n = fdt_find_compatible(&f, n, "a")) >= 0;)
			;
	}
	free(copy);
	return 0;
}
