# SPDX-License-Identifier: BSD-2-Clause
# What all hosts share, and the one folder for the host that the command is for.
$(eval $(call folder,engine/kvm,base os isa core,$(wildcard engine/kvm/*.c engine/kvm/$(patsubst x86-64,x86,$(HOST))/*.c),-D_GNU_SOURCE))
