/* SPDX-License-Identifier: BSD-2-Clause */
/* Options to shares; see shares.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "ctl/shares.h"

static const char root_params[] = "root=" SHARE_ROOT_TAG " rw rootfstype=9p rootflags=trans=virtio,version=9p2000.L";
static const char root_params_ro[] = "root=" SHARE_ROOT_TAG " ro rootfstype=9p rootflags=trans=virtio,version=9p2000.L";

static bool is_directory(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISDIR(st.st_mode);
}

int shares_root_path(const char *name, char path[SPEC_PATH_MAX])
{
	const char *data = getenv("XDG_DATA_HOME"), *home = getenv("HOME");
	int n;

	if (data && data[0] == '/')
		n = snprintf(path, SPEC_PATH_MAX, "%s/cella/%s", data, name);
	else if (home && home[0] == '/')
		n = snprintf(path, SPEC_PATH_MAX, "%s/.local/share/cella/%s", home, name);
	else
		return -ENOENT;
	return n < (int)SPEC_PATH_MAX ? 0 : -ENAMETOOLONG;
}

bool shares_is_root(char path[SPEC_PATH_MAX])
{
	char made[SPEC_PATH_MAX];
	struct stat st;

	if (!stat(path, &st))
		return S_ISDIR(st.st_mode);
	if (strchr(path, '/') || path[0] == '.' || shares_root_path(path, made) || !is_directory(made))
		return false;
	memcpy(path, made, sizeof(made));
	return true;
}

/* Is there a word that begins like this? */
static bool has_word(const char *params, const char *begin)
{
	for (const char *p = params; p && (p = strstr(p, begin)); p++)
		if (p == params || p[-1] == ' ')
			return true;
	return false;
}

int shares_resolve(struct run_options *o, struct ctl_error *e)
{
	const char *params = NULL;
	char *old = o->params;

	for (unsigned i = 0; i < o->disks.count; i++) {
		struct disk_spec d;

		if (disk_spec_parse(&d, o->disks.item[i], e))
			return -EINVAL;
		if (!shares_is_root(d.path))
			continue;
		if (params)
			return ctl_fail(e, -EINVAL, "--disk: %s is the second directory, and only one can be the root: use --share",
					d.path);
		params = d.read_only ? root_params_ro : root_params;
	}
	if (!params || has_word(old, "root="))
		return 0;
	if (asprintf(&o->params, "%s%s%s", old ? old : "", old && *old ? " " : "", params) < 0) {
		o->params = old;
		return ctl_fail(e, -ENOMEM, "out of memory");
	}
	free(old);
	return 0;
}

static int open_dir(struct backends *b, const char *path, const char *tag, bool read_only, struct ctl_error *e)
{
	int err;

	if (b->shares == MACHINE_MAX_VIRTIO)
		return ctl_fail(e, -ENOSPC, "--share: more than %d: leave some out", MACHINE_MAX_VIRTIO);
	for (unsigned i = 0; i < b->shares; i++)
		if (!strcmp(b->share[i]->tag, tag))
			return ctl_fail(e, -EEXIST, "share %s: the tag '%s' is taken: give another with ,tag=NAME", path, tag);
	err = share_p9_open(path, tag, read_only, &b->share[b->shares]);
	if (err)
		return ctl_fail_errno(e, err, "share", path);
	b->shares++;
	return 0;
}

int shares_open_root(struct backends *b, const char *path, bool read_only, struct ctl_error *e)
{
	return open_dir(b, path, SHARE_ROOT_TAG, read_only, e);
}

int shares_open(struct backends *b, const char *spec, struct ctl_error *e)
{
	struct share_spec h = { .tag = "share" };
	int err;

	if (b->shares)
		snprintf(h.tag, sizeof(h.tag), "share%u", b->shares);
	err = share_spec_parse(&h, spec, e);
	return err ? err : open_dir(b, h.path, h.tag, h.read_only, e);
}

void shares_close(struct backends *b)
{
	for (unsigned i = 0; i < b->shares; i++)
		share_close(b->share[i]);
}
