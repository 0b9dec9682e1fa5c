# SPDX-License-Identifier: BSD-2-Clause
$(eval $(call folder,machine,base isa core fw dev boot,$(wildcard machine/*.c)))
