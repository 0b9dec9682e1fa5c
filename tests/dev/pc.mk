# SPDX-License-Identifier: BSD-2-Clause
$(eval $(call unit_test,dev_pc,tests/dev/pc_devices.c tests/dev/board.c,dev core isa base,,dev))
$(eval $(call unit_test,dev_pc_irqchip,tests/dev/pc_irqchip.c tests/dev/board.c,dev core isa base,,dev))
