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

# Is every line of the decode table tested?
check-scripts-diff += tests/diff/coverage.py

# Random programs through the whole translator.
ifeq ($(HOST),x86-64)
$(eval $(call unit_test,a64_diff,tests/diff/a64.c tests/diff/a64_gen.c,engine/dbt fw core os isa base,,diff))
$(B)/obj/tests/diff/a64.o: CFLAGS += -DA64_ARM64='"$(B)/diff/a64_arm64"'

ifneq ($(shell command -v $(ARM64_CC)),)
$(B)/test/a64_diff: $(B)/diff/a64_arm64
$(B)/diff/a64_arm64: tests/diff/a64_arm64.c tests/diff/a64_state.h
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(ARM64_CC) -std=gnu17 -O1 $(WARN) -march=armv8.2-a -static -I. -o $@ $<
endif
endif

# The program is linked where random addresses seldom point.
ifeq ($(HOST),x86-64)
$(eval $(call unit_test,insn_diff,tests/diff/insn.c tests/diff/insn_gen.c tests/diff/insn_dbt.c,engine/dbt fw core isa os base,,diff))
$(B)/obj/tests/diff/insn.o: CFLAGS += -DINSN_ARM64='"$(B)/diff/insn_arm64"'

ifneq ($(shell command -v $(ARM64_CC)),)
$(B)/test/insn_diff: $(B)/diff/insn_arm64
$(B)/diff/insn_arm64: tests/diff/insn_arm64.c tests/diff/insn_case.h isa/v128.h
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(ARM64_CC) -std=gnu17 -O1 $(WARN) -static -I. -Wl,-Ttext-segment=0x77660000 -o $@ $<
endif
endif
