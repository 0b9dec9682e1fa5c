/* SPDX-License-Identifier: BSD-2-Clause */
/* Virtio sockets over Unix sockets of the host, or its vhost driver. */
#ifndef BACKEND_VSOCK_H
#define BACKEND_VSOCK_H

#include "core/vsock.h"

struct loop;
/*
 * The guest connects to port P: a connection to the Unix socket `path`_P. Somebody on the host connects to `path` and sends
 * "CONNECT P\n": a connection to the guest's port P, after the answer "OK N\n", N being the host's end. A socket at path that
 * nobody listens on is replaced; it has mode 0600, and is removed by vsock_close. All on the loop's thread, whose workq the
 * device uses.
 * -EADDRINUSE: somebody listens there; -ENAMETOOLONG; -EINVAL: a CID below 3 or above 32 bits.
 */
int vsock_unix_open(struct loop *loop, uint64_t cid, const char *path, struct vsock_backend **out);
/*
 * Over the host's /dev/vhost-vsock: a socket of family AF_VSOCK on either side; the guest is CID `cid`, the host 2. -EADDRINUSE:
 * another guest has the CID; errors of vhost_kernel_open.
 */
int vsock_vhost_open(uint64_t cid, struct vsock_backend **out);
void vsock_close(struct vsock_backend *b);	/* NULL is fine */

#endif
