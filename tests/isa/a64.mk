# SPDX-License-Identifier: BSD-2-Clause
$(eval $(call unit_test,a64_imm,tests/isa/a64_imm.c,base isa,-lm,isa))
$(eval $(call unit_test,a64_decode,tests/isa/a64_decode.c,base isa,,isa))
$(eval $(call unit_test,a64_decode_oracle,tests/isa/a64_decode_oracle.c,base isa,-ldl,isa))
$(eval $(call unit_test,a64_random,tests/isa/a64_random.c,base isa,,isa))
check-scripts-isa += tests/isa/decodegen.py
