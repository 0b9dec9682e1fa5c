# SPDX-License-Identifier: BSD-2-Clause
# The man page's options come from the table in ctl/options.c. A check says when docs/cella.1 is older.
.PHONY: man
man: $(B)/cella
	@$(B)/cella help --man-options >$(B)/man-options
	@$(B)/cella help --man-cells >$(B)/man-cells
	@sed -e '/^@OPTIONS@$$/{r $(B)/man-options' -e 'd}' -e '/^@CELLS@$$/{r $(B)/man-cells' -e 'd}' docs/cella.1.in >docs/cella.1
