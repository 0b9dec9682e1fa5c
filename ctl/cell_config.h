/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Configurations of the bare engine, read from TOML (docs/cells.md) or from the binary form (abi/config.h), in one shape that
 * cell_check.c judges and that has the binary form for the driver beside it. Memory and PCI entries keep the line that they
 * began at, and a name, for messages.
 */
#ifndef CTL_CELL_CONFIG_H
#define CTL_CELL_CONFIG_H

#include "abi/config.h"
#include "base/types.h"
#include "ctl/error.h"

#define CELL_MAX_FILES		32	/* cells that are looked at together */
#define CELL_MAX_CPUS		64	/* IMAGE_MAX_CPUS of abi/image.h */
#define CELL_MAX_MEMORY		256
#define CELL_MAX_PCI		32
#define CELL_MAX_CAPS		128
#define CELL_MAX_STREAMS	64
#define CELL_MAX_IRQ		1020	/* GIC interrupt ids below it */
#define CELL_FIRST_IRQ		32

struct cell_memory {
	struct config_memory m;
	unsigned line;			/* 0: of a binary file */
	bool dma_trusted;
	char name[CELL_NAME_SIZE];
};

struct cell_pci {
	struct config_pci_device d;
	unsigned line;
	bool dma_trusted;
};

struct cell_file {
	char *path;
	bool system;			/* a root cell's, with hypervisor and platform */
	bool dma_trusted;		/* whatever it has */
	struct system_config head;	/* of a cell only head.root counts; counts and arrays are below */
	uint64_t cpus;
	uint32_t irqs[CELL_MAX_IRQ / 32 + 1];
	unsigned num_memory, num_pci, num_caps, num_streams;
	struct cell_memory memory[CELL_MAX_MEMORY];
	struct cell_pci pci[CELL_MAX_PCI];
	struct config_pci_capability caps[CELL_MAX_CAPS];
	uint32_t streams[CELL_MAX_STREAMS];
	uint8_t *blob;			/* the binary form */
	size_t blob_size;
};

/* Reads a file of either form. *out is the caller's. Errors name the file, the line and the region. */
int cell_file_load(const char *path, struct cell_file **out, struct ctl_error *e);
int cell_file_parse(const char *path, const void *data, size_t size, struct cell_file **out, struct ctl_error *e);
void cell_file_free(struct cell_file *f);	/* or NULL */

const char *cell_file_name(const struct cell_file *f);
static inline bool cell_has_irq(const struct cell_file *f, unsigned intid)
{
	return intid < CELL_MAX_IRQ && f->irqs[intid / 32] >> intid % 32 & 1;
}

/* The binary form of what is in f, into f->blob (cell_blob.c). */
int cell_blob_write(struct cell_file *f, struct ctl_error *e);
/* The other way: f->blob is there, path and all else is empty. */
int cell_blob_read(struct cell_file *f, struct ctl_error *e);

/* "FILE:LINE: memory 'NAME' at 0x…: " and the words, for errors about one region. */
int cell_memory_fail(const struct cell_file *f, const struct cell_memory *m, struct ctl_error *e, const char *format, ...)
	PRINTF_LIKE(4, 5);

#endif
