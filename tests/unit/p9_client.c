/* SPDX-License-Identifier: BSD-2-Clause */
#include <assert.h>
#include <semaphore.h>
#include <stdarg.h>
#include "tests/unit/p9_client.h"

struct waiting {
	struct share_call call;
	sem_t sem;
};

static void done(struct share_call *c)
{
	sem_post(&container_of(c, struct waiting, call)->sem);
}

/* In three pieces each, so that no field lies where it is convenient. */
static uint32_t cut(uint8_t *p, uint32_t len, struct block_vec v[3])
{
	uint32_t a = MIN(len, 5u), b = MIN(len - a, 9u);

	v[0] = (struct block_vec){ p, a };
	v[1] = (struct block_vec){ p + a, b };
	v[2] = (struct block_vec){ p + a + b, len - a - b };
	return 3;
}

void client_raw(struct client *c, uint32_t in_len, uint32_t out_len)
{
	struct block_vec in[3], out[3];
	struct waiting w = { .call = { .in = in, .out = out, .in_len = in_len, .out_len = out_len, .done = done } };

	w.call.ins = cut(c->in, in_len, in);
	w.call.outs = cut(c->out, out_len, out);
	sem_init(&w.sem, 0, 0);
	c->share->ops->submit(c->share, &w.call);
	while (sem_wait(&w.sem))
		;
	sem_destroy(&w.sem);
	assert(w.call.written <= out_len);
	c->got = (struct p9_in){ c->out, c->out + w.call.written, false };
	c->size = w.call.written ? (uint32_t)p9_get(&c->got, 4) : 0;
	assert(c->size == w.call.written);
	c->type = c->size ? (uint8_t)p9_get(&c->got, 1) : 0;
	c->tag = c->size ? (uint16_t)p9_get(&c->got, 2) : 0;
	c->error = c->size && c->type == P9_LERROR + 1 ? (uint32_t)p9_get(&c->got, 4) : 0;
}

void client_begin(struct client *c, uint8_t type)
{
	c->msg = (struct p9_out){ c->in, c->in + sizeof(c->in), false };
	p9_put(&c->msg, 4, 0);
	p9_put(&c->msg, 1, type);
	p9_put(&c->msg, 2, 77);
}

uint32_t client_end(struct client *c)
{
	struct p9_out size = { c->in, c->in + 4, false };
	uint8_t type = c->in[4];

	p9_put(&size, 4, (uint64_t)(c->msg.p - c->in));
	client_raw(c, (uint32_t)(c->msg.p - c->in), c->out_len ? c->out_len : (uint32_t)sizeof(c->out));
	assert(c->tag == 77 && (c->error || c->type == type + 1));
	return c->error;
}

uint32_t client_call(struct client *c, uint8_t type, const char *format, ...)
{
	va_list a;

	va_start(a, format);
	client_begin(c, type);
	for (; *format; format++) {
		switch (*format) {
		case 'b': p9_put(&c->msg, 1, va_arg(a, unsigned)); break;
		case 'w': p9_put(&c->msg, 2, va_arg(a, unsigned)); break;
		case 'd': p9_put(&c->msg, 4, va_arg(a, unsigned)); break;
		case 'q': p9_put(&c->msg, 8, va_arg(a, uint64_t)); break;
		case 's': p9_put_string(&c->msg, va_arg(a, const char *)); break;
		}
	}
	va_end(a);
	return client_end(c);
}
