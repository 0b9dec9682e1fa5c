# SPDX-License-Identifier: BSD-2-Clause
$(eval $(call fuzz_test,fdt,tests/fuzz/fdt.c,core os base))
