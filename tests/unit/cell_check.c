/* SPDX-License-Identifier: BSD-2-Clause */
/* ctl/cell_check*.c: what is wrong with files alone, together, and on a board made of a /proc/iomem and a device tree. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/types.h"
#include "core/fdt.h"
#include "ctl/cell_check.h"
#include "ctl/cell_run.h"
#include "tests/unit/cmocka_all.h"

#define CPUS	"cpus = ['0-3']\nirqs = ['32-100']\n"
#define HV(at, size)	"[hypervisor]\nmemory = { phys = " at ", size = " size " }\n"
#define GIC	"[platform]\ngic = { version = 3, gicd = 0x8000000, gicr = 0x80a0000 }\n"
#define MEM(name, phys, size, flags)	"[[memory]]\nname = '" name "'\nphys = " phys "\nsize = " size "\nflags = [" flags "]\n"
#define RAM	MEM("ram", "0x40000000", "'512M'", "'read', 'write', 'execute'")
#define CELLS	MEM("cells", "0x60800000", "'256M'", "'read', 'write', 'execute'")
#define UART	MEM("uart", "0x9000000", "0x1000", "'read', 'write', 'io'")
#define DISK	MEM("disk", "0xa000000", "0x1000", "'read', 'write', 'io'")
#define SYSTEM	"system = 'root'\n" CPUS HV("0x60000000", "'8M'") GIC RAM CELLS UART DISK
#define CELL(name, cpus, rest)	"cell = '" name "'\ncpus = [" cpus "]\n" rest

static struct cell_file *load(const char *name, const char *text)
{
	struct ctl_error e = { "" };
	struct cell_file *f = NULL;

	if (cell_file_parse(name, text, strlen(text), &f, &e))
		fail_msg("%s", e.text);
	return f;
}

static void expect(int err, const struct ctl_error *e, const char *part)
{
	if (!part && err)
		fail_msg("%s", e->text);
	if (part && !err)
		fail_msg("nothing was found where '%s' was expected", part);
	if (part && !strstr(e->text, part))
		fail_msg("'%s' is not in: %s", part, e->text);
}

static void alone(const char *text, const char *part)
{
	struct ctl_error e = { "" };
	struct cell_file *f = load("f", text);

	expect(cell_check_alone(f, &e), &e, part);
	cell_file_free(f);
}

static void together(const char *system, const char *a, const char *b, const char *part)
{
	struct ctl_error e = { "" };
	struct cell_file *s = load("s", system), *c[2] = { load("a", a), b ? load("b", b) : NULL };

	expect(cell_check_together(s, c, b ? 2 : 1, &e), &e, part);
	cell_file_free(s);
	cell_file_free(c[0]);
	cell_file_free(c[1]);
}

static void regions_are_aligned_apart_and_inside(void **state)
{
	alone(CELL("c", "1", MEM("r", "0x70000000", "'1M'", "'read'")), NULL);
	alone(CELL("c", "", ""), "cpus: none are given");
	alone(CELL("c", "1", MEM("r", "0x70000800", "'1M'", "'read'")), "memory 'r' at 0x70000800: virt");
	alone(CELL("c", "1", MEM("r", "0x70000000", "100", "'read'")), "isn't aligned");
	alone(CELL("c", "1", MEM("r", "0x70000000", "0", "'read'")), "is 0 or leads out");
	alone(CELL("c", "1", MEM("r", "0xffffffff000", "0xffffffff0000", "'read'")), "leads out");
	alone(CELL("c", "1", MEM("r", "0x9000010", "16", "'io'")), "io_8, io_16");
	alone(CELL("c", "1", MEM("r", "0x9000010", "16", "'io', 'io_32'")), NULL);
	alone(CELL("c", "1", MEM("a", "0x70000000", "'1M'", "'read'") MEM("b", "0x700ff000", "0x1000", "'read'")),
	      "f:8: memory 'b' at 0x700ff000: virt 0x700ff000 overlaps 'a'");
	alone(CELL("c", "1", MEM("a", "0x70000000", "'1M'", "'read'") MEM("a", "0x70100000", "0x1000", "'read'")), "name is that "
	      "of line 3");
	alone(CELL("c", "1", "[[memory]]\nflags = ['comm']\n[[memory]]\nvirt = 0x1000\nflags = ['comm']\n"), "a second comm "
	      "region");
	alone(CELL("c", "1", "[[memory]]\nsize = 0x2000\nflags = ['comm']\n"), "the comm region is one page");
	alone(CELL("c", "1", MEM("r", "0x9000000", "0x1000", "'io', 'loadable'")), "doesn't go with");
	alone(CELL("c", "1", "console = { type = 'pl011', address = 0x9000000 }\n"), "console at 0x9000000: no [[memory]] has it");
	alone(CELL("c", "1", "[[pci]]\ntype = 'device'\nbdf = '0:1.0'\n"), "dma_trusted = true");
	alone(CELL("c", "1", "[[pci]]\ntype = 'device'\nbdf = '0:1.0'\ndma_trusted = true\n"), NULL);
}

static void system_keeps_hypervisor_and_interrupt_controller_to_itself(void **state)
{
	alone(SYSTEM, NULL);
	alone("system = 'r'\n" CPUS HV("0x60000000", "'8M'") GIC MEM("all", "0x40000000", "'1G'", "'read'"), "overlaps the "
	      "hypervisor's memory");
	alone("system = 'r'\n" CPUS HV("0x60000100", "'8M'") GIC, "hypervisor memory: not aligned");
	alone("system = 'r'\n" CPUS HV("0x60000000", "'4K'") GIC, "at least 1M");
	alone("system = 'r'\n" CPUS HV("0x60000000", "'8M'") GIC MEM("d", "0x8000000", "'16M'", "'io'"), "interrupt controller at "
	      "0x8000000");
	alone("system = 'r'\n" CPUS HV("0x60000000", "'8M'") GIC MEM("d", "0x8080000", "'1M'", "'io'"), "interrupt controller at "
	      "0x80a0000");
}

static void one_owner_each(void **state)
{
	static const char a[] = CELL("a", "1", "irqs = [40]\n" MEM("ram", "0x61000000", "'1M'", "'read'"));

	together(SYSTEM, a, CELL("b", "2", "irqs = [41]\n" MEM("ram", "0x61100000", "'1M'", "'read'")), NULL);
	together(SYSTEM, a, CELL("b", "1", ""), "configuration b: CPU 1 belongs to cell a, too (a)");
	together(SYSTEM, a, CELL("a", "2", ""), "the name 'a'");
	together(SYSTEM, CELL("root", "2", ""), NULL, "the name 'root'");
	together(SYSTEM, a, CELL("b", "2", "irqs = [40]\n"), "interrupt 40 belongs to cell a");
	together(SYSTEM, a, CELL("b", "2", MEM("x", "0x610ff000", "0x1000", "'read'")),
		 "b:3: memory 'x' at 0x610ff000: overlaps 'ram' of cell a (a:4)");
	together(SYSTEM, CELL("a", "1", MEM("s", "0x61000000", "0x1000", "'shared'")),
		 CELL("b", "2", MEM("s", "0x61000000", "0x1000", "'shared'")), NULL);
	together(SYSTEM, CELL("a", "1", MEM("s", "0x61000000", "0x1000", "'shared'")),
		 CELL("b", "2", MEM("s", "0x61000000", "0x1000", "'read'")), "don't both have 'shared'");
}

static void cells_get_what_is_the_roots(void **state)
{
	together(SYSTEM, CELL("a", "4", ""), NULL, "CPU 4: the system s has none");
	together(SYSTEM, CELL("a", "'0-3'", ""), NULL, "none is left for the root");
	together(SYSTEM, CELL("a", "1", "irqs = [101]\n"), NULL, "interrupt 101: the irqs of s don't have it");
	together(SYSTEM, CELL("a", "1", MEM("x", "0x60000000", "0x1000", "'read'")), NULL, "overlaps the hypervisor's memory");
	together(SYSTEM, CELL("a", "1", MEM("x", "0x707ff000", "0x2000", "'read'")), NULL, "isn't the root's to give");
	together(SYSTEM, CELL("a", "1", MEM("x", "0x5ffff000", "0x1000", "'read'")), NULL, NULL);
}

#define SHMEM(irqs, table, out, peer) \
	CELL("a", "1", irqs "vpci_irq_base = 40\n" MEM("t", "0x61000000", "0x1000", table) \
	     MEM("rw", "0x61001000", "0x1000", "'read', 'write', 'shared'") MEM("o0", "0x61002000", "0x1000", "'read', 'shared'") \
	     MEM("o1", out, "0x1000", "'read', 'write', 'shared'") \
	     "[[pci]]\ntype = 'ivshmem'\nbdf = '00:01.0'\nshared = 't'\npeer = " peer "\n")

static void ivshmem_devices_have_memory_interrupt_and_a_bus(void **state)
{
	alone(SHMEM("irqs = [73]\n", "'read', 'shared'", "0x61003000", "1"), NULL);
	alone(SHMEM("irqs = [72]\n", "'read', 'shared'", "0x61003000", "1"), "is not in the cell's irqs");
	alone(SHMEM("irqs = [73]\n", "'read', 'write', 'shared'", "0x61003000", "1"), "memory to read alone");
	alone(SHMEM("irqs = [73]\n", "'read'", "0x61003000", "1"), "must all be shared");
	alone(SHMEM("irqs = [73]\n", "'read', 'shared'", "0x61004000", "1"), "follow one another");
	alone(SHMEM("irqs = [73]\n", "'read', 'shared'", "0x61003000", "2"), "peer must be below peers");
	together(SYSTEM, SHMEM("irqs = [73]\n", "'read', 'shared'", "0x61003000", "1"), NULL, "virtual = true");
}

#define DEVICE	"[[pci]]\ntype = 'ivshmem'\nbdf = '00:00.0'\nshared = 't'\npeer = 1\n"
#define HOLLOW(o0, o1, device) \
	CELL("a", "1", "irqs = [72]\nvpci_irq_base = 40\n" MEM("t", "0x61000000", "0x1000", "'read', 'shared'") \
	     "[[memory]]\nname = 'both'\nsize = 0\nflags = []\n" \
	     MEM("o0", o0, "0x1000", "'read', 'shared'") MEM("o1", o1, "0x1000", "'read', 'write', 'shared'") device)

static void an_ivshmem_device_can_do_without_a_shared_part(void **state)
{
	alone(HOLLOW("0x61001000", "0x61002000", DEVICE), NULL);
	alone(HOLLOW("0x61002000", "0x61003000", DEVICE), "follow one another");
}

/* ---- on a board ---- */

struct files {
	char iomem[32], dtb[32];
};

static void write_file(char *path, const void *data, size_t size)
{
	int fd;

	strcpy(path, "/tmp/cella-check-XXXXXX");
	fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, size), size);
	close(fd);
}

static int make_board(void **state)
{
	static const char iomem[] = "08000000-0800ffff : GICD\n09000000-09000fff : pl011@9000000\n  09000000-09000fff : inner\n"
				    "40000000-5fffffff : System RAM\n  40210000-4185ffff : Kernel code\n";
	struct files *f = calloc(1, sizeof(*f));
	struct fdt_writer w;
	static uint8_t buf[8192];
	size_t len;

	fdt_start(&w, buf, sizeof(buf));
	fdt_begin(&w, "%s", "");
	fdt_prop_u32(&w, "#address-cells", 2);
	fdt_prop_u32(&w, "#size-cells", 2);
	fdt_begin(&w, "memory@40000000");
	fdt_prop_string(&w, "device_type", "memory");
	fdt_prop_reg(&w, 0x40000000, 0x80000000);
	fdt_end(&w);
	fdt_begin(&w, "cpus");
	fdt_prop_u32(&w, "#address-cells", 1);
	fdt_prop_u32(&w, "#size-cells", 0);
	for (unsigned i = 0; i < 4; i++) {
		fdt_begin(&w, "cpu@%u", i);
		fdt_prop_string(&w, "device_type", "cpu");
		fdt_prop_u32(&w, "reg", i);
		fdt_end(&w);
	}
	fdt_end(&w);
	fdt_begin(&w, "intc@8000000");
	fdt_prop_string(&w, "compatible", "arm,gic-v3");
	fdt_prop_cells(&w, "reg", (uint32_t[]){ 0, 0x8000000, 0, 0x10000, 0, 0x80a0000, 0, 0xf60000 }, 8);
	fdt_end(&w);
	fdt_begin(&w, "soc");	/* its children are at their address less 0x9000000 */
	fdt_prop_u32(&w, "#address-cells", 1);
	fdt_prop_u32(&w, "#size-cells", 1);
	fdt_prop_cells(&w, "ranges", (uint32_t[]){ 0, 0, 0x9000000, 0x2000000 }, 4);
	fdt_begin(&w, "pl011@0");
	fdt_prop_string(&w, "compatible", "arm,pl011");
	fdt_prop_cells(&w, "reg", (uint32_t[]){ 0, 0x1000 }, 2);
	fdt_end(&w);
	fdt_begin(&w, "virtio@1000000");
	fdt_prop_string(&w, "compatible", "virtio,mmio");
	fdt_prop_cells(&w, "reg", (uint32_t[]){ 0x1000000, 0x200 }, 2);
	fdt_end(&w);
	fdt_end(&w);
	fdt_begin(&w, "odd");	/* 4 times its cells is no number of 32 bits */
	fdt_prop_u32(&w, "#address-cells", 0x3fffffff);
	fdt_prop_u32(&w, "#size-cells", 1);
	fdt_prop_empty(&w, "ranges");
	fdt_begin(&w, "memory@0");
	fdt_prop_string(&w, "device_type", "memory");
	fdt_prop_cells(&w, "reg", (uint32_t[]){ 0, 0x1000 }, 2);
	fdt_end(&w);
	fdt_end(&w);
	fdt_end(&w);
	assert_int_equal(fdt_finish(&w, &len), 0);
	write_file(f->iomem, iomem, sizeof(iomem) - 1);
	write_file(f->dtb, buf, len);
	*state = f;
	return 0;
}

static int drop_board(void **state)
{
	struct files *f = *state;

	unlink(f->iomem);
	unlink(f->dtb);
	free(f);
	return 0;
}

static void on_board(void **state, const char *system, const char *cell, const char *part)
{
	struct files *files = *state;
	struct ctl_error e = { "" };
	struct cell_board *b;
	struct cell_file *s = load("s", system), *c = cell ? load("c", cell) : NULL;

	expect(cell_board_read(files->iomem, files->dtb, &b, &e), &e, NULL);
	expect(cell_check_board(s, &c, c ? 1 : 0, b, &e), &e, part);
	cell_file_free(s);
	cell_file_free(c);
	free(b);
}

static void board_is_read(void **state)
{
	struct files *files = *state;
	struct ctl_error e = { "" };
	struct cell_board *b;

	expect(cell_board_read(files->iomem, files->dtb, &b, &e), &e, NULL);
	assert_int_equal(b->cpus, 4);
	assert_int_equal(b->iomem.count, 3);
	assert_int_equal(b->gic_version, 3);
	assert_int_equal(b->gicr, 0x80a0000);
	assert_int_equal(b->console, 0x9000000);
	assert_int_equal(b->dram.range[0].size, 0x80000000);
	free(b);
}

static void linux_keeps_what_it_uses(void **state)
{
	on_board(state, SYSTEM, NULL, NULL);
	on_board(state, "system = 'r'\n" CPUS HV("0x50000000", "'8M'") GIC RAM UART, NULL, "Linux uses 0x40000000 to 0x5fffffff");
	on_board(state, "system = 'r'\n" CPUS HV("0x1c0000000", "'8M'") GIC RAM UART, NULL, "outside the board's RAM");
	on_board(state, "system = 'r'\n" CPUS HV("0x60000000", "'8M'") GIC RAM, NULL, "Linux uses pl011@9000000 at 0x9000000");
	on_board(state, "system = 'r'\n" CPUS HV("0x60000000", "'8M'") GIC UART MEM("x", "0x40000000", "'256M'", "'read'"), NULL,
		 "Linux uses System RAM at 0x40000000");
	on_board(state, SYSTEM, CELL("a", "1", MEM("x", "0x50000000", "0x1000", "'read'")), "c:3: memory 'x' at 0x50000000: Linux "
		 "uses");
}

static void board_has_what_the_files_say(void **state)
{
	on_board(state, "system = 'r'\ncpus = [0]\n" HV("0x60000000", "'8M'") GIC RAM UART, NULL, "CPU 1: it is missing in cpus");
	on_board(state, "system = 'r'\ncpus = ['0-7']\n" HV("0x60000000", "'8M'") GIC RAM UART, NULL, "CPU 4: there is none");
	on_board(state, "system = 'r'\n" CPUS HV("0x60000000", "'8M'")
		 "[platform]\ngic = { version = 2, gicd = 0, gicc = 0, gich = 0, gicv = 0 }\n" RAM UART, NULL, "the board has a "
			 "GICv3");
	on_board(state, "system = 'r'\n" CPUS HV("0x60000000", "'8M'") "[platform]\ngic = { version = 3, gicd = 0x8000000, gicr = "
		 "0x9000000 }\n"
		 RAM UART, NULL, "gicr 0x9000000: the board's is at 0x80a0000");
	on_board(state, SYSTEM MEM("far", "0x1c0000000", "0x1000", "'read'"), NULL, "outside the board's RAM");
	on_board(state, SYSTEM MEM("odd", "0xb0000000", "0x1000", "'io'"), NULL, "it is RAM, and its flags say io");
}

static void masters_of_the_bus_want_trust(void **state)
{
	on_board(state, SYSTEM, CELL("a", "1", MEM("disk", "0xa000000", "0x1000", "'io'")), "virtio@1000000 masters the bus");
	on_board(state, SYSTEM, CELL("a", "1", MEM("disk", "0xa000000", "0x1000", "'io'") "dma_trusted = true\n"), NULL);
	on_board(state, SYSTEM, CELL("a", "1", MEM("uart", "0x9000000", "0x1000", "'io'")), NULL);
}

static void first_configuration_passes_the_check(void **state)
{
	struct files *files = *state;
	struct ctl_error e = { "" };
	struct cell_board *b;
	char *text;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	expect(cell_board_read(files->iomem, files->dtb, &b, &e), &e, NULL);
	expect(cell_config_create(b, "root", f, &e), &e, NULL);
	fclose(f);
	alone(text, NULL);
	on_board(state, text, CELL("a", "1", MEM("x", "0x60000000", "'1M'", "'read'")), NULL);
	free(text);
	free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(regions_are_aligned_apart_and_inside),
		cmocka_unit_test(system_keeps_hypervisor_and_interrupt_controller_to_itself),
		cmocka_unit_test(one_owner_each),
		cmocka_unit_test(cells_get_what_is_the_roots),
		cmocka_unit_test(ivshmem_devices_have_memory_interrupt_and_a_bus),
		cmocka_unit_test(an_ivshmem_device_can_do_without_a_shared_part),
		cmocka_unit_test(board_is_read),
		cmocka_unit_test(linux_keeps_what_it_uses),
		cmocka_unit_test(board_has_what_the_files_say),
		cmocka_unit_test(masters_of_the_bus_want_trust),
		cmocka_unit_test(first_configuration_passes_the_check),
	};

	return cmocka_run_group_tests(tests, make_board, drop_board);
}
