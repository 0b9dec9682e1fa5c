# SPDX-License-Identifier: BSD-2-Clause
$(eval $(call fuzz_test,bare_config,tests/fuzz/bare_config.c,engine/bare os base))
$(eval $(call fuzz_test,net_ring,tests/fuzz/net_ring.c kmod/net_ring.c,os base))
