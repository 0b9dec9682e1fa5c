/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/fuzz/name.h"
#include <string.h>

static const char *started_as;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	const char *slash = strrchr(**argv, '/');

	started_as = slash ? slash + 1 : **argv;
	return 0;
}

bool fuzz_is(const char *name)
{
	return !strcmp(started_as, name);
}
