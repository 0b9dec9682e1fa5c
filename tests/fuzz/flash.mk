# SPDX-License-Identifier: BSD-2-Clause
$(eval $(call fuzz_test,flash,tests/fuzz/flash.c tests/dev/board.c,dev core isa base,-lcmocka))
