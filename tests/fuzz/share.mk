# SPDX-License-Identifier: BSD-2-Clause
$(eval $(call fuzz_test,share,tests/fuzz/share.c tests/unit/p9_client.c,backend core os base))
