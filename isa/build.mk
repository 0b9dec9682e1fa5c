# SPDX-License-Identifier: BSD-2-Clause
include isa/arm64/tables.mk
$(eval $(call folder,isa,base,$(wildcard isa/*.c isa/*/*.c) $(isa-gen-src)))
