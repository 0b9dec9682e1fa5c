# SPDX-License-Identifier: BSD-2-Clause
#
# What is checked about the sources besides running them: make freestanding, make lint; and make demo.

# ---- freestanding: what engine/bare links, without a C library, for this architecture and for arm64 ----

free-src = $(wildcard base/*.c isa/*.c isa/*/*.c core/*.c fw/*.c boot/*.c dev/*.c dev/irqchip/*.c dev/uart/*.c \
	     dev/pci/*.c dev/virtio/*.c dev/timer/*.c) $(isa-gen-src)
free-cf	= -std=gnu17 -O2 -g $(WARN) -fno-strict-aliasing -fno-common -ffreestanding -fno-builtin-memset \
	  -fno-tree-loop-distribute-patterns -fno-stack-protector -mgeneral-regs-only -nostdinc -I. -I$(B)/gen

# $(call free_build,architecture,compiler,flags): $(B)/free-ARCH/cella.o, all of it in one object
define free_build
free-all += $(B)/free-$(1)/cella.o
free-obj-$(1) = $$(patsubst $(B)/gen/%.c,$(B)/free-$(1)/gen/%.o,$$(patsubst %.c,$(B)/free-$(1)/%.o,$$(free-src)))
free-inc-$(1) := $$(addprefix -isystem ,$$(wildcard $$(shell $(2) -print-file-name=include) \
		 $$(shell $(2) -print-file-name=include-fixed)))
$(B)/free-$(1)/%.o: %.c | $$$$(gen-hdr)
	$$(call say,FREE-CC,$(1) $$<)
	@mkdir -p $$(@D)
	$(Q)$(2) $$(free-cf) $(3) $$(free-inc-$(1)) -MMD -MP -c -o $$@ $$<
$(B)/free-$(1)/gen/%.o: $(B)/gen/%.c | $$$$(gen-hdr)
	$$(call say,FREE-CC,$(1) $$<)
	@mkdir -p $$(@D)
	$(Q)$(2) $$(free-cf) $(3) $$(free-inc-$(1)) -MMD -MP -c -o $$@ $$<
$(B)/free-$(1)/cella.o: $$$$(free-obj-$(1)) tools/symbols
	$$(call say,FREE-LD,$$@)
	$(Q)$(2) -r -nostdlib -o $$@ $$(free-obj-$(1))
	$(Q)tools/symbols $$@
-include $$(shell find $(B)/free-$(1) -name '*.d' 2>/dev/null)
endef

free-all :=
ifeq ($(shell uname -m),x86_64)
$(eval $(call free_build,x86_64,gcc,-mno-red-zone -fno-pie))
endif
ifneq ($(shell command -v aarch64-linux-gnu-gcc),)
$(eval $(call free_build,arm64,aarch64-linux-gnu-gcc,-mno-outline-atomics))
endif

.PHONY: freestanding
freestanding: $(free-all)

# ---- lint ----

# Tests and guests are left out: much of them is for arm64, which a host's clang-tidy can't read; so is KVM of other hosts.
kvm-others = $(filter-out engine/kvm/$(patsubst x86-64,x86,$(HOST))/%,$(wildcard engine/kvm/*/*.c))
tidy-src = $(filter-out $(kvm-others),$(shell git ls-files '*.c' ':!tests/' ':!bench/' ':!guests/' ':!kmod/' ':!engine/bare/'))
tidy-bare = $(wildcard engine/bare/*.c engine/bare/*/*.c)
TIDY_S	?= 3600

.PHONY: lint lint-includes lint-format lint-tidy lint-cppcheck lint-analyze
lint: lint-includes lint-format freestanding lint-cppcheck lint-tidy
lint-includes:
	$(Q)tools/includes
lint-format:
	$(Q)tools/format
# $(call tidy,files,flags): one process for each few files and core; the whole within TIDY_S seconds.
tidy	= $(Q)printf '%s\n' $(1) | timeout $(TIDY_S) xargs -P 2 -n 4 sh -c \
	  'clang-tidy --quiet --warnings-as-errors="*" "$$@" -- -std=gnu17 -I. -I$(B)/gen $(2) 2>/dev/null' tidy
lint-tidy: | $$(gen-hdr)
	$(call tidy,$(tidy-src),-D_GNU_SOURCE)
	$(call tidy,$(tidy-bare),--target=aarch64-linux-gnu -ffreestanding -mgeneral-regs-only)
# Left out: what it says about va_list in base/fmt.c is false, as it loses sight of one that is in a struct; memcpy_s is none of ours.
analyze	= -*,clang-analyzer-*,-clang-analyzer-valist.Uninitialized,-clang-analyzer-security.insecureAPI.DeprecatedOrUnsafeBufferHandling
lint-analyze: | $$(gen-hdr)
	$(Q)printf '%s\n' $(tidy-src) | xargs -P 2 -n 4 sh -c 'clang-tidy --quiet --checks="$(analyze)" \
		"$$@" -- -std=gnu17 -D_GNU_SOURCE -I. -I$(B)/gen 2>/dev/null' tidy
lint-cppcheck:
	$(Q)cppcheck --quiet --std=c11 --platform=unix64 --enable=warning,portability --inline-suppr --error-exitcode=1 \
		--suppressions-list=tools/cppcheck.txt -j 2 -I. -I$(B)/gen -U__has_include \
		$(sort $(dir $(filter-out engine/%,$(tidy-src))))

# ---- demo ----

.PHONY: demo
demo: all
	@exec $(B)/cella run debian-arm64

# ---- install: the command, what `cella get` runs, the manual page and bash completion ----

PREFIX	?= /usr/local
.PHONY: install
install: $(B)/cella
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/libexec/cella $(DESTDIR)$(PREFIX)/share/man/man1 \
		$(DESTDIR)$(PREFIX)/share/bash-completion/completions
	install -m 755 $(B)/cella $(DESTDIR)$(PREFIX)/bin/cella
	install -m 755 tools/debfetch $(DESTDIR)$(PREFIX)/libexec/cella/debfetch
	install -m 644 docs/cella.1 $(DESTDIR)$(PREFIX)/share/man/man1/cella.1
	$(B)/cella help --completion > $(DESTDIR)$(PREFIX)/share/bash-completion/completions/cella
	$(if $(filter arm64,$(HOST)),@$(MAKE) --no-print-directory install-kmod)
	if [ -e $(B)/cella-arm64.bin ]; then install -D -m 644 $(B)/cella-arm64.bin $(DESTDIR)$(PREFIX)/lib/cella/cella-arm64.bin; fi
