# SPDX-License-Identifier: BSD-2-Clause
$(eval $(call unit_test,share,tests/unit/share.c tests/unit/p9_client.c,backend core os base))
