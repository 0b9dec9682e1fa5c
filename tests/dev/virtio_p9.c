/* SPDX-License-Identifier: BSD-2-Clause */
/* The virtio 9P device over a share that the test plays. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "core/share.h"
#include "tests/dev/virtio_rig.h"

#define SIZE	64u
#define BUF	(RIG_RAM + 0x100000)

struct fixture {
	struct rig r;
	struct share share;
	struct share_call *held[32];
	unsigned count;
	bool hold;
};

/* Answers with the message itself, twice. */
static void answer(struct share_call *c)
{
	uint8_t *to = c->outs ? c->out[0].base : NULL;
	uint32_t n = 0;

	for (unsigned k = 0; k < 2; k++)
		for (uint32_t i = 0; i < c->ins; i++)
			for (size_t b = 0; b < c->in[i].len && c->outs && n < c->out[0].len; b++)
				to[n++] = ((uint8_t *)c->in[i].base)[b];
	c->written = n;
	c->done(c);
}

static void fake_submit(struct share *s, struct share_call *c)
{
	struct fixture *f = container_of(s, struct fixture, share);

	if (f->hold)
		f->held[f->count++] = c;
	else
		answer(c);
}

static void finish(struct fixture *f)
{
	for (unsigned i = 0; i < f->count; i++)
		answer(f->held[i]);
	f->count = 0;
	rig_pump(&f->r);
}

static const struct share_ops fake_ops = { .submit = fake_submit };

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->share.ops = &fake_ops;
	strcpy(f->share.tag, "tag-of-9");
	rig_open(&f->r);
	rig_plug(&f->r, &virtio_p9_class, &f->share);
	rig_start(&f->r, 1, SIZE);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	finish(f);
	rig_close(&f->r);
	free(f);
	return 0;
}

static void request(struct rig *r, uint16_t head, const char *text, uint32_t room)
{
	gpa_t at = BUF + head * 0x1000u;

	memcpy(rig_ptr(r, at), text, strlen(text));
	rig_desc(r, r->q[0].desc, head, at, (uint32_t)strlen(text), DESC_F_NEXT, (uint16_t)(head + 1));
	rig_desc(r, r->q[0].desc, head + 1, at + 0x800, room, DESC_F_WRITE, 0);
	rig_offer(r, 0, head);
}

static void config_has_the_tag(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(rd(&f->r, R_DEVICE_ID), 9);
	assert_int_equal(rig_offered(&f->r) & 1, 1);
	assert_int_equal(rig_read(&f->r, R_CONFIG, 2), 8);
	for (unsigned i = 0; i < 8; i++)
		assert_int_equal(rig_read(&f->r, R_CONFIG + 2 + i, 1), "tag-of-9"[i]);
	assert_int_equal(rig_read(&f->r, R_CONFIG + 10, 1), 0xff);
}

static void message_is_answered_in_its_buffer(void **state)
{
	struct fixture *f = *state;
	uint32_t id, len;

	request(&f->r, 4, "question", 100);
	rig_kick(&f->r, 0);
	assert_true(rig_used(&f->r, 0, &id, &len));
	assert_int_equal(id, 4);
	assert_int_equal(len, 16);
	assert_memory_equal(rig_ptr(&f->r, BUF + 0x4800), "questionquestion", 16);
	assert_true(f->r.line);
}

static void answer_without_room_gives_the_chain_back_empty(void **state)
{
	struct fixture *f = *state;
	uint32_t len;

	rig_desc(&f->r, f->r.q[0].desc, 0, BUF, 8, 0, 0);
	rig_offer(&f->r, 0, 0);
	rig_kick(&f->r, 0);
	assert_true(rig_used(&f->r, 0, NULL, &len));
	assert_int_equal(len, 0);
}

static void requests_beyond_what_can_be_out_wait_in_the_ring(void **state)
{
	struct fixture *f = *state;
	unsigned used = 0;

	f->hold = true;
	for (uint16_t i = 0; i < 30; i++)
		request(&f->r, (uint16_t)(2 * i), "x", 10);
	rig_kick(&f->r, 0);
	assert_int_equal(f->count, 16);
	finish(f);
	assert_int_equal(f->count, 14);
	finish(f);
	while (rig_used(&f->r, 0, NULL, NULL))
		used++;
	assert_int_equal(used, 30);
}

static void reset_waits_for_what_is_out_and_the_device_works_again(void **state)
{
	struct fixture *f = *state;

	f->hold = true;
	request(&f->r, 0, "x", 10);
	rig_kick(&f->r, 0);
	wr(&f->r, R_STATUS, 0);
	assert_int_not_equal(rd(&f->r, R_STATUS), 0);
	finish(f);
	assert_int_equal(rd(&f->r, R_STATUS), 0);
	f->hold = false;
	rig_start(&f->r, 1, SIZE);
	request(&f->r, 0, "x", 10);
	rig_kick(&f->r, 0);
	assert_true(rig_used(&f->r, 0, NULL, NULL));
}

static void bad_head_needs_reset(void **state)
{
	struct fixture *f = *state;

	rig_offer(&f->r, 0, SIZE);
	rig_kick(&f->r, 0);
	assert_true(rd(&f->r, R_STATUS) & S_NEEDS_RESET);
	rig_start(&f->r, 1, SIZE);
	request(&f->r, 0, "x", 10);
	rig_kick(&f->r, 0);
	assert_true(rig_used(&f->r, 0, NULL, NULL));
}

#define T(t)	cmocka_unit_test_setup_teardown(t, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(config_has_the_tag),
		T(message_is_answered_in_its_buffer),
		T(answer_without_room_gives_the_chain_back_empty),
		T(requests_beyond_what_can_be_out_wait_in_the_ring),
		T(reset_waits_for_what_is_out_and_the_device_works_again),
		T(bad_head_needs_reset),
	};

	return rig_run_all("virtio 9p", tests, ARRAY_SIZE(tests));
}
