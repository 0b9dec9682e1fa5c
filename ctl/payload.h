/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Files that a machine starts from: read whole, unpacked in bounds, told apart by content. A file may be anything: a
 * directory, a pipe, truncated, growing, or a bomb; the answer is one line in struct ctl_error.
 */
#ifndef CTL_PAYLOAD_H
#define CTL_PAYLOAD_H

#include "base/types.h"
#include "boot/boot.h"
#include "ctl/error.h"

#define PAYLOAD_MAX	(4 * GIB)	/* of a file, and of what it unpacks to */

struct payload_file {
	uint8_t *data;			/* NULL: dropped */
	size_t size;
	bool regular, unpacked;
	int fd;				/* of a regular file that payload_read opened */
};

/* Reads regular files, pipes and devices up to `max` bytes. `what` names the role in messages: "kernel", "initrd". */
int payload_read(struct payload_file *f, const char *what, const char *path, uint64_t max, struct ctl_error *e);
/* From a descriptor that the caller keeps. */
int payload_read_fd(struct payload_file *f, int fd, const char *what, const char *path, uint64_t max, struct ctl_error *e);
void payload_free(struct payload_file *f);
/* Between two starts: gives the memory of a regular file back, and reads and unpacks it once more if it was given back. */
void payload_drop(struct payload_file *f);
int payload_again(struct payload_file *f, const char *what, const char *path, struct ctl_error *e);

/* A kernel that is gzipped, or an EFI zboot file with gzip inside, becomes what is in it; anything else stays. */
int payload_unpack(struct payload_file *f, const char *what, const char *path, struct ctl_error *e);

/* gunzip.c: in bounds of max bytes. -EINVAL: damaged or cut short; -EFBIG; -ENOMEM. */
int gunzip(const uint8_t *in, size_t in_size, uint64_t max, uint8_t **out, size_t *out_size);
bool is_gzip(const uint8_t *data, size_t size);

/* What ISA a kernel is for, by its header: ISA_COUNT if it doesn't say. */
enum isa_id payload_isa(const uint8_t *data, size_t size);

#endif
