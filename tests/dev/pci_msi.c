/* SPDX-License-Identifier: BSD-2-Clause */
/* dev/pci: MSI and MSI-X by their registers: masks, pending bits, enables, and who may master the bus. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "tests/dev/pci_rig.h"

#define TABLE		MEM32
#define PBA		(MEM32 + 0x800)
#define ADDR		0x08090040u

static int set_up(void **state)
{
	struct pci_rig *r = calloc(1, sizeof(*r));

	pci_rig_open(r, 2);
	assert_int_equal(pci_assign(r->host), 0);
	cfg_write(r, TOY, PCI_COMMAND, 2, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	*state = r;
	return 0;
}

static int tear_down(void **state)
{
	pci_rig_close(*state);
	free(*state);
	return 0;
}

static void msix_control(struct pci_rig *r, unsigned val)
{
	cfg_write(r, TOY, cfg_cap(r, TOY, PCI_CAP_MSIX) + 2, 2, val);
}

static void entry(struct pci_rig *r, unsigned i, uint32_t data, bool masked)
{
	board_write(r->b, 0, TABLE + 16 * i, 4, ADDR);
	board_write(r->b, 0, TABLE + 16 * i + 4, 4, 1);
	board_write(r->b, 0, TABLE + 16 * i + 8, 4, data);
	board_write(r->b, 0, TABLE + 16 * i + 12, 4, masked);
}

static uint64_t pba(struct pci_rig *r)
{
	return board_read(r->b, 0, PBA, 8);
}

static void a_vector_sends_its_entry(void **state)
{
	struct pci_rig *r = *state;

	entry(r, 2, 0x55, false);
	pci_signal(&r->toy->pci, 2);
	assert_int_equal(r->messages, 0);		/* not enabled */
	msix_control(r, 0x8000);
	assert_int_equal(r->messages, 0);
	pci_signal(&r->toy->pci, 2);
	assert_int_equal(r->messages, 1);
	assert_int_equal(r->last.addr, 0x100000000ull + ADDR);
	assert_int_equal(r->last.data, 0x55);
	assert_int_equal(r->last.devid, TOY);
	pci_signal(&r->toy->pci, TOY_VECTORS);
	pci_signal(&r->toy->pci, PCI_NO_VECTOR);
	assert_int_equal(r->messages, 1);
}

static void a_masked_vector_is_pending_until_it_is_unmasked(void **state)
{
	struct pci_rig *r = *state;

	msix_control(r, 0x8000);
	entry(r, 1, 0x41, true);
	pci_signal(&r->toy->pci, 1);
	pci_signal(&r->toy->pci, 1);
	assert_int_equal(r->messages, 0);
	assert_int_equal(pba(r), 2);
	assert_int_equal(board_read(r->b, 0, PBA, 4), 2);
	board_write(r->b, 0, PBA, 8, ~0ull);		/* read-only */
	assert_int_equal(pba(r), 2);
	board_write(r->b, 0, TABLE + 16 + 8, 4, 0x42);	/* changed while masked */
	board_write(r->b, 0, TABLE + 16 + 12, 4, 0);
	assert_int_equal(r->messages, 1);
	assert_int_equal(r->last.data, 0x42);
	assert_int_equal(pba(r), 0);
}

static void the_function_mask_holds_all_back(void **state)
{
	struct pci_rig *r = *state;

	entry(r, 0, 0x40, false);
	entry(r, 4, 0x44, false);
	msix_control(r, 0xc000);
	pci_signal(&r->toy->pci, 0);
	pci_signal(&r->toy->pci, 4);
	pci_signal(&r->toy->pci, 3);			/* masked by itself */
	assert_int_equal(r->messages, 0);
	assert_int_equal(pba(r), 0x19);
	msix_control(r, 0x8000);
	assert_int_equal(r->messages, 2);
	assert_int_equal(pba(r), 8);
}

static void without_bus_mastering_nothing_is_sent(void **state)
{
	struct pci_rig *r = *state;

	entry(r, 0, 0x40, false);
	msix_control(r, 0x8000);
	cfg_write(r, TOY, PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
	pci_signal(&r->toy->pci, 0);
	assert_int_equal(r->messages, 0);
	assert_int_equal(pba(r), 1);
	cfg_write(r, TOY, PCI_COMMAND, 2, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	assert_int_equal(r->messages, 1);
}

static void table_entries_have_fixed_bits(void **state)
{
	struct pci_rig *r = *state;

	assert_int_equal(board_read(r->b, 0, TABLE + 12, 4), 1);
	board_write(r->b, 0, TABLE, 8, ~0ull);
	board_write(r->b, 0, TABLE + 8, 8, ~0ull);
	assert_int_equal(board_read(r->b, 0, TABLE, 8), ~3ull);
	assert_int_equal(board_read(r->b, 0, TABLE + 8, 8), 0x1ffffffffull);
	board_write(r->b, 0, TABLE + 14, 1, 0xff);	/* narrower than the table takes */
	board_write(r->b, 0, TABLE + 8, 2, 0);
	assert_int_equal(board_read(r->b, 0, TABLE + 8, 8), 0x1ffffffffull);
	board_write(r->b, 0, TABLE + 16 * TOY_VECTORS, 4, 0);
	assert_int_equal(board_read(r->b, 0, TABLE + 16 * TOY_VECTORS, 4), 0xffffffff);
	assert_int_equal(board_read(r->b, 0, PBA + 8, 4), 0xffffffff);
	device_reset_all(&r->b->vm, RESET_WARM);
	assert_int_equal(pci_assign(r->host), 0);
	assert_int_equal(board_read(r->b, 0, TABLE, 8), 0);
	assert_int_equal(board_read(r->b, 0, TABLE + 8, 8), 0x100000000ull);
}

static void messages_take_the_place_of_the_line(void **state)
{
	struct pci_rig *r = *state;

	pci_intx_set(&r->toy->pci, true);
	assert_true(r->line[1]);
	assert_false(pci_messages(&r->toy->pci));
	msix_control(r, 0x8000);
	assert_false(r->line[1]);
	assert_true(pci_messages(&r->toy->pci));
	msix_control(r, 0);
	assert_true(r->line[1]);
}

static void msi_sends_with_the_vector_in_the_low_bits(void **state)
{
	struct pci_rig *r = *state;
	unsigned at = cfg_cap(r, TOY, PCI_CAP_MSI);

	cfg_write(r, TOY, at + 4, 4, 0xfee00003);
	cfg_write(r, TOY, at + 8, 4, 0);
	cfg_write(r, TOY, at + 12, 2, 0x43);
	cfg_write(r, TOY, at + 2, 2, 0x21);		/* four vectors */
	pci_signal(&r->toy->pci, 2);
	assert_int_equal(r->messages, 1);
	assert_int_equal(r->last.addr, 0xfee00000);
	assert_int_equal(r->last.data, 0x42);
	cfg_write(r, TOY, at + 2, 2, 0x01);		/* one: they share it */
	pci_signal(&r->toy->pci, 2);
	assert_int_equal(r->last.data, 0x43);
	cfg_write(r, TOY, at + 2, 2, 0x71);		/* more than there are */
	pci_signal(&r->toy->pci, 7);
	assert_int_equal(r->last.data, 0x43);
	assert_int_equal(r->messages, 3);
}

static void msi_has_masks_and_pending_bits(void **state)
{
	struct pci_rig *r = *state;
	unsigned at = cfg_cap(r, TOY, PCI_CAP_MSI);

	cfg_write(r, TOY, at + 12, 2, 0x40);
	cfg_write(r, TOY, at + 16, 4, ~0u);
	assert_int_equal(cfg_read(r, TOY, at + 16, 4), 0xf);
	cfg_write(r, TOY, at + 2, 2, 0x21);
	pci_signal(&r->toy->pci, 1);
	pci_signal(&r->toy->pci, 3);
	assert_int_equal(r->messages, 0);
	assert_int_equal(cfg_read(r, TOY, at + 20, 4), 0xa);
	cfg_write(r, TOY, at + 16, 4, 2);
	assert_int_equal(r->messages, 1);
	assert_int_equal(r->last.data, 0x43);
	assert_int_equal(cfg_read(r, TOY, at + 20, 4), 2);
}

static void a_reset_drops_what_is_pending(void **state)
{
	struct pci_rig *r = *state;

	msix_control(r, 0x8000);
	entry(r, 0, 0x40, true);
	pci_signal(&r->toy->pci, 0);
	assert_int_equal(pba(r), 1);
	device_reset_all(&r->b->vm, RESET_WARM);
	assert_int_equal(pci_assign(r->host), 0);
	assert_int_equal(pba(r), 0);
}

#define T(name)	cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_vector_sends_its_entry),
		T(a_masked_vector_is_pending_until_it_is_unmasked),
		T(the_function_mask_holds_all_back),
		T(without_bus_mastering_nothing_is_sent),
		T(table_entries_have_fixed_bits),
		T(messages_take_the_place_of_the_line),
		T(msi_sends_with_the_vector_in_the_low_bits),
		T(msi_has_masks_and_pending_bits),
		T(a_reset_drops_what_is_pending),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
