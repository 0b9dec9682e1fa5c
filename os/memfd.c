/* SPDX-License-Identifier: BSD-2-Clause */
/* See memfd.h. Kernels before 6.3 do not know MFD_EXEC and MFD_NOEXEC_SEAL; theirs are executable without a flag. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/vfs.h>
#include <unistd.h>
#include "os/memfd.h"

#define HUGE_PAGE	(2 * MIB)	/* of x86-64, and of arm64 with 4K pages */

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL	0x0008U
#define MFD_EXEC	0x0010U
#endif

static int create_fd(const char *name, unsigned flags)
{
	unsigned base = MFD_CLOEXEC | MFD_ALLOW_SEALING;
	int fd = memfd_create(name, base | (flags & MEMFD_EXEC ? MFD_EXEC : MFD_NOEXEC_SEAL));

	if (fd < 0 && errno == EINVAL)
		fd = memfd_create(name, base);
	return fd;
}

int memfd_create_mapped(struct memfd *m, const char *name, uint64_t size, unsigned flags)
{
	int err;

	*m = (struct memfd){ .fd = create_fd(name, flags), .size = size };
	if (m->fd < 0)
		return -errno;
	if (size > INT64_MAX || ftruncate(m->fd, (off_t)size) ||
	    fcntl(m->fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)) {
		err = size > INT64_MAX ? -ENOMEM : -errno;
		goto out;
	}
	m->map = memfd_map_again(m, PROT_READ | PROT_WRITE);
	if (!m->map) {
		err = -errno;
		goto out;
	}
	madvise(m->map, size, MADV_HUGEPAGE);		/* advice: whoever has none runs without */
	madvise(m->map, size, MADV_DONTDUMP);
	return 0;
out:
	memfd_destroy(m);
	return err;
}

int memfd_create_in(struct memfd *m, const char *dir, uint64_t size)
{
	char path[4096];
	int err;

	*m = (struct memfd){ .fd = -1, .size = size };
	if (snprintf(path, sizeof(path), "%s/cella-XXXXXX", dir) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	m->fd = mkostemp(path, O_CLOEXEC);
	if (m->fd < 0)
		return -errno;
	unlink(path);
	if (size > INT64_MAX || ftruncate(m->fd, (off_t)size)) {
		err = size > INT64_MAX ? -ENOMEM : -errno;
		goto out;
	}
	m->map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, m->fd, 0);
	if (m->map == MAP_FAILED) {
		err = -errno;
		m->map = NULL;
		goto out;
	}
	madvise(m->map, size, MADV_DONTDUMP);
	return 0;
out:
	memfd_destroy(m);
	return err;
}

bool memfd_in_huge_pages(const struct memfd *m)
{
	struct statfs st;

	return !fstatfs(m->fd, &st) && st.f_type == HUGETLBFS_MAGIC;
}

void *memfd_map_again(const struct memfd *m, int prot)
{
	void *p = mmap(NULL, m->size, prot, MAP_SHARED | MAP_NORESERVE, m->fd, 0);

	return p == MAP_FAILED ? NULL : p;
}

int memfd_anonymous(struct memfd *m, uint64_t size)
{
	uint64_t all_size = size + 2 * HUGE_PAGE;
	uint8_t *all, *at;

	*m = (struct memfd){ .fd = -1 };
	if (size > INT64_MAX - 2 * HUGE_PAGE)
		return -ENOMEM;
	all = mmap(NULL, all_size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (all == MAP_FAILED)
		return -errno;
	at = all + (HUGE_PAGE - (uintptr_t)all % HUGE_PAGE);
	if (mprotect(at, size, PROT_READ | PROT_WRITE)) {
		munmap(all, all_size);
		return -ENOMEM;
	}
	*m = (struct memfd){ .fd = -1, .map = at, .size = size, .around = all, .around_size = all_size };
	madvise(at, size, MADV_HUGEPAGE);		/* advice: whoever has none runs without */
	madvise(at, size, MADV_DONTDUMP);
	madvise(at, size, MADV_DONTFORK);
	return 0;
}

int memfd_discard(const struct memfd *m, uint64_t offset, uint64_t len)
{
	if (m->fd < 0)
		return madvise((uint8_t *)m->map + offset, len, MADV_DONTNEED) ? -errno : 0;
	return fallocate(m->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)offset, (off_t)len) ? -errno : 0;
}

void memfd_destroy(struct memfd *m)
{
	if (m->around)
		munmap(m->around, m->around_size);
	else if (m->map)
		munmap(m->map, m->size);
	if (m->fd >= 0)
		close(m->fd);
	*m = (struct memfd){ .fd = -1 };
}
