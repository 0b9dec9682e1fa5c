/* SPDX-License-Identifier: BSD-2-Clause */
/* See file.h. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "os/file.h"

#define PIPE_STEP	(1 * MIB)

int file_open(const char *path, bool write)
{
	int fd = open(path, (write ? O_RDWR : O_RDONLY) | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int file_size(int fd, uint64_t *size)
{
	struct stat st;

	if (fstat(fd, &st))
		return -errno;
	if (S_ISBLK(st.st_mode))
		return ioctl(fd, BLKGETSIZE64, size) ? -errno : 0;
	*size = (uint64_t)st.st_size;
	return S_ISREG(st.st_mode) ? 0 : S_ISDIR(st.st_mode) ? -EISDIR : -EINVAL;
}

int file_pread(int fd, void *buf, size_t len, uint64_t offset)
{
	for (size_t done = 0; done < len;) {
		ssize_t n = pread(fd, (uint8_t *)buf + done, len - done, (off_t)(offset + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n ? -errno : -EIO;
		done += (size_t)n;
	}
	return 0;
}

int file_pwrite(int fd, const void *buf, size_t len, uint64_t offset)
{
	for (size_t done = 0; done < len;) {
		ssize_t n = pwrite(fd, (const uint8_t *)buf + done, len - done, (off_t)(offset + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n ? -errno : -EIO;
		done += (size_t)n;
	}
	return 0;
}

/* Memory for at least `room` bytes, keeping what there is. */
static int make_room(struct file_data *f, size_t room)
{
	void *p;

	if (room <= f->mapped)
		return 0;
	p = f->data ? mremap(f->data, f->mapped, room, MREMAP_MAYMOVE) :
		      mmap(NULL, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		return -ENOMEM;
	f->data = p;
	f->mapped = room;
	return 0;
}

/* To the end, wherever that is by now: a file may grow or shrink while it is read. */
static int read_to_end(int fd, size_t expected, size_t max, struct file_data *f)
{
	size_t room = MAX(expected + 1, (size_t)4096);
	int err = 0;

	while (!err) {
		ssize_t n;

		err = make_room(f, room);
		if (err)
			return err;
		n = read(fd, f->data + f->size, f->mapped - f->size);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n ? -errno : 0;
		f->size += (size_t)n;
		if (f->size > max)
			return -EFBIG;
		if (f->size == f->mapped)
			room = f->mapped + MAX(f->mapped / 2, PIPE_STEP);
	}
	return err;
}

int file_load(const char *path, size_t max, struct file_data *f)
{
	struct stat st;
	int err, fd = file_open(path, false);

	*f = (struct file_data){ 0 };
	if (fd < 0)
		return fd;
	if (fstat(fd, &st))
		err = -errno;
	else if (S_ISDIR(st.st_mode))
		err = -EISDIR;
	else if (S_ISREG(st.st_mode) && (uint64_t)st.st_size > max)
		err = -EFBIG;
	else if (S_ISREG(st.st_mode) || S_ISFIFO(st.st_mode))
		err = read_to_end(fd, S_ISREG(st.st_mode) ? (size_t)st.st_size : 0, max, f);
	else
		err = -EINVAL;
	if (err)
		file_unload(f);
	close(fd);
	return err;
}

void file_unload(struct file_data *f)
{
	if (f->data)
		munmap(f->data, f->mapped);
	*f = (struct file_data){ 0 };
}

static int sync_directory_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *dir = slash ? strndup(path, MAX((size_t)(slash - path), (size_t)1)) : strdup(".");
	int fd, err = 0;

	if (!dir)
		return -ENOMEM;
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fsync(fd))
		err = -errno;
	if (fd >= 0)
		close(fd);
	free(dir);
	return err;
}

int file_replace(const char *path, const void *buf, size_t len, unsigned mode)
{
	char *temp;
	int fd, err;

	if (asprintf(&temp, "%s.XXXXXX", path) < 0)
		return -ENOMEM;
	fd = mkostemp(temp, O_CLOEXEC);
	if (fd < 0) {
		err = -errno;
		goto out;
	}
	err = file_pwrite(fd, buf, len, 0);
	if (!err && (fchmod(fd, mode) || fsync(fd)))
		err = -errno;
	if (close(fd) && !err)
		err = -errno;
	if (!err && rename(temp, path))
		err = -errno;
	if (err)
		unlink(temp);
	else
		err = sync_directory_of(path);
out:
	free(temp);
	return err;
}
