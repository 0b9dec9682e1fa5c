# SPDX-License-Identifier: BSD-2-Clause
$(eval $(call unit_test,softfloat,tests/unit/softfloat.c,isa,-lm))
