# SPDX-License-Identifier: BSD-2-Clause
#
# hello is built into the command from hello.inc, so that a build needs no cross tools. `make hello-image` writes it
# anew after a change of hello.S (binutils-aarch64-linux-gnu, or clang and llvm's objcopy); a check compares them.

AARCH64	?= aarch64-linux-gnu-
$(B)/guests/hello.bin: guests/hello/hello.S
	$(call say,GUEST,$@)
	@mkdir -p $(@D)
	$(Q)$(AARCH64)gcc -c -o $(@:.bin=.o) $<
	$(Q)$(AARCH64)objcopy -O binary -j .text $(@:.bin=.o) $@

.PHONY: hello-image
hello-image: $(B)/guests/hello.bin
	guests/hello/mkinc <$< >guests/hello/hello.inc

# ---- inmates of the bare engine: `make inmates`, one program from each file of demo/ and hostile/ ----

inmate-dir	= $(B)/inmates
inmate-lib	:= $(wildcard guests/inmate/*.c) guests/inmate/start.S base/fmt.c base/string.c
inmate-main	:= $(wildcard guests/demo/*.c guests/hostile/*.c)
inmate-obj	= $(patsubst %,$(inmate-dir)/obj/%.o,$(basename $(1)))
inmates		= $(patsubst %.c,$(inmate-dir)/%.bin,$(notdir $(inmate-main)))
inmate-cf	= -std=gnu17 -O2 -g $(WARN) -march=armv8-a -ffreestanding -fno-builtin-memset -fno-tree-loop-distribute-patterns \
		  -fno-stack-protector -fno-asynchronous-unwind-tables -mgeneral-regs-only -mstrict-align -mno-outline-atomics \
		  -fno-strict-aliasing -fno-common -fpie -I.

$(inmate-dir)/obj/%.o: %.c
	$(call say,INMATE,$<)
	@mkdir -p $(@D)
	$(Q)$(AARCH64)gcc $(inmate-cf) -MMD -MP -c -o $@ $<
$(inmate-dir)/obj/%.o: %.S
	$(call say,INMATE,$<)
	@mkdir -p $(@D)
	$(Q)$(AARCH64)gcc -I. -MMD -MP -c -o $@ $<

# Sources that one inmate takes beside its own.
inmate-with-ivshmem-net-demo = kmod/net_ring.c

# $(call inmate,source)
define inmate
$(inmate-dir)/$(notdir $(1:.c=.elf)): $(call inmate-obj,$(1)) $(call inmate-obj,$(inmate-lib) $(if $(filter guests/hostile/%,$(1)),guests/hostile/lib/main.c) $(inmate-with-$(basename $(notdir $(1))))) guests/inmate/inmate.ld
	$$(Q)$(AARCH64)gcc -nostdlib -pie -Wl,--no-dynamic-linker,-z,noexecstack,-z,max-page-size=4096,--build-id=none,--no-warn-rwx-segments \
		-T guests/inmate/inmate.ld -o $$@ $$(filter %.o,$$^)
endef
$(foreach s,$(inmate-main),$(eval $(call inmate,$(s))))
$(inmate-dir)/%.bin: $(inmate-dir)/%.elf
	$(Q)$(AARCH64)objcopy -O binary $< $@

.PHONY: inmates
inmates: $(inmates)
-include $(shell find $(inmate-dir)/obj -name '*.d' 2>/dev/null)

# Programs for the root cell, which tests of the bare engine take along: they bring their own C library.
root-programs = $(B)/inmates/cell_ioctl $(B)/inmates/cell_start $(B)/inmates/ivshmem_root
$(B)/inmates/cell_ioctl: tests/fuzz/arm64/cell_ioctl.c $(wildcard abi/*.h)
$(B)/inmates/cell_start: bench/root/cell_start.c $(wildcard abi/*.h)
$(B)/inmates/ivshmem_root: guests/root/ivshmem_root.c
$(root-programs):
	$(call say,GUEST,$@)
	@mkdir -p $(@D)
	$(Q)$(AARCH64)gcc -std=gnu17 -O2 $(WARN) -static -I. -o $@ $<
inmates: $(root-programs)
