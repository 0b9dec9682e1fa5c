/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Semihosting calls, one function each, dispatched by a table (Arm 100863 §6); see semihosting.h. A guest's handle is an index
 * into `file` plus one; 0 is never a handle. A bad parameter block gives -1 and EFAULT.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/bits.h"
#include "ctl/semihosting.h"

#define MAX_FILES	32
#define MAX_PATH	1024
#define CHUNK		16384
#define FAILED		(~0ull)
#define APPLICATION_EXIT 0x20026u	/* ADP_Stopped_ApplicationExit */
#define TICKS_PER_S	1000000000u

enum file_kind { FILE_FREE, FILE_HOST, FILE_CONSOLE, FILE_FEATURES };

struct guest_file {
	enum file_kind kind;
	int fd;
	uint64_t at;			/* FILE_FEATURES: position */
};

struct semihosting {
	struct lock lock;		/* everything below */
	int dir;			/* -1: no files */
	const char *cmdline;
	struct chardev *console;
	struct guest_file file[MAX_FILES];
	int guest_errno;
	int exit_status;
};

struct call {
	struct semihosting *s;
	struct vm *vm;
	struct vcpu *v;
	uint64_t param;
	uint64_t arg[4];		/* the parameter block, as many as the call has */
};

/* Magic, then one byte: SYS_EXIT_EXTENDED is there, and :tt for stderr (:semihosting-features). */
static const uint8_t features[] = { 0x53, 0x48, 0x46, 0x42, 3 };

static uint64_t failed(struct call *c, int err)
{
	c->s->guest_errno = err < 0 ? -err : err;
	return FAILED;
}

/* A string of len bytes in guest memory. */
static int guest_string(struct call *c, uint64_t gpa, uint64_t len, char *buf, size_t size)
{
	if (len >= size)
		return -ENAMETOOLONG;
	if (mem_read(&c->vm->mem, gpa, buf, len))
		return -EFAULT;
	buf[len] = 0;
	return strlen(buf) == len ? 0 : -EINVAL;
}

static struct guest_file *guest_file(struct call *c, uint64_t handle)
{
	struct guest_file *f = handle >= 1 && handle <= MAX_FILES ? &c->s->file[handle - 1] : NULL;

	return f && f->kind != FILE_FREE ? f : NULL;
}

static void console_write(struct semihosting *s, const uint8_t *buf, size_t len)
{
	while (s->console && len) {
		size_t n = s->console->ops->write(s->console, buf, len);

		if (!n)		/* the terminal is slower than the guest: it loses what there is no room for */
			return;
		buf += n;
		len -= n;
	}
}

/* ---- console ---- */

static uint64_t sys_writec(struct call *c)
{
	uint8_t ch;

	if (!mem_read(&c->vm->mem, c->param, &ch, 1))
		console_write(c->s, &ch, 1);
	return 0;
}

static uint64_t sys_write0(struct call *c)
{
	uint8_t ch;

	for (uint64_t at = c->param; at - c->param < CHUNK && !mem_read(&c->vm->mem, at, &ch, 1) && ch; at++)
		console_write(c->s, &ch, 1);
	return 0;
}

/* Input belongs to the UART; here the console is always at its end. */
static uint64_t sys_readc(struct call *c)
{
	return FAILED;
}

/* ---- files ---- */

static int open_beneath(struct semihosting *s, const char *path, uint64_t flags, uint64_t mode)
{
	/* openat2 refuses what has no meaning, as O_NOCTTY with O_PATH. */
	struct open_how how = { .flags = flags | O_CLOEXEC | (flags & O_PATH ? 0 : O_NOCTTY), .mode = mode,
				.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS };
	long fd;

	if (s->dir < 0)
		return -EACCES;
	fd = syscall(SYS_openat2, s->dir, path, &how, sizeof(how));
	return fd < 0 ? -errno : (int)fd;
}

static int open_host(struct semihosting *s, const char *path, unsigned mode)
{
	/* fopen's modes, in the specification's order: r rb r+ r+b w wb w+ w+b a ab a+ a+b. */
	static const int flags[] = { O_RDONLY, O_RDWR, O_WRONLY | O_CREAT | O_TRUNC, O_RDWR | O_CREAT | O_TRUNC,
				     O_WRONLY | O_CREAT | O_APPEND, O_RDWR | O_CREAT | O_APPEND };
	int wanted = flags[mode / 2], fd;
	struct stat st;

	/* O_NONBLOCK: a fifo must not stop the guest before it is refused. */
	fd = open_beneath(s, path, (uint64_t)wanted | O_NONBLOCK, wanted & O_CREAT ? 0666 : 0);
	if (fd < 0)
		return fd;
	if (fstat(fd, &st) || !S_ISREG(st.st_mode)) {
		close(fd);
		return -EACCES;
	}
	return fd;
}

static uint64_t sys_open(struct call *c)
{
	struct guest_file *f = c->s->file, *end = f + MAX_FILES;
	char path[MAX_PATH];
	int err;

	err = guest_string(c, c->arg[0], c->arg[2], path, sizeof(path));
	if (err)
		return failed(c, err);
	if (c->arg[1] > 11)
		return failed(c, EINVAL);
	while (f < end && f->kind != FILE_FREE)
		f++;
	if (f == end)
		return failed(c, EMFILE);
	*f = (struct guest_file){ .fd = -1 };
	if (!strcmp(path, ":tt")) {
		f->kind = FILE_CONSOLE;
	} else if (!strcmp(path, ":semihosting-features")) {
		if (c->arg[1] > 1)
			return failed(c, EACCES);
		f->kind = FILE_FEATURES;
	} else {
		f->fd = open_host(c->s, path, (unsigned)c->arg[1]);
		if (f->fd < 0)
			return failed(c, f->fd);
		f->kind = FILE_HOST;
	}
	return (uint64_t)(f - c->s->file) + 1;
}

static uint64_t sys_close(struct call *c)
{
	struct guest_file *f = guest_file(c, c->arg[0]);

	if (!f)
		return failed(c, EBADF);
	if (f->kind == FILE_HOST)
		close(f->fd);
	f->kind = FILE_FREE;
	return 0;
}

/* Both answer with the number of bytes that were not transferred. */
static uint64_t sys_write(struct call *c)
{
	struct guest_file *f = guest_file(c, c->arg[0]);
	uint64_t gpa = c->arg[1], left = c->arg[2];
	uint8_t buf[CHUNK];

	if (!f)
		return failed(c, EBADF), left;
	while (left) {
		size_t n = MIN(left, (uint64_t)CHUNK);
		ssize_t done = (ssize_t)n;

		if (mem_read(&c->vm->mem, gpa, buf, n))
			return failed(c, EFAULT), left;
		if (f->kind == FILE_CONSOLE)
			console_write(c->s, buf, n);
		else if (f->kind == FILE_HOST)
			done = write(f->fd, buf, n);
		else
			done = 0;
		if (done <= 0)
			return failed(c, done ? errno : EBADF), left;
		gpa += (uint64_t)done;
		left -= (uint64_t)done;
	}
	return 0;
}

static ssize_t read_some(struct guest_file *f, uint8_t *buf, size_t n)
{
	if (f->kind == FILE_HOST)
		return read(f->fd, buf, n);
	if (f->kind == FILE_CONSOLE || f->at >= sizeof(features))
		return 0;
	n = MIN(n, sizeof(features) - (size_t)f->at);
	memcpy(buf, features + f->at, n);
	f->at += n;
	return (ssize_t)n;
}

static uint64_t sys_read(struct call *c)
{
	struct guest_file *f = guest_file(c, c->arg[0]);
	uint64_t gpa = c->arg[1], left = c->arg[2];
	uint8_t buf[CHUNK];

	if (!f)
		return failed(c, EBADF);
	while (left) {
		ssize_t n = read_some(f, buf, MIN(left, (uint64_t)CHUNK));

		if (n < 0)
			return failed(c, errno);
		if (!n)
			break;
		if (mem_write(&c->vm->mem, gpa, buf, (size_t)n))
			return failed(c, EFAULT), left;
		gpa += (uint64_t)n;
		left -= (uint64_t)n;
	}
	return left;
}

static uint64_t sys_iserror(struct call *c)
{
	return (int64_t)c->arg[0] < 0;
}

static uint64_t sys_istty(struct call *c)
{
	struct guest_file *f = guest_file(c, c->arg[0]);

	return f ? f->kind == FILE_CONSOLE : failed(c, EBADF);
}

static uint64_t sys_seek(struct call *c)
{
	struct guest_file *f = guest_file(c, c->arg[0]);

	if (!f || f->kind == FILE_CONSOLE)
		return failed(c, EBADF);
	if (f->kind == FILE_FEATURES) {
		f->at = c->arg[1];
		return 0;
	}
	if (c->arg[1] > INT64_MAX || lseek(f->fd, (off_t)c->arg[1], SEEK_SET) < 0)
		return failed(c, EINVAL);
	return 0;
}

static uint64_t sys_flen(struct call *c)
{
	struct guest_file *f = guest_file(c, c->arg[0]);
	struct stat st;

	if (!f || f->kind == FILE_CONSOLE)
		return failed(c, EBADF);
	if (f->kind == FILE_FEATURES)
		return sizeof(features);
	return fstat(f->fd, &st) ? failed(c, errno) : (uint64_t)st.st_size;
}

/* Directory of `path` as a descriptor; *base points to the name in it. */
static int open_parent(struct semihosting *s, char *path, char **base)
{
	char *slash = strrchr(path, '/');

	if (!slash) {
		*base = path;
		return open_beneath(s, ".", O_PATH | O_DIRECTORY, 0);
	}
	*slash = 0;
	*base = slash + 1;
	return open_beneath(s, path[0] ? path : "/", O_PATH | O_DIRECTORY, 0);
}

static uint64_t sys_remove(struct call *c)
{
	char path[MAX_PATH], *base;
	int dir, err = guest_string(c, c->arg[0], c->arg[1], path, sizeof(path));

	if (err)
		return failed(c, err);
	dir = open_parent(c->s, path, &base);
	if (dir < 0)
		return failed(c, dir);
	err = unlinkat(dir, base, 0) ? -errno : 0;
	close(dir);
	return err ? failed(c, err) : 0;
}

static uint64_t sys_rename(struct call *c)
{
	char from[MAX_PATH], to[MAX_PATH], *from_base, *to_base;
	int from_dir, to_dir, err = guest_string(c, c->arg[0], c->arg[1], from, sizeof(from));

	if (!err)
		err = guest_string(c, c->arg[2], c->arg[3], to, sizeof(to));
	if (err)
		return failed(c, err);
	from_dir = open_parent(c->s, from, &from_base);
	if (from_dir < 0)
		return failed(c, from_dir);
	to_dir = open_parent(c->s, to, &to_base);
	if (to_dir < 0) {
		close(from_dir);
		return failed(c, to_dir);
	}
	err = renameat(from_dir, from_base, to_dir, to_base) ? -errno : 0;
	close(from_dir);
	close(to_dir);
	return err ? failed(c, err) : 0;
}

/* ---- time, command line, end ---- */

static uint64_t sys_clock(struct call *c)
{
	return vm_now_ns(&c->vm->time) / 10000000;
}

static uint64_t sys_time(struct call *c)
{
	return vm_wall_ns(&c->vm->time) / TICKS_PER_S;
}

static uint64_t sys_elapsed(struct call *c)
{
	uint64_t now = vm_now_ns(&c->vm->time);

	return mem_write(&c->vm->mem, c->param, &now, sizeof(now)) ? failed(c, EFAULT) : 0;
}

static uint64_t sys_tickfreq(struct call *c)
{
	return TICKS_PER_S;
}

static uint64_t sys_errno(struct call *c)
{
	return (uint64_t)c->s->guest_errno;
}

static uint64_t sys_get_cmdline(struct call *c)
{
	uint64_t len = strlen(c->s->cmdline);

	if (len >= c->arg[1])
		return failed(c, E2BIG);
	if (mem_write(&c->vm->mem, c->arg[0], c->s->cmdline, len + 1) || mem_write(&c->vm->mem, c->param + 8, &len, 8))
		return failed(c, EFAULT);
	return 0;
}

/* All zeroes: the image knows its own heap and stack. */
static uint64_t sys_heapinfo(struct call *c)
{
	static const uint64_t none[4];

	return mem_write(&c->vm->mem, c->arg[0], none, sizeof(none)) ? failed(c, EFAULT) : 0;
}

static uint64_t sys_exit(struct call *c)
{
	struct vcpu_power off = { .state = VCPU_OFF };

	/* Anything but a wish to end is a failure (a crash in the image's run-time). */
	c->s->exit_status = c->arg[0] == APPLICATION_EXIT ? (int)(c->arg[1] & 0xff) : 1;
	vm_request(c->vm, EXIT_SHUTDOWN);
	c->vm->engine->vcpu_power(c->v, &off, true);
	return 0;
}

static uint64_t sys_unsupported(struct call *c)
{
	return failed(c, ENOSYS);
}

static const struct sys_call {
	uint64_t (*fn)(struct call *c);
	uint8_t args;			/* words of the parameter block */
} sys_calls[0x32] = {
	[0x01] = { sys_open, 3 },	[0x02] = { sys_close, 1 },	[0x03] = { sys_writec, 0 },
	[0x04] = { sys_write0, 0 },	[0x05] = { sys_write, 3 },	[0x06] = { sys_read, 3 },
	[0x07] = { sys_readc, 0 },	[0x08] = { sys_iserror, 1 },	[0x09] = { sys_istty, 1 },
	[0x0a] = { sys_seek, 2 },	[0x0c] = { sys_flen, 1 },	[0x0d] = { sys_unsupported, 0 },
	[0x0e] = { sys_remove, 2 },	[0x0f] = { sys_rename, 4 },	[0x10] = { sys_clock, 0 },
	[0x11] = { sys_time, 0 },	[0x12] = { sys_unsupported, 0 }, [0x13] = { sys_errno, 0 },
	[0x15] = { sys_get_cmdline, 2 }, [0x16] = { sys_heapinfo, 1 },	[0x18] = { sys_exit, 2 },
	[0x20] = { sys_exit, 2 },	[0x30] = { sys_elapsed, 0 },	[0x31] = { sys_tickfreq, 0 },
};

uint64_t semihosting_call(struct vcpu *v, uint64_t op, uint64_t param)
{
	struct call c = { .s = v->vm->semihosting_ctx, .vm = v->vm, .v = v, .param = param };
	const struct sys_call *sys = &sys_calls[(uint32_t)op < ARRAY_SIZE(sys_calls) ? (uint32_t)op : 0];
	uint64_t ret;

	lock_acquire(&c.s->lock);
	if (!sys->fn)
		ret = failed(&c, ENOSYS);
	else if (mem_read(&v->vm->mem, param, c.arg, sys->args * 8u))
		ret = failed(&c, EFAULT);
	else
		ret = sys->fn(&c);
	lock_release(&c.s->lock);
	return ret;
}

int semihosting_new(const char *dir, const char *cmdline, struct chardev *console, struct semihosting **out,
		    struct ctl_error *e)
{
	struct semihosting *s = calloc(1, sizeof(*s));

	if (!s)
		return ctl_fail(e, -ENOMEM, "semihosting: out of memory");
	s->dir = -1;
	s->cmdline = cmdline ? cmdline : "";
	s->console = console;
	s->exit_status = -1;
	if (dir && *dir) {
		s->dir = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (s->dir < 0) {
			int err = ctl_fail_errno(e, -errno, "semihosting directory", dir);

			free(s);
			return err;
		}
	}
	*out = s;
	return 0;
}

void semihosting_reset(struct semihosting *s)
{
	for (unsigned i = 0; i < MAX_FILES; i++) {
		if (s->file[i].kind == FILE_HOST)
			close(s->file[i].fd);
		s->file[i].kind = FILE_FREE;
	}
	s->guest_errno = 0;
	s->exit_status = -1;
}

void semihosting_free(struct semihosting *s)
{
	if (!s)
		return;
	semihosting_reset(s);
	if (s->dir >= 0)
		close(s->dir);
	free(s);
}

int semihosting_exit_status(const struct semihosting *s)
{
	return s->exit_status;
}
