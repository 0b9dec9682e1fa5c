/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The life of a cell: created (stopped, its CPUs parked), loadable (the root may write its loadable memory), running, shut down
 * or failed, and from each of these loadable, running, or destroyed. Management: one at a time, by a CPU of the root.
 *
 * Taken from the root with the configuration are CPUs that it has turned off, memory that isn't shared, and interrupts; all of it
 * goes back when the cell is destroyed, memory scrubbed.
 */
#ifndef ENGINE_BARE_CELL_H
#define ENGINE_BARE_CELL_H

#include "engine/bare/bare.h"

/* The root's, of sys->config, with the CPUs that entered. */
int cell_create_root(struct bare *sys);

/* HC_CELL_*; negative errno. */
int cell_create(struct cpu *cpu, uint64_t config);
int cell_start(struct cpu *cpu, uint64_t id);
int cell_set_loadable(struct cpu *cpu, uint64_t id);
int cell_destroy(struct cpu *cpu, uint64_t id, bool unasked);
int cell_get_state(struct cpu *cpu, uint64_t id);
uint32_t cell_count(const struct bare *sys);

/* ---- cell_memory.c ---- */

/* A region of the cell's own, in its address space. */
int cell_map_memory(struct cell *cell, const struct config_memory *m);
/* What the root has of a region by its own configuration: away, or back. */
int root_take_memory(struct cell *root, const struct config_memory *m);
int root_return_memory(struct cell *root, const struct config_memory *m);
/* All caches, and zeroes before that if asked for. */
void memory_clean(struct cpu *cpu, const struct config_memory *m, bool zero);
/* Copies from the root's memory; -EFAULT where that isn't memory of its own. */
int root_copy(struct cpu *cpu, void *to, uint64_t from, uint64_t size);

/* ---- cell_comm.c ---- */

/* The page as a cell finds it at its start. */
void comm_start(struct cell *cell);
/*
 * May the cell be stopped? Asks it, the first time. 0, -EPERM, or -EAGAIN while it hasn't answered within its reply_timeout: nobody
 * waits for a cell inside the engine.
 */
int comm_allows_shutdown(struct cell *cell);
/* Is no cell locked, but the one? */
bool comm_allows_change(const struct bare *sys, const struct cell *except);
/* Tells all running cells but one, except those that are being asked whether they may be stopped. */
void comm_changed(struct bare *sys, const struct cell *except);

#endif
