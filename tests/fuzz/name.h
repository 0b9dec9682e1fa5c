/* SPDX-License-Identifier: BSD-2-Clause */
/* One program that is several fuzzers: which one is the name that it is started by. */
#ifndef TESTS_FUZZ_NAME_H
#define TESTS_FUZZ_NAME_H

#include "base/types.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
bool fuzz_is(const char *name);

#endif
