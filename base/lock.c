/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The contended half of the lock: three states, as in U. Drepper, "Futexes Are Tricky", mutex 2. Whoever may have slept
 * takes the lock as "held and somebody sleeps", which costs at most one needless wake.
 */
#include "base/cpu.h"
#include "base/lock.h"
#include "base/log.h"
#include "base/platform.h"

#define SPINS	100

void lock_acquire_slow(struct lock *l)
{
	for (int i = 0; i < SPINS; i++) {
		if (!__atomic_load_n(&l->word, __ATOMIC_RELAXED) && lock_take_free(l))
			return;
		cpu_relax();
	}
	while (__atomic_exchange_n(&l->word, 2, __ATOMIC_ACQUIRE))
		platform_wait(&l->word, 2);
}

void lock_release_slow(struct lock *l)
{
	platform_wake(&l->word, false);
}

#ifdef LOCK_CHECK
static __thread uint16_t held[LOCK_RANKS];	/* locks of each rank that this thread holds */

#define RANK(l)	((l)->rank & (LOCK_RANKS - 1))

void lock_check_order(const struct lock *l)
{
	uint32_t rank = RANK(l);

	if (!rank)
		return;
	if (held[rank] && !(l->rank & LOCK_NESTS))
		panic("lock order: a second lock of rank %u is taken", rank);
	for (uint32_t r = rank + 1; r < LOCK_RANKS; r++)
		if (held[r])
			panic("lock order: rank %u is taken while rank %u is held", rank, r);
}

void lock_check_taken(const struct lock *l)
{
	held[RANK(l)]++;
}

void lock_check_released(const struct lock *l)
{
	held[RANK(l)]--;
}
#endif
