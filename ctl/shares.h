/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Directories of the host in a guest: --share, and a directory instead of a disk, which becomes the root file system. There a
 * bare name also means a root directory that `cella setup` has made.
 */
#ifndef CTL_SHARES_H
#define CTL_SHARES_H

#include "ctl/backends.h"
#include "ctl/device_spec.h"

#define SHARE_ROOT_TAG	"/dev/root"

/* Where `cella setup NAME` puts it: below $XDG_DATA_HOME/cella or ~/.local/share/cella. -ENOENT: neither is set; -ENAMETOOLONG. */
int shares_root_path(const char *name, char path[SPEC_PATH_MAX]);
/* A disk's path that is a directory, or a name of one; it is replaced by where that is. */
bool shares_is_root(char path[SPEC_PATH_MAX]);
/* The kernel's parameters for a root directory among the disks, unless they say what the root is. */
int shares_resolve(struct run_options *o, struct ctl_error *e);
/* Opens them; see backends.h. */
int shares_open_root(struct backends *b, const char *path, bool read_only, struct ctl_error *e);
int shares_open(struct backends *b, const char *spec, struct ctl_error *e);
void shares_close(struct backends *b);

#endif
