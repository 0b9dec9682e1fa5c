/* SPDX-License-Identifier: BSD-2-Clause */
/* ctl/cell_config.c and cell_blob.c: TOML to the binary form and back, and errors that say where. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/types.h"
#include "ctl/cell_config.h"
#include "tests/unit/cmocka_all.h"

#define HEAD	"system = 's'\ncpus = ['0-1']\n[hypervisor]\nmemory = { phys = 0x60000000, size = '8M' }\n" \
		"[platform]\ngic = { version = 3, gicd = 0x8000000, gicr = 0x80a0000 }\n"

static struct cell_file *good(const void *data, size_t size)
{
	struct ctl_error e = { "" };
	struct cell_file *f = NULL;

	if (cell_file_parse("f", data, size, &f, &e))
		fail_msg("%s", e.text);
	return f;
}

static void refused(const void *data, size_t size, const char *part)
{
	struct ctl_error e = { "" };
	struct cell_file *f = NULL;

	if (!cell_file_parse("f", data, size, &f, &e))
		fail_msg("taken, where '%s' was expected", part);
	if (!strstr(e.text, part))
		fail_msg("'%s' is not in: %s", part, e.text);
	assert_null(strchr(e.text, '\n'));
}

static const char cell_text[] =
	"cell = 'demo'\ncpus = [1, '3-4']\nirqs = [33, '160-162']\nreset = 0x1000\npassive = true\ndebug_console = true\n"
	"vpci_irq_base = 100\nconsole = { type = 'pl011', address = 0x9000000 }\nstream_ids = [7]\n"
	"[[memory]]\nname = 'ram'\nphys = 0x70000000\nvirt = 0\nsize = '1M'\nflags = ['read', 'write', 'execute', 'loadable']\n"
	"[[memory]]\nname = 'comm'\nflags = ['comm']\n"
	"[[memory]]\nname = 'state'\nphys = 0x71000000\nsize = 0x1000\nflags = ['read', 'shared']\n"
	"[[memory]]\nname = 'rw'\nphys = 0x71001000\nsize = 0x1000\nflags = ['read', 'write', 'shared']\n"
	"[[memory]]\nname = 'o0'\nphys = 0x71002000\nsize = 0x1000\nflags = ['read', 'write', 'shared']\n"
	"[[memory]]\nname = 'o1'\nphys = 0x71003000\nsize = 0x1000\nflags = ['read', 'shared']\n"
	"[[pci]]\ntype = 'ivshmem'\nbdf = '00:1f.2'\nbar_mask = [0xfffff000]\nshared = 'state'\npeer = 1\nmsix = { vectors = 2 }\n"
	"[[pci]]\ntype = 'device'\nbdf = '01:00.0'\ndma_trusted = true\ncapabilities = [{ id = 5, start = 0x50, length = 14, "
		"writable = true }]\n";

static void cell_becomes_the_binary_form_and_comes_back(void **state)
{
	struct cell_file *f = good(cell_text, sizeof(cell_text) - 1), *b;
	const struct cell_config *c = (const struct cell_config *)f->blob;

	assert_false(f->system);
	assert_memory_equal(c->signature, "JHCLL", 5);
	assert_int_equal(c->revision, 14);
	assert_string_equal(c->name, "demo");
	assert_int_equal(f->cpus, 0x1a);
	assert_int_equal(c->num_irqchips, 2);
	assert_int_equal(c->flags, CELL_PASSIVE_COMM_REGION | CELL_CONSOLE_PERMITTED | CELL_CONSOLE_ACTIVE);
	assert_int_equal(c->reset_address, 0x1000);
	assert_int_equal(c->console.address, 0x9000000);
	assert_int_equal(c->console.flags, CONSOLE_MMIO | CONSOLE_REG_DIST_4);
	assert_int_equal(f->memory[1].m.virt, COMM_REGION_BASE);
	assert_int_equal(f->memory[1].m.size, 0x1000);
	assert_int_equal(f->pci[0].d.bdf, 0xfa);
	assert_int_equal(f->pci[0].d.shmem_regions_start, 2);
	assert_int_equal(f->pci[0].d.shmem_dev_id, 1);
	assert_int_equal(f->pci[0].d.num_msix_vectors, 2);
	assert_int_equal(f->pci[1].d.num_caps, 1);
	b = good(f->blob, f->blob_size);
	assert_int_equal(b->cpus, f->cpus);
	assert_memory_equal(b->irqs, f->irqs, sizeof(f->irqs));
	assert_int_equal(b->num_memory, f->num_memory);
	for (unsigned i = 0; i < f->num_memory; i++)
		assert_memory_equal(&b->memory[i].m, &f->memory[i].m, sizeof(f->memory[i].m));
	assert_memory_equal(&b->pci[1].d, &f->pci[1].d, sizeof(f->pci[1].d));
	assert_memory_equal(b->caps, f->caps, sizeof(f->caps));
	assert_int_equal(b->streams[0], 7);
	cell_file_free(f);
	cell_file_free(b);
}

static void system_becomes_the_binary_form_and_comes_back(void **state)
{
	static const char text[] = HEAD "pci = { ecam = 0x4010000000, end_bus = 255 }\n[[memory]]\nphys = 0\nsize = '1G'\nflags = "
		"['read']\n";
	struct cell_file *f = good(text, sizeof(text) - 1), *b = good(f->blob, f->blob_size);
	const struct system_config *s = (const struct system_config *)f->blob;

	assert_true(f->system && b->system);
	assert_memory_equal(s->signature, "JHSYS", 5);
	assert_int_equal(s->hypervisor_memory.size, 8 << 20);
	assert_int_equal(s->flags, SYSTEM_VIRTUAL_CONSOLE);
	assert_int_equal(s->platform.gic_version, 3);
	assert_int_equal(s->platform.maintenance_irq, 25);
	assert_int_equal(s->platform.pci_config_base, 0x4010000000);
	assert_memory_equal(&b->head.platform, &s->platform, sizeof(s->platform));
	assert_string_equal(b->memory[0].name, "#0");
	cell_file_free(f);
	cell_file_free(b);
}

static void interrupts_are_counted_from_32(void **state)
{
	static const char text[] = "cell = 'c'\ncpus = [0]\nirqs = [32, 159, 1019]\n";
	struct cell_file *f = good(text, sizeof(text) - 1);
	const struct config_irqchip *chip = (const void *)(f->blob + sizeof(struct cell_config) + sizeof(f->cpus));

	assert_int_equal(chip[0].pin_base, 32);
	assert_int_equal(chip[0].bitmap[0], 1);
	assert_int_equal(chip[0].bitmap[3], 0x80000000);
	assert_int_equal(chip[1].pin_base, 32 + 7 * 128);
	assert_int_equal(chip[1].bitmap[2], 1u << (1019 % 32));
	cell_file_free(f);
}

static void mistakes_name_line_and_key(void **state)
{
	static const struct {
		const char *text, *part;
	} cases[] = {
		{ "", "neither system" },
		{ "cell = 'a/b'", "f:1: cell: only printable" },
		{ "cell = 'abcdefghijklmnopqrstuvwxyz0123456789'", "1 to 31 characters" },
		{ "cell = 1", "f:1: cell: a number where a string is wanted" },
		{ "cell = 'a'\ncpu = [1]", "f:2: 'cpu' is not a key of a cell: did you mean 'cpus'?" },
		{ "cell = 'a'\ncpus = [64]", "f:2: cpus: 64" },
		{ "cell = 'a'\ncpus = ['3-1']", "backwards" },
		{ "cell = 'a'\ncpus = ['x']", "no range" },
		{ "cell = 'a'\ncpus = [-1]", "cpus: -1" },
		{ "cell = 'a'\nirqs = [31]", "irqs: 31: from 32" },
		{ "cell = 'a'\n[[memory]]\nsize = 1\nflags = []", "f:2: phys is missing" },
		{ "cell = 'a'\n[[memory]]\nphys = 1\nflags = []", "size is missing" },
		{ "cell = 'a'\n[[memory]]\nphys = 1\nsize = 1", "flags is missing" },
		{ "cell = 'a'\n[[memory]]\nflags = ['red']", "flags: 'red' is none of read, write" },
		{ "cell = 'a'\n[[memory]]\nflags = ['comm']\nphys = 0", "has no memory of its own" },
		{ "cell = 'a'\n[[memory]]\nvirt = 0\nflags = ['served']", "f:2: irq is missing" },
		{ "cell = 'a'\n[[memory]]\nvirt = 0\nflags = ['served']\nirq = 31", "irq: a shared interrupt, 32 to" },
		{ "cell = 'a'\n[[memory]]\nphys = 0\nsize = 4096\nflags = []\nirq = 40", "only a region with 'served'" },
		{ "cell = 'a'\n[[memory]]\nphys = 0\nsize = '4X'\nflags = []", "f:4: size: '4X' is no size" },
		{ "cell = 'a'\n[[memory]]\nphys = 0\nsize = '4'\nflags = []", "is no size" },
		{ "cell = 'a'\n[[memory]]\nphys = -1\nsize = 1\nflags = []", "less than 0" },
		{ "cell = 'a'\nmemory = 3", "memory: a number where a list" },
		{ "cell = 'a'\nmemory = [3]", "a number where a table is wanted" },
		{ "cell = 'a'\n[[pci]]\ntype = 'device'\nbdf = '0:99.0'", "bdf: write it as" },
		{ "cell = 'a'\n[[pci]]\ntype = 'ivshmem'\nbdf = '0:1.0'\nshared = 'x'", "no [[memory]] has the name 'x'" },
		{ "cell = 'a'\n[[memory]]\nname = 'x'\nphys = 0\nsize = 1\nflags = []\n[[pci]]\ntype = 'ivshmem'\nbdf = "
		 "'0:1.0'\nshared = 'x'",
		  "not enough regions" },
		{ "system = 'a'", "hypervisor is missing" },
		{ "system = 'a'\n[hypervisor]\nmemory = { phys = 0 }", "size is missing" },
		{ "system = 'a'\n[hypervisor]\nmemory = { phys = 0, size = 1 }", "platform is missing" },
		{ "system = 'a'\n[hypervisor]\nmemory = { phys = 0, size = 1 }\n[platform]\ngic = { version = 4, gicd = 0 }",
		 "version: 2 or 3" },
		{ "system = 'a'\n[hypervisor]\nmemory = { phys = 0, size = 1 }\n[platform]\ngic = { version = 2, gicd = 0 }",
		 "gicc is missing" },
		{ "system = 'a'\nreset = 0", "'reset' is not a key of a system" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		refused(cases[i].text, strlen(cases[i].text), cases[i].part);
}

static void broken_binaries_are_refused(void **state)
{
	struct cell_file *f = good(cell_text, sizeof(cell_text) - 1), *cut;
	struct cell_config *c = (struct cell_config *)f->blob;
	struct ctl_error e;

	for (size_t n = 5; n < f->blob_size; n++)
		if (!cell_file_parse("f", f->blob, n, &cut, &e))
			fail_msg("%zu of %zu bytes were taken", n, f->blob_size);
	c->revision = 13;
	refused(f->blob, f->blob_size, "revision");
	c->revision = 14;
	c->architecture = 1;
	refused(f->blob, f->blob_size, "not for arm64");
	c->architecture = 2;
	c->num_memory = 0xffffffff;
	refused(f->blob, f->blob_size, "entries");
	c->num_memory = f->num_memory;
	c->num_cache = 0x20000000;
	refused(f->blob, f->blob_size, "shorter");
	c->num_cache = 0;
	memset(c->name, 'x', sizeof(c->name));
	refused(f->blob, f->blob_size, "name has no end");
	cell_file_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cell_becomes_the_binary_form_and_comes_back),
		cmocka_unit_test(system_becomes_the_binary_form_and_comes_back),
		cmocka_unit_test(interrupts_are_counted_from_32),
		cmocka_unit_test(mistakes_name_line_and_key),
		cmocka_unit_test(broken_binaries_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
