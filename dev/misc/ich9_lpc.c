/* SPDX-License-Identifier: BSD-2-Clause */
/* ICH9's ISA bridge; ich9_lpc.h says what there is of it. */
#include "base/string.h"
#include "dev/misc/ich9_lpc.h"

enum { PMBASE = 0x40, ACPI_CNTL = 0x44, PIRQA = 0x60, PIRQE = 0x68, GEN_PMCON = 0xa0, RCBA = 0xf0 };
#define PMBASE_IO	1u
#define PIRQ_OFF	0x80u

static int ich9_lpc_init(struct device *d, struct arena *a)
{
	static const struct pci_id id = { .vendor = 0x8086, .device = 0x2918, .class_code = 0x060100, .revision = 2 };
	struct pci_func *f = ich9_lpc_func(d);

	pci_func_init(f, d, &id, NULL);
	f->config[PMBASE] = PMBASE_IO;
	f->writable[PMBASE] = 0x80;
	f->writable[PMBASE + 1] = 0xff;
	f->writable[ACPI_CNTL] = 0x87;
	for (unsigned i = 0; i < 4; i++) {
		f->config[PIRQA + i] = f->config[PIRQE + i] = PIRQ_OFF;
		f->writable[PIRQA + i] = f->writable[PIRQE + i] = 0x8f;
		f->writable[RCBA + i] = i < 1 ? 1 : i < 2 ? 0xc0 : 0xff;
	}
	f->writable[GEN_PMCON] = 0x1f;
	f->config[PCI_HEADER] |= PCI_HEADER_MULTI;
	return 0;
}

static void ich9_lpc_reset(struct device *d, enum reset_kind why)
{
	pci_func_reset(ich9_lpc_func(d));
}

static void ich9_lpc_destroy(struct device *d)
{
	pci_func_fini(ich9_lpc_func(d));
}

static int ich9_lpc_loaded(struct device *d)
{
	return pci_func_state_post(ich9_lpc_func(d));
}

static const struct field ich9_lpc_state[] = {
	{ "config", offsetof(struct ich9_lpc, func.config), 1, 1, PCI_CONFIG_SIZE, 1, 0, 0xff },
	FIELD_END
};

const struct dev_class ich9_lpc_class = {
	.name		= "ich9-lpc",
	.size		= sizeof(struct ich9_lpc),
	.version	= 1,
	.init		= ich9_lpc_init,
	.destroy	= ich9_lpc_destroy,
	.reset		= ich9_lpc_reset,
	.state		= ich9_lpc_state,
	.state_post	= ich9_lpc_loaded,
};
