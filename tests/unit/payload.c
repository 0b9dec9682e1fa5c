/* SPDX-License-Identifier: BSD-2-Clause */
/* Files that are given as kernels: unpacking in bounds, and being told what they are. */
#define _GNU_SOURCE
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>
#include <zlib.h>

#include "base/bits.h"
#include "ctl/payload.h"

/* gzip of `size` bytes of the pattern i * 7, or of zeroes. */
static size_t pack(uint8_t *out, size_t out_size, size_t size, bool zero)
{
	z_stream z = { 0 };
	uint8_t *in = calloc(1, size);
	size_t n;

	for (size_t i = 0; i < size && !zero; i++)
		in[i] = (uint8_t)(i * 7);
	deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
	z.next_in = in;
	z.avail_in = (uInt)size;
	z.next_out = out;
	z.avail_out = (uInt)out_size;
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	n = out_size - z.avail_out;
	deflateEnd(&z);
	free(in);
	return n;
}

static void gzip_is_unpacked(void **state)
{
	uint8_t in[4096], *out;
	size_t n = pack(in, sizeof(in), 100000, false), out_size;

	assert_true(is_gzip(in, n));
	assert_int_equal(gunzip(in, n, 1 << 20, &out, &out_size), 0);
	assert_int_equal(out_size, 100000);
	assert_int_equal(out[99999], (uint8_t)(99999 * 7));
	free(out);
}

static void members_of_a_gzip_file_are_joined(void **state)
{
	uint8_t in[8192], *out;
	size_t n = pack(in, 4096, 5000, false), out_size;

	n += pack(in + n, 4096, 5000, false);
	in[n] = 0xff;			/* what follows is not a member and does not matter */
	assert_int_equal(gunzip(in, n + 1, 1 << 20, &out, &out_size), 0);
	assert_int_equal(out_size, 10000);
	free(out);
}

static void bomb_stops_at_the_limit(void **state)
{
	uint8_t *in = malloc(1 << 20), *out;
	size_t n = pack(in, 1 << 20, 64 << 20, true), out_size;

	assert_int_equal(gunzip(in, n, 1 << 20, &out, &out_size), -EFBIG);
	assert_int_equal(gunzip(in, n, 64 << 20, &out, &out_size), 0);
	free(out);
	free(in);
}

static void gzip_cut_or_spoiled_anywhere_is_refused(void **state)
{
	uint8_t in[4096], *out, *cut;
	size_t n = pack(in, sizeof(in), 3000, false), out_size;

	for (size_t len = 0; len < n; len++) {
		cut = malloc(len ? len : 1);
		memcpy(cut, in, len);
		assert_int_equal(gunzip(cut, len, 1 << 20, &out, &out_size), -EINVAL);
		free(cut);
	}
	for (size_t i = 0; i < n; i++) {
		in[i] ^= 0x55;
		if (!gunzip(in, n, 1 << 20, &out, &out_size))	/* the header's time and name are not covered */
			free(out);
		in[i] ^= 0x55;
	}
	in[n - 5] ^= 1;						/* CRC */
	assert_int_equal(gunzip(in, n, 1 << 20, &out, &out_size), -EINVAL);
}

static void zboot_files_are_looked_into(void **state)
{
	struct payload_file f = { .data = calloc(1, 4096), .size = 4096 };
	struct ctl_error e;
	size_t n = pack(f.data + 64, 4000, 3000, false);

	memcpy(f.data, "MZ\0\0zimg", 8);
	put_le32(f.data + 8, 64);
	put_le32(f.data + 12, (uint32_t)n);
	memcpy(f.data + 24, "zstd", 5);
	assert_int_equal(payload_unpack(&f, "kernel", "f", &e), -EINVAL);
	assert_non_null(strstr(e.text, "zstd"));
	memcpy(f.data + 24, "gzip", 5);
	put_le32(f.data + 12, 0xffffffff);
	assert_int_equal(payload_unpack(&f, "kernel", "f", &e), -EINVAL);
	put_le32(f.data + 12, 4096);
	assert_int_equal(payload_unpack(&f, "kernel", "f", &e), -EINVAL);
	put_le32(f.data + 12, (uint32_t)n);
	assert_int_equal(payload_unpack(&f, "kernel", "f", &e), 0);
	assert_int_equal(f.size, 3000);
	payload_free(&f);
}

static void what_is_no_kernel_is_left_as_it_is(void **state)
{
	struct payload_file f = { .data = malloc(3), .size = 3 };
	struct ctl_error e;

	memcpy(f.data, "MZ\x1f", 3);
	assert_int_equal(payload_unpack(&f, "kernel", "f", &e), 0);
	assert_int_equal(f.size, 3);
	payload_free(&f);
}

static void files_are_read_whole_whatever_they_are(void **state)
{
	struct payload_file f;
	struct ctl_error e;
	int fd[2], m;

	assert_int_equal(payload_read(&f, "kernel", "/", 1 << 20, &e), -EISDIR);
	assert_non_null(strstr(e.text, "kernel /"));
	assert_int_equal(payload_read(&f, "kernel", "/nonexistent", 1 << 20, &e), -ENOENT);
	assert_int_equal(payload_read(&f, "kernel", "/dev/null", 1 << 20, &e), -EINVAL);
	assert_int_equal(payload_read(&f, "kernel", "/dev/zero", 1 << 20, &e), -EFBIG);
	assert_int_equal(pipe(fd), 0);
	assert_int_equal(write(fd[1], "abc", 3), 3);
	close(fd[1]);
	assert_int_equal(payload_read_fd(&f, fd[0], "kernel", "pipe", 1 << 20, &e), 0);
	assert_int_equal(f.size, 3);
	assert_memory_equal(f.data, "abc", 3);
	payload_free(&f);
	close(fd[0]);
	m = memfd_create("t", 0);
	assert_int_equal(ftruncate(m, (2 << 20)), 0);
	assert_int_equal(payload_read_fd(&f, m, "kernel", "big", 1 << 20, &e), -EFBIG);
	assert_int_equal(payload_read_fd(&f, m, "kernel", "big", 2 << 20, &e), 0);
	assert_int_equal(f.size, 2 << 20);
	payload_free(&f);
	close(m);
}

static void what_was_dropped_is_read_and_unpacked_again(void **state)
{
	static uint8_t packed[4096];
	char path[] = "/tmp/cella-payload-XXXXXX";
	size_t n = pack(packed, sizeof(packed), 3000, false);
	int fd = mkstemp(path);
	struct payload_file f;
	struct ctl_error e;

	assert_int_equal(write(fd, packed, n), n);
	assert_int_equal(payload_read(&f, "kernel", path, 1 << 20, &e), 0);
	assert_int_equal(payload_unpack(&f, "kernel", path, &e), 0);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(f.size, 3000);
		assert_int_equal(f.data[2], 14);
		payload_drop(&f);
		assert_null(f.data);
		assert_int_equal(payload_again(&f, "kernel", path, &e), 0);
		assert_int_equal(payload_again(&f, "kernel", path, &e), 0);
	}
	payload_drop(&f);
	assert_int_equal(ftruncate(fd, n / 2), 0);
	assert_int_equal(payload_again(&f, "kernel", path, &e), -EINVAL);
	assert_non_null(strstr(e.text, "damaged"));
	assert_null(f.data);
	payload_free(&f);
	close(fd);
	unlink(path);
}

static void kernels_of_other_machines_are_recognised(void **state)
{
	uint8_t k[1024] = { 0 };

	assert_int_equal(payload_isa(k, sizeof(k)), ISA_COUNT);
	memcpy(k + 0x202, "HdrS", 4);
	assert_int_equal(payload_isa(k, sizeof(k)), ISA_X86_64);
	memcpy(k + 56, "RSC\x05", 4);
	assert_int_equal(payload_isa(k, sizeof(k)), ISA_RISCV64);
	memcpy(k + 56, "ARM\x64", 4);
	assert_int_equal(payload_isa(k, sizeof(k)), ISA_ARM64);
	for (size_t n = 0; n < 64; n++)
		assert_int_equal(payload_isa(k, n), ISA_COUNT);
	memcpy(k, "\177ELF", 4);
	k[18] = 62;
	k[56] = 0;
	assert_int_equal(payload_isa(k, 100), ISA_X86_64);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gzip_is_unpacked),
		cmocka_unit_test(members_of_a_gzip_file_are_joined),
		cmocka_unit_test(bomb_stops_at_the_limit),
		cmocka_unit_test(gzip_cut_or_spoiled_anywhere_is_refused),
		cmocka_unit_test(zboot_files_are_looked_into),
		cmocka_unit_test(what_is_no_kernel_is_left_as_it_is),
		cmocka_unit_test(files_are_read_whole_whatever_they_are),
		cmocka_unit_test(what_was_dropped_is_read_and_unpacked_again),
		cmocka_unit_test(kernels_of_other_machines_are_recognised),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
