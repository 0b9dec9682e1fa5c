/* SPDX-License-Identifier: BSD-2-Clause */
/* Root directories for guests: `cella setup NAME`, then `cella run -d NAME`. */
#ifndef CTL_SETUP_H
#define CTL_SETUP_H

#include "ctl/device_spec.h"

/*
 * Makes the directory (see shares_root_path) with a busybox, which must be static and decides what guests it is for; NULL: the
 * host's own. It is made aside and moved into place: a directory of that name is whole. *path: where it is.
 */
int setup_root(const char *name, const char *busybox, char path[SPEC_PATH_MAX], struct ctl_error *e);

#endif
