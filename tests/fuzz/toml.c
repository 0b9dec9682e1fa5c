/* SPDX-License-Identifier: BSD-2-Clause */
/* Anything as a cell's configuration,
	TOML or binary. What is accepted and passes its own check has a binary form that reads the same. */
#include <stdlib.h>
#include <string.h>

#include "ctl/cell_check.h"
#include "ctl/cell_config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ctl_error e = { "" };
	struct cell_file *f, *back;

	if (cell_file_parse("input", data, size, &f, &e)) {
		if (!e.text[0] || strchr(e.text, '\n'))
			abort();
		return 0;
	}
	if (!cell_check_alone(f, &e)) {
		if (cell_file_parse("binary", f->blob, f->blob_size, &back, &e))
			abort();
		if (back->cpus != f->cpus || back->num_memory != f->num_memory || memcmp(back->irqs, f->irqs, sizeof(f->irqs)))
			abort();
		cell_file_free(back);
	}
	cell_file_free(f);
	return 0;
}
