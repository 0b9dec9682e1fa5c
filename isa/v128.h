/* SPDX-License-Identifier: BSD-2-Clause */
/* A 128-bit vector register as memory. Element 0 is the lowest. */
#ifndef ISA_V128_H
#define ISA_V128_H

#include "base/types.h"

union v128 {
	uint8_t b[16];
	uint16_t h[8];
	uint32_t s[4];
	uint64_t d[2];
} __attribute__((aligned(16)));

#endif
