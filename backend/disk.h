/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Disks: a file or block device as it is (raw), and a read-only one with changes kept in a temporary file (overlay).
 * A raw disk's requests run on its queue's thread and in the kernel, by io_uring, if that thread is a loop and the host
 * has it; everything else on the threads of a pool that the caller made and that outlives its disks. A queue's thread
 * should do nothing but disks: it may wait for the host's.
 *
 *	struct pool *pool;
 *	struct block_backend *disk;
 *
 *	pool_new(4, "disk", &pool);
 *	disk_raw_open(pool, "root.img", 0, &disk);
 *	device_set_ptr(d, "backend", disk);
 *
 * Errors: those of opening the file; -EBUSY: another process writes it, -EINVAL: not a multiple of 512 bytes long.
 */
#ifndef BACKEND_DISK_H
#define BACKEND_DISK_H

#include "core/block.h"
#include "os/pool.h"

enum { DISK_RO = 1, DISK_DIRECT = 2 };		/* direct: past the host's cache; -ENOTSUP: its file system can't */
int disk_raw_open(struct pool *pool, const char *path, unsigned flags, struct block_backend **out);
/* `dir`: where the temporary file goes; NULL: $TMPDIR, else /var/tmp. It has no name and goes with the process. */
int disk_overlay_open(struct pool *pool, const char *path, const char *dir, struct block_backend **out);
void disk_set_serial(struct block_backend *b, const char *serial);	/* cut at 20 characters */
void disk_close(struct block_backend *b);	/* after the last completion */

#endif
