/* SPDX-License-Identifier: BSD-2-Clause */
/* A directory of the host for guests, by 9P2000.L. */
#ifndef BACKEND_SHARE_H
#define BACKEND_SHARE_H

#include "core/share.h"

/*
 * `dir` is opened now, and nothing outside it is ever reached. Files are read and written by a thread of the share's own. Raises
 * the process's soft limit of open files to the hard one: each name that a guest knows is an open file. -ENOTDIR, -ENAMETOOLONG
 * (tag), or what opening it gave.
 */
int share_p9_open(const char *dir, const char *tag, bool read_only, struct share **out);
void share_close(struct share *s);	/* NULL is fine */

#endif
