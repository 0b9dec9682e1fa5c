/* SPDX-License-Identifier: BSD-2-Clause */
/* Disassembly for --dump-code, by capstone. */
#ifndef CMD_ENGINES_DISASM_H
#define CMD_ENGINES_DISASM_H

#include "base/types.h"

/* One instruction of x86-64 (host) or A64 as text. Returns the bytes it took, or 0 where there is none. Any thread. */
unsigned disassemble(bool host, const uint8_t *bytes, size_t len, uint64_t address, char *text, size_t size);

#endif
