/* SPDX-License-Identifier: BSD-2-Clause */
/* What the commands of `cella cell` do, in the order that is safe: read, check, then ask the driver. */
#ifndef CTL_CELL_RUN_H
#define CTL_CELL_RUN_H

#include <stdio.h>

#include "ctl/cell_board.h"
#include "ctl/cell_config.h"

/* One system and its cells, in any order, alone, together, and against a board: this one's, or one of files. Without a system
   each cell alone. `quiet` NULL: says to it what was proved. */
int cell_check_files(char *const *path, unsigned n, const char *iomem, const char *dtb, FILE *say, struct ctl_error *e);

struct cell_enable_options {
	const char *image, *module;	/* NULL: where they are found */
	bool unchecked;
};
int cell_enable(const char *path, const struct cell_enable_options *o, struct ctl_error *e);
/* The cell's id. dma_trusted: as if the file said so; binary files can't. */
int cell_create(const char *path, bool dma_trusted, bool unchecked, struct ctl_error *e);
int cell_create_file(struct cell_file *f, bool unchecked, struct ctl_error *e);

/* The binary form of a file, replaced as a whole. */
int cell_compile(const char *path, const char *out, struct ctl_error *e);

/* A first configuration of a root on the board (cell_config_create.c). */
int cell_config_create(const struct cell_board *b, const char *name, FILE *f, struct ctl_error *e);

#endif
