/* SPDX-License-Identifier: BSD-2-Clause */
/* arm64: the machine as a whole. Its guest physical addresses are as wide as the host allows. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bits.h"
#include "base/fmt.h"
#include "base/platform.h"
#include "engine/kvm/arm64/arm64.h"

#define DEFAULT_IPA_BITS	40	/* where the host can't be asked (before Linux 4.20) */

static const struct kvm_need needs[] = {
	{ KVM_CAP_ONE_REG, "registers by number" },
	{ KVM_CAP_DEVICE_CTRL, "devices in the kernel" },
	{ KVM_CAP_ARM_PSCI_0_2, "PSCI 0.2" },
	{ 0, NULL }
};

static uint32_t ipa_bits(int dev_fd)
{
	int bits = kvm_has(dev_fd, KVM_CAP_ARM_VM_IPA_SIZE);

	return bits ? (uint32_t)bits : DEFAULT_IPA_BITS;
}

static unsigned long vm_type(int dev_fd)
{
	return kvm_has(dev_fd, KVM_CAP_ARM_VM_IPA_SIZE) ? KVM_VM_TYPE_ARM_IPA_SIZE(ipa_bits(dev_fd)) : 0;
}

/* Which GICs the host's hardware can virtualise, only a machine can say. */
static int probe(int dev_fd, struct engine_info *out, char *why, size_t why_len)
{
	static const struct { uint32_t type; const char *name; } gics[] = {
		{ KVM_DEV_TYPE_ARM_VGIC_V3, "gicv3" }, { KVM_DEV_TYPE_ARM_VGIC_V2, "gicv2" },
	};
	int fd = ioctl(dev_fd, KVM_CREATE_VM, vm_type(dev_fd));
	unsigned n = 0;

	if (fd < 0) {
		fmt_print(why, why_len, "/dev/kvm: makes no machine: %s", strerror(errno));
		return -ENODEV;
	}
	for (size_t i = 0; i < ARRAY_SIZE(gics); i++) {
		struct kvm_create_device d = { .type = gics[i].type, .flags = KVM_CREATE_DEVICE_TEST };

		if (!kvm_call(fd, KVM_CREATE_DEVICE, &d))
			out->irqchips[n++] = gics[i].name;
	}
	out->gpa_bits = ipa_bits(dev_fd);
	out->has_pmu = kvm_has(fd, KVM_CAP_ARM_PMU_V3);
	close(fd);
	if (n)
		return 0;
	fmt_print(why, why_len, "/dev/kvm: has no interrupt controller for guests");
	return -ENODEV;
}

/* An instruction that accesses a device and has no syndrome (a load pair, say) comes to us too, instead of ending KVM_RUN. */
static void want_nisv(struct kvm_vm *k)
{
	struct kvm_enable_cap cap = { .cap = KVM_CAP_ARM_NISV_TO_USER };

	if (kvm_has(k->fd, cap.cap))
		kvm_call(k->fd, KVM_ENABLE_CAP, &cap);
}

static int create_vm(struct kvm_vm *k, int *fd)
{
	struct arm64_vm *a = calloc(1, sizeof(*a));

	if (!a)
		return -ENOMEM;
	a->vm = k;
	a->gic = a->its = -1;
	for (uint32_t pin = 0; pin < ARM64_MAX_SPIS; pin++)
		a->watch[pin].fd = -1;
	k->arch = a;
	*fd = ioctl(k->dev_fd, KVM_CREATE_VM, vm_type(k->dev_fd));
	if (*fd < 0)
		return -errno;
	a->features = arm64_cpu_features(*fd) | (k->vm->pmu ? BIT(KVM_ARM_VCPU_PMU_V3) : 0);
	a->abort = kvm_has(*fd, KVM_CAP_ARM_INJECT_EXT_DABT);
	if (a->abort)
		want_nisv(k);
	return 0;
}

static void destroy_vm(struct kvm_vm *k)
{
	if (!k->arch)
		return;
	arm64_irqchip_fini(k);
	free(k->arch);
	k->arch = NULL;
}

/* The virtual counter, which all vCPUs have in common, as the first one sees it. Its thread is parked or the caller. */
static int clock_get(struct kvm_vm *k, struct vm_clock *clock)
{
	struct kvm_cpu *c = __atomic_load_n(&k->cpu[0], __ATOMIC_ACQUIRE);
	struct kvm_one_reg r = { .id = KVM_REG_ARM_TIMER_CNT, .addr = (uintptr_t)&clock->counter };

	clock->host_ns = platform_now_ns();
	return c ? kvm_call(c->fd, KVM_GET_ONE_REG, &r) : -ENODEV;
}

static int clock_set(struct kvm_vm *k, const struct vm_clock *clock)
{
	struct kvm_cpu *c = __atomic_load_n(&k->cpu[0], __ATOMIC_ACQUIRE);
	struct kvm_one_reg r = { .id = KVM_REG_ARM_TIMER_CNT, .addr = (uintptr_t)&clock->counter };

	return c ? kvm_call(c->fd, KVM_SET_ONE_REG, &r) : -ENODEV;
}

const struct kvm_arch kvm_arch = {
	.isa = ISA_ARM64,
	.needs = needs,
	.probe = probe,
	.vm_init = create_vm,
	.vm_fini = destroy_vm,
	.vm_ready = arm64_irqchip_ready,
	.vm_reset = arm64_irqchip_reset,
	.irqchip_create = arm64_irqchip_create,
	.fixed_routes = arm64_fixed_routes,
	.vcpu_init = arm64_vcpu_init,
	.vcpu_fini = arm64_vcpu_fini,
	.vcpu_reset = arm64_vcpu_reset,
	.vcpu_on = arm64_vcpu_on,
	.regs = arm64_regs,
	.exit = arm64_exit,
	.abort = arm64_abort,
	.dump = arm64_dump,
	.fault = arm64_fault,
	.debug = arm64_debug,
	.clock_get = clock_get,
	.clock_set = clock_set,
};
