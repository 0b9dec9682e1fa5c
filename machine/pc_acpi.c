/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ACPI tables of machine pc (ACPI 6.4, chapter 5; PCI Firmware Specification 3.2 for MCFG; Microsoft's SPCR 1.07).
 * Devices describe themselves; what belongs to the board is here.
 */
#include "base/bits.h"
#include "base/errno.h"
#include "base/string.h"
#include "core/aml.h"
#include "core/vm.h"
#include "dev/misc/acpi_pm.h"
#include "dev/misc/pc_reset.h"
#include "dev/uart/ns16550.h"
#include "machine/pc.h"

#define RSDP_SIZE	36u
#define FADT_REV	6
#define FACS_SIZE	64u
#define MAX_TABLES	8

#define SPACE_MEMORY	0u
#define SPACE_IO	1u
#define ACCESS_BYTE	1u
#define ACCESS_WORD	2u
#define ACCESS_DWORD	3u

#define FADT_WBINVD	(1u << 0)
#define FADT_PROC_C1	(1u << 2)
#define FADT_SLP_BUTTON	(1u << 5)	/* the sleep button is a control method device, or not there */
#define FADT_TMR_24	0u
#define FADT_RESET	(1u << 10)
#define FADT_8042	(1u << 1)
#define FADT_NO_VGA	(1u << 2)	/* of boot architecture flags */
#define FADT_NO_ASPM	(1u << 4)

static void put_address(struct aml_writer *w, uint8_t space, uint8_t bits, uint8_t access, uint64_t address)
{
	aml_put8(w, space);
	aml_put8(w, bits);
	aml_put8(w, 0);
	aml_put8(w, access);
	aml_put64(w, address);
}

/* ---- DSDT ---- */

static void put_routing(struct aml_writer *w)
{
	aml_name(w, "_PRT");
	aml_package(w, 31 * 4);
	for (uint32_t slot = 1; slot < 32; slot++)
		for (uint32_t pin = 0; pin < 4; pin++) {
			aml_package(w, 4);
			aml_int(w, slot << 16 | 0xffff);
			aml_int(w, pin);
			aml_int(w, 0);
			aml_int(w, PC_PCI_LINE + (slot + pin) % PC_PCI_LINES);
			aml_end(w);
		}
	aml_end(w);
}

static void put_host_bridge(const struct machine *m, struct aml_writer *w)
{
	aml_begin(w, AML_DEVICE, "PCI0");
	aml_name_eisa(w, "_HID", "PNP0A08");
	aml_name_eisa(w, "_CID", "PNP0A03");
	aml_name_int(w, "_SEG", 0);
	aml_name_int(w, "_BBN", 0);
	aml_name_int(w, "_UID", 0);
	aml_name_int(w, "_CCA", 1);
	aml_resources(w, "_CRS");
	aml_res_bus(w, 0, 0);
	aml_res_io(w, 0xcf8, 8);
	aml_res_io_window(w, 0, 0xcf7);
	aml_res_io_window(w, 0xd00, 0xffff);
	aml_res_window32(w, PC_MEM32, PC_MEM32 + PC_MEM32_SIZE - 1);
	aml_res_window64(w, pc_mem64(m), pc_mem64(m) + pc_mem64_size(m) - 1);
	aml_end(w);
	put_routing(w);
	aml_end(w);
}

/* Ranges that no device of the tree owns: a kernel must not give them out. */
static void put_motherboard(const struct machine *m, struct aml_writer *w)
{
	aml_begin(w, AML_DEVICE, "MBRD");
	aml_name_eisa(w, "_HID", "PNP0C02");
	aml_name_int(w, "_UID", 1);
	aml_resources(w, "_CRS");
	aml_res_memory(w, (uint32_t)pc_ecam(m), PC_ECAM_SIZE);
	aml_res_io(w, PC_PM, ACPI_PM_SIZE);
	aml_end(w);
	aml_end(w);
}

static void put_sleep_state(struct aml_writer *w)
{
	aml_name(w, "_S5");
	aml_package(w, 4);
	for (unsigned i = 0; i < 4; i++)
		aml_int(w, ACPI_PM_S5);
	aml_end(w);
}

static void put_dsdt(const struct machine *m, struct aml_writer *w)
{
	put_sleep_state(w);
	aml_begin(w, AML_SCOPE, "\\_SB");
	put_motherboard(m, w);
	if (m->pci)
		put_host_bridge(m, w);
	list_for_each(n, &m->vm->devices) {
		const struct device *d = list_entry(n, struct device, node);

		if (d->cls->acpi)
			d->cls->acpi(d, w);
	}
	aml_end(w);
}

/* ---- the others ---- */

static void put_fadt(struct aml_writer *w, uint32_t facs, uint32_t dsdt)
{
	aml_put32(w, facs);
	aml_put32(w, dsdt);
	aml_put8(w, 0);
	aml_put8(w, 0);				/* preferred profile: unspecified */
	aml_put16(w, PC_SCI);
	aml_put32(w, 0);			/* SMI command: ACPI mode is always on */
	aml_zero(w, 4);
	aml_put32(w, PC_PM);			/* PM1a event */
	aml_put32(w, 0);
	aml_put32(w, PC_PM + 4);		/* PM1a control */
	aml_put32(w, 0);
	aml_put32(w, 0);
	aml_put32(w, PC_PM + 8);		/* PM timer */
	aml_put32(w, PC_PM + 0x20);		/* GPE0 */
	aml_put32(w, 0);
	aml_put8(w, 4);
	aml_put8(w, 2);
	aml_put8(w, 0);
	aml_put8(w, 4);
	aml_put8(w, 16);
	aml_put8(w, 0);
	aml_put8(w, 0);
	aml_put8(w, 0);
	aml_put16(w, 0xfff);			/* no C2, no C3 */
	aml_put16(w, 0xfff);
	aml_zero(w, 8);				/* flush, duty, alarms */
	aml_put8(w, 0x32);			/* century */
	aml_put16(w, FADT_8042 | FADT_NO_VGA | FADT_NO_ASPM);
	aml_put8(w, 0);
	aml_put32(w, FADT_WBINVD | FADT_PROC_C1 | FADT_SLP_BUTTON | FADT_RESET);
	put_address(w, SPACE_IO, 8, ACCESS_BYTE, PC_RESET_PORT);
	aml_put8(w, PC_RESET_VALUE);
	aml_put16(w, 0);
	aml_put8(w, 4);				/* of revision 6.4 */
	aml_put64(w, facs);
	aml_put64(w, dsdt);
	put_address(w, SPACE_IO, 32, ACCESS_WORD, PC_PM);
	aml_zero(w, 12);
	put_address(w, SPACE_IO, 16, ACCESS_WORD, PC_PM + 4);
	aml_zero(w, 12 + 12);
	put_address(w, SPACE_IO, 32, ACCESS_DWORD, PC_PM + 8);
	put_address(w, SPACE_IO, 128, ACCESS_BYTE, PC_PM + 0x20);
	aml_zero(w, 12 + 12 + 12);		/* GPE1, sleep control and status */
	aml_put(w, "CELLA\0\0", 8);		/* hypervisor vendor */
}

/* Interrupt source override: ISA line to GSI, flags as in MP tables. */
static void put_override(struct aml_writer *w, uint8_t line, uint32_t gsi, uint16_t flags)
{
	aml_put8(w, 2);
	aml_put8(w, 10);
	aml_put8(w, 0);
	aml_put8(w, line);
	aml_put32(w, gsi);
	aml_put16(w, flags);
}

static void put_madt(const struct machine *m, struct aml_writer *w)
{
	aml_put32(w, (uint32_t)m->irqchip->cpu);
	aml_put32(w, 1);			/* 8259s are there */
	for (uint32_t i = 0; i < m->vm->vcpu_count; i++) {
		aml_put8(w, 0);
		aml_put8(w, 8);
		aml_put8(w, (uint8_t)i);
		aml_put8(w, (uint8_t)m->vm->vcpu[i]->hwid);
		aml_put32(w, 1);
	}
	aml_put8(w, 1);
	aml_put8(w, 12);
	aml_put8(w, (uint8_t)m->vm->vcpu_count);
	aml_put8(w, 0);
	aml_put32(w, (uint32_t)m->irqchip->dist);
	aml_put32(w, 0);
	put_override(w, 0, 2, 0);
	put_override(w, PC_SCI, PC_SCI, 0x0d);
	aml_put8(w, 4);				/* NMI at LINT1 of all */
	aml_put8(w, 6);
	aml_put8(w, 0xff);
	aml_put16(w, 0);
	aml_put8(w, 1);
}

static void put_mcfg(const struct machine *m, struct aml_writer *w)
{
	aml_zero(w, 8);
	aml_put64(w, pc_ecam(m));
	aml_put16(w, 0);
	aml_put8(w, 0);
	aml_put8(w, 0);				/* one bus: Linux looks at each slot of every one that is told of here */
	aml_put32(w, 0);
}

static const struct device *first_uart(const struct machine *m)
{
	list_for_each(n, &m->vm->devices) {
		const struct device *d = list_entry(n, struct device, node);

		if (d->cls == &ns16550_class)
			return d;
	}
	return NULL;
}

static void put_spcr(struct aml_writer *w, const struct device *uart)
{
	aml_put8(w, 0);				/* 16550 compatible */
	aml_zero(w, 3);
	put_address(w, SPACE_IO, 8, ACCESS_BYTE, uart->mmio_base);
	aml_put8(w, 3);				/* 8259 and IOAPIC */
	aml_put8(w, (uint8_t)uart->irq);
	aml_put32(w, uart->irq);
	aml_put8(w, 7);				/* 115200 */
	aml_put8(w, 0);
	aml_put8(w, 1);
	aml_put8(w, 0);
	aml_put8(w, 2);				/* VT-UTF8 */
	aml_put8(w, 0);
	aml_put16(w, 0xffff);			/* no PCI function */
	aml_put16(w, 0xffff);
	aml_zero(w, 12);
}

static uint32_t put_facs(struct aml_writer *w)
{
	uint32_t at;

	aml_zero(w, -w->used & 63);
	at = (uint32_t)w->used;
	aml_put(w, "FACS", 4);
	aml_put32(w, FACS_SIZE);
	aml_zero(w, 24);
	aml_put8(w, 2);
	aml_zero(w, FACS_SIZE - 33);
	return at;
}

struct tables {
	struct aml_writer w;
	uint32_t gpa;
	uint32_t at[MAX_TABLES], count;
};

static uint32_t end_table(struct tables *t)
{
	uint32_t at = t->gpa + (uint32_t)acpi_end(&t->w);

	t->at[t->count++] = at;
	return at;
}

static void put_tables(const struct machine *m, struct tables *t)
{
	const struct device *uart = first_uart(m);
	struct aml_writer *w = &t->w;
	uint32_t facs = t->gpa + put_facs(w), dsdt;

	acpi_begin(w, "DSDT", 2);
	put_dsdt(m, w);
	dsdt = end_table(t);
	t->count = 0;				/* FADT leads to it */
	acpi_begin(w, "FACP", FADT_REV);
	put_fadt(w, facs, dsdt);
	end_table(t);
	acpi_begin(w, "APIC", 4);
	put_madt(m, w);
	end_table(t);
	if (m->pci) {
		acpi_begin(w, "MCFG", 1);
		put_mcfg(m, w);
		end_table(t);
	}
	if (uart) {
		acpi_begin(w, "SPCR", 2);
		put_spcr(w, uart);
		end_table(t);
	}
}

int pc_acpi(const struct machine *m, void *buf, size_t size, gpa_t gpa, gpa_t *rsdp)
{
	struct tables t = { .gpa = (uint32_t)gpa };
	uint8_t *p = buf;
	uint32_t xsdt;
	size_t len;
	int err;

	aml_start(&t.w, buf, size);
	aml_zero(&t.w, RSDP_SIZE);
	put_tables(m, &t);
	acpi_begin(&t.w, "XSDT", 1);
	for (uint32_t i = 0; i < t.count; i++)
		aml_put64(&t.w, t.at[i]);
	xsdt = t.gpa + (uint32_t)acpi_end(&t.w);
	err = aml_finish(&t.w, &len);
	if (err)
		return err;
	memcpy(p, "RSD PTR ", 8);	/* a field, not a string: NOLINT(bugprone-not-null-terminated-result) */
	memcpy(p + 9, "CELLA ", 6);	/* a field, not a string: NOLINT(bugprone-not-null-terminated-result) */
	p[15] = 2;
	put_le32(p + 20, RSDP_SIZE);
	put_le64(p + 24, xsdt);
	p[8] = acpi_checksum(p, 20);
	p[32] = acpi_checksum(p, RSDP_SIZE);
	*rsdp = gpa;
	return (int)len;
}
