/* SPDX-License-Identifier: BSD-2-Clause */
/* Accesses that the root answers (abi/serve.h). */
#ifndef ENGINE_BARE_SERVE_H
#define ENGINE_BARE_SERVE_H

#include "engine/bare/bare.h"

/* The page of slots, when the root cell is there and its configuration has an interrupt for the doorbell. */
int serve_init(struct bare *sys);
/* A trapped access to the region `arg`, a struct config_memory. Waits for the root, or until the CPU is to leave its guest. */
enum mmio_result serve_access(struct cpu *cpu, void *arg, struct mmio_access *a);

/* HC_SERVE_INFO, HC_SERVE_IRQ */
int64_t serve_info(const struct cpu *cpu);
int serve_irq(const struct cpu *cpu, uint64_t which, uint64_t pending);

#endif
