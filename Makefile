# SPDX-License-Identifier: BSD-2-Clause
#
# One non-recursive graph. Each folder has a build.mk that calls `folder` (a static library whose sources may
# include only the folders it names) or `unit_test`. Everything built goes below $(B).
#
#   make [SAN=address,undefined|thread] [CC=clang] [V=1] [HOST=x86-64|arm64|riscv64] [DEPS=]

.DEFAULT_GOAL := all
.SECONDEXPANSION:
.DELETE_ON_ERROR:

# These goals install what they lack, before anything here looks for it; DEPS= leaves that out. A recipe that fails makes for
# status 2. What is missing and can't be installed is no failure but a no, and make's way of saying no (-q) has status 1.
deps-demo	:= build demo
deps-check	:= check
deps-check-long	:= check
DEPS	?= $(strip $(foreach g,$(MAKECMDGOALS),$(deps-$(g))))
ifneq ($(and $(DEPS),$(if $(findstring n,$(firstword -$(MAKEFLAGS))),,yes)),)
ifneq ($(shell tools/deps $(DEPS) >&2 || echo missing),)
MAKEFLAGS += -q
endif
endif

MAKEFLAGS += --no-builtin-rules

# HOST: where the command runs. Another than this machine's takes a cross compiler, and libraries that tools/sysroot fetches.
here	:= $(patsubst x86_64,x86-64,$(patsubst aarch64,arm64,$(shell uname -m)))
HOST	?= $(here)
cross	:= $(if $(filter-out $(here),$(HOST)),$(patsubst arm64,aarch64,$(patsubst x86-64,x86_64,$(HOST)))-linux-gnu-)
CC	?= gcc
ifeq ($(origin CC),default)
CC	:= $(cross)gcc
endif
AR	:= $(cross)ar
empty :=
space := $(empty) $(empty)
comma := ,
SAN	?=
VARIANT	:= $(if $(SAN),-$(subst $(comma),-,$(SAN)))$(if $(filter clang%,$(notdir $(CC))),-clang)$(if $(cross),-$(HOST))
B	?= build$(VARIANT)
Q	:= $(if $(V),,@)
say	= $(if $(V),,@printf '  %-7s %s\n' '$(1)' '$(2)')

WARN	:= -Wall -Wextra -Wshadow -Wmissing-prototypes -Wstrict-prototypes -Wvla -Wno-unused-parameter \
	   -Wno-missing-field-initializers $(if $(WERROR),-Werror)
OPT	?= -O2
CFLAGS	?= -g
CF	= -std=gnu17 $(OPT) $(CFLAGS) $(WARN) -fno-strict-aliasing -fno-common -pthread \
	  $(if $(SAN),-fsanitize=$(SAN) -fno-sanitize-recover=all -fno-omit-frame-pointer -DLOCK_CHECK) \
	  $(if $(filter thread,$(SAN)),$(if $(filter clang%,$(notdir $(CC))),,-Wno-tsan))
LF	= $(CFLAGS) -pthread $(if $(SAN),-fsanitize=$(SAN)) $(LDFLAGS)
# A distribution's newer libraries want symbols of its own C library, which is there where the program runs.
LF	+= $(if $(cross),-L$(B)/sysroot -Wl$(comma)--allow-shlib-undefined)
ALL_FOLDERS :=
TESTS	:=

# id: engine/dbt -> engine_dbt
id	= $(subst /,_,$(1))

# $(call folder,name,folders it may include,sources[,extra cflags])
define folder
ALL_FOLDERS += $(1)
$(call id,$(1))-lib := $(B)/lib/$(call id,$(1)).a
$(call id,$(1))-may := $(1) $(2)
$(call id,$(1))-obj := $(patsubst %.c,$(B)/obj/%.o,$(patsubst $(B)/gen/%,gen/%,$(filter %.c,$(3)))) $(patsubst %.S,$(B)/obj/%.o,$(filter %.S,$(3)))
$$($(call id,$(1))-obj): FOLDER := $(call id,$(1))
$$($(call id,$(1))-obj): EXTRA := $(4)
$$($(call id,$(1))-obj): $(B)/inc/$(call id,$(1))/.made | $$$$(gen-hdr)
$(B)/lib/$(call id,$(1)).a: $$($(call id,$(1))-obj)
	$$(call say,AR,$$@)
	@mkdir -p $$(@D)
	$(Q)rm -f $$@ && $$(AR) rcs $$@ $$^
$(B)/inc/$(call id,$(1))/.made: $(dir $(lastword $(MAKEFILE_LIST)))build.mk
	@rm -rf $$(@D) && mkdir -p $$(@D)
	@for f in $(1) $(2); do mkdir -p $$(@D)/$$$$(dirname $$$$f); [ -e $$(@D)/$$$$f ] || ln -s $(CURDIR)/$$$$f $$(@D)/$$$$f; done
	@touch $$@
endef

# $(call unit_test,name,sources,folder libraries, lowest last[,extra libraries[,group]]): a cmocka binary
define unit_test
TESTS += $(B)/test/$(1)
test-group-$(or $(5),unit) += $(B)/test/$(1)
$(B)/test/$(1): $(patsubst %.c,$(B)/obj/%.o,$(2)) $(foreach f,$(3),$(B)/lib/$(call id,$(f)).a)
	$$(call say,LINK,$$@)
	@mkdir -p $$(@D)
	$(Q)$$(CC) $$(LF) -o $$@ $(patsubst %.c,$(B)/obj/%.o,$(2)) -Wl,--start-group $(foreach f,$(3),$(B)/lib/$(call id,$(f)).a) -Wl,--end-group -lcmocka $(4)
$(patsubst %.c,$(B)/obj/%.o,$(2)): FOLDER := all
$(patsubst %.c,$(B)/obj/%.o,$(2)): EXTRA :=
$(patsubst %.c,$(B)/obj/%.o,$(2)): | $$$$(gen-hdr)
endef

# $(call program,name,sources,folder libraries[,extra libraries])
define program
PROGRAMS += $(B)/$(1)
$(B)/$(1): $(patsubst %.c,$(B)/obj/%.o,$(2)) $(foreach f,$(3),$(B)/lib/$(call id,$(f)).a)
	$$(call say,LINK,$$@)
	@mkdir -p $$(@D)
	$(Q)$$(CC) $$(LF) -o $$@ $(patsubst %.c,$(B)/obj/%.o,$(2)) -Wl,--start-group $(foreach f,$(3),$(B)/lib/$(call id,$(f)).a) -Wl,--end-group $(4)
$(patsubst %.c,$(B)/obj/%.o,$(2)): FOLDER := all
$(patsubst %.c,$(B)/obj/%.o,$(2)): EXTRA :=
$(patsubst %.c,$(B)/obj/%.o,$(2)): | $$$$(gen-hdr)
endef

gen-hdr :=
include $(sort $(wildcard */build.mk) $(wildcard */*/build.mk) $(wildcard */*/*/build.mk))

$(B)/obj/%.o: %.c
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CF) $(EXTRA) -MMD -MP $(if $(filter all,$(FOLDER)),-I.,-I$(B)/inc/$(FOLDER)) -I$(B)/gen -c -o $@ $<
$(B)/obj/gen/%.o: $(B)/gen/%.c
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CF) $(EXTRA) -MMD -MP -I$(B)/inc/$(FOLDER) -I$(B)/gen -c -o $@ $<
$(B)/obj/%.o: %.S
	$(call say,AS,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CF) $(EXTRA) -MMD -MP -I. -I$(B)/gen -c -o $@ $<

.PHONY: all libs tests clean cross-arm64 cross-riscv64
cross-arm64 cross-riscv64: cross-%:
	$(Q)$(MAKE) --no-print-directory HOST=$* all rig-tests
libs: $(foreach f,$(ALL_FOLDERS),$(B)/lib/$(call id,$(f)).a)
tests: $(TESTS)
all: libs $(PROGRAMS)
clean:
	rm -rf $(B)

-include $(shell find $(B)/obj -name '*.d' 2>/dev/null)
