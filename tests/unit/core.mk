# SPDX-License-Identifier: BSD-2-Clause
$(eval $(call unit_test,base,tests/unit/base.c,os base))
$(eval $(call unit_test,string,tests/unit/string.c,base))
$(eval $(call unit_test,mem,tests/unit/mem.c,core os base))
$(eval $(call unit_test,bus,tests/unit/bus.c,core os base))
$(eval $(call unit_test,time,tests/unit/time.c,core os base))
$(eval $(call unit_test,device,tests/unit/device.c,core os base))
$(eval $(call unit_test,fdt,tests/unit/fdt.c tests/unit/fdt_oracle.c,core os base,-lfdt))
$(eval $(call unit_test,os,tests/unit/os.c,os base,-lutil))
