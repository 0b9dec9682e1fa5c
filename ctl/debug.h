/* SPDX-License-Identifier: BSD-2-Clause */
/* A machine's inside as JSON, for people who debug: registers of its vCPUs, and every device's state table. */
#ifndef CTL_DEBUG_H
#define CTL_DEBUG_H

#include <jansson.h>

#include "core/vm.h"

/* An array, one object a vCPU: registers by name, as hexadecimal text. Stops each of them for a moment. Control thread. */
json_t *debug_vcpus(struct vm *vm);
/* An array, one object a device: its class, instance, and the fields of its state. */
json_t *debug_devices(struct vm *vm);

#endif
