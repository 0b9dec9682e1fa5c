/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ACPI tables (ACPI 6.4, chapters 5, 6.4 and 20): a writer of tables, of AML, and of resource descriptors, into a caller's
 * buffer. Errors stick in the writer and are returned by aml_finish; after one, nothing is written any more.
 *
 *	acpi_begin(&w, "DSDT", 2);
 *	aml_begin(&w, AML_SCOPE, "\\_SB_");
 *	aml_begin(&w, AML_DEVICE, "COM1");
 *	aml_name_eisa(&w, "_HID", "PNP0501");
 *	aml_resources(&w, "_CRS");
 *	aml_res_io(&w, 0x3f8, 8);
 *	aml_res_irq(&w, 4, true);
 *	aml_end(&w);	// once for each begin and resources
 */
#ifndef CORE_AML_H
#define CORE_AML_H

#include "base/types.h"

#define AML_DEPTH	16
#define ACPI_HEADER	36u

struct aml_writer {
	uint8_t *buf;
	size_t size, used;
	int err;		/* -ENOSPC; -EINVAL: unbalanced, or not a name */
	uint32_t depth;
	struct { size_t at; bool resources; } open[AML_DEPTH];
	size_t table;		/* where the present one begins; ~0: none */
};

void aml_start(struct aml_writer *w, void *buf, size_t size);
int aml_finish(struct aml_writer *w, size_t *len);

/* A table: header now, length and checksum by acpi_end, which returns its offset in the buffer. */
void acpi_begin(struct aml_writer *w, const char *signature, uint8_t revision);
size_t acpi_end(struct aml_writer *w);
uint8_t acpi_checksum(const void *p, size_t len);	/* the byte that makes the sum of all 0 */

/* Bytes of a table, little-endian. */
void aml_put(struct aml_writer *w, const void *p, size_t len);
void aml_put8(struct aml_writer *w, uint8_t v);
void aml_put16(struct aml_writer *w, uint16_t v);
void aml_put32(struct aml_writer *w, uint32_t v);
void aml_put64(struct aml_writer *w, uint64_t v);
void aml_zero(struct aml_writer *w, size_t len);

enum aml_block { AML_SCOPE, AML_DEVICE };
void aml_begin(struct aml_writer *w, enum aml_block kind, const char *name);
void aml_method(struct aml_writer *w, const char *name, unsigned args);	/* a block as well; terms follow */
void aml_package(struct aml_writer *w, unsigned elements);		/* a block as well; objects follow */
void aml_end(struct aml_writer *w);

/* Names are four characters, shorter ones are filled with '_'; '\' and '.' as ASL has them. */
void aml_name(struct aml_writer *w, const char *name);			/* Name (name, …): an object follows */
void aml_name_int(struct aml_writer *w, const char *name, uint64_t v);
void aml_name_string(struct aml_writer *w, const char *name, const char *v);
void aml_name_eisa(struct aml_writer *w, const char *name, const char *id);	/* "PNP0501" */
void aml_int(struct aml_writer *w, uint64_t v);
void aml_string(struct aml_writer *w, const char *v);
void aml_path(struct aml_writer *w, const char *path);			/* a reference */

/* Name (name, ResourceTemplate () { … }), ended by aml_end. */
void aml_resources(struct aml_writer *w, const char *name);
void aml_res_io(struct aml_writer *w, uint16_t base, uint8_t len);
void aml_res_irq(struct aml_writer *w, uint32_t gsi, bool edge);	/* active high, not shared */
void aml_res_memory(struct aml_writer *w, uint32_t base, uint32_t len);
void aml_res_bus(struct aml_writer *w, uint16_t first, uint16_t last);	/* the windows of a host bridge */
void aml_res_io_window(struct aml_writer *w, uint16_t first, uint16_t last);
void aml_res_window32(struct aml_writer *w, uint32_t first, uint32_t last);
void aml_res_window64(struct aml_writer *w, uint64_t first, uint64_t last);

#endif
