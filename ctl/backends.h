/* SPDX-License-Identifier: BSD-2-Clause */
/* The host ends of a machine's devices, made from options: console, disks, networks, random numbers. */
#ifndef CTL_BACKENDS_H
#define CTL_BACKENDS_H

#include "backend/chardev.h"
#include "backend/disk.h"
#include "backend/net.h"
#include "backend/share.h"
#include "backend/vfio.h"
#include "backend/vsock.h"
#include "core/entropy.h"
#include "ctl/io_threads.h"
#include "ctl/options.h"
#include "machine/machine.h"
#include "os/loop.h"

struct backends {
	struct loop *control, *io;
	struct pool *pool;
	struct chardev *console, *null;
	struct entropy *entropy;
	struct block_backend *disk[MACHINE_MAX_VIRTIO];
	struct net_backend *net[MACHINE_MAX_VIRTIO];
	struct vsock_backend *vsock;
	struct share *share[MACHINE_MAX_VIRTIO];
	unsigned disks, nets, shares;
	bool published;			/* a network has got the ports of --publish */
	struct vfio *vfio;
	struct io_threads threads;	/* of disks, and of networks with several queues */
	bool packed;
};

/*
 * Opens everything and adds the virtio devices to config. `io` is the loop whose thread works on rings; not running yet. The
 * terminal comes last and becomes raw. backends_close in any case.
 */
int backends_open(struct backends *b, struct loop *control, struct loop *io, struct stdio_events *events,
		  const struct run_options *o, struct machine_config *config, struct ctl_error *e);
/* Functions of the host see the guest's memory from now on. */
int backends_map(struct backends *b, struct mem *m, struct ctl_error *e);
int backends_start(struct backends *b);		/* the threads of their own */
void backends_stop(struct backends *b);		/* and of those that were started; then nothing of theirs runs */
/* Loops have stopped, devices are gone. Restores the terminal. */
void backends_close(struct backends *b);

#endif
