# SPDX-License-Identifier: BSD-2-Clause
#
# make bare: the bare engine's image, build/cella-arm64.bin; part of `make all` where there is a compiler for it.
# make loc: how many lines are in it.

BARE_CC	?= $(firstword $(foreach c,aarch64-linux-gnu-gcc,$(if $(shell command -v $(c)),$(c))) \
		$(if $(shell command -v clang),clang --target=aarch64-linux-gnu))
BARE_OBJCOPY ?= $(firstword $(foreach c,aarch64-linux-gnu-objcopy llvm-objcopy llvm-objcopy-14,$(if $(shell command -v $(c)),$(c))))
bare-clang := $(findstring clang,$(BARE_CC))

bare-src := $(wildcard engine/bare/*.c engine/bare/arm64/*.c engine/bare/arm64/*.S) base/fmt.c base/lock.c base/log.c base/string.c \
	    fw/psci.c isa/arm64/pagetable.c isa/arm64/pt_build.c
bare-obj := $(patsubst %,$(B)/bare/%.o,$(basename $(bare-src)))
# memset's loop is no call of memset.
bare-no-calls := $(if $(bare-clang),-fno-builtin,-fno-builtin-memset -fno-tree-loop-distribute-patterns)
# No code of a module's own is reached through a table of addresses, so that the image runs wherever it lies.
bare-cf	 = -std=gnu17 -O2 -g $(WARN) -fno-strict-aliasing -fno-common -ffreestanding -fno-stack-protector -nostdinc \
	   $(bare-no-calls) -fno-asynchronous-unwind-tables -ffunction-sections \
	   -fdata-sections -fno-pie -mgeneral-regs-only -mno-outline-atomics -mstrict-align -mcmodel=small $(bare-inc) -I. -I$(B)/gen
bare-inc := $(addprefix -isystem ,$(wildcard $(shell $(BARE_CC) -print-file-name=include) \
	    $(if $(bare-clang),$(shell $(BARE_CC) -print-resource-dir)/include)))
bare-lf	 = -nostdlib -pie -Wl,-z,norelro,-z,notext -Wl,-z,max-page-size=4096 -Wl,--no-dynamic-linker -Wl,--build-id=none -Wl,--gc-sections \
	   -Wl,-u,image_entry -Wl,-T,image/arm64.ld $(if $(bare-clang),-fuse-ld=lld)

$(B)/bare/%.o: %.c
	$(call say,BARE-CC,$<)
	@mkdir -p $(@D)
	$(Q)$(BARE_CC) $(bare-cf) -MMD -MP -c -o $@ $<
$(B)/bare/%.o: %.S
	$(call say,BARE-AS,$<)
	@mkdir -p $(@D)
	$(Q)$(BARE_CC) $(bare-cf) -MMD -MP -c -o $@ $<
$(B)/bare/cella-arm64.elf: $(bare-obj) image/arm64.ld image/build.mk
	$(call say,BARE-LD,$@)
	$(Q)$(BARE_CC) $(bare-lf) -Wl,--defsym=percpu_bytes=$$(echo PERCPU_BYTES | \
		$(BARE_CC) -E -P -I. -include engine/bare/arm64/layout.h -x c - | tail -n 1 | { read -r e; echo $$(($$e)); }) \
		-o $@ $(bare-obj)
$(B)/cella-arm64.bin: $(B)/bare/cella-arm64.elf
	$(Q)$(BARE_OBJCOPY) -O binary $< $@
-include $(shell find $(B)/bare -name '*.d' 2>/dev/null)

.PHONY: bare loc
bare: $(B)/cella-arm64.bin
loc:
	@tools/loc $(bare-src)

ifneq ($(BARE_CC),)
ifneq ($(BARE_OBJCOPY),)
ifeq ($(cross)$(SAN),)
all: $(B)/cella-arm64.bin
TESTS += $(B)/bare/harness.elf $(B)/bare/jitter.elf $(B)/bare/qemu_count-1.so $(B)/bare/qemu_count-2.so
endif
endif
endif

# ---- the image's test without Linux (tests/system/bare_image.py) ----

$(B)/bare/%.elf: tests/bare/%.c $(addprefix tests/bare/,start.S board.c board.h board.ld) $(wildcard abi/*.h) isa/arm64/frame.h $(B)/cella-arm64.bin
	$(call say,GUEST,$@)
	$(Q)$(BARE_CC) -O2 -g -std=gnu17 $(WARN) -ffreestanding -nostdlib -static $(if $(bare-clang),,-no-pie) -mgeneral-regs-only -mno-outline-atomics \
		-mstrict-align $(bare-no-calls) -I. -DIMAGE='"$(B)/cella-arm64.bin"' -Wl,-T,tests/bare/board.ld \
		-Wl,--build-id=none $(if $(bare-clang),-fuse-ld=lld) -o $@ tests/bare/start.S tests/bare/board.c $<

# A plugin for the QEMU of this host (rig/jitter.py), by the version of QEMU's interface.
$(B)/bare/qemu_count-%.so: tests/bare/qemu_count.c
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu17 -O2 $(WARN) -fPIC -shared -DPLUGIN_API=$* -o $@ $<
