/* SPDX-License-Identifier: BSD-2-Clause */
/* Anything as a device tree: by our reader, which walks it all, and by the edits that --dtb files get. */
#include <stdlib.h>
#include <string.h>

#include "core/fdt.h"
#include "ctl/dtb.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void walk(const struct fdt *f, int node, unsigned depth)
{
	uint32_t len;

	for (; node >= 0; node = fdt_next_sibling(f, node)) {
		const char *name = fdt_name(f, node);
		const uint8_t *reg = fdt_get(f, node, "reg", &len);
		unsigned sum = name ? (unsigned)strlen(name) : 0;

		for (uint32_t i = 0; reg && i < len; i++)
			sum += reg[i];
		if (depth < 32 && sum != 1)
			walk(f, fdt_first_child(f, node), depth + 1);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct machine m = { .cls = &machine_captive_virt, .config = { .ram = 1 * GIB } };
	struct machine_chosen chosen = { .bootargs = "console=ttyAMA0", .initrd = 1 * GIB, .initrd_size = 5 };
	uint8_t *blob = malloc(size ? size : 1);
	struct ctl_error e = { "" };
	size_t out_size;
	struct fdt f;
	void *out;

	memcpy(blob, data, size);
	if (!fdt_check(&f, blob, size)) {
		walk(&f, fdt_find(&f, "/"), 0);
		fdt_find(&f, "/chosen/x");
		for (int n = -1, i = 0; (n = fdt_find_compatible(&f, n, "arm,pl011")) >= 0 && i < 100; i++)
			;
	}
	if (!dtb_edit(blob, size, "input", &m, &chosen, &out, &out_size, &e))
		free(out);
	else if (!e.text[0])
		abort();
	free(blob);
	return 0;
}
