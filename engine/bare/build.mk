# SPDX-License-Identifier: BSD-2-Clause
# What knows no architecture, hosted as well: for its tests. The image itself is image/'s.
$(eval $(call folder,engine/bare,base isa core fw abi,$(filter-out engine/bare/console.c,$(wildcard engine/bare/*.c))))
