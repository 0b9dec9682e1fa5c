/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * PCI functions of the host through VFIO (Linux, Documentation/driver-api/vfio.rst): one container with a type 1 IOMMU for a
 * machine, its groups, and struct hostpci for each function.
 *
 * vfio_map maps all of guest memory for DMA and keeps that so as slots come and go; pages are pinned, so mem->pinned says that
 * none may be given back. vfio_free unmaps all; devices are gone and the loop has stopped.
 */
#ifndef BACKEND_VFIO_H
#define BACKEND_VFIO_H

#include "core/hostpci.h"
#include "os/loop.h"

#define VFIO_WHY	400

struct vfio;

/* sysfs and dev: "/sys" and "/dev/vfio". The strings stay the caller's and live on. -ENOMEM. */
int vfio_new(const char *sysfs, const char *dev, struct loop *loop, struct vfio **out);
/* bdf: [DOMAIN:]BUS:SLOT.FUNCTION. On an error why says what is wrong and what to do, in a line. */
int vfio_open(struct vfio *v, const char *bdf, struct hostpci **out, char why[VFIO_WHY]);
int vfio_map(struct vfio *v, struct mem *m, char why[VFIO_WHY]);
void vfio_free(struct vfio *v);

#endif
