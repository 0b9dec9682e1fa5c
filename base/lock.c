/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The contended half of the lock: three states, as in U. Drepper, "Futexes Are Tricky", mutex 2. Whoever may have slept
 * takes the lock as "held and somebody sleeps", which costs at most one needless wake.
 */
#include "base/cpu.h"
#include "base/lock.h"
#include "base/platform.h"

#define SPINS	100

void lock_acquire_slow(struct lock *l)
{
	for (int i = 0; i < SPINS; i++) {
		if (!__atomic_load_n(&l->word, __ATOMIC_RELAXED) && lock_try(l))
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
