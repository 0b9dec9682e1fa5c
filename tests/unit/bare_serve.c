/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What cells and the root say to one another: accesses that the root answers (engine/bare/serve.c) and messages
 * (engine/bare/cell_comm.c). The architecture is a stand-in; the root acts when the doorbell rings.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/cpu.h"
#include "engine/bare/arch.h"
#include "engine/bare/cell.h"
#include "engine/bare/cpu.h"
#include "engine/bare/serve.h"
#include "tests/unit/cmocka_all.h"

#define IRQ_BASE	200u
#define CELL_IRQ	40u
#define POOL_PAGES	4u

static struct rig {
	struct bare sys;
	struct system_config config;
	struct cell_config cell_config;
	struct cell root, cell;
	struct cpu cpu;
	struct comm_region comm;
	struct config_memory region;
	const struct cell *irq_cell;		/* of the last arch_irq_set */
	uint32_t irq;
	bool irq_pending;
	int irq_error;
	uint64_t mapped, mapped_flags;
	void (*root_acts)(struct rig *r);
	pthread_t thread;
	void *memory;
} rig;

/* ---- the architecture ---- */

struct cpu *arch_this_cpu(void)
{
	return &rig.cpu;
}

int arch_irq_set(const struct cell *cell, uint32_t irq, bool pending)
{
	if (rig.irq_error)
		return rig.irq_error;
	rig.irq_cell = cell;
	rig.irq = irq;
	rig.irq_pending = pending;
	if (pending && cell == &rig.root && rig.root_acts)
		rig.root_acts(&rig);
	return 0;
}

int arch_map(struct cell *cell, uint64_t virt, uint64_t phys, uint64_t size, uint64_t flags)
{
	assert_ptr_equal(cell, &rig.root);
	assert_int_equal(virt, phys);
	assert_int_equal(size, PAGE_BYTES);
	rig.mapped = virt;
	rig.mapped_flags = flags;
	return 0;
}

void arch_cpu_kick(struct cpu *cpu) { }
void arch_cpu_quiet(struct cpu *cpu) { }
void arch_cpu_wait(struct cpu *cpu) { }
void arch_irqs_withdraw(struct cpu *cpu) { }
void arch_cpu_reset(struct cpu *cpu, struct regs *regs) { }
void arch_regs_log(struct cpu *cpu, const struct regs *regs) { }
void arch_clean(void *start, uint64_t size) { }
void arch_comm_fill(const struct cell *cell, struct comm_region *comm) { }
void arch_cpu_leave(struct cpu *cpu, struct regs *regs, int64_t result) { abort(); }

/* ---- the rig: CPU 3 is the cell's ---- */

static int set_up(void **state)
{
	memset(&rig, 0, sizeof(rig));
	rig.memory = aligned_alloc(PAGE_BYTES, POOL_PAGES * PAGE_BYTES);
	assert_int_equal(pool_init(&rig.sys.pool, rig.memory, POOL_PAGES * PAGE_BYTES), 0);
	rig.config.root.vpci_irq_base = IRQ_BASE;
	rig.sys.config = &rig.config;
	rig.sys.cell[0] = &rig.root;
	rig.sys.cell[5] = &rig.cell;
	rig.sys.cpu[3] = &rig.cpu;
	rig.root = (struct cell){ .sys = &rig.sys, .config = &rig.config.root };
	rig.cell_config.id = 7;
	rig.cell = (struct cell){ .sys = &rig.sys, .config = &rig.cell_config, .comm = &rig.comm, .talks = true };
	rig.cpu = (struct cpu){ .sys = &rig.sys, .cell = &rig.cell, .number = 3, .present = true, .power = POWER_ON };
	rig.region = (struct config_memory){ .virt = 0xa000000, .size = PAGE_BYTES, .flags = MEMORY_SERVED };
	return 0;
}

static int tear_down(void **state)
{
	free(rig.memory);
	return 0;
}

static struct serve_slot *slot(void)
{
	return &rig.sys.slots[3];
}

static uint64_t access_one(bool write, uint64_t value)
{
	struct mmio_access a = { .address = 0x40, .value = value, .size = 4, .write = write };

	assert_int_equal(serve_access(&rig.cpu, &rig.region, &a), MMIO_DONE);
	return a.value;
}

/* ---- served accesses ---- */

static void a_page_for_slots_is_the_roots_when_there_is_a_doorbell(void **state)
{
	assert_int_equal(serve_init(&rig.sys), 0);
	assert_non_null(rig.sys.slots);
	assert_int_equal(rig.mapped, (uintptr_t)rig.sys.slots);
	assert_int_equal(rig.mapped_flags, MEMORY_READ | MEMORY_WRITE);
	assert_int_equal(rig.irq, SERVE_DOORBELL(IRQ_BASE));
	assert_false(rig.irq_pending);
}

static void without_interrupt_or_page_nothing_is_served(void **state)
{
	struct mmio_access a = { .size = 4 };

	rig.config.root.vpci_irq_base = 0;
	assert_int_equal(serve_init(&rig.sys), 0);
	assert_int_equal(serve_access(&rig.cpu, &rig.region, &a), MMIO_BAD);
	rig.config.root.vpci_irq_base = IRQ_BASE;
	rig.irq_error = -EPERM;
	assert_int_equal(serve_init(&rig.sys), -EINVAL);
	rig.irq_error = 0;
	assert_non_null(pool_alloc(&rig.sys.pool, rig.sys.pool.pages, 1));
	assert_int_equal(serve_init(&rig.sys), -ENOMEM);
	assert_null(rig.sys.slots);
}

static void root_answers(struct rig *r)
{
	struct serve_slot *s = slot();

	assert_int_equal(s->cell_id, 7);
	assert_int_equal(s->address, 0xa000040);
	assert_int_equal(s->size, 4);
	if (s->is_write)
		assert_int_equal(s->value, 0x1234);
	s->value = 0xabcd;
	s->answered = s->asked;
}

static void an_access_has_the_roots_answer(void **state)
{
	assert_int_equal(serve_init(&rig.sys), 0);
	rig.root_acts = root_answers;
	assert_int_equal(access_one(false, 0), 0xabcd);
	assert_int_equal(slot()->asked, 1);
	assert_int_equal(slot()->cell_id, 0);
	access_one(true, 0x1234);
	assert_int_equal(slot()->asked, 2);
	assert_int_equal(rig.irq, SERVE_DOORBELL(IRQ_BASE));
}

static void root_is_late(struct rig *r)
{
	slot()->value = 0xbad;
	slot()->answered = slot()->asked - 1;
	__atomic_fetch_or(&r->cpu.request, REQUEST_OFF, __ATOMIC_SEQ_CST);
}

static void a_cpu_that_is_to_leave_waits_for_nobody_and_a_late_answer_is_nobodys(void **state)
{
	assert_int_equal(serve_init(&rig.sys), 0);
	rig.root_acts = root_is_late;
	assert_int_equal(access_one(false, 0x55), 0x55);
	rig.cpu.request = 0;
	assert_int_equal(access_one(false, 0x66), 0x66);
	rig.cpu.request = 0;
	rig.root_acts = root_answers;
	assert_int_equal(access_one(false, 0x77), 0xabcd);
}

static void *stop_then_answer(void *arg)
{
	struct rig *r = arg;

	while (!__atomic_load_n(&r->cpu.stopped, __ATOMIC_SEQ_CST))
		cpu_relax();
	__atomic_fetch_and(&r->cpu.request, ~REQUEST_STOP, __ATOMIC_SEQ_CST);
	while (__atomic_load_n(&r->cpu.stopped, __ATOMIC_SEQ_CST))
		cpu_relax();
	slot()->value = 0xabcd;
	__atomic_store_n(&slot()->answered, slot()->asked, __ATOMIC_RELEASE);
	return NULL;
}

static void root_stops_it_first(struct rig *r)
{
	__atomic_fetch_or(&r->cpu.request, REQUEST_STOP, __ATOMIC_SEQ_CST);
	assert_int_equal(pthread_create(&r->thread, NULL, stop_then_answer, r), 0);
}

static void a_cpu_that_waits_can_be_stopped_and_goes_on_waiting(void **state)
{
	assert_int_equal(serve_init(&rig.sys), 0);
	rig.root_acts = root_stops_it_first;
	assert_int_equal(access_one(false, 0), 0xabcd);
	pthread_join(rig.thread, NULL);
}

static void only_the_root_is_told_and_may_interrupt_only_cells_that_are_there(void **state)
{
	assert_int_equal(serve_info(&rig.cpu), -EPERM);
	assert_int_equal(serve_irq(&rig.cpu, SERVE_IRQ(7, CELL_IRQ), 1), -EPERM);
	rig.cpu.cell = &rig.root;
	assert_int_equal(serve_info(&rig.cpu), -ENODEV);
	assert_int_equal(serve_init(&rig.sys), 0);
	assert_int_equal(serve_info(&rig.cpu), (uintptr_t)rig.sys.slots);
	assert_int_equal(serve_irq(&rig.cpu, SERVE_IRQ(7, CELL_IRQ), 1), 0);
	assert_ptr_equal(rig.irq_cell, &rig.cell);
	assert_int_equal(rig.irq, CELL_IRQ);
	assert_true(rig.irq_pending);
	assert_int_equal(serve_irq(&rig.cpu, SERVE_IRQ(7, CELL_IRQ), 0), 0);
	assert_false(rig.irq_pending);
	assert_int_equal(serve_irq(&rig.cpu, SERVE_IRQ(8, CELL_IRQ), 1), -ENOENT);
	assert_int_equal(serve_irq(&rig.cpu, SERVE_IRQ(0, CELL_IRQ), 1), -ENOENT);	/* the root's own */
	rig.irq_error = -EPERM;
	assert_int_equal(serve_irq(&rig.cpu, SERVE_IRQ(7, CELL_IRQ), 1), -EPERM);
}

/* ---- messages ---- */

static void a_cell_that_may_take_its_time_is_asked_once_and_then_again_for_its_answer(void **state)
{
	assert_int_equal(comm_allows_shutdown(&rig.cell), -EAGAIN);
	assert_int_equal(rig.comm.msg_to_cell, MSG_SHUTDOWN_REQUEST);
	rig.comm.msg_to_cell = MSG_NONE;		/* taken note of */
	assert_int_equal(comm_allows_shutdown(&rig.cell), -EAGAIN);
	assert_int_equal(rig.comm.msg_to_cell, MSG_NONE);
	rig.comm.reply_from_cell = REPLY_APPROVED;
	assert_int_equal(comm_allows_shutdown(&rig.cell), 0);
	/* What was answered then doesn't count the next time. */
	assert_int_equal(comm_allows_shutdown(&rig.cell), -EAGAIN);
	assert_int_equal(rig.comm.msg_to_cell, MSG_SHUTDOWN_REQUEST);
	rig.comm.reply_from_cell = REPLY_DENIED;
	assert_int_equal(comm_allows_shutdown(&rig.cell), -EPERM);
}

static void a_cell_with_a_time_has_nothing_against_its_end_when_that_is_over(void **state)
{
	int answer = -EAGAIN;

	rig.cell_config.reply_timeout = 1000;
	while (answer == -EAGAIN)
		answer = comm_allows_shutdown(&rig.cell);
	assert_int_equal(answer, 0);
	assert_int_equal(rig.comm.msg_to_cell, MSG_SHUTDOWN_REQUEST);
}

static void a_cell_that_has_ended_or_does_not_talk_has_nothing_against_it(void **state)
{
	rig.comm.cell_state = CELL_FAILED;
	assert_int_equal(comm_allows_shutdown(&rig.cell), 0);
	rig.comm.cell_state = CELL_RUNNING;
	rig.cell.talks = false;
	assert_int_equal(comm_allows_shutdown(&rig.cell), 0);
}

static void news_do_not_take_the_place_of_a_question(void **state)
{
	comm_changed(&rig.sys, NULL);
	assert_int_equal(rig.comm.msg_to_cell, MSG_RECONFIG_COMPLETED);
	assert_int_equal(comm_allows_shutdown(&rig.cell), -EAGAIN);
	comm_changed(&rig.sys, NULL);
	assert_int_equal(rig.comm.msg_to_cell, MSG_SHUTDOWN_REQUEST);
}

int main(void)
{
#define CASE(f)	cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		CASE(a_page_for_slots_is_the_roots_when_there_is_a_doorbell),
		CASE(without_interrupt_or_page_nothing_is_served), CASE(an_access_has_the_roots_answer),
		CASE(a_cpu_that_is_to_leave_waits_for_nobody_and_a_late_answer_is_nobodys),
		CASE(a_cpu_that_waits_can_be_stopped_and_goes_on_waiting),
		CASE(only_the_root_is_told_and_may_interrupt_only_cells_that_are_there),
		CASE(a_cell_that_may_take_its_time_is_asked_once_and_then_again_for_its_answer),
		CASE(a_cell_with_a_time_has_nothing_against_its_end_when_that_is_over),
		CASE(a_cell_that_has_ended_or_does_not_talk_has_nothing_against_it), CASE(news_do_not_take_the_place_of_a_question),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
