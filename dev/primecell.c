/* SPDX-License-Identifier: BSD-2-Clause */
/* PrimeCell identification (for example ARM DDI 0183G §3.3.14 and on) and device-tree nodes. */
#include "core/fdt.h"
#include "dev/primecell.h"

#define DESIGNER_ARM	0x41u
#define CELL_ID		0xb105f00du
#define MAX_CLOCKS	4

uint32_t primecell_id(uint32_t part, uint32_t rev, uint64_t offset)
{
	uint32_t periph = part | DESIGNER_ARM << 12 | rev << 20;

	if (offset < PRIMECELL_ID || offset >= PRIMECELL_SIZE || (offset & 3))
		return 0;
	return (offset < 0xff0 ? periph : CELL_ID) >> ((offset & 0xc) * 2) & 0xff;
}

void primecell_fdt_begin(const struct device *d, struct fdt_writer *w, const char *name, const char *compatible,
			 uint32_t clock, const char *const *clock_names, uint32_t clocks)
{
	const char *const all[] = { compatible, "arm,primecell" };
	uint32_t irq[3] = { 0, d->irq - 32, 4 };	/* an SPI, level-sensitive, active high */
	uint32_t clk[MAX_CLOCKS];

	for (uint32_t i = 0; i < clocks && i < MAX_CLOCKS; i++)
		clk[i] = clock;
	fdt_begin(w, "%s@%llx", name, (unsigned long long)d->mmio_base);
	fdt_prop_strings(w, "compatible", all, ARRAY_SIZE(all));
	fdt_prop_reg(w, d->mmio_base, d->mmio_size);
	if (d->irq)
		fdt_prop_cells(w, "interrupts", irq, ARRAY_SIZE(irq));
	if (clock) {
		fdt_prop_cells(w, "clocks", clk, MIN(clocks, (uint32_t)MAX_CLOCKS));
		fdt_prop_strings(w, "clock-names", clock_names, clocks);
	}
}
