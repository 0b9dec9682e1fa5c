/* SPDX-License-Identifier: BSD-2-Clause */
/* Whole files, complete reads and writes, and replacement that a crash can't tear. Disks are os/blockfile.h's. */
#ifndef OS_FILE_H
#define OS_FILE_H

#include "base/types.h"

struct file_data {
	uint8_t *data;			/* private memory: whoever changes the file later changes nothing here */
	size_t size;
	size_t mapped;
};

/*
 * Reads a whole file, or a pipe to its end, of at most max bytes. -EISDIR, -EFBIG, -EINVAL (neither file nor pipe),
 * -ENOENT, -EACCES, -EIO … An empty file has size 0 and data that may not be read.
 */
int file_load(const char *path, size_t max, struct file_data *f);
void file_unload(struct file_data *f);

int file_open(const char *path, bool write);		/* existing, close on exec; descriptor or -errno */
int file_pread(int fd, void *buf, size_t len, uint64_t offset);		/* all of it; -EIO: the file is shorter */
int file_pwrite(int fd, const void *buf, size_t len, uint64_t offset);
int file_size(int fd, uint64_t *size);			/* of a file or a block device */

/* path has the old contents or the new ones, on the disk, whatever happens. mode as for open. */
int file_replace(const char *path, const void *buf, size_t len, unsigned mode);

#endif
