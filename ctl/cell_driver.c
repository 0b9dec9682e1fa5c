/* SPDX-License-Identifier: BSD-2-Clause */
/* See cell_driver.h: the ioctls. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/bits.h"
#include "ctl/cell_driver.h"
#include "os/file.h"
#include "os/spawn.h"

#define DEVICE		"/dev/cella"
#define IMAGE_FILE	"cella-arm64.bin"

static int need_arm64(struct ctl_error *e)
{
	struct utsname u;

	uname(&u);
	if (!strcmp(u.machine, "aarch64"))
		return 0;
	return ctl_fail(e, -ENOTSUP, "cells need an arm64 host and this is %s: 'cella cell check' and 'compile' work here",
			u.machine);
}

int cell_driver_open(struct ctl_error *e)
{
	int fd = need_arm64(e);

	if (fd)
		return fd;
	fd = open(DEVICE, O_RDWR | O_CLOEXEC);
	if (fd >= 0)
		return fd;
	if (errno == ENOENT || errno == ENXIO)
		return ctl_fail(e, -ENODEV, "%s: there is none: 'cella cell enable SYSTEM' loads the driver", DEVICE);
	return ctl_fail_errno(e, -errno, "device", DEVICE);
}

/* DIR/NAME, where DIR is the program's own or one beside it. */
static bool beside(const char *below, const char *name, char *out, size_t size)
{
	char exe[512], *slash;
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);

	if (n <= 0)
		return false;
	exe[n] = 0;
	slash = strrchr(exe, '/');
	if (!slash)
		return false;
	*slash = 0;
	return snprintf(out, size, "%s/%s%s", exe, below, name) < (int)size && !access(out, R_OK);
}

static int insert_module(const char *path, struct ctl_error *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), err = 0;

	if (fd < 0)
		return ctl_fail_errno(e, -errno, "module", path);
	if (syscall(SYS_finit_module, fd, "", 0) && errno != EEXIST)
		err = ctl_fail(e, -errno, "module %s: %s: 'dmesg' says why; it has to be built for this kernel (make kmod)", path,
			       strerror(errno));
	close(fd);
	return err;
}

int cell_driver_load(const char *module, struct ctl_error *e)
{
	static const char *const modprobe[] = { "modprobe", "-q", "cella", NULL };
	char path[640];
	int err = need_arm64(e);

	if (err || !access(DEVICE, F_OK))
		return err;
	if (!module && beside("", "cella.ko", path, sizeof(path)))
		module = path;
	if (module)
		return insert_module(module, e);
	err = spawn_wait(modprobe);
	return err ? ctl_fail(e, -ENODEV, "module cella: modprobe finds none for this kernel: install it with DKMS, or name the "
			      "file: "
			      "--module cella.ko") : 0;
}

/* ---- the engine ---- */

/* Where it is installed, beside the command, or beside the configuration. */
static const char *find_image(const char *config, char *path, size_t size)
{
	static const char *const places[] = { "../lib/cella/", "" };
	const char *slash = strrchr(config, '/');

	for (size_t i = 0; i < ARRAY_SIZE(places); i++)
		if (beside(places[i], IMAGE_FILE, path, size))
			return path;
	if (snprintf(path, size, "%.*s" IMAGE_FILE, slash ? (int)(slash - config) + 1 : 0, config) >= (int)size || access(path,
															  R_OK))
		return NULL;
	return path;
}

static int fail_enable(const struct cell_file *system, struct ctl_error *e)
{
	int err = -errno;
	const char *why = strerror(errno);

	if (err == -EBUSY)
		why = "it is enabled already, or EL2 is in use by KVM";
	else if (err == -ENODEV)
		why = "this Linux cannot be left for EL2 (it runs there itself, or began without it)";
	else if (err == -EINVAL)
		why = "image or configuration refused";
	return ctl_fail(e, err, "system %s: not enabled: %s: 'dmesg' has the details", cell_file_name(system), why);
}

int cell_driver_enable(int fd, const char *image, const struct cell_file *system, struct ctl_error *e)
{
	char path[640];
	const char *from = image ? image : find_image(system->path, path, sizeof(path));
	struct file_data data;
	struct cella_enable enable;
	int err;

	if (!from)
		return ctl_fail(e, -ENOENT, "image " IMAGE_FILE ": neither installed nor beside the command or the configuration: "
				"--image FILE "
				"names it");
	err = file_load(from, CELLA_IMAGE_MAX, &data);
	if (err)
		return ctl_fail_errno(e, err, "image", from);
	enable = (struct cella_enable){ .image = (uintptr_t)data.data, .image_size = (uint32_t)data.size,
					.config = (uintptr_t)system->blob, .config_size = (uint32_t)system->blob_size };
	if (ioctl(fd, CELLA_IOC_ENABLE, &enable))
		err = fail_enable(system, e);
	file_unload(&data);
	if (!err) {
		cell_state_remove(NULL);
		cell_state_save(system);
	}
	return err;
}

int cell_driver_disable(int fd, struct ctl_error *e)
{
	int err;

	if (!ioctl(fd, CELLA_IOC_DISABLE)) {
		cell_state_remove(NULL);
		return 0;
	}
	err = -errno;
	return ctl_fail(e, err, "disable: %s", err == -ENODEV ? "nothing is enabled: 'cella cell enable SYSTEM' does" :
			err == -EPERM ? "a cell is locked, or root is needed: 'cella cell list' shows it" : strerror(-err));
}

/* ---- cells ---- */

static int fail_cell(const char *verb, const char *cell, struct ctl_error *e)
{
	static const struct {
		int err;
		const char *text;
	} reasons[] = {
		{ ENODEV, "nothing is enabled: 'cella cell enable SYSTEM' first" },
		{ ENOENT, "there is no such cell: 'cella cell list' shows them" },
		{ EEXIST, "there is a cell of this name: destroy that one, or use another" },
		{ EPERM, "refused: a cell is locked, or this needs root" },
		{ EINTR, "interrupted: it has not answered, and its reply_timeout is 0, which means for ever" },
		{ EBUSY, "a CPU or memory of it is in use: 'cella cell list' shows by whom" },
		{ EINVAL, "refused: 'dmesg' and 'cella cell console' say why" },
		{ ENOMEM, "the hypervisor's memory is used up: give it more in the system's configuration" },
	};
	int err = errno;

	for (size_t i = 0; i < ARRAY_SIZE(reasons); i++)
		if (reasons[i].err == err)
			return ctl_fail(e, -err, "cell %s: cannot %s: %s", cell, verb, reasons[i].text);
	return ctl_fail(e, -err, "cell %s: cannot %s: %s", cell, verb, strerror(err));
}

int cell_driver_create(int fd, const struct cell_file *cell, int *id, struct ctl_error *e)
{
	struct cella_create create = { .config = (uintptr_t)cell->blob, .config_size = (uint32_t)cell->blob_size };

	if (ioctl(fd, CELLA_IOC_CREATE, &create))
		return fail_cell("create", cell_file_name(cell), e);
	*id = create.id;
	cell_state_save(cell);
	return 0;
}

static int reference(const char *cell, struct cella_cell_ref *ref, struct ctl_error *e)
{
	char *end;
	long id;

	memset(ref, 0, sizeof(*ref));
	errno = 0;
	id = strtol(cell, &end, 10);
	if (*cell >= '0' && *cell <= '9' && !*end && !errno && id <= INT32_MAX) {
		ref->id = (int32_t)id;
		return 0;
	}
	if (!*cell || strlen(cell) >= sizeof(ref->name))
		return ctl_fail(e, -EINVAL, "cell %s: a name has 1 to %zu characters: 'cella cell list' shows them", cell,
				sizeof(ref->name) - 1);
	ref->id = -1;
	memcpy(ref->name, cell, strlen(cell) + 1);
	return 0;
}

static int simple(int fd, unsigned long request, const char *verb, const char *cell, struct ctl_error *e)
{
	struct cella_cell_ref ref;
	int err = reference(cell, &ref, e);

	if (err)
		return err;
	return ioctl(fd, request, &ref) ? fail_cell(verb, cell, e) : 0;
}

int cell_driver_load_pieces(int fd, const char *cell, const struct cell_load *piece, unsigned count, struct ctl_error *e)
{
	struct cella_load load = { .count = count };
	int err = reference(cell, &load.cell, e);

	if (err)
		return err;
	if (count > CELLA_LOAD_MAX)
		return ctl_fail(e, -E2BIG, "cell %s: more than %u pieces to load: load the rest in a second call", cell,
				CELLA_LOAD_MAX);
	for (unsigned i = 0; i < count; i++)
		load.piece[i] = (struct cella_piece){ .source = (uintptr_t)piece[i].data, .size = piece[i].size,
						     .target = piece[i].target };
	if (!ioctl(fd, CELLA_IOC_LOAD, &load))
		return 0;
	if (errno == EINVAL)
		return ctl_fail(e, -EINVAL, "cell %s: cannot load: a piece isn't inside one loadable region: see its [[memory]] "
				"and give "
				"each piece an address (-a)", cell);
	return fail_cell("load", cell, e);
}

int cell_driver_start(int fd, const char *cell, struct ctl_error *e)
{
	return simple(fd, CELLA_IOC_START, "start", cell, e);
}

int cell_driver_shutdown(int fd, const char *cell, struct ctl_error *e)
{
	return simple(fd, CELLA_IOC_SHUTDOWN, "shut down", cell, e);
}

int cell_driver_serve(int fd, const char *cell, struct ctl_error *e)
{
	struct cella_cell_ref ref;
	int err = reference(cell, &ref, e);

	if (err || !ioctl(fd, CELLA_IOC_SERVE, &ref))
		return err;
	if (errno == EBUSY)
		return ctl_fail(e, -EBUSY, "cell %s: somebody serves it already: end that first", cell);
	if (errno == ENODEV)
		return ctl_fail(e, -ENODEV, "cell %s: nothing is enabled, or the system's configuration has no vpci_irq_base: "
				"give it one whose five interrupts nobody uses", cell);
	return fail_cell("serve", cell, e);
}

int cell_driver_destroy(int fd, const char *cell, struct ctl_error *e)
{
	struct cell_status s = { .id = 0 };
	struct ctl_error unused;
	bool known = !cell_driver_find(cell, &s, &unused);
	int err = simple(fd, CELLA_IOC_DESTROY, "destroy", cell, e);

	if (!err && known)
		cell_state_remove(s.name);
	return err;
}
