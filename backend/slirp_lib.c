/* SPDX-License-Identifier: BSD-2-Clause */
/* See slirp_lib.h. */
#include <dlfcn.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "backend/slirp_lib.h"
#include "base/log.h"
#include "base/types.h"

static const struct {
	const char *name;
	size_t at;
} functions[] = {
	{ "slirp_new", offsetof(struct slirp_lib, create) },
	{ "slirp_cleanup", offsetof(struct slirp_lib, cleanup) },
	{ "slirp_input", offsetof(struct slirp_lib, input) },
	{ "slirp_pollfds_fill", offsetof(struct slirp_lib, pollfds_fill) },
	{ "slirp_pollfds_poll", offsetof(struct slirp_lib, pollfds_poll) },
	{ "slirp_add_hostfwd", offsetof(struct slirp_lib, add_hostfwd) },
};

int slirp_lib_open(struct slirp_lib *l, const char *file)
{
	l->handle = dlopen(file, RTLD_NOW | RTLD_LOCAL);
	if (!l->handle)
		goto fail;
	for (size_t i = 0; i < ARRAY_SIZE(functions); i++) {
		void *f = dlsym(l->handle, functions[i].name);

		if (!f)
			goto fail;
		memcpy((char *)l + functions[i].at, &f, sizeof(f));
	}
	return 0;
fail:
	log_debug("%s", dlerror());
	slirp_lib_close(l);
	return -ELIBACC;
}

void slirp_lib_close(struct slirp_lib *l)
{
	if (l->handle)
		dlclose(l->handle);
	l->handle = NULL;
}
