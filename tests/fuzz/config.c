/* SPDX-License-Identifier: BSD-2-Clause */
/* Anything as a configuration file. What is accepted is printed, and what is printed is accepted and prints the same. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include "ctl/options.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *printed(const struct run_options *o, size_t *len)
{
	char *text = NULL;
	FILE *f = open_memstream(&text, len);

	run_options_toml(o, f);
	fclose(f);
	return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct run_options o, back;
	struct ctl_error e = { "" };
	char *first, *second;
	size_t n1, n2;

	run_options_init(&o);
	if (run_options_config(&o, "input", (const char *)data, size, &e)) {
		if (!e.text[0] || strchr(e.text, '\n'))
			abort();
		run_options_free(&o);
		return 0;
	}
	first = printed(&o, &n1);
	run_options_init(&back);
	if (run_options_config(&back, "printed", first, n1, &e))
		abort();
	second = printed(&back, &n2);
	if (n1 != n2 || memcmp(first, second, n1))
		abort();
	free(first);
	free(second);
	run_options_free(&o);
	run_options_free(&back);
	return 0;
}
