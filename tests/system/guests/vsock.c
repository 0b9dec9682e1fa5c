/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vsock c PORT [CID]: standard input to that port (CID 2, the host, unless said), then what comes back on standard output.
 * vsock l PORT: prints a line when it listens; answers one connection with what it gets.
 */
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/vm_sockets.h>	/* wants sys/socket.h's types */

static char buf[50000];

static int copy(int from, int to)
{
	ssize_t n;

	while ((n = read(from, buf, sizeof(buf))) > 0)
		if (write(to, buf, (size_t)n) != n)
			return -1;
	return (int)n;
}

int main(int argc, char **argv)
{
	struct sockaddr_vm a = { .svm_family = AF_VSOCK, .svm_cid = argc > 3 ? (unsigned)atoi(argv[3]) : 2 };
	int s = socket(AF_VSOCK, SOCK_STREAM, 0), c;

	if (argc < 3 || s < 0)
		return 5;
	a.svm_port = (unsigned)atoi(argv[2]);
	if (*argv[1] == 'l') {
		a.svm_cid = VMADDR_CID_ANY;
		if (bind(s, (void *)&a, sizeof(a)) || listen(s, 1) || write(1, "listens\n", 8) < 0)
			return 1;
		c = accept(s, NULL, NULL);
		return c < 0 ? 1 : copy(c, c) ? 2 : 0;
	}
	if (connect(s, (void *)&a, sizeof(a)))
		return 3;
	if (copy(0, s))
		return 4;
	shutdown(s, SHUT_WR);
	return copy(s, 1) ? 4 : 0;
}
