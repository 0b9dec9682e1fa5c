/* SPDX-License-Identifier: BSD-2-Clause */
/* What machine pc puts below 1 MiB: its ACPI tables, taken apart here and by iasl, and the MP table. */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/bits.h"
#include "core/aml.h"
#include "core/entropy.h"
#include "dev/misc/fw_cfg.h"
#include "dev/virtio/devices.h"
#include "isa/x86/reg_id.h"
#include "machine/pc.h"
#include "os/arena.h"
#include "tests/unit/skip.h"

struct rig {
	struct vm vm;
	struct workq control;
	struct irqchip chip;
	struct machine machine;
	struct entropy entropy;
	struct vcpu_power power;
	uint64_t rip, rsi, rbx;
	uint8_t *ram;
	const char *irqchip;
};

static struct rig *rig_of(struct vm *vm)
{
	return container_of(vm, struct rig, vm);
}

static void no_set(struct irqchip *c, uint32_t pin, bool level)
{
}

static const struct irqchip_ops chip_ops = { .set = no_set };

static int fake_irqchip(struct vm *vm, const struct irqchip_desc *d, struct irqchip **out)
{
	assert_string_equal(d->type, rig_of(vm)->irqchip ? rig_of(vm)->irqchip : "kernel");
	*out = &rig_of(vm)->chip;
	return 0;
}

static int fake_power(struct vcpu *v, struct vcpu_power *p, bool write)
{
	rig_of(v->vm)->power = *p;
	return 0;
}

static int fake_regs(struct vcpu *v, struct reg *list, unsigned n, bool write)
{
	struct rig *r = rig_of(v->vm);

	for (unsigned i = 0; i < n; i++) {
		if (list[i].id == X86_REG_RIP)
			memcpy(&r->rip, list[i].val, 8);
		if (list[i].id == X86_REG_RSI)
			memcpy(&r->rsi, list[i].val, 8);
		if (list[i].id == X86_REG_RBX)
			memcpy(&r->rbx, list[i].val, 8);
	}
	return 0;
}

static const struct engine_ops fake_engine = {
	.name = "fake", .irqchip_create = fake_irqchip, .vcpu_power = fake_power, .vcpu_regs = fake_regs,
};

#define RAM	(16 * MIB)

static struct rig *make_with(const char *irqchip, uint32_t cpus, uint64_t ram, uint32_t devices)
{
	struct rig *r = calloc(1, sizeof(*r));
	struct machine_config c = { .vcpus = cpus, .ram = ram, .virtio_count = devices, .irqchip = irqchip,
				    .transport = TRANSPORT_MMIO };
	struct mem_slot slot = { .size = RAM, .kind = MEM_RAM, .can_write = true };
	uint32_t id;

	for (uint32_t i = 0; i < devices; i++)
		c.virtio[i] = (struct machine_virtio){ &virtio_rng_class, &r->entropy, NULL };
	r->irqchip = irqchip;
	r->chip.ops = &chip_ops;
	os_arena_init(&r->vm.arena);
	workq_init(&r->control, NULL);
	r->vm.control = &r->control;
	assert_int_equal(vm_init(&r->vm, ISA_X86_64, &fake_engine, 1000000000), 0);
	r->ram = aligned_alloc(4096, RAM);
	memset(r->ram, 0xa5, RAM);
	slot.backing = (struct mem_backing){ .host = r->ram, .fd = -1 };
	assert_int_equal(mem_slot_add(&r->vm.mem, &slot, &id), 0);
	assert_int_equal(machine_create(&r->machine, &r->vm, &machine_pc, &c), 0);
	return r;
}

static struct rig *make(uint32_t cpus, uint64_t ram, uint32_t devices)
{
	return make_with(NULL, cpus, ram, devices);
}

static void unmake(struct rig *r)
{
	machine_destroy(&r->machine);
	os_arena_free(&r->vm.arena);
	free(r->ram);
	free(r);
}

static uint8_t sum(const uint8_t *p, size_t n)
{
	uint8_t s = 0;

	while (n--)
		s = (uint8_t)(s + *p++);
	return s;
}

/* The table of that name, by way of the root; NULL: there is none. Checks each one's checksum. */
static const uint8_t *find(const uint8_t *buf, gpa_t rsdp, const char *name)
{
	const uint8_t *root = buf + (rsdp - PC_TABLES), *xsdt = buf + (get_le64(root + 24) - PC_TABLES), *found = NULL;

	assert_memory_equal(root, "RSD PTR ", 8);
	assert_int_equal(sum(root, 20), 0);
	assert_int_equal(sum(root, 36), 0);
	assert_memory_equal(xsdt, "XSDT", 4);
	assert_int_equal(sum(xsdt, get_le32(xsdt + 4)), 0);
	for (uint32_t at = ACPI_HEADER; at < get_le32(xsdt + 4); at += 8) {
		const uint8_t *t = buf + (get_le64(xsdt + at) - PC_TABLES);

		assert_int_equal(sum(t, get_le32(t + 4)), 0);
		if (!memcmp(t, "FACP", 4) && !memcmp(name, "DSDT", 4)) {
			found = buf + (get_le64(t + 140) - PC_TABLES);
			assert_int_equal(sum(found, get_le32(found + 4)), 0);
		} else if (!memcmp(t, name, 4)) {
			found = t;
		}
	}
	return found;
}

static void tables_are_found_from_the_root_for_any_number_of_cpus(void **state)
{
	static const uint32_t counts[] = { 1, 2, 64 };
	static uint8_t buf[PC_TABLES_SIZE];
	const uint8_t *t;
	gpa_t rsdp;

	for (unsigned i = 0; i < ARRAY_SIZE(counts); i++) {
		struct rig *r = make(counts[i], 6 * GIB, 3);
		uint32_t cpus = 0;

		assert_in_range(pc_acpi(&r->machine, buf, sizeof(buf), PC_TABLES, &rsdp), 1, sizeof(buf));
		t = find(buf, rsdp, "APIC");
		for (uint32_t at = 44; at < get_le32(t + 4); at += t[at + 1])
			cpus += t[at] == 0;
		assert_int_equal(cpus, counts[i]);
		t = find(buf, rsdp, "FACP");
		assert_int_equal(get_le32(t + 4), 276);
		assert_int_equal(get_le32(t + 56), PC_PM);
		assert_int_equal(t[128], 6);				/* reset value */
		assert_memory_equal(buf + get_le32(t + 36) - PC_TABLES, "FACS", 4);
		assert_non_null(find(buf, rsdp, "DSDT"));
		assert_int_equal(get_le32(find(buf, rsdp, "SPCR") + 4), 80);
		t = find(buf, rsdp, "MCFG");
		if (t)
			assert_int_equal(get_le16(t + 54), 0);		/* from bus 0 to bus 0 */
		assert_int_equal(pc_acpi(&r->machine, buf, 600, PC_TABLES, &rsdp), -ENOSPC);
		unmake(r);
	}
}

static int run(const char *command)
{
	int status = system(command);

	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* The ACPI component architecture's own compiler reads every table, and compiles again what it read without a word. */
static void iasl_understands_every_table(void **state)
{
	static const char *const names[] = { "DSDT", "FACP", "APIC", "MCFG", "SPCR" };
	char dir[] = "/tmp/cella-acpi-XXXXXX", command[512], path[64];
	static uint8_t buf[PC_TABLES_SIZE];
	struct rig *r = make(2, 6 * GIB, 9);
	gpa_t rsdp;

	if (run("command -v iasl >/dev/null")) {
		unmake(r);
		skip_because("iasl is missing: tools/deps check");
	}
	assert_non_null(mkdtemp(dir));
	assert_in_range(pc_acpi(&r->machine, buf, sizeof(buf), PC_TABLES, &rsdp), 1, sizeof(buf));
	for (unsigned i = 0; i < ARRAY_SIZE(names); i++) {
		const uint8_t *t = find(buf, rsdp, names[i]);
		FILE *f;

		if (!t)
			continue;
		snprintf(path, sizeof(path), "%s/%s.aml", dir, names[i]);
		f = fopen(path, "wb");
		assert_non_null(f);
		fwrite(t, 1, get_le32(t + 4), f);
		fclose(f);
		snprintf(command, sizeof(command), "cd %s && iasl -d %s.aml >d.log 2>&1 && iasl -we %s.dsl >c.log 2>&1 && "
			 "! grep -iE '(error|warning) *[0-9]* *-|corrupt|invalid|unknown' d.log c.log", dir, names[i], names[i]);
		if (run(command)) {
			snprintf(command, sizeof(command), "cd %s && cat d.log c.log %s.dsl", dir, names[i]);
			run(command);
			fail_msg("%s", names[i]);
		}
	}
	snprintf(command, sizeof(command), "rm -r %s", dir);
	run(command);
	unmake(r);
}

static void mp_table_names_every_processor_and_line(void **state)
{
	static uint8_t buf[0xa0000 - PC_EBDA];
	struct rig *r = make(64, GIB, 0);
	unsigned cpus = 0, at = 44;
	const uint8_t *t = buf + 16;

	assert_int_equal(pc_mp_table(&r->machine, buf, 0x400, PC_EBDA), -ENOSPC);
	assert_int_equal(pc_mp_table(&r->machine, buf, sizeof(buf), PC_EBDA), 0);
	assert_memory_equal(buf, "_MP_", 4);
	assert_int_equal(sum(buf, 16), 0);
	assert_int_equal(get_le32(buf + 4), PC_EBDA + 16);
	assert_memory_equal(t, "PCMP", 4);
	assert_int_equal(sum(t, get_le16(t + 4)), 0);
	for (unsigned i = 0; i < get_le16(t + 34); i++) {
		cpus += !t[at];
		at += t[at] ? 8 : 20;
	}
	assert_int_equal(at, get_le16(t + 4));
	assert_int_equal(cpus, 64);
	unmake(r);
}

static void models_of_the_controllers_find_their_places(void **state)
{
	struct rig *r = make_with("split", 2, GIB, 8);

	assert_ptr_not_equal(r->vm.irqchip, &r->chip);
	assert_string_equal(bus_find(&r->vm.bus, BUS_PIO, 0x61)->name, "port61");
	assert_string_equal(bus_find(&r->vm.bus, BUS_PIO, 0x4d1)->name, "elcr");
	assert_string_equal(bus_find(&r->vm.bus, BUS_MMIO, PC_IOAPIC)->name, "ioapic");
	unmake(r);
}

static void *ask(void *arg)
{
	struct rig *r = arg;
	const struct pc_board *pc = r->machine.board;
	struct bus_access a = { .size = 2, .write = true, .value = fw_cfg_key(pc->fw_cfg, "etc/table-loader") };

	assert_int_equal(bus_access(&r->vm.bus, BUS_PIO, 0x510, &a), BUS_OK);
	return NULL;
}

/* Firmware's tables are made anew when somebody selects them, several vCPUs at once perhaps: under the lock that readers take. */
static void tables_for_firmware_change_while_nobody_reads_or_makes_them(void **state)
{
	struct rig *r = make(2, GIB, 0);
	struct boot_image image = { .format = BOOT_FIRMWARE, .isa = ISA_X86_64, .data = r->ram, .size = 64 * KIB };
	struct boot_place place = { 0 };
	struct machine_chosen chosen = { 0 };
	const struct machine_boot boot = { .image = &image, .place = &place, .chosen = &chosen };
	struct pc_board *pc = r->machine.board;
	static struct pc_firmware before;
	pthread_t thread;

	assert_int_equal(machine_start(&r->machine, &boot), 0);
	before = pc->fw;
	lock_acquire(&pc->fw_cfg->lock);
	pc->fw.acpi[4096] ^= 0x55;
	assert_int_equal(pthread_create(&thread, NULL, ask, r), 0);
	usleep(20000);
	assert_int_equal(pc->fw.acpi[4096], before.acpi[4096] ^ 0x55);
	lock_release(&pc->fw_cfg->lock);
	pthread_join(thread, NULL);
	assert_memory_equal(&pc->fw, &before, sizeof(before));
	unmake(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tables_are_found_from_the_root_for_any_number_of_cpus),
		cmocka_unit_test(iasl_understands_every_table),
		cmocka_unit_test(mp_table_names_every_processor_and_line),
		cmocka_unit_test(models_of_the_controllers_find_their_places),
		cmocka_unit_test(tables_for_firmware_change_while_nobody_reads_or_makes_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
