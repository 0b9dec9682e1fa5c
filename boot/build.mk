# SPDX-License-Identifier: BSD-2-Clause
$(eval $(call folder,boot,base isa core,$(wildcard boot/*.c)))
