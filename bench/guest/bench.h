/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The benchmark's guest program: one static binary, built with the same flags for arm64 and natively, that times
 * small kernels with its own clock.
 *
 * A row does `units` of work per call of run() and is called CHUNKS times; the quickest call counts, so that
 * a neighbour on the host costs a chunk and not the row. Work is fixed, never calibrated: every machine does the
 * same. setup() is not timed. Results go through sink() so that no compiler drops them.
 */
#ifndef BENCH_GUEST_BENCH_H
#define BENCH_GUEST_BENCH_H

#include <stddef.h>
#include <stdint.h>

#define CHUNKS	9

struct row {
	const char	*name;
	const char	*unit;		/* what the printed nanoseconds are for */
	uint64_t	units;		/* per call of run() */
	void		(*setup)(void);	/* or NULL */
	void		(*run)(void);
	int		cpus;		/* fewest CPUs that make sense */
};

extern const struct row integer_rows[], memory_rows[], call_rows[], float_rows[], vector_rows[], system_rows[];

/* Keeps a value alive, and hides where one came from. */
static inline void sink(uint64_t v)
{
	__asm__ volatile("" : : "r"(v) : "memory");
}

static inline uint64_t opaque(uint64_t v)
{
	__asm__ volatile("" : "+r"(v));
	return v;
}

/* xorshift64*: the same numbers on every machine. */
static inline uint64_t rnd(uint64_t *s)
{
	*s ^= *s >> 12;
	*s ^= *s << 25;
	*s ^= *s >> 27;
	return *s * 0x2545f4914f6cdd1dull;
}

/* Memory that is touched already; ends the program if there is none. */
void *bench_alloc(size_t bytes);
void bench_die(const char *what);

#endif
