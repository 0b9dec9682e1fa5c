/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The MP configuration table (MultiProcessor Specification 1.4, chapter 4), for kernels that know no ACPI: processors, the
 * ISA bus and PCI bus 0, the IOAPIC, and which line arrives where.
 */
#include "base/bits.h"
#include "base/errno.h"
#include "base/string.h"
#include "core/aml.h"
#include "machine/pc.h"

enum { MP_CPU, MP_BUS, MP_IOAPIC, MP_INT, MP_LOCAL_INT };
enum { INT_NORMAL, INT_NMI, INT_SMI, INT_EXT };
#define POINTER_SIZE	16u
#define HEADER_SIZE	44u
#define APIC_VERSION	0x14u
#define CPU_ENABLED	1u
#define CPU_BOOT	2u
#define BUS_PCI_ID	0u
#define BUS_ISA_ID	1u
#define LEVEL_HIGH	0x0du
#define ISA_LINES	16u
#define CASCADE		2u
#define PCI_SLOTS	32u

static void put_bus(struct aml_writer *w, uint8_t id, const char *name)
{
	aml_put8(w, MP_BUS);
	aml_put8(w, id);
	aml_put(w, name, 6);
}

static void put_int(struct aml_writer *w, uint8_t entry, uint8_t type, uint16_t flags, uint8_t bus, uint8_t line, uint8_t to,
		    uint8_t pin)
{
	aml_put8(w, entry);
	aml_put8(w, type);
	aml_put16(w, flags);
	aml_put8(w, bus);
	aml_put8(w, line);
	aml_put8(w, to);
	aml_put8(w, pin);
}

static uint16_t put_processors(const struct machine *m, struct aml_writer *w)
{
	for (uint32_t i = 0; i < m->vm->vcpu_count; i++) {
		aml_put8(w, MP_CPU);
		aml_put8(w, (uint8_t)m->vm->vcpu[i]->hwid);
		aml_put8(w, APIC_VERSION);
		aml_put8(w, CPU_ENABLED | (i ? 0 : CPU_BOOT));
		aml_put32(w, 0x600);			/* family 6 */
		aml_put32(w, 0x201);			/* FPU, APIC */
		aml_zero(w, 8);
	}
	return (uint16_t)m->vm->vcpu_count;
}

static uint16_t put_lines(struct aml_writer *w, uint8_t ioapic)
{
	uint16_t n = 0;

	for (uint8_t line = 0; line < ISA_LINES; line++) {
		if (line == CASCADE)
			continue;
		put_int(w, MP_INT, INT_NORMAL, line == PC_SCI ? LEVEL_HIGH : 0, BUS_ISA_ID, line, ioapic, line ? line : CASCADE);
		n++;
	}
	for (unsigned slot = 0; slot < PCI_SLOTS; slot++)
		for (unsigned pin = 0; pin < 4; pin++, n++)
			put_int(w, MP_INT, INT_NORMAL, LEVEL_HIGH, BUS_PCI_ID, (uint8_t)(slot << 2 | pin), ioapic,
				(uint8_t)(PC_PCI_LINE + (slot + pin) % PC_PCI_LINES));
	put_int(w, MP_LOCAL_INT, INT_EXT, 0, BUS_ISA_ID, 0, 0xff, 0);
	put_int(w, MP_LOCAL_INT, INT_NMI, 0, BUS_ISA_ID, 0, 0xff, 1);
	return n + 2;
}

int pc_mp_table(const struct machine *m, uint8_t *buf, size_t size, gpa_t gpa)
{
	uint8_t ioapic = (uint8_t)m->vm->vcpu_count;
	struct aml_writer w;
	uint16_t entries;
	size_t len;
	int err;

	memset(buf, 0, size);
	aml_start(&w, buf, size);
	aml_zero(&w, POINTER_SIZE + HEADER_SIZE);
	entries = put_processors(m, &w);
	put_bus(&w, BUS_PCI_ID, "PCI   ");
	put_bus(&w, BUS_ISA_ID, "ISA   ");
	aml_put8(&w, MP_IOAPIC);
	aml_put8(&w, ioapic);
	aml_put8(&w, 0x11);
	aml_put8(&w, 1);
	aml_put32(&w, (uint32_t)m->irqchip->dist);
	entries = (uint16_t)(entries + 3 + put_lines(&w, ioapic));
	err = aml_finish(&w, &len);
	if (err)
		return err;
	memcpy(buf, "_MP_", 4);	/* a field, not a string: NOLINT(bugprone-not-null-terminated-result) */
	put_le32(buf + 4, (uint32_t)gpa + POINTER_SIZE);
	buf[8] = 1;
	buf[9] = 4;
	buf[10] = acpi_checksum(buf, POINTER_SIZE);
	buf += POINTER_SIZE;
	len -= POINTER_SIZE;
	memcpy(buf, "PCMP", 4);	/* a field, not a string: NOLINT(bugprone-not-null-terminated-result) */
	put_le16(buf + 4, (uint16_t)len);
	buf[6] = 4;
	memcpy(buf + 8, "CELLA   PC          ", 20);	/* a field, not a string: NOLINT(bugprone-not-null-terminated-result) */
	put_le16(buf + 34, entries);
	put_le32(buf + 36, (uint32_t)m->irqchip->cpu);
	buf[7] = acpi_checksum(buf, len);
	return 0;
}
