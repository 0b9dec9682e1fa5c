/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_FUZZ_RING_FUZZ_H
#define TESTS_FUZZ_RING_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* One input, with rings of the format that `features` ask for. */
void ring_fuzz(const uint8_t *data, size_t size, uint64_t features);

#endif
