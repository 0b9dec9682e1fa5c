/* SPDX-License-Identifier: BSD-2-Clause */
/* "Did you mean": the number of letters to insert, delete, replace or swap (optimal string alignment). */
#include <string.h>

#include "ctl/options.h"

#define MAX_WORD	40

static unsigned min3(unsigned a, unsigned b, unsigned c)
{
	return MIN(MIN(a, b), c);
}

static unsigned word_distance(const char *a, const char *b)
{
	unsigned d[MAX_WORD + 1][MAX_WORD + 1];
	size_t m = strlen(a), n = strlen(b);

	if (m > MAX_WORD || n > MAX_WORD)
		return MAX_WORD;
	for (unsigned i = 0; i <= m; i++)
		d[i][0] = i;
	for (unsigned j = 0; j <= n; j++)
		d[0][j] = j;
	for (size_t i = 1; i <= m; i++)
		for (size_t j = 1; j <= n; j++) {
			d[i][j] = min3(d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				d[i][j] = MIN(d[i][j], d[i - 2][j - 2] + 1);
		}
	return d[m][n];
}

const char *nearest_word(const char *typed, const char *const *words)
{
	size_t len = strlen(typed);
	unsigned best = (unsigned)(len < 4 ? 1 : len / 3) + 1;
	const char *near = NULL;

	for (; *words; words++) {
		/* A beginning that only one has is as good as a slip of one letter. */
		unsigned d = len >= 3 && !strncmp(*words, typed, len) ? 1 : word_distance(typed, *words);

		if (d < best) {
			best = d;
			near = *words;
		}
	}
	return near;
}
