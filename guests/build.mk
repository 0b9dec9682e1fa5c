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
