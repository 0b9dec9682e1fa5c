# SPDX-License-Identifier: BSD-2-Clause
$(eval $(call unit_test,softfloat,tests/unit/softfloat.c,isa,-lm))
$(eval $(call unit_test,simd,tests/unit/simd.c,isa))
# Else the compiler assumes round-to-nearest where it expands rint().
$(B)/obj/tests/unit/softfloat.o: CFLAGS += -frounding-math
