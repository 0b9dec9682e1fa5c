# SPDX-License-Identifier: BSD-2-Clause
ifeq ($(HOST),x86-64)
$(eval $(call unit_test,lift,tests/unit/lift.c,engine/dbt fw core os isa base))
endif
