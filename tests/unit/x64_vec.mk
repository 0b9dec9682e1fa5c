# SPDX-License-Identifier: BSD-2-Clause
ifeq ($(HOST),x86-64)
$(eval $(call unit_test,x64_vec,tests/unit/x64_vec.c,engine/dbt core isa base))
$(eval $(call unit_test,x64_returns,tests/unit/x64_returns.c,engine/dbt core isa base))
endif
