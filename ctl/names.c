/* SPDX-License-Identifier: BSD-2-Clause */
/* Names in the runtime directory; see names.h. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ctl/names.h"

#define LOCK_SUFFIX	".lock"

bool name_valid(const char *name)
{
	size_t len = strlen(name);

	if (!len || len > NAME_MAX_LEN || *name == '.' || *name == '-')
		return false;
	for (; *name; name++)
		if (!isalnum((unsigned char)*name) && !strchr("._-", *name))
			return false;
	return true;
}

/* The directory's path; it need not exist. */
static int runtime_dir(char *dir, size_t size, struct ctl_error *e)
{
	const char *xdg = getenv("XDG_RUNTIME_DIR");
	int n;

	if (xdg && *xdg == '/')
		n = snprintf(dir, size, "%s/cella", xdg);
	else if (!geteuid())
		n = snprintf(dir, size, "/run/cella");
	else
		n = snprintf(dir, size, "/tmp/cella-%u", (unsigned)geteuid());
	/* A socket's address is what is shortest. */
	if (n < 0 || n + 1 + NAME_MAX_LEN + (int)sizeof(".sock") > (int)sizeof(((struct sockaddr_un *)0)->sun_path))
		return ctl_fail(e, -ENAMETOOLONG, "runtime directory %s/cella: its name is too long for a socket: set a "
				"shorter XDG_RUNTIME_DIR", xdg ? xdg : "");
	return 0;
}

/* In /tmp somebody else may have made it first. */
static int check_owner(const char *dir, struct ctl_error *e)
{
	struct stat st;

	if (lstat(dir, &st))
		return ctl_fail_errno(e, -errno, "runtime directory", dir);
	if (!S_ISDIR(st.st_mode) || st.st_uid != geteuid() || st.st_mode & 022)
		return ctl_fail(e, -EPERM, "runtime directory %s: not a directory that only you can write: remove it, or set "
				"XDG_RUNTIME_DIR", dir);
	return 0;
}

/* Before anybody there is believed to be a machine. Root may look after others' machines; a directory that isn't there has none. */
static int check_before_connecting(const char *dir, struct ctl_error *e)
{
	struct stat st;

	return !geteuid() || (lstat(dir, &st) && errno == ENOENT) ? 0 : check_owner(dir, e);
}

static int make_runtime_dir(char *dir, size_t size, struct ctl_error *e)
{
	int err = runtime_dir(dir, size, e);

	if (err)
		return err;
	if (mkdir(dir, 0700) && errno != EEXIST)
		return ctl_fail(e, -errno, "runtime directory %s: %s: make it writable, or set XDG_RUNTIME_DIR", dir,
				strerror(errno));
	return check_owner(dir, e);
}

/* The lock, on the file that has the path now: the one we opened may have been removed before we had the lock. */
static int lock_file(const char *path)
{
	for (;;) {
		int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600), err;
		struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
		struct stat mine, there;

		if (fd < 0)
			return -errno;
		if (fcntl(fd, F_OFD_SETLK, &lock)) {
			err = errno == EACCES ? -EAGAIN : -errno;
			close(fd);
			return err;
		}
		if (!fstat(fd, &mine) && !stat(path, &there) && mine.st_ino == there.st_ino && mine.st_dev == there.st_dev)
			return fd;
		close(fd);
	}
}

static void socket_address(struct sockaddr_un *addr, const char *dir, const char *name)
{
	*addr = (struct sockaddr_un){ .sun_family = AF_UNIX };
	snprintf(addr->sun_path, sizeof(addr->sun_path), "%.52s/%.48s.sock", dir, name);
}

int name_file(const char *name, const char *suffix, char *path, size_t size, struct ctl_error *e)
{
	char dir[sizeof(((struct sockaddr_un *)0)->sun_path)];
	int err = make_runtime_dir(dir, sizeof(dir), e);

	if (!err && snprintf(path, size, "%s/%s%s", dir, name, suffix) >= (int)size)
		return ctl_fail(e, -ENAMETOOLONG, "runtime directory %s: its name is too long: set a shorter XDG_RUNTIME_DIR", dir);
	return err;
}

int name_claim(struct vm_name *n, const char *name, struct ctl_error *e)
{
	char dir[sizeof(n->socket.sun_path)];
	int err = make_runtime_dir(dir, sizeof(dir), e);

	n->lock = -1;
	if (err)
		return err;
	snprintf(n->lock_path, sizeof(n->lock_path), "%s/%s" LOCK_SUFFIX, dir, name);
	socket_address(&n->socket, dir, name);
	n->lock = lock_file(n->lock_path);
	if (n->lock == -EAGAIN)
		return ctl_fail(e, -EADDRINUSE, "machine %s: runs already: choose another --name, or 'cella stop %s'", name, name);
	if (n->lock < 0)
		return ctl_fail(e, n->lock, "machine %s: %s: %s: make the runtime directory writable, or set XDG_RUNTIME_DIR", name,
				n->lock_path, strerror(-n->lock));
	unlink(n->socket.sun_path);
	return 0;
}

void name_release(struct vm_name *n)
{
	if (n->lock < 0)
		return;
	unlink(n->socket.sun_path);
	unlink(n->lock_path);
	close(n->lock);
	n->lock = -1;
}

int name_socket(const char *name, struct sockaddr_un *addr, struct ctl_error *e)
{
	char dir[sizeof(addr->sun_path)];
	int err;

	if (!name_valid(name))
		return ctl_fail(e, -EINVAL, "machine %s: no such name is possible: 'cella list' shows what runs", name);
	err = runtime_dir(dir, sizeof(dir), e);
	if (!err)
		err = check_before_connecting(dir, e);
	if (!err)
		socket_address(addr, dir, name);
	return err;
}

static bool is_locked(const char *dir, const char *file)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	char path[128 + 256];
	bool locked;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, file);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return false;
	locked = !fcntl(fd, F_OFD_GETLK, &lock) && lock.l_type != F_UNLCK;
	close(fd);
	return locked;
}

int name_each(int (*fn)(const char *name, void *arg), void *arg, struct ctl_error *e)
{
	char dir[sizeof(((struct sockaddr_un *)0)->sun_path)], name[NAME_MAX_LEN + 1];
	struct dirent **entry;
	int err = runtime_dir(dir, sizeof(dir), e), n;

	if (!err)
		err = check_before_connecting(dir, e);
	if (err)
		return err;
	n = scandir(dir, &entry, NULL, alphasort);
	if (n < 0)
		return errno == ENOENT ? 0 : ctl_fail_errno(e, -errno, "runtime directory", dir);
	for (int i = 0; i < n; i++) {
		size_t len = strlen(entry[i]->d_name), suffix = sizeof(LOCK_SUFFIX) - 1;

		if (!err && len > suffix && len - suffix <= NAME_MAX_LEN && !strcmp(entry[i]->d_name + len - suffix, LOCK_SUFFIX) &&
		    is_locked(dir, entry[i]->d_name)) {
			snprintf(name, sizeof(name), "%.*s", (int)(len - suffix), entry[i]->d_name);
			err = fn(name, arg);
		}
		free(entry[i]);
	}
	free(entry);
	return err;
}
