# SPDX-License-Identifier: BSD-2-Clause
$(eval $(call unit_test,boot,tests/unit/boot.c,boot isa core base os))
$(eval $(call unit_test,boot_x86,tests/unit/boot_x86.c,boot isa core base os))
$(eval $(call unit_test,psci,tests/unit/psci.c,fw core base os))
$(eval $(call unit_test,machine_fdt,tests/unit/machine_fdt.c,machine fw boot dev core isa base os,-lfdt))
$(eval $(call unit_test,options,tests/unit/options.c,ctl boot core base os,-lz -lfdt))
$(eval $(call unit_test,payload,tests/unit/payload.c,ctl boot core base os,-lz -lfdt))
$(eval $(call unit_test,vcpus,tests/unit/vcpus.c,ctl core base os))
$(eval $(call unit_test,pc_tables,tests/unit/pc_tables.c,machine fw boot dev core isa base os))
