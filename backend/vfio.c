/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The container, its groups, and DMA maps of guest memory; a function's own calls are in vfio_device.c.
 *
 * Order as the kernel wants it: the container, a group into it, the IOMMU's type (with the first group), then functions.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/vfio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "backend/vfio_device.h"
#include "backend/vfio_host.h"

#define PATH_LEN	256

struct vfio_group {
	struct vfio_group *next;
	unsigned number;
	int fd;
};

struct vfio {
	const char *sysfs, *dev;
	struct loop *loop;
	int fd;				/* of the container; -1: not open yet */
	struct vfio_group *groups;
	struct vfio_device *devices;
	struct mem *mem;
	struct mem_listener listener;
};

int vfio_new(const char *sysfs, const char *dev, struct loop *loop, struct vfio **out)
{
	struct vfio *v = calloc(1, sizeof(*v));

	*out = v;
	if (!v)
		return -ENOMEM;
	v->sysfs = sysfs;
	v->dev = dev;
	v->loop = loop;
	v->fd = -1;
	return 0;
}

static int open_container(struct vfio *v, char why[VFIO_WHY])
{
	char path[PATH_LEN];
	int err;

	if (v->fd >= 0)
		return 0;
	snprintf(path, sizeof(path), "%s/vfio", v->dev);
	v->fd = open(path, O_RDWR | O_CLOEXEC);
	if (v->fd < 0) {
		err = -errno;
		return vfio_why(why, err, err == -EACCES ?
				"%s: %s: become root, or have an administrator give you the right to it" :
				"%s: %s: 'modprobe vfio-pci'", path, strerror(-err));
	}
	if (ioctl(v->fd, VFIO_GET_API_VERSION) != VFIO_API_VERSION || ioctl(v->fd, VFIO_CHECK_EXTENSION, VFIO_TYPE1v2_IOMMU) <= 0)
		return vfio_why(why, -ENOTSUP, "the host's kernel has no type 1 IOMMU: 'modprobe vfio_iommu_type1'");
	return 0;
}

static int set_iommu(struct vfio *v, char why[VFIO_WHY])
{
	int err;

	if (v->groups || !ioctl(v->fd, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU))
		return 0;
	err = -errno;
	if (err == -EPERM)
		return vfio_why(why, err, "the host's IOMMU does not remap interrupts, so that a guest could raise any: turn "
				"interrupt remapping on, or accept that with the parameter allow_unsafe_interrupts of "
				"vfio_iommu_type1");
	return vfio_why(why, err, "the host's IOMMU cannot be used (%s): see the kernel's log", strerror(-err));
}

static int enter_group(struct vfio *v, struct vfio_group *g, const char *bdf, char why[VFIO_WHY])
{
	struct vfio_group_status status = { .argsz = sizeof(status) };
	char path[PATH_LEN];
	int err;

	snprintf(path, sizeof(path), "%s/%u", v->dev, g->number);
	g->fd = open(path, O_RDWR | O_CLOEXEC);
	if (g->fd < 0) {
		err = -errno;
		return vfio_why(why, err, err == -EBUSY ? "another process has its IOMMU group (%s: %s): stop that" :
				err == -EACCES ? "%s: %s: become root, or have an administrator give you the right to it" :
				"%s: %s: bind the device to vfio-pci again", path, strerror(-err));
	}
	if (ioctl(g->fd, VFIO_GROUP_GET_STATUS, &status))
		return vfio_why(why, -errno, "%s: %s", path, strerror(errno));
	if (!(status.flags & VFIO_GROUP_FLAGS_VIABLE))
		return vfio_host_others(v->sysfs, bdf, g->number, why);
	if (ioctl(g->fd, VFIO_GROUP_SET_CONTAINER, &v->fd))
		return vfio_why(why, -errno, "its IOMMU group %u cannot be used (%s)", g->number, strerror(errno));
	return set_iommu(v, why);
}

static int group_of(struct vfio *v, const char *bdf, int *fd, char why[VFIO_WHY])
{
	struct vfio_group *g;
	unsigned number = 0;
	int err = vfio_host_group(v->sysfs, bdf, &number, why);

	if (!err)
		err = open_container(v, why);
	if (err)
		return err;
	for (g = v->groups; g && g->number != number; g = g->next)
		;
	if (g) {
		*fd = g->fd;
		return 0;
	}
	g = calloc(1, sizeof(*g));
	if (!g)
		return vfio_why(why, -ENOMEM, "out of memory");
	g->number = number;
	err = enter_group(v, g, bdf, why);
	if (err) {
		if (g->fd >= 0)
			close(g->fd);
		free(g);
		return err;
	}
	g->next = v->groups;
	v->groups = g;
	*fd = g->fd;
	return 0;
}

int vfio_open(struct vfio *v, const char *text, struct hostpci **out, char why[VFIO_WHY])
{
	struct vfio_device *d;
	char bdf[BDF_MAX];
	int group = -1, err = vfio_bdf(text, bdf);

	*out = NULL;
	if (err)
		return vfio_why(why, err, "no PCI address: write it as 0000:03:00.0, as 'lspci -D' does");
	err = group_of(v, bdf, &group, why);
	if (err)
		return err;
	err = vfio_device_open(group, bdf, v->loop, &d, why);
	if (err)
		return err;
	d->next = v->devices;
	v->devices = d;
	*out = &d->host;
	return 0;
}

/* ---- memory ---- */

static int slot_added(struct mem_listener *l, const struct mem_slot *s)
{
	struct vfio *v = container_of(l, struct vfio, listener);
	struct vfio_iommu_type1_dma_map map = {
		.argsz = sizeof(map), .flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
		.vaddr = (uintptr_t)s->backing.host, .iova = s->base, .size = s->size,
	};

	if (s->kind != MEM_RAM || !s->can_write || !s->backing.host)
		return 0;
	return ioctl(v->fd, VFIO_IOMMU_MAP_DMA, &map) ? -errno : 0;
}

static void slot_removed(struct mem_listener *l, const struct mem_slot *s)
{
	struct vfio *v = container_of(l, struct vfio, listener);
	struct vfio_iommu_type1_dma_unmap unmap = { .argsz = sizeof(unmap), .iova = s->base, .size = s->size };

	if (s->kind == MEM_RAM && s->can_write && s->backing.host)
		ioctl(v->fd, VFIO_IOMMU_UNMAP_DMA, &unmap);
}

int vfio_map(struct vfio *v, struct mem *m, char why[VFIO_WHY])
{
	int err;

	__atomic_add_fetch(&m->pinned, 1, __ATOMIC_SEQ_CST);
	v->listener = (struct mem_listener){ .add = slot_added, .remove = slot_removed };
	err = mem_listener_add(m, &v->listener);
	if (!err) {
		v->mem = m;
		return 0;
	}
	__atomic_sub_fetch(&m->pinned, 1, __ATOMIC_SEQ_CST);
	if (err == -ENOMEM)
		return vfio_why(why, err, "all of the guest's memory has to stay in place, and the host does not let it: raise the "
				"limit of locked memory (ulimit -l), or ask for less with -m");
	return vfio_why(why, err, "the host's IOMMU does not take the guest's memory (%s): ask for less with -m", strerror(-err));
}

void vfio_free(struct vfio *v)
{
	struct vfio_device *d;
	struct vfio_group *g;

	if (!v)
		return;
	while ((d = v->devices)) {
		v->devices = d->next;
		vfio_device_close(d);
	}
	if (v->mem) {
		mem_listener_remove(v->mem, &v->listener);
		__atomic_sub_fetch(&v->mem->pinned, 1, __ATOMIC_SEQ_CST);
	}
	while ((g = v->groups)) {
		v->groups = g->next;
		close(g->fd);
		free(g);
	}
	if (v->fd >= 0)
		close(v->fd);
	free(v);
}
