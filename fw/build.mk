# SPDX-License-Identifier: BSD-2-Clause
$(eval $(call folder,fw,base isa core,$(wildcard fw/*.c)))
