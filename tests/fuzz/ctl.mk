# SPDX-License-Identifier: BSD-2-Clause
$(eval $(call fuzz_test,kernel,tests/fuzz/kernel.c,ctl boot isa core base os,-lz -lfdt))
$(eval $(call fuzz_test,config,tests/fuzz/config.c,ctl boot core base os,-lz -lfdt))
$(eval $(call fuzz_test,dtb,tests/fuzz/dtb.c,ctl machine fw boot dev core isa base os,-lz -lfdt))
$(eval $(call fuzz_test,toml,tests/fuzz/toml.c,ctl boot core base os,-lz -lfdt))
