# SPDX-License-Identifier: BSD-2-Clause
$(eval $(call unit_test,disk,tests/unit/disk.c,backend core os base,-lslirp))
