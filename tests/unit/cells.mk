# SPDX-License-Identifier: BSD-2-Clause
$(eval $(call unit_test,toml,tests/unit/toml.c,ctl boot core base os,-lz -lfdt))
$(eval $(call unit_test,cell_config,tests/unit/cell_config.c,ctl boot core base os,-lz -lfdt))
$(eval $(call unit_test,cell_check,tests/unit/cell_check.c,ctl boot core base os,-lz -lfdt))
$(eval $(call unit_test,cell_linux,tests/unit/cell_linux.c,ctl machine fw boot dev core isa base os,-lz -lfdt))
