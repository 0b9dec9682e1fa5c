/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Devices whose rings somebody else works on (core/vhost.h): here it is the test, which takes chains and gives them back as the
 * host's vhost drivers do. Split rings only, as those have.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/errno.h"
#include "core/engine.h"
#include "core/vsock.h"
#include "os/eventfd.h"
#include "os/loop.h"
#include "tests/dev/net_fake.h"
#include "tests/dev/virtio_rig.h"

#define SIZE		16u
#define BUF		(RIG_RAM + 0x100000)
#define F(n)		(1ull << (n))
#define FEATURES	(F_INDIRECT | F_EVENT_IDX | F_VERSION_1 | F(15))
#define ROUTE_FD	1000		/* of vector 0, and so on: nobody uses them as descriptors */
enum { RX, TX, CTRL };

struct fake_ring {
	bool runs;
	unsigned starts;
	uint16_t next;			/* the back-end's place in the ring */
	struct vhost_ring r;
};

struct fixture {
	struct rig r;
	struct loop loop;
	struct net_fake net;
	struct vsock_backend vsock;
	struct vhost v;
	struct notifier *failed;
	struct fake_ring ring[4];
	int start_err;
	bool attached;
};

static struct fixture *of(struct vhost *v)
{
	return container_of(v, struct fixture, v);
}

static int fake_attach(struct vhost *v, struct mem *m, struct notifier *failed)
{
	of(v)->failed = failed;
	of(v)->attached = true;
	return 0;
}

static void fake_detach(struct vhost *v)
{
	for (unsigned i = 0; i < ARRAY_SIZE(of(v)->ring); i++)
		assert_false(of(v)->ring[i].runs);
	of(v)->attached = false;
}

static int fake_start(struct vhost *v, unsigned ring, const struct vhost_ring *r)
{
	struct fake_ring *f = &of(v)->ring[ring];

	assert_true(ring < ARRAY_SIZE(of(v)->ring) && !f->runs);
	f->r = *r;
	f->next = r->next;
	f->starts++;
	f->runs = !of(v)->start_err;
	return of(v)->start_err;
}

static void fake_call(struct vhost *v, unsigned ring, struct notifier *call)
{
	assert_true(of(v)->ring[ring].runs);
	of(v)->ring[ring].r.call = call;
}

static uint16_t fake_stop(struct vhost *v, unsigned ring)
{
	assert_true(of(v)->ring[ring].runs);
	of(v)->ring[ring].runs = false;
	return of(v)->ring[ring].next;
}

static const struct vhost_ops fake_ops = {
	.attach = fake_attach, .detach = fake_detach, .start = fake_start, .call = fake_call, .stop = fake_stop,
};

/* What a vhost does when it is kicked: each chain comes back with 7 bytes in it. Returns how many. */
static unsigned work(struct fixture *f, unsigned ring)
{
	struct fake_ring *k = &f->ring[ring];
	uint16_t *avail = rig_ptr(&f->r, k->r.driver), *used = rig_ptr(&f->r, k->r.device);
	uint32_t *elem = rig_ptr(&f->r, k->r.device + 4);
	unsigned n = 0;

	for (; k->runs && k->next != avail[1]; k->next++, n++) {
		elem[2 * (used[1] % k->r.size)] = avail[2 + k->next % k->r.size];
		elem[2 * (used[1] % k->r.size) + 1] = 7;
		used[1]++;
	}
	if (n)
		notifier_signal(k->r.call);
	rig_pump(&f->r);
	return n;
}

static void offer(struct fixture *f, unsigned q, uint16_t head)
{
	rig_desc(&f->r, f->r.q[q].desc, head, BUF + 0x1000 * head, 100, q == RX ? DESC_F_WRITE : 0, 0);
	rig_offer(&f->r, q, head);
	rig_kick(&f->r, q);
}

static unsigned interrupts(struct fixture *f)
{
	unsigned n = __atomic_exchange_n(&f->r.edges, 0, __ATOMIC_RELAXED);

	wr(&f->r, R_ACK, rd(&f->r, R_ISR));
	return n;
}

static void start(struct fixture *f, uint64_t features, unsigned queues)
{
	f->r.features = features;
	rig_start(&f->r, queues, SIZE);
	assert_true(rd(&f->r, R_STATUS) & S_DRIVER_OK);
	interrupts(f);
}

static struct fixture *fixture_new(void)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->v = (struct vhost){ &fake_ops, FEATURES };
	net_fake_init(&f->net);
	f->net.b.vhost = &f->v;
	f->net.b.pairs = 1;
	rig_open(&f->r);
	return f;
}

static int net_up(void **state)
{
	struct fixture *f = fixture_new();

	rig_plug(&f->r, &virtio_net_class, &f->net.b);
	*state = f;
	return 0;
}

static int pairs_up(void **state)
{
	struct fixture *f = fixture_new();

	f->net.b.pairs = 2;
	rig_device(&f->r, &virtio_net_class, &f->net.b);
	assert_int_equal(device_set(f->r.dev, "queues", 2), 0);
	rig_plug_device(&f->r);
	*state = f;
	return 0;
}

static void vsock_destroy(struct vsock_backend *b)
{
}

static const struct vsock_ops vsock_ops = { .destroy = vsock_destroy };

static int vsock_up(void **state)
{
	struct fixture *f = fixture_new();

	f->v.features |= F(1);
	f->vsock = (struct vsock_backend){ .ops = &vsock_ops, .cid = 9, .vhost = &f->v };
	rig_plug(&f->r, &virtio_vsock_class, &f->vsock);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	rig_close(&f->r);
	assert_false(f->attached);
	free(f);
	return 0;
}

/* --- tests --- */

static void ring_is_the_vhosts_as_soon_as_it_lives(void **state)
{
	struct fixture *f = *state;

	assert_true(f->attached);
	rig_negotiate(&f->r);
	rig_queue_place(&f->r, RX, SIZE);
	assert_int_equal(f->ring[RX].starts, 0);
	start(f, F_EVENT_IDX, 2);
	for (unsigned i = RX; i <= TX; i++) {
		const struct vhost_ring *r = &f->ring[i].r;

		assert_true(f->ring[i].runs);
		assert_int_equal(r->size, f->r.q[i].size);
		assert_true(r->desc == f->r.q[i].desc && r->driver == f->r.q[i].driver && r->device == f->r.q[i].device);
		assert_true(r->features & F_EVENT_IDX && !(r->features & F_INDIRECT));
		assert_int_equal(!(r->features & F_VERSION_1), rig_legacy(&f->r));
		assert_int_equal(r->next, 0);
	}
}

static void its_calls_raise_the_queues_interrupt(void **state)
{
	struct fixture *f = *state;
	uint32_t id, len;

	start(f, 0, 2);
	offer(f, TX, 3);
	assert_false(rig_used(&f->r, TX, NULL, NULL));	/* not by us */
	assert_int_equal(f->net.sent, 0);
	assert_int_equal(work(f, TX), 1);
	assert_true(rig_used(&f->r, TX, &id, &len));
	assert_int_equal(id, 3);
	assert_int_equal(interrupts(f), 1);
}

static void reset_takes_rings_back_and_begins_anew(void **state)
{
	struct fixture *f = *state;

	start(f, 0, 2);
	offer(f, RX, 0);
	offer(f, RX, 1);
	assert_int_equal(work(f, RX), 2);
	wr(&f->r, R_STATUS, 0);
	assert_int_equal(rd(&f->r, R_STATUS), 0);
	assert_false(f->ring[RX].runs || f->ring[TX].runs);
	start(f, 0, 2);
	assert_true(f->ring[RX].runs);
	assert_int_equal(f->ring[RX].r.next, 0);
	offer(f, RX, 2);
	assert_int_equal(work(f, RX), 1);
	device_reset_all(&f->r.vm, RESET_WARM);
	assert_false(f->ring[RX].runs || f->ring[TX].runs);
}

static void queue_reset_takes_one_ring_back(void **state)
{
	struct fixture *f = *state;

	start(f, F_RING_RESET, 2);
	offer(f, TX, 0);
	work(f, TX);
	wr(&f->r, R_QUEUE_SEL, TX);
	wr(&f->r, R_QUEUE_RESET, 1);
	assert_int_equal(rd(&f->r, R_QUEUE_RESET), 0);
	assert_true(f->ring[RX].runs);
	assert_false(f->ring[TX].runs);
	rig_queue_place(&f->r, TX, SIZE);
	rig_queue_enable(&f->r, TX);
	assert_true(f->ring[TX].runs);
	assert_int_equal(f->ring[TX].r.next, 0);
}

static void pause_takes_rings_back_and_resume_goes_on(void **state)
{
	struct fixture *f = *state;

	start(f, 0, 2);
	offer(f, TX, 0);
	work(f, TX);
	assert_int_equal(f->r.dev->cls->quiesce(f->r.dev), 0);
	assert_false(f->ring[RX].runs || f->ring[TX].runs);
	offer(f, TX, 1);
	assert_int_equal(work(f, TX), 0);
	f->r.dev->cls->resume(f->r.dev);
	rig_pump(&f->r);
	assert_true(f->ring[RX].runs && f->ring[TX].runs);
	assert_int_equal(f->ring[TX].r.next, 1);
	assert_int_equal(work(f, TX), 1);
	assert_true(rig_used(&f->r, TX, NULL, NULL) && rig_used(&f->r, TX, NULL, NULL));
}

static void bad_ring_needs_a_reset_and_all_rings_stop(void **state)
{
	struct fixture *f = *state;

	start(f, 0, 2);
	notifier_signal(f->failed);
	rig_pump(&f->r);
	assert_true(rd(&f->r, R_STATUS) & S_NEEDS_RESET);
	assert_false(f->ring[RX].runs || f->ring[TX].runs);
	start(f, 0, 2);
	assert_false(rd(&f->r, R_STATUS) & S_NEEDS_RESET);
	offer(f, TX, 0);
	assert_int_equal(work(f, TX), 1);
}

static void broken_ring_of_ours_stops_the_others(void **state)
{
	struct fixture *f = *state;

	start(f, F(17), 3);
	rig_offer(&f->r, CTRL, SIZE);		/* no such head */
	rig_kick(&f->r, CTRL);
	assert_true(rd(&f->r, R_STATUS) & S_NEEDS_RESET);
	assert_false(f->ring[RX].runs || f->ring[TX].runs);
}

static void ring_that_it_refuses_needs_a_reset(void **state)
{
	struct fixture *f = *state;

	f->start_err = -EFAULT;
	f->r.features = 0;
	rig_start(&f->r, 2, SIZE);
	rig_pump(&f->r);
	assert_true(rd(&f->r, R_STATUS) & S_NEEDS_RESET);
	assert_false(f->ring[RX].runs || f->ring[TX].runs);
	f->start_err = 0;
	start(f, 0, 2);
	assert_true(f->ring[RX].runs && f->ring[TX].runs);
}

static void features_that_it_lacks_are_not_offered(void **state)
{
	struct fixture *f = *state;
	uint64_t offered = rig_offered(&f->r);

	assert_true(offered & F_INDIRECT && offered & F_EVENT_IDX && offered & F(15) && offered & F(17));
	assert_false(offered & (F_PACKED | F_IN_ORDER));
	assert_false(offered & (F(18) | F(19) | F(20)));	/* filters */
}

static void control_queue_stays_the_devices(void **state)
{
	struct fixture *f = *state;
	uint8_t *p = rig_ptr(&f->r, BUF);

	start(f, F(17) | F(23), 3);
	assert_int_equal(f->ring[CTRL].starts, 0);
	memcpy(p, (uint8_t[]){ 1, 1, 2, 3, 4, 5, 6, 7 }, 8);
	p[100] = 0xff;
	rig_desc(&f->r, f->r.q[CTRL].desc, 0, BUF, 8, DESC_F_NEXT, 1);
	rig_desc(&f->r, f->r.q[CTRL].desc, 1, BUF + 100, 1, DESC_F_WRITE, 0);
	rig_offer(&f->r, CTRL, 0);
	rig_kick(&f->r, CTRL);
	assert_true(rig_used(&f->r, CTRL, NULL, NULL));
	assert_int_equal(p[100], 0);
	assert_int_equal(rig_read(&f->r, R_CONFIG + 5, 1), 7);
}

static void queue_two_is_the_vhosts_or_ours_as_agreed_on(void **state)
{
	struct fixture *f = *state;

	start(f, F(17) | F(22), 5);
	assert_true(f->ring[0].runs && f->ring[1].runs && f->ring[2].runs && f->ring[3].runs);
	start(f, F(17), 3);
	assert_true(f->ring[0].runs && f->ring[1].runs);
	assert_false(f->ring[2].runs || f->ring[3].runs);
}

static void sockets_have_two_rings_outside(void **state)
{
	struct fixture *f = *state;

	assert_true(rig_offered(&f->r) & F(1));
	assert_int_equal(rd(&f->r, R_CONFIG), 9);
	start(f, 0, 3);
	assert_true(f->ring[0].runs && f->ring[1].runs);
	assert_false(f->ring[2].runs);
	offer(f, 2, 0);
	assert_false(rig_used(&f->r, 2, NULL, NULL));
	offer(f, TX, 0);
	assert_int_equal(work(f, TX), 1);
	assert_int_equal(interrupts(f), 1);
}

/* --- with a loop, and so with descriptors --- */

static int loop_up(void **state)
{
	struct fixture *f = fixture_new();

	assert_int_equal(loop_init(&f->loop), 0);
	rig_device(&f->r, &virtio_net_class, &f->net.b)->workq = &f->loop.inbox;
	rig_plug_device(&f->r);
	*state = f;
	return 0;
}

static int loop_down(void **state)
{
	struct fixture *f = *state;

	rig_close(&f->r);
	assert_false(f->attached);
	loop_fini(&f->loop);
	free(f);
	return 0;
}

static void turn(struct fixture *f)
{
	for (unsigned i = 0; i < 4; i++)
		loop_once(&f->loop, 0);
}

static void kicks_calls_and_failures_go_by_descriptors(void **state)
{
	struct fixture *f = *state;
	const struct vhost_ring *r = &f->ring[TX].r;

	start(f, 0, 2);
	turn(f);
	assert_true(eventfd_notifier_take(r->kick));	/* a first look, for what came before */
	turn(f);
	assert_false(eventfd_notifier_take(r->kick));
	offer(f, TX, 0);
	turn(f);
	assert_true(eventfd_notifier_take(r->kick));	/* it is not the loop that takes it */
	assert_int_equal(work(f, TX), 1);
	turn(f);
	assert_int_equal(interrupts(f), 1);
	notifier_signal(f->failed);
	turn(f);
	assert_true(rd(&f->r, R_STATUS) & S_NEEDS_RESET);
	assert_false(f->ring[RX].runs || f->ring[TX].runs);
}

/* --- PCI: message routes of an engine that has descriptors --- */

static void route_signalled(struct notifier *n)
{
	*(unsigned *)n->ctx += 1;
}

static int route(struct vm *vm, struct irq_route *const *list, unsigned n)
{
	struct fixture *f = container_of(vm, struct fixture, r.vm);

	for (unsigned i = 0; i < n; i++) {
		if (list[i]->notifier.fd < 0)
			list[i]->notifier = (struct notifier){ route_signalled, ROUTE_FD + (int)f->r.messages[31]++,
							       &f->r.messages[30] };
	}
	return 0;
}

static const struct engine_ops engine = { .name = "test", .route = route };

static int routes_up(void **state)
{
	struct fixture *f = fixture_new();

	f->r.vm.engine = &engine;
	rig_plug(&f->r, &virtio_net_class, &f->net.b);
	*state = f;
	return 0;
}

static void set_msix(struct fixture *f, bool on)
{
	struct pci_func *p = virtio_pci_func(f->r.transport);

	pci_config_write(p, p->msix_cap + 2u, 2, on ? 0x8000 : 0);
	pci_settle(to_pci_host(f->r.host));
}

static void set_vector(struct fixture *f, unsigned q, uint16_t v)
{
	const struct region *r = &virtio_pci_func(f->r.transport)->bar[VIRTIO_PCI_BAR].region;

	rig_access(&f->r, r->space, r->base + 0x16, 2, true, q);
	rig_access(&f->r, r->space, r->base + 0x1a, 2, true, v);
}

static void calls_go_straight_to_the_route_of_the_vector(void **state)
{
	struct fixture *f = *state;
	struct virtio_pci *p = to_virtio_pci(f->r.transport);

	start(f, 0, 2);
	assert_int_equal(f->ring[TX].r.call->fd, -1);		/* its line */
	set_msix(f, true);
	assert_int_equal(f->ring[TX].r.call->fd, -1);		/* no vector */
	set_vector(f, TX, 2);
	assert_ptr_equal(f->ring[TX].r.call, irq_route_notifier(&p->route[2]));
	set_vector(f, TX, 1);
	assert_ptr_equal(f->ring[TX].r.call, irq_route_notifier(&p->route[1]));
	offer(f, TX, 0);
	assert_int_equal(work(f, TX), 1);
	assert_int_equal(f->r.messages[30], 1);
	set_msix(f, false);
	assert_int_equal(f->ring[TX].r.call->fd, -1);
	offer(f, TX, 1);
	interrupts(f);
	assert_int_equal(work(f, TX), 1);
	assert_int_equal(interrupts(f), 1);
	assert_int_equal(f->r.messages[30], 1);
}

static void no_ring_runs_while_the_function_may_not_master_the_bus(void **state)
{
	struct fixture *f = *state;
	struct pci_func *p = virtio_pci_func(f->r.transport);

	start(f, 0, 2);
	offer(f, TX, 0);
	work(f, TX);
	pci_config_write(p, PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
	pci_settle(to_pci_host(f->r.host));
	assert_false(f->ring[RX].runs || f->ring[TX].runs);
	pci_config_write(p, PCI_COMMAND, 2, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	pci_settle(to_pci_host(f->r.host));
	assert_true(f->ring[RX].runs && f->ring[TX].runs);
	assert_int_equal(f->ring[TX].r.next, 1);
}

#define NET(t)	cmocka_unit_test_setup_teardown(t, net_up, tear_down)

int main(void)
{
	static const struct CMUnitTest all[] = {
		NET(ring_is_the_vhosts_as_soon_as_it_lives), NET(its_calls_raise_the_queues_interrupt),
		NET(reset_takes_rings_back_and_begins_anew), NET(pause_takes_rings_back_and_resume_goes_on),
		NET(bad_ring_needs_a_reset_and_all_rings_stop), NET(broken_ring_of_ours_stops_the_others),
		NET(ring_that_it_refuses_needs_a_reset), NET(features_that_it_lacks_are_not_offered),
		NET(control_queue_stays_the_devices),
		cmocka_unit_test_setup_teardown(kicks_calls_and_failures_go_by_descriptors, loop_up, loop_down),
		cmocka_unit_test_setup_teardown(queue_two_is_the_vhosts_or_ours_as_agreed_on, pairs_up, tear_down),
	}, modern[] = {
		NET(queue_reset_takes_one_ring_back),
		cmocka_unit_test_setup_teardown(sockets_have_two_rings_outside, vsock_up, tear_down),
	}, pci[] = {
		cmocka_unit_test_setup_teardown(calls_go_straight_to_the_route_of_the_vector, routes_up, tear_down),
		cmocka_unit_test_setup_teardown(no_ring_runs_while_the_function_may_not_master_the_bus, routes_up, tear_down),
	};
	int failed = rig_run_all("vhost", all, ARRAY_SIZE(all)) + rig_run_modern("vhost, modern", modern, ARRAY_SIZE(modern));

	rig_kind = RIG_PCI;
	return failed + cmocka_run_group_tests_name("vhost, pci", pci, NULL, NULL);
}
