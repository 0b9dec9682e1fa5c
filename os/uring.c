/* SPDX-License-Identifier: BSD-2-Clause */
/* See uring.h. The system calls by number: the C library has no wrappers, and liburing would be more than we need. */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "os/uring.h"

static int setup(uint32_t entries, struct io_uring_params *p)
{
	int fd;

	memset(p, 0, sizeof(*p));
	p->flags = IORING_SETUP_COOP_TASKRUN;		/* completions need not interrupt the thread; 5.19 */
	fd = (int)syscall(__NR_io_uring_setup, entries, p);
	if (fd < 0 && errno == EINVAL) {
		memset(p, 0, sizeof(*p));
		fd = (int)syscall(__NR_io_uring_setup, entries, p);
	}
	return fd < 0 ? -errno : fd;
}

static void *at(const struct uring *u, uint32_t offset)
{
	return (char *)u->ring + offset;
}

int uring_init(struct uring *u, uint32_t entries)
{
	struct io_uring_params p;
	size_t sq, cq;
	uint32_t *array;
	int err;

	*u = (struct uring){ .fd = setup(entries, &p) };
	if (u->fd < 0)
		return u->fd;
	err = -ENOSYS;
	if (!(p.features & IORING_FEAT_SINGLE_MMAP) || !(p.features & IORING_FEAT_NODROP))	/* 5.5 */
		goto out_close;
	sq = p.sq_off.array + p.sq_entries * sizeof(uint32_t);
	cq = p.cq_off.cqes + p.cq_entries * sizeof(struct io_uring_cqe);
	u->ring_size = sq > cq ? sq : cq;
	u->sqes_size = p.sq_entries * sizeof(struct io_uring_sqe);
	u->ring = mmap(NULL, u->ring_size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, u->fd, IORING_OFF_SQ_RING);
	err = -errno;
	if (u->ring == MAP_FAILED)
		goto out_close;
	u->sqes = mmap(NULL, u->sqes_size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, u->fd, IORING_OFF_SQES);
	err = -errno;
	if (u->sqes == MAP_FAILED)
		goto out_unmap;
	u->entries = p.sq_entries;
	u->mask = p.sq_entries - 1;
	u->cq_mask = p.cq_entries - 1;
	u->sq_head = at(u, p.sq_off.head);
	u->sq_tail = at(u, p.sq_off.tail);
	u->cq_head = at(u, p.cq_off.head);
	u->cq_tail = at(u, p.cq_off.tail);
	u->cqes = at(u, p.cq_off.cqes);
	array = at(u, p.sq_off.array);
	for (uint32_t i = 0; i < p.sq_entries; i++)
		array[i] = i;
	return 0;

out_unmap:
	munmap(u->ring, u->ring_size);
out_close:
	close(u->fd);
	u->fd = -1;
	return err;
}

void uring_fini(struct uring *u)
{
	if (u->fd < 0)
		return;
	munmap(u->sqes, u->sqes_size);
	munmap(u->ring, u->ring_size);
	/* Closing lets go of registered files some time later, after this process perhaps; this does it now. */
	syscall(__NR_io_uring_register, u->fd, IORING_UNREGISTER_FILES, NULL, 0);
	close(u->fd);
	u->fd = -1;
}

int uring_register_file(struct uring *u, int fd)
{
	return syscall(__NR_io_uring_register, u->fd, IORING_REGISTER_FILES, &fd, 1) ? -errno : 0;
}

struct io_uring_sqe *uring_get(struct uring *u)
{
	struct io_uring_sqe *s;

	if (u->tail - __atomic_load_n(u->sq_head, __ATOMIC_ACQUIRE) >= u->entries)
		return NULL;
	s = &u->sqes[u->tail++ & u->mask];
	memset(s, 0, sizeof(*s));
	return s;
}

int uring_submit(struct uring *u)
{
	__atomic_store_n(u->sq_tail, u->tail, __ATOMIC_RELEASE);
	while (u->submitted != u->tail) {
		long n = syscall(__NR_io_uring_enter, u->fd, u->tail - u->submitted, 0, 0, NULL, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		u->submitted += (uint32_t)n;
	}
	return 0;
}

/* The kernel looks at the tail in uring_submit only. */
bool uring_take_back(struct uring *u, uint64_t *user_data)
{
	if (u->tail == __atomic_load_n(u->sq_head, __ATOMIC_ACQUIRE))
		return false;
	u->submitted = --u->tail;
	*user_data = u->sqes[u->tail & u->mask].user_data;
	__atomic_store_n(u->sq_tail, u->tail, __ATOMIC_RELEASE);
	return true;
}

bool uring_reap(struct uring *u, uint64_t *user_data, int *result)
{
	uint32_t head = *u->cq_head;
	const struct io_uring_cqe *c = &u->cqes[head & u->cq_mask];

	if (head == __atomic_load_n(u->cq_tail, __ATOMIC_ACQUIRE))
		return false;
	*user_data = c->user_data;
	*result = c->res;
	__atomic_store_n(u->cq_head, head + 1, __ATOMIC_RELEASE);
	return true;
}
