# SPDX-License-Identifier: BSD-2-Clause
$(eval $(call unit_test,dev_riscv,tests/dev/riscv.c tests/dev/board.c,dev core isa base,,dev))
