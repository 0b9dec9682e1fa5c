/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Types for what the kernel driver, the command and the bare image share: nothing else may be included here. */
#ifndef ABI_TYPES_H
#define ABI_TYPES_H

#ifdef __KERNEL__
#include <linux/types.h>
#else
#include <stdbool.h>
#include <stdint.h>
#endif

#define ABI_PACKED	__attribute__((packed))

#endif
