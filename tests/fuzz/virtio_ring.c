/* SPDX-License-Identifier: BSD-2-Clause */
/* Hostile split rings. */
#include "tests/dev/virtio_rig.h"
#include "tests/fuzz/ring_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	ring_fuzz(data, size, 0);
	return 0;
}
