/* SPDX-License-Identifier: BSD-2-Clause */
/* What somebody who mistyped a word may have meant. */
#ifndef CTL_NEAREST_H
#define CTL_NEAREST_H

/* The word of the NULL-terminated list that is nearest to what was typed, or NULL if none is near. */
const char *nearest_word(const char *typed, const char *const *words);

#endif
