# SPDX-License-Identifier: BSD-2-Clause
ifeq ($(shell uname -m),x86_64)
$(eval $(call unit_test,lift,tests/unit/lift.c,engine/dbt fw core os isa base))
endif
