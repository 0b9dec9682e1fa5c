# SPDX-License-Identifier: BSD-2-Clause
# Guests of a few dozen instructions on this machine's own /dev/kvm, or that of a rig.
RIG_TESTS :=
.PHONY: rig-tests
ifeq ($(HOST),x86-64)
$(eval $(call unit_test,kvm_x86,tests/unit/kvm_x86.c tests/unit/kvm_rig.c,engine/kvm dev core isa os base))
$(eval $(call unit_test,kvm_irqchip,tests/unit/kvm_irqchip.c tests/unit/kvm_rig.c,engine/kvm dev core isa os base))
$(eval $(call unit_test,kvm_clock,tests/unit/kvm_clock.c tests/unit/kvm_rig.c,engine/kvm dev core isa os base))
$(eval $(call unit_test,kvm_dirty,tests/unit/kvm_dirty.c tests/unit/kvm_rig.c,engine/kvm dev core isa os base))
endif
# Without libgcc_s, which no other library of a rig needs.
ifeq ($(HOST),arm64)
$(eval $(call unit_test,kvm_gic,tests/unit/kvm_gic.c tests/unit/gic_random.c,engine/kvm dev core isa os base,-static-libgcc))
RIG_TESTS := $(B)/test/kvm_gic
$(RIG_TESTS): $(B)/sysroot/made
endif
# What a cross build's rig runs.
rig-tests: $(RIG_TESTS)
