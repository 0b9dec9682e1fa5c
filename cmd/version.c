/* SPDX-License-Identifier: BSD-2-Clause */
/* cella version */
#include <stdio.h>

#include "cmd/cmd.h"
#include "machine/machine.h"

int cmd_version(int argc, char **argv)
{
	printf("cella %s\nengines:", CELLA_VERSION);
	for (unsigned i = 0; engine_table[i]; i++)
		printf(" %s", engine_table[i]->name);
	printf("\nmachines:");
	for (unsigned i = 0; machine_classes[i]; i++)
		printf(" %s", machine_classes[i]->name);
	printf("\n");
	return 0;
}
