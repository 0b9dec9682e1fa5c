/* SPDX-License-Identifier: BSD-2-Clause */
/* See cell_serve.h. Accesses of the cell are answered on the control loop; rings are worked on as in any machine. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "abi/image.h"
#include "abi/serve.h"
#include "backend/chardev_mux.h"
#include "ctl/backends.h"
#include "ctl/cell_driver.h"
#include "ctl/cell_serve.h"
#include "os/arena.h"
#include "os/tty.h"

#define COUNTER_HZ	62500000	/* of a clock that no device here looks at */

struct server {
	const struct run_options *o;
	struct ctl_error *e;
	struct cell_status cell;
	struct cell_file *file;
	struct vm vm;
	struct irqchip chip;
	struct machine_config config;
	struct backends backends;
	struct stdio_events events;
	struct loop control, io;
	struct thread io_thread;
	struct loop_fd bell;
	struct loop_signals signals;
	struct serve_slot *slots;
	int fd;
	bool control_ready, io_ready, io_running, signals_ready, bell_ready, vm_ready;
	bool gone;
};

/* ---- interrupts ---- */

static void line_set(struct irqchip *c, uint32_t pin, bool level)
{
	struct server *s = container_of(c, struct server, chip);
	struct cella_serve_irq irq = { .intid = pin, .pending = level };

	ioctl(s->fd, CELLA_IOC_SERVE_IRQ, &irq);	/* fails when the cell is gone, and then nobody minds */
}

static const struct irqchip_ops line_ops = { .set = line_set };

/* ---- accesses ---- */

static void answer(struct server *s, struct serve_slot *slot)
{
	struct bus_access a = { .size = slot->size, .write = slot->is_write, .value = slot->value };

	if (bus_access(&s->vm.bus, BUS_MMIO, slot->address, &a) != BUS_OK)
		a.value = ~0ull;
	if (!a.write)
		slot->value = a.value;
}

static void answer_all(struct server *s)
{
	for (struct serve_slot *slot = s->slots; slot < s->slots + IMAGE_MAX_CPUS; slot++) {
		uint32_t asked = __atomic_load_n(&slot->asked, __ATOMIC_ACQUIRE);

		if (asked == slot->answered || slot->cell_id != (uint32_t)s->cell.id)
			continue;
		answer(s, slot);
		__atomic_store_n(&slot->answered, asked, __ATOMIC_RELEASE);
	}
}

static void bell_rang(struct loop_fd *w, uint32_t events)
{
	struct server *s = container_of(w, struct server, bell);
	uint64_t rings;

	if (read(s->fd, &rings, sizeof(rings)) == 0) {
		s->gone = true;
		loop_stop(&s->control);
		return;
	}
	answer_all(s);
}

/* ---- set-up ---- */

static int map(struct server *s, uint64_t offset, uint64_t size, void **out)
{
	void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, s->fd, (off_t)offset);

	if (at == MAP_FAILED)
		return ctl_fail_errno(s->e, -errno, "device", "/dev/cella");
	*out = at;
	return 0;
}

static bool is_shared_ram(const struct config_memory *m)
{
	return m->flags & MEMORY_ROOT_SHARED && !(m->flags & (MEMORY_IO | MEMORY_COMM_REGION | MEMORY_SERVED)) &&
	       !((m->virt | m->phys | m->size) & 0xfff);
}

static int map_ram(struct server *s)
{
	unsigned shared = 0;

	for (unsigned i = 0; i < s->file->num_memory; i++) {
		const struct config_memory *m = &s->file->memory[i].m;
		struct mem_slot slot = { .base = m->virt, .size = m->size, .kind = MEM_RAM, .can_write = true, .backing.fd = -1 };
		uint32_t id;
		int err;

		if (!is_shared_ram(m))
			continue;
		err = map(s, CELLA_SERVE_OFFSET(s->cell.id, m->virt), m->size, &slot.backing.host);
		if (!err && mem_slot_add(&s->vm.mem, &slot, &id))
			err = ctl_fail(s->e, -ENOSPC, "cell %s: more shared regions than fit", s->cell.name);
		if (err)
			return err;
		shared++;
	}
	return shared ? 0 : ctl_fail(s->e, -EINVAL, "cell %s: none of its memory is 'shared': devices here reach nothing else",
				     s->cell.name);
}

/* Devices to served regions, in the order of both. */
static int plug_all(struct server *s)
{
	unsigned next = 0;

	for (unsigned i = 0; i < s->file->num_memory; i++) {
		const struct config_memory *m = &s->file->memory[i].m;
		struct device *d = NULL;
		int err = 0;

		if (!(m->flags & MEMORY_SERVED))
			continue;
		if (next < s->config.virtio_count)
			err = machine_virtio_new(&s->vm, &s->config.virtio[next++], &d);
		if (!err)
			err = machine_virtio_mmio(&s->vm, d, m->virt, (uint32_t)m->phys, 0, false);
		if (err)
			return ctl_fail(s->e, err, "cell %s: device at %#llx: %s", s->cell.name, (unsigned long long)m->virt,
					strerror(-err));
	}
	if (next == s->config.virtio_count)
		return 0;
	return ctl_fail(s->e, -ENOSPC, "cell %s: %u devices and %u served regions: leave some out, or add [[memory]] with 'served'",
			s->cell.name, s->config.virtio_count, next);
}

static int find_file(struct server *s)
{
	struct cell_file *system = NULL, *cells[CELL_MAX_FILES];
	unsigned n = 0;
	int err = cell_state_load(&system, cells, CELL_MAX_FILES, &n, s->e);

	for (unsigned i = 0; i < n; i++)
		if (!strcmp(cell_file_name(cells[i]), s->cell.name))
			s->file = cells[i];
		else
			cell_file_free(cells[i]);
	cell_file_free(system);
	if (s->file || (err && err != -ENOENT))
		return s->file ? 0 : err;
	return ctl_fail(s->e, -ENOENT, "cell %s: its configuration isn't known: create it by 'cella cell'", s->cell.name);
}

static void signal_came(struct loop_signals *signals, int signal)
{
	struct server *s = container_of(signals, struct server, signals);

	if (signal == SIGWINCH)
		chardev_resized(chardev_mux_under(s->backends.console));
	else
		loop_stop(&s->control);
}

static void quit_asked(struct stdio_events *events)
{
	loop_stop(&container_of(events, struct server, events)->control);
}

/* The cell went while a ring was worked on, and its memory with it. */
static void memory_went(int signal)
{
	static const char text[] = "cella: the cell is gone\n";

	tty_restore();
	if (write(STDERR_FILENO, text, sizeof(text) - 1) < 0)
		_exit(1);
	_exit(0);
}

static int set_up_loops(struct server *s)
{
	sigset_t set;
	int err = loop_init(&s->control);

	s->control_ready = !err;
	if (!err)
		err = loop_init(&s->io);
	s->io_ready = !err;
	if (err)
		return err;
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGQUIT);
	if (s->o->console)
		sigaddset(&set, SIGWINCH);
	err = loop_signals_add(&s->control, &s->signals, &set, signal_came);
	s->signals_ready = !err;
	return err;
}

static int set_up_vm(struct server *s)
{
	int err;

	os_arena_init(&s->vm.arena);
	s->vm.name = s->cell.name;
	s->vm.control = &s->control.inbox;
	s->chip = (struct irqchip){ .ops = &line_ops, .name = "cell", .pins = CELL_MAX_IRQ };
	s->vm.irqchip = &s->chip;
	err = vm_init(&s->vm, ISA_ARM64, NULL, COUNTER_HZ);
	s->vm_ready = !err;
	return err;
}

static void io_main(void *arg)
{
	loop_run(arg);
}

static int set_up_threads(struct server *s)
{
	int err = thread_start(&s->io_thread, "io", io_main, &s->io);

	s->io_running = !err;
	if (!err)
		err = backends_start(&s->backends);
	if (err)
		return ctl_fail(s->e, err, "threads: %s: raise the limit of processes (ulimit -u)", strerror(-err));
	s->bell = (struct loop_fd){ .fd = s->fd, .events = EPOLLIN, .fn = bell_rang };
	err = loop_fd_add(&s->control, &s->bell);
	s->bell_ready = !err;
	return err ? ctl_fail_errno(s->e, err, "device", "/dev/cella") : 0;
}

static int set_up(struct server *s, const char *cell)
{
	int err = cell_driver_find(cell, &s->cell, s->e);

	if (!err)
		err = find_file(s);
	if (err)
		return err;
	s->fd = err = cell_driver_open(s->e);
	if (s->fd < 0)
		return err;
	err = cell_driver_serve(s->fd, cell, s->e);
	if (err)
		return err;
	fcntl(s->fd, F_SETFL, fcntl(s->fd, F_GETFL) | O_NONBLOCK);
	err = set_up_loops(s);
	if (!err)
		err = set_up_vm(s);
	if (err)
		return ctl_fail(s->e, err, "cell %s: serve: %s", s->cell.name, strerror(-err));
	err = map(s, 0, IMAGE_MAX_CPUS * sizeof(struct serve_slot), (void **)&s->slots);
	if (!err)
		err = map_ram(s);
	s->events.quit = quit_asked;
	if (!err)
		err = backends_open(&s->backends, &s->control, &s->io, &s->events, s->o, &s->config, s->e);
	if (!err)
		err = plug_all(s);
	if (err)
		return err;
	device_reset_all(&s->vm, RESET_COLD);
	return set_up_threads(s);
}

/* What is mapped goes with the process. */
static void tear_down(struct server *s)
{
	if (s->bell_ready)
		loop_fd_remove(&s->control, &s->bell);
	if (s->io_running) {
		loop_stop(&s->io);
		thread_join(&s->io_thread);
	}
	backends_stop(&s->backends);
	if (s->vm_ready)
		device_destroy_all(&s->vm);
	backends_close(&s->backends);
	if (s->vm_ready)
		os_arena_free(&s->vm.arena);
	if (s->signals_ready)
		loop_signals_remove(&s->control, &s->signals);
	if (s->io_ready)
		loop_fini(&s->io);
	if (s->control_ready)
		loop_fini(&s->control);
	if (s->fd >= 0)
		close(s->fd);
	cell_file_free(s->file);
}

int cell_serve(const char *cell, const struct run_options *o, struct ctl_error *e)
{
	struct server *s = calloc(1, sizeof(*s));
	int err;

	if (!s)
		return ctl_fail(e, -ENOMEM, "cell serve: out of memory");
	s->o = o;
	s->e = e;
	s->fd = -1;
	signal(SIGPIPE, SIG_IGN);
	signal(SIGBUS, memory_went);
	thread_block_signals();
	err = set_up(s, cell);
	if (!err) {
		answer_all(s);		/* it may have asked before we came */
		loop_run(&s->control);
		if (s->gone)
			fprintf(stderr, "cell %s was stopped\n", s->cell.name);
	}
	tear_down(s);
	free(s);
	return err;
}
