# SPDX-License-Identifier: BSD-2-Clause
#
# make check: every test that this machine can run. Binaries come from unit_test (group: its fifth argument),
# scripts from check-scripts-GROUP. make check K='system linux.py boot' chooses by regular expression.

check-scripts-kvm += $(sort $(wildcard tests/system/kvm_*.py))
check-scripts-bare += $(sort $(wildcard tests/system/bare_*.py))
check-scripts-system += $(filter-out $(check-scripts-kvm) $(check-scripts-bare),$(sort $(shell grep -l '^\# cases:' tests/system/*.py)))
check-scripts-tools += tests/tools/tools.py tests/tools/kvmtool.py

# Quick groups first; one that isn't named here comes at the end.
check-known	:= unit isa ir dev ring
check-found	= $(sort $(patsubst test-group-%,%,$(filter test-group-%,$(.VARIABLES))) \
		  $(patsubst check-scripts-%,%,$(filter check-scripts-%,$(.VARIABLES))))
check-groups	= $(filter $(check-found),$(check-known)) $(filter-out $(check-known) kvm bare system,$(check-found)) \
		  $(foreach g,kvm bare system,$(filter $(g),$(check-found)))
check-args	= $(foreach g,$(check-groups),$(g): $(test-group-$(g)) $(check-scripts-$(g)))

# check-long adds the cases that a script declares as long and, unless this is a sanitizer's build, the two builds with
# sanitizers: whatever a report of theirs can come from, and an arm64 Linux on the address sanitizer's.
check-run	= CELLA=$(abspath $(B))/cella CELLA_BUILT=1 tests/run $(if $(K),-k '$(K)') --logs $(B)/test-logs

# The kvm group's tests of other hosts take cross builds, where there are compilers for them; without, they skip. So does the
# bare group, which also takes the image and its inmates. The fuzz group takes a build by clang (tests/fuzz/build.mk).
cross-found	= $(if $(shell command -v aarch64-linux-gnu-gcc),cross-arm64) $(if $(shell command -v riscv64-linux-gnu-gcc),cross-riscv64)
bare-found	= $(if $(shell command -v aarch64-linux-gnu-gcc),cross-arm64 inmates $(B)/cella-arm64.bin)
check-for	= $(if $(K),$(if $(findstring $(1),$(K)),$(2)),$(2))
check-cross	= $(if $(SAN)$(cross),,$(sort $(call check-for,kvm,$(cross-found)) $(call check-for,bare,$(bare-found))))

.PHONY: check check-long check-san
check: all $$(TESTS) $$(check-cross) $$(check-fuzz)
	@$(check-run) $(check-args)
check-long: all $$(TESTS) $$(check-cross) $$(check-fuzz)
	@$(check-run) --long $(check-args)
	$(if $(SAN),,@$(MAKE) --no-print-directory check-san)
check-san:
	@RIG_SLOW=6 $(MAKE) --no-print-directory SAN=address,undefined \
		K='^(unit|isa|dev|ring|diff) |linux.py (boot_d12_2cpu|disk_ext4|net_d12|reboot)$$|bad_input|machines|terminal' check
	@RIG_SLOW=6 $(MAKE) --no-print-directory SAN=thread K='^(unit|isa|dev|ring) ' check
