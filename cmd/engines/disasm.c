/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Disassembly for --dump-code, by capstone. Its tables cost 1.4 MiB and two milliseconds at each start, so it is loaded
 * when the first instruction is to be printed. A block is dumped once, so opening a handle each time is cheap enough.
 */
#include <capstone/capstone.h>
#include <dlfcn.h>
#include <stdio.h>

#include "cmd/engines/disasm.h"

#define LIBRARY_OF(major)	"libcapstone.so." #major
#define LIBRARY(major)		LIBRARY_OF(major)

struct capstone {
	__typeof__(cs_open) *open;
	__typeof__(cs_disasm) *disasm;
	__typeof__(cs_free) *free;
	__typeof__(cs_close) *close;
};

/* The loader counts: opening it again is cheap. It is never closed. */
static bool load(struct capstone *c)
{
	void *lib = dlopen(LIBRARY(CS_API_MAJOR), RTLD_NOW | RTLD_LOCAL);

	if (!lib)
		return false;
	*(void **)&c->open = dlsym(lib, "cs_open");
	*(void **)&c->disasm = dlsym(lib, "cs_disasm");
	*(void **)&c->free = dlsym(lib, "cs_free");
	*(void **)&c->close = dlsym(lib, "cs_close");
	return c->open && c->disasm && c->free && c->close;
}

unsigned disassemble(bool host, const uint8_t *bytes, size_t len, uint64_t address, char *text, size_t size)
{
	struct capstone c;
	unsigned taken = 0;
	cs_insn *insn;
	csh handle;

	if (!load(&c) || c.open(host ? CS_ARCH_X86 : CS_ARCH_ARM64, host ? CS_MODE_64 : CS_MODE_ARM, &handle) != CS_ERR_OK)
		return 0;
	if (c.disasm(handle, bytes, len, address, 1, &insn) == 1) {
		taken = insn->size;
		snprintf(text, size, "%s %s", insn->mnemonic, insn->op_str);
		c.free(insn, 1);
	}
	c.close(&handle);
	return taken;
}
