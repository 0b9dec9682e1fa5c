/* SPDX-License-Identifier: BSD-2-Clause */
/* Leaving a test out, with the reason; tests/run shows it at the end. After cmocka.h. */
#ifndef TESTS_UNIT_SKIP_H
#define TESTS_UNIT_SKIP_H

#define skip_because(why)	do { print_message("# skipped because %s\n", why); skip(); } while (0)

#endif
