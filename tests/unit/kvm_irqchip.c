/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Interrupt controllers under the kvm engine on x86-64: models beside local APICs in the kernel, by guests in real mode, and the
 * one record of both kinds. Devices are this thread, guests run on another.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <time.h>

#include "base/notifier.h"
#include "core/pc_irqchip.h"
#include "tests/unit/kvm_rig.h"

struct runner {
	struct kvm_rig *r;
	pthread_t thread;
	enum vm_exit what;
};

/* fs is at the local APIC, gs at the IOAPIC. */
static void *runner_main(void *arg)
{
	struct x86_segment lapic = { .base = 0xfee00000, .limit = 0xffff, .attributes = X86_SEG_DATA16 };
	struct x86_segment ioapic = { .base = KVM_RIG_IOAPIC, .limit = 0xffff, .attributes = X86_SEG_DATA16 };
	struct reg list[] = { { X86_REG_FS, sizeof(lapic), &lapic }, { X86_REG_GS, sizeof(ioapic), &ioapic } };
	struct runner *t = arg;

	kvm_engine.vcpu_init(t->r->vm.vcpu[0]);
	kvm_engine.vcpu_regs(t->r->vm.vcpu[0], list, ARRAY_SIZE(list), true);
	vcpu_start(t->r->vm.vcpu[0]);
	kvm_rig_start(t->r, 0, KVM_RIG_CODE);
	t->what = kvm_engine.vcpu_run(t->r->vm.vcpu[0]);
	return NULL;
}

static void start(struct runner *t, const char *irqchip, const uint8_t *code, const uint8_t *end)
{
	t->r = kvm_rig_new_with(1, irqchip);
	kvm_rig_load(t->r, code, end);
	assert_int_equal(pthread_create(&t->thread, NULL, runner_main, t), 0);
}

static void end(struct runner *t)
{
	vm_kick_all(&t->r->vm);
	pthread_join(t->thread, NULL);
	assert_int_equal(t->what, EXIT_PAUSED);
}

static void nap(unsigned ms)
{
	nanosleep(&(struct timespec){ 0, ms * 1000000l }, NULL);
}

static uint32_t count(struct runner *t)
{
	return __atomic_load_n(&t->r->count, __ATOMIC_SEQ_CST);
}

#define VECTOR(n, handler, from) "movw $0x1000 + " handler " - " from ", 4 * " n "\n movw $0, 4 * " n " + 2\n"
#define PICS	"mov $0x11, %al\n out %al, $0x20\n mov $0x20, %al\n out %al, $0x21\n mov $4, %al\n out %al, $0x21\n" \
		"mov $1, %al\n out %al, $0x21\n"

/* ---- the 8259s ---- */

GUEST(guest_pic,
	"start_pic: xor %ax, %ax\n mov %ax, %ds\n"
	VECTOR("0x25", "handler_pic", "start_pic") PICS "mov $0xdf, %al\n out %al, $0x21\n"
	"mov $0x101, %dx\n out %al, %dx\n again_pic: sti\n hlt\n jmp again_pic\n"
	"handler_pic: mov $0x25, %al\n mov $0x100, %dx\n out %al, %dx\n mov $0x20, %al\n out %al, $0x20\n iret\n");

static void a_line_at_the_8259_wakes_a_halted_vcpu(void **state)
{
	struct runner t;

	start(&t, "split", guest_pic, guest_pic_end);
	kvm_rig_wait(t.r, 1);
	for (uint32_t i = 1; i < 20; i++) {
		irq_pulse(&(struct irq_line){ .chip = t.r->vm.irqchip, .pin = 5 });
		kvm_rig_wait(t.r, i + 1);
		assert_int_equal(t.r->seen[i].value, 0x25);
	}
	nap(20);
	assert_int_equal(count(&t), 20);
	end(&t);
	kvm_rig_free(t.r);
}

/* Interrupts stay off until the test answers 1. */
GUEST(guest_off,
	"start_off: xor %ax, %ax\n mov %ax, %ds\n"
	VECTOR("0x25", "handler_off", "start_off") PICS "mov $0xdf, %al\n out %al, $0x21\n"
	"mov $0x101, %dx\n out %al, %dx\n mov $0x200, %dx\n wait_off: in %dx, %al\n cmp $1, %al\n jne wait_off\n"
	"mov $0x102, %dx\n out %al, %dx\n sti\n again_off: jmp again_off\n"
	"handler_off: mov $0x25, %al\n mov $0x100, %dx\n out %al, %dx\n mov $0x20, %al\n out %al, $0x20\n iret\n");

static enum bus_result answer(struct region *region, struct bus_access *a)
{
	a->value = __atomic_load_n(&container_of(region, struct kvm_rig, extra)->answer, __ATOMIC_SEQ_CST);
	return BUS_OK;
}

static const struct region_ops answer_ops = { .access = answer, .min_size = 1, .max_size = 1, .flags = BUS_UNLOCKED };

static void an_interrupt_waits_until_the_guest_takes_any(void **state)
{
	struct runner t = { .r = kvm_rig_new_with(1, "split") };

	t.r->extra = (struct region){ .ops = &answer_ops, .name = "answer" };
	assert_int_equal(bus_region_add(&t.r->vm.bus, &t.r->extra, BUS_PIO, 0x200, 1, 0), 0);
	kvm_rig_load(t.r, guest_off, guest_off_end);
	assert_int_equal(pthread_create(&t.thread, NULL, runner_main, &t), 0);
	kvm_rig_wait(t.r, 1);
	irq_pulse(&(struct irq_line){ .chip = t.r->vm.irqchip, .pin = 5 });
	nap(20);
	assert_int_equal(count(&t), 1);
	__atomic_store_n(&t.r->answer, 1, __ATOMIC_SEQ_CST);
	kvm_rig_wait(t.r, 3);
	assert_int_equal(t.r->seen[1].offset, 2);
	assert_int_equal(t.r->seen[2].value, 0x25);
	end(&t);
	kvm_rig_free(t.r);
}

/* LINT0 masked, as when IOAPICs are in use: nothing comes from the 8259s. */
GUEST(guest_lint,
	"start_lint: xor %ax, %ax\n mov %ax, %ds\n"
	VECTOR("0x25", "handler_lint", "start_lint") PICS "mov $0xdf, %al\n out %al, $0x21\n"
	"movl $0x1ff, %fs:0xf0\n movl $0x10700, %fs:0x350\n"
	"mov $0x101, %dx\n out %al, %dx\n again_lint: sti\n hlt\n jmp again_lint\n"
	"handler_lint: mov $0x25, %al\n mov $0x100, %dx\n out %al, %dx\n iret\n");

static void a_masked_lint0_keeps_the_8259_out(void **state)
{
	struct runner t;

	start(&t, "split", guest_lint, guest_lint_end);
	kvm_rig_wait(t.r, 1);
	irq_pulse(&(struct irq_line){ .chip = t.r->vm.irqchip, .pin = 5 });
	nap(30);
	assert_int_equal(count(&t), 1);
	end(&t);
	kvm_rig_free(t.r);
}

/* ---- the IOAPIC ---- */

/* Pin 16: level, vector 0x50. */
GUEST(guest_io,
	"start_io: xor %ax, %ax\n mov %ax, %ds\n"
	VECTOR("0x50", "handler_io", "start_io")
	"mov $0xff, %al\n out %al, $0x21\n movl $0x1ff, %fs:0xf0\n"
	"movl $0x31, %gs:0\n movl $0, %gs:0x10\n movl $0x30, %gs:0\n movl $0x8050, %gs:0x10\n"
	"mov $0x101, %dx\n out %al, %dx\n again_io: sti\n hlt\n jmp again_io\n"
	"handler_io: mov $0x50, %al\n mov $0x100, %dx\n out %al, %dx\n movl $0, %fs:0xb0\n iret\n");

struct watcher {
	struct notifier n;
	struct irqchip *chip;
	uint32_t told;			/* atomic */
};

static void lower(struct notifier *n)
{
	struct watcher *w = container_of(n, struct watcher, n);

	w->chip->ops->set(w->chip, 16, false);
	__atomic_add_fetch(&w->told, 1, __ATOMIC_SEQ_CST);
}

static void the_end_of_a_level_comes_from_the_local_apic(void **state)
{
	struct watcher w = { .n = { .signal = lower, .fd = -1 } };
	struct runner t;

	start(&t, "split", guest_io, guest_io_end);
	kvm_rig_wait(t.r, 1);
	w.chip = t.r->vm.irqchip;
	assert_int_equal(w.chip->ops->eoi_watch(w.chip, 16, &w.n), 0);
	for (uint32_t i = 1; i < 10; i++) {
		w.chip->ops->set(w.chip, 16, true);
		kvm_rig_wait(t.r, i + 1);
		for (int ms = 0; ms < 5000 && __atomic_load_n(&w.told, __ATOMIC_SEQ_CST) < i; ms++)
			nap(1);
		assert_int_equal(__atomic_load_n(&w.told, __ATOMIC_SEQ_CST), i);
		assert_int_equal(t.r->seen[i].value, 0x50);
	}
	nap(20);
	assert_int_equal(count(&t), 10);
	end(&t);
	kvm_rig_free(t.r);
}

static void a_level_that_stays_comes_again(void **state)
{
	struct runner t;

	start(&t, "split", guest_io, guest_io_end);
	kvm_rig_wait(t.r, 1);
	t.r->vm.irqchip->ops->set(t.r->vm.irqchip, 16, true);
	kvm_rig_wait(t.r, 5);
	t.r->vm.irqchip->ops->set(t.r->vm.irqchip, 16, false);
	end(&t);
	kvm_rig_free(t.r);
}

/* ---- the 8254 ---- */

/* 100 Hz to the 8259. */
GUEST(guest_pit,
	"start_pit: xor %ax, %ax\n mov %ax, %ds\n"
	VECTOR("0x20", "handler_pit", "start_pit") PICS "mov $0xfe, %al\n out %al, $0x21\n"
	"mov $0x34, %al\n out %al, $0x43\n mov $0x9c, %al\n out %al, $0x40\n mov $0x2e, %al\n out %al, $0x40\n"
	"again_pit: sti\n hlt\n jmp again_pit\n"
	"handler_pit: mov $0x20, %al\n mov $0x100, %dx\n out %al, %dx\n mov $0x20, %al\n out %al, $0x20\n iret\n");

static void the_timer_ticks(void **state)
{
	struct timespec from, to;
	struct runner t;
	long ms;

	start(&t, "split", guest_pit, guest_pit_end);
	clock_gettime(CLOCK_MONOTONIC, &from);
	do {
		vm_time_run(&t.r->vm.time);
		nap(1);
		clock_gettime(CLOCK_MONOTONIC, &to);
		ms = (to.tv_sec - from.tv_sec) * 1000 + (to.tv_nsec - from.tv_nsec) / 1000000;
	} while (count(&t) < 10 && ms < 10000);
	assert_in_range(count(&t), 10, 11);
	assert_true(ms >= 95);
	end(&t);
	kvm_rig_free(t.r);
}

/* ---- the record ---- */

static uint8_t record[8192], again[8192];

static size_t save(struct kvm_rig *r, uint8_t *buf)
{
	struct state_writer w = { buf, sizeof(record), 0, 0 };

	assert_int_equal(r->vm.irqchip->ops->save(r->vm.irqchip, &w), 0);
	return w.used;
}

static void load(struct kvm_rig *r, const uint8_t *buf, size_t size)
{
	struct state_reader rd = { buf, size, 0, 0 };

	assert_int_equal(r->vm.irqchip->ops->load(r->vm.irqchip, &rd), 0);
	assert_int_equal(rd.at, size);
}

static struct pc_irqchip_regs parse(const uint8_t *buf, size_t size)
{
	struct pc_irqchip_regs regs = { .ioapic.id = 0 };
	struct state_reader rd = { buf, size, 0, 0 };

	assert_int_equal(state_load(&rd, pc_irqchip_fields, &regs), 0);
	for (unsigned n = 0; n < PIT_CHANNELS; n++)
		regs.pit.channel[n].age_ns = 0;
	return regs;
}

GUEST(guest_setup,
	PICS "mov $0xdf, %al\n out %al, $0x21\n mov $0xc4, %al\n out %al, $0x20\n mov $0x68, %al\n out %al, $0x20\n"
	"mov $0x4d0, %dx\n mov $0x20, %al\n out %al, %dx\n"
	"movl $0x1ff, %fs:0xf0\n movl $0, %gs:0\n movl $0x05000000, %gs:0x10\n"
	"movl $0x31, %gs:0\n movl $0, %gs:0x10\n movl $0x30, %gs:0\n movl $0x8050, %gs:0x10\n"
	"mov $0xb6, %al\n out %al, $0x43\n mov $0x34, %al\n out %al, $0x42\n mov $0x12, %al\n out %al, $0x42\n"
	"mov $3, %al\n out %al, $0x61\n mov $0x30, %al\n out %al, $0x43\n mov $0x80, %al\n out %al, $0x40\n"
	"mov $0x101, %dx\n out %al, %dx\n cli\n again_setup: hlt\n jmp again_setup\n");

/* A machine of one kind after guest_setup, with lines 5 and 16 up. */
static void prepare(struct runner *t, const char *irqchip)
{
	start(t, irqchip, guest_setup, guest_setup_end);
	kvm_rig_wait(t->r, 1);
	end(t);
	t->r->vm.irqchip->ops->set(t->r->vm.irqchip, 5, true);
	t->r->vm.irqchip->ops->set(t->r->vm.irqchip, 16, true);
}

static struct kvm_rig *blank(const char *irqchip)
{
	struct kvm_rig *r = kvm_rig_new_with(1, irqchip);

	assert_int_equal(kvm_engine.vcpu_init(r->vm.vcpu[0]), 0);
	return r;
}

static void check_regs(const struct pc_irqchip_regs *regs)
{
	assert_int_equal(regs->pic[0].base, 0x20);
	assert_int_equal(regs->pic[0].imr, 0xdf);
	assert_int_equal(regs->pic[0].irr, 0x20);
	assert_int_equal(regs->pic[0].elcr, 0x20);
	assert_int_equal(regs->pic[0].first, 5);
	assert_true(regs->pic[0].special_mask);
	assert_int_equal(regs->ioapic.id, 5);
	assert_int_equal(regs->ioapic.select, 0x30);
	assert_int_equal(regs->ioapic.entry[16], 0xc050);	/* waits for its end */
	assert_int_equal(regs->ioapic.irr & 1u << 16, 1u << 16);
	assert_int_equal(regs->pit.channel[2].count, 0x1234);
	assert_int_equal(regs->pit.channel[2].mode, 3);
	assert_true(regs->pit.channel[2].gate);
	assert_int_equal(regs->pit.channel[0].write_state, 4);
	assert_int_equal(regs->pit.channel[0].write_latch, 0x80);
}

static void one_to_another(const char *from, const char *to)
{
	struct pc_irqchip_regs a, c;
	struct kvm_rig *r = blank(to);
	struct runner t;
	size_t size, size2;

	prepare(&t, from);
	size = save(t.r, record);
	a = parse(record, size);
	check_regs(&a);
	load(r, record, size);
	size2 = save(r, again);
	assert_int_equal(size, size2);
	c = parse(again, size2);
	check_regs(&c);
	kvm_rig_free(t.r);
	kvm_rig_free(r);
}

static void the_kernels_controllers_go_on_in_another_machine(void **state)
{
	one_to_another("kernel", "kernel");
}

static void the_kernels_controllers_go_on_as_models(void **state)
{
	one_to_another("kernel", "split");
}

static void models_go_on_as_the_kernels_controllers(void **state)
{
	one_to_another("split", "kernel");
}

static void models_go_on_as_models(void **state)
{
	one_to_another("split", "split");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_at_the_8259_wakes_a_halted_vcpu),
		cmocka_unit_test(an_interrupt_waits_until_the_guest_takes_any),
		cmocka_unit_test(a_masked_lint0_keeps_the_8259_out),
		cmocka_unit_test(the_end_of_a_level_comes_from_the_local_apic),
		cmocka_unit_test(a_level_that_stays_comes_again),
		cmocka_unit_test(the_timer_ticks),
		cmocka_unit_test(the_kernels_controllers_go_on_in_another_machine),
		cmocka_unit_test(the_kernels_controllers_go_on_as_models),
		cmocka_unit_test(models_go_on_as_the_kernels_controllers),
		cmocka_unit_test(models_go_on_as_models),
	};

	return kvm_rig_usable() ? cmocka_run_group_tests(tests, NULL, NULL) : 0;
}
