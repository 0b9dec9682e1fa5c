# SPDX-License-Identifier: BSD-2-Clause
$(eval $(call fuzz_test,pvh,tests/fuzz/pvh.c,boot isa core base os))
