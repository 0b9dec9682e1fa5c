# SPDX-License-Identifier: BSD-2-Clause
$(eval $(call folder,core,base isa,$(wildcard core/*.c)))
