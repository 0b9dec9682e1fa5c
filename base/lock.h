/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A small lock: a mutex when hosted (spins briefly, then sleeps in platform_wait), a spinlock on bare metal. Not
 * recursive. 0-initialised is unlocked.
 *
 * Locks may have ranks: lower ones are taken first. With LOCK_CHECK (builds with sanitizers) every lock knows its own, every
 * thread what it holds, and a lock taken out of order is a panic. Rank 0, the default, is not looked at.
 */
#ifndef BASE_LOCK_H
#define BASE_LOCK_H

#include "base/types.h"

struct lock {
	uint32_t word;		/* 0 free, 1 held, 2 held and somebody sleeps */
#ifdef LOCK_CHECK
	uint32_t rank;
#endif
};

void lock_acquire_slow(struct lock *l);
void lock_release_slow(struct lock *l);

#define LOCK_RANKS	32u
#define LOCK_NESTS	0x100u	/* in a rank: several of it may be held at once */

#ifdef LOCK_CHECK
void lock_check_order(const struct lock *l);	/* before waiting for it */
void lock_check_taken(const struct lock *l);
void lock_check_released(const struct lock *l);
#else
static inline void lock_check_order(const struct lock *l) { (void)l; }
static inline void lock_check_taken(const struct lock *l) { (void)l; }
static inline void lock_check_released(const struct lock *l) { (void)l; }
#endif

/* Once, before the lock is used. */
static inline void lock_set_rank(struct lock *l, uint32_t rank)
{
#ifdef LOCK_CHECK
	l->rank = rank;
#else
	(void)l;
	(void)rank;
#endif
}

static inline bool lock_take_free(struct lock *l)
{
	uint32_t free = 0;

	return __atomic_compare_exchange_n(&l->word, &free, 1, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

static inline void lock_acquire(struct lock *l)
{
	lock_check_order(l);
	if (unlikely(!lock_take_free(l)))
		lock_acquire_slow(l);
	lock_check_taken(l);
}

static inline bool lock_try(struct lock *l)
{
	bool taken = lock_take_free(l);

	if (taken)
		lock_check_taken(l);
	return taken;
}

static inline void lock_release(struct lock *l)
{
	lock_check_released(l);
	if (unlikely(__atomic_exchange_n(&l->word, 0, __ATOMIC_RELEASE) == 2))
		lock_release_slow(l);
}

#endif
