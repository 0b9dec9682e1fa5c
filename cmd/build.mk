# SPDX-License-Identifier: BSD-2-Clause
$(eval $(call folder,cmd,base isa core fw dev boot machine os backend ctl engine/dbt guests,$(wildcard cmd/*.c),-D_GNU_SOURCE))
