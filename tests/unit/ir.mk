# SPDX-License-Identifier: BSD-2-Clause
$(eval $(call unit_test,ir,tests/unit/ir.c,engine/dbt isa base))
