/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * See vhost.h and core/vhost.h; the kernel's interface is linux/vhost.h.
 *
 * The driver gets the whole of the guest's RAM as a table, and rings as addresses of ours. A ring whose areas do not lie in one
 * region each is refused. Before the first ring runs the features are told, and what failed earlier is forgotten.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/vhost.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "backend/vhost.h"
#include "base/bits.h"
#include "os/eventfd.h"

#define F_VERSION_1	32

static struct vhost_kernel *to_kernel(struct vhost *v)
{
	return container_of(v, struct vhost_kernel, v);
}

static int request(int fd, unsigned long what, void *arg)
{
	return ioctl(fd, what, arg) < 0 ? -errno : 0;
}

static int request_all(struct vhost_kernel *h, unsigned long what, void *arg)
{
	int err = 0;

	for (unsigned i = 0; i < h->fds && !err; i++)
		err = request(h->fd[i], what, arg);
	return err;
}

/* ---- memory ---- */

static bool is_ram(const struct mem_slot *s)
{
	return s->kind == MEM_RAM && s->can_write && s->backing.host;
}

static int slot_added(struct mem_listener *l, const struct mem_slot *s)
{
	struct vhost_kernel *h = container_of(l, struct vhost_kernel, listener);
	struct vhost_memory *t = h->table;
	int err;

	if (!is_ram(s))
		return 0;
	lock_acquire(&h->lock);
	t->regions[t->nregions++] = (struct vhost_memory_region){
		.guest_phys_addr = s->base, .memory_size = s->size, .userspace_addr = (uintptr_t)s->backing.host,
	};
	err = request_all(h, VHOST_SET_MEM_TABLE, t);
	if (err)
		t->nregions--;
	lock_release(&h->lock);
	return err;
}

static void slot_removed(struct mem_listener *l, const struct mem_slot *s)
{
	struct vhost_kernel *h = container_of(l, struct vhost_kernel, listener);
	struct vhost_memory *t = h->table;

	lock_acquire(&h->lock);
	for (unsigned i = 0; i < t->nregions; i++) {
		if (t->regions[i].guest_phys_addr != s->base)
			continue;
		t->regions[i] = t->regions[--t->nregions];
		request_all(h, VHOST_SET_MEM_TABLE, t);
		break;
	}
	lock_release(&h->lock);
}

/* Where len bytes of the guest's are in this process; 0: not in one region. */
static uint64_t address_of(const struct vhost_kernel *h, gpa_t gpa, uint64_t len)
{
	for (unsigned i = 0; i < h->table->nregions; i++) {
		const struct vhost_memory_region *r = &h->table->regions[i];
		uint64_t offset = gpa - r->guest_phys_addr;

		if (gpa >= r->guest_phys_addr && offset < r->memory_size && len <= r->memory_size - offset)
			return r->userspace_addr + offset;
	}
	return 0;
}

/* ---- rings ---- */

static bool any_runs(const struct vhost_kernel *h)
{
	for (unsigned i = 0; i < h->fds * VHOST_RINGS; i++)
		if (h->running[i])
			return true;
	return false;
}

static int tell_features(struct vhost_kernel *h, uint64_t features)
{
	uint64_t common = features & h->v.features;
	int err = request_all(h, VHOST_SET_FEATURES, &common);

	if (err)
		return err;
	h->features = features;
	if (h->kind->features)
		h->kind->features(h, features);
	return 0;
}

static int set_fd(int fd, unsigned long what, unsigned index, int value)
{
	struct vhost_vring_file file = { .index = index, .fd = value };

	return request(fd, what, &file);
}

static int set_ring(struct vhost_kernel *h, int fd, unsigned index, const struct vhost_ring *r)
{
	struct vhost_vring_state size = { index, r->size }, next = { index, r->next };
	struct vhost_vring_addr addr = {
		.index = index,
		.desc_user_addr = address_of(h, r->desc, 16ull * r->size),
		.avail_user_addr = address_of(h, r->driver, 6 + 2ull * r->size),
		.used_user_addr = address_of(h, r->device, 6 + 8ull * r->size),
	};
	int err;

	if (!addr.desc_user_addr || !addr.avail_user_addr || !addr.used_user_addr)
		return -EFAULT;
	err = request(fd, VHOST_SET_VRING_NUM, &size);
	if (!err)
		err = request(fd, VHOST_SET_VRING_BASE, &next);
	if (!err)
		err = request(fd, VHOST_SET_VRING_ADDR, &addr);
	if (!err)
		err = set_fd(fd, VHOST_SET_VRING_ERR, index, h->failed->fd);
	if (!err)
		err = set_fd(fd, VHOST_SET_VRING_CALL, index, r->call->fd);
	return err ? err : set_fd(fd, VHOST_SET_VRING_KICK, index, r->kick->fd);
}

static int start(struct vhost *v, unsigned ring, const struct vhost_ring *r)
{
	struct vhost_kernel *h = to_kernel(v);
	int fd, err = 0;

	if (ring >= h->fds * VHOST_RINGS || r->kick->fd < 0 || r->call->fd < 0)
		return -EINVAL;
	fd = h->fd[ring / VHOST_RINGS];
	lock_acquire(&h->lock);
	if (!any_runs(h)) {
		eventfd_notifier_take(h->failed);
		err = tell_features(h, r->features);
	}
	if (!err)
		err = set_ring(h, fd, ring % VHOST_RINGS, r);
	if (!err)
		err = h->kind->turn(h, ring, true);
	h->running[ring] = !err;
	lock_release(&h->lock);
	return err;
}

static void call(struct vhost *v, unsigned ring, struct notifier *to)
{
	struct vhost_kernel *h = to_kernel(v);

	set_fd(h->fd[ring / VHOST_RINGS], VHOST_SET_VRING_CALL, ring % VHOST_RINGS, to->fd);
}

static uint16_t stop(struct vhost *v, unsigned ring)
{
	struct vhost_kernel *h = to_kernel(v);
	struct vhost_vring_state next = { ring % VHOST_RINGS, 0 };
	int fd = h->fd[ring / VHOST_RINGS];

	lock_acquire(&h->lock);
	h->running[ring] = false;
	h->kind->turn(h, ring, false);
	request(fd, VHOST_GET_VRING_BASE, &next);
	set_fd(fd, VHOST_SET_VRING_KICK, ring % VHOST_RINGS, -1);
	set_fd(fd, VHOST_SET_VRING_CALL, ring % VHOST_RINGS, -1);
	lock_release(&h->lock);
	return (uint16_t)next.num;
}

/* ---- life ---- */

static int attach(struct vhost *v, struct mem *m, struct notifier *failed)
{
	struct vhost_kernel *h = to_kernel(v);
	int err;

	if (failed->fd < 0)
		return -EINVAL;
	h->failed = failed;
	h->listener = (struct mem_listener){ .add = slot_added, .remove = slot_removed };
	err = mem_listener_add(m, &h->listener);
	if (!err)
		h->mem = m;
	return err;
}

static void detach(struct vhost *v)
{
	struct vhost_kernel *h = to_kernel(v);

	if (h->mem)
		mem_listener_remove(h->mem, &h->listener);
	h->mem = NULL;
}

static const struct vhost_ops vhost_kernel_ops = {
	.attach = attach, .detach = detach, .start = start, .call = call, .stop = stop,
};

static int open_one(struct vhost_kernel *h, unsigned i)
{
	h->fd[i] = open(h->kind->path, O_RDWR | O_CLOEXEC);
	if (h->fd[i] < 0)
		return errno == ENOENT || errno == ENXIO ? -ENODEV : errno == EACCES ? -EPERM : -errno;
	h->fds = i + 1;
	return request(h->fd[i], VHOST_SET_OWNER, NULL);
}

int vhost_kernel_open(struct vhost_kernel *h, const struct vhost_kind *kind, unsigned fds)
{
	int err = fds <= VHOST_MAX_FDS ? 0 : -EINVAL;

	*h = (struct vhost_kernel){ .v = { &vhost_kernel_ops, 0 }, .kind = kind };
	h->table = calloc(1, sizeof(*h->table) + MEM_MAX_SLOTS * sizeof(h->table->regions[0]));
	if (!h->table)
		return -ENOMEM;
	for (unsigned i = 0; i < fds && !err; i++)
		err = open_one(h, i);
	if (!err)
		err = request(h->fd[0], VHOST_GET_FEATURES, &h->v.features);
	if (!err && !(h->v.features & BIT(F_VERSION_1)))
		err = -ENOTSUP;
	if (err)
		vhost_kernel_close(h);
	return err;
}

void vhost_kernel_close(struct vhost_kernel *h)
{
	while (h->fds)
		close(h->fd[--h->fds]);
	free(h->table);
	h->table = NULL;
}
