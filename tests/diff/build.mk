# SPDX-License-Identifier: BSD-2-Clause
# Differential tests against qemu-user. The guest's side needs a cross compiler; without one the test skips itself.
ARM64_CC ?= aarch64-linux-gnu-gcc

$(eval $(call unit_test,simd_diff,tests/diff/simd.c,isa,,diff))
$(B)/obj/tests/diff/simd.o: CFLAGS += -DSIMD_ARM64='"$(B)/diff/simd_arm64"'

ifneq ($(shell command -v $(ARM64_CC)),)
$(B)/test/simd_diff: $(B)/diff/simd_arm64
$(B)/diff/simd_arm64: tests/diff/simd_arm64.c $(wildcard tests/diff/*.h) isa/arm64/simd.h isa/arm64/fp.h isa/softfloat.h
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(ARM64_CC) -std=gnu17 -O1 $(WARN) -march=armv8.6-a+crypto+fp16fml -static -I. -o $@ $<
endif
