/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading and unpacking what a machine starts from; see payload.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bits.h"
#include "ctl/payload.h"

/* Linux, drivers/firmware/efi/libstub/zboot-header.S: "MZ", "zimg", then offset, size and name of the compression. */
enum { ZBOOT_MAGIC = 4, ZBOOT_OFFSET = 8, ZBOOT_SIZE = 12, ZBOOT_TYPE = 24, ZBOOT_HEADER = 32 };

static int too_big(const char *what, const char *path, uint64_t max, struct ctl_error *e)
{
	return ctl_fail(e, -EFBIG, "%s %s: larger than %llu MiB: that cannot be one; check the path", what, path,
			(unsigned long long)(max / MIB));
}

static int read_all(struct payload_file *f, int fd, const char *what, const char *path, uint64_t max, struct ctl_error *e)
{
	size_t capacity = f->size ? f->size + 1 : 64 * KIB;	/* one more, to see the end */
	ssize_t n;

	f->size = 0;
	f->data = malloc(capacity);
	if (!f->data)
		return ctl_fail_errno(e, -ENOMEM, what, path);
	for (;;) {
		n = read(fd, f->data + f->size, MIN(capacity - f->size, (size_t)1 << 30));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return ctl_fail_errno(e, -errno, what, path);
		if (!n)
			return 0;
		f->size += (size_t)n;
		if (f->size > max)
			return too_big(what, path, max, e);
		if (f->size == capacity) {
			uint8_t *grown = realloc(f->data, capacity * 2);

			if (!grown)
				return ctl_fail_errno(e, -ENOMEM, what, path);
			f->data = grown;
			capacity *= 2;
		}
	}
}

int payload_read_fd(struct payload_file *f, int fd, const char *what, const char *path, uint64_t max, struct ctl_error *e)
{
	struct stat st;
	int err;

	*f = (struct payload_file){ 0 };
	if (fstat(fd, &st))
		return ctl_fail_errno(e, -errno, what, path);
	if (S_ISDIR(st.st_mode))
		return ctl_fail_errno(e, -EISDIR, what, path);
	if (S_ISREG(st.st_mode)) {
		if ((uint64_t)st.st_size > max)
			return too_big(what, path, max, e);
		f->size = (size_t)st.st_size;
	}
	err = read_all(f, fd, what, path, max, e);
	if (!err && !f->size)
		err = ctl_fail(e, -EINVAL, "%s %s: the file is empty: get it again", what, path);
	if (err)
		payload_free(f);
	return err;
}

int payload_read(struct payload_file *f, const char *what, const char *path, uint64_t max, struct ctl_error *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), err;
	struct stat st;

	*f = (struct payload_file){ 0 };
	if (fd < 0)
		return ctl_fail_errno(e, -errno, what, path);
	err = payload_read_fd(f, fd, what, path, max, e);
	f->regular = !err && !fstat(fd, &st) && S_ISREG(st.st_mode);
	if (f->regular)
		f->fd = fd;
	else
		close(fd);
	return err;
}

void payload_free(struct payload_file *f)
{
	free(f->data);
	if (f->regular)
		close(f->fd);
	*f = (struct payload_file){ 0 };
}

void payload_drop(struct payload_file *f)
{
	if (!f->regular)
		return;
	free(f->data);
	f->data = NULL;
}

/* It may be another file by now, so everything about it is found out anew. */
int payload_again(struct payload_file *f, const char *what, const char *path, struct ctl_error *e)
{
	struct payload_file now;
	int err;

	if (f->data || !f->regular)
		return 0;
	if (lseek(f->fd, 0, SEEK_SET) < 0)
		return ctl_fail_errno(e, -errno, what, path);
	err = payload_read_fd(&now, f->fd, what, path, PAYLOAD_MAX, e);
	if (!err && f->unpacked)
		err = payload_unpack(&now, what, path, e);
	if (err) {
		payload_free(&now);
		return err;
	}
	f->data = now.data;
	f->size = now.size;
	return 0;
}

static int unpack_gzip(struct payload_file *f, const uint8_t *in, size_t in_size, const char *what, const char *path,
		       struct ctl_error *e)
{
	uint8_t *out;
	size_t size;
	int err = gunzip(in, in_size, PAYLOAD_MAX, &out, &size);

	if (err == -EFBIG)
		return ctl_fail(e, err, "%s %s: unpacks to more than %llu MiB: that cannot be one; check the file", what, path,
				(unsigned long long)(PAYLOAD_MAX / MIB));
	if (err == -ENOMEM)
		return ctl_fail_errno(e, err, what, path);
	if (err)
		return ctl_fail(e, err, "%s %s: its gzip data is damaged or cut short: get the file again", what, path);
	free(f->data);
	f->data = out;
	f->size = size;
	return 0;
}

int payload_unpack(struct payload_file *f, const char *what, const char *path, struct ctl_error *e)
{
	uint64_t offset, size;

	f->unpacked = true;
	if (is_gzip(f->data, f->size))
		return unpack_gzip(f, f->data, f->size, what, path, e);
	if (f->size < ZBOOT_HEADER || memcmp(f->data, "MZ", 2) || memcmp(f->data + ZBOOT_MAGIC, "zimg", 4))
		return 0;
	offset = get_le32(f->data + ZBOOT_OFFSET);
	size = get_le32(f->data + ZBOOT_SIZE);
	if (offset + size > f->size)
		return ctl_fail(e, -EINVAL, "%s %s: an EFI zboot file that is cut short: get the file again", what, path);
	if (memcmp(f->data + ZBOOT_TYPE, "gzip", 5) || !is_gzip(f->data + offset, size))
		return ctl_fail(e, -EINVAL, "%s %s: an EFI zboot file compressed by %.7s, not gzip: unpack it and give the Image",
				what, path, (const char *)f->data + ZBOOT_TYPE);
	return unpack_gzip(f, f->data + offset, size, what, path, e);
}

enum isa_id payload_isa(const uint8_t *data, size_t size)
{
	if (boot_is_arm64_image(data, size))
		return ISA_ARM64;
	if (boot_is_elf(data, size) && size >= 20) {
		switch (data[18] | data[19] << 8) {
		case 183:	return ISA_ARM64;
		case 243:	return ISA_RISCV64;
		case 62:	return ISA_X86_64;
		}
	}
	if (size >= 64 && !memcmp(data + 56, "RSC\x05", 4))	/* RISC-V Image */
		return ISA_RISCV64;
	if (size >= 0x206 && !memcmp(data + 0x202, "HdrS", 4))	/* x86 bzImage */
		return ISA_X86_64;
	return ISA_COUNT;
}
