/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Guests that have a name: `cella run NAME`. One is built in; the others are Debian packages that debfetch downloads, checks
 * and unpacks below the user's cache directory.
 */
#ifndef CTL_GUESTS_H
#define CTL_GUESTS_H

#include "ctl/options.h"

struct guest {
	const char *name, *summary;
	const char *package;		/* as debfetch takes it; NULL: built in */
	const char *kernel, *initrd;	/* below the unpacked package */
	const char *params;		/* before the user's own */
	uint64_t mem;			/* bytes, unless the user says */
};

extern const struct guest guest_table[];	/* ended by a NULL name */
const struct guest *guest_find(const char *name);

/* Downloads the guest unless it is there, and sets *dir to where it is unpacked (malloc'ed). Progress goes to stderr. */
int guest_get(const struct guest *g, char **dir, struct ctl_error *e);
/* Options of `cella run` that are not set get the guest's. */
int guest_options(const struct guest *g, struct run_options *o, struct ctl_error *e);

#endif
