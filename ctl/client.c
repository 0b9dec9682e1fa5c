/* SPDX-License-Identifier: BSD-2-Clause */
/* See client.h. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "ctl/client.h"
#include "ctl/names.h"

#define ANSWER_MAX	(4u << 20)
#define ANSWER_MS	10000

int client_connect(const char *name, struct ctl_error *e)
{
	struct sockaddr_un addr;
	int err = name_socket(name, &addr, e), fd;

	if (err)
		return err;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return ctl_fail(e, -errno, "machine %s: socket: %s", name, strerror(errno));
	if (!connect(fd, (struct sockaddr *)&addr, sizeof(addr)))
		return fd;
	err = -errno;
	close(fd);
	if (err == -ENOENT || err == -ECONNREFUSED)
		return ctl_fail(e, -ENOENT, "machine %s: does not run: 'cella list' shows what does", name);
	return ctl_fail_errno(e, err, "machine", name);
}

static int send_all(int fd, const char *text, size_t len)
{
	while (len) {
		ssize_t n = send(fd, text, len, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		text += n;
		len -= (size_t)n;
	}
	return 0;
}

/* Byte for byte behind the newline there may be a console's output already, which is not ours to read. */
static int read_line(int fd, char **line)
{
	size_t len = 0, size = 0;
	char *buf = NULL, *grown;

	for (;;) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		int err = 0;
		ssize_t n;

		if (len == size) {
			size = size ? size * 2 : 4096;
			grown = size <= ANSWER_MAX ? realloc(buf, size) : NULL;
			err = grown ? 0 : -ENOMEM;
			buf = grown ? grown : buf;
		}
		if (!err && poll(&p, 1, ANSWER_MS) <= 0)
			err = -ETIMEDOUT;
		n = err ? 0 : recv(fd, buf + len, size - len, MSG_PEEK);
		if (!err && n <= 0)
			err = n ? -errno : -ECONNRESET;
		if (!err) {
			char *end = memchr(buf + len, '\n', (size_t)n);

			n = recv(fd, buf + len, end ? (size_t)(end - buf) + 1 - len : (size_t)n, 0);
			len += n > 0 ? (size_t)n : 0;
			if (end && n > 0) {
				buf[len - 1] = 0;
				*line = buf;
				return 0;
			}
		}
		if (err) {
			free(buf);
			return err;
		}
	}
}

static int exchange(int fd, const char *method, json_t *params, json_t **answer)
{
	json_t *request = json_pack("{s:s, s:i, s:s, s:o*}", "jsonrpc", "2.0", "id", 1, "method", method, "params", params);
	char *text = request ? json_dumps(request, JSON_COMPACT) : NULL, *line;
	int err = text ? send_all(fd, text, strlen(text)) : -ENOMEM;

	json_decref(request);
	free(text);
	if (!err)
		err = send_all(fd, "\n", 1);
	if (!err)
		err = read_line(fd, &line);
	if (err)
		return err;
	*answer = json_loads(line, 0, NULL);
	free(line);
	return *answer ? 0 : -EPROTO;
}

int client_call(int fd, const char *name, const char *method, json_t *params, json_t **result, struct ctl_error *e)
{
	json_t *answer, *r;
	const char *why;
	int err = exchange(fd, method, params, &answer);

	if (err)
		return ctl_fail(e, err, "machine %s: no answer to '%s' (%s): is it stuck? 'cella stop --force %s' ends it", name,
				method, strerror(-err), name);
	r = json_object_get(answer, "result");
	why = json_string_value(json_object_get(json_object_get(answer, "error"), "message"));
	if (r)
		*result = json_incref(r);
	else
		err = ctl_fail(e, -EIO, "machine %s: %s: %s", name, method, why ? why : "it answered nothing that makes sense");
	json_decref(answer);
	return err;
}

int client_wait_gone(int fd, int timeout_ms)
{
	struct timespec now;
	int64_t end;

	clock_gettime(CLOCK_MONOTONIC, &now);
	end = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000 + timeout_ms;
	for (;;) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		int64_t left;
		char buf[256];

		clock_gettime(CLOCK_MONOTONIC, &now);
		left = end - ((int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000);
		if (left <= 0 || poll(&p, 1, (int)left) == 0)
			return -ETIMEDOUT;
		if (recv(fd, buf, sizeof(buf), MSG_DONTWAIT) == 0)
			return 0;
	}
}
