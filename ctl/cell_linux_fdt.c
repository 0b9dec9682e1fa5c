/* SPDX-License-Identifier: BSD-2-Clause */
/* The device tree of a cell with Linux: what its configuration gives it, and what every arm64 board has. */
#include <sys/random.h>

#include "core/fdt.h"
#include "ctl/cell_linux.h"
#include "dev/irqchip/gicv2.h"
#include "dev/irqchip/gicv3.h"
#include "dev/pci/host.h"
#include "dev/timer/arm_generic.h"
#include "dev/virtio/mmio.h"
#include "machine/arm64_fdt.h"

#define AFFINITY	0xff00ffffffull
#define PCI_IVSHMEM	3
#define PCI_BARS_SIZE	(1u << 20)	/* behind the ECAM */
#define GIC_EDGE_RISING	1
#define NOT_RAM		(MEMORY_IO | MEMORY_COMM_REGION | MEMORY_SERVED)

static void put_chosen(struct fdt_writer *w, const struct boot_place *p, const char *cmdline)
{
	uint8_t seed[64];

	fdt_begin(w, "chosen");
	fdt_prop_string(w, "bootargs", cmdline);
	if (p->initrd_size) {
		fdt_prop_u64(w, "linux,initrd-start", p->initrd);
		fdt_prop_u64(w, "linux,initrd-end", p->initrd + p->initrd_size);
	}
	if (getrandom(seed, sizeof(seed), 0) == sizeof(seed)) {
		fdt_prop(w, "kaslr-seed", seed, 8);
		fdt_prop(w, "rng-seed", seed + 8, sizeof(seed) - 8);
	}
	fdt_end(w);
}

/* What is shared with the root, and not loaded, is no memory of the cell's to work in. */
static bool is_ram(const struct config_memory *m)
{
	return !(m->flags & NOT_RAM) && m->flags & MEMORY_WRITE && (m->flags & MEMORY_LOADABLE || !(m->flags & MEMORY_ROOT_SHARED));
}

static void put_served(struct fdt_writer *w, const struct cell_file *f)
{
	for (unsigned i = 0; i < f->num_memory; i++) {
		const struct config_memory *m = &f->memory[i].m;

		if (!(m->flags & MEMORY_SERVED))
			continue;
		fdt_begin(w, "virtio_mmio@%llx", (unsigned long long)m->virt);
		fdt_prop_string(w, "compatible", "virtio,mmio");
		fdt_prop_reg(w, m->virt, VIRTIO_MMIO_SIZE);
		fdt_prop_interrupt(w, (uint32_t)m->phys);
		fdt_prop_empty(w, "dma-coherent");
		fdt_end(w);
	}
}

static bool has_ivshmem(const struct cell_file *f)
{
	for (unsigned i = 0; i < f->num_pci; i++)
		if (f->pci[i].d.type == PCI_IVSHMEM)
			return true;
	return false;
}

/* The engine's bus of ivshmem devices, whose INTA to INTD are four interrupts of the cell. */
static void put_pci(struct fdt_writer *w, const struct cell_file *f, const struct config_platform *p)
{
	const uint64_t size = (p->pci_end_bus + 1ull) << 20, bars = p->pci_config_base + size;
	const uint32_t mask[] = { 0, 0, 0, 7 };
	const uint32_t high = (uint32_t)(bars >> 32), low = (uint32_t)bars;
	const uint32_t ranges[] = { 0x02000000, high, low, high, low, 0, PCI_BARS_SIZE };
	uint32_t map[4][10] = { 0 };

	for (uint32_t pin = 0; pin < 4; pin++) {
		map[pin][3] = pin + 1;
		map[pin][4] = FDT_PHANDLE_GIC;		/* and its two cells of address, a shared interrupt's 0 */
		map[pin][8] = f->head.root.vpci_irq_base + pin;
		map[pin][9] = GIC_EDGE_RISING;
	}
	pci_host_fdt_begin(w, p->pci_config_base, size, p->pci_domain, ranges, ARRAY_SIZE(ranges));
	fdt_prop_cells(w, "interrupt-map-mask", mask, ARRAY_SIZE(mask));
	fdt_prop_cells(w, "interrupt-map", map[0], sizeof(map) / sizeof(map[0][0]));
	fdt_end(w);
}

static void put_memory(struct fdt_writer *w, const struct cell_file *f)
{
	for (unsigned i = 0; i < f->num_memory; i++) {
		const struct config_memory *m = &f->memory[i].m;

		if (!is_ram(m))
			continue;
		fdt_begin(w, "memory@%llx", (unsigned long long)m->virt);
		fdt_prop_string(w, "device_type", "memory");
		fdt_prop_reg(w, m->virt, m->size);
		fdt_end(w);
	}
}

static void put_cpus(struct fdt_writer *w, const struct cell_file *f, const struct cell_linux_board *b)
{
	fdt_begin(w, "cpus");
	fdt_prop_u32(w, "#address-cells", 2);
	fdt_prop_u32(w, "#size-cells", 0);
	for (unsigned i = 0; i < CELL_MAX_CPUS; i++) {
		uint64_t mpidr = b->mpidr[i] & AFFINITY;

		if (!(f->cpus >> i & 1))
			continue;
		fdt_begin(w, "cpu@%llx", (unsigned long long)mpidr);
		fdt_prop_string(w, "device_type", "cpu");
		fdt_prop_string(w, "compatible", "arm,armv8");
		fdt_prop_u64(w, "reg", mpidr);
		fdt_prop_string(w, "enable-method", "psci");
		fdt_end(w);
	}
	fdt_end(w);
}

/* A cell's calls go by SMC: HVC with another immediate than the engine's parks it. */
static void put_psci(struct fdt_writer *w)
{
	static const char *const compatible[] = { "arm,psci-1.0", "arm,psci-0.2" };

	fdt_begin(w, "psci");
	fdt_prop_strings(w, "compatible", compatible, 2);
	fdt_prop_string(w, "method", "smc");
	fdt_end(w);
}

int cell_linux_fdt(const struct cell_file *f, const struct cell_linux_board *b, const struct boot_place *p, const char *cmdline,
		   void *buf, size_t size, size_t *len)
{
	const struct config_platform *g = b->platform;
	struct fdt_writer w;

	fdt_start(&w, buf, size);
	w.phandles = FDT_PHANDLE_NEXT - 1;
	fdt_begin(&w, "%s", "");
	fdt_prop_u32(&w, "#address-cells", 2);
	fdt_prop_u32(&w, "#size-cells", 2);
	fdt_prop_string(&w, "compatible", "cella,cell");
	fdt_prop_string(&w, "model", cell_file_name(f));
	fdt_prop_u32(&w, "interrupt-parent", FDT_PHANDLE_GIC);
	fdt_prop_empty(&w, "dma-coherent");
	put_chosen(&w, p, cmdline);
	put_memory(&w, f);
	put_cpus(&w, f, b);
	put_psci(&w);
	if (g->gic_version == 3)
		gicv3_fdt_node(&w, g->gicd_base, g->gicr_base, b->board_cpus, FDT_PHANDLE_GIC, 0, 0);
	else
		gicv2_fdt_node(&w, g->gicd_base, g->gicc_base, FDT_PHANDLE_GIC, 0, 0);
	arm_timer_fdt_node(&w, ARM_TIMER_PHYS_PPI, ARM_TIMER_VIRT_PPI);
	put_served(&w, f);
	if (has_ivshmem(f) && g->pci_is_virtual)
		put_pci(&w, f, g);
	fdt_end(&w);
	return fdt_finish(&w, len);
}
