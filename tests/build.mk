# SPDX-License-Identifier: BSD-2-Clause
#
# make check: every test that this machine can run. Binaries come from unit_test (group: its fifth argument),
# scripts from check-scripts-GROUP. make check K='system linux.py boot' chooses by regular expression.

check-scripts-system += $(sort $(shell grep -l '^\# cases:' tests/system/*.py))
check-scripts-tools += tests/tools/tools.py

# Quick groups first; one that isn't named here comes at the end.
check-known	:= unit isa ir dev ring
check-found	= $(sort $(patsubst test-group-%,%,$(filter test-group-%,$(.VARIABLES))) \
		  $(patsubst check-scripts-%,%,$(filter check-scripts-%,$(.VARIABLES))))
check-groups	= $(filter $(check-found),$(check-known)) $(filter-out $(check-known) system,$(check-found)) \
		  $(filter system,$(check-found))
check-args	= $(foreach g,$(check-groups),$(g): $(test-group-$(g)) $(check-scripts-$(g)))

.PHONY: check
check: all $$(TESTS)
	@CELLA=$(abspath $(B))/cella tests/run $(if $(K),-k '$(K)') --logs $(B)/test-logs $(check-args)
