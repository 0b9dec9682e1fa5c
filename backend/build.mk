# SPDX-License-Identifier: BSD-2-Clause
# What needs the event loop waits for it.
backend-src := $(if $(wildcard os/loop.h),$(wildcard backend/*.c),$(wildcard backend/disk*.c backend/entropy.c))
$(eval $(call folder,backend,base os core,$(backend-src)))
