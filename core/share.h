/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The back-end contract of a shared directory: messages of a file protocol in, answers out. The device knows nothing of what
 * is in them. Asynchronous: submit takes a call and returns; `done` comes later, from any thread. Calls of one share are
 * answered in the order of submission.
 *
 * Buffers are host pointers that the device holds until done. They are guest memory, which can change at any time: a
 * back-end copies what it looks at.
 */
#ifndef CORE_SHARE_H
#define CORE_SHARE_H

#include "core/block.h"

#define SHARE_TAG_MAX	63u

struct share_call {
	const struct block_vec *in, *out;
	uint32_t ins, outs;
	uint32_t in_len, out_len;	/* bytes of each */
	uint32_t written;		/* answer: so many bytes of out; 0: none, out is too small for any */
	void (*done)(struct share_call *c);
	uint64_t room[4];		/* the back-end's own until done */
};

struct share;
struct share_ops {
	void (*submit)(struct share *s, struct share_call *c);
	void (*destroy)(struct share *s);	/* after the last done */
};

struct share {
	const struct share_ops *ops;
	char tag[SHARE_TAG_MAX + 1];		/* what the guest mounts it by */
};

#endif
