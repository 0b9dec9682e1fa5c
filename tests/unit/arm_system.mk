# SPDX-License-Identifier: BSD-2-Clause
ifeq ($(HOST),x86-64)
$(eval $(call unit_test,arm_walk,tests/unit/arm_walk.c,engine/dbt fw core isa base os))
$(eval $(call unit_test,arm_tlb,tests/unit/arm_tlb.c,engine/dbt fw core isa base os))
$(eval $(call unit_test,arm_tlb_stress,tests/unit/arm_tlb_stress.c,engine/dbt fw core isa base os))
$(eval $(call unit_test,arm_except,tests/unit/arm_except.c,engine/dbt fw core isa base os))
endif
