/* SPDX-License-Identifier: BSD-2-Clause */
/* cella cell check, compile, config: what looks at files and the board, and changes nothing. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/cell.h"
#include "ctl/cell_run.h"

int cell_verb_check(const struct cell_args *a, struct ctl_error *e)
{
	return cell_check_files(a->operand, a->operands, cell_value(a, 'I'), cell_value(a, 'd'), stdout, e);
}

int cell_verb_compile(const struct cell_args *a, struct ctl_error *e)
{
	return cell_compile(a->operand[0], a->operand[1], e);
}

int cell_verb_config(const struct cell_args *a, struct ctl_error *e)
{
	const char *name = cell_value(a, 'n'), *path = a->operands == 2 ? a->operand[1] : NULL;
	struct cell_board *b;
	FILE *f = stdout;
	int err;

	if (strcmp(a->operand[0], "create"))
		return ctl_fail(e, -EINVAL, "cell config %s: not known: cella cell config create [FILE]", a->operand[0]);
	err = cell_board_read(cell_value(a, 'I'), cell_value(a, 'd'), &b, e);
	if (err)
		return err;
	if (path)
		f = fopen(path, "wxe");		/* what somebody has edited stays */
	if (!f)
		err = ctl_fail_errno(e, -errno, "file", path);
	else
		err = cell_config_create(b, name ? name : "root", f, e);
	if (f && f != stdout && fclose(f) && !err)
		err = ctl_fail_errno(e, -errno, "file", path);
	free(b);
	return err;
}
