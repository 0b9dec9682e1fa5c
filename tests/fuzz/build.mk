# SPDX-License-Identifier: BSD-2-Clause
#
# make fuzz: every fuzzer for FUZZ_SECONDS (10), by clang's libFuzzer with the address and undefined sanitizers, in a build
# directory of its own. Found cases go below it; what crashes becomes a unit test. FUZZ=name chooses one.
#
# $(call fuzzer,name,folder libraries[,extra libraries]): tests/fuzz/NAME.c has LLVMFuzzerTestOneInput.
FUZZ_SECONDS ?= 10
FUZZERS	:=
define fuzzer
FUZZERS += $(1)
$(B)/fuzz/$(1): $(B)/obj/tests/fuzz/$(1).o $(foreach f,$(2),$(B)/lib/$(call id,$(f)).a)
	$$(call say,LINK,$$@)
	@mkdir -p $$(@D)
	$(Q)$$(CC) $$(LF) -fsanitize=fuzzer -o $$@ $(B)/obj/tests/fuzz/$(1).o -Wl,--start-group $(foreach f,$(2),$(B)/lib/$(call id,$(f)).a) -Wl,--end-group $(3)
$(B)/obj/tests/fuzz/$(1).o: FOLDER := all
$(B)/obj/tests/fuzz/$(1).o: EXTRA :=
$(B)/obj/tests/fuzz/$(1).o: | $$$$(gen-hdr)
endef

$(eval $(call fuzzer,kernel,ctl boot core base os,-lz -lfdt))
$(eval $(call fuzzer,config,ctl boot core base os,-lz -lfdt))
$(eval $(call fuzzer,dtb,ctl machine fw boot dev core isa base os,-lz -lfdt))
include $(filter-out %/build.mk,$(wildcard tests/fuzz/*.mk))

.PHONY: fuzz fuzz-run
fuzz:
	@tools/deps fuzz
	@$(MAKE) --no-print-directory B=build-fuzz CC=clang SAN=fuzzer-no-link,address,undefined fuzz-run
fuzz-run: $(foreach f,$(or $(FUZZ),$(FUZZERS)),$(B)/fuzz/$(f))
	@set -e; for f in $(or $(FUZZ),$(FUZZERS)); do \
		mkdir -p $(B)/corpus/$$f; \
		printf '%s\n' "fuzz $$f"; \
		$(B)/fuzz/$$f -max_total_time=$(FUZZ_SECONDS) -max_len=8192 -timeout=10 -rss_limit_mb=2048 -verbosity=0 \
			-print_final_stats=1 -artifact_prefix=$(B)/fuzz/$$f- $(B)/corpus/$$f 2>&1 | \
			grep -v '^INFO\|^stat::\(new\|slowest\|average\)\|^DONE' || true; \
		! ls $(B)/fuzz/$$f-crash-* $(B)/fuzz/$$f-timeout-* $(B)/fuzz/$$f-oom-* 2>/dev/null; \
	done
