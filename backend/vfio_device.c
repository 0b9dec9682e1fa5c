/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * struct hostpci by the calls of a VFIO device: regions are parts of its descriptor, interrupts are eventfds.
 *
 * A notifier without a descriptor of its own gets an eventfd of ours. These are made when they are first needed, stay until the
 * end, and are watched by an epoll that is itself watched by the loop: epoll takes new ones from any thread.
 */
#include <errno.h>
#include <linux/vfio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "backend/vfio_device.h"
#include "backend/vfio_host.h"
#include "base/bits.h"
#include "os/eventfd.h"
#include "os/file.h"

#define CONFIG		VFIO_PCI_CONFIG_REGION_INDEX
#define INFO_MAX	4096
#define HEADER_TYPE	0x0e
#define BAR0		0x10
#define EVENTS		16

struct vfio_watch {
	struct notifier own;		/* the eventfd; fd 0 and no signal: not made yet */
	struct notifier *to;		/* atomic */
};

static const uint32_t irq_index[HOSTPCI_IRQS] = {
	[HOSTPCI_INTX] = VFIO_PCI_INTX_IRQ_INDEX, [HOSTPCI_MSI] = VFIO_PCI_MSI_IRQ_INDEX, [HOSTPCI_MSIX] = VFIO_PCI_MSIX_IRQ_INDEX,
};

static struct vfio_device *of(struct hostpci *h)
{
	return container_of(h, struct vfio_device, host);
}

/* ---- registers ---- */

static uint64_t region_read(struct vfio_device *d, unsigned region, uint64_t offset, unsigned size)
{
	uint64_t val = 0;

	if (offset >= d->region[region].size || size > d->region[region].size - offset ||
	    pread(d->fd, &val, size, (off_t)(d->region[region].offset + offset)) != (ssize_t)size)
		return ~0ull;
	return val;			/* both sides are little-endian */
}

static void region_write(struct vfio_device *d, unsigned region, uint64_t offset, unsigned size, uint64_t val)
{
	ssize_t done;

	if (offset >= d->region[region].size || size > d->region[region].size - offset)
		return;
	done = pwrite(d->fd, &val, size, (off_t)(d->region[region].offset + offset));
	(void)done;			/* as a write to hardware: nobody to tell */
}

static uint32_t config_read(struct hostpci *h, uint32_t reg, unsigned size)
{
	return (uint32_t)region_read(of(h), CONFIG, reg, size);
}

static void config_write(struct hostpci *h, uint32_t reg, unsigned size, uint32_t val)
{
	region_write(of(h), CONFIG, reg, size, val);
}

static uint64_t bar_read(struct hostpci *h, unsigned bar, uint64_t offset, unsigned size)
{
	return region_read(of(h), bar, offset, size);
}

static void bar_write(struct hostpci *h, unsigned bar, uint64_t offset, unsigned size, uint64_t val)
{
	region_write(of(h), bar, offset, size, val);
}

static int map(struct hostpci *h, unsigned bar, uint64_t offset, uint64_t size, struct mem_backing *out)
{
	struct vfio_device *d = of(h);
	void *at;

	if (d->maps == ARRAY_SIZE(d->mapped))
		return -ENOSPC;
	at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, d->fd, (off_t)(d->region[bar].offset + offset));
	if (at == MAP_FAILED)
		return -errno;
	d->mapped[d->maps].at = at;
	d->mapped[d->maps++].size = size;
	*out = (struct mem_backing){ .host = at, .fd = -1 };
	return 0;
}

/* ---- interrupts ---- */

static void events_came(struct loop_fd *w, uint32_t what)
{
	struct vfio_device *d = container_of(w, struct vfio_device, events);
	struct epoll_event e[EVENTS];
	int n = epoll_wait(w->fd, e, EVENTS, 0);

	for (int i = 0; i < n; i++) {
		struct vfio_watch *watch = &d->watch[e[i].data.u32];
		struct notifier *to = __atomic_load_n(&watch->to, __ATOMIC_ACQUIRE);

		if (eventfd_notifier_take(&watch->own) && to)
			notifier_signal(to);
	}
}

/* A descriptor whose signals are the notifier's, or -errno. */
static int fd_for(struct vfio_device *d, unsigned n, struct notifier *to)
{
	struct epoll_event e = { .events = EPOLLIN, .data.u32 = n };
	struct vfio_watch *w = &d->watch[n];
	int err;

	if (!w->own.signal) {
		err = eventfd_notifier_init(&w->own);
		if (err)
			return err;
		if (epoll_ctl(d->events.fd, EPOLL_CTL_ADD, w->own.fd, &e))
			return -errno;
	}
	__atomic_store_n(&w->to, to, __ATOMIC_RELEASE);
	return w->own.fd;
}

static int set_irqs(struct vfio_device *d, enum hostpci_irq kind, uint32_t flags, const int *fds, unsigned n)
{
	size_t size = sizeof(struct vfio_irq_set) + n * sizeof(*fds);
	struct vfio_irq_set *s = calloc(1, size);
	int r;

	if (!s)
		return -ENOMEM;
	s->argsz = (uint32_t)size;
	s->flags = flags;
	s->index = irq_index[kind];
	s->count = n;
	if (fds)
		memcpy(s->data, fds, n * sizeof(*fds));
	r = ioctl(d->fd, VFIO_DEVICE_SET_IRQS, s);
	if (r < 0)
		r = -errno;
	free(s);
	return r;
}

static int set_off(struct vfio_device *d)
{
	int r = d->irqs ? set_irqs(d, d->irq, VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_TRIGGER, NULL, 0) : 0;

	d->irqs = 0;
	return r;
}

static int interrupts(struct hostpci *h, enum hostpci_irq kind, struct notifier *const *list, unsigned n)
{
	const uint32_t flags = VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER;
	struct vfio_device *d = of(h);
	unsigned count = MIN(n, h->vectors[kind]);
	int *fds, r = set_off(d);

	if (!count || r)
		return r;
	fds = calloc(count, sizeof(*fds));
	if (!fds)
		return -ENOMEM;
	for (unsigned i = 0; i < count; i++)
		fds[i] = list[i]->fd >= 0 ? list[i]->fd : fd_for(d, i, list[i]);
	r = set_irqs(d, kind, flags, fds, count);
	if (r > 0 && (unsigned)r < count) {		/* the host can give that many */
		count = (unsigned)r;
		r = set_irqs(d, kind, flags, fds, count);
	}
	free(fds);
	if (r)
		return r < 0 ? r : 0;
	d->irq = kind;
	d->irqs = count;
	return (int)count;
}

static void intx_unmask(struct hostpci *h)
{
	struct vfio_device *d = of(h);
	struct vfio_irq_set s = {
		.argsz = sizeof(s), .flags = VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_UNMASK,
		.index = VFIO_PCI_INTX_IRQ_INDEX, .count = 1,
	};

	ioctl(d->fd, VFIO_DEVICE_SET_IRQS, &s);
}

static int listen_fd(struct hostpci *h, struct notifier *to)
{
	return fd_for(of(h), of(h)->watches - 1, to);
}

static int reset(struct hostpci *h)
{
	struct vfio_device *d = of(h);

	if (!d->resets)
		return -ENOTSUP;
	return ioctl(d->fd, VFIO_DEVICE_RESET) ? -errno : 0;
}

static const struct hostpci_ops ops = {
	.config_read = config_read, .config_write = config_write, .bar_read = bar_read, .bar_write = bar_write, .map = map,
	.interrupts = interrupts, .intx_unmask = intx_unmask, .listen = listen_fd, .reset = reset,
};

/* ---- set-up ---- */

static void add_area(struct hostpci_bar *b, uint64_t offset, uint64_t size, uint64_t page)
{
	if (b->areas == HOSTPCI_AREAS || !size || (offset | size) & (page - 1) || offset > b->size || size > b->size - offset)
		return;
	b->area[b->areas].offset = offset;
	b->area[b->areas++].size = size;
}

/* What of a region can be mapped: what the kernel lists, or all. */
static void find_areas(struct hostpci_bar *b, const uint8_t *info, uint64_t page)
{
	const struct vfio_region_info *r = (const void *)info;
	uint32_t at = r->flags & VFIO_REGION_INFO_FLAG_CAPS ? r->cap_offset : 0;

	if (!(r->flags & VFIO_REGION_INFO_FLAG_MMAP))
		return;
	while (at && at + sizeof(struct vfio_region_info_cap_sparse_mmap) <= MIN(r->argsz, INFO_MAX)) {
		const struct vfio_region_info_cap_sparse_mmap *c = (const void *)(info + at);

		if (c->header.id == VFIO_REGION_INFO_CAP_SPARSE_MMAP) {
			for (uint32_t i = 0; i < c->nr_areas && i < HOSTPCI_AREAS; i++)
				add_area(b, c->areas[i].offset, c->areas[i].size, page);
			return;
		}
		at = c->header.next > at ? c->header.next : 0;
	}
	add_area(b, 0, b->size, page);
}

static void set_up_bar(struct vfio_device *d, unsigned n, const uint8_t *info)
{
	struct hostpci_bar *b = &d->host.bar[n];
	uint32_t reg = config_read(&d->host, BAR0 + 4 * n, 4);

	b->size = d->region[n].size;
	if (!b->size || !is_pow2(b->size))
		return;
	b->kind = reg & 1 ? HOSTPCI_IO : (reg & 6) == 4 ? HOSTPCI_MEM64 : HOSTPCI_MEM32;
	b->prefetchable = b->kind != HOSTPCI_IO && reg & 8;
	find_areas(b, info, d->host.page);
}

static int set_up_regions(struct vfio_device *d, uint32_t regions)
{
	uint8_t info[INFO_MAX] __attribute__((aligned(8)));
	struct vfio_region_info *r = (void *)info;

	/* Configuration space first: it says what the BARs are. */
	for (unsigned i = 0; i <= HOSTPCI_BARS; i++) {
		unsigned n = i ? i - 1 : CONFIG;

		memset(info, 0, sizeof(*r));
		r->argsz = INFO_MAX;
		r->index = n;
		if (n >= regions || ioctl(d->fd, VFIO_DEVICE_GET_REGION_INFO, r))
			return n == CONFIG ? -ENODEV : 0;
		d->region[n].offset = r->offset;
		d->region[n].size = r->size;
		if (n != CONFIG)
			set_up_bar(d, n, info);
	}
	return 0;
}

static int set_up_watches(struct vfio_device *d)
{
	d->watches = MAX(MAX(d->host.vectors[HOSTPCI_INTX], d->host.vectors[HOSTPCI_MSI]), d->host.vectors[HOSTPCI_MSIX]) + 1;
	d->watch = calloc(d->watches, sizeof(*d->watch));
	d->events.fd = epoll_create1(EPOLL_CLOEXEC);
	if (!d->watch || d->events.fd < 0)
		return d->watch ? -errno : -ENOMEM;
	d->events.events = EPOLLIN;
	d->events.fn = events_came;
	return loop_fd_add(d->loop, &d->events);
}

static int set_up(struct vfio_device *d, char why[VFIO_WHY])
{
	struct vfio_device_info info = { .argsz = sizeof(info) };
	int err;

	if (ioctl(d->fd, VFIO_DEVICE_GET_INFO, &info) || !(info.flags & VFIO_DEVICE_FLAGS_PCI))
		return vfio_why(why, -ENODEV, "the host does not offer it as a PCI device: choose another");
	d->resets = info.flags & VFIO_DEVICE_FLAGS_RESET;
	err = set_up_regions(d, info.num_regions);
	if (err || config_read(&d->host, HEADER_TYPE, 1) & 0x7f)
		return vfio_why(why, -EINVAL, "it is a bridge: choose a device behind it");
	for (unsigned i = 0; i < HOSTPCI_IRQS; i++) {
		struct vfio_irq_info irq = { .argsz = sizeof(irq), .index = irq_index[i] };

		if (irq.index < info.num_irqs && !ioctl(d->fd, VFIO_DEVICE_GET_IRQ_INFO, &irq) && irq.flags & VFIO_IRQ_INFO_EVENTFD)
			d->host.vectors[i] = irq.count;
	}
	err = set_up_watches(d);
	return err ? vfio_why(why, err, "%s: raise the limit of open files (ulimit -n)", strerror(-err)) : 0;
}

int vfio_device_open(int group, const char *bdf, struct loop *loop, struct vfio_device **out, char why[VFIO_WHY])
{
	struct vfio_device *d = calloc(1, sizeof(*d));
	int err;

	if (!d)
		return vfio_why(why, -ENOMEM, "out of memory");
	memcpy(d->name, bdf, strlen(bdf) + 1);
	d->host = (struct hostpci){ .ops = &ops, .name = d->name, .page = (uint64_t)sysconf(_SC_PAGESIZE) };
	d->loop = loop;
	d->events.fd = -1;
	d->fd = ioctl(group, VFIO_GROUP_GET_DEVICE_FD, bdf);
	err = d->fd < 0 ? vfio_why(why, -errno, "cannot be opened (%s): see the kernel's log", strerror(errno)) : set_up(d, why);
	if (err) {
		vfio_device_close(d);
		return err;
	}
	*out = d;
	return 0;
}

void vfio_device_close(struct vfio_device *d)
{
	if (d->fd >= 0)
		set_off(d);
	if (d->events.fn)
		loop_fd_remove(d->loop, &d->events);
	for (unsigned i = 0; d->watch && i < d->watches; i++)
		if (d->watch[i].own.signal)
			eventfd_notifier_fini(&d->watch[i].own);
	if (d->events.fd >= 0)
		close(d->events.fd);
	for (unsigned i = 0; i < d->maps; i++)
		munmap(d->mapped[i].at, d->mapped[i].size);
	if (d->fd >= 0)
		close(d->fd);
	free(d->watch);
	free(d);
}
