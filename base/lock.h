/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A small lock: a mutex when hosted (spins briefly, then sleeps in platform_wait), a spinlock on bare metal. Not
 * recursive. 0-initialised is unlocked.
 */
#ifndef BASE_LOCK_H
#define BASE_LOCK_H

#include "base/types.h"

struct lock {
	uint32_t word;		/* 0 free, 1 held, 2 held and somebody sleeps */
};

void lock_acquire_slow(struct lock *l);
void lock_release_slow(struct lock *l);

static inline void lock_acquire(struct lock *l)
{
	uint32_t free = 0;

	if (unlikely(!__atomic_compare_exchange_n(&l->word, &free, 1, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)))
		lock_acquire_slow(l);
}

static inline bool lock_try(struct lock *l)
{
	uint32_t free = 0;

	return __atomic_compare_exchange_n(&l->word, &free, 1, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

static inline void lock_release(struct lock *l)
{
	if (unlikely(__atomic_exchange_n(&l->word, 0, __ATOMIC_RELEASE) == 2))
		lock_release_slow(l);
}

#endif
