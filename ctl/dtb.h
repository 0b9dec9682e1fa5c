/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A device tree that the user brings (--dtb): what the machine alone can know is added where it is missing. Memory is kept
 * if the tree has any; bootargs and initrd replace what is there if they were given; seeds are added if absent.
 */
#ifndef CTL_DTB_H
#define CTL_DTB_H

#include "ctl/error.h"
#include "machine/machine.h"

/* -EINVAL and a message: `blob` is no valid device tree; name is for that message. *out is malloc'ed, the caller's. */
int dtb_edit(const void *blob, size_t size, const char *name, const struct machine *m, const struct machine_chosen *chosen,
	     void **out, size_t *out_size, struct ctl_error *e);

#endif
