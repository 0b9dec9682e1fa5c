/* SPDX-License-Identifier: BSD-2-Clause */
/* The translator's part of a machine: what its vCPUs share. vm->engine_vm points to it. */
#ifndef ENGINE_DBT_VM_H
#define ENGINE_DBT_VM_H

#include "core/vm.h"
#include "engine/dbt/arm64/system.h"
#include "engine/dbt/dbt.h"
#include "engine/dbt/tlb.h"

struct dbt_vm {
	struct vm *vm;
	const struct dbt_options *options;	/* never NULL */
	struct tlb_shared tlb;
	struct arm_modes modes;
};

#endif
