/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Disk and network work inside a guest, and the far end of the network's; prints one number.
 *
 *	io rand N		reads of 4 KiB at random places of /dev/vda, one at a time: per second
 *	io seq MIB		reads of 128 KiB, in order: MiB a second
 *	io stream HOST PORT MIB	receives: MiB a second
 *	io rr HOST PORT N	one byte there and back: per second
 *	io serve PORT		the far end of both
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <stdbool.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <linux/fs.h>
#include <time.h>
#include <unistd.h>

#define CHUNK	(128 * 1024)

static uint8_t buf[CHUNK] __attribute__((aligned(4096)));

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int fail(const char *what)
{
	perror(what);
	return 1;
}

static int disk(bool random_places, uint64_t count)
{
	size_t len = random_places ? 4096 : CHUNK;
	int fd = open("/dev/vda", O_RDONLY | O_DIRECT);
	uint64_t size, seed = 1;
	double begun;

	if (fd < 0 || ioctl(fd, BLKGETSIZE64, &size))
		return fail("/dev/vda");
	begun = seconds();
	for (uint64_t n = 0; n < count; n++) {
		uint64_t at = n;

		if (random_places) {
			seed = seed * 6364136223846793005u + 1442695040888963407u;
			at = seed >> 33;
		}
		if (pread(fd, buf, len, (off_t)(at % (size / len) * len)) != (ssize_t)len)
			return fail("read");
	}
	printf("%.1f\n", (double)count * (random_places ? 1 : CHUNK / 1048576.0) / (seconds() - begun));
	return 0;
}

static int dial(const char *host, const char *port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port)) };
	int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;

	inet_pton(AF_INET, host, &a.sin_addr);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return connect(fd, (struct sockaddr *)&a, sizeof(a)) ? -1 : fd;
}

static int stream(int fd, uint64_t mib)
{
	uint64_t want = mib << 20, got = 0;
	double begun = seconds();
	ssize_t n;

	if (fd < 0 || dprintf(fd, "s") != 1)
		return fail("connect");
	while (got < want && (n = read(fd, buf, sizeof(buf))) > 0)
		got += (uint64_t)n;
	printf("%.1f\n", (double)got / 1048576.0 / (seconds() - begun));
	return 0;
}

static int request_response(int fd, uint64_t count)
{
	double begun;

	if (fd < 0 || dprintf(fd, "r") != 1)
		return fail("connect");
	begun = seconds();
	for (uint64_t n = 0; n < count; n++)
		if (write(fd, "x", 1) != 1 || read(fd, buf, 1) != 1)
			return fail("echo");
	printf("%.1f\n", (double)count / (seconds() - begun));
	return 0;
}

static void serve_one(int fd)
{
	char kind;
	int on = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (read(fd, &kind, 1) != 1)
		return;
	if (kind == 's')
		while (send(fd, buf, sizeof(buf), MSG_NOSIGNAL) > 0)
			;
	else
		while (read(fd, buf, 1) == 1 && send(fd, buf, 1, MSG_NOSIGNAL) == 1)
			;
}

static int serve(const char *port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port)) };
	int fd = socket(AF_INET, SOCK_STREAM, 0), c;

	if (bind(fd, (struct sockaddr *)&a, sizeof(a)) || listen(fd, 4))
		return fail("listen");
	while ((c = accept(fd, NULL, NULL)) >= 0) {
		serve_one(c);
		close(c);
	}
	return 0;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	if (argc == 3 && !strcmp(what, "rand"))
		return disk(true, strtoull(argv[2], NULL, 10));
	if (argc == 3 && !strcmp(what, "seq"))
		return disk(false, strtoull(argv[2], NULL, 10) * (1048576 / CHUNK));
	if (argc == 5 && !strcmp(what, "stream"))
		return stream(dial(argv[2], argv[3]), strtoull(argv[4], NULL, 10));
	if (argc == 5 && !strcmp(what, "rr"))
		return request_response(dial(argv[2], argv[3]), strtoull(argv[4], NULL, 10));
	if (argc == 3 && !strcmp(what, "serve"))
		return serve(argv[2]);
	fprintf(stderr, "usage: io rand N | seq MIB | stream HOST PORT MIB | rr HOST PORT N | serve PORT\n");
	return 1;
}
