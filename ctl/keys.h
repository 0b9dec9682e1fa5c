/* SPDX-License-Identifier: BSD-2-Clause */
/* Keys of a PC keyboard by name, as the scan codes (set 2) that it sends for them. */
#ifndef CTL_KEYS_H
#define CTL_KEYS_H

#include <stddef.h>
#include <stdint.h>

#define KEYS_BYTES	64

/*
 * "a", "f1", "ctrl-alt-delete": keys joined by '-', pressed in that order and released in the other. Fills `codes` and returns how
 * many; -EINVAL: a name is unknown, -E2BIG: too many.
 */
int keys_encode(const char *chord, uint8_t codes[KEYS_BYTES]);

#endif
