/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A machine's life; see run.h. Set-up goes up in the order of run_set_up, and run_tear_down takes down whatever stands: vCPU
 * threads first, then the threads of loops, devices, back-ends (the terminal), memory.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include "backend/chardev_mux.h"
#include "ctl/backends.h"
#include "ctl/control.h"
#include "ctl/firmware.h"
#include "ctl/life.h"
#include "ctl/run.h"
#include "ctl/semihosting.h"
#include "ctl/start.h"
#include "ctl/vcpus.h"
#include "os/arena.h"
#include "os/file.h"
#include "os/memfd.h"
#include "os/platform.h"
#include "os/tsc.h"

#define COUNTER_HZ	62500000	/* CNTFRQ_EL0 */

struct run {
	const struct run_spec *spec;
	struct ctl_error *e;
	struct tsc_start tsc;
	struct vm vm;
	struct machine machine;
	struct machine_config config;
	struct start start;
	struct memfd ram[MACHINE_MAX_RANGES];
	struct firmware firmware;
	struct vcpus vcpus;
	struct backends backends;
	struct stdio_events events;
	struct control socket;
	struct life life;
	struct loop control, io;
	struct thread io_thread;
	bool io_running, arena_ready, vm_ready, engine_ready;
	bool control_ready, io_ready, clock_ready, timeout_ready, signals_ready;
	struct loop_timer clock, timeout;
	struct loop_signals signals;
};

/* ---- what ends it from outside ---- */

static void quit_asked(struct stdio_events *events)
{
	life_end(&container_of(events, struct run, events)->life, RUN_STOPPED);
}

static void signal_came(struct loop_signals *s, int signal)
{
	struct run *r = container_of(s, struct run, signals);

	if (signal == SIGWINCH)
		chardev_resized(chardev_mux_under(r->backends.console));
	else
		life_end(&r->life, RUN_STOPPED);
}

static void time_is_up(struct loop_timer *t)
{
	life_end(&container_of(t, struct run, timeout)->life, RUN_TIMEOUT);
}

/* ---- guest time ---- */

static void clock_due(struct loop_timer *t)
{
	vm_time_run(&container_of(t, struct run, clock)->vm.time);
}

static void clock_rearm(struct vm_time *t, uint64_t deadline_ns)
{
	struct run *r = t->rearm_ctx;

	loop_timer_set(&r->clock, vm_time_until(t, deadline_ns));
}

static void set_up_time(struct run *r)
{
	struct vm_time *t = &r->vm.time;
	struct timeval now;
	uint64_t hz;

	gettimeofday(&now, NULL);
	t->wall_offset_ns = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_usec * 1000u;
	t->rearm = clock_rearm;
	t->rearm_ctx = r;
	/* Measuring it takes time, which pays where the engine's code reads it for the guest. */
	if (!(r->vm.engine_info.caps & ENGINE_OWNS_TIMER) && !tsc_frequency(&r->tsc, &hz))
		vm_time_use_tsc(t, hz);
}

/* ---- set-up ---- */

static int set_up_loops(struct run *r)
{
	sigset_t set;
	int err;

	err = loop_init(&r->control);
	if (err)
		return err;
	r->control_ready = true;
	err = loop_init(&r->io);
	if (err)
		return err;
	r->io_ready = true;
	err = life_init(&r->life);
	if (err)
		return err;
	err = loop_timer_add(&r->control, &r->clock, clock_due);
	if (err)
		return err;
	r->clock_ready = true;
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGQUIT);
	sigaddset(&set, SIGWINCH);
	err = loop_signals_add(&r->control, &r->signals, &set, signal_came);
	r->signals_ready = !err;
	return err;
}

static int set_up_vm(struct run *r)
{
	const struct run_spec *s = r->spec;
	struct vm *vm = &r->vm;
	int err;

	os_arena_init(&vm->arena);
	r->arena_ready = true;
	vm->name = s->options->name;
	vm->engine_options = s->engine_options;
	vm->cpu_model = s->resolved->cpu;
	vm->pmu = s->options->pmu;
	vm->events = (struct vm_events){ life_request, &r->life };
	vm->control = &r->control.inbox;
	vm->engine_info = s->resolved->engine_info;
	err = vm_init(vm, s->resolved->cls->isa, s->engine, COUNTER_HZ);
	if (err)
		return err;
	r->vm_ready = true;
	set_up_time(r);
	err = s->engine->vm_init(vm);
	r->engine_ready = !err;
	return err;
}

static int discard(const struct mem_slot *s, uint64_t offset, uint64_t len)
{
	const struct memfd m = { .fd = s->backing.fd, .map = s->backing.host };

	return memfd_discard(&m, offset, len);
}

static int set_up_memory(struct run *r)
{
	struct machine_range range[MACHINE_MAX_RANGES];
	uint32_t n = r->spec->resolved->cls->ranges(r->spec->resolved->ram, range), id;
	const char *huge = r->spec->options->hugetlbfs;
	int err;

	r->vm.mem.discard = discard;
	for (uint32_t i = 0; i < n; i++) {
		struct mem_slot slot = { .base = range[i].base, .size = range[i].size, .kind = MEM_RAM, .can_write = true,
					 .can_exec = true };

		if (huge)
			err = memfd_create_in(&r->ram[i], huge, range[i].size);
		else
			err = memfd_anonymous(&r->ram[i], range[i].size);
		if (err && huge)
			return ctl_fail(r->e, err, "--hugetlbfs %s: %llu MiB: %s: mount one there ('mount -t hugetlbfs none DIR') "
					"with enough pages, and let -m be a multiple of these", huge,
					(unsigned long long)(range[i].size / MIB), strerror(-err));
		if (err)
			return ctl_fail(r->e, err, "memory: the host refuses %llu MiB (%s): ask for less with -m",
					(unsigned long long)(range[i].size / MIB), strerror(-err));
		if (huge && !i && !memfd_in_huge_pages(&r->ram[i]))
			log_warn("--hugetlbfs %s: no hugetlbfs is mounted there: memory is an ordinary file", huge);
		slot.backing = (struct mem_backing){ .host = r->ram[i].map, .fd = r->ram[i].fd };
		err = mem_slot_add(&r->vm.mem, &slot, &id);
		if (err)
			return ctl_fail(r->e, err, "memory: slot %u: %s", i, strerror(-err));
	}
	return 0;
}

static int set_up_semihosting(struct run *r)
{
	const struct run_options *o = r->spec->options;
	int err;

	if (!o->semihosting)
		return 0;
	err = semihosting_new(o->semihosting, o->params, r->config.serial, &r->life.semihosting, r->e);
	if (err)
		return err;
	r->vm.semihosting_ctx = r->life.semihosting;
	r->vm.semihosting = semihosting_call;
	return 0;
}

static int set_up_machine(struct run *r)
{
	const struct resolved *res = r->spec->resolved;
	int err;

	r->config.vcpus = res->vcpus;
	r->config.ram = res->ram;
	r->config.irqchip = res->irqchip->type;
	r->config.transport = res->transport;
	err = machine_create(&r->machine, &r->vm, res->cls, &r->config);
	if (err == -ENOSPC)
		return ctl_fail(r->e, err, "machine %s: has no place for that many virtio devices: leave some out",
				res->cls->name);
	if (err == -ENODEV)
		return ctl_fail(r->e, err, "irqchip %s: this host's %s has none: leave --irqchip out, or ask for another",
				res->irqchip->type, r->spec->engine->name);
	return err ? ctl_fail(r->e, err, "machine %s: cannot be made (%s)", res->cls->name, strerror(-err)) : 0;
}

/* Everything short of threads and the terminal, so that --dump-dtb can use it. */
static int set_up_quiet(struct run *r)
{
	int err;

	err = start_open(&r->start, r->spec, r->e);
	if (err)
		return err;
	err = set_up_loops(r);
	if (err)
		return ctl_fail(r->e, err, "control loop: %s: raise the limit of open files (ulimit -n)", strerror(-err));
	err = set_up_vm(r);
	if (err)
		return ctl_fail(r->e, err, "engine %s: %s: see 'cella doctor'", r->spec->engine->name, strerror(-err));
	err = set_up_memory(r);
	return err ? err : firmware_open(&r->firmware, r->spec, &r->vm.mem, &r->config, r->e);
}

static void io_main(void *arg)
{
	loop_run(arg);
}

static int set_up_threads(struct run *r)
{
	struct vm *vm = &r->vm;
	int err;

	err = thread_start(&r->io_thread, "io", io_main, &r->io);
	if (err)
		return ctl_fail(r->e, err, "threads: %s: raise the limit of processes (ulimit -u)", strerror(-err));
	r->io_running = true;
	err = backends_start(&r->backends);
	if (err)
		return ctl_fail(r->e, err, "threads: %s: raise the limit of processes (ulimit -u)", strerror(-err));
	err = vcpus_start(&r->vcpus, vm);
	if (!err && vm->engine->vm_ready)
		err = vm->engine->vm_ready(vm);
	if (err)
		return ctl_fail(r->e, err, "vCPUs: %s: ask for fewer with -c", strerror(-err));
	return 0;
}

/* A machine nobody gave a name does without a socket where there is no place for one. */
static int set_up_control(struct run *r)
{
	const struct run_options *o = r->spec->options;
	int err;

	r->life.target.console = r->backends.console;
	err = control_open(&r->socket, &r->control, o->name, &r->life.target, r->e);
	if (err && r->spec->resolved->named)
		return err;
	if (err) {
		log_warn("%s; going on without a control socket", r->e->text);
		control_close(&r->socket);
		r->e->text[0] = 0;
	}
	return 0;
}

static int set_up(struct run *r)
{
	uint64_t timeout = r->spec->options->timeout;
	int err;

	err = set_up_quiet(r);
	if (err)
		return err;
	r->events.quit = quit_asked;
	err = backends_open(&r->backends, &r->control, &r->io, &r->events, r->spec->options, &r->config, r->e);
	if (!err)
		err = backends_map(&r->backends, &r->vm.mem, r->e);
	if (!err)
		err = set_up_machine(r);
	if (!err)
		err = set_up_semihosting(r);
	if (!err)
		err = set_up_control(r);
	if (!err)
		err = set_up_threads(r);
	if (err)
		return err;
	device_reset_all(&r->vm, RESET_COLD);
	err = start_machine(&r->start, &r->machine, r->e);
	if (err || timeout == OPTION_UNSET)
		return err;
	err = loop_timer_add(&r->control, &r->timeout, time_is_up);
	if (err)
		return ctl_fail(r->e, err, "--timeout: %s", strerror(-err));
	r->timeout_ready = true;
	loop_timer_set(&r->timeout, timeout * 1000000000u);
	return 0;
}

static void tear_down(struct run *r)
{
	vcpus_end(&r->vcpus);
	if (r->vm_ready)
		life_quiesce(&r->life);
	if (r->io_running) {
		loop_stop(&r->io);
		thread_join(&r->io_thread);
	}
	backends_stop(&r->backends);
	control_close(&r->socket);
	machine_destroy(&r->machine);
	backends_close(&r->backends);
	semihosting_free(r->life.semihosting);
	if (r->engine_ready)
		r->vm.engine->vm_fini(&r->vm);
	for (unsigned i = 0; i < MACHINE_MAX_RANGES; i++)
		if (r->ram[i].size)
			memfd_destroy(&r->ram[i]);
	firmware_close(&r->firmware);
	life_fini(&r->life);
	if (r->timeout_ready)
		loop_timer_remove(&r->control, &r->timeout);
	if (r->signals_ready)
		loop_signals_remove(&r->control, &r->signals);
	if (r->clock_ready)
		loop_timer_remove(&r->control, &r->clock);
	if (r->io_ready)
		loop_fini(&r->io);
	if (r->control_ready)
		loop_fini(&r->control);
	if (r->arena_ready)
		os_arena_free(&r->vm.arena);
	start_close(&r->start);
}

static struct run *run_new(const struct run_spec *spec, struct ctl_error *e)
{
	struct run *r = calloc(1, sizeof(*r));

	if (!r) {
		ctl_fail(e, -ENOMEM, "out of memory");
		return NULL;
	}
	r->spec = spec;
	r->e = e;
	e->text[0] = 0;
	r->life = (struct life){ .options = spec->options, .e = e, .vm = &r->vm, .start = &r->start, .vcpus = &r->vcpus,
				 .control = &r->control, .target = { .vm = &r->vm, .machine = &r->machine } };
	tsc_start(&r->tsc);
	return r;
}

int run_machine(const struct run_spec *spec, struct ctl_error *e)
{
	struct run *r = run_new(spec, e);
	int status;

	if (!r)
		return -ENOMEM;
	signal(SIGPIPE, SIG_IGN);	/* a console that nobody reads any more is the chardev's affair */
	signal(SIGXFSZ, SIG_IGN);	/* and a disk beyond the limit of file sizes the guest's */
	thread_block_signals();
	platform_crash_handlers();
	thread_kick_init();
	status = set_up(r);
	if (!status) {
		vm_time_resume(&r->vm.time);
		vcpus_resume(&r->vcpus);
		loop_run(&r->control);
		status = r->life.status;
	}
	tear_down(r);
	free(r);
	return status;
}

int run_dump_dtb(const struct run_spec *spec, struct ctl_error *e)
{
	struct run *r = run_new(spec, e);
	struct boot_place p;
	int err;

	if (!r)
		return -ENOMEM;
	err = set_up_quiet(r);
	if (!err)
		err = set_up_machine(r);
	if (!err)
		err = start_plan(&r->start, &r->machine, &p, e);
	if (!err && !r->start.dtb_size)
		err = ctl_fail(e, -EINVAL, "machine %s: has no device tree of its own: give one with --dtb",
			       spec->options->machine);
	if (!err) {
		err = file_replace(spec->options->dump_dtb, r->start.dtb, r->start.dtb_size, 0644);
		if (err)
			ctl_fail_errno(e, err, "device tree", spec->options->dump_dtb);
	}
	tear_down(r);
	free(r);
	return err;
}
