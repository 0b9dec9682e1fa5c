/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kvm engine on x86-64, by guests in real mode. Long because each rule of core/engine.h has its guest beside its case; what
 * they share is kvm_rig.c.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "core/irq_route.h"
#include "os/eventfd.h"
#include "tests/unit/kvm_rig.h"

/* One vCPU on this thread, its code loaded and started. */
static struct kvm_rig *rig_with(const uint8_t *code, const uint8_t *end)
{
	struct kvm_rig *r = kvm_rig_new(1);

	assert_int_equal(kvm_engine.vcpu_init(r->vm.vcpu[0]), 0);
	assert_int_equal(kvm_engine.vm_ready(&r->vm), 0);
	vcpu_start(r->vm.vcpu[0]);
	kvm_rig_load(r, code, end);
	kvm_rig_start(r, 0, KVM_RIG_CODE);
	return r;
}

static enum vm_exit run(struct kvm_rig *r)
{
	return kvm_engine.vcpu_run(r->vm.vcpu[0]);
}

/* ---- the same on another thread ---- */

struct runner {
	struct kvm_rig *r;
	pthread_t thread;
	enum vm_exit what;
};

static void *runner_main(void *arg)
{
	struct runner *t = arg;

	kvm_engine.vcpu_init(t->r->vm.vcpu[0]);
	vcpu_start(t->r->vm.vcpu[0]);
	kvm_rig_start(t->r, 0, KVM_RIG_CODE);
	t->what = kvm_engine.vcpu_run(t->r->vm.vcpu[0]);
	return NULL;
}

static void runner_start(struct runner *t, const uint8_t *code, const uint8_t *end)
{
	t->r = kvm_rig_new(1);
	kvm_rig_load(t->r, code, end);
	assert_int_equal(pthread_create(&t->thread, NULL, runner_main, t), 0);
}

static enum vm_exit runner_end(struct runner *t)
{
	pthread_join(t->thread, NULL);
	return t->what;
}

/* ---- accesses ---- */

GUEST(guest_pio,
	"mov $0x100, %dx\n mov $0x11, %al\n out %al, %dx\n"
	"add $2, %dx\n mov $0x2222, %ax\n out %ax, %dx\n"
	"add $2, %dx\n mov $0x44444444, %eax\n out %eax, %dx\n"
	"xor %eax, %eax\n in %dx, %ax\n mov %eax, %ebx\n"
	"mov $0x1f0, %dx\n out %al, %dx\n");

static void port_accesses_reach_the_bus_in_their_sizes(void **state)
{
	static const struct kvm_rig_access wanted[] = {
		{ BUS_PIO, 0, 0x11, 1, true }, { BUS_PIO, 2, 0x2222, 2, true }, { BUS_PIO, 4, 0x44444444, 4, true },
		{ BUS_PIO, 4, 0xabcdef01, 2, false },
	};
	struct kvm_rig *r = rig_with(guest_pio, guest_pio_end);

	r->answer = 0xabcdef01;
	assert_int_equal(run(r), EXIT_PAUSED);
	assert_int_equal(r->count, ARRAY_SIZE(wanted));
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
		assert_int_equal(r->seen[i].offset, wanted[i].offset);
		assert_int_equal(r->seen[i].value, wanted[i].value);
		assert_int_equal(r->seen[i].size, wanted[i].size);
		assert_int_equal(r->seen[i].write, wanted[i].write);
	}
	assert_int_equal(kvm_rig_get(r, 0, X86_REG_RBX), 0xef01);
	kvm_rig_free(r);
}

GUEST(guest_string,
	"cld\n mov $0x100, %dx\n mov $0x1000, %si\n mov $7, %cx\n rep outsb\n"
	"mov $0x3000, %di\n mov $5, %cx\n rep insw\n"
	"mov $0x1f0, %dx\n out %al, %dx\n");

static void string_io_comes_element_by_element(void **state)
{
	struct kvm_rig *r = rig_with(guest_string, guest_string_end);

	r->answer = 0x1234;
	assert_int_equal(run(r), EXIT_PAUSED);
	assert_int_equal(r->count, 12);
	for (uint32_t i = 0; i < 7; i++)
		assert_int_equal(r->seen[i].value, guest_string[i]);
	for (uint32_t i = 0; i < 5; i++)
		assert_memory_equal(r->ram + 0x3000 + 2 * i, "\x34\x12", 2);
	assert_int_equal(r->ram[0x300a], 0);
	kvm_rig_free(r);
}

GUEST(guest_mmio,
	"mov $0xd000, %ax\n mov %ax, %ds\n movl $0x89abcdef, 4\n movb $0x77, 9\n mov 8, %ebx\n"
	"mov $0xc000, %ax\n mov %ax, %ds\n mov 0, %ecx\n movl $1, 0\n mov $0x300, %dx\n in %dx, %al\n"
	"mov $0x1f0, %dx\n out %al, %dx\n");

static void memory_accesses_reach_the_bus_and_holes_read_as_ones(void **state)
{
	struct kvm_rig *r = rig_with(guest_mmio, guest_mmio_end);

	r->answer = 0x1122334455667788ull;
	assert_int_equal(run(r), EXIT_PAUSED);
	assert_int_equal(r->count, 3);
	assert_int_equal(r->seen[0].space, BUS_MMIO);
	assert_int_equal(r->seen[0].offset, 4);
	assert_int_equal(r->seen[0].value, 0x89abcdef);
	assert_int_equal(r->seen[0].size, 4);
	assert_int_equal(r->seen[1].offset, 9);
	assert_int_equal(r->seen[1].value, 0x77);
	assert_int_equal(r->seen[2].offset, 8);
	assert_false(r->seen[2].write);
	assert_int_equal(kvm_rig_get(r, 0, X86_REG_RBX), 0x55667788);
	assert_int_equal(kvm_rig_get(r, 0, X86_REG_RCX), 0xffffffff);
	assert_int_equal(kvm_rig_get(r, 0, X86_REG_RAX) & 0xff, 0xff);
	kvm_rig_free(r);
}

GUEST(guest_rom,
	"mov $0x9000, %ax\n mov %ax, %ds\n mov 0, %ebx\n movw $0x55aa, 0\n mov 0, %ecx\n"
	"mov $0x1f0, %dx\n out %al, %dx\n");

static void writes_to_rom_go_to_the_bus(void **state)
{
	struct kvm_rig *r = rig_with(guest_rom, guest_rom_end);
	uint32_t *rom = aligned_alloc(4096, 4096), id;
	struct mem_slot slot = { .base = 0x90000, .size = 4096, .kind = MEM_ROM, .backing = { .host = rom, .fd = -1 } };

	memset(rom, 0x61, 4096);
	assert_int_equal(mem_slot_add(&r->vm.mem, &slot, &id), 0);
	assert_int_equal(run(r), EXIT_PAUSED);
	assert_int_equal(kvm_rig_get(r, 0, X86_REG_RBX), 0x61616161);
	assert_int_equal(kvm_rig_get(r, 0, X86_REG_RCX), 0x61616161);
	assert_int_equal(rom[0], 0x61616161);
	assert_int_equal(mem_slot_remove(&r->vm.mem, id), 0);
	free(rom);
	kvm_rig_free(r);
}

GUEST(guest_in_pause,
	"mov $0x1f0, %dx\n xor %eax, %eax\n in %dx, %al\n inc %bx\n mov $0x1f0, %dx\n out %al, %dx\n");

static void a_pause_inside_an_access_comes_after_it_and_before_the_next_instruction(void **state)
{
	struct kvm_rig *r = rig_with(guest_in_pause, guest_in_pause_end);

	assert_int_equal(run(r), EXIT_PAUSED);
	assert_int_equal(kvm_rig_get(r, 0, X86_REG_RAX), 0x5a);
	assert_int_equal(kvm_rig_get(r, 0, X86_REG_RBX), 0);
	assert_int_equal(kvm_rig_get(r, 0, X86_REG_RIP), KVM_RIG_CODE + 7);
	r->vm.vcpu[0]->pause_request = false;
	assert_int_equal(run(r), EXIT_PAUSED);
	assert_int_equal(kvm_rig_get(r, 0, X86_REG_RBX), 1);
	kvm_rig_free(r);
}

/* ---- interrupts ---- */

/* Master 8259 at vectors 0x20, line 5 open. The handler writes its vector to port 0x100 and pauses. */
GUEST(guest_irq,
	"start_irq: xor %ax, %ax\n mov %ax, %ds\n"
	"movw $0x1000 + handler_irq - start_irq, 4 * 0x25\n movw $0, 4 * 0x25 + 2\n"
	"mov $0x11, %al\n out %al, $0x20\n mov $0x20, %al\n out %al, $0x21\n mov $4, %al\n out %al, $0x21\n"
	"mov $1, %al\n out %al, $0x21\n mov $0xdf, %al\n out %al, $0x21\n"
	"mov $0x101, %dx\n out %al, %dx\n sti\n hlt\n"
	"handler_irq: mov $0x25, %al\n mov $0x100, %dx\n out %al, %dx\n mov $0x1f0, %dx\n out %al, %dx\n");

static void a_line_wakes_a_halted_vcpu(void **state)
{
	struct runner t;
	struct irq_line line;

	runner_start(&t, guest_irq, guest_irq_end);
	kvm_rig_wait(t.r, 1);
	line = (struct irq_line){ .chip = t.r->vm.irqchip, .pin = 5 };
	irq_pulse(&line);
	assert_int_equal(runner_end(&t), EXIT_PAUSED);
	assert_int_equal(t.r->count, 2);
	assert_int_equal(t.r->seen[1].value, 0x25);
	kvm_rig_free(t.r);
}

/* fs is at the local APIC. */
GUEST(guest_msi,
	"start_msi: xor %ax, %ax\n mov %ax, %ds\n"
	"movw $0x1000 + handler_msi - start_msi, 4 * 0x40\n movw $0, 4 * 0x40 + 2\n"
	"movl $0x1ff, %fs:0xf0\n mov $0x101, %dx\n out %al, %dx\n"
	"again_msi: sti\n hlt\n jmp again_msi\n"
	"handler_msi: mov $0x40, %al\n mov $0x100, %dx\n out %al, %dx\n movl $0, %fs:0xb0\n iret\n");

static const struct msi message = { .addr = 0xfee00000, .data = 0x40 };

static void *msi_main(void *arg)
{
	struct x86_segment lapic = { .base = 0xfee00000, .limit = 0xffff, .attributes = X86_SEG_DATA16 };
	struct reg fs = { X86_REG_FS, sizeof(lapic), &lapic };
	struct runner *t = arg;

	kvm_engine.vcpu_init(t->r->vm.vcpu[0]);
	kvm_engine.vcpu_regs(t->r->vm.vcpu[0], &fs, 1, true);
	for (uint32_t i = 1; i < t->r->vm.vcpu_count; i++)
		while (!__atomic_load_n(&t->r->vm.vcpu[i]->engine, __ATOMIC_ACQUIRE))
			nanosleep(&(struct timespec){ 0, 100000 }, NULL);
	vcpu_start(t->r->vm.vcpu[0]);
	kvm_rig_start(t->r, 0, KVM_RIG_CODE);
	t->what = kvm_engine.vcpu_run(t->r->vm.vcpu[0]);
	return NULL;
}

static void msi_start(struct runner *t)
{
	t->r = kvm_rig_new(1);
	kvm_rig_load(t->r, guest_msi, guest_msi_end);
	assert_int_equal(pthread_create(&t->thread, NULL, msi_main, t), 0);
	kvm_rig_wait(t->r, 1);
}

static void pause_vcpu(struct runner *t)
{
	vm_kick_all(&t->r->vm);
	assert_int_equal(runner_end(t), EXIT_PAUSED);
}

static void a_message_wakes_a_halted_vcpu(void **state)
{
	struct runner t;

	msi_start(&t);
	assert_int_equal(msi_send(t.r->vm.irqchip, &message), 1);
	kvm_rig_wait(t.r, 2);
	assert_int_equal(t.r->seen[1].value, 0x40);
	pause_vcpu(&t);
	kvm_rig_free(t.r);
}

static void a_route_raises_its_message_from_an_eventfd(void **state)
{
	struct irq_route route;
	struct runner t;

	msi_start(&t);
	irq_route_init(&route, &t.r->vm);
	assert_true(route.notifier.fd >= 0);
	assert_int_equal(irq_route_set(&route, &message, false), 0);
	notifier_signal(irq_route_notifier(&route));
	kvm_rig_wait(t.r, 2);
	notifier_signal(irq_route_notifier(&route));
	kvm_rig_wait(t.r, 3);
	/* Masked: kept, and delivered by the unmasking. */
	assert_int_equal(irq_route_set(&route, &message, true), 0);
	notifier_signal(irq_route_notifier(&route));
	nanosleep(&(struct timespec){ 0, 30000000 }, NULL);
	assert_int_equal(__atomic_load_n(&t.r->count, __ATOMIC_SEQ_CST), 3);
	assert_int_equal(irq_route_set(&route, &message, false), 0);
	kvm_rig_wait(t.r, 4);
	irq_route_fini(&route);
	assert_int_equal(route.notifier.fd, -1);
	pause_vcpu(&t);
	kvm_rig_free(t.r);
}

/* Line 5 is level-triggered at the 8259 (ELCR); the handler ends the interrupt there and is called again or not. */
GUEST(guest_level,
	"start_level: xor %ax, %ax\n mov %ax, %ds\n"
	"movw $0x1000 + handler_level - start_level, 4 * 0x25\n movw $0, 4 * 0x25 + 2\n"
	"mov $0x11, %al\n out %al, $0x20\n mov $0x20, %al\n out %al, $0x21\n mov $4, %al\n out %al, $0x21\n"
	"mov $1, %al\n out %al, $0x21\n mov $0xdf, %al\n out %al, $0x21\n"
	"mov $0x4d0, %dx\n mov $0x20, %al\n out %al, %dx\n"
	"mov $0x101, %dx\n out %al, %dx\n again_level: sti\n hlt\n jmp again_level\n"
	"handler_level: mov $0x25, %al\n mov $0x100, %dx\n out %al, %dx\n mov $0x20, %al\n out %al, $0x20\n iret\n");

static void the_end_of_a_level_interrupt_is_told(void **state)
{
	struct irqchip *chip;
	struct notifier n;
	struct runner t;
	bool told = false;

	assert_int_equal(eventfd_notifier_init(&n), 0);
	runner_start(&t, guest_level, guest_level_end);
	kvm_rig_wait(t.r, 1);
	chip = t.r->vm.irqchip;
	assert_int_equal(chip->ops->eoi_watch(chip, 5, &n), 0);
	assert_int_equal(chip->ops->eoi_watch(chip, 5, &n), -EBUSY);
	assert_false(eventfd_notifier_take(&n));
	chip->ops->set(chip, 5, true);
	kvm_rig_wait(t.r, 2);
	chip->ops->set(chip, 5, false);
	for (int ms = 0; ms < 5000 && !told; ms++) {
		told = eventfd_notifier_take(&n);
		nanosleep(&(struct timespec){ 0, 1000000 }, NULL);
	}
	assert_true(told);
	pause_vcpu(&t);
	kvm_rig_free(t.r);
	eventfd_notifier_fini(&n);
}

/* ---- a second vCPU ---- */

/* The first sends INIT and a start-up message for page 2; what is there writes to port 0x100. */
GUEST(guest_first,
	"movl $0x1ff, %fs:0xf0\n movl $0x01000000, %fs:0x310\n movl $0x4500, %fs:0x300\n movl $0x4602, %fs:0x300\n"
	"first_again: hlt\n jmp first_again\n");
GUEST(guest_second, "mov $0x100, %dx\n mov $0xaa, %al\n out %al, %dx\n second_again: cli\n hlt\n jmp second_again\n");

static void *second_main(void *arg)
{
	struct runner *t = arg;
	struct vcpu *v = t->r->vm.vcpu[1];

	kvm_engine.vcpu_init(v);
	vcpu_start(v);
	t->what = kvm_engine.vcpu_run(v);
	return NULL;
}

static void a_second_vcpu_waits_until_the_first_starts_it(void **state)
{
	struct runner first = { .r = kvm_rig_new(2) }, second = first;

	kvm_rig_load(first.r, guest_first, guest_first_end);
	memcpy(first.r->ram + 0x2000, guest_second, (size_t)(guest_second_end - guest_second));
	assert_int_equal(pthread_create(&second.thread, NULL, second_main, &second), 0);
	assert_int_equal(pthread_create(&first.thread, NULL, msi_main, &first), 0);
	kvm_rig_wait(first.r, 1);
	assert_int_equal(first.r->seen[0].value, 0xaa);
	pause_vcpu(&first);
	assert_int_equal(runner_end(&second), EXIT_PAUSED);
	kvm_rig_free(first.r);
}

/* ---- kicks, power, reset ---- */

GUEST(guest_halt, "mov $0x100, %dx\n out %al, %dx\n halt_again: cli\n hlt\n jmp halt_again\n");
GUEST(guest_spin, "mov $0x100, %dx\n out %al, %dx\n spin_again: jmp spin_again\n");

static void a_kick_ends_a_halt(void **state)
{
	struct runner t;

	runner_start(&t, guest_halt, guest_halt_end);
	kvm_rig_wait(t.r, 1);
	pause_vcpu(&t);
	kvm_rig_free(t.r);
}

static void a_kick_ends_a_loop(void **state)
{
	struct runner t;

	runner_start(&t, guest_spin, guest_spin_end);
	kvm_rig_wait(t.r, 1);
	pause_vcpu(&t);
	kvm_rig_free(t.r);
}

static void a_kick_before_the_run_is_not_lost(void **state)
{
	struct kvm_rig *r = rig_with(guest_spin, guest_spin_end);

	vm_kick_all(&r->vm);
	assert_int_equal(run(r), EXIT_PAUSED);
	assert_int_equal(r->count, 0);
	kvm_rig_free(r);
}

static void add_one(struct vcpu *v, void *arg)
{
	++*(int *)arg;
}

static void *call_main(void *arg)
{
	struct runner *t = arg;
	struct vcpu *v = t->r->vm.vcpu[0];

	kvm_engine.vcpu_init(v);
	vcpu_start(v);
	kvm_rig_start(t->r, 0, KVM_RIG_CODE);
	while ((t->what = kvm_engine.vcpu_run(v)) == EXIT_PAUSED && t->r->requested < 0)
		vcpu_run_calls(v);
	vcpu_stop(v);
	return NULL;
}

static void calls_run_on_the_owner_and_the_guest_goes_on(void **state)
{
	struct runner t = { .r = kvm_rig_new(1) };
	struct vcpu_power p;
	int sum = 0;

	kvm_rig_load(t.r, guest_halt, guest_halt_end);
	assert_int_equal(pthread_create(&t.thread, NULL, call_main, &t), 0);
	kvm_rig_wait(t.r, 1);
	for (int i = 0; i < 50; i++)
		assert_int_equal(vcpu_call(t.r->vm.vcpu[0], add_one, &sum), 0);
	assert_int_equal(sum, 50);
	assert_int_equal(kvm_engine.vcpu_power(t.r->vm.vcpu[0], &p, false), 0);
	assert_int_equal(p.state, VCPU_WAITING);
	t.r->requested = 0;
	vm_kick_all(&t.r->vm);
	assert_int_equal(runner_end(&t), EXIT_PAUSED);
	kvm_rig_free(t.r);
}

struct lingerer {
	struct runner t;
	uint32_t rounds, lingers;	/* atomic */
};

/* An owner that takes its time between two runs. */
static void *linger_main(void *arg)
{
	struct lingerer *l = arg;
	struct vcpu *v = l->t.r->vm.vcpu[0];

	kvm_engine.vcpu_init(v);
	vcpu_start(v);
	kvm_rig_start(l->t.r, 0, KVM_RIG_CODE);
	while ((l->t.what = kvm_engine.vcpu_run(v)) == EXIT_PAUSED && l->t.r->requested < 0) {
		__atomic_add_fetch(&l->rounds, 1, __ATOMIC_SEQ_CST);
		vcpu_run_calls(v);
		__atomic_store_n(&l->lingers, 1, __ATOMIC_SEQ_CST);
		nanosleep(&(struct timespec){ 0, 50000000 }, NULL);
		__atomic_store_n(&l->lingers, 0, __ATOMIC_SEQ_CST);
	}
	vcpu_stop(v);
	return NULL;
}

/* Also while it is outside: it may be back at any moment, and the kernel keeps others waiting until the guest comes out. */
static void power_is_asked_of_the_owner_wherever_it_is(void **state)
{
	struct lingerer l = { .t = { .r = kvm_rig_new(1) } };
	struct vcpu *v = l.t.r->vm.vcpu[0];
	struct vcpu_power p;
	uint32_t before;

	kvm_rig_load(l.t.r, guest_halt, guest_halt_end);
	assert_int_equal(pthread_create(&l.t.thread, NULL, linger_main, &l), 0);
	kvm_rig_wait(l.t.r, 1);
	assert_int_equal(kvm_engine.vcpu_power(v, &p, false), 0);
	while (!__atomic_load_n(&l.lingers, __ATOMIC_SEQ_CST))
		;
	before = __atomic_load_n(&l.rounds, __ATOMIC_SEQ_CST);
	assert_int_equal(kvm_engine.vcpu_power(v, &p, false), 0);
	assert_int_equal(p.state, VCPU_WAITING);
	assert_true(__atomic_load_n(&l.rounds, __ATOMIC_SEQ_CST) > before);
	l.t.r->requested = 0;
	vm_kick_all(&l.t.r->vm);
	assert_int_equal(runner_end(&l.t), EXIT_PAUSED);
	kvm_rig_free(l.t.r);
}

static void a_vcpu_is_off_until_it_is_turned_on(void **state)
{
	struct kvm_rig *r = kvm_rig_new(1);
	struct vcpu_power p;

	assert_int_equal(kvm_engine.vcpu_init(r->vm.vcpu[0]), 0);
	assert_int_equal(kvm_engine.vcpu_power(r->vm.vcpu[0], &p, false), 0);
	assert_int_equal(p.state, VCPU_OFF);
	kvm_rig_load(r, guest_pio, guest_pio_end);
	kvm_rig_start(r, 0, KVM_RIG_CODE);
	assert_int_equal(run(r), EXIT_PAUSED);
	assert_int_equal(kvm_engine.vcpu_power(r->vm.vcpu[0], &p, false), 0);
	assert_int_equal(p.state, VCPU_ON);
	kvm_rig_free(r);
}

static void assert_reset_state(struct kvm_rig *r, uint32_t vcpu)
{
	for (const struct x86_reset_reg *g = x86_reset_regs; g->id; g++)
		assert_int_equal(kvm_rig_get(r, vcpu, g->id), g->value);
	for (const struct x86_reset_segment *s = x86_reset_segments; s->id; s++) {
		struct x86_segment now;
		struct reg reg = { s->id, sizeof(now), &now };

		assert_int_equal(kvm_engine.vcpu_regs(r->vm.vcpu[vcpu], &reg, 1, false), 0);
		assert_int_equal(now.base, s->value.base);
		assert_int_equal(now.limit, s->value.limit);
		assert_int_equal(now.selector, s->value.selector);
		assert_int_equal(now.attributes, s->value.attributes);
	}
	assert_int_equal(kvm_rig_get(r, vcpu, X86_REG_RBX), 0);
	assert_int_equal(kvm_rig_get(r, vcpu, X86_MSR_PAT), X86_PAT_RESET);
}

GUEST(guest_changes,
	"mov $0xd000, %ax\n mov %ax, %ds\n mov $0x1234, %bx\n mov $0x277, %ecx\n xor %eax, %eax\n xor %edx, %edx\n wrmsr\n"
	"mov $0x20, %al\n out %al, $0x21\n lidt %cs:0x1000\n mov $0x1f0, %dx\n out %al, %dx\n");

static void a_reset_brings_the_power_on_state_and_the_guest_runs_again(void **state)
{
	struct kvm_rig *r = rig_with(guest_changes, guest_changes_end);

	for (int round = 0; round < 3; round++) {
		struct vcpu_power p;

		assert_int_equal(run(r), EXIT_PAUSED);
		assert_int_equal(kvm_rig_get(r, 0, X86_REG_RBX), 0x1234);
		assert_int_equal(kvm_rig_get(r, 0, X86_MSR_PAT), 0);
		assert_int_equal(kvm_engine.vm_reset(&r->vm), 0);
		assert_reset_state(r, 0);
		assert_int_equal(kvm_engine.vcpu_power(r->vm.vcpu[0], &p, false), 0);
		assert_int_equal(p.state, VCPU_OFF);
		r->vm.vcpu[0]->pause_request = false;
		kvm_rig_start(r, 0, KVM_RIG_CODE);
	}
	kvm_rig_free(r);
}

static void a_new_vcpu_is_in_its_reset_state(void **state)
{
	struct kvm_rig *r = kvm_rig_new(2);

	for (uint32_t i = 0; i < 2; i++) {
		assert_int_equal(kvm_engine.vcpu_init(r->vm.vcpu[i]), 0);
		assert_reset_state(r, i);
	}
	assert_int_equal(kvm_rig_get(r, 0, X86_MSR_APIC_BASE), X86_APIC_BASE_RESET | X86_APIC_BASE_BSP);
	assert_int_equal(kvm_rig_get(r, 1, X86_MSR_APIC_BASE), X86_APIC_BASE_RESET);
	kvm_rig_free(r);
}

/* ---- crashes ---- */

GUEST(guest_triple, ".code32\n ud2\n");

static void a_triple_fault_is_told_as_such(void **state)
{
	struct kvm_rig *r = rig_with(guest_triple, guest_triple_end);
	struct x86_segment code = { .limit = 0xffffffff, .selector = 8, .attributes = X86_SEG_CODE32 };
	struct x86_segment data = { .limit = 0xffffffff, .selector = 16, .attributes = X86_SEG_DATA32 };
	struct x86_segment empty = { 0 };
	uint64_t cr0 = X86_CR0_RESET | X86_CR0_PE;
	struct reg list[] = {
		{ X86_REG_CR0, 8, &cr0 }, { X86_REG_CS, 16, &code }, { X86_REG_SS, 16, &data }, { X86_REG_DS, 16, &data },
		{ X86_REG_IDTR, 16, &empty },
	};

	assert_int_equal(kvm_engine.vcpu_regs(r->vm.vcpu[0], list, ARRAY_SIZE(list), true), 0);
	assert_int_equal(run(r), EXIT_FAULTED);
	kvm_rig_free(r);
}

static void code_outside_of_memory_is_a_crash_and_the_process_lives(void **state)
{
	struct kvm_rig *r = rig_with(guest_pio, guest_pio_end);
	struct x86_segment code = { .base = 0xe0000, .limit = 0xffff, .attributes = X86_SEG_CODE16 };
	struct reg cs = { X86_REG_CS, sizeof(code), &code };

	assert_int_equal(kvm_engine.vcpu_regs(r->vm.vcpu[0], &cs, 1, true), 0);
	assert_int_equal(run(r), EXIT_CRASH);
	kvm_rig_free(r);
}

static void registers_that_no_processor_has_are_refused(void **state)
{
	struct kvm_rig *r = rig_with(guest_pio, guest_pio_end);
	uint64_t cr0 = X86_CR0_PG;
	struct reg bad = { X86_REG_CR0, 8, &cr0 };

	assert_int_equal(kvm_engine.vcpu_regs(r->vm.vcpu[0], &bad, 1, true), -EINVAL);
	assert_int_equal(run(r), EXIT_PAUSED);
	kvm_rig_free(r);
}

/* ---- doorbells, dirty log, debugging ---- */

GUEST(guest_bells,
	"mov $0x102, %dx\n mov $7, %ax\n out %ax, %dx\n mov $8, %ax\n out %ax, %dx\n"
	"mov $0xd000, %ax\n mov %ax, %ds\n movl $3, 0x10\n mov $0x1f0, %dx\n out %al, %dx\n");

static void a_doorbell_signals_its_eventfd_and_nobody_else(void **state)
{
	struct kvm_rig *r = rig_with(guest_bells, guest_bells_end);
	struct notifier port, memory;
	struct doorbell d = { .to = &port, .offset = 2, .match = 7, .size = 2 };
	struct doorbell m = { .to = &memory, .offset = 0x10, .size = 4, .any_value = true };

	assert_int_equal(eventfd_notifier_init(&port), 0);
	assert_int_equal(eventfd_notifier_init(&memory), 0);
	assert_int_equal(bus_doorbell_add(&r->ports, &d), 0);
	assert_int_equal(bus_doorbell_add(&r->mmio, &m), 0);
	assert_int_equal(run(r), EXIT_PAUSED);
	assert_true(eventfd_notifier_take(&port));
	assert_true(eventfd_notifier_take(&memory));
	assert_int_equal(r->count, 1);			/* the 8 */
	assert_int_equal(r->seen[0].value, 8);
	bus_doorbell_remove(&r->ports, &d);
	bus_doorbell_remove(&r->mmio, &m);
	r->vm.vcpu[0]->pause_request = false;
	kvm_rig_start(r, 0, KVM_RIG_CODE);
	assert_int_equal(run(r), EXIT_PAUSED);
	assert_false(eventfd_notifier_take(&port));
	assert_int_equal(r->count, 4);
	eventfd_notifier_fini(&port);
	eventfd_notifier_fini(&memory);
	kvm_rig_free(r);
}

GUEST(guest_index,
	"mov $0x30, %cx\n index_again: mov %cl, %al\n out %al, $0x70\n loop index_again\n"
	"mov $0x101, %dx\n out %al, %dx\n mov $0x1f0, %dx\n out %al, %dx\n");

static void writes_to_an_index_port_come_late_but_in_order(void **state)
{
	struct kvm_rig *r = kvm_rig_new(1);

	bus_region_remove(&r->vm.bus, &r->ports);
	assert_int_equal(bus_region_add(&r->vm.bus, &r->ports, BUS_PIO, 0x70, 0x98, 0), 0);	/* up to 0x107 */
	assert_int_equal(kvm_engine.vcpu_init(r->vm.vcpu[0]), 0);
	assert_int_equal(kvm_engine.vm_ready(&r->vm), 0);
	vcpu_start(r->vm.vcpu[0]);
	kvm_rig_load(r, guest_index, guest_index_end);
	kvm_rig_start(r, 0, KVM_RIG_CODE);
	assert_int_equal(run(r), EXIT_PAUSED);
	assert_int_equal(r->count, 0x31);
	for (uint32_t i = 0; i < 0x30; i++) {
		assert_int_equal(r->seen[i].offset, 0);
		assert_int_equal(r->seen[i].value, 0x30 - i);
	}
	assert_int_equal(r->seen[0x30].offset, 0x91);
	kvm_rig_free(r);
}

GUEST(guest_steps, "inc %bx\n inc %bx\n inc %bx\n inc %bx\n mov $0x1f0, %dx\n out %al, %dx\n");

static void single_steps_come_out(void **state)
{
	struct kvm_rig *r = rig_with(guest_steps, guest_steps_end);
	struct debug_points p = { .step = true };

	assert_int_equal(kvm_engine.vcpu_debug(r->vm.vcpu[0], &p), 0);
	assert_int_equal(run(r), EXIT_DEBUG);
	assert_int_equal(kvm_rig_get(r, 0, X86_REG_RBX), 1);
	assert_int_equal(run(r), EXIT_DEBUG);
	assert_int_equal(kvm_rig_get(r, 0, X86_REG_RBX), 2);
	p.step = false;
	assert_int_equal(kvm_engine.vcpu_debug(r->vm.vcpu[0], &p), 0);
	assert_int_equal(run(r), EXIT_PAUSED);
	assert_int_equal(kvm_rig_get(r, 0, X86_REG_RBX), 4);
	kvm_rig_free(r);
}

static void breakpoints_come_out(void **state)
{
	struct kvm_rig *r = rig_with(guest_steps, guest_steps_end);
	struct debug_points p = { .count = 1, .point[0] = { .va = KVM_RIG_CODE + 3, .kind = 0 } };

	assert_int_equal(kvm_engine.vcpu_debug(r->vm.vcpu[0], &p), 0);
	assert_int_equal(run(r), EXIT_DEBUG);
	assert_int_equal(kvm_rig_get(r, 0, X86_REG_RIP), KVM_RIG_CODE + 3);
	assert_int_equal(kvm_rig_get(r, 0, X86_REG_RBX), 3);
	p.count = 0;
	assert_int_equal(kvm_engine.vcpu_debug(r->vm.vcpu[0], &p), 0);
	assert_int_equal(run(r), EXIT_PAUSED);
	assert_int_equal(kvm_rig_get(r, 0, X86_REG_RBX), 4);
	kvm_rig_free(r);
}

GUEST(guest_fault,
	"start_fault: movw $0x1000 + handler_fault - start_fault, 4 * 6\n movw $0, 4 * 6 + 2\n"
	"mov $0x1f0, %dx\n out %al, %dx\n mov $1, %bx\n out %al, %dx\n"
	"handler_fault: mov $6, %bx\n out %al, %dx\n");

static void an_injected_exception_reaches_its_handler(void **state)
{
	struct kvm_rig *r = rig_with(guest_fault, guest_fault_end);
	struct isa_fault f = { .syndrome = 6 };

	assert_int_equal(run(r), EXIT_PAUSED);
	assert_int_equal(kvm_engine.vcpu_fault(r->vm.vcpu[0], &f), 0);
	r->vm.vcpu[0]->pause_request = false;
	assert_int_equal(run(r), EXIT_PAUSED);
	assert_int_equal(kvm_rig_get(r, 0, X86_REG_RBX), 6);
	kvm_rig_free(r);
}

static void the_clock_stands_where_it_was_set(void **state)
{
	struct kvm_rig *r = rig_with(guest_pio, guest_pio_end);
	struct vm_clock c;

	assert_int_equal(kvm_engine.clock_get(&r->vm, &c), 0);
	c.counter = 5000000000ull;
	assert_int_equal(kvm_engine.clock_set(&r->vm, &c), 0);
	assert_int_equal(kvm_engine.clock_get(&r->vm, &c), 0);
	assert_in_range(c.counter, 5000000000ull, 15000000000ull);
	kvm_rig_free(r);
}

/* ---- what a guest sees of its processor ---- */

GUEST(guest_cpuid,
	"mov $0x100, %dx\n mov $1, %eax\n cpuid\n push %edx\n mov $0x100, %dx\n mov %ecx, %eax\n out %eax, %dx\n"
	"mov $0x40000000, %eax\n cpuid\n mov $0x100, %dx\n mov %ebx, %eax\n out %eax, %dx\n"
	"mov $0xb, %eax\n mov $1, %ecx\n cpuid\n mov $0x100, %dx\n mov %ebx, %eax\n out %eax, %dx\n"
	"mov $0x1f0, %dx\n out %al, %dx\n");

static void the_cpuid_table_is_filtered(void **state)
{
	struct kvm_rig *r = rig_with(guest_cpuid, guest_cpuid_end);

	assert_int_equal(run(r), EXIT_PAUSED);
	assert_int_equal(r->count, 3);
	assert_true(r->seen[0].value & 1u << 31);	/* a hypervisor */
	assert_false(r->seen[0].value & 1u << 5);	/* no VMX */
	assert_int_equal(r->seen[1].value, 0x4b4d564b);	/* "KVMK" */
	assert_int_equal(r->seen[2].value, 1);		/* one core */
	kvm_rig_free(r);
}

GUEST(guest_xcr,
	"mov $0x100, %dx\n mov $0xd, %eax\n xor %ecx, %ecx\n cpuid\n mov $0x100, %dx\n mov %ebx, %eax\n out %eax, %dx\n"
	"xor %ecx, %ecx\n xor %edx, %edx\n mov $7, %eax\n xsetbv\n"
	"mov $0xd, %eax\n xor %ecx, %ecx\n cpuid\n mov $0x100, %dx\n mov %ebx, %eax\n out %eax, %dx\n"
	"mov $0x1f0, %dx\n out %al, %dx\n");

static void the_size_of_the_extended_state_follows_xcr0(void **state)
{
	struct kvm_rig *r = rig_with(guest_xcr, guest_xcr_end);

	kvm_rig_set(r, 0, X86_REG_CR0 + 4, X86_CR4_OSXSAVE);
	assert_int_equal(run(r), EXIT_PAUSED);
	assert_int_equal(r->seen[0].value, 576);	/* x87 and SSE, header */
	assert_int_equal(r->seen[1].value, 576 + 256);	/* and the upper halves of AVX */
	assert_int_equal(kvm_rig_get(r, 0, X86_REG_XCR0), 7);
	kvm_rig_free(r);
}

GUEST(guest_msr,
	"start_msr: movw $0x1000 + handler_msr - start_msr, 4 * 13\n movw $0, 4 * 13 + 2\n"
	"mov $0x9999, %ecx\n rdmsr\n mov $0x1f0, %dx\n out %al, %dx\n"
	"handler_msr: mov $13, %bx\n mov $0x1f0, %dx\n out %al, %dx\n");

static void an_msr_that_is_not_there_faults_in_the_guest(void **state)
{
	struct kvm_rig *r = rig_with(guest_msr, guest_msr_end);

	assert_int_equal(run(r), EXIT_PAUSED);
	assert_int_equal(kvm_rig_get(r, 0, X86_REG_RBX), 13);
	kvm_rig_free(r);
}

/* ecx is the test's; bx says what became of it: 1 it came through, 13 it faulted. */
GUEST(guest_denied,
	"start_denied: movw $0x1000 + handler_denied - start_denied, 4 * 13\n movw $0, 4 * 13 + 2\n"
	"rdmsr\n mov $1, %bx\n mov $0x1f0, %dx\n out %al, %dx\n"
	"handler_denied: mov $13, %bx\n mov $0x1f0, %dx\n out %al, %dx\n");

static void msrs_of_what_a_guest_has_not_fault(void **state)
{
	static const struct { uint32_t msr; uint16_t what; } cases[] = {
		{ 0x480, 13 }, { 0x40000000, 13 }, { 0xc1, 13 }, { X86_MSR_PAT, 1 }, { X86_MSR_MISC_ENABLE, 1 },
		{ X86_MSR_APIC_BASE, 1 }, { X86_MSR_EFER, 1 }, { 0x40000200, 13 }, { X86_MSR_MTRR_DEF_TYPE, 1 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct kvm_rig *r = rig_with(guest_denied, guest_denied_end);

		kvm_rig_set(r, 0, X86_REG_RCX, cases[i].msr);
		assert_int_equal(run(r), EXIT_PAUSED);
		assert_int_equal(kvm_rig_get(r, 0, X86_REG_RBX), cases[i].what);
		kvm_rig_free(r);
	}
}

static void guests_of_another_kind_are_refused(void **state)
{
	struct engine_info info;
	char why[128];

	assert_int_equal(kvm_engine.probe(ISA_ARM64, &info, why, sizeof(why)), -ENOTSUP);
	assert_non_null(strstr(why, "own kind"));
	assert_int_equal(kvm_engine.probe(ISA_X86_64, &info, why, sizeof(why)), 0);
	assert_true(info.caps & ENGINE_OWNS_IRQCHIP);
	assert_in_range(info.gpa_bits, 36, 57);
}

static void descriptors_are_laid_out_as_tables_hold_them(void **state)
{
	struct x86_segment flat = { .limit = 0xffffffff, .attributes = X86_SEG_CODE64 };
	struct x86_segment tss = { .base = 0x12345678, .limit = 0x67, .attributes = X86_SEG_TSS };

	assert_int_equal(x86_descriptor(&flat), 0x00af9b000000ffffull);
	assert_int_equal(x86_descriptor(&tss), 0x12008b3456780067ull);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(descriptors_are_laid_out_as_tables_hold_them),
		cmocka_unit_test(guests_of_another_kind_are_refused),
		cmocka_unit_test(a_new_vcpu_is_in_its_reset_state),
		cmocka_unit_test(port_accesses_reach_the_bus_in_their_sizes),
		cmocka_unit_test(string_io_comes_element_by_element),
		cmocka_unit_test(memory_accesses_reach_the_bus_and_holes_read_as_ones),
		cmocka_unit_test(writes_to_rom_go_to_the_bus),
		cmocka_unit_test(a_pause_inside_an_access_comes_after_it_and_before_the_next_instruction),
		cmocka_unit_test(a_line_wakes_a_halted_vcpu),
		cmocka_unit_test(a_message_wakes_a_halted_vcpu),
		cmocka_unit_test(a_route_raises_its_message_from_an_eventfd),
		cmocka_unit_test(the_end_of_a_level_interrupt_is_told),
		cmocka_unit_test(a_second_vcpu_waits_until_the_first_starts_it),
		cmocka_unit_test(a_kick_ends_a_halt),
		cmocka_unit_test(a_kick_ends_a_loop),
		cmocka_unit_test(a_kick_before_the_run_is_not_lost),
		cmocka_unit_test(calls_run_on_the_owner_and_the_guest_goes_on),
		cmocka_unit_test(power_is_asked_of_the_owner_wherever_it_is),
		cmocka_unit_test(a_vcpu_is_off_until_it_is_turned_on),
		cmocka_unit_test(a_reset_brings_the_power_on_state_and_the_guest_runs_again),
		cmocka_unit_test(a_triple_fault_is_told_as_such),
		cmocka_unit_test(code_outside_of_memory_is_a_crash_and_the_process_lives),
		cmocka_unit_test(registers_that_no_processor_has_are_refused),
		cmocka_unit_test(a_doorbell_signals_its_eventfd_and_nobody_else),
		cmocka_unit_test(writes_to_an_index_port_come_late_but_in_order),
		cmocka_unit_test(single_steps_come_out),
		cmocka_unit_test(breakpoints_come_out),
		cmocka_unit_test(an_injected_exception_reaches_its_handler),
		cmocka_unit_test(the_clock_stands_where_it_was_set),
		cmocka_unit_test(the_cpuid_table_is_filtered),
		cmocka_unit_test(the_size_of_the_extended_state_follows_xcr0),
		cmocka_unit_test(an_msr_that_is_not_there_faults_in_the_guest),
		cmocka_unit_test(msrs_of_what_a_guest_has_not_fault),
	};

	return kvm_rig_usable() ? cmocka_run_group_tests(tests, NULL, NULL) : 0;
}
