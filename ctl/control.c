/* SPDX-License-Identifier: BSD-2-Clause */
/* The socket: clients, lines, JSON-RPC 2.0 envelopes; see control.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backend/chardev_mux.h"
#include "ctl/control.h"

#define OUT_MAX	(1u << 20)	/* answers that a client leaves lying */

/* JSON-RPC 2.0 §5.1 */
enum { RPC_PARSE = -32700, RPC_REQUEST = -32600, RPC_METHOD = -32601, RPC_PARAMS = -32602, RPC_FAILED = -32000 };

static void client_close(struct control_client *c)
{
	if (c->watch.fd >= 0) {
		loop_fd_remove(c->control->loop, &c->watch);
		close(c->watch.fd);
	}
	c->watch.fd = -1;
	free(c->in);
	free(c->out);
	c->in = c->out = NULL;
	c->in_len = c->out_len = 0;
	c->deaf = false;
}

/* False: the client is gone. */
static bool client_flush(struct control_client *c)
{
	while (c->out_len) {
		ssize_t n = send(c->watch.fd, c->out, c->out_len, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN) {
			loop_fd_set(c->control->loop, &c->watch, EPOLLOUT);
			return true;
		}
		if (n < 0) {
			client_close(c);
			return false;
		}
		c->out_len -= (size_t)n;
		memmove(c->out, c->out + n, c->out_len);
	}
	loop_fd_set(c->control->loop, &c->watch, EPOLLIN);
	return true;
}

/* Takes the answer over. */
static void client_answer(struct control_client *c, json_t *answer)
{
	char *text = json_dumps(answer, JSON_COMPACT), *grown = NULL;
	size_t len = text ? strlen(text) : 0;

	json_decref(answer);
	if (text && c->out_len + len + 1 <= OUT_MAX)
		grown = realloc(c->out, c->out_len + len + 1);
	if (!grown) {
		c->deaf = true;
	} else {
		c->out = grown;
		memcpy(c->out + c->out_len, text, len);
		c->out[c->out_len + len] = '\n';
		c->out_len += len + 1;
	}
	free(text);
}

/* Without an ID where none could be read. */
static void client_error(struct control_client *c, json_t *id, int code, const char *message)
{
	client_answer(c, json_pack("{s:s, s:O?, s:{s:i, s:s}}", "jsonrpc", "2.0", "id", id, "error", "code", code, "message",
				   message));
}

static int rpc_code(int err)
{
	return err == -ENOSYS ? RPC_METHOD : err == -EINVAL ? RPC_PARAMS : RPC_FAILED;
}

/* What a method says. Without an ID it was a notification, which has no answer, whatever came of it. */
static void client_failed(struct control_client *c, json_t *id, int err, const char *message)
{
	if (id)
		client_error(c, id, rpc_code(err), message);
}

static void client_result(struct control_client *c, json_t *id, json_t *result)
{
	if (id)
		client_answer(c, json_pack("{s:s, s:O, s:O}", "jsonrpc", "2.0", "id", id, "result", result));
	json_decref(result);
}

/* From here on the connection is the console: bytes, no JSON. False, unless there is no room for it. */
static bool client_console(struct control_client *c, json_t *id, const char *rest, size_t rest_len)
{
	struct chardev *console = c->control->target->console;
	int fd;

	if (!chardev_mux_room(console)) {
		client_failed(c, id, -EBUSY, "too many look at this console already: leave one of them");
		return true;
	}
	client_result(c, id, json_object());
	if (!client_flush(c))
		return false;
	fd = c->watch.fd;
	loop_fd_remove(c->control->loop, &c->watch);
	if (c->out_len || chardev_mux_add(console, fd))
		close(fd);
	else
		chardev_mux_type(console, rest, rest_len);
	c->watch.fd = -1;
	client_close(c);
	return false;
}

/* False: the connection isn't ours any more. */
static bool client_request(struct control_client *c, const char *line, size_t len)
{
	json_error_t bad;
	json_t *request = json_loadb(line, len, JSON_REJECT_DUPLICATES, &bad), *id = json_object_get(request, "id"), *result;
	const char *method = json_string_value(json_object_get(request, "method"));
	struct ctl_error e = { "" };
	bool ours = true;
	int err;

	if (!request) {
		client_error(c, NULL, RPC_PARSE, bad.text);
	} else if (!json_is_object(request) || !method || json_is_object(id) || json_is_array(id)) {
		client_error(c, NULL, RPC_REQUEST, "a request is an object with \"method\"");
	} else if (!strcmp(method, "console")) {
		ours = client_console(c, id, line + len + 1, (size_t)(c->in + c->in_len - line) - len - 1);
	} else {
		err = control_call(c->control->target, method, json_object_get(request, "params"), &result, &e);
		if (err)
			client_failed(c, id, err, e.text);
		else
			client_result(c, id, result);
	}
	json_decref(request);
	return ours;
}

static void client_lines(struct control_client *c)
{
	size_t at = 0;
	char *end;

	while (!c->deaf && (end = memchr(c->in + at, '\n', c->in_len - at))) {
		size_t len = (size_t)(end - c->in) - at;

		if (len && !client_request(c, c->in + at, len))
			return;
		at += len + 1;
	}
	c->in_len -= at;
	memmove(c->in, c->in + at, c->in_len);
	if (c->in_len == CONTROL_REQUEST_MAX) {
		client_error(c, NULL, RPC_REQUEST, "the request is too long");
		c->deaf = true;
		c->in_len = 0;
	}
	client_flush(c);
}

static void client_event(struct loop_fd *w, uint32_t events)
{
	struct control_client *c = container_of(w, struct control_client, watch);
	ssize_t n;

	if (events & EPOLLOUT) {
		client_flush(c);
		return;
	}
	n = recv(w->fd, c->in + c->in_len, CONTROL_REQUEST_MAX - c->in_len, MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		client_close(c);
		return;
	}
	if (c->deaf)
		return;
	c->in_len += (size_t)n;
	client_lines(c);
}

static bool allowed(int fd)
{
	struct ucred who;
	socklen_t len = sizeof(who);

	return !getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &len) && (!who.uid || who.uid == geteuid());
}

static void client_open(struct listener *l, int fd)
{
	struct control *control = container_of(l, struct control, listener);

	for (unsigned i = 0; i < CONTROL_CLIENTS && allowed(fd); i++) {
		struct control_client *c = &control->client[i];

		if (c->watch.fd >= 0)
			continue;
		c->in = malloc(CONTROL_REQUEST_MAX);
		c->watch = (struct loop_fd){ fd, EPOLLIN, client_event };
		if (c->in && !loop_fd_add(control->loop, &c->watch))
			return;
		c->watch.fd = -1;
		free(c->in);
		c->in = NULL;
		break;
	}
	close(fd);
}

int control_open(struct control *c, struct loop *loop, const char *name, struct control_target *target, struct ctl_error *e)
{
	int err;

	c->loop = loop;
	c->target = target;
	c->listener.watch.fd = -1;
	for (unsigned i = 0; i < CONTROL_CLIENTS; i++)
		c->client[i] = (struct control_client){ .control = c, .watch.fd = -1 };
	err = name_claim(&c->name, name, e);
	if (err)
		return err;
	err = listener_open(&c->listener, loop, &c->name.socket, CONTROL_CLIENTS, client_open);
	if (err)
		return ctl_fail(e, err, "machine %s: %s: %s: make the runtime directory writable, or set XDG_RUNTIME_DIR", name,
				c->name.socket.sun_path, strerror(-err));
	return 0;
}

void control_close(struct control *c)
{
	if (!c->loop)
		return;
	for (unsigned i = 0; i < CONTROL_CLIENTS; i++)
		if (c->client[i].watch.fd >= 0)
			client_close(&c->client[i]);
	listener_close(&c->listener);
	name_release(&c->name);
	c->loop = NULL;
}
