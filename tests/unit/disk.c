/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Raw and overlay disks: what they promise, also when files shrink, disks are full, or the process is killed. Long because every
 * promise is held against each kind of disk by the same few helpers.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <semaphore.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>
#include "backend/disk.h"
#include "base/types.h"
#include "os/loop.h"
#include "os/uring.h"
#include "tests/unit/deny.h"
#include "tests/unit/skip.h"

#define DISK_BYTES	(256u * 1024)
#define TINY_BYTES	(64u * 1024)	/* of the file system that gets full */

struct fixture {
	struct pool *pool;
	struct workq inbox;
	struct loop loop;
	struct block_queue q;
	bool uring;			/* the queue's thread is a loop */
	sem_t wake;
	char dir[64], path[80];
	uint8_t *model;			/* what the disk should hold */
};

static void wake(struct workq *q)
{
	sem_post(&container_of(q, struct fixture, inbox)->wake);
}

struct request {
	struct block_io io;
	bool done;
};

static void requests_done(struct block_queue *q, struct block_io *list)
{
	for (struct block_io *next; list; list = next) {
		next = list->next;
		container_of(list, struct request, io)->done = true;
	}
}

static void wait_some(struct fixture *f)
{
	if (f->uring) {
		loop_once(&f->loop, -1);
		return;
	}
	sem_wait(&f->wake);
	workq_run(&f->inbox);
}

/* A disk that has been opened gets the fixture's queue. */
static struct block_backend *attached(struct fixture *f, struct block_backend *b)
{
	f->q.backend = NULL;
	if (b->ops->attach)
		assert_int_equal(b->ops->attach(b, &f->q), 0);
	assert_true(!f->uring || !b->ops->commit || f->q.backend);
	return b;
}

static void commit(struct fixture *f, struct block_backend *b)
{
	if (b->ops->commit)
		b->ops->commit(b, &f->q);
}

static int io_vec(struct fixture *f, struct block_backend *b, enum block_op op, uint64_t offset, uint64_t len,
		  struct block_vec *vec, uint32_t vecs)
{
	struct request r = { .io = { .op = op, .offset = offset, .len = len, .vec = vec, .vecs = vecs, .q = &f->q } };

	b->ops->submit(b, &r.io);
	commit(f, b);
	while (!r.done)
		wait_some(f);
	return r.io.result;
}

static int io(struct fixture *f, struct block_backend *b, enum block_op op, uint64_t offset, void *buf, uint64_t len)
{
	struct block_vec vec = { buf, len };

	return io_vec(f, b, op, offset, len, &vec, buf ? 1 : 0);
}

static void fill_file(const char *path, const uint8_t *bytes, size_t len)
{
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, len), len);
	close(fd);
}

static uint8_t *file_bytes(const char *path, size_t len)
{
	uint8_t *p = calloc(1, len);
	int fd = open(path, O_RDONLY);

	assert_true(fd >= 0);
	assert_int_equal(read(fd, p, len), len);
	close(fd);
	return p;
}

/* Without threads, for tests that fork. */
static int set_up_alone(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	workq_init(&f->inbox, wake);
	block_queue_init(&f->q, &f->inbox, requests_done);
	sem_init(&f->wake, 0, 0);
	strcpy(f->dir, "/tmp/cella-disk-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	snprintf(f->path, sizeof(f->path), "%s/disk", f->dir);
	f->model = malloc(DISK_BYTES);
	for (unsigned i = 0; i < DISK_BYTES; i++)
		f->model[i] = (uint8_t)(i * 11 + (i >> 10));
	fill_file(f->path, f->model, DISK_BYTES);
	*state = f;
	return 0;
}

static int set_up(void **state)
{
	set_up_alone(state);
	return pool_new(3, "disk", &((struct fixture *)*state)->pool);
}

/* With a loop, and io_uring where the host has it. */
static int set_up_uring_alone(void **state)
{
	struct fixture *f;
	struct uring probe;

	set_up_alone(state);
	f = *state;
	assert_int_equal(loop_init(&f->loop), 0);
	f->uring = !uring_init(&probe, 4);
	if (f->uring) {
		uring_fini(&probe);
		block_queue_init(&f->q, &f->loop.inbox, requests_done);
	}
	return 0;
}

static int set_up_uring(void **state)
{
	set_up_uring_alone(state);
	return pool_new(3, "disk", &((struct fixture *)*state)->pool);
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	if (f->loop.inbox.wake)
		loop_fini(&f->loop);

	if (f->pool)
		pool_free(f->pool);
	unlink(f->path);
	rmdir(f->dir);
	free(f->model);
	free(f);
	return 0;
}

static void raw_disk_reads_what_was_written(void **state)
{
	struct fixture *f = *state;
	struct block_backend *b;
	uint8_t buf[3000], back[3000];
	struct block_vec vec[3] = { { back, 1 }, { back + 1, 0 }, { back + 1, 2559 } };
	uint8_t *file;

	assert_int_equal(disk_raw_open(f->pool, f->path, 0, &b), 0);
	attached(f, b);
	assert_int_equal(b->size, DISK_BYTES);
	memset(buf, 0x42, sizeof(buf));
	assert_int_equal(io(f, b, BLOCK_WRITE, 512, buf, 2560), 0);
	assert_int_equal(io_vec(f, b, BLOCK_READ, 512, 2560, vec, 3), 0);
	assert_memory_equal(buf, back, 2560);
	assert_int_equal(io(f, b, BLOCK_FLUSH, 0, NULL, 0), 0);
	disk_close(b);
	file = file_bytes(f->path, DISK_BYTES);
	memcpy(f->model + 512, buf, 2560);
	assert_memory_equal(file, f->model, DISK_BYTES);
	free(file);
}

static void zeroes_and_discards_keep_to_their_range(void **state)
{
	struct fixture *f = *state;
	struct block_backend *b;
	uint8_t *file;

	assert_int_equal(disk_raw_open(f->pool, f->path, 0, &b), 0);
	attached(f, b);
	assert_int_equal(io(f, b, BLOCK_WRITE_ZEROES, 1024, NULL, 5120), 0);
	assert_int_equal(io(f, b, BLOCK_DISCARD, 65536, NULL, 8192), 0);
	disk_close(b);
	file = file_bytes(f->path, DISK_BYTES);
	memset(f->model + 1024, 0, 5120);
	assert_memory_equal(file, f->model, 65536);
	assert_memory_equal(file + 73728, f->model + 73728, DISK_BYTES - 73728);
	free(file);
}

static void what_is_no_disk_is_refused_with_a_reason(void **state)
{
	struct fixture *f = *state;
	struct block_backend *b;

	assert_int_equal(disk_raw_open(f->pool, f->dir, 0, &b), -EISDIR);
	assert_int_equal(disk_raw_open(f->pool, f->dir, DISK_RO, &b), -EISDIR);
	assert_int_equal(disk_raw_open(f->pool, "/nonexistent/disk", 0, &b), -ENOENT);
	assert_int_equal(disk_raw_open(f->pool, "/dev/null", 0, &b), -EINVAL);
	assert_int_equal(disk_overlay_open(f->pool, f->dir, NULL, &b), -EISDIR);
	assert_int_equal(disk_overlay_open(f->pool, f->path, "/nonexistent", &b), -ENOENT);
	fill_file(f->path, f->model, 1000);
	assert_int_equal(disk_raw_open(f->pool, f->path, DISK_RO, &b), -EINVAL);
}

static void second_writer_is_refused(void **state)
{
	struct fixture *f = *state;
	struct block_backend *a, *b;

	assert_int_equal(disk_raw_open(f->pool, f->path, 0, &a), 0);
	attached(f, a);
	assert_int_equal(disk_raw_open(f->pool, f->path, 0, &b), -EBUSY);
	assert_int_equal(disk_raw_open(f->pool, f->path, DISK_RO, &b), -EBUSY);
	disk_close(a);
	assert_int_equal(disk_raw_open(f->pool, f->path, DISK_RO, &a), 0);
	attached(f, a);
	assert_int_equal(disk_overlay_open(f->pool, f->path, f->dir, &b), 0);
	attached(f, b);
	disk_close(a);
	disk_close(b);
}

static void read_only_disk_cannot_be_changed(void **state)
{
	struct fixture *f = *state;
	struct block_backend *b;
	uint8_t buf[512];

	assert_int_equal(disk_raw_open(f->pool, f->path, DISK_RO, &b), 0);
	attached(f, b);
	assert_true(b->read_only);
	assert_int_equal(io(f, b, BLOCK_READ, 0, buf, 512), 0);
	assert_int_equal(io(f, b, BLOCK_WRITE, 0, buf, 512), -EROFS);
	assert_int_equal(io(f, b, BLOCK_DISCARD, 0, NULL, 512), -EROFS);
	assert_int_equal(io(f, b, BLOCK_FLUSH, 0, NULL, 0), 0);
	disk_close(b);
}

static void request_past_the_end_is_refused(void **state)
{
	struct fixture *f = *state;
	struct block_backend *b;
	uint8_t buf[1024];

	assert_int_equal(disk_raw_open(f->pool, f->path, 0, &b), 0);
	attached(f, b);
	assert_int_equal(io(f, b, BLOCK_READ, DISK_BYTES - 512, buf, 1024), -EINVAL);
	assert_int_equal(io(f, b, BLOCK_READ, ~0ull - 511, buf, 1024), -EINVAL);
	disk_close(b);
}

static void disk_that_shrinks_gives_errors_and_no_signal(void **state)
{
	struct fixture *f = *state;
	struct block_backend *b, *o;
	uint8_t buf[8192] = { 0 };
	struct stat st;

	assert_int_equal(disk_raw_open(f->pool, f->path, 0, &b), 0);
	attached(f, b);
	assert_int_equal(truncate(f->path, 100 * 1024 + 100), 0);
	assert_int_equal(io(f, b, BLOCK_READ, 0, buf, 8192), 0);
	assert_int_equal(io(f, b, BLOCK_READ, 200 * 1024, buf, 8192), -EIO);
	assert_int_equal(io(f, b, BLOCK_READ, 96 * 1024, buf, 8192), -EIO);
	assert_int_equal(io(f, b, BLOCK_WRITE, 200 * 1024, buf, 8192), -EIO);
	assert_int_equal(io(f, b, BLOCK_WRITE, 96 * 1024, buf, 8192), -EIO);
	assert_int_equal(io(f, b, BLOCK_WRITE_ZEROES, 200 * 1024, NULL, 8192), -EIO);
	assert_int_equal(io(f, b, BLOCK_DISCARD, 200 * 1024, NULL, 8192), -EIO);
	assert_int_equal(io(f, b, BLOCK_WRITE, 0, buf, 8192), 0);
	assert_int_equal(stat(f->path, &st), 0);
	assert_int_equal(st.st_size, 100 * 1024 + 100);		/* it did not grow again */
	disk_close(b);

	fill_file(f->path, f->model, DISK_BYTES);
	assert_int_equal(disk_overlay_open(f->pool, f->path, f->dir, &o), 0);
	attached(f, o);
	assert_int_equal(truncate(f->path, 0), 0);
	assert_int_equal(io(f, o, BLOCK_READ, 0, buf, 8192), -EIO);
	assert_int_equal(io(f, o, BLOCK_WRITE, 512, buf, 512), -EIO);	/* the rest of the cluster is gone */
	assert_int_equal(io(f, o, BLOCK_WRITE, 4096, buf, 4096), 0);
	assert_int_equal(io(f, o, BLOCK_READ, 4096, buf, 4096), 0);
	disk_close(o);
}

static void overlay_behaves_like_a_disk_and_leaves_its_base_alone(void **state)
{
	struct fixture *f = *state;
	struct block_backend *b;
	uint8_t *original = malloc(DISK_BYTES), *buf = malloc(DISK_BYTES), *file;

	memcpy(original, f->model, DISK_BYTES);
	assert_int_equal(disk_overlay_open(f->pool, f->path, f->dir, &b), 0);
	attached(f, b);
	srandom(7);
	for (unsigned i = 0; i < 3000; i++) {
		uint64_t offset = (uint64_t)random() % (DISK_BYTES / 512) * 512;
		uint64_t wish = (uint64_t)(random() % 40 + 1) * 512, len = MIN(wish, DISK_BYTES - offset);
		struct block_vec vec[2] = { { buf, len / 3 }, { buf + len / 3, len - len / 3 } };

		switch (random() % 5) {
		case 0:
		case 1:
			memset(buf, (int)i, len);
			memcpy(f->model + offset, buf, len);
			assert_int_equal(io_vec(f, b, BLOCK_WRITE, offset, len, vec, 2), 0);
			break;
		case 2:
			memset(f->model + offset, 0, len);
			assert_int_equal(io(f, b, BLOCK_WRITE_ZEROES, offset, NULL, len), 0);
			break;
		default:
			assert_int_equal(io_vec(f, b, BLOCK_READ, offset, len, vec, 2), 0);
			assert_memory_equal(buf, f->model + offset, len);
		}
	}
	assert_int_equal(io(f, b, BLOCK_FLUSH, 0, NULL, 0), 0);
	assert_int_equal(io(f, b, BLOCK_READ, 0, buf, DISK_BYTES), 0);
	assert_memory_equal(buf, f->model, DISK_BYTES);
	disk_close(b);
	file = file_bytes(f->path, DISK_BYTES);
	assert_memory_equal(file, original, DISK_BYTES);
	free(file);
	free(original);
	free(buf);
}

/* Neighbouring sectors of one cluster, written at once: none may bring the base over another. */
static void overlay_keeps_concurrent_writes_to_one_cluster(void **state)
{
	struct fixture *f = *state;
	struct block_backend *b;
	struct request r[8];
	uint8_t sector[8][512], buf[4096];

	assert_int_equal(disk_overlay_open(f->pool, f->path, f->dir, &b), 0);
	attached(f, b);
	for (unsigned round = 0; round < DISK_BYTES / 4096; round++) {
		struct block_vec vec[8];
		unsigned done = 0;

		for (unsigned i = 0; i < 8; i++) {
			memset(sector[i], (int)(round + i), 512);
			vec[i] = (struct block_vec){ sector[i], 512 };
			r[i] = (struct request){ .io = { .op = BLOCK_WRITE, .offset = round * 4096ull + i * 512, .len = 512,
							 .vec = &vec[i], .vecs = 1, .q = &f->q } };
		}
		for (unsigned i = 0; i < 8; i++)
			b->ops->submit(b, &r[i].io);
		commit(f, b);
		while (done < 8) {
			done = 0;
			for (unsigned i = 0; i < 8; i++)
				done += r[i].done;
			if (done < 8)
				wait_some(f);
		}
		assert_int_equal(io(f, b, BLOCK_READ, round * 4096ull, buf, 4096), 0);
		for (unsigned i = 0; i < 8; i++)
			assert_memory_equal(buf + i * 512, sector[i], 512);
	}
	disk_close(b);
}

/* A file system that holds next to nothing; needs a mount name space. */
static bool mount_tiny(const char *dir)
{
	if (unshare(CLONE_NEWNS) && unshare(CLONE_NEWUSER | CLONE_NEWNS))
		return false;
	mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);
	return !mount("tiny", dir, "tmpfs", 0, "size=64k");
}

/* In a child of its own, whose name space goes with it. Exit status: 0, 77 no name space, else the line that failed. */
#define CHECK(c) do { if (!(c)) _exit(__LINE__ % 256 ? __LINE__ % 256 : 1); } while (0)

static void full_disk_child(struct fixture *f, bool overlay)
{
	struct block_backend *b;
	uint8_t buf[4096], first[4096];
	uint64_t at = 0;
	char path[80];
	int err = 0;

	if (!mount_tiny(f->dir))
		_exit(77);
	CHECK(!pool_new(2, "disk", &f->pool));
	snprintf(path, sizeof(path), "%s/sparse", f->dir);
	if (overlay) {
		CHECK(!disk_overlay_open(f->pool, "/proc/self/fd/9", f->dir, &b));
		attached(f, b);
	} else {
		int fd = open(path, O_RDWR | O_CREAT, 0600);

		CHECK(fd >= 0 && !ftruncate(fd, DISK_BYTES));
		close(fd);
		CHECK(!disk_raw_open(f->pool, path, 0, &b));
		attached(f, b);
	}
	memset(buf, 0x77, sizeof(buf));
	for (; at < DISK_BYTES && !err; at += err ? 0 : 4096)
		err = io(f, b, BLOCK_WRITE, at, buf, 4096);
	CHECK(err == -ENOSPC && at > 0 && at <= TINY_BYTES);
	CHECK(!io(f, b, BLOCK_FLUSH, 0, NULL, 0));
	for (uint64_t i = 0; i < at; i += 4096) {	/* what was accepted is there */
		CHECK(!io(f, b, BLOCK_READ, i, first, 4096));
		CHECK(!memcmp(first, buf, 4096));
	}
	if (overlay) {					/* what wasn't, is as before */
		CHECK(!io(f, b, BLOCK_READ, at, first, 4096));
		CHECK(!memcmp(first, f->model + at, 4096));
		CHECK(io(f, b, BLOCK_WRITE, DISK_BYTES - 512, buf, 512) == -ENOSPC);
		CHECK(!io(f, b, BLOCK_READ, DISK_BYTES - 4096, first, 4096));
		CHECK(!memcmp(first, f->model + DISK_BYTES - 4096, 4096));
	}
	CHECK(!io(f, b, BLOCK_WRITE, 0, buf, 4096));	/* and it goes on */
	_exit(0);
}

static void in_full_disk_child(struct fixture *f, bool overlay)
{
	int fd = open(f->path, O_RDONLY), status;
	pid_t pid;

	assert_int_equal(dup2(fd, 9), 9);		/* the base stays reachable below the mount */
	close(fd);
	pid = fork();
	if (!pid)
		full_disk_child(f, overlay);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	close(9);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == 77)
		skip_because("only root, or a user with namespaces, can mount a small file system");
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void raw_disk_on_a_full_file_system_gives_enospc_and_goes_on(void **state)
{
	in_full_disk_child(*state, false);
}

static void overlay_on_a_full_file_system_gives_enospc_and_keeps_what_it_had(void **state)
{
	in_full_disk_child(*state, true);
}

static void flushed_write_survives_kill_9(void **state)
{
	struct fixture *f = *state;
	int pipe_fd[2], status;
	uint8_t *file;
	char byte;
	pid_t pid;

	assert_int_equal(pipe(pipe_fd), 0);
	pid = fork();
	if (!pid) {
		struct block_backend *b;
		uint8_t buf[4096];

		CHECK(!pool_new(2, "disk", &f->pool));
		CHECK(!disk_raw_open(f->pool, f->path, 0, &b));
		attached(f, b);
		memset(buf, 0x99, sizeof(buf));
		CHECK(!io(f, b, BLOCK_WRITE, 4096, buf, 4096));
		CHECK(!io(f, b, BLOCK_FLUSH, 0, NULL, 0));
		CHECK(write(pipe_fd[1], "x", 1) == 1);
		for (;;)
			io(f, b, BLOCK_WRITE, 8192, buf, 4096);
	}
	close(pipe_fd[1]);
	assert_int_equal(read(pipe_fd[0], &byte, 1), 1);
	close(pipe_fd[0]);
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	file = file_bytes(f->path, DISK_BYTES);
	assert_int_equal(file[4096] & file[8191], 0x99);
	assert_memory_equal(file, f->model, 4096);
	free(file);
}

/* Nothing else comes that would make the queue try again. */
static void requests_that_the_kernel_does_not_take_come_back_all_the_same(void **state)
{
	struct fixture *f = *state;
	int status;
	pid_t pid = fork();

	if (!pid) {
		struct block_backend *b;
		uint8_t buf[4096];

		alarm(20);
		CHECK(!pool_new(2, "disk", &f->pool));
		CHECK(!disk_raw_open(f->pool, f->path, 0, &b));
		attached(f, b);
		if (deny_syscall(__NR_io_uring_enter, EAGAIN))
			_exit(77);
		CHECK(!io(f, b, BLOCK_READ, 4096, buf, 4096));
		CHECK(!memcmp(buf, f->model + 4096, 4096));
		CHECK(!io(f, b, BLOCK_FLUSH, 0, NULL, 0));
		CHECK(!io(f, b, BLOCK_READ, 8192, buf, 4096));
		CHECK(!memcmp(buf, f->model + 8192, 4096));
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
		skip_because("no system call filters here");
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* A batch larger than the ring, reads and writes and flushes mixed; each comes back once, with the right bytes. */
static void large_batches_come_back_whole(void **state)
{
	enum { N = 200 };
	struct fixture *f = *state;
	struct block_backend *b;
	struct request *r = calloc(N, sizeof(*r));
	struct block_vec *vec = calloc(N, sizeof(*vec));
	uint8_t *bytes = malloc(N * 512);
	unsigned done = 0;

	assert_int_equal(disk_raw_open(f->pool, f->path, 0, &b), 0);
	attached(f, b);
	for (unsigned i = 0; i < N; i++) {
		enum block_op op = i % 10 == 9 ? BLOCK_FLUSH : i % 3 ? BLOCK_READ : BLOCK_WRITE;

		memset(bytes + 512 * i, (int)i, 512);
		vec[i] = (struct block_vec){ bytes + 512 * i, 512 };
		r[i].io = (struct block_io){
			.op = op, .offset = op == BLOCK_FLUSH ? 0 : 512 * i, .len = op == BLOCK_FLUSH ? 0 : 512, .vec = &vec[i],
			.vecs = op != BLOCK_FLUSH, .q = &f->q,
		};
		b->ops->submit(b, &r[i].io);
	}
	commit(f, b);
	while (done < N) {
		done = 0;
		for (unsigned i = 0; i < N; i++)
			done += r[i].done;
		if (done < N)
			wait_some(f);
	}
	for (unsigned i = 0; i < N; i++) {
		assert_int_equal(r[i].io.result, 0);
		if (r[i].io.op == BLOCK_READ)
			assert_memory_equal(bytes + 512 * i, f->model + 512 * i, 512);
	}
	disk_close(b);
	free(bytes);
	free(vec);
	free(r);
}

/* Aligned requests go past the cache, others through it; both see the same disk. */
static void direct_disk_takes_requests_of_any_alignment(void **state)
{
	struct fixture *f = *state;
	struct block_backend *b;
	uint8_t *page = aligned_alloc(4096, 3 * 4096), *odd = page + 4096 + 13;
	int err = disk_raw_open(f->pool, f->path, DISK_DIRECT, &b);

	if (err == -ENOTSUP) {
		free(page);
		skip_because("this file system has no direct access");
	}
	assert_int_equal(err, 0);
	attached(f, b);
	for (unsigned i = 0; i < 10; i++) {
		memset(page, (int)i + 1, 4096);
		assert_int_equal(io(f, b, BLOCK_WRITE, 8192, page, 4096), 0);
		assert_int_equal(io(f, b, BLOCK_READ, 8192 + 512, odd, 1024), 0);
		assert_int_equal(odd[0], i + 1);
		assert_int_equal(odd[1023], i + 1);
		memset(odd, 0xee, 512);
		assert_int_equal(io(f, b, BLOCK_WRITE, 8192 + 512, odd, 512), 0);
		assert_int_equal(io(f, b, BLOCK_READ, 8192, page, 4096), 0);
		assert_int_equal(page[511], i + 1);
		assert_int_equal(page[512], 0xee);
		assert_int_equal(page[1024], i + 1);
	}
	assert_int_equal(io(f, b, BLOCK_FLUSH, 0, NULL, 0), 0);
	disk_close(b);
	free(page);
}

static void serial_is_cut_at_twenty_characters(void **state)
{
	struct fixture *f = *state;
	struct block_backend *b;

	assert_int_equal(disk_raw_open(f->pool, f->path, DISK_RO, &b), 0);
	attached(f, b);
	disk_set_serial(b, "0123456789abcdefghijKLMN");
	assert_string_equal(b->serial, "0123456789abcdefghij");
	disk_set_serial(b, "x");
	assert_string_equal(b->serial, "x");
	disk_close(b);
}

#define CASE(t) cmocka_unit_test_setup_teardown(t, set_up, tear_down)
#define URING(t) { #t " (io_uring)", t, set_up_uring, tear_down, NULL }
#define URING_ALONE(t) { #t " (io_uring)", t, set_up_uring_alone, tear_down, NULL }
#define ALONE(t) cmocka_unit_test_setup_teardown(t, set_up_alone, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(raw_disk_reads_what_was_written),
		CASE(zeroes_and_discards_keep_to_their_range),
		CASE(what_is_no_disk_is_refused_with_a_reason),
		CASE(second_writer_is_refused),
		CASE(read_only_disk_cannot_be_changed),
		CASE(request_past_the_end_is_refused),
		CASE(disk_that_shrinks_gives_errors_and_no_signal),
		CASE(overlay_behaves_like_a_disk_and_leaves_its_base_alone),
		CASE(overlay_keeps_concurrent_writes_to_one_cluster),
		ALONE(raw_disk_on_a_full_file_system_gives_enospc_and_goes_on),
		ALONE(overlay_on_a_full_file_system_gives_enospc_and_keeps_what_it_had),
		ALONE(flushed_write_survives_kill_9),
		CASE(large_batches_come_back_whole),
		CASE(direct_disk_takes_requests_of_any_alignment),
		CASE(serial_is_cut_at_twenty_characters),
		URING(raw_disk_reads_what_was_written),
		URING(zeroes_and_discards_keep_to_their_range),
		URING(read_only_disk_cannot_be_changed),
		URING(request_past_the_end_is_refused),
		URING(disk_that_shrinks_gives_errors_and_no_signal),
		URING_ALONE(raw_disk_on_a_full_file_system_gives_enospc_and_goes_on),
		URING_ALONE(flushed_write_survives_kill_9),
		URING_ALONE(requests_that_the_kernel_does_not_take_come_back_all_the_same),
		URING(large_batches_come_back_whole),
		URING(direct_disk_takes_requests_of_any_alignment),
	};

	return cmocka_run_group_tests_name("disks", tests, NULL, NULL);
}
