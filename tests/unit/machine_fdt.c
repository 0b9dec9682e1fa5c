/* SPDX-License-Identifier: BSD-2-Clause */
/* Device trees of virt-arm64 and virt-riscv64, read back by libfdt: what kernels rely on, for any number of vCPUs, both GICs. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <libfdt.h>

#include "base/bits.h"
#include "core/entropy.h"
#include "dev/virtio/devices.h"
#include "isa/arm64/cpu_model.h"
#include "machine/machine.h"
#include "os/arena.h"

struct rig {
	struct vm vm;
	struct workq control;
	struct machine machine;
	struct entropy entropy;
	uint8_t blob[MACHINE_FDT_SIZE];
	size_t len;
	struct vcpu_power power;
};

static void no_pin(struct vcpu *v, enum cpu_pin pin, bool level)
{
}

static int fake_power(struct vcpu *v, struct vcpu_power *p, bool write)
{
	if (write)
		container_of(v->vm, struct rig, vm)->power = *p;
	return 0;
}

static const struct engine_ops fake_engine = { .name = "fake", .vcpu_pin = no_pin, .vcpu_power = fake_power };

static void no_wake(struct workq *q)
{
}

static int make_with(struct rig *r, const struct engine_ops *engine, const struct engine_info *info,
		     const struct machine_class *cls, const struct machine_config *c)
{
	memset(r, 0, sizeof(*r));
	os_arena_init(&r->vm.arena);
	workq_init(&r->control, no_wake);
	r->vm.control = &r->control;
	r->vm.cpu_model = &arm64_cpu_model_find("cortex-a72")->model;
	assert_int_equal(vm_init(&r->vm, cls->isa, engine, 62500000), 0);
	r->vm.engine_info = *info;
	return machine_create(&r->machine, &r->vm, cls, c);
}

static int make(struct rig *r, const struct machine_class *cls, const struct machine_config *c)
{
	return make_with(r, &fake_engine, &(struct engine_info){ 0 }, cls, c);
}

static void unmake(struct rig *r)
{
	machine_destroy(&r->machine);
	os_arena_free(&r->vm.arena);
}

static void tree(struct rig *r, const struct machine_chosen *c)
{
	assert_int_equal(machine_fdt(&r->machine, c, r->blob, sizeof(r->blob), &r->len), 0);
	assert_int_equal(fdt_check_full(r->blob, r->len), 0);
}

static uint32_t cell(const struct rig *r, int node, const char *prop, int n)
{
	int len;
	const fdt32_t *p = fdt_getprop(r->blob, node, prop, &len);

	if (!p || len < (n + 1) * 4)
		fail_msg("%s[%d]", prop, n);
	return fdt32_to_cpu(p[n]);
}

static void tree_is_well_formed_for_every_size(void **state)
{
	static const char *const chips[] = { "gicv3", "gicv2" };
	static const uint32_t counts[] = { 1, 2, 8, 16, 17, 64 };
	struct machine_chosen chosen = { .bootargs = "console=ttyAMA0", .initrd = 0x48000000, .initrd_size = 12345 };
	struct rig *r = malloc(sizeof(*r));

	for (unsigned chip = 0; chip < 2; chip++)
		for (unsigned i = 0; i < ARRAY_SIZE(counts); i++) {
			struct machine_config c = { .vcpus = counts[i], .ram = 6 * GIB, .irqchip = chips[chip] };
			int err = make(r, &machine_virt_arm64, &c), node, n = 0;

			assert_int_equal(err, chip && counts[i] > 8 ? -EINVAL : 0);
			if (!err) {
				tree(r, &chosen);
				fdt_for_each_subnode(node, r->blob, fdt_path_offset(r->blob, "/cpus")) {
					assert_int_equal(cell(r, node, "reg", 0), chip ? n : (n / 16) << 8 | n % 16);
					n++;
				}
				assert_int_equal(n, counts[i]);
			}
			unmake(r);
		}
	free(r);
}

static void chosen_says_where_things_are(void **state)
{
	struct machine_chosen chosen = { .bootargs = "a=b", .initrd = 0x123450000, .initrd_size = 0x10, .kaslr_seed = 7 };
	struct machine_config c = { .vcpus = 1, .ram = 5 * GIB };
	struct rig *r = malloc(sizeof(*r));
	int node, len;

	assert_int_equal(make(r, &machine_virt_arm64, &c), 0);
	tree(r, &chosen);
	node = fdt_path_offset(r->blob, "/chosen");
	assert_string_equal(fdt_getprop(r->blob, node, "bootargs", NULL), "a=b");
	assert_int_equal(cell(r, node, "linux,initrd-start", 0), 1);
	assert_int_equal(cell(r, node, "linux,initrd-end", 1), 0x23450010);
	assert_int_equal(cell(r, node, "kaslr-seed", 1), 7);
	fdt_getprop(r->blob, node, "rng-seed", &len);
	assert_int_equal(len, 64);
	assert_true(fdt_path_offset(r->blob, fdt_getprop(r->blob, node, "stdout-path", NULL)) > 0);
	node = fdt_path_offset(r->blob, "/memory@40000000");
	assert_int_equal(cell(r, node, "reg", 1), 0x40000000);
	assert_int_equal(cell(r, node, "reg", 2), 1);
	assert_int_equal(cell(r, node, "reg", 3), 0x40000000);
	chosen = (struct machine_chosen){ 0 };
	tree(r, &chosen);
	assert_null(fdt_getprop(r->blob, fdt_path_offset(r->blob, "/chosen"), "linux,initrd-start", NULL));
	assert_null(fdt_getprop(r->blob, fdt_path_offset(r->blob, "/chosen"), "bootargs", NULL));
	unmake(r);
	free(r);
}

static void devices_are_where_the_map_says(void **state)
{
	static const struct { const char *path; uint32_t base, spi; } map[] = {
		{ "/pl011@9000000", 0x09000000, 1 }, { "/pl031@9010000", 0x09010000, 2 }, { "/pl061@9030000", 0x09030000, 7 },
		{ "/virtio_mmio@a000000", 0x0a000000, 16 },
	};
	struct rig *r = malloc(sizeof(*r));
	struct machine_config c = { .vcpus = 2, .ram = GIB, .virtio_count = 1, .transport = TRANSPORT_MMIO,
				    .virtio = { { &virtio_rng_class, &r->entropy, NULL } } };
	uint64_t value = 0;

	assert_int_equal(make(r, &machine_virt_arm64, &c), 0);
	tree(r, &(struct machine_chosen){ 0 });
	for (unsigned i = 0; i < ARRAY_SIZE(map); i++) {
		int node = fdt_path_offset(r->blob, map[i].path);

		assert_true(node > 0);
		assert_int_equal(cell(r, node, "reg", 1), map[i].base);
		assert_int_equal(cell(r, node, "interrupts", 1), map[i].spi);
		assert_non_null(bus_find(&r->vm.bus, BUS_MMIO, map[i].base));
	}
	assert_true(fdt_node_offset_by_compatible(r->blob, -1, "arm,gic-v3") > 0);
	assert_true(fdt_node_offset_by_compatible(r->blob, -1, "arm,psci-1.0") > 0);
	assert_true(fdt_node_offset_by_compatible(r->blob, -1, "arm,armv8-timer") > 0);
	assert_true(fdt_node_offset_by_compatible(r->blob, -1, "gpio-keys") > 0);
	/* Only devices that are there have a node. */
	assert_true(fdt_path_offset(r->blob, "/virtio_mmio@a000200") < 0);
	assert_int_equal(bus_access(&r->vm.bus, BUS_MMIO, 0x0a000200,
				    &(struct bus_access){ .size = 4, .value = value }), BUS_ABORT);
	assert_non_null(bus_find(&r->vm.bus, BUS_MMIO, 0x080a0000 + 0x20000));
	unmake(r);
	free(r);
}

static uint32_t pci_config(struct rig *r, unsigned slot, unsigned reg)
{
	struct bus_access a = { .size = 4 };

	assert_int_equal(bus_access(&r->vm.bus, BUS_MMIO, 0x3f000000 + slot * 0x8000 + reg, &a), BUS_OK);
	return (uint32_t)a.value;
}

static void the_pci_bridge_says_where_its_windows_and_lines_are(void **state)
{
	static const uint32_t ranges[] = {
		0x01000000, 0, 0, 0, 0x3eff0000, 0, 0x10000,
		0x02000000, 0, 0x10000000, 0, 0x10000000, 0, 0x2eff0000,
		0x03000000, 0x80, 0, 0x80, 0, 0x80, 0,
	};
	struct rig *r = malloc(sizeof(*r));
	struct machine_config c = { .vcpus = 1, .ram = GIB };
	int node, len;

	assert_int_equal(make(r, &machine_virt_arm64, &c), 0);
	tree(r, &(struct machine_chosen){ 0 });
	node = fdt_path_offset(r->blob, "/pcie@3f000000");
	assert_int_equal(fdt_node_check_compatible(r->blob, node, "pci-host-ecam-generic"), 0);
	assert_int_equal(cell(r, node, "reg", 3), 16 * MIB);
	assert_int_equal(cell(r, node, "bus-range", 1), 15);
	for (unsigned i = 0; i < ARRAY_SIZE(ranges); i++)
		assert_int_equal(cell(r, node, "ranges", (int)i), ranges[i]);
	fdt_getprop(r->blob, node, "interrupt-map", &len);
	assert_int_equal(len, 16 * 10 * 4);
	for (int slot = 0; slot < 4; slot++) {
		for (int pin = 0; pin < 4; pin++) {
			int row = 10 * (4 * slot + pin);

			assert_int_equal(cell(r, node, "interrupt-map", row), slot << 11);
			assert_int_equal(cell(r, node, "interrupt-map", row + 3), pin + 1);
			assert_int_equal(cell(r, node, "interrupt-map", row + 4), 1);	/* the GIC */
			assert_int_equal(cell(r, node, "interrupt-map", row + 7), 0);
			assert_int_equal(cell(r, node, "interrupt-map", row + 8), 3 + (slot + pin) % 4);
			assert_int_equal(cell(r, node, "interrupt-map", row + 9), 4);
		}
	}
	unmake(r);
	c.ram = 512 * GIB;			/* reaches into the upper window */
	assert_int_equal(make(r, &machine_virt_arm64, &c), 0);
	tree(r, &(struct machine_chosen){ 0 });
	fdt_getprop(r->blob, fdt_path_offset(r->blob, "/pcie@3f000000"), "ranges", &len);
	assert_int_equal(len, 2 * 7 * 4);
	unmake(r);
	free(r);
}

static void riscv64_has_the_same_bridge_with_lines_to_the_plic(void **state)
{
	static const uint32_t ranges[] = {
		0x01000000, 0, 0, 0, 0x03000000, 0, 0x10000,
		0x02000000, 0, 0x40000000, 0, 0x40000000, 0, 0x40000000,
		0x03000000, 0x80, 0, 0x80, 0, 0x80, 0,
	};
	struct rig *r = malloc(sizeof(*r));
	struct machine_config c = { .vcpus = 2, .ram = GIB, .irqchip = "plic" };
	int node, plic, len;

	assert_int_equal(make(r, &machine_virt_riscv64, &c), 0);
	tree(r, &(struct machine_chosen){ 0 });
	node = fdt_path_offset(r->blob, "/soc/pcie@30000000");
	plic = fdt_path_offset(r->blob, "/soc/interrupt-controller@c000000");
	assert_int_equal(fdt_node_check_compatible(r->blob, node, "pci-host-ecam-generic"), 0);
	for (unsigned i = 0; i < ARRAY_SIZE(ranges); i++)
		assert_int_equal(cell(r, node, "ranges", (int)i), ranges[i]);
	assert_int_equal(cell(r, plic, "#address-cells", 0), 0);
	assert_int_equal(cell(r, plic, "#interrupt-cells", 0), 1);
	fdt_getprop(r->blob, node, "interrupt-map", &len);
	assert_int_equal(len, 16 * 6 * 4);
	for (int slot = 0; slot < 4; slot++) {
		for (int pin = 0; pin < 4; pin++) {
			int row = 6 * (4 * slot + pin);

			assert_int_equal(cell(r, node, "interrupt-map", row), slot << 11);
			assert_int_equal(cell(r, node, "interrupt-map", row + 3), pin + 1);
			assert_int_equal(cell(r, node, "interrupt-map", row + 4), fdt_get_phandle(r->blob, plic));
			assert_int_equal(cell(r, node, "interrupt-map", row + 5), 32 + (slot + pin) % 4);
		}
	}
	assert_null(fdt_getprop(r->blob, node, "msi-parent", NULL));
	assert_null(fdt_getprop(r->blob, node, "msi-map", NULL));
	unmake(r);
	free(r);
}

static int fake_msi(struct irqchip *c, const struct msi *m)
{
	return 1;
}

static const struct irqchip_ops fake_chip_ops = { .msi = fake_msi };
static struct irqchip fake_chip = { .ops = &fake_chip_ops, .name = "fake", .pins = 64 };
static const char *fake_chip_type;

static int fake_irqchip(struct vm *vm, const struct irqchip_desc *d, struct irqchip **out)
{
	if (strcmp(d->type, fake_chip_type))
		return -ENOTSUP;
	*out = &fake_chip;
	return 0;
}

/* An engine with an AIA of its own: lines are told with their kind, PCI has a place for messages. */
static void riscv64_has_an_aia_where_the_engine_has_one(void **state)
{
	static const struct engine_ops engine = { .name = "fake", .vcpu_pin = no_pin, .irqchip_create = fake_irqchip };
	static const struct engine_info info = { .msi_ids = 255 };
	struct rig *r = malloc(sizeof(*r));
	struct machine_config c = { .vcpus = 3, .ram = GIB };
	int imsics, aplic, node;

	fake_chip_type = "aia";
	assert_int_equal(make_with(r, &engine, &info, &machine_virt_riscv64, &c), 0);
	assert_string_equal(r->machine.irqchip->type, "aia");
	tree(r, &(struct machine_chosen){ 0 });
	imsics = fdt_path_offset(r->blob, "/soc/interrupt-controller@28000000");
	aplic = fdt_path_offset(r->blob, "/soc/interrupt-controller@d000000");
	assert_int_equal(cell(r, imsics, "riscv,num-ids", 0), 255);
	assert_int_equal(cell(r, imsics, "reg", 3), 3 * 4096);
	for (int n = 0; n < 3; n++)
		assert_int_equal(cell(r, imsics, "interrupts-extended", 2 * n + 1), 9);
	assert_int_equal(cell(r, aplic, "msi-parent", 0), fdt_get_phandle(r->blob, imsics));
	assert_int_equal(cell(r, aplic, "riscv,num-sources", 0), 63);
	node = fdt_path_offset(r->blob, "/soc/serial@10000000");
	assert_int_equal(cell(r, node, "interrupts", 0), 10);
	assert_int_equal(cell(r, node, "interrupts", 1), 4);
	node = fdt_path_offset(r->blob, "/soc/pcie@30000000");
	assert_int_equal(cell(r, node, "msi-parent", 0), fdt_get_phandle(r->blob, imsics));
	assert_int_equal(cell(r, node, "interrupt-map", 4), fdt_get_phandle(r->blob, aplic));
	assert_int_equal(cell(r, node, "interrupt-map", 5), 32);
	assert_int_equal(cell(r, node, "interrupt-map", 6), 4);
	node = fdt_path_offset(r->blob, "/cpus/cpu@0");
	assert_non_null(strstr(fdt_getprop(r->blob, node, "riscv,isa", NULL), "_ssaia"));
	unmake(r);
	fake_chip_type = "";			/* there is no model of one */
	assert_int_equal(make_with(r, &engine, &(struct engine_info){ 0 }, &machine_virt_riscv64, &c), -ENODEV);
	unmake(r);
	free(r);
}

static void a_virtio_device_is_where_the_transport_says(void **state)
{
	static const struct { enum machine_transport t; uint32_t id, version; } want[] = {
		{ TRANSPORT_DEFAULT, 0x10441af4, 0 }, { TRANSPORT_PCI, 0x10441af4, 0 }, { TRANSPORT_PCI_LEGACY, 0x10051af4, 0 },
		{ TRANSPORT_MMIO, ~0u, 2 }, { TRANSPORT_MMIO_LEGACY, ~0u, 1 },
	};
	struct rig *r = malloc(sizeof(*r));
	struct machine_config c = { .vcpus = 1, .ram = GIB, .virtio_count = 1,
				    .virtio = { { &virtio_rng_class, &r->entropy, NULL } } };

	for (unsigned i = 0; i < ARRAY_SIZE(want); i++) {
		struct bus_access a = { .size = 4 };

		c.transport = want[i].t;
		assert_int_equal(make(r, &machine_virt_arm64, &c), 0);
		assert_int_equal(pci_config(r, 0, 0), 0x00081b36);
		assert_int_equal(pci_config(r, 1, 0), want[i].id);
		assert_int_equal(bus_access(&r->vm.bus, BUS_MMIO, 0x0a000004, &a), want[i].version ? BUS_OK : BUS_ABORT);
		assert_int_equal((uint32_t)a.value, want[i].version);
		unmake(r);
	}
	c.transport = TRANSPORT_PCI;
	assert_int_equal(make(r, &machine_captive_virt, &c), -EINVAL);
	unmake(r);
	c.transport = TRANSPORT_MMIO;
	assert_int_equal(make(r, &machine_simbench, &c), -EINVAL);
	unmake(r);
	free(r);
}

static void too_long_parameters_are_an_error_not_an_overrun(void **state)
{
	struct machine_config c = { .vcpus = 64, .ram = GIB };
	struct rig *r = malloc(sizeof(*r));
	char *args = malloc(MACHINE_FDT_SIZE + 1);

	memset(args, 'x', MACHINE_FDT_SIZE);
	args[MACHINE_FDT_SIZE] = 0;
	assert_int_equal(make(r, &machine_virt_arm64, &c), 0);
	assert_int_equal(machine_fdt(&r->machine, &(struct machine_chosen){ .bootargs = args }, r->blob, sizeof(r->blob), &r->len),
			 -ENOSPC);
	unmake(r);
	free(args);
	free(r);
}

static void start_turns_the_first_vcpu_on_with_the_tree_in_x0(void **state)
{
	const struct boot_place place = { .entry = 0x40200000, .dtb = 0x44000000 };
	struct machine_config c = { .vcpus = 2, .ram = GIB };
	struct rig *r = malloc(sizeof(*r));

	assert_int_equal(make(r, &machine_virt_arm64, &c), 0);
	assert_int_equal(machine_start(&r->machine, &(struct machine_boot){ .place = &place }), 0);
	assert_int_equal(r->power.state, VCPU_ON);
	assert_true(r->power.reset);
	assert_int_equal(r->power.entry, 0x40200000);
	assert_int_equal(r->power.arg, 0x44000000);
	unmake(r);
	free(r);
}

static void captive_has_one_disk_and_one_network_in_their_places(void **state)
{
	struct rig *r = malloc(sizeof(*r));
	struct machine_config c = { .vcpus = 1, .ram = GIB, .virtio_count = 1,
				    .virtio = { { &virtio_rng_class, &r->entropy, NULL } } };

	assert_int_equal(make(r, &machine_captive_virt, &c), -ENOSPC);
	unmake(r);
	c.virtio_count = 0;
	c.vcpus = 2;
	assert_int_equal(make(r, &machine_captive_virt, &c), -EINVAL);
	unmake(r);
	c.vcpus = 1;
	assert_int_equal(make(r, &machine_captive_virt, &c), 0);
	assert_non_null(bus_find(&r->vm.bus, BUS_MMIO, 0x08020000));
	assert_null(bus_find(&r->vm.bus, BUS_MMIO, 0x08000000));
	unmake(r);
	free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tree_is_well_formed_for_every_size),
		cmocka_unit_test(chosen_says_where_things_are),
		cmocka_unit_test(devices_are_where_the_map_says),
		cmocka_unit_test(the_pci_bridge_says_where_its_windows_and_lines_are),
		cmocka_unit_test(riscv64_has_the_same_bridge_with_lines_to_the_plic),
		cmocka_unit_test(riscv64_has_an_aia_where_the_engine_has_one),
		cmocka_unit_test(a_virtio_device_is_where_the_transport_says),
		cmocka_unit_test(too_long_parameters_are_an_error_not_an_overrun),
		cmocka_unit_test(start_turns_the_first_vcpu_on_with_the_tree_in_x0),
		cmocka_unit_test(captive_has_one_disk_and_one_network_in_their_places),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
