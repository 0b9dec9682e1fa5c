/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * /dev/cella (abi/ioctl.h) and what it shows in sysfs, for the commands. Errors say which cell and what to do. On other hosts
 * than arm64 every call answers so.
 *
 * What the driver was given is kept below CELL_STATE_DIR, so that `cella cell create` can check a cell against the system and
 * against the cells that are there.
 */
#ifndef CTL_CELL_DRIVER_H
#define CTL_CELL_DRIVER_H

#include "abi/ioctl.h"
#include "ctl/cell_config.h"

#define CELL_STATE_DIR	"/run/cella/cells"

/* The device's descriptor. -ENODEV: no module is loaded; cell_driver_load loads it: by modprobe, or `module`, a file. */
int cell_driver_open(struct ctl_error *e);
int cell_driver_load(const char *module, struct ctl_error *e);

/* image: a file, or NULL: where it is installed, beside the command, or beside the configuration. */
int cell_driver_enable(int fd, const char *image, const struct cell_file *system, struct ctl_error *e);
int cell_driver_disable(int fd, struct ctl_error *e);
int cell_driver_create(int fd, const struct cell_file *cell, int *id, struct ctl_error *e);

struct cell_load {
	const void *data;
	size_t size;
	uint64_t target;
};
/* A cell is named by a number, its id, or by its name. */
int cell_driver_load_pieces(int fd, const char *cell, const struct cell_load *piece, unsigned count, struct ctl_error *e);
int cell_driver_start(int fd, const char *cell, struct ctl_error *e);
int cell_driver_shutdown(int fd, const char *cell, struct ctl_error *e);
int cell_driver_destroy(int fd, const char *cell, struct ctl_error *e);

/* `fd` serves the cell's devices from now on (abi/ioctl.h). */
int cell_driver_serve(int fd, const char *cell, struct ctl_error *e);

/* The cells that there are, by rising id. `state` and `cpus` as sysfs has them. */
struct cell_status {
	int id;
	char name[CELL_NAME_SIZE], state[32], cpus[128], failed[128];
};
int cell_driver_each(int (*fn)(const struct cell_status *s, void *arg), void *arg, struct ctl_error *e);
/* By id or name. */
int cell_driver_find(const char *cell, struct cell_status *out, struct ctl_error *e);
/* A file below the cell's directory in sysfs, without its newline; -ENOENT. */
int cell_driver_read(int id, const char *file, char *out, size_t size);

/* What enable and create kept: the system, and cells other than `except`. *cells is an array of *count, all the caller's.
   -ENOENT: it was enabled by something else. */
int cell_state_load(struct cell_file **system, struct cell_file **cells, unsigned max, unsigned *count, struct ctl_error *e);
void cell_state_save(const struct cell_file *f);
void cell_state_remove(const char *name);	/* a cell's, or NULL: everything */

#endif
