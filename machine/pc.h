/* SPDX-License-Identifier: BSD-2-Clause */
/* Between the files of machine pc: its address map, and the tables that describe it. */
#ifndef MACHINE_PC_H
#define MACHINE_PC_H

#include "boot/x86.h"
#include "machine/machine.h"

#define PC_LOW_RAM_MAX	0xb0000000ull	/* RAM goes on at 4 GiB */
#define PC_ECAM		0xb0000000ull
#define PC_ECAM_SIZE	(64 * MIB)	/* as PCIEXBAR says after a reset */
#define PC_MEM32	0xc0000000ull
#define PC_MEM32_SIZE	0x3ec00000ull
#define PC_MEM64_SIZE	(64 * GIB)	/* behind RAM, at least */
#define PC_IO_FIRST	0xc000u		/* ports that PCI functions are given */
#define PC_VIRTIO	0xfec10000ull
#define PC_IOAPIC	0xfec00000ull
#define PC_LAPIC	0xfee00000ull

#define PC_PM		0x600u		/* ports of the PM block */
#define PC_SCI		9u
#define PC_MOUSE_LINE	12u
#define PC_PCI_LINE	16u		/* GSIs of INTA..INTD, turned by slot */
#define PC_PCI_LINES	4u

#define PC_EBDA		0x9f000u	/* MP table, up to 640 KiB */
#define PC_TABLES	0xe0000u	/* ACPI, up to 1 MiB */
#define PC_TABLES_SIZE	0x20000u

#define PC_ACPI_SIZE	0x10000u	/* of tables that firmware places */
#define PC_LOADER_SIZE	0x2000u

/* What firmware is told by fw_cfg. */
struct pc_firmware {
	uint8_t acpi[PC_ACPI_SIZE], rsdp[36], loader[PC_LOADER_SIZE];
	uint8_t map[BOOT_X86_MAX_MAP * 20];
	uint8_t cpus[2], serial[8], kernel_size[4], setup_size[4], initrd_size[4], params_size[4];
};

struct pc_board {
	uint8_t tables[PC_TABLES_SIZE];
	struct boot_x86_regs regs;
	struct device *fw_cfg;
	struct pc_firmware fw;
};

gpa_t pc_ecam(const struct machine *m);		/* as the bridge has it now */
gpa_t pc_mem64(const struct machine *m);	/* where that window begins, */
uint64_t pc_mem64_size(const struct machine *m);	/* and how long it is */

/* pc_acpi.c: into buf, which will be at gpa; *rsdp gets the root's place. Bytes used, or -ENOSPC. */
int pc_acpi(const struct machine *m, void *buf, size_t size, gpa_t gpa, gpa_t *rsdp);
/* pc_mp.c: the MP configuration table and its floating pointer, for gpa. -ENOSPC. */
int pc_mp_table(const struct machine *m, uint8_t *buf, size_t size, gpa_t gpa);

/* pc_firmware.c: what is asked for by fw_cfg, and BIOS's copy below 1 MiB. */
int pc_firmware(struct machine *m, const struct machine_boot *b, const struct boot_x86 *x86);

#endif
