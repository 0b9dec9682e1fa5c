/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Proving configurations of the bare engine before anything is touched. Each of the three adds to what the one before knows; the
 * first fault found is the error, which names file, line, region and what it is in conflict with.
 */
#ifndef CTL_CELL_CHECK_H
#define CTL_CELL_CHECK_H

#include "ctl/cell_board.h"
#include "ctl/cell_config.h"

/* A file by itself: sizes, alignment, what is inside what. */
int cell_check_alone(const struct cell_file *f, struct ctl_error *e);
/* A system and its cells: CPUs, memory and interrupts are the root's to give, and each has one owner. */
int cell_check_together(const struct cell_file *system, struct cell_file *const *cells, unsigned n, struct ctl_error *e);
/* A system and its cells on a board (cell_check_board.c): nothing of Linux's is given away, all that it uses stays the root's,
   memory is memory, devices that master the bus are trusted with it by name. */
int cell_check_board(const struct cell_file *system, struct cell_file *const *cells, unsigned n, const struct cell_board *b,
		     struct ctl_error *e);

#endif
