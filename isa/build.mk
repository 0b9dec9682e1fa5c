# SPDX-License-Identifier: BSD-2-Clause
# isa/*/build.mk come first and add generated files to isa-gen-src and isa-gen-hdr.
$(eval $(call folder,isa,base,$(wildcard isa/*.c isa/*/*.c) $(isa-gen-src)))
