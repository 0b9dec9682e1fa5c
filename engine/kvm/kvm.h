/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Guests of the host's own ISA on the host kernel's virtual machines, /dev/kvm (Documentation/virt/kvm/api.rst). What is
 * particular to an architecture is in a folder of its own, and a build takes one of these.
 */
#ifndef ENGINE_KVM_KVM_H
#define ENGINE_KVM_KVM_H

#include <stdio.h>

#include "core/engine.h"

extern const struct engine_ops kvm_engine;

/* What a guest is told about its processor, and what was left out of what the host offers. A negative error: why says. */
int kvm_cpu_print(FILE *f, char *why, size_t why_len);

#endif
