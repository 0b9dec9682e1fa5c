/* SPDX-License-Identifier: BSD-2-Clause */
/* A hosted arena: grows by chunks of mapped memory, zero pages until touched, all returned at once. */
#ifndef OS_ARENA_H
#define OS_ARENA_H

#include "base/arena.h"

void os_arena_init(struct arena *a);
void os_arena_free(struct arena *a);

#endif
