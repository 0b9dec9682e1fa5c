# SPDX-License-Identifier: BSD-2-Clause
#
# The benchmark's guest program, the same flags for arm64 and for here, and `make bench`.
# BENCH_ARGS goes to bench/run: make bench BENCH_ARGS='--runs 3 --rows fib,switch'

BENCH_CC_ARM64	?= aarch64-linux-gnu-gcc
bench-guest-src	:= $(wildcard bench/guest/*.c)
bench-guest-flags := -std=gnu17 -O2 -Wall -Wextra -Wshadow -Wmissing-prototypes -Wstrict-prototypes -static -pthread \
		     -Ibench/guest

$(B)/bench/guest-arm64: bench-guest-cc = $(BENCH_CC_ARM64)
$(B)/bench/guest-native: bench-guest-cc = gcc
$(B)/bench/guest-arm64 $(B)/bench/guest-native: $(bench-guest-src) bench/guest/bench.h
	$(call say,GUEST,$@)
	@mkdir -p $(@D)
	$(Q)$(bench-guest-cc) $(bench-guest-flags) -o $@ $(bench-guest-src) -lm

.PHONY: bench
bench: all
	@tools/deps bench
	@$(MAKE) -s $(B)/bench/guest-arm64 $(B)/bench/guest-native
	bench/run --build $(B) $(BENCH_ARGS)

# Cella beside QEMU on one KVM in software. BENCH_ARGS='--runs 1 --only cella,microvm --rows first,rand'
.PHONY: bench-kvm
bench-kvm: all
	@tools/deps bench
	bench/kvm --build $(B) $(BENCH_ARGS)

# Instructions that the bare engine costs. BENCH_ARGS='--gic v2'
.PHONY: bench-bare
bench-bare: all inmates $(B)/cella-arm64.bin cross-arm64
	@tools/deps bench
	CELLA_BUILT=1 bench/bare $(BENCH_ARGS)
