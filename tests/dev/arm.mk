# SPDX-License-Identifier: BSD-2-Clause
$(eval $(call unit_test,dev_gicv3,tests/dev/gicv3.c tests/dev/board.c,dev core isa base,,dev))
$(eval $(call unit_test,dev_gicv2,tests/dev/gicv2.c tests/dev/board.c,dev core isa base,,dev))
$(eval $(call unit_test,dev_arm_timer,tests/dev/arm_timer.c tests/dev/board.c,dev core isa base,,dev))
$(eval $(call unit_test,dev_pl011,tests/dev/pl011.c tests/dev/board.c,dev core isa base,,dev))
$(eval $(call unit_test,dev_primecells,tests/dev/primecells.c tests/dev/board.c,dev core isa base,,dev))
$(eval $(call unit_test,dev_gic_threads,tests/dev/gic_threads.c tests/dev/board.c,dev core isa base,,dev))
$(eval $(call unit_test,dev_gic_oracle,tests/dev/gic_oracle.c tests/dev/board.c,dev core isa base,,dev))
$(eval $(call unit_test,dev_gicv3_its,tests/dev/gicv3_its.c tests/dev/board.c,dev core isa base,,dev))
