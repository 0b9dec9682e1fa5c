# SPDX-License-Identifier: BSD-2-Clause
$(eval $(call unit_test,flash,tests/dev/flash.c tests/dev/board.c,dev core isa base,,dev))
