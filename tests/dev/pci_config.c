/* SPDX-License-Identifier: BSD-2-Clause */
/* dev/pci: configuration space, BARs, the command register, INTx, and the bridge's two ways in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/errno.h"
#include "tests/dev/pci_rig.h"

#define ONES	0xffffffffu

static int set_up(void **state)
{
	struct pci_rig *r = calloc(1, sizeof(*r));

	pci_rig_open(r, 2);
	*state = r;
	return 0;
}

static int tear_down(void **state)
{
	pci_rig_close(*state);
	free(*state);
	return 0;
}

static void a_function_tells_who_it_is(void **state)
{
	struct pci_rig *r = *state;

	assert_int_equal(cfg_read(r, 0, PCI_VENDOR, 4), 0x00081b36);
	assert_int_equal(cfg_read(r, 0, PCI_REVISION, 4), 0x06000000);
	assert_int_equal(cfg_read(r, TOY, PCI_VENDOR, 4), 0x56781234);
	assert_int_equal(cfg_read(r, TOY, PCI_DEVICE, 2), 0x5678);
	assert_int_equal(cfg_read(r, TOY, PCI_REVISION, 4), 0xff010203);
	assert_int_equal(cfg_read(r, TOY, PCI_SUB_VENDOR, 4), 0xdef09abc);
	assert_int_equal(cfg_read(r, TOY, PCI_INT_PIN, 1), 1);
	assert_int_equal(cfg_read(r, TOY, PCI_HEADER, 1), 0);
}

/* What lspci would print below the first line. */
static void the_capability_list_is_a_list(void **state)
{
	struct pci_rig *r = *state;
	char text[200] = "";
	unsigned at = cfg_read(r, TOY, PCI_CAP_PTR, 1);

	assert_true(cfg_read(r, TOY, PCI_STATUS, 2) & PCI_STATUS_CAPS);
	for (; at; at = cfg_read(r, TOY, at + 1, 1)) {
		char line[80];
		unsigned control = cfg_read(r, TOY, at + 2, 2);

		assert_int_equal(at & 3, 0);
		if (cfg_read(r, TOY, at, 1) == PCI_CAP_MSIX)
			snprintf(line, sizeof(line), "[%x] MSI-X: Enable%c Count=%u Masked%c table %u:%x pba %u:%x\n", at,
				 control & 0x8000 ? '+' : '-', (control & 0x7ff) + 1, control & 0x4000 ? '+' : '-',
				 cfg_read(r, TOY, at + 4, 4) & 7, cfg_read(r, TOY, at + 4, 4) & ~7u,
				 cfg_read(r, TOY, at + 8, 4) & 7, cfg_read(r, TOY, at + 8, 4) & ~7u);
		else
			snprintf(line, sizeof(line), "[%x] MSI: Enable%c Count=%u/%u Maskable%c 64bit%c\n", at,
				 control & 1 ? '+' : '-', 1u << (control >> 4 & 7), 1u << (control >> 1 & 7),
				 control & 0x100 ? '+' : '-', control & 0x80 ? '+' : '-');
		strcat(text, line);
	}
	assert_string_equal(text, "[40] MSI-X: Enable- Count=5 Masked- table 1:0 pba 1:800\n"
				  "[4c] MSI: Enable- Count=1/4 Maskable+ 64bit+\n");
	assert_int_equal(cfg_read(r, 0, PCI_STATUS, 2) & PCI_STATUS_CAPS, 0);
}

static void what_is_not_there_reads_as_ones(void **state)
{
	struct pci_rig *r = *state;

	assert_int_equal(cfg_read(r, 9, 0, 4), ONES);
	assert_int_equal(cfg_read(r, 16, 0, 2), 0xffff);
	cfg_write(r, 16, PCI_COMMAND, 2, 7);
	assert_int_equal(board_read(r->b, 0, ECAM + 0x100000 + TOY * 0x1000, 4), ONES);	/* bus 1 */
	assert_int_equal(cfg_read(r, TOY, 0x100, 4), 0);		/* no extended capabilities */
	cfg_write(r, TOY, 0xffc, 4, 1);
	assert_int_equal(cfg_read(r, TOY, 0xffc, 4), 0);
}

static void only_writable_bits_change(void **state)
{
	struct pci_rig *r = *state;
	static const struct { unsigned reg; uint32_t want; } after[] = {
		{ 0x00, 0x56781234 }, { 0x04, 0x00100547 }, { 0x08, 0xff010203 }, { 0x0c, 0x000000ff },
		{ 0x10, 0xffffffe1 }, { 0x14, 0xfffff000 }, { 0x18, 0xffffc004 }, { 0x1c, 0xffffffff }, { 0x20, 0 },
		{ 0x2c, 0xdef09abc }, { 0x30, 0 }, { 0x34, 0x40 }, { 0x3c, 0x1ff },
	};

	for (unsigned reg = 0; reg < 256; reg += 4)
		cfg_write(r, TOY, reg, 4, ONES);
	for (unsigned i = 0; i < ARRAY_SIZE(after); i++)
		assert_int_equal(cfg_read(r, TOY, after[i].reg, 4), after[i].want);
	for (unsigned i = 0; i < PCI_BARS; i++)
		assert_false(r->toy->pci.bar[i].mapped);
	device_reset_all(&r->b->vm, RESET_WARM);
	assert_int_equal(cfg_read(r, TOY, PCI_COMMAND, 2), 0);
	assert_int_equal(cfg_read(r, TOY, PCI_BAR0, 4), 1);
}

static void bars_tell_their_size(void **state)
{
	struct pci_rig *r = *state;

	cfg_write(r, TOY, PCI_BAR0, 4, ONES);
	cfg_write(r, TOY, PCI_BAR0 + 4, 4, ONES);
	cfg_write(r, TOY, PCI_BAR0 + 8, 4, ONES);
	cfg_write(r, TOY, PCI_BAR0 + 12, 4, ONES);
	cfg_write(r, TOY, PCI_BAR0 + 16, 4, ONES);
	assert_int_equal(~(cfg_read(r, TOY, PCI_BAR0, 4) & ~3u) + 1, 32);
	assert_int_equal(~(cfg_read(r, TOY, PCI_BAR0 + 4, 4) & ~15u) + 1, 0x1000);
	assert_int_equal(~(cfg_read(r, TOY, PCI_BAR0 + 8, 4) & ~15u) + 1, 0x4000);
	assert_int_equal(cfg_read(r, TOY, PCI_BAR0 + 8, 4) & 15, 4);
	assert_int_equal(cfg_read(r, TOY, PCI_BAR0 + 12, 4), ONES);
	assert_int_equal(cfg_read(r, TOY, PCI_BAR0 + 16, 4), 0);
}

static bool answers(struct pci_rig *r, uint64_t addr, unsigned bar)
{
	unsigned before = r->toy->accesses[bar];
	uint64_t v = 0;

	return board_try(r->b, BUS_MMIO, 0, addr, 4, false, &v) == BUS_OK && r->toy->accesses[bar] == before + 1;
}

static void a_bar_is_decoded_where_the_guest_puts_it(void **state)
{
	struct pci_rig *r = *state;

	cfg_write(r, TOY, PCI_BAR0 + 4, 4, MEM32 + 0x3000);
	assert_false(answers(r, MEM32 + 0x3000, 1));
	cfg_write(r, TOY, PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
	assert_true(answers(r, MEM32 + 0x3ffc, 1));
	assert_false(answers(r, MEM32 + 0x4000, 1));
	cfg_write(r, TOY, PCI_BAR0 + 4, 4, MEM32 + 0x10000);	/* while it is decoded */
	assert_false(answers(r, MEM32 + 0x3000, 1));
	assert_true(answers(r, MEM32 + 0x10004, 1));
	assert_int_equal(r->toy->last_offset, 4);
	cfg_write(r, TOY, PCI_BAR0 + 8, 4, (uint32_t)MEM64 + 0x8000);
	assert_false(answers(r, MEM64 + 0x8000, 2));
	cfg_write(r, TOY, PCI_BAR0 + 12, 4, MEM64 >> 32);
	assert_true(answers(r, MEM64 + 0x8000, 2));
	assert_int_equal(r->toy->moves, 4);			/* on, off, on; the other one on */
	cfg_write(r, TOY, PCI_BAR0, 4, 0x2000);
	assert_false(answers(r, IO_WINDOW + 0x2000, 0));
	cfg_write(r, TOY, PCI_COMMAND, 2, PCI_COMMAND_MEMORY | PCI_COMMAND_IO);
	assert_true(answers(r, IO_WINDOW + 0x201c, 0));
	cfg_write(r, TOY, PCI_COMMAND, 2, 0);
	assert_false(answers(r, IO_WINDOW + 0x201c, 0));
	assert_false(answers(r, MEM32 + 0x10004, 1));
	assert_false(answers(r, MEM64 + 0x8000, 2));
}

static void a_bar_outside_the_windows_is_not_decoded(void **state)
{
	struct pci_rig *r = *state;
	static const uint64_t bad[] = {
		0, 0x08000000, MEM32 - 0x1000, MEM32 + MEM32_SIZE, 0x3f000000, 0x40000000, 0xfffff000,
	};

	cfg_write(r, TOY, PCI_COMMAND, 2, PCI_COMMAND_MEMORY | PCI_COMMAND_IO);
	for (unsigned i = 0; i < ARRAY_SIZE(bad); i++) {
		cfg_write(r, TOY, PCI_BAR0 + 4, 4, (uint32_t)bad[i]);
		assert_false(r->toy->pci.bar[1].mapped);
	}
	cfg_write(r, TOY, PCI_BAR0, 4, 0x10000);		/* beyond the last port */
	assert_false(r->toy->pci.bar[0].mapped);
	cfg_write(r, TOY, PCI_BAR0, 4, 0);
	assert_false(r->toy->pci.bar[0].mapped);
	cfg_write(r, TOY, PCI_BAR0 + 8, 4, 0xffffc000);
	cfg_write(r, TOY, PCI_BAR0 + 12, 4, ONES);
	assert_false(r->toy->pci.bar[2].mapped);
}

static void bars_over_each_other_are_resolved(void **state)
{
	struct pci_rig *r = *state;

	cfg_write(r, TOY, PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
	cfg_write(r, TOY, PCI_BAR0 + 4, 4, MEM32 + 0x1000);
	cfg_write(r, TOY, PCI_BAR0 + 8, 4, MEM32);
	assert_true(answers(r, MEM32, 2));
	assert_true(answers(r, MEM32 + 0x1000, 1));
	assert_true(answers(r, MEM32 + 0x2000, 2));
	assert_int_equal(r->toy->last_offset, 0x2000);
}

static void ports_0xcf8_and_0xcfc_reach_the_same_registers(void **state)
{
	struct pci_rig *r = *state;
	uint64_t v = 0x80000800;

	assert_int_equal(board_try(r->b, BUS_PIO, 0, 0xcf8, 4, true, &v), BUS_OK);
	assert_int_equal(board_try(r->b, BUS_PIO, 0, 0xcf8, 4, false, &v), BUS_OK);
	assert_int_equal(v, 0x80000800);
	assert_int_equal(board_try(r->b, BUS_PIO, 0, 0xcfc, 4, false, &v), BUS_OK);
	assert_int_equal(v, 0x56781234);
	assert_int_equal(board_try(r->b, BUS_PIO, 0, 0xcfe, 2, false, &v), BUS_OK);
	assert_int_equal(v, 0x5678);
	v = 0xff;						/* a byte is not the address register's */
	assert_int_equal(board_try(r->b, BUS_PIO, 0, 0xcf9, 1, true, &v), BUS_OK);
	v = 0x80ffff0f;
	assert_int_equal(board_try(r->b, BUS_PIO, 0, 0xcf8, 4, true, &v), BUS_OK);
	assert_int_equal(board_try(r->b, BUS_PIO, 0, 0xcf8, 4, false, &v), BUS_OK);
	assert_int_equal(v, 0x80ffff0c);
	assert_int_equal(board_try(r->b, BUS_PIO, 0, 0xcfc, 4, false, &v), BUS_OK);
	assert_int_equal((uint32_t)v, ONES);
	v = 0x00000800;						/* not enabled */
	assert_int_equal(board_try(r->b, BUS_PIO, 0, 0xcf8, 4, true, &v), BUS_OK);
	assert_int_equal(board_try(r->b, BUS_PIO, 0, 0xcfc, 2, false, &v), BUS_OK);
	assert_int_equal(v & 0xffff, 0xffff);
	v = 0x8000083c;
	assert_int_equal(board_try(r->b, BUS_PIO, 0, 0xcf8, 4, true, &v), BUS_OK);
	v = 0x2a;
	assert_int_equal(board_try(r->b, BUS_PIO, 0, 0xcfc, 1, true, &v), BUS_OK);
	assert_int_equal(cfg_read(r, TOY, PCI_INT_LINE, 2), 0x12a);
}

static void lines_are_shared_and_can_be_turned_off(void **state)
{
	struct pci_rig *r = *state;
	struct toy *far = container_of(board_device(r->b, &toy_class), struct toy, dev);

	assert_int_equal(device_init(&far->dev), 0);
	assert_int_equal(pci_plug(r->host, &far->pci, 5 * 8), 0);	/* slots 1 and 5 share a line of four */
	assert_int_equal(pci_plug(r->host, &far->pci, 6 * 8), -EEXIST);
	pci_intx_set(&r->toy->pci, true);
	assert_true(r->line[1]);
	assert_true(cfg_read(r, TOY, PCI_STATUS, 1) & PCI_STATUS_INTX);
	pci_intx_set(&far->pci, true);
	pci_intx_set(&r->toy->pci, false);
	assert_true(r->line[1]);
	cfg_write(r, 5 * 8, PCI_COMMAND, 2, PCI_COMMAND_INTX_OFF);
	assert_false(r->line[1]);
	assert_true(cfg_read(r, 5 * 8, PCI_STATUS, 1) & PCI_STATUS_INTX);
	cfg_write(r, 5 * 8, PCI_COMMAND, 2, 0);
	assert_true(r->line[1]);
	pci_intx_set(&far->pci, false);
	assert_false(r->line[1]);
	assert_int_equal(r->line_changes, 4);
}

static void a_reset_lets_go_of_the_line_and_the_addresses(void **state)
{
	struct pci_rig *r = *state;

	assert_int_equal(pci_assign(r->host), 0);
	pci_intx_set(&r->toy->pci, true);
	device_reset_all(&r->b->vm, RESET_WARM);
	assert_false(r->line[1]);
	assert_false(r->toy->pci.bar[1].mapped);
	assert_int_equal(cfg_read(r, TOY, PCI_STATUS, 1) & PCI_STATUS_INTX, 0);
}

static void assigning_does_what_firmware_does(void **state)
{
	struct pci_rig *r = *state;

	assert_int_equal(pci_assign(r->host), 0);
	assert_int_equal(cfg_read(r, TOY, PCI_BAR0, 4), 0x1001);
	assert_int_equal(cfg_read(r, TOY, PCI_BAR0 + 4, 4), MEM32);
	assert_int_equal(cfg_read(r, TOY, PCI_BAR0 + 8, 4), MEM32 + 0x4000 + 4);
	assert_int_equal(cfg_read(r, TOY, PCI_COMMAND, 2), PCI_COMMAND_IO | PCI_COMMAND_MEMORY);
	assert_int_equal(cfg_read(r, TOY, PCI_INT_LINE, 1), 17);
	assert_true(answers(r, MEM32 + 0x4000, 2));
	assert_true(answers(r, IO_WINDOW + 0x1000, 0));
}

static void bus_mastering_is_told(void **state)
{
	struct pci_rig *r = *state;

	assert_false(pci_bus_master(&r->toy->pci));
	cfg_write(r, TOY, PCI_COMMAND, 2, PCI_COMMAND_MASTER);
	assert_true(pci_bus_master(&r->toy->pci));
	cfg_write(r, TOY, PCI_COMMAND, 2, PCI_COMMAND_MASTER | PCI_COMMAND_MEMORY);
	cfg_write(r, TOY, PCI_COMMAND, 2, 0);
	assert_false(pci_bus_master(&r->toy->pci));
	assert_int_equal(r->toy->masters, 2);
}

static void odd_widths_read_bytes(void **state)
{
	struct pci_rig *r = *state;

	assert_int_equal(board_read(r->b, 0, ECAM + TOY * 0x1000 + 1, 2), 0x7812);
	assert_int_equal(board_read(r->b, 0, ECAM + TOY * 0x1000 + 3, 4), 0x10000056);
	assert_int_equal(board_read(r->b, 0, ECAM + TOY * 0x1000, 8), 0x0010000056781234);
	board_write(r->b, 0, ECAM + TOY * 0x1000 + PCI_BAR0 + 4, 8, (uint64_t)(uint32_t)(MEM64 + 0x4000) << 32 | (MEM32 + 0x7000));
	board_write(r->b, 0, ECAM + TOY * 0x1000 + PCI_BAR0 + 12, 4, MEM64 >> 32);
	cfg_write(r, TOY, PCI_COMMAND, 1, PCI_COMMAND_MEMORY);
	assert_true(answers(r, MEM32 + 0x7000, 1));
	assert_true(answers(r, MEM64 + 0x4000, 2));
}

static void loaded_state_cannot_change_what_is_fixed(void **state)
{
	struct pci_rig *r = *state;

	memset(r->toy->pci.config, 0xff, PCI_CONFIG_SIZE);
	assert_int_equal(pci_func_state_post(&r->toy->pci), 0);
	assert_int_equal(cfg_read(r, TOY, PCI_VENDOR, 4), 0x56781234);
	assert_int_equal(cfg_read(r, TOY, PCI_CAP_PTR, 1), 0x40);
	assert_int_equal(cfg_read(r, TOY, PCI_BAR0, 4), 0xffffffe1);
}

#define T(name)	cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_function_tells_who_it_is),
		T(the_capability_list_is_a_list),
		T(what_is_not_there_reads_as_ones),
		T(only_writable_bits_change),
		T(bars_tell_their_size),
		T(a_bar_is_decoded_where_the_guest_puts_it),
		T(a_bar_outside_the_windows_is_not_decoded),
		T(bars_over_each_other_are_resolved),
		T(ports_0xcf8_and_0xcfc_reach_the_same_registers),
		T(lines_are_shared_and_can_be_turned_off),
		T(a_reset_lets_go_of_the_line_and_the_addresses),
		T(assigning_does_what_firmware_does),
		T(bus_mastering_is_told),
		T(odd_widths_read_bytes),
		T(loaded_state_cannot_change_what_is_fixed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
