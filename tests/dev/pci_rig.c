/* SPDX-License-Identifier: BSD-2-Clause */
/* See pci_rig.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "tests/dev/pci_rig.h"

static enum bus_result toy_access(struct region *r, struct bus_access *a)
{
	struct pci_bar *bar = container_of(r, struct pci_bar, region);
	struct toy *t;
	unsigned n = 0;

	while (strcmp(r->name, (const char *const[]){ "bar0", "bar1", "bar2" }[n]))
		n++;
	t = container_of(bar - n, struct toy, pci.bar[0]);
	t->accesses[n]++;
	t->last_offset = a->offset;
	if (a->write)
		t->last_value = a->value;
	else
		a->value = 0x1111111111111111ull * n;
	if (n == 1 && !pci_msix_access(&t->pci, a) && !a->write)
		a->value = ~0ull;
	return BUS_OK;
}

static const struct region_ops toy_ops = {
	.access = toy_access, .min_size = 1, .max_size = 8, .misfit = MISFIT_SPLIT, .flags = BUS_UNLOCKED,
};

static void toy_moved(struct pci_func *f, unsigned bar, bool on)
{
	struct toy *t = container_of(f, struct toy, pci);

	assert_int_equal(f->bar[bar].region.bus != NULL, true);
	t->moves++;
}

static void toy_master(struct pci_func *f, bool on)
{
	container_of(f, struct toy, pci)->masters++;
}

static const struct pci_func_ops toy_func_ops = { .moved = toy_moved, .bus_master = toy_master };

static int toy_init(struct device *d, struct arena *a)
{
	static const struct pci_id id = {
		.vendor = 0x1234, .device = 0x5678, .sub_vendor = 0x9abc, .sub_device = 0xdef0, .class_code = 0xff0102,
		.revision = 3, .intx = true,
	};
	struct toy *t = container_of(d, struct toy, dev);
	struct pci_func *f = &t->pci;

	pci_func_init(f, d, &id, &toy_func_ops);
	assert_int_equal(pci_bar_add(f, 0, PCI_BAR_IO, 32, &toy_ops, NULL, "bar0"), 0);
	assert_int_equal(pci_bar_add(f, 1, PCI_BAR_MEM32, 0x1000, &toy_ops, NULL, "bar1"), 0);
	assert_int_equal(pci_bar_add(f, 2, PCI_BAR_MEM64, 0x4000, &toy_ops, NULL, "bar2"), 0);
	assert_int_equal(pci_bar_add(f, 3, PCI_BAR_MEM32, 0x1000, &toy_ops, NULL, "bar3") < 0, true);
	assert_int_equal(pci_bar_add(f, 5, PCI_BAR_MEM64, 0x1000, &toy_ops, NULL, "bar5") < 0, true);
	assert_int_equal(pci_bar_add(f, 5, PCI_BAR_MEM32, 0x1001, &toy_ops, NULL, "bar5") < 0, true);
	assert_int_equal(pci_msix_add(f, 1, 0, 0x800, TOY_VECTORS, t->table, t->msix), 0);
	return pci_msi_add(f, 4, true, t->msi);
}

static void toy_reset(struct device *d, enum reset_kind why)
{
	pci_func_reset(&container_of(d, struct toy, dev)->pci);
}

static void toy_destroy(struct device *d)
{
	pci_func_fini(&container_of(d, struct toy, dev)->pci);
}

const struct dev_class toy_class = {
	.name = "toy", .size = sizeof(struct toy), .init = toy_init, .reset = toy_reset, .destroy = toy_destroy,
};

static void chip_set(struct irqchip *c, uint32_t pin, bool level)
{
	struct pci_rig *r = container_of(c, struct pci_rig, chip);

	assert_in_range(pin, 3, 6);
	assert_int_not_equal(r->line[pin - 3], level);
	r->line[pin - 3] = level;
	r->line_changes++;
}

static int chip_msi(struct irqchip *c, const struct msi *m)
{
	struct pci_rig *r = container_of(c, struct pci_rig, chip);

	r->messages++;
	r->last = *m;
	return 1;
}

static const struct irqchip_ops chip_ops = { .set = chip_set, .msi = chip_msi };

void pci_rig_open(struct pci_rig *r, uint32_t vcpus)
{
	const struct pci_windows win = {
		.ecam = ECAM, .ecam_size = 2 * MIB, .mem32 = MEM32, .mem32_size = MEM32_SIZE, .mem64 = MEM64,
		.mem64_size = 1 * GIB, .io_space = BUS_MMIO, .io = IO_WINDOW, .io_size = 0x10000, .io_first = 0x1000,
		.ports = true, .vendor = 0x1b36, .device = 0x0008,
	};

	*r = (struct pci_rig){ .b = board_new(vcpus), .chip.ops = &chip_ops };
	r->b->vm.irqchip = &r->chip;
	r->host = board_device(r->b, &pci_host_class);
	pci_host_setup(r->host, &win, &(struct pci_lines){ .chip = &r->chip, .first = 3, .count = 4, .int_line = 16 });
	assert_int_equal(device_init(r->host), 0);
	assert_int_equal(pci_host_map(r->host), 0);
	r->toy = container_of(board_device(r->b, &toy_class), struct toy, dev);
	assert_int_equal(device_init(&r->toy->dev), 0);
	assert_int_equal(pci_plug(r->host, &r->toy->pci, -1), 0);
	device_reset_all(&r->b->vm, RESET_COLD);
}

void pci_rig_close(struct pci_rig *r)
{
	device_destroy_all(&r->b->vm);
	board_free(r->b);
}

uint32_t cfg_read(struct pci_rig *r, unsigned devfn, unsigned reg, unsigned size)
{
	return (uint32_t)board_read(r->b, 0, ECAM + devfn * 0x1000ull + reg, size);
}

void cfg_write(struct pci_rig *r, unsigned devfn, unsigned reg, unsigned size, uint32_t val)
{
	board_write(r->b, 0, ECAM + devfn * 0x1000ull + reg, size, val);
}

unsigned cfg_cap(struct pci_rig *r, unsigned devfn, uint8_t id)
{
	unsigned at = cfg_read(r, devfn, PCI_CAP_PTR, 1), left = 48;

	for (; at && left; left--, at = cfg_read(r, devfn, at + 1, 1))
		if (cfg_read(r, devfn, at, 1) == id)
			return at;
	assert_int_not_equal(left, 0);
	return 0;
}
