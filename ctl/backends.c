/* SPDX-License-Identifier: BSD-2-Clause */
/* Options to back-ends; see backends.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "backend/chardev_mux.h"
#include "backend/entropy.h"
#include "ctl/backends.h"
#include "dev/virtio/devices.h"

#define POOL_THREADS	4

static int plug(struct machine_config *c, const struct dev_class *cls, void *backend, struct loop *io, struct ctl_error *e)
{
	if (c->virtio_count == MACHINE_MAX_VIRTIO)
		return ctl_fail(e, -ENOSPC, "more than %d virtio devices: leave some out", MACHINE_MAX_VIRTIO);
	c->virtio[c->virtio_count++] = (struct machine_virtio){ cls, backend, &io->inbox };
	return 0;
}

/* What is before the next comma; *s moves to that, or to the end. Longer words are cut, and then not known. */
static void take_word(const char **s, char word[64])
{
	size_t len = strcspn(*s, ","), kept = MIN(len, (size_t)63);

	memcpy(word, *s, kept);
	word[kept] = 0;
	*s += len;
}

/* ---- disks: FILE[,ro|,overlay][,direct][,serial=S][,queues=N][,format=raw]; a comma in a name is written twice ---- */

struct disk_spec {
	char path[4096], serial[24];
	bool read_only, overlay, direct;
};

static int disk_flag(struct disk_spec *d, const char *word, const char *spec, struct ctl_error *e)
{
	if (!strcmp(word, "ro"))
		d->read_only = true;
	else if (!strcmp(word, "overlay"))
		d->overlay = true;
	else if (!strcmp(word, "direct"))
		d->direct = true;
	else if (!strcmp(word, "format=raw"))
		;
	else if (!strncmp(word, "serial=", 7) && word[7] && strlen(word + 7) <= 20)
		snprintf(d->serial, sizeof(d->serial), "%s", word + 7);
	else if (!strncmp(word, "serial=", 7))
		return ctl_fail(e, -EINVAL, "disk %s: a serial has 1 to 20 characters: shorten it", spec);
	else
		return ctl_fail(e, -EINVAL, "disk %s: '%s' is not known: choose from ro, overlay, direct, serial=S, queues=N, format=raw", spec,
				word);
	return 0;
}

static int parse_disk(struct disk_spec *d, const char *spec, struct ctl_error *e)
{
	const char *s = spec;
	size_t n = 0;
	int err;

	*d = (struct disk_spec){ 0 };
	while (*s && (*s != ',' || s[1] == ',') && n < sizeof(d->path) - 1) {
		s += *s == ',';
		d->path[n++] = *s++;
	}
	if (!n)
		return ctl_fail(e, -EINVAL, "--disk: no file in '%s': write FILE[,ro|,overlay]", spec);
	while (*s == ',') {
		char word[64];

		s++;
		take_word(&s, word);
		err = disk_flag(d, word, spec, e);
		if (err)
			return err;
	}
	if (*s)
		return ctl_fail(e, -ENAMETOOLONG, "--disk: a file name of more than %zu bytes: shorten it", sizeof(d->path) - 1);
	if (d->direct && d->overlay)
		return ctl_fail(e, -EINVAL, "disk %s: direct and overlay exclude each other: leave one out", d->path);
	if (d->read_only && d->overlay)
		return ctl_fail(e, -EINVAL, "disk %s: ro and overlay exclude each other: leave one out", d->path);
	return 0;
}

static int open_disk(struct backends *b, const char *spec, struct machine_config *c, struct ctl_error *e)
{
	struct block_backend **disk = &b->disk[b->disks];
	struct disk_spec d;
	int err = parse_disk(&d, spec, e);

	if (err)
		return err;
	if (b->disks == MACHINE_MAX_VIRTIO)
		return ctl_fail(e, -ENOSPC, "--disk: more than %d: leave some out", MACHINE_MAX_VIRTIO);
	if (d.overlay)
		err = disk_overlay_open(b->pool, d.path, NULL, disk);
	else
		err = disk_raw_open(b->pool, d.path, (d.read_only ? DISK_RO : 0) | (d.direct ? DISK_DIRECT : 0), disk);
	if (err == -ENOTSUP)
		return ctl_fail(e, err, "disk %s: its file system has no direct access: leave 'direct' out", d.path);
	if (err == -EBUSY)
		return ctl_fail(e, err, "disk %s: another process writes it: stop that, or use ,overlay of a copy", d.path);
	if (err == -EINVAL)
		return ctl_fail(e, err, "disk %s: not a disk: give a file or block device of a multiple of 512 bytes", d.path);
	if (err)
		return ctl_fail_errno(e, err, "disk", d.path);
	b->disks++;
	if (d.serial[0])
		disk_set_serial(*disk, d.serial);
	return plug(c, &virtio_blk_class, *disk, b->io, e);
}

/* ---- networks: [mode=]user|none[,mac=M] ---- */

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

static int parse_net(const char *spec, bool *user, uint8_t mac[6], struct ctl_error *e)
{
	const char *s = spec;
	bool first = true;
	char word[64];

	/* Locally administered; the same on each run, so that a guest's names of its interfaces stay. */
	*user = true;
	do {
		take_word(&s, word);
		if (first && (!strcmp(word, "user") || !strcmp(word, "mode=user")))
			*user = true;
		else if (first && (!strcmp(word, "none") || !strcmp(word, "mode=none")))
			*user = false;
		else if (strncmp(word, "mac=", 4))
			return ctl_fail(e, -EINVAL, "network %s: '%s' is not known: choose from user, none, mac=M", spec, word);
		else if (parse_mac(word + 4, mac))
			return ctl_fail(e, -EINVAL, "network %s: '%s' is no unicast address: write six bytes as 52:54:00:12:34:56",
					spec, word + 4);
		first = false;
	} while (*s++ == ',');
	return 0;
}

static int open_net(struct backends *b, const char *spec, const struct run_options *o, struct machine_config *c,
		    struct ctl_error *e)
{
	uint8_t mac[6] = { 0x52, 0x54, 0x00, 0xce, 0x11, (uint8_t)b->nets };
	struct net_backend **net = &b->net[b->nets];
	bool user;
	int err = parse_net(spec, &user, mac, e);

	if (err)
		return err;
	if (b->nets == MACHINE_MAX_VIRTIO)
		return ctl_fail(e, -ENOSPC, "--network: more than %d: leave some out", MACHINE_MAX_VIRTIO);
	err = user ? net_user_open(b->io, mac, net) : net_none_open(mac, net);
	if (err)
		return ctl_fail_errno(e, err, "network", spec);
	for (unsigned i = 0; user && !b->nets && i < o->publish.count; i++) {
		err = net_user_publish(*net, o->publish.item[i]);
		if (err == -EINVAL)
			err = ctl_fail(e, err, "--publish: '%s' is not of the form [IP:]HOST:GUEST[/udp]: correct it",
				       o->publish.item[i]);
		else if (err)
			err = ctl_fail_errno(e, err, "port", o->publish.item[i]);
		if (err) {
			net_close(*net);
			*net = NULL;
			return err;
		}
	}
	b->nets++;
	return plug(c, &virtio_net_class, *net, b->io, e);
}

/* ---- the rest ---- */

static int open_console(struct backends *b, struct stdio_events *events, const struct run_options *o,
			struct machine_config *c, struct ctl_error *e)
{
	struct chardev *terminal;
	int err;

	err = chardev_stdio_open(b->control, events, &terminal);
	if (!err)
		err = chardev_mux_open(b->control, terminal, &b->console);
	if (err)
		return ctl_fail(e, err, "console: the terminal cannot be used (%s): check standard input and output",
				strerror(-err));
	if (strcmp(o->console, "virtio")) {
		c->serial = b->console;
		return 0;
	}
	err = chardev_null_open(&b->null);
	if (err)
		return ctl_fail(e, err, "console: out of memory");
	c->serial = b->null;
	return 0;
}

int backends_open(struct backends *b, struct loop *control, struct loop *io, struct stdio_events *events,
		  const struct run_options *o, struct machine_config *config, struct ctl_error *e)
{
	bool virtio_console = !strcmp(o->console, "virtio");
	int err = 0;

	b->control = control;
	b->io = io;
	if (o->disks.count)
		err = pool_new(POOL_THREADS, "disk", &b->pool);
	if (err)
		return ctl_fail(e, err, "disks: threads cannot be started (%s): raise the limit of processes", strerror(-err));
	for (unsigned i = 0; i < o->disks.count && !err; i++)
		err = open_disk(b, o->disks.item[i], config, e);
	for (unsigned i = 0; i < o->nets.count && !err; i++)
		err = open_net(b, o->nets.item[i], o, config, e);
	if (!err && o->rng) {
		err = entropy_host_open(&b->entropy);
		err = err ? ctl_fail_errno(e, err, "host", "random numbers") : plug(config, &virtio_rng_class, b->entropy, io, e);
	}
	if (!err && o->balloon)
		err = plug(config, &virtio_balloon_class, NULL, io, e);
	if (!err)
		err = open_console(b, events, o, config, e);
	if (!err && virtio_console)
		err = plug(config, &virtio_console_class, b->console, io, e);
	return err;
}

void backends_close(struct backends *b)
{
	chardev_close(b->console);
	chardev_close(b->null);
	for (unsigned i = 0; i < b->nets; i++)
		net_close(b->net[i]);
	for (unsigned i = 0; i < b->disks; i++)
		disk_close(b->disk[i]);
	if (b->entropy)
		entropy_close(b->entropy);
	if (b->pool)
		pool_free(b->pool);
}
