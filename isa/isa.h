/* SPDX-License-Identifier: BSD-2-Clause */
/* Which instruction sets there are. What each one is, is in isa/arm64/, isa/riscv64/, isa/x86/. */
#ifndef ISA_ISA_H
#define ISA_ISA_H

#include "base/types.h"

enum isa_id { ISA_ARM64, ISA_RISCV64, ISA_X86_64, ISA_COUNT };

/* A fault to inject: `syndrome` in the ISA's own form (ESR_ELx; scause; vector and error code). */
struct isa_fault {
	uint64_t syndrome;
	uint64_t address;
	bool has_address;
};

#endif
