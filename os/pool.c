/* SPDX-License-Identifier: BSD-2-Clause */
/* See pool.h. A mutex and a condition: what they cost is nothing beside what jobs do. */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include "os/pool.h"
#include "os/thread.h"

struct pool {
	pthread_mutex_t lock;
	pthread_cond_t more;
	struct pool_job *head, **tail;
	bool stop;
	unsigned threads;
	struct thread thread[];
};

static void pool_thread(void *arg)
{
	struct pool *p = arg;

	pthread_mutex_lock(&p->lock);
	for (;;) {
		struct pool_job *j = p->head;

		if (!j && p->stop)
			break;
		if (!j) {
			pthread_cond_wait(&p->more, &p->lock);
			continue;
		}
		p->head = j->next;
		if (!p->head)
			p->tail = &p->head;
		pthread_mutex_unlock(&p->lock);
		j->fn(j);
		pthread_mutex_lock(&p->lock);
	}
	pthread_mutex_unlock(&p->lock);
}

int pool_new(unsigned threads, const char *name, struct pool **out)
{
	struct pool *p = calloc(1, sizeof(*p) + threads * sizeof(p->thread[0]));
	int err = 0;

	if (!p)
		return -ENOMEM;
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->more, NULL);
	p->tail = &p->head;
	for (; p->threads < threads && !err; p->threads += !err)
		err = thread_start(&p->thread[p->threads], name, pool_thread, p);
	if (err) {
		pool_free(p);
		return err;
	}
	*out = p;
	return 0;
}

void pool_submit(struct pool *p, struct pool_job *j)
{
	j->next = NULL;
	pthread_mutex_lock(&p->lock);
	*p->tail = j;
	p->tail = &j->next;
	pthread_mutex_unlock(&p->lock);
	pthread_cond_signal(&p->more);
}

void pool_free(struct pool *p)
{
	pthread_mutex_lock(&p->lock);
	p->stop = true;
	pthread_mutex_unlock(&p->lock);
	pthread_cond_broadcast(&p->more);
	for (unsigned i = 0; i < p->threads; i++)
		thread_join(&p->thread[i]);
	pthread_cond_destroy(&p->more);
	pthread_mutex_destroy(&p->lock);
	free(p);
}
