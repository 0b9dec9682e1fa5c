/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a hart can do, as a word of bits: bit n for the single-letter extension 'a' + n, as in misa; above those the named
 * ones that supervisor software has to be told of.
 */
#ifndef ISA_RISCV64_EXTENSION_H
#define ISA_RISCV64_EXTENSION_H

#include "base/types.h"

#define RISCV64_LETTER(c)	(1ull << ((c) - 'a'))

enum {
	RISCV64_SSTC = 32, RISCV64_SVINVAL, RISCV64_SVPBMT, RISCV64_ZIHINTPAUSE, RISCV64_SSAIA,
	RISCV64_SV48, RISCV64_SV57,	/* page tables beyond Sv39; no part of riscv,isa */
};

/* As the device tree's riscv,isa has it: "rv64imafdc_sstc". -ENOSPC: size is too small. */
int riscv64_isa_string(uint64_t extensions, char *text, size_t size);

#endif
