/* SPDX-License-Identifier: BSD-2-Clause */
/* Parts of a device tree that are the same on every board that has one. */
#ifndef MACHINE_BOARD_FDT_H
#define MACHINE_BOARD_FDT_H

#include "machine/machine.h"

struct fdt_writer;

/* /chosen, and /aliases for the first device of serial_class, whose node is called name. */
void board_fdt_chosen(const struct machine *m, const struct machine_chosen *c, struct fdt_writer *w,
		      const struct dev_class *serial_class, const char *name);
void board_fdt_memory(const struct machine *m, struct fdt_writer *w);
void board_fdt_devices(const struct machine *m, struct fdt_writer *w);	/* what each says of itself, in order of creation */

#endif
