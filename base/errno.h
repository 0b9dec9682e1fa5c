/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Error numbers. Functions return 0 or a negative one of these. The values are Linux's, so that a hosted build may
 * pass on what a system call said; a freestanding build has no <errno.h> to take them from.
 */
#ifndef BASE_ERRNO_H
#define BASE_ERRNO_H

#if __STDC_HOSTED__ && __has_include(<errno.h>)
#include <errno.h>
#else
#define EPERM		1
#define ENOENT		2
#define EINTR		4
#define EIO		5
#define E2BIG		7
#define EAGAIN		11
#define ENOMEM		12
#define EACCES		13
#define EFAULT		14
#define EBUSY		16
#define EEXIST		17
#define ENODEV		19
#define EINVAL		22
#define EFBIG		27
#define ENOSPC		28
#define EROFS		30
#define EPIPE		32
#define ERANGE		34
#define ENOSYS		38
#define EOVERFLOW	75
#define ENOTSUP		95
#define ENOBUFS		105
#define ETIMEDOUT	110
#define EALREADY	114
#define EINPROGRESS	115
#endif

#endif
