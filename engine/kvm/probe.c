/* SPDX-License-Identifier: BSD-2-Clause */
/* Is there a /dev/kvm that this process may use, and does it do what the engine asks for? */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/fmt.h"
#include "engine/kvm/engine.h"

#define NODE	"/dev/kvm"

static const struct kvm_need needs[] = {
	{ KVM_CAP_USER_MEMORY, "guest memory in user space" },
	{ KVM_CAP_IMMEDIATE_EXIT, "immediate exits (Linux 4.13)" },
	{ KVM_CAP_IOEVENTFD, "ioeventfds" },
	{ KVM_CAP_IRQFD, "irqfds" },
	{ KVM_CAP_MP_STATE, "power states" },
	{ 0, NULL }
};

int kvm_call(int fd, unsigned long request, void *arg)
{
	int r;

	do {
		r = ioctl(fd, request, arg);
	} while (r < 0 && errno == EINTR);
	return r < 0 ? -errno : r;
}

int kvm_has(int fd, int cap)
{
	int r = ioctl(fd, KVM_CHECK_EXTENSION, (long)cap);

	return r < 0 ? 0 : r;
}

static const char *open_hint(int err)
{
	switch (err) {
	case ENOENT:
		return "the host kernel has no KVM, or its module is not loaded (modprobe kvm_intel, kvm_amd)";
	case EACCES:
	case EPERM:
		return "add yourself to the group that owns it (usually kvm), or run as root";
	default:
		return "load the host's KVM module";
	}
}

int kvm_open(char *why, size_t why_len)
{
	int fd = open(NODE, O_RDWR | O_CLOEXEC), err, version;

	if (fd < 0) {
		err = errno;
		fmt_print(why, why_len, "%s: %s: %s", NODE, strerror(err), open_hint(err));
		return -err;
	}
	version = ioctl(fd, KVM_GET_API_VERSION, 0L);
	if (version == KVM_API_VERSION)
		return fd;
	fmt_print(why, why_len, "%s: speaks version %d of its interface, not %d", NODE, version, KVM_API_VERSION);
	close(fd);
	return -ENODEV;
}

static int check_needs(int fd, const struct kvm_need *n, char *why, size_t why_len)
{
	for (; n->what; n++)
		if (!kvm_has(fd, n->cap)) {
			fmt_print(why, why_len, "%s: lacks %s: use a newer host kernel", NODE, n->what);
			return -ENODEV;
		}
	return 0;
}

int kvm_probe(enum isa_id isa, struct engine_info *out, char *why, size_t why_len)
{
	int fd, err;

	if (isa != kvm_arch.isa) {
		fmt_print(why, why_len, "the kvm engine runs guests of the host's own kind only");
		return -ENOTSUP;
	}
	fd = kvm_open(why, why_len);
	if (fd < 0)
		return fd;
	err = check_needs(fd, needs, why, why_len);
	if (!err)
		err = check_needs(fd, kvm_arch.needs, why, why_len);
	if (err)
		goto out;
	*out = (struct engine_info){
		.caps = ENGINE_OWNS_IRQCHIP | ENGINE_OWNS_POWER | ENGINE_OWNS_TIMER | ENGINE_HAS_IRQFD | ENGINE_HAS_DOORBELL |
			kvm_arch.caps,
		.max_vcpus = (uint32_t)MIN(kvm_has(fd, KVM_CAP_MAX_VCPUS), VM_MAX_VCPUS),
	};
	err = kvm_arch.probe(fd, out, why, why_len);
out:
	close(fd);
	return err;
}

int kvm_cpu_print(FILE *f, char *why, size_t why_len)
{
	int fd = kvm_open(why, why_len);

	if (fd < 0)
		return fd;
	if (kvm_arch.cpu_print)
		kvm_arch.cpu_print(fd, f);
	close(fd);
	return 0;
}
