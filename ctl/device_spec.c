/* SPDX-License-Identifier: BSD-2-Clause */
/* See device_spec.h. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "ctl/device_spec.h"
#include "ctl/options.h"

#define MAX_QUEUES	8u		/* of a network; a disk may have twice as many */

/* What is before the next comma; *s moves to that, or to the end. Longer words are cut, and then not known. */
static void take_word(const char **s, char *word, size_t room)
{
	size_t len = strcspn(*s, ","), kept = MIN(len, room - 1);

	memcpy(word, *s, kept);
	word[kept] = 0;
	*s += len;
}

/* The file's name, up to the first single comma. Returns its length; if it is cut, *s isn't at a comma or the end. */
static size_t take_path(const char **s, char path[SPEC_PATH_MAX])
{
	size_t n = 0;

	while (**s && (**s != ',' || (*s)[1] == ',') && n < SPEC_PATH_MAX - 1) {
		*s += **s == ',';
		path[n++] = *(*s)++;
	}
	path[n] = 0;
	return n;
}

/* The value of `key=value`, or NULL. */
static const char *value_of(const char *word, const char *key)
{
	size_t n = strlen(key);

	return strncmp(word, key, n) || word[n] != '=' ? NULL : word + n + 1;
}

static int take_number(const char *what, const char *spec, const char *text, unsigned lo, unsigned hi, unsigned *to,
		       struct ctl_error *e)
{
	uint64_t v;

	if (parse_number(text, &v) || v < lo || v > hi)
		return ctl_fail(e, -EINVAL, "%s: '%s' is not a number from %u to %u: correct it", spec, what, lo, hi);
	*to = (unsigned)v;
	return 0;
}

static int disk_word(struct disk_spec *d, const char *word, const char *spec, struct ctl_error *e)
{
	const char *v;

	if (!strcmp(word, "ro"))
		d->read_only = true;
	else if (!strcmp(word, "overlay"))
		d->overlay = true;
	else if (!strcmp(word, "direct"))
		d->direct = true;
	else if (!strcmp(word, "format=raw"))
		return 0;
	else if ((v = value_of(word, "queues")))
		return take_number(word, spec, v, 1, 2 * MAX_QUEUES, &d->queues, e);
	else if ((v = value_of(word, "serial")) && *v && strlen(v) <= 20)
		snprintf(d->serial, sizeof(d->serial), "%s", v);
	else if (v)
		return ctl_fail(e, -EINVAL, "disk %s: a serial has 1 to 20 characters: shorten it", spec);
	else
		return ctl_fail(e, -EINVAL,
				"disk %s: '%s' is not known: choose from ro, overlay, direct, serial=S, queues=N, format=raw", spec,
				word);
	return 0;
}

int disk_spec_parse(struct disk_spec *d, const char *spec, struct ctl_error *e)
{
	const char *s = spec;
	int err;

	*d = (struct disk_spec){ 0 };
	if (!take_path(&s, d->path))
		return ctl_fail(e, -EINVAL, "--disk: no file in '%s': write FILE[,ro|,overlay]", spec);
	while (*s == ',') {
		char word[64];

		s++;
		take_word(&s, word, sizeof(word));
		err = disk_word(d, word, spec, e);
		if (err)
			return err;
	}
	if (*s)
		return ctl_fail(e, -ENAMETOOLONG, "--disk: a file name of more than %zu bytes: shorten it", sizeof(d->path) - 1);
	if (d->overlay && (d->read_only || d->direct))
		return ctl_fail(e, -EINVAL, "disk %s: %s and overlay exclude each other: leave one out", d->path,
				d->read_only ? "ro" : "direct");
	return 0;
}

static int parse_mac(const char *text, uint8_t mac[6])
{
	unsigned v[6];
	char extra;

	if (sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x%c", &v[0], &v[1], &v[2], &v[3], &v[4], &v[5], &extra) != 6 || v[0] & 1)
		return -EINVAL;
	for (int i = 0; i < 6; i++)
		mac[i] = (uint8_t)v[i];
	return 0;
}

static bool take_text(const char *v, char *to, size_t room)
{
	return *v && snprintf(to, room, "%s", v) < (int)room;
}

static int take_switch(const char *what, const char *spec, const char *text, bool *to, struct ctl_error *e)
{
	*to = !strcmp(text, "on") || !strcmp(text, "1");
	if (!*to && strcmp(text, "off") && strcmp(text, "0"))
		return ctl_fail(e, -EINVAL, "%s: '%s' is neither on nor off: correct it", spec, what);
	return 0;
}

static int tap_word(struct net_spec *n, const char *word, const char *spec, struct ctl_error *e)
{
	const char *v;

	if ((v = value_of(word, "ifname")))
		return take_text(v, n->ifname, sizeof(n->ifname)) ? 0 :
		       ctl_fail(e, -EINVAL, "network %s: a name of an interface has 1 to 15 characters: correct it", spec);
	if ((v = value_of(word, "script")))
		return take_text(v, n->script, sizeof(n->script)) ? 0 :
		       ctl_fail(e, -EINVAL, "network %s: script= wants the name of a file: give one", spec);
	if ((v = value_of(word, "host_ip")))
		return take_text(v, n->host_ip, sizeof(n->host_ip)) ? 0 :
		       ctl_fail(e, -EINVAL, "network %s: host_ip= wants an address like 192.168.33.1/24: give one", spec);
	if ((v = value_of(word, "queues")))
		return take_number(word, spec, v, 1, MAX_QUEUES, &n->queues, e);
	if ((v = value_of(word, "vhost")))
		return take_switch(word, spec, v, &n->vhost, e);
	return ctl_fail(e, -EINVAL, "network %s: '%s' is not known: choose from mac=M, mtu=N, ifname=I, script=FILE, host_ip=A/N, "
			"queues=N, vhost=on|off", spec, word);
}

static bool mode_of(const char *word, enum net_mode *mode)
{
	static const char *const names[] = { [NET_MODE_USER] = "user", [NET_MODE_NONE] = "none", [NET_MODE_TAP] = "tap" };
	const char *v = value_of(word, "mode");

	for (unsigned i = 0; i < ARRAY_SIZE(names); i++) {
		if (strcmp(v ? v : word, names[i]))
			continue;
		*mode = (enum net_mode)i;
		return true;
	}
	return false;
}

int net_spec_parse(struct net_spec *n, const char *spec, struct ctl_error *e)
{
	const char *s = spec, *v;
	bool first = true;
	char word[1100];
	int err = 0;

	n->mode = NET_MODE_USER;
	do {
		take_word(&s, word, sizeof(word));
		if (first && mode_of(word, &n->mode))
			;
		else if ((v = value_of(word, "mtu")))
			err = take_number(word, spec, v, 68, 65521, &n->mtu, e);
		else if (!(v = value_of(word, "mac")) && n->mode == NET_MODE_TAP)
			err = tap_word(n, word, spec, e);
		else if (!v)
			err = ctl_fail(e, -EINVAL, "network %s: '%s' is not known: choose from user, none, tap, mac=M, mtu=N", spec,
				       word);
		else if (parse_mac(v, n->mac))
			err = ctl_fail(e, -EINVAL,
				       "network %s: '%s' is no unicast address: write six bytes as 52:54:00:12:34:56", spec, v);
		first = false;
	} while (!err && *s++ == ',');
	return err;
}

int share_spec_parse(struct share_spec *h, const char *spec, struct ctl_error *e)
{
	const char *s = spec, *v;

	h->read_only = false;
	if (!take_path(&s, h->path))
		return ctl_fail(e, -EINVAL, "--share: no directory in '%s': write DIR[,ro][,tag=NAME]", spec);
	while (*s == ',') {
		char word[SHARE_TAG_MAX + 6];

		s++;
		take_word(&s, word, sizeof(word));
		v = value_of(word, "tag");
		if (!strcmp(word, "ro"))
			h->read_only = true;
		else if (v && *v && strlen(v) <= SHARE_TAG_MAX)
			snprintf(h->tag, sizeof(h->tag), "%s", v);
		else if (v)
			return ctl_fail(e, -EINVAL, "share %s: a tag has 1 to %u characters: shorten it", h->path, SHARE_TAG_MAX);
		else
			return ctl_fail(e, -EINVAL, "share %s: '%s' is not known: choose from ro, tag=NAME", h->path, word);
	}
	if (*s)
		return ctl_fail(e, -ENAMETOOLONG, "--share: a name of more than %u bytes: shorten it", SPEC_PATH_MAX - 1);
	return 0;
}

int vsock_spec_parse(struct vsock_spec *v, const char *spec, struct ctl_error *e)
{
	const char *s = spec, *path, *cid, *text;
	char word[sizeof(v->path) + 8];
	int err;

	*v = (struct vsock_spec){ 0 };
	take_word(&s, word, sizeof(word));
	cid = value_of(word, "cid");
	if (parse_number(cid ? cid : word, &v->cid) || v->cid < 3 || v->cid >= 0xffffffff)
		return ctl_fail(e, -EINVAL, "--vsock: '%s' is no CID: give a number from 3 to 4294967294", word);
	while (*s == ',') {
		s++;
		take_word(&s, word, sizeof(word));
		text = value_of(word, "vhost");
		if (text) {
			err = take_switch(word, spec, text, &v->vhost, e);
			if (err)
				return err;
			continue;
		}
		path = value_of(word, "socket");
		if (!path || !*path)
			return ctl_fail(e, -EINVAL, "vsock %s: '%s' is not known: it takes socket=PATH or vhost=on", spec, word);
		if (strlen(path) >= sizeof(v->path))
			return ctl_fail(e, -ENAMETOOLONG, "vsock %s: too long for a socket's name: shorten it", spec);
		snprintf(v->path, sizeof(v->path), "%s", path);
	}
	if (v->vhost && v->path[0])
		return ctl_fail(e, -EINVAL, "vsock %s: vhost has no socket=PATH, programs use AF_VSOCK: leave one out", spec);
	return 0;
}
