/* SPDX-License-Identifier: BSD-2-Clause */
/* VMSAv8-64 geometry: what follows from granule and address size (ARM DDI 0487 D8.2.2). */
#include "isa/arm64/pagetable.h"

struct pt_geometry pt_geometry_of(unsigned page_bits, unsigned va_bits)
{
	unsigned stride = page_bits - 3, levels = (va_bits - page_bits + stride - 1) / stride;
	struct pt_geometry g = {
		.page_bits = (uint8_t)page_bits,
		.stride = (uint8_t)stride,
		.va_bits = (uint8_t)va_bits,
		.start_level = (uint8_t)(4 - levels),
	};

	return g;
}

uint64_t pt_base_mask(const struct pt_geometry *g)
{
	unsigned size_bits = 3 + g->va_bits - pt_shift(g, g->start_level);

	return MASK(47, MAX(size_bits, 4u));
}

unsigned pt_pa_bits(unsigned range)
{
	static const uint8_t bits_of[] = { 32, 36, 40, 42, 44 };

	return range < ARRAY_SIZE(bits_of) ? bits_of[range] : 48;
}
