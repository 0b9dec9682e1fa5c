/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A read-only disk with changes beside it: a temporary file of the same size, all hole at first, and one bit for each
 * cluster that lives there. Both have the same layout, so that there is no metadata to get wrong, and the file goes
 * with the process.
 *
 * A cluster's bit is set after its bytes are in the file: a write that fails, because the host's disk is full, leaves
 * what was there before. A write that sets bits does so under a lock, since it may have to bring the rest of a cluster
 * from the base first, and two such must not bring it over each other's bytes; one that finds all its bits set needs
 * none. Bits are never cleared.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include "backend/disk_common.h"
#include "base/bits.h"
#include "base/types.h"
#include "os/blockfile.h"

#define CLUSTER		4096u

struct disk_overlay {
	struct disk d;
	struct blockfile base, changes;
	pthread_mutex_t allocating;
	uint64_t clusters;
	uint64_t *present;		/* bitmap; bits are set atomically */
};

static bool is_present(const struct disk_overlay *o, uint64_t cluster)
{
	return __atomic_load_n(&o->present[cluster / 64], __ATOMIC_ACQUIRE) >> (cluster % 64) & 1;
}

static void set_present(struct disk_overlay *o, uint64_t cluster)
{
	__atomic_fetch_or(&o->present[cluster / 64], BIT(cluster % 64), __ATOMIC_RELEASE);
}

/* How many bytes from offset on, at most len, lie in the same file, and whether that is `changes`. */
static uint64_t run_length(const struct disk_overlay *o, uint64_t offset, uint64_t len, bool *present)
{
	uint64_t cluster = offset / CLUSTER, end;

	*present = is_present(o, cluster);
	do
		end = ++cluster * CLUSTER;
	while (end < offset + len && is_present(o, cluster) == *present);
	return MIN(end - offset, len);
}

/* The next `len` bytes of *vec as vectors of their own in out. Returns their number; *vec moves on. */
static uint32_t vec_take(struct iovec **vec, uint64_t len, struct iovec *out)
{
	uint32_t n = 0;

	while (len) {
		size_t part = MIN((*vec)->iov_len, len);

		if (part)
			out[n++] = (struct iovec){ (*vec)->iov_base, part };
		(*vec)->iov_base = (char *)(*vec)->iov_base + part;
		(*vec)->iov_len -= part;
		len -= part;
		if (!(*vec)->iov_len)
			++*vec;
	}
	return n;
}

static int overlay_read(struct disk_overlay *o, struct iovec *vec, uint64_t offset, uint64_t len)
{
	struct iovec part[DISK_MAX_VECS];
	int err = 0;

	while (len && !err) {
		bool present;
		uint64_t n = run_length(o, offset, len, &present);
		uint32_t vecs = vec_take(&vec, n, part);

		err = blockfile_read(present ? &o->changes : &o->base, part, vecs, offset, n);
		offset += n;
		len -= n;
	}
	return err;
}

/* Brings a cluster from the base. The lock is held. */
static int bring(struct disk_overlay *o, uint64_t cluster)
{
	uint8_t buf[CLUSTER];
	uint64_t at = cluster * CLUSTER, len = MIN((uint64_t)CLUSTER, o->d.b.size - at);
	struct iovec v = { buf, len };
	int err = blockfile_read(&o->base, &v, 1, at, len);

	if (err)
		return err;
	v = (struct iovec){ buf, len };
	err = blockfile_write(&o->changes, &v, 1, at, len);
	if (!err)
		set_present(o, cluster);
	return err;
}

/* A write that begins or ends inside a cluster that isn't there yet needs the rest of it. */
static int bring_edges(struct disk_overlay *o, uint64_t offset, uint64_t end)
{
	uint64_t first = offset / CLUSTER, last = (end - 1) / CLUSTER;
	int err = 0;

	if (offset % CLUSTER && !is_present(o, first))
		err = bring(o, first);
	if (!err && end % CLUSTER && end != o->d.b.size && !is_present(o, last))
		err = bring(o, last);
	return err;
}

/* A hole reads as zeroes and takes no room. */
static int overlay_zero(struct disk_overlay *o, uint64_t offset, uint64_t len)
{
	int err = blockfile_punch(&o->changes, offset, len);

	return err == -ENOTSUP ? blockfile_zero(&o->changes, offset, len) : err;
}

static int overlay_change(struct disk_overlay *o, struct block_io *io, struct iovec *vec)
{
	uint64_t end = io->offset + io->len;
	bool present, allocates;
	int err = 0;

	if (!io->len)
		return 0;
	allocates = run_length(o, io->offset, io->len, &present) < io->len || !present;
	if (allocates) {
		pthread_mutex_lock(&o->allocating);
		err = bring_edges(o, io->offset, end);
	}
	if (!err)
		err = io->op == BLOCK_WRITE ? blockfile_write(&o->changes, vec, io->vecs, io->offset, io->len)
					    : overlay_zero(o, io->offset, io->len);
	for (uint64_t c = io->offset / CLUSTER; !err && allocates && c * CLUSTER < end; c++)
		set_present(o, c);
	if (allocates)
		pthread_mutex_unlock(&o->allocating);
	return err;
}

static int overlay_run(struct disk *d, struct block_io *io, struct iovec *vec)
{
	struct disk_overlay *o = container_of(d, struct disk_overlay, d);

	switch (io->op) {
	case BLOCK_READ:
		return overlay_read(o, vec, io->offset, io->len);
	case BLOCK_WRITE:
	case BLOCK_WRITE_ZEROES:
		return overlay_change(o, io, vec);
	case BLOCK_FLUSH:
		return blockfile_sync(&o->changes);	/* tells of writes that the host could not keep */
	case BLOCK_DISCARD:
		return 0;
	}
	return -ENOTSUP;
}

static void overlay_close(struct disk *d)
{
	struct disk_overlay *o = container_of(d, struct disk_overlay, d);

	blockfile_close(&o->changes);
	blockfile_close(&o->base);
	pthread_mutex_destroy(&o->allocating);
	free(o->present);
	free(o);
}

static const char *temp_dir(const char *dir)
{
	if (!dir)
		dir = getenv("TMPDIR");
	return dir && *dir ? dir : "/var/tmp";
}

int disk_overlay_open(struct pool *pool, const char *path, const char *dir, struct block_backend **out)
{
	struct disk_overlay *o = calloc(1, sizeof(*o));
	int err;

	if (!o)
		return -ENOMEM;
	pthread_mutex_init(&o->allocating, NULL);
	o->base.fd = o->changes.fd = -1;
	err = blockfile_open(&o->base, path, true);
	if (err)
		goto out_close;
	err = blockfile_temp(&o->changes, temp_dir(dir), o->base.size);
	if (err)
		goto out_close;
	o->clusters = (o->base.size + CLUSTER - 1) / CLUSTER;
	o->present = calloc(o->clusters / 64 + 1, sizeof(uint64_t));
	err = o->present ? 0 : -ENOMEM;
	if (err)
		goto out_close;
	disk_init(&o->d, pool, o->base.size, o->base.block_size);
	o->d.run = overlay_run;
	o->d.close = overlay_close;
	o->d.b.can_write_zeroes = true;
	*out = &o->d.b;
	return 0;

out_close:
	overlay_close(&o->d);
	return err;
}
