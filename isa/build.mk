# SPDX-License-Identifier: BSD-2-Clause
# isa/*/build.mk come first and add generated files to isa-gen-src and isa-gen-hdr.
# Called from translated code, whose vector registers and FP state it must leave alone.
$(eval $(call folder,isa,base,$(wildcard isa/*.c isa/*/*.c) $(isa-gen-src),$(if $(filter x86-64 arm64,$(HOST)),-mgeneral-regs-only)))
