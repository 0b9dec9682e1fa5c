# SPDX-License-Identifier: BSD-2-Clause
$(eval $(call unit_test,pt_build,tests/unit/pt_build.c,isa base os))
$(eval $(call unit_test,bare_config,tests/unit/bare_config.c,engine/bare os base))
$(eval $(call unit_test,net_ring,tests/unit/net_ring.c kmod/net_ring.c))
$(eval $(call unit_test,bare_cells,tests/unit/bare_cells.c,engine/bare os base))
$(eval $(call unit_test,bare_serve,tests/unit/bare_serve.c,engine/bare os base))
