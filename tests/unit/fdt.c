/* SPDX-License-Identifier: BSD-2-Clause */
/* core/fdt: what we write libfdt accepts and reads the same; what we accept libfdt accepts; nothing makes us read outside. */
#include <stdlib.h>
#include <string.h>
#include "base/bits.h"
#include "base/errno.h"
#include "core/fdt.h"
#include "tests/unit/cmocka_all.h"
#include "tests/unit/fdt_oracle.h"

static uint8_t blob[16384] __attribute__((aligned(8)));

static size_t write_tree(size_t room, int *err)
{
	static const char *const names[] = { "acme,board", "linux,dummy-virt" };
	const uint32_t cells[] = { 1, 13, 4 };
	struct fdt_writer w;
	size_t len = 0;

	fdt_start(&w, blob, room);
	fdt_reserve(&w, 0x4000000012345678, 0x1000);
	fdt_begin(&w, "%s", "");
	fdt_prop_strings(&w, "compatible", names, 2);
	fdt_prop_u32(&w, "#address-cells", 2);
	fdt_prop_u32(&w, "#size-cells", 2);
	fdt_begin(&w, "chosen");
	fdt_prop_string(&w, "bootargs", "console=ttyAMA0");
	fdt_prop_u64(&w, "linux,initrd-start", 0x123456789abcdef0);
	fdt_end(&w);
	fdt_begin(&w, "soc");
	for (unsigned i = 0; i < 3; i++) {
		fdt_begin(&w, "uart@%x", 0x9000000 + i * 0x1000);
		fdt_prop_string(&w, "compatible", i == 1 ? "arm,other" : "arm,pl011");
		fdt_prop_reg(&w, 0x9000000 + i * 0x1000, 0x1000);
		fdt_prop_cells(&w, "interrupts", cells, 3);
		fdt_prop_u32(&w, "phandle", fdt_phandle(&w));
		fdt_prop_empty(&w, "dma-coherent");
		fdt_end(&w);
	}
	fdt_end(&w);
	fdt_begin(&w, "psci");
	fdt_end(&w);
	fdt_end(&w);
	*err = fdt_finish(&w, &len);
	return len;
}

static void a_written_tree_satisfies_libfdt(void **state)
{
	unsigned long long base, size;
	int err, len, node;
	size_t total = write_tree(sizeof(blob), &err);

	assert_int_equal(err, 0);
	assert_true(oracle_accepts(blob, total));
	oracle_reservation(blob, 0, &base, &size);
	assert_true(base == 0x4000000012345678 && size == 0x1000);
	node = oracle_find(blob, "/soc/uart@9001000");
	assert_true(node > 0);
	assert_memory_equal(oracle_get(blob, node, "reg", &len), "\0\0\0\0\x09\0\x10\0\0\0\0\0\0\0\x10\0", 16);
	assert_int_equal(len, 16);
	assert_string_equal(oracle_get(blob, oracle_find(blob, "/chosen"), "bootargs", &len), "console=ttyAMA0");
	assert_int_equal(oracle_children(blob, oracle_find(blob, "/soc")), 3);
}

static void the_reader_sees_what_libfdt_sees(void **state)
{
	static const char *const paths[] = {
		"/", "/chosen", "/soc", "/soc/uart@9000000", "/soc/uart@9002000", "/soc/uart", "/psci", "/nothing",
		"/soc/uart@9003000", "/so", "/chosen/x", "/soc/", "//soc",
	};
	static const char *const props[] = { "reg", "compatible", "interrupts", "dma-coherent", "phandle", "absent" };
	struct fdt f;
	int err, len;
	size_t total = write_tree(sizeof(blob), &err);

	assert_int_equal(fdt_check(&f, blob, total), 0);
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		int want = oracle_find(blob, paths[i]), node = fdt_find(&f, paths[i]);

		assert_int_equal(want < 0, node < 0);
		if (want < 0)
			continue;
		assert_int_equal(want, node);
		for (size_t p = 0; p < ARRAY_SIZE(props); p++) {
			uint32_t n = 0;
			const void *v = oracle_get(blob, want, props[p], &len);

			assert_ptr_equal(fdt_get(&f, node, props[p], &n), v);
			if (v)
				assert_int_equal(n, len);
		}
	}
	assert_int_equal(fdt_find(&f, "soc"), -ENOENT);
}

static void compatible_nodes_are_found_one_after_the_other(void **state)
{
	struct fdt f;
	int err, a = -1, b = -1, n = 0;
	size_t total = write_tree(sizeof(blob), &err);

	assert_int_equal(fdt_check(&f, blob, total), 0);
	do {
		a = fdt_find_compatible(&f, a, "arm,pl011");
		b = oracle_compatible(blob, b, "arm,pl011");
		assert_int_equal(a < 0 ? -1 : a, b < 0 ? -1 : b);
		n++;
	} while (a >= 0);
	assert_int_equal(n, 3);
	assert_int_equal(fdt_find_compatible(&f, -1, "linux,dummy-virt"), fdt_find(&f, "/"));
	assert_int_equal(fdt_find_compatible(&f, -1, "linux,dummy"), -ENOENT);
	assert_int_equal(fdt_find_compatible(&f, -1, ""), -ENOENT);
}

static void children_and_siblings_are_walked(void **state)
{
	struct fdt f;
	int err, node, n = 0;
	size_t total = write_tree(sizeof(blob), &err);

	assert_int_equal(fdt_check(&f, blob, total), 0);
	for (node = fdt_first_child(&f, fdt_find(&f, "/")); node >= 0; node = fdt_next_sibling(&f, node))
		n++;
	assert_int_equal(n, 3);
	assert_string_equal(fdt_name(&f, fdt_first_child(&f, fdt_find(&f, "/soc"))), "uart@9000000");
	assert_int_equal(fdt_first_child(&f, fdt_find(&f, "/psci")), -ENOENT);
	assert_int_equal(fdt_next_sibling(&f, fdt_find(&f, "/")), -ENOENT);
	assert_null(fdt_name(&f, -5));
	assert_null(fdt_name(&f, 1 << 30));
}

static void too_small_a_buffer_is_an_error_at_every_size(void **state)
{
	int err;
	size_t enough = 0;

	for (size_t room = 0; room < 3000; room += 4) {
		size_t len;

		memset(blob, 0xee, sizeof(blob));
		len = write_tree(room, &err);
		for (size_t i = room; i < room + 64; i++)
			assert_int_equal(blob[i], 0xee);
		assert_true(err == 0 || err == -ENOSPC);
		if (!err) {
			assert_true(oracle_accepts(blob, len));
			enough += 1;
		}
	}
	assert_true(enough > 100);
}

static void an_unbalanced_tree_is_refused(void **state)
{
	struct fdt_writer w;
	size_t len;

	fdt_start(&w, blob, sizeof(blob));
	assert_int_equal(fdt_finish(&w, &len), -EINVAL);
	fdt_start(&w, blob, sizeof(blob));
	fdt_begin(&w, "%s", "");
	assert_int_equal(fdt_finish(&w, &len), -EINVAL);
	fdt_start(&w, blob, sizeof(blob));
	fdt_begin(&w, "%s", "");
	fdt_end(&w);
	fdt_end(&w);
	assert_int_equal(fdt_finish(&w, &len), -EINVAL);
	fdt_start(&w, blob, sizeof(blob));
	fdt_begin(&w, "%s", "");
	fdt_end(&w);
	fdt_prop_u32(&w, "late", 1);
	assert_int_equal(fdt_finish(&w, &len), -EINVAL);
}

/* Whatever we accept can be walked; blocks of exactly the blob's size let the address sanitizer see every stray read. */
static void damaged_trees_never_make_us_read_outside(void **state)
{
	int err;
	size_t total = write_tree(sizeof(blob), &err);
	unsigned accepted = 0;

	srand(3);
	for (unsigned i = 0; i < 20000; i++) {
		size_t size = i % 7 ? total : (size_t)rand() % (total + 1);
		uint8_t *copy = malloc(size + !size);
		struct fdt f;

		memcpy(copy, blob, size);
		for (int n = rand() % 4 + (i % 7 != 0); n > 0 && size; n--)
			copy[(size_t)rand() % (i & 1 ? size : MIN(size, 48))] = (uint8_t)(rand() % 3 ? rand() : rand() % 10);
		if (!fdt_check(&f, copy, size)) {
			accepted++;
			fdt_find(&f, "/soc/uart@9002000");
			fdt_find_compatible(&f, -1, "arm,other");
			for (int n = fdt_find(&f, "/"); n >= 0; n = fdt_first_child(&f, n))
				fdt_get(&f, n, "reg", NULL);
		}
		free(copy);
	}
	assert_true(accepted > 100);
}

static void a_property_length_that_wraps_is_refused(void **state)
{
	uint32_t len = 0;
	struct fdt f;
	int err;
	size_t total = write_tree(sizeof(blob), &err);
	const uint8_t *v;

	assert_int_equal(fdt_check(&f, blob, total), 0);
	v = fdt_get(&f, fdt_find(&f, "/soc/uart"), "dma-coherent", &len);
	assert_int_equal(len, 0);
	put_be32(blob + (v - blob) - 8, 0xfffffffd);		/* rounded up to words it is 0 again */
	assert_int_equal(fdt_check(&f, blob, total), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_written_tree_satisfies_libfdt),
		cmocka_unit_test(the_reader_sees_what_libfdt_sees),
		cmocka_unit_test(compatible_nodes_are_found_one_after_the_other),
		cmocka_unit_test(children_and_siblings_are_walked),
		cmocka_unit_test(too_small_a_buffer_is_an_error_at_every_size),
		cmocka_unit_test(an_unbalanced_tree_is_refused),
		cmocka_unit_test(a_property_length_that_wraps_is_refused),
		cmocka_unit_test(damaged_trees_never_make_us_read_outside),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
