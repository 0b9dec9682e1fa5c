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
#include "ctl/device_spec.h"
#include "ctl/names.h"
#include "ctl/shares.h"
#include "dev/virtio/devices.h"
#include "os/spawn.h"
#include "os/tap.h"

#define POOL_THREADS	4

static struct machine_virtio *plug(struct backends *b, struct machine_config *c, const struct dev_class *cls, void *backend,
				   struct ctl_error *e)
{
	struct machine_virtio *v = &c->virtio[c->virtio_count];

	if (c->virtio_count == MACHINE_MAX_VIRTIO) {
		ctl_fail(e, -ENOSPC, "more than %d virtio devices: leave some out", MACHINE_MAX_VIRTIO);
		return NULL;
	}
	c->virtio_count++;
	*v = (struct machine_virtio){ .cls = cls, .backend = backend, .workq = &b->io->inbox, .packed = b->packed };
	return v;
}

/* A device with n groups of queues, each worked on by a thread of its own. */
static int plug_with_threads(struct backends *b, struct machine_config *c, const struct dev_class *cls, void *backend,
			     const char *name, unsigned index, unsigned n, struct ctl_error *e)
{
	struct machine_virtio *v = plug(b, c, cls, backend, e);
	char full[16];
	int err;

	if (!v)
		return -ENOSPC;
	snprintf(full, sizeof(full), "%s%u", name, index);
	v->queues = n;
	err = io_threads_add(&b->threads, full, n, &v->threads);
	return err ? ctl_fail(e, err, "threads for %s: %s: ask for fewer queues", full, strerror(-err)) : 0;
}

static int plug_simple(struct backends *b, struct machine_config *c, const struct dev_class *cls, void *backend,
		       struct ctl_error *e)
{
	return plug(b, c, cls, backend, e) ? 0 : -ENOSPC;
}

/* A directory instead of a disk. */
static int open_root(struct backends *b, const struct disk_spec *d, struct machine_config *c, struct ctl_error *e)
{
	int err;

	if (d->overlay || d->direct || d->serial[0] || d->queues)
		return ctl_fail(e, -EINVAL, "disk %s: is a directory, which takes only ro: leave the rest out", d->path);
	err = shares_open_root(b, d->path, d->read_only, e);
	return err ? err : plug_simple(b, c, &virtio_p9_class, b->share[b->shares - 1], e);
}

static int open_share(struct backends *b, const char *spec, struct machine_config *c, struct ctl_error *e)
{
	int err = shares_open(b, spec, e);

	return err ? err : plug_simple(b, c, &virtio_p9_class, b->share[b->shares - 1], e);
}

/* Why the host's /dev/vhost-KIND cannot be used. */
static int vhost_failed(int err, const char *what, const char *kind, const char *instead, struct ctl_error *e)
{
	switch (err) {
	case -ENODEV:
		return ctl_fail(e, err, "%s: the host has no /dev/vhost-%s: 'modprobe vhost_%s', or %s", what, kind, kind, instead);
	case -EPERM:
		return ctl_fail(e, err, "%s: no right to use /dev/vhost-%s: have an administrator give it to you, or %s", what,
				kind, instead);
	case -ENOTSUP:
		return ctl_fail(e, err, "%s: the host's /dev/vhost-%s is too old for virtio 1.0: %s", what, kind, instead);
	default:
		return ctl_fail(e, err, "%s: /dev/vhost-%s: %s: %s", what, kind, strerror(-err), instead);
	}
}

static int open_vsock_vhost(struct backends *b, const struct vsock_spec *v, struct machine_config *c, struct ctl_error *e)
{
	int err = vsock_vhost_open(v->cid, &b->vsock);
	char what[32];

	snprintf(what, sizeof(what), "vsock %u", (unsigned)v->cid);
	if (err == -EADDRINUSE)
		return ctl_fail(e, err, "%s: another guest has this CID: give another", what);
	if (err)
		return vhost_failed(err, what, "vsock", "leave vhost=on out for Unix sockets", e);
	return plug_simple(b, c, &virtio_vsock_class, b->vsock, e);
}

static int open_vsock(struct backends *b, const struct run_options *o, struct machine_config *c, struct ctl_error *e)
{
	struct vsock_spec v;
	int err = vsock_spec_parse(&v, o->vsock, e);

	if (!err && v.vhost)
		return open_vsock_vhost(b, &v, c, e);
	if (!err && !v.path[0])
		err = name_file(o->name, ".vsock", v.path, sizeof(v.path), e);
	if (err)
		return err;
	err = vsock_unix_open(b->io, v.cid, v.path, &b->vsock);
	if (err == -EADDRINUSE)
		return ctl_fail(e, err, "vsock %s: somebody listens there: stop that, or give another socket=PATH", v.path);
	if (err == -ENAMETOOLONG)
		return ctl_fail(e, err, "vsock %s: too long for a socket's name: give a shorter socket=PATH", v.path);
	if (err)
		return ctl_fail_errno(e, err, "vsock", v.path);
	return plug_simple(b, c, &virtio_vsock_class, b->vsock, e);
}

static int open_disk(struct backends *b, const char *spec, struct machine_config *c, struct ctl_error *e)
{
	struct block_backend **disk = &b->disk[b->disks];
	struct disk_spec d;
	int err = disk_spec_parse(&d, spec, e);

	if (err)
		return err;
	if (shares_is_root(d.path))
		return open_root(b, &d, c, e);
	if (b->disks == MACHINE_MAX_VIRTIO)
		return ctl_fail(e, -ENOSPC, "--disk: more than %d: leave some out", MACHINE_MAX_VIRTIO);
	if (d.overlay)
		err = disk_overlay_open(b->pool, d.path, NULL, disk);
	else
		err = disk_raw_open(b->pool, d.path, (d.read_only ? DISK_RO : 0) | (d.direct ? DISK_DIRECT : 0), disk);
	if (err == -ENOTSUP)
		return ctl_fail(e, err, "disk %s: its file system has no direct access: leave 'direct' out", d.path);
	if (err == -EBUSY)
		return ctl_fail(e, err, "disk %s: is written already, by another process or as another --disk: stop that, or use "
				",overlay of a copy", d.path);
	if (err == -EINVAL)
		return ctl_fail(e, err, "disk %s: not a disk: give a file or block device of a multiple of 512 bytes", d.path);
	if (err)
		return ctl_fail_errno(e, err, "disk", d.path);
	b->disks++;
	if (d.serial[0])
		disk_set_serial(*disk, d.serial);
	return plug_with_threads(b, c, &virtio_blk_class, *disk, "disk", b->disks - 1, d.queues ? d.queues : 1, e);
}

static int publish_ports(struct net_backend *net, const struct run_options *o, struct ctl_error *e)
{
	for (unsigned i = 0; i < o->publish.count; i++) {
		int err = net_user_publish(net, o->publish.item[i]);

		if (err == -EINVAL)
			return ctl_fail(e, err, "--publish: '%s' is not of the form [IP:]HOST:GUEST[/udp]: correct it",
					o->publish.item[i]);
		if (err)
			return ctl_fail_errno(e, err, "port", o->publish.item[i]);
	}
	return 0;
}

static int tap_failed(int err, const struct net_spec *n, struct ctl_error *e)
{
	const char *name = n->ifname[0] ? n->ifname : "(new)";

	switch (err) {
	case -ENODEV:
		return ctl_fail(e, err, "network tap %s: the host has no /dev/net/tun: load the module 'tun'", name);
	case -EPERM:
		return ctl_fail(e, err, "network tap %s: no right to use it: name one that an administrator made for you with "
				"'ip tuntap add mode tap user NAME', or use -n user", name);
	case -EBUSY:
		return ctl_fail(e, err, "network tap %s: somebody else uses it: choose another", name);
	case -EINVAL:
		return ctl_fail(e, err, "network tap %s: no tap interface%s: choose another", name,
				n->queues > 1 ? " for several queues (make it with 'multi_queue')" : ", or one for several queues");
	default:
		return ctl_fail_errno(e, err, "network tap", name);
	}
}

/* An interface of a name that was given may be somebody's to set up, whose rights we lack; a new one is ours. */
static int tap_set_up(const struct net_backend *net, const struct net_spec *n, struct ctl_error *e)
{
	const char *name = net_tap_name(net), *argv[] = { n->script, name, NULL };
	int err;

	if (n->script[0]) {
		err = spawn_wait(argv);
		if (err < 0)
			return ctl_fail_errno(e, err, "script", n->script);
		return err ? ctl_fail(e, -EIO, "script %s: ended with status %d: run it by hand with the interface's name",
				      n->script, err) : 0;
	}
	err = tap_up(name, n->host_ip);
	if (err == -EINVAL && n->host_ip[0])
		return ctl_fail(e, err, "network tap %s: '%s' is no address: write it as 192.168.33.1/24", name, n->host_ip);
	if (err && (n->host_ip[0] || !n->ifname[0]))
		return ctl_fail_errno(e, err, "network tap", name);
	return 0;
}

static int open_tap(const struct net_spec *n, struct net_backend **net, struct ctl_error *e)
{
	struct net_tap_config c = {
		.ifname = n->ifname, .pairs = n->queues ? n->queues : 1, .mtu = n->mtu, .vhost = n->vhost,
	};
	int err, vhost_err;

	memcpy(c.mac, n->mac, sizeof(c.mac));
	err = net_tap_open(&c, net, &vhost_err);
	if (err == -ENOTCONN)
		return vhost_failed(vhost_err, "network tap", "net", "leave vhost=on out", e);
	if (err)
		return tap_failed(err, n, e);
	err = tap_set_up(*net, n, e);
	if (err) {
		net_close(*net);
		*net = NULL;
	}
	return err;
}

static int open_net(struct backends *b, const char *spec, const struct run_options *o, struct machine_config *c,
		    struct ctl_error *e)
{
	/* Locally administered; the same on each run, so that a guest's names of its interfaces stay. */
	struct net_spec n = { .mac = { 0x52, 0x54, 0x00, 0xce, 0x11, (uint8_t)b->nets } };
	struct net_backend **net = &b->net[b->nets];
	int err = net_spec_parse(&n, spec, e);

	if (err)
		return err;
	if (b->nets == MACHINE_MAX_VIRTIO)
		return ctl_fail(e, -ENOSPC, "--network: more than %d: leave some out", MACHINE_MAX_VIRTIO);
	if (n.mode == NET_MODE_TAP) {
		err = open_tap(&n, net, e);
		if (err)
			return err;
		b->nets++;
		if (!n.vhost)
			return plug_with_threads(b, c, &virtio_net_class, *net, "net", b->nets - 1, (*net)->pairs, e);
		err = plug_simple(b, c, &virtio_net_class, *net, e);
		if (!err)
			c->virtio[c->virtio_count - 1].queues = (*net)->pairs;
		return err;
	}
	err = n.mode == NET_MODE_USER ? net_user_open(b->io, n.mac, n.mtu, net) : net_none_open(n.mac, net);
	if (err == -ELIBACC)
		return ctl_fail(e, err, "network %s: this machine has no libslirp.so.0: install libslirp0, or choose another "
				"network", spec);
	if (err)
		return ctl_fail_errno(e, err, "network", spec);
	b->nets++;
	if (n.mode == NET_MODE_USER && !b->published) {		/* the first of its kind */
		b->published = true;
		err = publish_ports(*net, o, e);
	}
	return err ? err : plug_simple(b, c, &virtio_net_class, *net, e);
}

/* ---- PCI functions of the host ---- */

static int open_host_pci(struct backends *b, const struct option_list *l, struct machine_config *c, struct ctl_error *e)
{
	char why[VFIO_WHY] = "";
	int err = l->count ? vfio_new("/sys", "/dev/vfio", b->io, &b->vfio) : 0;

	if (err)
		return ctl_fail(e, err, "--vfio-pci: out of memory");
	for (unsigned i = 0; i < l->count && !err; i++) {
		if (c->hostpci_count == MACHINE_MAX_HOSTPCI)
			return ctl_fail(e, -ENOSPC, "--vfio-pci: more than %d: leave some out", MACHINE_MAX_HOSTPCI);
		err = vfio_open(b->vfio, l->item[i], &c->hostpci[c->hostpci_count++], why);
		if (err)
			ctl_fail(e, err, "--vfio-pci %s: %s", l->item[i], why);
	}
	return err;
}

int backends_map(struct backends *b, struct mem *m, struct ctl_error *e)
{
	char why[VFIO_WHY] = "";
	int err = b->vfio ? vfio_map(b->vfio, m, why) : 0;

	return err ? ctl_fail(e, err, "--vfio-pci: %s", why) : 0;
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
	bool virtio_console = o->console && !strcmp(o->console, "virtio");
	int err = 0;

	b->control = control;
	b->io = io;
	b->packed = o->virtio_ring && !strcmp(o->virtio_ring, "packed");
	if (o->disks.count)
		err = pool_new(POOL_THREADS, "disk", &b->pool);
	if (err)
		return ctl_fail(e, err, "disks: threads cannot be started (%s): raise the limit of processes", strerror(-err));
	for (unsigned i = 0; i < o->disks.count && !err; i++)
		err = open_disk(b, o->disks.item[i], config, e);
	for (unsigned i = 0; i < o->shares.count && !err; i++)
		err = open_share(b, o->shares.item[i], config, e);
	for (unsigned i = 0; i < o->nets.count && !err; i++)
		err = open_net(b, o->nets.item[i], o, config, e);
	if (!err && o->publish.count && !b->published)
		err = ctl_fail(e, -EINVAL, "--publish: only a user network leads to ports of the guest: add -n user");
	if (!err)
		err = open_host_pci(b, &o->vfio_pci, config, e);
	if (!err && o->rng) {
		err = entropy_host_open(&b->entropy);
		err = err ? ctl_fail_errno(e, err, "host", "random numbers") :
			    plug_simple(b, config, &virtio_rng_class, b->entropy, e);
	}
	if (!err && o->vsock)
		err = open_vsock(b, o, config, e);
	if (!err && o->balloon)
		err = plug_simple(b, config, &virtio_balloon_class, NULL, e);
	if (!err && o->console)
		err = open_console(b, events, o, config, e);
	if (!err && virtio_console)
		err = plug_simple(b, config, &virtio_console_class, b->console, e);
	return err;
}

int backends_start(struct backends *b)
{
	return io_threads_start(&b->threads);
}

void backends_stop(struct backends *b)
{
	io_threads_stop(&b->threads);
}

void backends_close(struct backends *b)
{
	if (b->pool)
		pool_free(b->pool);	/* first: it finishes what it has of the disks */
	chardev_close(b->console);
	chardev_close(b->null);
	vfio_free(b->vfio);
	for (unsigned i = 0; i < b->nets; i++)
		net_close(b->net[i]);
	for (unsigned i = 0; i < b->disks; i++)
		disk_close(b->disk[i]);
	shares_close(b);
	vsock_close(b->vsock);
	if (b->entropy)
		entropy_close(b->entropy);
	io_threads_free(&b->threads);
}
