# SPDX-License-Identifier: BSD-2-Clause
# A hosted build takes string.c's functions from the C library.
base-freestanding-only := base/string.c
$(eval $(call folder,base,,$(filter-out $(base-freestanding-only),$(wildcard base/*.c))))
