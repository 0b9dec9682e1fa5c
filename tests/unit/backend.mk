# SPDX-License-Identifier: BSD-2-Clause
$(eval $(call unit_test,disk,tests/unit/disk.c,backend core os base))
$(eval $(call unit_test,chardev,tests/unit/chardev.c,backend core os base))
$(eval $(call unit_test,net_user,tests/unit/net_user.c,backend core os base))
$(eval $(call unit_test,net_tap,tests/unit/net_tap.c,backend core os base))
$(eval $(call unit_test,vfio,tests/unit/vfio.c,backend core os base))
$(eval $(call unit_test,device_spec,tests/unit/device_spec.c,ctl boot core base os,-lz -lfdt))
