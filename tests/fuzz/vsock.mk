# SPDX-License-Identifier: BSD-2-Clause
$(eval $(call fuzz_test,vsock,tests/fuzz/vsock.c $(fuzz-rig),backend dev core isa os base,-lcmocka))
