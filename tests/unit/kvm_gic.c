/* SPDX-License-Identifier: BSD-2-Clause */
/* The GIC of an arm64 host's kernel in the record that it shares with models, there and back. Runs in the rig (kvm_arm64.py). */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/bits.h"
#include "base/errno.h"
#include "engine/kvm/kvm.h"
#include "os/arena.h"
#include "os/thread.h"
#include "tests/dev/its_tables.h"
#include "tests/unit/gic_random.h"

#define CPUS	2u
#define SPIS	256u

static uint8_t record[GIC_RECORD_BYTES], again[GIC_RECORD_BYTES];
static struct gic_image image;
static struct engine_info host;

/* A machine with a kernel's GIC, or a model's (v2 or v3 as the host has it), and memory. */
struct machine {
	struct vm vm;
	uint8_t *ram;
	uint32_t slot;
	bool kernel;
};

static bool host_v2(void)
{
	return !strcmp(host.irqchips[0], "gicv2");
}

static void add_ram(struct machine *m)
{
	struct mem_slot slot = { .base = RAM, .size = RAM_SIZE, .kind = MEM_RAM, .can_write = true };

	m->ram = mmap(NULL, RAM_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(m->ram != MAP_FAILED);
	slot.backing = (struct mem_backing){ .host = m->ram, .fd = -1 };
	assert_int_equal(mem_slot_add(&m->vm.mem, &slot, &m->slot), 0);
}

static struct machine *machine_new(bool kernel, bool its)
{
	struct machine *m = calloc(1, sizeof(*m));
	bool v2 = host_v2();
	struct irqchip_desc desc = { host.irqchips[0], GIC_TEST_DIST, v2 ? GIC_TEST_GICC : GIC_TEST_REDIST, SPIS,
				     its ? GIC_TEST_ITS : 0 };

	assert_non_null(m);
	m->kernel = kernel;
	os_arena_init(&m->vm.arena);
	if (!kernel) {
		gic_model(&m->vm, v2, CPUS, its);
		add_ram(m);
		return m;
	}
	m->vm.engine_info = host;
	assert_int_equal(vm_init(&m->vm, ISA_ARM64, &kvm_engine, 1000000000), 0);
	assert_int_equal(kvm_engine.vm_init(&m->vm), 0);
	add_ram(m);
	assert_int_equal(vm_vcpus_create(&m->vm, CPUS), 0);
	for (uint32_t n = 0; n < CPUS; n++)
		m->vm.vcpu[n]->hwid = n;
	assert_int_equal(kvm_engine.irqchip_create(&m->vm, &desc, &m->vm.irqchip), 0);
	for (uint32_t n = 0; n < CPUS; n++)
		assert_int_equal(kvm_engine.vcpu_init(m->vm.vcpu[n]), 0);
	assert_int_equal(kvm_engine.vm_ready(&m->vm), 0);
	return m;
}

static void machine_free(struct machine *m)
{
	for (uint32_t n = 0; m->kernel && n < CPUS; n++)
		kvm_engine.vcpu_fini(m->vm.vcpu[n]);
	device_destroy_all(&m->vm);
	if (m->kernel)
		kvm_engine.vm_fini(&m->vm);
	os_arena_free(&m->vm.arena);
	munmap(m->ram, RAM_SIZE);
	free(m);
}

static void what_goes_into_the_kernel_comes_out(void **state)
{
	struct machine *m = machine_new(true, false);

	for (uint32_t seed = 1; seed <= 5; seed++) {
		size_t size, size2;

		gic_image_draw(&image, host_v2(), CPUS, SPIS, seed);
		size = gic_image_save(&image, record);
		assert_int_equal(gic_chip_load(m->vm.irqchip, record, size), 0);
		size2 = gic_chip_save(m->vm.irqchip, again);
		gic_same(record, size, again, size2, CPUS, SPIS);
	}
	machine_free(m);
}

static void a_reset_leaves_nothing_of_it(void **state)
{
	struct machine *m = machine_new(true, false), *fresh = machine_new(true, false);
	size_t size, size2;

	gic_image_draw(&image, host_v2(), CPUS, SPIS, 9);
	for (uint32_t n = 0; n < SPIS / 32; n++)
		image.spi[n].line = 0;			/* a wire, not a register */
	for (uint32_t n = 0; n < CPUS; n++)
		image.own[n].line = 0;
	size = gic_image_save(&image, record);
	assert_int_equal(gic_chip_load(m->vm.irqchip, record, size), 0);
	assert_int_equal(kvm_engine.vm_reset(&m->vm), 0);
	assert_int_equal(kvm_engine.vm_reset(&fresh->vm), 0);
	size = gic_chip_save(m->vm.irqchip, record);
	size2 = gic_chip_save(fresh->vm.irqchip, again);
	gic_same(record, size, again, size2, CPUS, SPIS);
	machine_free(fresh);
	machine_free(m);
}

static void a_model_goes_on_as_the_kernels_and_back(void **state)
{
	struct machine *kernel = machine_new(true, false), *model = machine_new(false, false), *last = machine_new(false, false);
	size_t size, size2;

	gic_image_draw(&image, host_v2(), CPUS, SPIS, 7);
	size = gic_image_save(&image, record);
	assert_int_equal(gic_chip_load(model->vm.irqchip, record, size), 0);
	size = gic_chip_save(model->vm.irqchip, record);
	assert_int_equal(gic_chip_load(kernel->vm.irqchip, record, size), 0);
	size2 = gic_chip_save(kernel->vm.irqchip, again);
	assert_int_equal(gic_chip_load(last->vm.irqchip, again, size2), 0);
	size2 = gic_chip_save(last->vm.irqchip, again);
	gic_same(record, size, again, size2, CPUS, SPIS);
	machine_free(last);
	machine_free(model);
	machine_free(kernel);
}

static void another_gics_record_is_refused(void **state)
{
	struct machine *m = machine_new(true, false);
	size_t size;

	gic_image_draw(&image, host_v2(), CPUS - 1, SPIS, 1);
	size = gic_image_save(&image, record);
	assert_int_equal(gic_chip_load(m->vm.irqchip, record, size), -EINVAL);
	gic_image_draw(&image, host_v2(), CPUS, SPIS, 1);
	size = gic_image_save(&image, record);
	assert_int_equal(gic_chip_load(m->vm.irqchip, record, size - 1), -EINVAL);
	machine_free(m);
}

/* ---- LPIs and the ITS: registers in the record, the rest in memory ---- */

static void put(struct machine *m, gpa_t addr, unsigned size, uint64_t val)
{
	struct bus_access a = { .vcpu = m->vm.vcpu[0], .value = val, .size = (uint8_t)size, .write = true };

	assert_int_equal(bus_access(&m->vm.bus, BUS_MMIO, addr, &a), BUS_OK);
}

static void command(struct machine *m, uint32_t *at, uint64_t w0, uint64_t w1, uint64_t w2)
{
	const uint64_t cmd[4] = { w0, w1, w2, 0 };

	memcpy(m->ram + (QUEUE - RAM) + *at, cmd, sizeof(cmd));
	*at += sizeof(cmd);
	put(m, GIC_TEST_ITS + 0x88, 8, *at);
}

/*
 * As Linux does: collection n is CPU n; device 8 has events 0 and 15 for CPU 0 and 1. Of LPIs none is enabled in the configuration,
 * so that they wait.
 */
static void prepare(struct machine *m)
{
	uint32_t at = 0;

	put(m, GIC_TEST_DIST, 4, 2);
	for (uint32_t n = 0; n < CPUS; n++) {
		put(m, GIC_TEST_REDIST + 0x20000 * n + 0x14, 4, 0);
		put(m, GIC_TEST_REDIST + 0x20000 * n + 0x70, 8, CONFIG | 15);
		put(m, GIC_TEST_REDIST + 0x20000 * n + 0x78, 8, PEND(n));
		put(m, GIC_TEST_REDIST + 0x20000 * n, 4, 1);
	}
	put(m, GIC_TEST_ITS + 0x100, 8, VALID | DEVICES);
	put(m, GIC_TEST_ITS + 0x108, 8, VALID | COLLECTIONS);
	put(m, GIC_TEST_ITS + 0x80, 8, VALID | QUEUE);
	put(m, GIC_TEST_ITS, 4, 1);
	for (uint32_t n = 0; n < CPUS; n++)
		command(m, &at, 0x09, 0, n | (uint64_t)n << 16 | VALID);
	command(m, &at, 0x08 | 8ull << 32, 3, ITT | VALID);
	command(m, &at, 0x0a | 8ull << 32, 0 | (uint64_t)LPI << 32, 0);
	command(m, &at, 0x0a | 8ull << 32, 15 | (uint64_t)(LPI + 1) << 32, 1);
}

static int message(struct machine *m, uint32_t event)
{
	return msi_send(m->vm.irqchip, &(struct msi){ .addr = GIC_TEST_ITS + 0x10040, .data = event, .devid = 8 });
}

/* What is pending, by the tables in memory. */
static unsigned waiting(const struct machine *m)
{
	return (m->ram[PEND(0) - RAM + LPI / 8] & 3) | (m->ram[PEND(1) - RAM + LPI / 8] & 3) << 4;
}

static struct machine *move(struct machine *from, bool kernel)
{
	struct machine *to = machine_new(kernel, true);
	size_t size = gic_chip_save(from->vm.irqchip, record);

	memcpy(to->ram, from->ram, RAM_SIZE);
	assert_int_equal(gic_chip_load(to->vm.irqchip, record, size), 0);
	machine_free(from);
	return to;
}

static void an_its_and_what_waits_go_from_model_to_kernel_and_back(void **state)
{
	struct machine *m;

	m = machine_new(false, true);
	prepare(m);
	assert_int_equal(message(m, 15), 1);
	m = move(m, true);
	assert_true(message(m, 3) <= 0);		/* to nobody */
	assert_int_equal(message(m, 0), 1);
	gic_chip_save(m->vm.irqchip, again);
	assert_int_equal(waiting(m), 0x21);
	m = move(m, true);
	gic_chip_save(m->vm.irqchip, again);
	assert_int_equal(waiting(m), 0x21);
	m = move(m, false);
	gic_chip_save(m->vm.irqchip, again);
	assert_int_equal(waiting(m), 0x21);
	assert_int_equal(message(m, 0), 1);
	assert_int_equal(message(m, 15), 1);
	assert_true(message(m, 3) < 0);
	machine_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_goes_into_the_kernel_comes_out),
		cmocka_unit_test(a_reset_leaves_nothing_of_it),
		cmocka_unit_test(a_model_goes_on_as_the_kernels_and_back),
		cmocka_unit_test(another_gics_record_is_refused),
	};
	const struct CMUnitTest with_its[] = { cmocka_unit_test(an_its_and_what_waits_go_from_model_to_kernel_and_back) };
	char why[160] = "";

	if (kvm_engine.probe(ISA_ARM64, &host, why, sizeof(why))) {
		print_message("# skipped: %s\n", why);
		return 0;
	}
	if (thread_kick_init())
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL) +
	       (host_v2() ? 0 : cmocka_run_group_tests(with_its, NULL, NULL));
}
