/* SPDX-License-Identifier: BSD-2-Clause */
/* Messages to the user; see error.h. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "ctl/error.h"

int ctl_fail(struct ctl_error *e, int err, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(e->text, sizeof(e->text), format, ap);
	va_end(ap);
	for (char *c = e->text; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			*c = '?';
	return err;
}

static const char *fix_for(int err)
{
	switch (-err) {
	case ENOENT:
	case ENOTDIR:	return "check the path";
	case EACCES:
	case EPERM:	return "ask its owner for permission, or copy it";
	case EISDIR:	return "name a file, not a directory";
	case ENOMEM:	return "free memory, or ask for less";
	case ENOSPC:
	case EDQUOT:	return "free space on that file system";
	case EMFILE:
	case ENFILE:	return "raise the limit of open files (ulimit -n)";
	case EROFS:	return "open it read-only (,ro)";
	case EADDRINUSE: return "stop what uses that port, or choose another";
	case ETXTBSY:
	case EBUSY:
	case EAGAIN:	return "stop what uses it, then try again";
	default:	return "check the file and its file system";
	}
}

int ctl_fail_errno(struct ctl_error *e, int err, const char *object, const char *name)
{
	return ctl_fail(e, err, "%s %s: %s: %s", object, name, strerror(-err), fix_for(err));
}
