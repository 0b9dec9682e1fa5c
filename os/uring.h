/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * io_uring: requests to the kernel through a ring that both sides see, so that a batch costs one system call, and none
 * waits for another. One thread owns a ring. `fd` is readable while completions wait.
 *
 *	struct io_uring_sqe *s = uring_get(&u);		// NULL: full; submit first
 *
 *	s->opcode = IORING_OP_READV; …			// zeroed before
 *	uring_submit(&u);
 *	while (uring_reap(&u, &user_data, &result))
 *		…
 */
#ifndef OS_URING_H
#define OS_URING_H

#include <linux/io_uring.h>
#include "base/types.h"

struct uring {
	int fd;
	uint32_t entries, mask, cq_mask;
	uint32_t tail;				/* next to fill */
	uint32_t submitted;			/* next to tell the kernel of */
	uint32_t *sq_head, *sq_tail, *cq_head, *cq_tail;
	struct io_uring_sqe *sqes;
	struct io_uring_cqe *cqes;
	void *ring;
	size_t ring_size, sqes_size;
};

/* `entries`: a power of two. -ENOSYS, -EPERM and the like: not on this host. */
int uring_init(struct uring *u, uint32_t entries);
void uring_fini(struct uring *u);			/* nothing is in flight */
/* The file becomes number 0 for IOSQE_FIXED_FILE, which spares the kernel looking it up each time. */
int uring_register_file(struct uring *u, int fd);
struct io_uring_sqe *uring_get(struct uring *u);
int uring_submit(struct uring *u);			/* all that was got; 0 or a negative errno, and they stay … */
bool uring_take_back(struct uring *u, uint64_t *user_data);	/* … but for those that are taken back; false: no more */
bool uring_reap(struct uring *u, uint64_t *user_data, int *result);

#endif
