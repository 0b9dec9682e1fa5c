/* SPDX-License-Identifier: BSD-2-Clause */
/* cell_start ID: starts a cell and prints the counter before the call and after it. For bench/bare, in the root cell. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

#include "abi/ioctl.h"

static uint64_t counter(void)
{
	uint64_t v;

	__asm__ volatile("isb\n\tmrs %0, cntvct_el0" : "=r"(v) : : "memory");
	return v;
}

int main(int argc, char **argv)
{
	struct cella_cell_ref ref = { .id = argc == 2 ? atoi(argv[1]) : 0 };
	int fd = open("/dev/cella", O_RDWR);
	uint64_t begun, ended;
	int err;

	if (fd < 0 || !ref.id) {
		fprintf(stderr, "cell_start: /dev/cella or the id is missing\n");
		return 2;
	}
	begun = counter();
	err = ioctl(fd, CELLA_IOC_START, &ref);
	ended = counter();
	if (err) {
		perror("cell_start");
		return 1;
	}
	printf("start: %llu %llu\n", (unsigned long long)begun, (unsigned long long)ended);
	return 0;
}
