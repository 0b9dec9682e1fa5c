# SPDX-License-Identifier: BSD-2-Clause
# The A64 decoder and its tables, generated from a64_*.dec.
a64-dec	:= $(sort $(wildcard isa/arm64/a64_*.dec))
a64-gen	:= $(B)/gen/isa/arm64

isa-gen-src	+= $(a64-gen)/a64_decode.c $(a64-gen)/a64_info.c
isa-gen-hdr	+= $(a64-gen)/a64_ops.h
gen-hdr		+= $(a64-gen)/a64_ops.h

$(a64-gen)/a64_ops.h $(a64-gen)/a64_decode.c $(a64-gen)/a64_info.c &: tools/decodegen.py $(a64-dec)
	$(call say,GEN,isa/arm64/a64)
	$(Q)python3 tools/decodegen.py --prefix a64 --incdir isa/arm64 --out $(a64-gen) $(a64-dec)
