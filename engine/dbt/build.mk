# SPDX-License-Identifier: BSD-2-Clause
# No FP in C here: translated code keeps the guest's vectors and MXCSR in the host's while it calls.
# Its code is for x86-64 hosts.
ifeq ($(HOST),x86-64)
$(eval $(call folder,engine/dbt,base os isa core fw,$(wildcard engine/dbt/*.c engine/dbt/*/*.c),-mgeneral-regs-only))
endif
