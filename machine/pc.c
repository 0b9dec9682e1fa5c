/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pc: an x86-64 machine with what PC kernels and firmware look for.
 *
 *	00000000  up to 2816 MiB	RAM, the rest from 4 GiB on
 *	b0000000   64 MiB	PCI configuration (ECAM)
 *	c0000000		PCI memory, and all behind RAM; lines GSIs 16 to 19
 *	fec00000		IOAPIC, GSIs 0 to 23
 *	fec10000  512 B each	virtio-mmio		GSIs 20 to 23, 6, 10, 11, 14, 15
 *	fee00000		local APICs
 *
 * Ports: 16550s at 3f8, 2f8, 3e8, 2e8 (GSIs 4, 3, 5, 7), MC146818 at 70 (8), i8042 at 60 (1, mouse 12), reset at 92 and cf9,
 * PM block at 600 (SCI 9), fw_cfg at 510, exit device at f4 (a write of N ends the machine, status N). 8259s, 8254 and
 * IOAPIC are the engine's, as local APICs always are, or with irqchip `split` models.
 */
#include "base/errno.h"
#include "base/string.h"
#include "core/vm.h"
#include "dev/input/i8042.h"
#include "dev/irqchip/pc_irqchip.h"
#include "dev/misc/acpi_pm.h"
#include "dev/misc/fw_cfg.h"
#include "dev/misc/ich9_lpc.h"
#include "dev/misc/pc_reset.h"
#include "dev/misc/simexit.h"
#include "dev/rtc/mc146818.h"
#include "dev/uart/ns16550.h"
#include "dev/virtio/mmio.h"
#include "isa/x86/msr.h"
#include "isa/x86/reg_id.h"
#include "machine/pc.h"

static const struct board_irqchip pc_irqchips[] = {
	{ "kernel", PC_IOAPIC, PC_LAPIC, 0, 64, affinity_flat },
	{ "split", PC_IOAPIC, PC_LAPIC, 0, 64, affinity_flat },
	{ NULL }
};

static const struct board_device pc_devices[] = {
	{ &ns16550_class, 0x3f8, 4, BOARD_PORTS | BOARD_SERIAL },
	{ &ns16550_class, 0x2f8, 3, BOARD_PORTS },
	{ &ns16550_class, 0x3e8, 5, BOARD_PORTS },
	{ &ns16550_class, 0x2e8, 7, BOARD_PORTS },
	{ &mc146818_class, 0x70, 8, BOARD_PORTS | BOARD_SIZES },
	{ &i8042_class, 0x60, 1, BOARD_PORTS | BOARD_KEYS },
	{ &pc_reset_class, 0x92, 0, BOARD_PORTS },
	{ &acpi_pm_class, PC_PM, PC_SCI, BOARD_PORTS | BOARD_POWER_KEY },
	{ &fw_cfg_class, 0x510, 0, BOARD_PORTS },
	{ &simexit_class, 0xf4, 0, BOARD_PORTS | BOARD_EXIT },
	{ NULL }
};

static const uint8_t pc_virtio_lines[] = { 20, 21, 22, 23, 6, 10, 11, 14, 15 };

/* The bridge says that it is a Q35's, which is what firmware knows. */
static const struct board_pci pc_pci = {
	.win = {
		.ecam = PC_ECAM, .ecam_size = PC_ECAM_SIZE, .mem32 = PC_MEM32, .mem32_size = PC_MEM32_SIZE,
		.io_space = BUS_PIO, .io_size = 64 * KIB, .io_first = PC_IO_FIRST, .ports = true,
		.vendor = 0x8086, .device = 0x29c0, .q35 = true,
	},
	.intid = PC_PCI_LINE, .lines = PC_PCI_LINES, .assign = true,
};

static uint32_t pc_ranges(uint64_t ram, struct machine_range r[MACHINE_MAX_RANGES])
{
	r[0] = (struct machine_range){ 0, ram < PC_LOW_RAM_MAX ? ram : PC_LOW_RAM_MAX };
	if (ram <= PC_LOW_RAM_MAX)
		return 1;
	r[1] = (struct machine_range){ 4 * GIB, ram - PC_LOW_RAM_MAX };
	return 2;
}

gpa_t pc_mem64(const struct machine *m)
{
	struct machine_range r[MACHINE_MAX_RANGES];
	uint32_t n = pc_ranges(m->config.ram, r);

	return ALIGN_UP(n > 1 ? r[1].base + r[1].size : 4 * GIB, PC_MEM64_SIZE);
}

/* What lies behind RAM is PCI's, up to where addresses end: firmware (OVMF) places BARs in the last eighth. */
uint64_t pc_mem64_size(const struct machine *m)
{
	uint32_t bits = m->vm->engine_info.gpa_bits;
	uint64_t end = bits && bits < 64 ? 1ull << bits : 0;

	return MAX(end, pc_mem64(m) + PC_MEM64_SIZE) - pc_mem64(m);
}

gpa_t pc_ecam(const struct machine *m)
{
	return m->pci ? m->pci->mmio_base : PC_ECAM;
}

static gpa_t pc_rom(uint64_t size)
{
	return 4 * GIB - size;
}

static int pc_irqchip(struct machine *m)
{
	const struct board_irqchip *c = m->irqchip;
	struct irqchip_desc desc = { c->type, c->dist, c->cpu, 0 };
	struct vm *vm = m->vm;
	int err;

	m->board = arena_alloc(&vm->arena, sizeof(struct pc_board));
	if (!m->board)
		return -ENOMEM;
	err = vm->engine->irqchip_create ? vm->engine->irqchip_create(vm, &desc, &vm->irqchip) : -ENOTSUP;
	return err || strcmp(c->type, "split") ? err : pc_irqchip_new(vm, vm->irqchip, c->dist, &vm->irqchip);
}

static int pc_complete_pci(struct machine *m, struct pci_windows *win, struct pci_lines *lines)
{
	win->mem64 = pc_mem64(m);
	win->mem64_size = pc_mem64_size(m);
	lines->int_line = PC_PCI_LINE;
	return 0;
}

static int pc_finish(struct machine *m)
{
	struct pc_board *pc = m->board;
	struct device *lpc = device_create(m->vm, &ich9_lpc_class);
	int err;

	i8042_connect_mouse(m->keys, m->vm->irqchip, PC_MOUSE_LINE, m->irqchip->first);
	if (!lpc)
		return -ENOMEM;
	err = device_init(lpc);
	if (!err)
		err = pci_plug(m->pci, ich9_lpc_func(lpc), ICH9_LPC_DEVFN);
	if (err == -EEXIST)
		err = -ENOSPC;		/* somebody's device has the last slot */
	list_for_each(n, &m->vm->devices)
		if (list_entry(n, struct device, node)->cls == &fw_cfg_class)
			pc->fw_cfg = list_entry(n, struct device, node);
	return err;
}

/* ---- start ---- */

static void pc_map_add(struct boot_x86 *b, uint64_t base, uint64_t end, uint32_t type)
{
	if (end > base)
		b->map[b->map_count++] = (struct x86_map){ base, end - base, type };
}

static void pc_memory_map(const struct machine *m, struct boot_x86 *b)
{
	struct machine_range r[MACHINE_MAX_RANGES];
	uint32_t n = pc_ranges(m->config.ram, r);

	pc_map_add(b, 0, PC_EBDA, X86_MAP_RAM);
	pc_map_add(b, PC_EBDA, 0xa0000, X86_MAP_RESERVED);
	pc_map_add(b, PC_TABLES, 1 * MIB, X86_MAP_RESERVED);
	pc_map_add(b, 1 * MIB, r[0].size, X86_MAP_RAM);
	pc_map_add(b, PC_ECAM, PC_ECAM + PC_ECAM_SIZE, X86_MAP_RESERVED);
	if (n > 1)
		pc_map_add(b, r[1].base, r[1].base + r[1].size, X86_MAP_RAM);
}

static int pc_tables(struct machine *m, gpa_t *rsdp)
{
	static const uint8_t ebda[2] = { PC_EBDA >> 4 & 0xff, PC_EBDA >> 12 };
	struct pc_board *pc = m->board;
	uint8_t mp[0xa0000 - PC_EBDA];
	int err;

	err = pc_acpi(m, pc->tables, sizeof(pc->tables), PC_TABLES, rsdp);
	if (err > 0)
		err = mem_write(&m->vm->mem, PC_TABLES, pc->tables, (uint64_t)err);
	if (!err)
		err = pc_mp_table(m, mp, sizeof(mp), PC_EBDA);
	if (!err)
		err = mem_write(&m->vm->mem, PC_EBDA, mp, sizeof(mp));
	return err ? err : mem_write(&m->vm->mem, 0x40e, ebda, sizeof(ebda));
}

struct pc_call {
	struct pc_board *pc;
	int err;
};

/* On the first vCPU's thread. What is not in the list has its reset state. */
static void pc_set_regs(struct vcpu *v, void *arg)
{
	struct pc_call *call = arg;
	struct boot_x86_regs *r = &call->pc->regs;
	struct reg list[] = {
		{ X86_REG_GDTR, sizeof(r->gdtr), &r->gdtr }, { X86_REG_IDTR, sizeof(r->idtr), &r->idtr },
		{ X86_REG_CR0 + 3, 8, &r->cr3 }, { X86_REG_CR0 + 4, 8, &r->cr4 }, { X86_MSR_EFER, 8, &r->efer },
		{ X86_REG_CR0, 8, &r->cr0 },
		{ X86_REG_CS, sizeof(r->cs), &r->cs }, { X86_REG_DS, sizeof(r->data), &r->data },
		{ X86_REG_ES, sizeof(r->data), &r->data }, { X86_REG_SS, sizeof(r->data), &r->data },
		{ X86_REG_FS, sizeof(r->data), &r->data }, { X86_REG_GS, sizeof(r->data), &r->data },
		{ X86_REG_TR, sizeof(r->tr), &r->tr },
		{ X86_REG_RBX, 8, &r->rbx }, { X86_REG_RSI, 8, &r->rsi }, { X86_REG_RSP, 8, &r->rsp },
		{ X86_REG_RFLAGS, 8, &r->rflags }, { X86_REG_RIP, 8, &r->rip },
	};

	call->err = v->vm->engine->vcpu_regs(v, list, ARRAY_SIZE(list), true);
}

static int pc_start(struct machine *m, const struct machine_boot *b)
{
	struct vcpu_power on = { .state = VCPU_ON };
	struct pc_call call = { .pc = m->board };
	struct boot_x86 x86 = { .image = b->image, .place = b->place };
	struct vcpu *first = m->vm->vcpu[0];
	int err;

	x86.params = b->chosen->bootargs;
	x86.initrd_size = b->chosen->initrd_size;
	x86.seed = b->chosen->rng_seed;
	pc_memory_map(m, &x86);
	if (b->image->format == BOOT_FIRMWARE) {
		err = pc_firmware(m, b, &x86);
		return err ? err : m->vm->engine->vcpu_power(first, &on, true);
	}
	err = pc_tables(m, &x86.rsdp);
	if (!err)
		err = boot_x86_write(&m->vm->mem, &x86, &call.pc->regs);
	if (!err)
		err = vcpu_call(first, pc_set_regs, &call);
	if (!err)
		err = call.err;
	return err ? err : m->vm->engine->vcpu_power(first, &on, true);
}

static void pc_power_key(struct machine *m)
{
	acpi_pm_press(m->power_key);
}

static const struct machine_ops pc_ops = {
	.irqchip	= pc_irqchip,
	.pci		= pc_complete_pci,
	.finish		= pc_finish,
	.start		= pc_start,
	.power_key	= pc_power_key,
};

const struct machine_class machine_pc = {
	.name		= "pc",
	.summary	= "x86-64 PC: ACPI, 16550s, MC146818, virtio",
	.isa		= ISA_X86_64,
	.ops		= &pc_ops,
	.irqchips	= pc_irqchips,
	.devices	= pc_devices,
	.pci		= &pc_pci,
	.virtio		= { PC_VIRTIO, VIRTIO_MMIO_SIZE, 0, ARRAY_SIZE(pc_virtio_lines), NULL, pc_virtio_lines },
	.max_vcpus	= 64,
	.default_ram	= 512 * MIB,
	.min_ram	= 2 * MIB,
	.max_ram	= 1024 * GIB,
	.ranges		= pc_ranges,
	.rom		= pc_rom,
};
