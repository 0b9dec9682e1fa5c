/* SPDX-License-Identifier: BSD-2-Clause */
/* ctl/cell_linux_fdt.c: the tree of a second Linux says what its cell has, and nothing else. */
#include <errno.h>
#include <string.h>

#include "base/types.h"
#include "core/fdt.h"
#include "ctl/cell_linux.h"
#include "tests/unit/cmocka_all.h"

static const char text[] =
	"cell = 'inner'\ncpus = [2, 3]\nirqs = ['244-247']\nvpci_irq_base = 212\n"
	"[[memory]]\nname = 'ram'\nphys = 0x90000000\nsize = '64M'\nflags = ['read', 'write', 'execute', 'loadable']\n"
	"[[memory]]\nname = 'comm'\nflags = ['comm']\n"
	"[[memory]]\nname = 'uart'\nphys = 0x9000000\nsize = 0x1000\nflags = ['read', 'write', 'io']\n"
	"[[memory]]\nname = 'window'\nphys = 0x98000000\nsize = 0x1000\nflags = ['read', 'write', 'shared']\n"
	"[[memory]]\nname = 'net'\nvirt = 0x70000000\nflags = ['served']\nirq = 240\n"
	"[[memory]]\nname = 'states'\nphys = 0x99000000\nsize = 0x1000\nflags = ['read', 'shared']\n"
	"[[memory]]\nname = 'both'\nsize = 0\nflags = []\n"
	"[[memory]]\nname = 'out0'\nphys = 0x99001000\nsize = 0x1000\nflags = ['read', 'shared']\n"
	"[[memory]]\nname = 'out1'\nphys = 0x99002000\nsize = 0x1000\nflags = ['read', 'write', 'shared']\n"
	"[[pci]]\ntype = 'ivshmem'\nbdf = '00:01.0'\nshared = 'states'\npeer = 1\nprotocol = 1\n";

static uint64_t be(const uint8_t *at, unsigned bytes)
{
	uint64_t v = 0;

	while (bytes--)
		v = v << 8 | *at++;
	return v;
}

static struct cell_file *cell(void)
{
	struct ctl_error e = { "" };
	struct cell_file *f;

	if (cell_file_parse("f", text, sizeof(text) - 1, &f, &e))
		fail_msg("%s", e.text);
	return f;
}

static uint8_t tree[CELL_DTB_MAX];

static struct fdt make(const struct config_platform *platform, const struct boot_place *p)
{
	struct cell_linux_board b = { .platform = platform, .board_cpus = 4, .mpidr = { [2] = 0x80000100, [3] = 0x80000101 } };
	struct cell_file *f = cell();
	struct fdt fdt;
	size_t len;

	assert_int_equal(cell_linux_fdt(f, &b, p, "quiet", tree, sizeof(tree), &len), 0);
	assert_int_equal(cell_linux_fdt(f, &b, p, "quiet", tree + 1024, 256, &(size_t){ 0 }), -ENOSPC);
	assert_int_equal(cell_linux_fdt(f, &b, p, "quiet", tree, sizeof(tree), &len), 0);
	assert_int_equal(fdt_check(&fdt, tree, len), 0);
	cell_file_free(f);
	return fdt;
}

static const void *prop(const struct fdt *f, const char *path, const char *name)
{
	int node = fdt_find(f, path);
	uint32_t len;
	const void *at = node < 0 ? NULL : fdt_get(f, node, name, &len);

	if (!at)
		fail_msg("no %s in %s", name, path);
	return at;
}

static void tree_has_the_cells_memory_and_cpus(void **state)
{
	static const struct config_platform v3 = { .gic_version = 3, .gicd_base = 0x8000000, .gicr_base = 0x80a0000 };
	static const struct boot_place place = { .initrd = 0x93000000, .initrd_size = 0x1234 };
	struct fdt f = make(&v3, &place);
	unsigned memories = 0;

	assert_string_equal(prop(&f, "/chosen", "bootargs"), "quiet");
	assert_int_equal(be(prop(&f, "/chosen", "linux,initrd-end"), 8), 0x93001234);
	assert_int_equal(be(prop(&f, "/memory@90000000", "reg"), 8), 0x90000000);
	for (int n = fdt_first_child(&f, fdt_find(&f, "/")); n >= 0; n = fdt_next_sibling(&f, n))
		memories += !strncmp(fdt_name(&f, n), "memory@", 7);
	assert_int_equal(memories, 1);
	assert_int_equal(be(prop(&f, "/cpus/cpu@100", "reg"), 8), 0x100);
	assert_int_equal(be(prop(&f, "/cpus/cpu@101", "reg"), 8), 0x101);
	assert_string_equal(prop(&f, "/psci", "method"), "smc");
	assert_string_equal(prop(&f, "/interrupt-controller@8000000", "compatible"), "arm,gic-v3");
}

static void served_region_is_a_virtio_transport_with_its_interrupt(void **state)
{
	static const struct config_platform v3 = { .gic_version = 3, .gicd_base = 0x8000000, .gicr_base = 0x80a0000 };
	static const struct boot_place place = { .kernel = 0 };
	struct fdt f = make(&v3, &place);
	struct cell_file *c = cell();

	assert_string_equal(prop(&f, "/virtio_mmio@70000000", "compatible"), "virtio,mmio");
	assert_int_equal(be(prop(&f, "/virtio_mmio@70000000", "reg"), 8), 0x70000000);
	assert_int_equal(be((const uint8_t *)prop(&f, "/virtio_mmio@70000000", "interrupts") + 4, 4), 240 - 32);
	assert_true(cell_has_irq(c, 240));
	assert_false(cell_has_irq(c, 241));
	cell_file_free(c);
}

static void ivshmem_devices_have_a_bus_with_their_interrupts_if_the_system_has_one(void **state)
{
	static const struct config_platform board = { .gic_version = 3, .gicd_base = 0x8000000, .gicr_base = 0x80a0000,
						      .pci_config_base = 0xb000000, .pci_end_bus = 1, .pci_domain = 3,
						      .pci_is_virtual = 1 };
	static const struct config_platform without = { .gic_version = 3, .gicd_base = 0x8000000, .gicr_base = 0x80a0000,
							.pci_config_base = 0xb000000 };
	static const struct boot_place place = { .kernel = 0 };
	struct fdt f = make(&board, &place);
	const uint8_t *map = prop(&f, "/pcie@b000000", "interrupt-map"), *ranges = prop(&f, "/pcie@b000000", "ranges");
	uint32_t len;

	assert_int_equal(be(prop(&f, "/pcie@b000000", "reg"), 8), 0xb000000);
	assert_int_equal(be((const uint8_t *)prop(&f, "/pcie@b000000", "reg") + 8, 8), 0x200000);
	assert_int_equal(be(prop(&f, "/pcie@b000000", "linux,pci-domain"), 4), 3);
	assert_int_equal(be(ranges, 4), 0x02000000);
	assert_int_equal(be(ranges + 4, 8), 0xb200000);		/* behind the configuration space */
	assert_int_equal(be(ranges + 12, 8), 0xb200000);
	assert_int_equal(be(ranges + 20, 8), 0x100000);
	fdt_get(&f, fdt_find(&f, "/pcie@b000000"), "interrupt-map", &len);
	assert_int_equal(len, 4 * 40);
	for (unsigned pin = 0; pin < 4; pin++) {
		assert_int_equal(be(map + 40 * pin + 12, 4), pin + 1);
		assert_int_equal(be(map + 40 * pin + 28, 4), 0);
		assert_int_equal(be(map + 40 * pin + 32, 4), 212 + pin);
		assert_int_equal(be(map + 40 * pin + 36, 4), 1);
	}
	f = make(&without, &place);
	assert_true(fdt_find(&f, "/pcie@b000000") < 0);
}

static void version_2_has_its_cpu_interface(void **state)
{
	static const struct config_platform v2 = { .gic_version = 2, .gicd_base = 0x8000000, .gicc_base = 0x8010000 };
	static const struct boot_place place = { .kernel = 0 };
	struct fdt f = make(&v2, &place);
	const uint8_t *reg = prop(&f, "/interrupt-controller@8000000", "reg");
	uint32_t len;

	assert_int_equal(be(reg + 16, 8), 0x8010000);
	assert_null(fdt_get(&f, fdt_find(&f, "/chosen"), "linux,initrd-start", &len));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tree_has_the_cells_memory_and_cpus),
		cmocka_unit_test(served_region_is_a_virtio_transport_with_its_interrupt),
		cmocka_unit_test(ivshmem_devices_have_a_bus_with_their_interrupts_if_the_system_has_one),
		cmocka_unit_test(version_2_has_its_cpu_interface),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
