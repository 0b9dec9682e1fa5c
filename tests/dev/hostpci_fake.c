/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "tests/dev/hostpci_fake.h"

static struct fake *of(struct hostpci *h)
{
	return container_of(h, struct fake, host);
}

static uint32_t fake_config_read(struct hostpci *h, uint32_t reg, unsigned size)
{
	assert_true(reg + size <= PCI_CONFIG_SIZE);
	return pci_get(of(h)->config + reg, size);
}

static void fake_config_write(struct hostpci *h, uint32_t reg, unsigned size, uint32_t val)
{
	struct fake *f = of(h);

	assert_true(reg + size <= PCI_CONFIG_SIZE);
	if (reg == PCI_COMMAND) {
		f->command = val;
		return;
	}
	f->config_writes++;
	f->last_write_reg = reg;
	pci_put(f->config + reg, size, val);
}

static uint64_t fake_bar_read(struct hostpci *h, unsigned bar, uint64_t offset, unsigned size)
{
	uint64_t v = 0;

	assert_true(offset + size <= h->bar[bar].size);
	of(h)->bar_accesses++;
	memcpy(&v, of(h)->bar[bar] + offset, size);
	return v;
}

static void fake_bar_write(struct hostpci *h, unsigned bar, uint64_t offset, unsigned size, uint64_t val)
{
	assert_true(offset + size <= h->bar[bar].size);
	of(h)->bar_accesses++;
	memcpy(of(h)->bar[bar] + offset, &val, size);
}

static int fake_map(struct hostpci *h, unsigned bar, uint64_t offset, uint64_t size, struct mem_backing *out)
{
	assert_true(!((offset | size) & 0xfff) && size && offset + size <= h->bar[bar].size);
	*out = (struct mem_backing){ .host = of(h)->bar[bar] + offset, .fd = -1 };
	return 0;
}

static int fake_interrupts(struct hostpci *h, enum hostpci_irq kind, struct notifier *const *list, unsigned n)
{
	struct fake *f = of(h);

	assert_true(n <= ARRAY_SIZE(f->irq));
	f->kind = kind;
	f->irqs = n;
	f->settings++;
	for (unsigned i = 0; i < n; i++)
		f->irq[i] = list[i];
	return (int)n;
}

static void fake_unmask(struct hostpci *h)
{
	of(h)->unmasks++;
}

static int fake_listen(struct hostpci *h, struct notifier *to)
{
	of(h)->eoi = to;
	return 99;
}

static int fake_reset(struct hostpci *h)
{
	of(h)->resets++;
	return 0;
}

static const struct hostpci_ops fake_ops = {
	.config_read = fake_config_read, .config_write = fake_config_write, .bar_read = fake_bar_read, .bar_write = fake_bar_write,
	.map = fake_map, .interrupts = fake_interrupts, .intx_unmask = fake_unmask, .listen = fake_listen, .reset = fake_reset,
};

static const uint8_t caps[] = {
	[0x00] = 0x01, 0x50, 0x23, 0xc8, 0, 0, 0, 0,				/* 0x40: PM */
	[0x10] = 0x05, 0x70, 0x80, 0x01,					/* 0x50: MSI, 64-bit, masks */
	[0x30] = 0x11, 0x80, VECTORS - 1, 0, 0x02, 0x10, 0, 0, 0x02, 0x20,	/* 0x70: MSI-X */
	[0x40] = 0x09, 0xa0, 0x0c, 0x77, 1, 2, 3, 4, 5, 6, 7, 8,		/* 0x80: vendor */
	[0x60] = 0x10, 0xe0, 0x02, 0x00, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0x11, 0x22,	/* 0xa0: Express, reset */
	[0xa0] = 0x03, 0x00, 0, 0,						/* 0xe0: VPD, which is left out */
};

static void describe(struct fake *f)
{
	pci_put(f->config + PCI_VENDOR, 4, 0x10d38086);
	pci_put(f->config + PCI_COMMAND, 2, 3);
	pci_put(f->config + PCI_STATUS, 2, PCI_STATUS_CAPS);
	pci_put(f->config + PCI_CLASS, 3, 0x020000);
	f->config[PCI_CAP_PTR] = 0x40;
	f->config[PCI_INT_PIN] = 1;
	memcpy(f->config + 0x40, caps, sizeof(caps));
	f->host = (struct hostpci){
		.ops = &fake_ops, .name = "0000:00:06.0", .page = 4096, .vectors = { 1, 1, VECTORS },
		.bar = {
			[0] = { HOSTPCI_MEM32, false, 0x10000, 1, { { 0, 0x10000 } } },
			[1] = { HOSTPCI_IO, false, 32, 0, { { 0, 0 } } },
			[2] = { HOSTPCI_MEM64, true, 0x4000, 1, { { 0, 0x4000 } } },
		},
	};
	for (unsigned i = 0; i < 3; i++)
		f->bar[i] = aligned_alloc(4096, 0x10000);
}

struct fake *fake_new(void)
{
	struct fake *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	pci_rig_open(&f->rig, 2);
	describe(f);
	return f;
}

int fake_plug(struct fake *f)
{
	int err;

	f->dev = board_device(f->rig.b, &pci_passthrough_class);
	err = device_set_ptr(f->dev, "host", &f->host);
	if (!err)
		err = device_init(f->dev);
	if (!err)
		err = pci_plug(f->rig.host, pci_passthrough_func(f->dev), -1);
	if (err)
		return err;
	device_reset_all(&f->rig.b->vm, RESET_COLD);
	return pci_assign(f->rig.host);
}

void fake_free(struct fake *f)
{
	pci_rig_close(&f->rig);
	assert_int_equal(f->irqs, 0);
	assert_int_equal(f->command, 0);
	for (unsigned i = 0; i < 3; i++)
		free(f->bar[i]);
	free(f);
}
