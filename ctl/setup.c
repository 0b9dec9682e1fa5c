/* SPDX-License-Identifier: BSD-2-Clause */
/* See setup.h. */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bits.h"
#include "ctl/names.h"
#include "ctl/payload.h"
#include "ctl/setup.h"
#include "ctl/shares.h"
#include "os/file.h"

#define BUSYBOX_MAX	(64 * MIB)

static const char *const directories[] = {
	"", "/bin", "/dev", "/etc", "/home", "/mnt", "/proc", "/root", "/run", "/sbin", "/sys", "/tmp", "/usr", "/usr/bin",
	"/usr/sbin", "/var", "/var/log",
};

static const struct { const char *path, *text; mode_t mode; } files[] = {
	{ "/etc/inittab",
	  "::sysinit:/etc/rc\n::respawn:-/bin/sh\n::ctrlaltdel:/sbin/reboot\n::shutdown:/bin/umount -a -r\n", 0644 },
	{ "/etc/rc",
	  "#!/bin/busybox sh\n"
	  "export PATH=/bin:/sbin:/usr/bin:/usr/sbin\n"
	  "/bin/busybox --install -s\n"
	  "mount -t proc proc /proc\n"
	  "mount -t sysfs sys /sys\n"
	  "grep -q ' /dev devtmpfs' /proc/mounts || mount -t devtmpfs dev /dev\n"
	  "mount -t tmpfs tmp /tmp\n"
	  "hostname -F /etc/hostname\n"
	  "ip link set lo up\n"
	  "[ -d /sys/class/net/eth0 ] && ip link set eth0 up && udhcpc -i eth0 -s /etc/udhcpc -q -n -t 3\n"
	  "true\n", 0755 },
	{ "/etc/udhcpc",
	  "#!/bin/sh\n"
	  "[ \"$1\" = bound ] || exit 0\n"
	  "ip addr add $ip/${mask:-24} dev $interface\n"
	  "for r in $router; do ip route add default via $r; done\n"
	  "for d in $dns; do echo nameserver $d; done >/etc/resolv.conf\n", 0755 },
	{ "/etc/passwd", "root::0:0:root:/root:/bin/sh\n", 0644 },
	{ "/etc/group", "root:x:0:\n", 0644 },
};

static const struct { const char *path, *target; } links[] = {
	{ "/bin/sh", "busybox" }, { "/sbin/init", "../bin/busybox" },
};

/* A program for which nothing has to be loaded besides. */
static bool is_static(const uint8_t *data, size_t size)
{
	Elf64_Ehdr h;

	if (size < sizeof(h))
		return false;
	memcpy(&h, data, sizeof(h));
	if (memcmp(h.e_ident, ELFMAG, SELFMAG) || h.e_ident[EI_CLASS] != ELFCLASS64 || h.e_phentsize != sizeof(Elf64_Phdr))
		return false;
	for (unsigned i = 0; i < h.e_phnum; i++) {
		Elf64_Phdr p;

		if (h.e_phoff > size || size - h.e_phoff < (i + 1) * sizeof(p))
			return false;
		memcpy(&p, data + h.e_phoff + i * sizeof(p), sizeof(p));
		if (p.p_type == PT_INTERP)
			return false;
	}
	return h.e_phnum;
}

static int read_busybox(const char *given, struct payload_file *f, struct ctl_error *e)
{
	static const char *const places[] = { "/bin/busybox", "/usr/bin/busybox" };
	const char *path = given;
	int err;

	for (unsigned i = 0; !path && i < ARRAY_SIZE(places); i++)
		path = access(places[i], R_OK) ? NULL : places[i];
	if (!path)
		return ctl_fail(e, -ENOENT, "setup: this host has no busybox: install the package busybox-static, or name one: "
				"cella setup NAME BUSYBOX");
	err = payload_read(f, "busybox", path, BUSYBOX_MAX, e);
	if (!err && !is_static(f->data, f->size)) {
		payload_free(f);
		err = ctl_fail(e, -EINVAL, "busybox %s: not a static 64-bit program: install the package busybox-static, or name "
			       "another", path);
	}
	return err;
}

/* All directories on the way to the last name. */
static int make_parents(char *path, struct ctl_error *e)
{
	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		int err = 0;

		*slash = 0;
		if (mkdir(path, 0755) && errno != EEXIST)
			err = ctl_fail_errno(e, -errno, "directory", path);
		*slash = '/';
		if (err)
			return err;
	}
	return 0;
}

static int put(const char *dir, const char *name, const void *data, size_t len, mode_t mode)
{
	char path[SPEC_PATH_MAX + 32];
	int fd, err;

	snprintf(path, sizeof(path), "%s%s", dir, name);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	err = file_pwrite(fd, data, len, 0);
	if (!err && fchmod(fd, mode))
		err = -errno;
	if (close(fd) && !err)
		err = -errno;
	return err;
}

static int fill(const char *dir, const char *name, const struct payload_file *busybox)
{
	char path[SPEC_PATH_MAX + 32], host[NAME_MAX_LEN + 2];
	int err = 0;

	for (unsigned i = 0; !err && i < ARRAY_SIZE(directories); i++) {
		snprintf(path, sizeof(path), "%s%s", dir, directories[i]);
		if ((i && mkdir(path, 0755)) || chmod(path, 0755))
			err = -errno;
	}
	for (unsigned i = 0; !err && i < ARRAY_SIZE(links); i++) {
		snprintf(path, sizeof(path), "%s%s", dir, links[i].path);
		if (symlink(links[i].target, path))
			err = -errno;
	}
	for (unsigned i = 0; !err && i < ARRAY_SIZE(files); i++)
		err = put(dir, files[i].path, files[i].text, strlen(files[i].text), files[i].mode);
	snprintf(host, sizeof(host), "%s\n", name);
	if (!err)
		err = put(dir, "/etc/hostname", host, strlen(host), 0644);
	return err ? err : put(dir, "/bin/busybox", busybox->data, busybox->size, 0755);
}

/* What fill made, and nothing else. */
static void discard(const char *dir)
{
	static const char *const rest[] = { "/etc/hostname", "/bin/busybox" };
	char path[SPEC_PATH_MAX + 32];

	for (unsigned i = 0; i < ARRAY_SIZE(files) + ARRAY_SIZE(links) + ARRAY_SIZE(rest); i++) {
		snprintf(path, sizeof(path), "%s%s", dir, i < ARRAY_SIZE(files) ? files[i].path :
			 i < ARRAY_SIZE(files) + ARRAY_SIZE(links) ? links[i - ARRAY_SIZE(files)].path :
			 rest[i - ARRAY_SIZE(files) - ARRAY_SIZE(links)]);
		unlink(path);
	}
	for (unsigned i = ARRAY_SIZE(directories); i--;) {
		snprintf(path, sizeof(path), "%s%s", dir, directories[i]);
		rmdir(path);
	}
}

static int make_aside(const char *name, const struct payload_file *busybox, const char *path, struct ctl_error *e)
{
	char aside[SPEC_PATH_MAX + 8];
	int err;

	snprintf(aside, sizeof(aside), "%s.XXXXXX", path);
	if (!mkdtemp(aside))
		return ctl_fail_errno(e, -errno, "directory", path);
	err = fill(aside, name, busybox);
	if (!err && rename(aside, path))
		err = -errno;
	if (!err)
		return 0;
	discard(aside);
	return ctl_fail_errno(e, err, "root directory", path);
}

int setup_root(const char *name, const char *busybox, char path[SPEC_PATH_MAX], struct ctl_error *e)
{
	struct payload_file f;
	struct stat st;
	int err;

	if (!name_valid(name))
		return ctl_fail(e, -EINVAL, "setup: '%s' is no name: use up to %d letters, digits, '.', '_' and '-'", name,
				NAME_MAX_LEN);
	err = shares_root_path(name, path);
	if (err)
		return ctl_fail(e, err, "setup: nowhere to put it: set HOME or XDG_DATA_HOME to a directory");
	if (!lstat(path, &st))
		return ctl_fail(e, -EEXIST, "setup %s: %s is there already: remove it, or choose another name", name, path);
	err = read_busybox(busybox, &f, e);
	if (err)
		return err;
	err = make_parents(path, e);
	if (!err)
		err = make_aside(name, &f, path, e);
	payload_free(&f);
	return err;
}
