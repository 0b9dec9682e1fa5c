# SPDX-License-Identifier: BSD-2-Clause
$(eval $(call folder,os,base,$(wildcard os/*.c)))
