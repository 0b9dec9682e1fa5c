/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * CRC32 and CRC32C (ARM DDI 0487 C6.2 CRC32B, CRC32CB), four bits at a time. The tables are what each nibble leaves after
 * four steps of the reflected polynomial, 0xedb88320 and 0x82f63b78.
 */
#include "isa/arm64/simd.h"

static const uint32_t ieee[16] = {
	0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
	0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c, 0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
};

static const uint32_t castagnoli[16] = {
	0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1, 0x417b1dbc, 0x5125dad3, 0x61c69362, 0x7198540d,
	0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9, 0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75,
};

static uint32_t update(const uint32_t table[16], uint32_t crc, uint64_t value, unsigned size)
{
	for (; size; size--, value >>= 8) {
		crc ^= value & 0xff;
		crc = crc >> 4 ^ table[crc & 15];
		crc = crc >> 4 ^ table[crc & 15];
	}
	return crc;
}

uint32_t arm_crc32(uint32_t crc, uint64_t value, unsigned size)
{
	return update(ieee, crc, value, size);
}

uint32_t arm_crc32c(uint32_t crc, uint64_t value, unsigned size)
{
	return update(castagnoli, crc, value, size);
}
