/* SPDX-License-Identifier: BSD-2-Clause */
/* Character back-ends on standard input and output that are pipes, files and a terminal. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>
#include "backend/chardev.h"
#include "backend/chardev_mux.h"
#include "base/types.h"
#include "os/loop.h"

struct fixture {
	struct loop loop;
	struct chardev *c;
	struct chardev_client client;
	struct stdio_events events;
	int saved_in, saved_out;
	int in, out;			/* our ends */
	char got[300000];
	size_t got_len, take;		/* take: what the client has room for */
	unsigned quits, breaks, writables, resizes;
	uint16_t columns, rows;
};

static size_t input(struct chardev_client *c, const uint8_t *buf, size_t len)
{
	struct fixture *f = container_of(c, struct fixture, client);
	size_t n = MIN(len, f->take);

	n = MIN(n, sizeof(f->got) - f->got_len);
	memcpy(f->got + f->got_len, buf, n);
	f->got_len += n;
	f->take -= n;
	return n;
}

static void writable(struct chardev_client *c)
{
	container_of(c, struct fixture, client)->writables++;
}

static void break_came(struct chardev_client *c)
{
	container_of(c, struct fixture, client)->breaks++;
}

static void resized(struct chardev_client *c, uint16_t columns, uint16_t rows)
{
	struct fixture *f = container_of(c, struct fixture, client);

	f->resizes++;
	f->columns = columns;
	f->rows = rows;
}

static void quit(struct stdio_events *e)
{
	container_of(e, struct fixture, events)->quits++;
}

static void run(struct fixture *f)
{
	for (unsigned i = 0; i < 20; i++)
		loop_once(&f->loop, 2);
}

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_int_equal(loop_init(&f->loop), 0);
	f->client = (struct chardev_client){ input, writable, break_came, resized, &f->loop.inbox };
	f->events.quit = quit;
	f->in = f->out = -1;
	f->take = ~(size_t)0;
	fflush(stdout);
	f->saved_in = dup(STDIN_FILENO);
	f->saved_out = dup(STDOUT_FILENO);
	*state = f;
	return 0;
}

/* Standard input and output become in and out; the back-end opens, and ours are back. */
static void open_stdio(struct fixture *f, int in, int out)
{
	int err;

	fflush(stdout);
	dup2(in, STDIN_FILENO);
	dup2(out, STDOUT_FILENO);
	err = chardev_stdio_open(&f->loop, &f->events, &f->c);
	dup2(f->saved_in, STDIN_FILENO);
	dup2(f->saved_out, STDOUT_FILENO);
	close(in);
	if (out != in)
		close(out);
	assert_int_equal(err, 0);
	f->c->ops->attach(f->c, &f->client);
}

static void open_pipes(struct fixture *f)
{
	int in[2], out[2];

	assert_int_equal(pipe(in), 0);
	assert_int_equal(pipe(out), 0);
	fcntl(out[1], F_SETPIPE_SZ, 4096);
	f->in = in[1];
	f->out = out[0];
	open_stdio(f, in[0], out[1]);
}

static void open_terminal(struct fixture *f)
{
	struct winsize w = { .ws_col = 100, .ws_row = 40 };
	int master, slave;

	assert_int_equal(openpty(&master, &slave, NULL, NULL, &w), 0);
	f->in = f->out = master;
	open_stdio(f, slave, slave);
}

static void type(struct fixture *f, const char *s, size_t len)
{
	assert_int_equal(write(f->in, s, len), len);
	run(f);
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	chardev_close(f->c);
	loop_fini(&f->loop);
	close(f->saved_in);
	close(f->saved_out);
	if (f->in >= 0)
		close(f->in);
	if (f->out >= 0 && f->out != f->in)
		close(f->out);
	free(f);
	return 0;
}

static void pipe_passes_every_byte_both_ways(void **state)
{
	struct fixture *f = *state;
	static const char bytes[] = "a\1x\1\1h\0b\r\n\3";
	char back[32];

	open_pipes(f);
	type(f, bytes, sizeof(bytes));
	assert_int_equal(f->got_len, sizeof(bytes));
	assert_memory_equal(f->got, bytes, sizeof(bytes));
	assert_int_equal(f->quits, 0);
	assert_int_equal(f->c->ops->write(f->c, (const uint8_t *)bytes, sizeof(bytes)), sizeof(bytes));
	assert_int_equal(read(f->out, back, sizeof(back)), sizeof(bytes));
	assert_memory_equal(back, bytes, sizeof(bytes));
}

static void input_waits_for_a_client_without_room(void **state)
{
	struct fixture *f = *state;
	char sent[20000];

	open_pipes(f);
	for (unsigned i = 0; i < sizeof(sent); i++)
		sent[i] = (char)(i * 7 + (i >> 8));
	f->take = 0;
	type(f, sent, sizeof(sent));
	assert_int_equal(f->got_len, 0);
	for (unsigned i = 0; i < 3000 && f->got_len < sizeof(sent); i++) {
		f->take = 10;
		f->c->ops->ready(f->c);
		loop_once(&f->loop, 0);
	}
	assert_int_equal(f->got_len, sizeof(sent));
	assert_memory_equal(f->got, sent, sizeof(sent));
}

struct reader {
	int fd;
	char *got;
	size_t len;
};

static void *slow_reader(void *arg)
{
	struct reader *r = arg;
	ssize_t n;

	while ((n = read(r->fd, r->got + r->len, 700)) > 0) {
		r->len += (size_t)n;
		if (r->len % 16 < 2)
			usleep(200);
	}
	return NULL;
}

static void slow_pipe_makes_the_writer_wait_and_loses_nothing(void **state)
{
	struct fixture *f = *state;
	struct reader r;
	uint8_t *sent = malloc(300000);
	size_t done = 0;
	unsigned short_writes = 0;
	pthread_t t;

	for (unsigned i = 0; i < 300000; i++)
		sent[i] = (uint8_t)(i * 13 + (i >> 9));
	open_pipes(f);
	r = (struct reader){ f->out, malloc(301000), 0 };
	while (done < 300000) {
		size_t want = MIN(300000 - done, (size_t)5000), n = f->c->ops->write(f->c, sent + done, want);

		done += n;
		if (n == want)
			continue;
		if (!short_writes++)		/* the queue is bounded */
			assert_true(done < 100000);
		if (short_writes == 1)
			pthread_create(&t, NULL, slow_reader, &r);
		f->writables = 0;
		while (!f->writables)
			loop_once(&f->loop, 100);
	}
	assert_true(short_writes > 0);
	chardev_close(f->c);			/* waits for the rest */
	f->c = NULL;
	pthread_join(t, NULL);
	assert_int_equal(r.len, 300000);
	assert_memory_equal(r.got, sent, 300000);
	free(r.got);
	free(sent);
}

/* A loop that spins would come around at once, again and again. */
static void expect_loop_sleeps(struct fixture *f)
{
	struct timespec a, b;

	run(f);
	clock_gettime(CLOCK_MONOTONIC, &a);
	loop_once(&f->loop, 50);
	clock_gettime(CLOCK_MONOTONIC, &b);
	assert_true((b.tv_sec - a.tv_sec) * 1000 + (b.tv_nsec - a.tv_nsec) / 1000000 >= 40);
}

static void end_of_input_does_not_spin(void **state)
{
	struct fixture *f = *state;

	open_pipes(f);
	type(f, "bye", 3);
	close(f->in);
	f->in = -1;
	run(f);
	assert_int_equal(f->got_len, 3);
	expect_loop_sleeps(f);
}

static void reader_that_is_gone_takes_everything(void **state)
{
	struct fixture *f = *state;
	uint8_t bytes[10000] = { 0 };

	signal(SIGPIPE, SIG_IGN);
	open_pipes(f);
	assert_int_equal(f->c->ops->write(f->c, bytes, sizeof(bytes)), sizeof(bytes));
	close(f->out);
	f->out = -1;
	run(f);
	for (unsigned i = 0; i < 20; i++)
		assert_int_equal(f->c->ops->write(f->c, bytes, sizeof(bytes)), sizeof(bytes));
	expect_loop_sleeps(f);
}

static void file_as_input_is_read_to_its_end(void **state)
{
	struct fixture *f = *state;
	char path[] = "/tmp/cella-chardev-XXXXXX", sent[9000];
	int fd = mkstemp(path);

	for (unsigned i = 0; i < sizeof(sent); i++)
		sent[i] = (char)(i * 3);
	assert_int_equal(write(fd, sent, sizeof(sent)), sizeof(sent));
	lseek(fd, 0, SEEK_SET);
	unlink(path);
	open_stdio(f, fd, open("/dev/null", O_WRONLY));
	run(f);
	assert_int_equal(f->got_len, sizeof(sent));
	assert_memory_equal(f->got, sent, sizeof(sent));
	expect_loop_sleeps(f);
}

static void no_input_at_all_is_quiet(void **state)
{
	struct fixture *f = *state;

	open_stdio(f, open("/dev/null", O_RDONLY), open("/dev/null", O_WRONLY));
	run(f);
	assert_int_equal(f->got_len, 0);
	expect_loop_sleeps(f);
}

static void terminal_commands_are_taken_out_of_the_input(void **state)
{
	struct fixture *f = *state;
	char help[400];
	ssize_t n;

	open_terminal(f);
	type(f, "ab\1\1c\1zd\1", 9);		/* an escape, then a pause */
	assert_memory_equal(f->got, "ab\1cd", 5);
	assert_int_equal(f->got_len, 5);
	type(f, "xe", 2);
	assert_int_equal(f->quits, 1);
	assert_int_equal(f->got_len, 6);
	type(f, "\1b", 2);
	assert_int_equal(f->breaks, 1);
	type(f, "\3\r", 2);			/* raw: Ctrl-C and Return are bytes */
	assert_memory_equal(f->got + 6, "\3\r", 2);
	type(f, "\1h", 2);
	n = read(f->out, help, sizeof(help) - 1);
	assert_true(n > 0);
	help[n] = 0;
	assert_non_null(strstr(help, "quit"));
}

static void quit_works_however_much_was_typed_before(void **state)
{
	struct fixture *f = *state;
	char junk[1000];

	open_terminal(f);
	f->take = 0;
	memset(junk, 'j', sizeof(junk));
	for (unsigned i = 0; i < 20; i++)
		type(f, junk, sizeof(junk));
	type(f, "\1x", 2);
	assert_int_equal(f->quits, 1);
}

static void terminal_size_is_told_at_start_and_on_change(void **state)
{
	struct fixture *f = *state;
	struct winsize w = { .ws_col = 132, .ws_row = 50 };

	open_terminal(f);
	assert_int_equal(f->columns, 100);
	assert_int_equal(f->rows, 40);
	ioctl(f->in, TIOCSWINSZ, &w);
	chardev_resized(f->c);
	assert_int_equal(f->columns, 132);
}

static void terminal_is_as_before_after_close(void **state)
{
	struct fixture *f = *state;
	struct termios before, raw, after;
	int master, slave, keep;

	assert_int_equal(openpty(&master, &slave, NULL, NULL, NULL), 0);
	keep = dup(slave);
	tcgetattr(keep, &before);
	f->in = f->out = master;
	open_stdio(f, slave, slave);
	tcgetattr(keep, &raw);
	assert_false(raw.c_lflag & (ICANON | ECHO | ISIG));
	chardev_close(f->c);
	f->c = NULL;
	tcgetattr(keep, &after);
	assert_int_equal(after.c_lflag, before.c_lflag);
	assert_int_equal(after.c_iflag, before.c_iflag);
	assert_int_equal(after.c_oflag, before.c_oflag);
	assert_int_equal(after.c_cflag, before.c_cflag);
	close(keep);
}

static void file_keeps_output(void **state)
{
	struct fixture *f = *state;
	char path[] = "/tmp/cella-chardev-XXXXXX", back[8];
	int fd = mkstemp(path);

	assert_int_equal(chardev_file_open(&f->loop, "/nonexistent/log", &f->c), -ENOENT);
	assert_int_equal(chardev_file_open(&f->loop, path, &f->c), 0);
	f->c->ops->attach(f->c, &f->client);
	assert_int_equal(f->c->ops->write(f->c, (const uint8_t *)"logged", 6), 6);
	assert_int_equal(pread(fd, back, 8, 0), 6);
	assert_memory_equal(back, "logged", 6);
	close(fd);
	unlink(path);
}

static void null_takes_everything(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(chardev_null_open(&f->c), 0);
	f->c->ops->attach(f->c, &f->client);
	assert_int_equal(f->c->ops->write(f->c, (const uint8_t *)"gone", 4), 4);
	chardev_resized(f->c);
}

/* Below a console with several readers: another reader comes while this one is being written to. */
struct joined {
	struct chardev c;
	struct chardev *mux;
	int joins;			/* -1: nobody */
};

static void joined_attach(struct chardev *c, struct chardev_client *client)
{
}

static size_t joined_write(struct chardev *c, const uint8_t *buf, size_t len)
{
	struct joined *g = container_of(c, struct joined, c);

	if (g->joins >= 0)
		assert_int_equal(chardev_mux_add(g->mux, g->joins), 0);
	g->joins = -1;
	return len;
}

static void joined_destroy(struct chardev *c)
{
}

static void late_reader_begins_with_the_next_write(void **state)
{
	static const struct chardev_ops ops = { .attach = joined_attach, .write = joined_write, .destroy = joined_destroy };
	struct fixture *f = *state;
	int early[2], late[2];
	struct joined g = { .c = { &ops } };
	char back[8];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, early), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, late), 0);
	g.joins = late[0];
	assert_int_equal(chardev_mux_open(&f->loop, &g.c, &f->c), 0);
	g.mux = f->c;
	f->c->ops->attach(f->c, &f->client);
	assert_int_equal(chardev_mux_add(f->c, early[0]), 0);
	assert_int_equal(f->c->ops->write(f->c, (const uint8_t *)"old", 3), 3);
	assert_int_equal(f->c->ops->write(f->c, (const uint8_t *)"new", 3), 3);
	assert_int_equal(recv(early[1], back, sizeof(back), MSG_DONTWAIT), 6);
	assert_memory_equal(back, "oldnew", 6);
	assert_int_equal(recv(late[1], back, sizeof(back), MSG_DONTWAIT), 3);
	assert_memory_equal(back, "new", 3);
	close(early[1]);
	close(late[1]);
	chardev_close(f->c);			/* g ends here */
	f->c = NULL;
}

#define CASE(t) cmocka_unit_test_setup_teardown(t, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(pipe_passes_every_byte_both_ways),
		CASE(input_waits_for_a_client_without_room),
		CASE(slow_pipe_makes_the_writer_wait_and_loses_nothing),
		CASE(end_of_input_does_not_spin),
		CASE(reader_that_is_gone_takes_everything),
		CASE(file_as_input_is_read_to_its_end),
		CASE(no_input_at_all_is_quiet),
		CASE(terminal_commands_are_taken_out_of_the_input),
		CASE(quit_works_however_much_was_typed_before),
		CASE(terminal_size_is_told_at_start_and_on_change),
		CASE(terminal_is_as_before_after_close),
		CASE(file_keeps_output),
		CASE(null_takes_everything),
		CASE(late_reader_begins_with_the_next_write),
	};

	return cmocka_run_group_tests_name("character back-ends", tests, NULL, NULL);
}
