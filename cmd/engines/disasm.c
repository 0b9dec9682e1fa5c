/* SPDX-License-Identifier: BSD-2-Clause */
/* Disassembly for --dump-code, by capstone. A block is dumped once, so opening a handle each time is cheap enough. */
#include <capstone/capstone.h>
#include <stdio.h>

#include "cmd/engines/disasm.h"

unsigned disassemble(bool host, const uint8_t *bytes, size_t len, uint64_t address, char *text, size_t size)
{
	unsigned taken = 0;
	cs_insn *insn;
	csh handle;

	if (cs_open(host ? CS_ARCH_X86 : CS_ARCH_ARM64, host ? CS_MODE_64 : CS_MODE_ARM, &handle) != CS_ERR_OK)
		return 0;
	if (cs_disasm(handle, bytes, len, address, 1, &insn) == 1) {
		taken = insn->size;
		snprintf(text, size, "%s %s", insn->mnemonic, insn->op_str);
		cs_free(insn, 1);
	}
	cs_close(&handle);
	return taken;
}
