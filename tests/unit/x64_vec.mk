# SPDX-License-Identifier: BSD-2-Clause
ifeq ($(shell uname -m),x86_64)
$(eval $(call unit_test,x64_vec,tests/unit/x64_vec.c,engine/dbt core isa base))
endif
