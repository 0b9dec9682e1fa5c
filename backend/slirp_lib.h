/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libslirp, loaded by the machine that has a user network: it brings glib and more, which would be half of what a small guest
 * without one costs to start.
 */
#ifndef BACKEND_SLIRP_LIB_H
#define BACKEND_SLIRP_LIB_H

#include <slirp/libslirp.h>

#define SLIRP_LIB	"libslirp.so.0"

struct slirp_lib {
	void *handle;			/* NULL: not open */
	__typeof__(&slirp_new) create;
	__typeof__(&slirp_cleanup) cleanup;
	__typeof__(&slirp_input) input;
	__typeof__(&slirp_pollfds_fill) pollfds_fill;
	__typeof__(&slirp_pollfds_poll) pollfds_poll;
	__typeof__(&slirp_add_hostfwd) add_hostfwd;
};

int slirp_lib_open(struct slirp_lib *l, const char *file);	/* -ELIBACC: there is none, or another library */
void slirp_lib_close(struct slirp_lib *l);

#endif
