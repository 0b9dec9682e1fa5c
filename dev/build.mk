# SPDX-License-Identifier: BSD-2-Clause
$(eval $(call folder,dev,base isa core,$(wildcard dev/*.c dev/*/*.c)))
