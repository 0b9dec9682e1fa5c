/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A GIC's state as drawn by lot, within what a model and a kernel's GIC can both say, so that a record of it comes out of either
 * as it went in; and a machine with nothing but a model.
 */
#ifndef TESTS_GIC_RANDOM_H
#define TESTS_GIC_RANDOM_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "core/gic_record.h"
#include "core/vm.h"

#define GIC_RECORD_BYTES	(64 * KIB)

struct gic_image {
	struct gic_record record;	/* of what follows */
	uint32_t ctlr;
	struct gic_word spi[GIC_SPI_WORDS];
	uint64_t route[GIC_MAX_SPIS];
	struct gic_word own[8];
	struct gic_cpu_regs regs[8];
};

void gic_image_draw(struct gic_image *i, bool v2, uint32_t cpus, uint32_t spis, uint32_t seed);
size_t gic_image_save(struct gic_image *i, uint8_t *buf);
void gic_image_load(struct gic_image *i, const uint8_t *buf, size_t size);	/* cpus and spis are known */

size_t gic_chip_save(struct irqchip *chip, uint8_t *buf);
int gic_chip_load(struct irqchip *chip, const uint8_t *buf, size_t size);

/* Says which field of which part is another, if one is. */
void gic_same(const uint8_t *a, size_t a_size, const uint8_t *b, size_t b_size, uint32_t cpus, uint32_t spis);

/* vm zeroed but for its arena. its: with LPIs and an ITS at its place in virt-arm64. */
void gic_model(struct vm *vm, bool v2, uint32_t cpus, bool its);

#define GIC_TEST_DIST	0x08000000u
#define GIC_TEST_GICC	0x08010000u
#define GIC_TEST_ITS	0x08080000u
#define GIC_TEST_REDIST	0x080a0000u

#endif
