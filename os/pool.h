/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Threads for calls that block: disk reads, fdatasync. Jobs run in the order of submission, several at once. Submitting
 * never blocks; the job is the caller's and is not touched after its function has begun.
 */
#ifndef OS_POOL_H
#define OS_POOL_H

#include "base/types.h"

struct pool;
struct pool_job {
	struct pool_job *next;
	void (*fn)(struct pool_job *j);
};

int pool_new(unsigned threads, const char *name, struct pool **out);
void pool_submit(struct pool *p, struct pool_job *j);
void pool_free(struct pool *p);		/* finishes what was submitted */

#endif
