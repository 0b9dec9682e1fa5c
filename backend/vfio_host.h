/* SPDX-License-Identifier: BSD-2-Clause */
/* Between vfio.c and what looks at the host in sysfs (vfio_host.c). */
#ifndef BACKEND_VFIO_HOST_H
#define BACKEND_VFIO_HOST_H

#include "backend/vfio.h"

#define BDF_MAX	13			/* 0000:00:00.0 */

/* Writes the line; returns err. */
int vfio_why(char why[VFIO_WHY], int err, const char *format, ...) PRINTF_LIKE(3, 4);
int vfio_bdf(const char *text, char bdf[BDF_MAX]);		/* in full; -EINVAL */
/* The function's IOMMU group, if it is there, behind an IOMMU, and vfio-pci's. */
int vfio_host_group(const char *sysfs, const char *bdf, unsigned *group, char why[VFIO_WHY]);
/* -EBUSY, and why names the functions of the group that the host's drivers still have. */
int vfio_host_others(const char *sysfs, const char *bdf, unsigned group, char why[VFIO_WHY]);

#endif
