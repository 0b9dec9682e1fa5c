/* SPDX-License-Identifier: BSD-2-Clause */
/* os/: loop, threads, files, memory, terminal, arena, eventfd, TSC. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>
#include "base/log.h"
#include "base/platform.h"
#include "os/arena.h"
#include "os/eventfd.h"
#include "os/file.h"
#include "os/listener.h"
#include "os/loop.h"
#include "os/memfd.h"
#include "os/platform.h"
#include "os/thread.h"
#include "os/tsc.h"
#include "os/tty.h"
#include "tests/unit/cmocka_all.h"
#include "tests/unit/skip.h"

struct job {
	struct work w;
	struct loop *loop;
	unsigned ran;
	uint32_t thread;
};

static void job_run(struct work *w)
{
	struct job *j = container_of(w, struct job, w);

	j->ran++;
	j->thread = platform_thread_id();
	if (j->ran == 100)
		loop_stop(j->loop);
}

static void run_loop(void *arg)
{
	loop_run(arg);
}

static void work_posted_from_elsewhere_runs_on_the_loop(void **state)
{
	struct thread t;
	struct loop l;
	struct job j = { .loop = &l };

	assert_int_equal(loop_init(&l), 0);
	work_init(&j.w, job_run);
	assert_int_equal(thread_start(&t, "test-loop", run_loop, &l), 0);
	for (int i = 0; i < 100; i++) {
		work_post(&l.inbox, &j.w);
		while (__atomic_load_n(&j.w.queued, __ATOMIC_ACQUIRE))
			;
	}
	thread_join(&t);
	assert_int_equal(j.ran, 100);
	assert_int_not_equal(j.thread, platform_thread_id());
	loop_fini(&l);
}

struct pipe_end {
	struct loop_fd w;
	struct loop *loop;
	struct loop_fd *other;
	unsigned events;
};

static void pipe_event(struct loop_fd *w, uint32_t events)
{
	struct pipe_end *p = container_of(w, struct pipe_end, w);

	p->events++;
	if (p->other)
		loop_fd_remove(p->loop, p->other);
}

static void descriptors_are_watched_until_removed(void **state)
{
	struct loop l;
	struct pipe_end a = { .loop = &l }, b = { .loop = &l };
	int fd[2];

	assert_int_equal(loop_init(&l), 0);
	assert_int_equal(pipe(fd), 0);
	a.w = (struct loop_fd){ fd[0], EPOLLIN, pipe_event };
	assert_int_equal(loop_fd_add(&l, &a.w), 0);
	loop_once(&l, 0);
	assert_int_equal(a.events, 0);
	assert_int_equal(write(fd[1], "x", 1), 1);
	loop_once(&l, 0);
	assert_int_equal(a.events, 1);
	loop_fd_set(&l, &a.w, 0);
	close(fd[1]);
	loop_once(&l, 0);			/* not even the hang-up */
	assert_int_equal(a.events, 1);
	loop_fd_set(&l, &a.w, EPOLLIN);
	b.w = (struct loop_fd){ dup(fd[0]), EPOLLIN, pipe_event };
	assert_int_equal(loop_fd_add(&l, &b.w), 0);
	a.other = &b.w;
	b.other = &a.w;
	loop_once(&l, 0);			/* whichever comes first takes the other out of this round */
	assert_int_equal(a.events + b.events, 2);
	close(b.w.fd);
	close(fd[0]);
	loop_fini(&l);
}

struct alarm_clock {
	struct loop_timer t;
	struct loop *loop;
	uint64_t at;
};

static void ring(struct loop_timer *t)
{
	struct alarm_clock *a = container_of(t, struct alarm_clock, t);

	a->at = platform_now_ns();
	loop_stop(a->loop);
}

static void a_timer_fires_once_at_its_time(void **state)
{
	struct loop l;
	struct alarm_clock a = { .loop = &l };
	uint64_t now = platform_now_ns();

	assert_int_equal(loop_init(&l), 0);
	assert_int_equal(loop_timer_add(&l, &a.t, ring), 0);
	loop_timer_set(&a.t, 1000000000000);
	loop_timer_set(&a.t, 5000000);
	loop_run(&l);
	assert_true(a.at >= now + 5000000);
	a.at = 0;
	loop_timer_set(&a.t, 0);
	loop_run(&l);
	assert_true(a.at != 0);
	a.at = 0;
	loop_timer_set(&a.t, 0);
	loop_timer_set(&a.t, ~0ull);
	loop_once(&l, 5);
	assert_int_equal(a.at, 0);
	loop_timer_remove(&l, &a.t);
	loop_fini(&l);
}

static int got_signal;

static void on_signal(struct loop_signals *s, int sig)
{
	got_signal = sig;
}

static void a_signal_arrives_on_the_loop(void **state)
{
	struct loop l;
	struct loop_signals s;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGWINCH);
	thread_block_signals();
	assert_int_equal(loop_init(&l), 0);
	assert_int_equal(loop_signals_add(&l, &s, &set, on_signal), 0);
	kill(getpid(), SIGWINCH);
	loop_once(&l, 1000);
	assert_int_equal(got_signal, SIGWINCH);
	loop_signals_remove(&l, &s);
	loop_fini(&l);
}

struct sleeper {
	uint32_t asleep;		/* atomic */
	int interrupted;
	sigset_t mask;
};

static void sleep_long(void *arg)
{
	struct sleeper *s = arg;

	pthread_sigmask(SIG_SETMASK, NULL, &s->mask);
	__atomic_store_n(&s->asleep, 1, __ATOMIC_RELEASE);
	s->interrupted = usleep(20000000) && errno == EINTR;
}

static void a_kick_interrupts_a_system_call(void **state)
{
	struct sleeper s = { 0 };
	struct thread t;

	assert_int_equal(thread_kick_init(), 0);
	assert_int_equal(thread_start(&t, "a name that is much too long", sleep_long, &s), 0);
	while (!__atomic_load_n(&s.asleep, __ATOMIC_ACQUIRE))
		;
	for (int i = 0; i < 100 && __atomic_load_n(&t.tid, __ATOMIC_ACQUIRE); i++) {
		usleep(10000);
		thread_kick(&t);
	}
	thread_join(&t);
	assert_true(s.interrupted);
	assert_true(sigismember(&s.mask, SIGTERM));
	assert_false(sigismember(&s.mask, SIGSEGV));
	thread_kick(&t);		/* gone: nothing happens */
}

static void waiting_on_a_word_ends_with_a_wake_or_another_value(void **state)
{
	uint32_t word = 1;

	platform_wait(&word, 0);	/* returns at once */
	platform_wake(&word, true);
	assert_true(platform_thread_id() != 0);
	assert_true(platform_now_ns() <= platform_now_ns());
}

static void guest_memory_is_sparse_shared_and_sealed(void **state)
{
	struct memfd m;
	struct stat st;
	uint8_t *again;

	assert_int_equal(memfd_create_mapped(&m, "test", 64 * GIB, 0), 0);
	((uint8_t *)m.map)[63 * GIB] = 42;
	again = memfd_map_again(&m, PROT_READ);
	assert_non_null(again);
	assert_int_equal(again[63 * GIB], 42);
	assert_int_equal(fstat(m.fd, &st), 0);
	assert_true(st.st_blocks * 512 < 16ll << 20);
	assert_int_equal(ftruncate(m.fd, 4096), -1);
	assert_int_equal(ftruncate(m.fd, 128ll << 30), -1);
	munmap(again, m.size);
	memfd_destroy(&m);
	assert_true(memfd_create_mapped(&m, "test", 1ull << 63, 0) < 0);
	assert_int_equal(m.fd, -1);
}

static void anonymous_memory_is_aligned_alone_and_given_back(void **state)
{
	struct memfd m;
	uint8_t *p;

	assert_int_equal(memfd_anonymous(&m, 64 * GIB), 0);
	p = m.map;
	assert_int_equal(m.fd, -1);
	assert_int_equal((uintptr_t)p % (2 * MIB), 0);
	p[0] = p[63 * GIB] = 42;
	assert_int_equal(memfd_discard(&m, 63 * GIB, 4096), 0);
	assert_int_equal(p[63 * GIB], 0);
	assert_int_equal(p[0], 42);
	assert_int_equal(mprotect(p - 4096, 4096, PROT_NONE), 0);		/* something is there: */
	assert_int_equal(mprotect(p + m.size, 4096, PROT_NONE), 0);	/* no other mapping can be beside it */
	memfd_destroy(&m);
	assert_null(m.map);
	assert_int_equal(memfd_anonymous(&m, ~0ull), -ENOMEM);
}

static char dir[] = "/tmp/cella-os-XXXXXX";

static const char *path_of(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static void a_file_is_replaced_whole_and_loaded_whole(void **state)
{
	struct file_data f;
	struct stat st;

	assert_int_equal(file_replace(path_of("a"), "first", 5, 0644), 0);
	assert_int_equal(file_replace(path_of("a"), "second!", 7, 0600), 0);
	assert_int_equal(file_load(path_of("a"), 7, &f), 0);
	assert_int_equal(f.size, 7);
	assert_memory_equal(f.data, "second!", 7);
	file_unload(&f);
	assert_int_equal(stat(path_of("a"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(file_load(path_of("a"), 6, &f), -EFBIG);
	assert_int_equal(file_load(path_of("absent"), 6, &f), -ENOENT);
	assert_int_equal(file_load(dir, 1000, &f), -EISDIR);
	assert_int_equal(file_load("/dev/null", 1000, &f), -EINVAL);
	assert_int_equal(file_replace("/nonexistent/x", "", 0, 0600), -ENOENT);
	assert_int_equal(file_replace(path_of("empty"), "", 0, 0600), 0);
	assert_int_equal(file_load(path_of("empty"), 0, &f), 0);
	assert_int_equal(f.size, 0);
	file_unload(&f);
}

static void feed(void *arg)
{
	char block[1000];
	FILE *out = fopen(arg, "w");

	memset(block, 'x', sizeof(block));
	for (int i = 0; out && i < 3000; i++)
		fwrite(block, 1, sizeof(block), out);
	if (out)
		fclose(out);
}

static void a_pipe_is_loaded_to_its_end(void **state)
{
	char fifo[128];
	struct file_data f;
	struct thread t;

	snprintf(fifo, sizeof(fifo), "%s", path_of("fifo"));
	assert_int_equal(mkfifo(fifo, 0600), 0);
	assert_int_equal(thread_start(&t, "feed", feed, fifo), 0);
	assert_int_equal(file_load(fifo, 4000000, &f), 0);
	thread_join(&t);
	assert_int_equal(f.size, 3000000);
	assert_int_equal(f.data[2999999], 'x');
	file_unload(&f);
}

static void reading_past_a_files_end_is_an_error(void **state)
{
	uint64_t size;
	char b[8];
	int fd;

	assert_int_equal(file_replace(path_of("b"), "12345678", 8, 0600), 0);
	fd = file_open(path_of("b"), true);
	assert_true(fd >= 0);
	assert_int_equal(file_size(fd, &size), 0);
	assert_int_equal(size, 8);
	assert_int_equal(file_pwrite(fd, "xy", 2, 7), 0);
	assert_int_equal(file_pread(fd, b, 8, 1), 0);
	assert_memory_equal(b, "234567xy", 8);
	assert_int_equal(file_pread(fd, b, 8, 2), -EIO);
	close(fd);
	assert_int_equal(file_open(path_of("absent"), false), -ENOENT);
}

static bool is_raw(int fd)
{
	struct termios t;

	return !tcgetattr(fd, &t) && !(t.c_lflag & ICANON);
}

static void a_terminal_is_raw_until_restored(void **state)
{
	int master, slave;
	uint16_t columns = 0, rows = 0;
	struct winsize size = { .ws_row = 24, .ws_col = 80 };

	assert_int_equal(openpty(&master, &slave, NULL, NULL, &size), 0);
	assert_false(is_raw(slave));
	assert_int_equal(tty_raw(slave), 0);
	assert_true(is_raw(slave));
	assert_int_equal(tty_raw(slave), -EBUSY);
	assert_string_equal(tty_newline(), "\r\n");
	tty_restore();
	tty_restore();
	assert_false(is_raw(slave));
	assert_string_equal(tty_newline(), "\n");
	assert_int_equal(tty_size(slave, &columns, &rows), 0);
	assert_true(columns == 80 && rows == 24);
	assert_int_equal(tty_raw(STDERR_FILENO + 100), -EBADF);
	close(master);
	close(slave);
}

enum end { BY_EXIT, BY_SEGV, BY_PANIC, BY_TERM, ENDS };

/* A process that makes the terminal raw and ends in one way or another. */
static int end_by(enum end how, int slave)
{
	int status, null;
	pid_t pid = fork();

	if (!pid) {
		null = open("/dev/null", O_WRONLY);
		dup2(null, STDERR_FILENO);
		signal(SIGSEGV, SIG_DFL);
		signal(SIGABRT, SIG_DFL);
		platform_crash_handlers();
		if (tty_raw(slave) || !is_raw(slave))
			_exit(99);
		if (how == BY_SEGV)
			raise(SIGSEGV);
		if (how == BY_PANIC)
			panic("for the test: %d", 1);
		if (how == BY_TERM) {
			sigset_t none;

			sigemptyset(&none);
			sigprocmask(SIG_SETMASK, &none, NULL);
			kill(getpid(), SIGTERM);
			pause();
		}
		exit(3);
	}
	waitpid(pid, &status, 0);
	return status;
}

static void a_terminal_comes_back_however_the_process_ends(void **state)
{
	static const int signals[ENDS] = { 0, SIGSEGV, SIGABRT, SIGTERM };
	int master, slave, status;

	assert_int_equal(openpty(&master, &slave, NULL, NULL, NULL), 0);
	for (int how = 0; how < ENDS; how++) {
		status = end_by((enum end)how, slave);
		assert_false(is_raw(slave));
		if (signals[how])
			assert_true(WIFSIGNALED(status) && WTERMSIG(status) == signals[how]);
		else
			assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 3);
	}
	close(master);
	close(slave);
}

static void a_hosted_arena_grows(void **state)
{
	struct arena a;
	uint8_t *p, *big;

	os_arena_init(&a);
	for (int i = 0; i < 1000; i++) {
		p = arena_alloc(&a, 10000);
		assert_non_null(p);
		assert_int_equal(p[9999], 0);
		memset(p, 0xff, 10000);
	}
	big = arena_alloc_aligned(&a, 10 * MIB, 65536);
	assert_non_null(big);
	assert_int_equal((uintptr_t)big & 65535, 0);
	assert_int_equal(big[10 * MIB - 1], 0);
	assert_null(arena_alloc(&a, SIZE_MAX));
	os_arena_free(&a);
}

static void eventfd_signals_merge(void **state)
{
	struct notifier n;

	assert_int_equal(eventfd_notifier_init(&n), 0);
	assert_false(eventfd_notifier_take(&n));
	notifier_signal(&n);
	notifier_signal(&n);
	assert_true(eventfd_notifier_take(&n));
	assert_false(eventfd_notifier_take(&n));
	eventfd_notifier_fini(&n);
}

static void the_tsc_frequency_repeats(void **state)
{
	struct tsc_start a, b;
	uint64_t first, second;

	tsc_start(&a);
	if (tsc_frequency(&a, &first)) {
		skip_because("the host has no TSC that counts evenly");
		return;
	}
	tsc_start(&b);
	assert_int_equal(tsc_frequency(&b, &second), 0);
	assert_true(first > 500000000 && first < 10000000000);
	assert_true((first > second ? first - second : second - first) < first / 5000);
}

static int make_dir(void **state)
{
	return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
	static const char *const names[] = { "a", "b", "empty", "fifo" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		unlink(path_of(names[i]));
	return rmdir(dir);
}

static void count_client(struct listener *l, int fd)
{
	(void)l;
	close(fd);
}

/* Were it left waiting, the loop would be called for it again and again. */
static void a_connection_beyond_the_descriptors_is_refused(void **state)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	struct rlimit old, none;
	struct listener l;
	struct loop loop;
	char byte;
	int fd;

	snprintf(addr.sun_path, sizeof(addr.sun_path), "/tmp/cella-os-%d.sock", getpid());
	assert_int_equal(loop_init(&loop), 0);
	assert_int_equal(listener_open(&l, &loop, &addr, 4, count_client), 0);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	getrlimit(RLIMIT_NOFILE, &old);
	none = (struct rlimit){ (rlim_t)fd + 1, old.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	loop_once(&loop, 1000);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
	assert_int_equal(recv(fd, &byte, 1, MSG_DONTWAIT), 0);
	close(fd);
	listener_close(&l);
	unlink(addr.sun_path);
	loop_fini(&loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(work_posted_from_elsewhere_runs_on_the_loop),
		cmocka_unit_test(descriptors_are_watched_until_removed),
		cmocka_unit_test(a_timer_fires_once_at_its_time),
		cmocka_unit_test(a_signal_arrives_on_the_loop),
		cmocka_unit_test(a_kick_interrupts_a_system_call),
		cmocka_unit_test(waiting_on_a_word_ends_with_a_wake_or_another_value),
		cmocka_unit_test(guest_memory_is_sparse_shared_and_sealed),
		cmocka_unit_test(anonymous_memory_is_aligned_alone_and_given_back),
		cmocka_unit_test(a_file_is_replaced_whole_and_loaded_whole),
		cmocka_unit_test(a_pipe_is_loaded_to_its_end),
		cmocka_unit_test(reading_past_a_files_end_is_an_error),
		cmocka_unit_test(a_terminal_is_raw_until_restored),
		cmocka_unit_test(a_terminal_comes_back_however_the_process_ends),
		cmocka_unit_test(a_hosted_arena_grows),
		cmocka_unit_test(eventfd_signals_merge),
		cmocka_unit_test(a_connection_beyond_the_descriptors_is_refused),
		cmocka_unit_test(the_tsc_frequency_repeats),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
