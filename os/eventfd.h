/* SPDX-License-Identifier: BSD-2-Clause */
/* A notifier that is an eventfd, so that the kernel can signal it (irqfd) or wait for it (ioeventfd, vhost, io_uring). */
#ifndef OS_EVENTFD_H
#define OS_EVENTFD_H

#include "base/notifier.h"

int eventfd_notifier_init(struct notifier *n);		/* n->fd: non-blocking, close on exec */
bool eventfd_notifier_take(struct notifier *n);		/* the consumer: was it signalled since the last time? */
void eventfd_notifier_fini(struct notifier *n);

#endif
