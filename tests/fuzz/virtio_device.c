/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A driver of a device of the simpler kinds, by the name that the program is started by: any chains on any of its queues, over
 * each transport and in both formats, any configuration writes, and what comes from the host's side. Work ends, and after a
 * reset the device can be started again.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/errno.h"
#include "core/entropy.h"
#include "core/share.h"
#include "dev/virtio/balloon.h"
#include "tests/dev/virtio_rig.h"
#include "tests/fuzz/console.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/name.h"

#define SIZE	16u
#define DATA	(RIG_RAM + 0x100000)

/* ---- the host's side ---- */

static struct fuzz_console con;
static int entropy_answer;
static struct share_call *calls[64];
static unsigned call_count;

static int entropy_fill(struct entropy *e, void *buf, size_t len)
{
	if (entropy_answer < 0)
		return entropy_answer;
	len = MIN(len, (size_t)entropy_answer + 1);
	memset(buf, 0x11, len);
	return (int)len;
}

static void share_submit(struct share *s, struct share_call *c)
{
	assert_true(call_count < ARRAY_SIZE(calls));
	calls[call_count++] = c;
}

/* Reads all that came, and answers with so many bytes. */
static void share_answer(uint32_t want)
{
	struct share_call *c = calls[0];
	uint32_t left = MIN(want, c->out_len);
	uint64_t sum = 0;

	memmove(calls, calls + 1, --call_count * sizeof(calls[0]));
	for (uint32_t i = 0; i < c->ins; i++)
		for (size_t k = 0; k < c->in[i].len; k++)
			sum += ((const uint8_t *)c->in[i].base)[k];
	c->written = left;
	for (uint32_t i = 0; i < c->outs && left; i++) {
		size_t n = MIN(c->out[i].len, (size_t)left);

		memset(c->out[i].base, (int)(sum & 0xff), n);
		left -= (uint32_t)n;
	}
	c->done(c);
}

static const struct entropy_ops entropy_ops = { .fill = entropy_fill };
static const struct share_ops share_ops = { .submit = share_submit };
static struct entropy entropy = { .ops = &entropy_ops };
static struct share share = { .ops = &share_ops, .tag = "fuzz" };

static const struct kind {
	const char *name;
	const struct dev_class *cls;
	void *backend;
	unsigned queues;
} kinds[] = {
	{ "virtio_balloon", &virtio_balloon_class, NULL, 3 }, { "virtio_console", &virtio_console_class, &con.dev, 2 },
	{ "virtio_rng", &virtio_rng_class, &entropy, 1 }, { "virtio_p9", &virtio_p9_class, &share, 1 },
};

static const struct kind *kind_of(void)
{
	unsigned k = 0;

	while (!fuzz_is(kinds[k].name))
		assert_true(++k < ARRAY_SIZE(kinds));
	return &kinds[k];
}

static int discard(const struct mem_slot *s, uint64_t offset, uint64_t len)
{
	assert_true(offset + len <= s->size && !((offset | len) & 4095));
	return 0;
}

/* ---- steps ---- */

static void chain(struct rig *r, unsigned q, struct input *in)
{
	unsigned d = take(in, 1) % SIZE, n = take(in, 1) % 4 + 1u;
	uint64_t v;

	for (unsigned i = 0; i < n; i++) {
		v = take(in, 3);
		rig_desc(r, r->q[q].desc, (d + i) % SIZE, DATA + 0x10000 * (v & 7) + (v >> 20), v >> 3 & 0x1ffff,
			 (uint16_t)((i + 1 < n ? DESC_F_NEXT : 0) | (v >> 23 & 1 ? DESC_F_WRITE : 0)),
			 (uint16_t)((d + i + 1) % SIZE));
	}
	rig_offer(r, q, (uint16_t)d);
}

static void outside(struct rig *r, struct input *in)
{
	uint8_t what = (uint8_t)take(in, 1), text[16];
	struct balloon_info info;

	for (unsigned i = 0; i < sizeof(text); i++)
		text[i] = (uint8_t)take(in, 1);
	entropy_answer = what & 1 ? -EAGAIN : text[0] * 16;
	if (call_count)
		share_answer(what * 64u);
	if (r->dev->cls == &virtio_balloon_class && what & 1)
		virtio_balloon_set(r->dev, (uint64_t)text[0] << (text[1] & 31));
	else if (r->dev->cls == &virtio_balloon_class)
		virtio_balloon_get(r->dev, &info);
	if (!con.client)
		return;
	con.room = what * 16u;
	if (what & 1)
		con.client->input(con.client, text, text[0] % sizeof(text));
	else if (what & 2 && con.client->resized)
		con.client->resized(con.client, text[0], text[1]);
	else if (con.client->writable)
		con.client->writable(con.client);
}

static void step(struct rig *r, unsigned queues, struct input *in)
{
	uint8_t op = (uint8_t)take(in, 1);
	uint32_t config_len = container_of(r->dev, struct virtio_dev, dev)->config_len;
	unsigned q = op / 8 % queues;
	uint64_t v;

	switch (op % 8) {
	case 0: case 1: case 2:
		chain(r, q, in);
		break;
	case 3:
		v = take(in, 4);
		memcpy(rig_ptr(r, DATA + 0x10000 * (v & 7) + (v >> 3 & 0x1fff)), &v, sizeof(v));
		break;
	case 4: case 5:
		rig_kick(r, q);
		break;
	case 6:
		outside(r, in);
		rig_pump(r);
		break;
	case 7:
		v = take(in, 5);
		if (config_len >= 4)
			rig_write(r, R_CONFIG + (v & 0xff) % (config_len / 4) * 4, op & 64 ? 4 : 1, v >> 8);
		break;
	}
}

static void rest(struct rig *r)
{
	wr(r, R_STATUS, 0);
	while (call_count)
		share_answer(0);
	rig_pump(r);
	assert_int_equal(rd(r, R_STATUS), 0);
	assert_false(r->line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct rig rigs[RIG_KINDS];
	const struct kind *k = kind_of();
	struct input in = { data, size };
	uint8_t how = (uint8_t)take(&in, 1);
	struct rig *r = &rigs[how % RIG_KINDS];

	if (!con.dev.ops)
		fuzz_console_init(&con);
	if (!r->ram) {
		rig_kind = (enum rig_kind)(how % RIG_KINDS);
		rig_open(r);
		r->vm.mem.discard = discard;
		rig_plug(r, k->cls, k->backend);
	}
	r->features = take(&in, 4);
	if (!rig_legacy(r))
		r->features |= (uint64_t)(how >> 2 & 15) << 32;
	r->features &= rig_offered(r);
	rig_start(r, k->queues, SIZE);
	while (in.left)
		step(r, k->queues, &in);
	rest(r);
	r->features = 0;
	rig_start(r, k->queues, SIZE);
	assert_int_equal(rd(r, R_STATUS) & (S_DRIVER_OK | S_NEEDS_RESET), S_DRIVER_OK);
	rest(r);
	return 0;
}
