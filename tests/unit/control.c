/* SPDX-License-Identifier: BSD-2-Clause */
/* The control socket beside a machine's life: what clients do while the machine is on its way to standing still. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ctl/life.h"
#include "ctl/vcpus.h"
#include "os/arena.h"
#include "os/thread.h"
#include "tests/unit/cmocka_all.h"

#define BUSY_US	50000

struct rig {
	struct vm vm;
	struct vcpus vcpus;
	struct loop loop;
	struct life life;
	struct control control;
	struct run_options options;
	struct ctl_error e;
	struct thread worker;
	bool worker_runs;
	unsigned quiesced;
};

static int fake_ok(struct vcpu *v)
{
	return 0;
}

static void fake_nothing(struct vcpu *v)
{
}

static enum vm_exit fake_run(struct vcpu *v)
{
	while (!__atomic_load_n(&v->pause_request, __ATOMIC_SEQ_CST))
		usleep(100);
	return EXIT_PAUSED;
}

static const struct engine_ops fake_engine = {
	.name = "fake", .vcpu_init = fake_ok, .vcpu_fini = fake_nothing, .vcpu_run = fake_run, .vcpu_kick = fake_nothing,
};

/* ---- a device that has work under way for a while ---- */

struct busy {
	struct device dev;
	struct rig *rig;
};

static void busy_work(void *arg)
{
	struct busy *b = arg;

	usleep(BUSY_US);
	dev_quiesced(&b->dev);
}

static int busy_quiesce(struct device *d)
{
	struct busy *b = container_of(d, struct busy, dev);
	struct rig *r = b->rig;

	r->quiesced++;
	if (r->worker_runs)
		thread_join(&r->worker);
	r->worker_runs = !thread_start(&r->worker, "busy", busy_work, b);
	return r->worker_runs ? -EINPROGRESS : 0;
}

static const struct dev_class busy_class = { .name = "busy", .size = sizeof(struct busy), .quiesce = busy_quiesce };

/* ---- the rig ---- */

static char runtime[] = "/tmp/cella-control-XXXXXX";

static struct rig *rig_new(void)
{
	struct rig *r = calloc(1, sizeof(*r));
	struct device *d;

	assert_int_equal(loop_init(&r->loop), 0);
	os_arena_init(&r->vm.arena);
	assert_int_equal(vm_init(&r->vm, ISA_ARM64, &fake_engine, 62500000), 0);
	assert_int_equal(vm_vcpus_create(&r->vm, 1), 0);
	d = device_create(&r->vm, &busy_class);
	assert_non_null(d);
	assert_int_equal(device_init(d), 0);
	container_of(d, struct busy, dev)->rig = r;
	r->vm.name = "one";
	r->life = (struct life){ .options = &r->options, .e = &r->e, .vm = &r->vm, .vcpus = &r->vcpus, .control = &r->loop,
				 .target = { .vm = &r->vm } };
	r->vm.events = (struct vm_events){ life_request, &r->life };
	assert_int_equal(life_init(&r->life), 0);
	assert_int_equal(vcpus_start(&r->vcpus, &r->vm), 0);
	assert_int_equal(control_open(&r->control, &r->loop, "one", &r->life.target, &r->e), 0);
	vm_time_resume(&r->vm.time);
	vcpus_resume(&r->vcpus);
	return r;
}

static void rig_free(struct rig *r)
{
	vcpus_end(&r->vcpus);
	if (r->worker_runs)
		thread_join(&r->worker);
	control_close(&r->control);
	life_fini(&r->life);
	loop_fini(&r->loop);
	os_arena_free(&r->vm.arena);
	free(r);
}

static int client(struct rig *r)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(connect(fd, (const struct sockaddr *)&r->control.name.socket, sizeof(r->control.name.socket)), 0);
	loop_once(&r->loop, 0);
	return fd;
}

static void say(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

static void serve(struct rig *r)
{
	for (unsigned i = 0; i < 8; i++)
		loop_once(&r->loop, 1);
}

/* All that has come for the client, or "". */
static const char *heard(int fd)
{
	static char text[4096];
	ssize_t n = recv(fd, text, sizeof(text) - 1, MSG_DONTWAIT);

	text[n > 0 ? n : 0] = 0;
	return text;
}

#define PAUSE	"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"pause\"}\n"
#define RESUME	"{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"resume\"}\n"

/* ---- tests ---- */

static void a_client_may_leave_while_the_machine_pauses_for_it(void **state)
{
	struct rig *r = rig_new();
	int fd = client(r);

	say(fd, PAUSE);
	close(fd);
	serve(r);
	assert_true(r->life.target.paused);
	assert_int_equal(r->quiesced, 1);
	rig_free(r);
}

static void talk_later(void *arg)
{
	usleep(BUSY_US / 5);
	say(*(int *)arg, RESUME);
}

static void a_request_that_comes_while_the_machine_pauses_waits_its_turn(void **state)
{
	struct rig *r = rig_new();
	int fd = client(r), other = client(r);
	struct thread talker;

	say(fd, PAUSE);
	assert_int_equal(thread_start(&talker, "talker", talk_later, &other), 0);
	loop_once(&r->loop, 1000);
	assert_true(r->life.target.paused);
	assert_string_equal(heard(fd), "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}\n");
	assert_string_equal(heard(other), "");
	thread_join(&talker);
	serve(r);
	assert_false(r->life.target.paused);
	assert_string_equal(heard(other), "{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":{}}\n");
	assert_int_equal(r->quiesced, 1);
	close(fd);
	close(other);
	rig_free(r);
}

static void a_notification_has_no_answer_even_if_it_fails(void **state)
{
	struct rig *r = rig_new();
	int fd = client(r);

	say(fd, "{\"jsonrpc\":\"2.0\",\"method\":\"fly\"}\n"
	    "{\"jsonrpc\":\"2.0\",\"method\":\"stop\",\"params\":{\"timeout\":-1}}\n");
	serve(r);
	assert_string_equal(heard(fd), "");
	say(fd, "{\"jsonrpc\":\"2.0\",\"id\":null,\"method\":\"fly\"}\n");
	serve(r);
	assert_non_null(strstr(heard(fd), "-32601"));
	close(fd);
	rig_free(r);
}

static void requests_of_one_packet_are_answered_in_order(void **state)
{
	struct rig *r = rig_new();
	const char *text;
	int fd = client(r);

	say(fd, "\n\n{\"id\":7,\"method\":\"resume\"}\n\n{\"id\":8,\"method\":\"resume\"}\n{\"id\":9,");
	serve(r);
	say(fd, "\"method\":\"resume\"}\n");
	serve(r);
	text = heard(fd);
	assert_non_null(strstr(text, "\"id\":7"));
	assert_true(strstr(text, "\"id\":7") < strstr(text, "\"id\":8"));
	assert_true(strstr(text, "\"id\":8") < strstr(text, "\"id\":9"));
	close(fd);
	rig_free(r);
}

/* In /tmp another user may have made the directory first, and wait there for what is typed at a console. */
static void a_client_does_not_talk_to_a_directory_that_others_can_write(void **state)
{
	char dir[64];
	pid_t pid;
	int status;

	snprintf(dir, sizeof(dir), "%s/cella", runtime);
	if (mkdir(dir, 0700))
		assert_int_equal(errno, EEXIST);
	assert_int_equal(chmod(runtime, 0755), 0);
	pid = fork();
	if (!pid) {
		struct sockaddr_un addr;
		struct ctl_error e;
		bool refused;

		if (geteuid() ? chmod(dir, 0777) : setuid(65534))
			_exit(2);
		refused = name_socket("one", &addr, &e) == -EPERM;
		setenv("XDG_RUNTIME_DIR", "/nowhere", 1);
		_exit(refused && !name_socket("one", &addr, &e) ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(chmod(dir, 0700), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_client_may_leave_while_the_machine_pauses_for_it),
		cmocka_unit_test(a_request_that_comes_while_the_machine_pauses_waits_its_turn),
		cmocka_unit_test(a_notification_has_no_answer_even_if_it_fails),
		cmocka_unit_test(a_client_does_not_talk_to_a_directory_that_others_can_write),
		cmocka_unit_test(requests_of_one_packet_are_answered_in_order),
	};
	char dir[64];
	int failed;

	if (!mkdtemp(runtime))
		return 1;
	setenv("XDG_RUNTIME_DIR", runtime, 1);
	thread_kick_init();
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	snprintf(dir, sizeof(dir), "%s/cella", runtime);
	rmdir(dir);
	rmdir(runtime);
	return failed;
}
