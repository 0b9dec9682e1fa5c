# SPDX-License-Identifier: BSD-2-Clause
$(eval $(call folder,ctl,base isa core fw dev boot machine os backend abi,$(wildcard ctl/*.c),-D_GNU_SOURCE))
