# SPDX-License-Identifier: BSD-2-Clause
#
# Fuzzers: make fuzz [FUZZ_S=seconds each] [FUZZ=names]. They are built by clang in a variant of their own; inputs that
# were worth keeping collect in $(B)/corpus, and what crashes one is left in $(B)/fuzz as NAME-crash-*. make check runs each
# for five seconds from nothing (the script `short`); it builds that variant too, of the libraries that fuzzers take and
# without much optimisation.

FUZZ_S	?= 60
FUZZERS	:=
fuzz-san := address,undefined,fuzzer-no-link

# $(call fuzz_program,name,sources,folder libraries[,extra libraries])
define fuzz_program
$(B)/fuzz/$(1): $(patsubst %.c,$(B)/obj/%.o,$(2)) $(foreach f,$(3),$(B)/lib/$(call id,$(f)).a)
	$$(call say,LINK,$$@)
	@mkdir -p $$(@D)
	$(Q)$$(CC) $$(LF) -fsanitize=fuzzer -o $$@ $(patsubst %.c,$(B)/obj/%.o,$(2)) -Wl,--start-group $(foreach f,$(3),$(B)/lib/$(call id,$(f)).a) -Wl,--end-group $(4)
$(patsubst %.c,$(B)/obj/%.o,$(2)): FOLDER := all
$(patsubst %.c,$(B)/obj/%.o,$(2)): EXTRA :=
$(patsubst %.c,$(B)/obj/%.o,$(2)): | $$$$(gen-hdr)
endef

# $(call fuzz_test,…): a program that is one fuzzer. $(call fuzz_names,program,names): one that is several (name.h).
define fuzz_test
FUZZERS += $(1)
$(call fuzz_program,$(1),$(2),$(3),$(4))
endef
define fuzz_names
FUZZERS += $(2)
$(addprefix $(B)/fuzz/,$(2)): $(B)/fuzz/$(1)
	$(Q)ln -sf $(1) $$@
endef

include $(filter-out %/build.mk,$(wildcard tests/fuzz/*.mk))

FUZZ	?= $(FUZZERS)
fuzz-make = +$(Q)$(MAKE) --no-print-directory CC=clang SAN=$(fuzz-san) OPT=-O1 FUZZ_S=$(FUZZ_S) FUZZ='$(FUZZ)'
.PHONY: fuzz fuzz-run fuzz-build fuzz-programs
fuzz:
	$(fuzz-make) fuzz-run
fuzz-build:
	$(fuzz-make) fuzz-programs
fuzz-programs: $(addprefix $(B)/fuzz/,$(FUZZ))
fuzz-run: $(addprefix $(B)/fuzz/,$(FUZZ))
	@for f in $(FUZZ); do mkdir -p $(B)/corpus/$$f; printf '  %-7s %s\n' FUZZ $$f; \
		$(B)/fuzz/$$f -max_total_time=$(FUZZ_S) -timeout=10 -max_len=4096 -print_final_stats=0 -verbosity=0 \
		-artifact_prefix=$(B)/fuzz/$$f- $(B)/corpus/$$f >$(B)/fuzz/$$f.log 2>&1 || \
		{ cat $(B)/fuzz/$$f.log; exit 1; }; done

# ---- in make check ----

ifeq ($(SAN)$(cross),)
fuzz-short := $(addprefix $(B)/fuzz-short/,$(FUZZERS))
check-scripts-fuzz += $(fuzz-short)
$(fuzz-short): tests/fuzz/short
	@mkdir -p $(@D)
	@ln -sf $(CURDIR)/$< $@
check-fuzz = $(fuzz-short) $(if $(shell command -v clang),$(if $(K),$(if $(findstring fuzz,$(K)),fuzz-build),fuzz-build))
endif
