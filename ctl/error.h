/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The one line that a user gets when something cannot be done: which object, why, and what to do about it. Functions that
 * may refuse a user's wish take a struct ctl_error, fill it by ctl_fail, and return a negative error; cmd/ prints it after
 * "cella: " and exits with 1.
 */
#ifndef CTL_ERROR_H
#define CTL_ERROR_H

#include "base/types.h"

struct ctl_error {
	char text[512];		/* no newline; cut when longer */
};

/* Returns err. The text is one line whatever is in the arguments: control characters become '?'. */
int ctl_fail(struct ctl_error *e, int err, const char *format, ...) PRINTF_LIKE(3, 4);
/* "OBJECT: what errno says: fix" for an error of the host. */
int ctl_fail_errno(struct ctl_error *e, int err, const char *object, const char *name);

#endif
