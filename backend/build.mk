# SPDX-License-Identifier: BSD-2-Clause
$(eval $(call folder,backend,base os core,$(wildcard backend/*.c)))
