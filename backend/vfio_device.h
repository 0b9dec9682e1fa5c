/* SPDX-License-Identifier: BSD-2-Clause */
/* One function behind VFIO (vfio_device.c). */
#ifndef BACKEND_VFIO_DEVICE_H
#define BACKEND_VFIO_DEVICE_H

#include "backend/vfio.h"

struct vfio_watch;

struct vfio_device {
	struct hostpci host;
	struct vfio_device *next;
	char name[16];
	int fd;
	bool resets;
	struct { uint64_t offset, size; } region[HOSTPCI_BARS + 3];	/* in fd; the last but one: configuration space */
	struct { void *at; uint64_t size; } mapped[HOSTPCI_BARS * (HOSTPCI_AREAS + 2)];
	unsigned maps;
	enum hostpci_irq irq;		/* what the kernel has, */
	unsigned irqs;			/* and how many of it */
	/* Signals that the loop passes on: an epoll of our own, which any thread may add to, watched by the loop. */
	struct loop *loop;
	struct loop_fd events;
	struct vfio_watch *watch;	/* one for each vector, and the last for listen() */
	unsigned watches;
};

int vfio_device_open(int group, const char *bdf, struct loop *loop, struct vfio_device **out, char why[VFIO_WHY]);
void vfio_device_close(struct vfio_device *d);

#endif
