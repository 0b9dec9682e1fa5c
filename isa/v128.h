/* SPDX-License-Identifier: BSD-2-Clause */
/* A 128-bit vector register, lane 0 first in memory (hosts are little-endian). */
#ifndef ISA_V128_H
#define ISA_V128_H

#include <stdint.h>

union v128 {
	uint8_t	 b[16];
	uint16_t h[8];
	uint32_t s[4];
	uint64_t d[2];
};

#endif
