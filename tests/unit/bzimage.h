/* SPDX-License-Identifier: BSD-2-Clause */
/* A bzImage's setup header that is right in all it says; what is after it is the test's. */
#ifndef TESTS_UNIT_BZIMAGE_H
#define TESTS_UNIT_BZIMAGE_H

#include <string.h>

#include "base/bits.h"
#include "boot/x86.h"

/* f: at least 1024 bytes, zero; init_size: what the kernel wants from where it starts, bytes. */
static inline void bzimage_header(uint8_t *f, uint32_t init_size)
{
	f[SETUP_SECTS] = 4;
	put_le16(f + SETUP_BOOT_FLAG, 0xaa55);
	f[SETUP_JUMP] = 0xeb;
	f[SETUP_JUMP + 1] = 0x6a;
	memcpy(f + SETUP_MAGIC, "HdrS", 4);
	put_le16(f + SETUP_VERSION, 0x20f);
	put_le32(f + SETUP_INITRD_MAX, 0x7fffffff);
	put_le32(f + SETUP_ALIGNMENT, 2 * MIB);
	f[SETUP_RELOCATABLE] = 1;
	put_le16(f + SETUP_XLOADFLAGS, 1);
	put_le32(f + SETUP_CMDLINE_SIZE, 255);
	put_le64(f + SETUP_PREF_ADDRESS, 16 * MIB);
	put_le32(f + SETUP_INIT_SIZE, init_size);
}

#endif
