/* SPDX-License-Identifier: BSD-2-Clause */
/* virtio net, console and entropy devices over back-ends that the test plays (virtio 1.2 §5.1, §5.3, §5.4). */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/errno.h"
#include "core/chardev.h"
#include "core/entropy.h"
#include "tests/dev/net_fake.h"
#include "tests/dev/virtio_rig.h"

#define SIZE	16u
#define BUF	(RIG_RAM + 0x100000)
#define HDR	(rig_legacy(&f->r) ? 10u : 12u)	/* before a frame; no legacy driver here takes MRG_RXBUF */
enum { RX, TX };

struct fixture {
	struct rig r;
	struct net_fake net;

	struct chardev con;
	struct chardev_client *con_client;
	unsigned readies;
	char out[20000];
	size_t out_len, room;

	struct entropy entropy;
	int entropy_err;
};

static void offer(struct rig *r, unsigned q, uint16_t head, gpa_t addr, uint32_t len)
{
	rig_desc(r, r->q[q].desc, head, addr, len, q == RX ? DESC_F_WRITE : 0, 0);
	rig_offer(r, q, head);
}

/* --- net --- */

static int set_up_net(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	net_fake_init(&f->net);
	rig_open(&f->r);
	rig_device(&f->r, &virtio_net_class, &f->net.b);
	assert_int_equal(device_set(f->r.dev, "queues", 2), 0);
	rig_plug_device(&f->r);
	rig_start(&f->r, 2, SIZE);
	*state = f;
	return 0;
}

static void net_config_has_the_mac(void **state)
{
	struct fixture *f = *state;

	for (unsigned i = 0; i < 6; i++)
		assert_int_equal(rig_read(&f->r, R_CONFIG + i, 1), f->net.b.mac[i]);
	assert_int_equal(rig_read(&f->r, R_CONFIG + 6, 2), 1);
	assert_int_equal(rig_read(&f->r, R_CONFIG + 10, 2), 1500);
}

static void frame_is_sent_without_its_header(void **state)
{
	struct fixture *f = *state;
	uint8_t *p = rig_ptr(&f->r, BUF);

	for (unsigned i = 0; i < 200; i++)
		p[i] = (uint8_t)i;
	offer(&f->r, TX, 0, BUF, HDR + 100);
	rig_kick(&f->r, TX);
	assert_int_equal(f->net.frame_len, 100);
	assert_memory_equal(f->net.frame, p + HDR, 100);
	assert_true(rig_used(&f->r, TX, NULL, NULL));
}

static void frame_in_pieces_is_put_together(void **state)
{
	struct fixture *f = *state;
	struct rig *r = &f->r;
	uint8_t *p = rig_ptr(r, BUF);

	for (unsigned i = 0; i < 200; i++)
		p[i] = (uint8_t)(3 * i);
	rig_desc(r, r->q[TX].desc, 0, BUF, 5, DESC_F_NEXT, 1);
	rig_desc(r, r->q[TX].desc, 1, BUF + 5, 20, DESC_F_NEXT, 2);
	rig_desc(r, r->q[TX].desc, 2, BUF + 25, 60, 0, 0);
	rig_offer(r, TX, 0);
	rig_kick(r, TX);
	assert_int_equal(f->net.frame_len, 85 - HDR);
	assert_memory_equal(f->net.frame, p + HDR, 85 - HDR);
}

static void absurd_frames_are_dropped(void **state)
{
	struct fixture *f = *state;
	const uint32_t lens[] = { 0, 5, HDR, HDR + 13, HDR + 1519, 100000 };

	for (uint16_t i = 0; i < ARRAY_SIZE(lens); i++)
		offer(&f->r, TX, i, BUF, lens[i]);
	rig_kick(&f->r, TX);
	assert_int_equal(f->net.sent, 0);
	for (unsigned i = 0; i < ARRAY_SIZE(lens); i++)
		assert_true(rig_used(&f->r, TX, NULL, NULL));
	offer(&f->r, TX, 0, BUF, HDR + 1518);
	rig_kick(&f->r, TX);
	assert_int_equal(f->net.sent, 1);
}

static void frame_is_received_behind_a_header(void **state)
{
	struct fixture *f = *state;
	uint8_t *p = rig_ptr(&f->r, BUF);
	static const uint8_t hdr[12] = { [10] = 1 };
	uint8_t frame[64];
	uint32_t len;

	memset(frame, 0x5a, sizeof(frame));
	memset(p, 0xff, 200);
	offer(&f->r, RX, 3, BUF, HDR + 1514);
	assert_true(net_fake_receive(&f->net, frame, sizeof(frame)));
	assert_true(rig_used(&f->r, RX, NULL, &len));
	assert_int_equal(len, HDR + 64);
	assert_memory_equal(p, hdr, HDR);
	assert_memory_equal(p + HDR, frame, 64);
	assert_int_equal(p[HDR + 64], 0xff);
	assert_true(f->r.line);
}

static void frame_without_a_buffer_is_refused_until_there_is_one(void **state)
{
	struct fixture *f = *state;
	uint8_t frame[64] = { 0 };
	unsigned before = f->net.readies;

	assert_false(net_fake_receive(&f->net, frame, sizeof(frame)));
	offer(&f->r, RX, 0, BUF, 1526);
	rig_kick(&f->r, RX);
	assert_true(f->net.readies > before);
	assert_true(net_fake_receive(&f->net, frame, sizeof(frame)));
	wr(&f->r, R_STATUS, 0);
	assert_false(net_fake_receive(&f->net, frame, sizeof(frame)));
}

static void frame_longer_than_the_buffer_is_lost_and_the_buffer_is_not(void **state)
{
	struct fixture *f = *state;
	uint8_t frame[64] = { 0 };

	offer(&f->r, RX, 0, BUF, HDR + 63);
	assert_true(net_fake_receive(&f->net, frame, 64));
	assert_false(rig_used(&f->r, RX, NULL, NULL));
	assert_true(net_fake_receive(&f->net, frame, 63));
	assert_true(rig_used(&f->r, RX, NULL, NULL));
	offer(&f->r, RX, 0, BUF, 3);
	assert_true(net_fake_receive(&f->net, frame, 14));
	assert_false(rig_used(&f->r, RX, NULL, NULL));
}

static void backend_may_answer_from_within_send(void **state)
{
	struct fixture *f = *state;

	f->net.echo = true;
	offer(&f->r, RX, 0, BUF + 0x1000, 1526);
	offer(&f->r, TX, 0, BUF, HDR + 100);
	rig_kick(&f->r, TX);
	assert_true(rig_used(&f->r, TX, NULL, NULL));
	assert_true(rig_used(&f->r, RX, NULL, NULL));
}

static void writable_buffer_in_the_transmit_queue_sends_nothing(void **state)
{
	struct fixture *f = *state;

	rig_desc(&f->r, f->r.q[TX].desc, 0, BUF, HDR + 100, DESC_F_WRITE, 0);
	rig_offer(&f->r, TX, 0);
	rig_kick(&f->r, TX);
	assert_int_equal(f->net.sent, 0);
	assert_true(rig_used(&f->r, TX, NULL, NULL));
}

/* --- console --- */

static void con_attach(struct chardev *b, struct chardev_client *c)
{
	container_of(b, struct fixture, con)->con_client = c;
}

static size_t con_write(struct chardev *b, const uint8_t *buf, size_t len)
{
	struct fixture *f = container_of(b, struct fixture, con);
	size_t n = MIN(len, f->room);

	memcpy(f->out + f->out_len, buf, n);
	f->out_len += n;
	f->room -= n;
	return n;
}

static void con_ready(struct chardev *b)
{
	container_of(b, struct fixture, con)->readies++;
}

static const struct chardev_ops con_ops = { .attach = con_attach, .write = con_write, .ready = con_ready };

static int set_up_console(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->con.ops = &con_ops;
	f->room = sizeof(f->out);
	rig_open(&f->r);
	rig_plug(&f->r, &virtio_console_class, &f->con);
	rig_start(&f->r, 2, SIZE);
	*state = f;
	return 0;
}

static void output_reaches_the_backend(void **state)
{
	struct fixture *f = *state;

	memcpy(rig_ptr(&f->r, BUF), "hello", 5);
	offer(&f->r, TX, 0, BUF, 5);
	offer(&f->r, TX, 1, BUF, 4);
	rig_kick(&f->r, TX);
	assert_int_equal(f->out_len, 9);
	assert_memory_equal(f->out, "hellohell", 9);
	assert_true(rig_used(&f->r, TX, NULL, NULL));
	assert_true(rig_used(&f->r, TX, NULL, NULL));
	assert_true(f->r.line);
}

static void output_waits_for_a_slow_backend_and_loses_nothing(void **state)
{
	struct fixture *f = *state;
	uint8_t *p = rig_ptr(&f->r, BUF);

	for (unsigned i = 0; i < 16000; i++)
		p[i] = (uint8_t)(i * 31 + (i >> 8));
	f->room = 0;
	offer(&f->r, TX, 0, BUF, 10000);
	offer(&f->r, TX, 1, BUF + 10000, 6000);
	rig_kick(&f->r, TX);
	assert_false(rig_used(&f->r, TX, NULL, NULL));
	for (unsigned i = 0; i < 1000 && f->out_len < 16000; i++) {
		f->room = 100;
		f->con_client->writable(f->con_client);
		rig_pump(&f->r);
	}
	assert_int_equal(f->out_len, 16000);
	assert_memory_equal(f->out, p, 16000);
	assert_true(rig_used(&f->r, TX, NULL, NULL));
	assert_true(rig_used(&f->r, TX, NULL, NULL));
}

static void output_in_several_buffers_stays_in_order(void **state)
{
	static const uint32_t lens[] = { 5000, 3000, 3000 };
	struct fixture *f = *state;
	struct rig *r = &f->r;
	uint8_t *p = rig_ptr(r, BUF);
	gpa_t at = BUF;

	for (unsigned i = 0; i < 11000; i++)
		p[i] = (uint8_t)(i * 31 + (i >> 8));
	for (uint16_t i = 0; i < 3; at += lens[i++])
		rig_desc(r, r->q[TX].desc, i, at, lens[i], i < 2 ? DESC_F_NEXT : 0, (uint16_t)(i + 1));
	rig_offer(r, TX, 0);
	rig_kick(r, TX);
	assert_int_equal(f->out_len, 11000);
	assert_memory_equal(f->out, p, 11000);
}

static void reset_while_the_backend_is_full_forgets_the_rest(void **state)
{
	struct fixture *f = *state;

	memset(rig_ptr(&f->r, BUF), 'a', 10000);
	f->room = 0;
	offer(&f->r, TX, 0, BUF, 10000);
	rig_kick(&f->r, TX);
	wr(&f->r, R_STATUS, 0);
	assert_int_equal(rd(&f->r, R_STATUS), 0);
	rig_start(&f->r, 2, SIZE);
	f->room = sizeof(f->out);
	memset(rig_ptr(&f->r, BUF), 'b', 3);
	offer(&f->r, TX, 0, BUF, 3);
	rig_kick(&f->r, TX);
	f->con_client->writable(f->con_client);
	assert_true(rig_used(&f->r, TX, NULL, NULL));
	assert_true(f->out_len >= 3 && f->out_len < 10000);
	assert_memory_equal(f->out + f->out_len - 3, "bbb", 3);
}

static void input_fills_buffers_and_waits_for_more(void **state)
{
	struct fixture *f = *state;
	uint32_t len;
	unsigned before = f->readies;

	assert_int_equal(f->con_client->input(f->con_client, (const uint8_t *)"xyz", 3), 0);
	offer(&f->r, RX, 0, BUF, 2);
	rig_kick(&f->r, RX);
	assert_true(f->readies > before);
	assert_int_equal(f->con_client->input(f->con_client, (const uint8_t *)"xyz", 3), 2);
	assert_true(rig_used(&f->r, RX, NULL, &len));
	assert_int_equal(len, 2);
	assert_memory_equal(rig_ptr(&f->r, BUF), "xy", 2);
	offer(&f->r, RX, 1, BUF, 10);
	assert_int_equal(f->con_client->input(f->con_client, (const uint8_t *)"z", 1), 1);
	assert_true(rig_used(&f->r, RX, NULL, &len));
	assert_int_equal(len, 1);
}

static void buffers_without_bytes_are_given_back(void **state)
{
	struct fixture *f = *state;

	offer(&f->r, TX, 0, BUF, 0);
	rig_kick(&f->r, TX);
	assert_true(rig_used(&f->r, TX, NULL, NULL));
	offer(&f->r, RX, 0, BUF, 0);
	assert_int_equal(f->con_client->input(f->con_client, (const uint8_t *)"z", 1), 0);
	assert_true(rig_used(&f->r, RX, NULL, NULL));
}

static void terminal_size_changes_the_configuration(void **state)
{
	struct fixture *f = *state;
	uint32_t generation = rd(&f->r, R_GENERATION);

	assert_true(rig_offered(&f->r) & 1);
	f->con_client->resized(f->con_client, 132, 43);
	assert_int_equal(rig_read(&f->r, R_CONFIG, 2), 132);
	assert_int_equal(rig_read(&f->r, R_CONFIG + 2, 2), 43);
	assert_true(rig_legacy(&f->r) || rd(&f->r, R_GENERATION) != generation);	/* legacy drivers have none */
	assert_int_equal(rd(&f->r, R_ISR), 2);
	wr(&f->r, R_ACK, 2);
	wr(&f->r, R_STATUS, 0);
	f->con_client->resized(f->con_client, 80, 25);
	assert_false(f->r.line);
}

/* --- entropy --- */

static int entropy_fill(struct entropy *e, void *buf, size_t len)
{
	struct fixture *f = container_of(e, struct fixture, entropy);

	memset(buf, 0x77, len);
	return f->entropy_err ? f->entropy_err : (int)len;
}

static const struct entropy_ops entropy_ops = { .fill = entropy_fill };

static int set_up_rng(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->entropy.ops = &entropy_ops;
	rig_open(&f->r);
	rig_plug(&f->r, &virtio_rng_class, &f->entropy);
	rig_start(&f->r, 1, 8);
	*state = f;
	return 0;
}

static void random_bytes_fill_the_buffer(void **state)
{
	struct fixture *f = *state;
	uint8_t *p = rig_ptr(&f->r, BUF);
	uint32_t len;

	offer(&f->r, RX, 0, BUF, 64);
	rig_kick(&f->r, 0);
	assert_true(rig_used(&f->r, 0, NULL, &len));
	assert_int_equal(len, 64);
	assert_int_equal(p[0] & p[63], 0x77);
	assert_int_equal(p[64], 0);
}

static void huge_entropy_request_gets_a_bounded_answer(void **state)
{
	struct fixture *f = *state;
	uint32_t len;

	offer(&f->r, RX, 0, BUF, 0x30000000);
	rig_kick(&f->r, 0);
	assert_true(rig_used(&f->r, 0, NULL, &len));
	assert_in_range(len, 1, 65536);
}

static void entropy_failure_gives_the_buffer_back_empty(void **state)
{
	struct fixture *f = *state;
	uint32_t len;

	f->entropy_err = -EIO;
	offer(&f->r, RX, 0, BUF, 64);
	rig_kick(&f->r, 0);
	assert_true(rig_used(&f->r, 0, NULL, &len));
	assert_int_equal(len, 0);
}

static void only_pages_with_random_bytes_are_logged(void **state)
{
	static uint64_t log[(RIG_RAM + RIG_RAM_SIZE - RIG_SEAM) / 4096 / 64 + 1];
	struct fixture *f = *state;
	struct rig *r = &f->r;
	uint64_t page = (BUF - RIG_SEAM) >> 12;

	rig_desc(r, r->q[0].desc, 0, BUF, 4096, DESC_F_WRITE | DESC_F_NEXT, 1);
	rig_desc(r, r->q[0].desc, 1, BUF + 0x1000, 4096, DESC_F_WRITE, 0);
	assert_int_equal(mem_dirty_begin(&r->vm.mem, mem_find(&r->vm.mem, BUF)->id, log), 0);
	rig_offer(r, 0, 0);
	rig_kick(r, 0);
	mem_dirty_end(&r->vm.mem, mem_find(&r->vm.mem, BUF)->id);
	assert_true(log[page / 64] >> page % 64 & 1);
	assert_false(log[(page + 1) / 64] >> (page + 1) % 64 & 1);
}

/* Tables whose one descriptor would do, if the length of the table were right. */
static void indirect_table_with_a_length_that_is_no_multiple_of_16_needs_reset(void **state)
{
	static const uint32_t lens[] = { 0, 1, 15, 17, 31 };
	struct fixture *f = *state;
	struct rig *r = &f->r;

	r->features = F_INDIRECT;
	for (unsigned i = 0; i < ARRAY_SIZE(lens); i++) {
		rig_start(r, 1, 8);
		rig_desc(r, BUF + 0x1000, 0, BUF, 64, DESC_F_WRITE, 0);
		rig_desc(r, r->q[0].desc, 0, BUF + 0x1000, 16, DESC_F_INDIRECT, 0);
		rig_offer(r, 0, 0);
		rig_kick(r, 0);
		assert_true(rig_used(r, 0, NULL, NULL));
		rig_desc(r, r->q[0].desc, 0, BUF + 0x1000, lens[i], DESC_F_INDIRECT, 0);
		rig_offer(r, 0, 0);
		rig_kick(r, 0);
		assert_true(rd(r, R_STATUS) & S_NEEDS_RESET);
		assert_false(rig_used(r, 0, NULL, NULL));
	}
}

/* A bad ring on any device: the answer is the same (virtio_ring.c has the cases). */
static void bad_head_needs_reset_and_the_device_works_again(void **state)
{
	struct fixture *f = *state;
	struct rig *r = &f->r;
	unsigned queues = rd(r, R_DEVICE_ID) == 4 ? 1 : 2;
	uint16_t size = r->q[0].size;

	for (unsigned q = 0; q < queues; q++) {
		rig_offer(r, q, size);
		rig_kick(r, q);
		if (f->net.client)
			net_fake_receive(&f->net, f->net.frame, 64);
		if (f->con_client)
			f->con_client->input(f->con_client, f->net.frame, 1);
		assert_true(rd(r, R_STATUS) & S_NEEDS_RESET);
		assert_int_equal(rd(r, R_ISR) & 2, 2);
		for (unsigned other = 0; other < queues; other++) {	/* it affects all queues */
			offer(r, other, 0, BUF, 64);
			rig_kick(r, other);
			assert_false(rig_used(r, other, NULL, NULL));
		}
		rig_start(r, queues, size);
		offer(r, queues - 1, 0, BUF, 64);
		rig_kick(r, queues - 1);
		assert_true(rig_used(r, queues - 1, NULL, NULL));
	}
}

#define NET(t) cmocka_unit_test_setup_teardown(t, set_up_net, rig_tear_down)
#define CON(t) cmocka_unit_test_setup_teardown(t, set_up_console, rig_tear_down)
#define RNG(t) cmocka_unit_test_setup_teardown(t, set_up_rng, rig_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		NET(net_config_has_the_mac),
		NET(frame_is_sent_without_its_header),
		NET(frame_in_pieces_is_put_together),
		NET(absurd_frames_are_dropped),
		NET(frame_is_received_behind_a_header),
		NET(frame_without_a_buffer_is_refused_until_there_is_one),
		NET(frame_longer_than_the_buffer_is_lost_and_the_buffer_is_not),
		NET(backend_may_answer_from_within_send),
		NET(writable_buffer_in_the_transmit_queue_sends_nothing),
		NET(bad_head_needs_reset_and_the_device_works_again),
		CON(output_reaches_the_backend),
		CON(output_waits_for_a_slow_backend_and_loses_nothing),
		CON(output_in_several_buffers_stays_in_order),
		CON(reset_while_the_backend_is_full_forgets_the_rest),
		CON(input_fills_buffers_and_waits_for_more),
		CON(buffers_without_bytes_are_given_back),
		CON(terminal_size_changes_the_configuration),
		CON(bad_head_needs_reset_and_the_device_works_again),
		RNG(random_bytes_fill_the_buffer),
		RNG(huge_entropy_request_gets_a_bounded_answer),
		RNG(entropy_failure_gives_the_buffer_back_empty),
		RNG(only_pages_with_random_bytes_are_logged),
		RNG(indirect_table_with_a_length_that_is_no_multiple_of_16_needs_reset),
		RNG(bad_head_needs_reset_and_the_device_works_again),
	};

	return rig_run_all("virtio net, console, rng", tests, ARRAY_SIZE(tests));
}
