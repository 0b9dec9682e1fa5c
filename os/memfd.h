/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory behind a file descriptor: a guest's RAM (shareable with vhost-user processes, never swallowed by a fork), and
 * the translator's code region, which is mapped twice. Sealed against resizing, so that a mapping can't come to fault.
 */
#ifndef OS_MEMFD_H
#define OS_MEMFD_H

#include "base/types.h"

struct memfd {
	int fd;
	void *map;		/* NULL: not mapped */
	uint64_t size;
	void *around;		/* memfd_anonymous: what is set aside, the mapping within */
	uint64_t around_size;
};

enum { MEMFD_EXEC = 1 };		/* may be mapped executable */

/*
 * Sparse and zero. size: a multiple of 4096. -ENOMEM: the host refuses that much address space. Transparent huge pages
 * are asked for. Without MEMFD_EXEC the memory can never be executed, as vm.memfd_noexec may demand anyway.
 */
int memfd_create_mapped(struct memfd *m, const char *name, uint64_t size, unsigned flags);
/*
 * The same without a file behind it (fd is -1), for a guest's RAM: the host may give it huge pages, which it gives to files only
 * where somebody changed its settings. Aligned to 2 MiB, never merged with other mappings. A child doesn't get it.
 */
int memfd_anonymous(struct memfd *m, uint64_t size);
/*
 * The same from a file without a name in `dir`, for hugetlbfs: pages are set aside now (-ENOMEM: there aren't enough). -EINVAL:
 * size is no multiple of the file system's pages.
 */
int memfd_create_in(struct memfd *m, const char *dir, uint64_t size);
bool memfd_in_huge_pages(const struct memfd *m);	/* it is a file of a hugetlbfs */
/* A second view; prot as for mmap. NULL and errno on error. */
void *memfd_map_again(const struct memfd *m, int prot);
/* Frees the pages of a range; they read as zeros again, in every mapping. Both multiples of 4096. */
int memfd_discard(const struct memfd *m, uint64_t offset, uint64_t len);
void memfd_destroy(struct memfd *m);

#endif
