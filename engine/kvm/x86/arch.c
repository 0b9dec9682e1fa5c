/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * x86-64: the machine as a whole. Without unrestricted guests an Intel processor needs three pages for a task state and
 * one for an identity map, anywhere that the guest has no memory: they go below the 16 MiB at the top of the first 4 GiB
 * that belong to firmware.
 */
#include <cpuid.h>
#include <stdlib.h>

#include "base/fmt.h"
#include "engine/kvm/x86/x86.h"

#define IDENTITY_MAP	0xfeffc000u
#define TSS		0xfeffd000u

static const struct kvm_need needs[] = {
	{ KVM_CAP_IRQCHIP, "an interrupt controller" },
	{ KVM_CAP_PIT2, "an interval timer" },
	{ KVM_CAP_IRQ_ROUTING, "interrupt routing" },
	{ KVM_CAP_SIGNAL_MSI, "message-signalled interrupts" },
	{ KVM_CAP_EXT_CPUID, "a CPUID table" },
	{ KVM_CAP_VCPU_EVENTS, "a vCPU's pending events" },
	{ KVM_CAP_XSAVE, "a vCPU's extended state" },
	{ KVM_CAP_ADJUST_CLOCK, "a clock that can be set" },
	{ 0, NULL }
};

/*
 * Virtualisation by the processor: VMX or SVM. A KVM that emulates does over a hundred instructions before it looks whether a dirty
 * ring is full, which keeps 64 entries for that, and then loses some.
 */
static bool has_hardware(void)
{
	uint32_t a, b, c, d;

	if (__get_cpuid(1, &a, &b, &c, &d) && c & 1u << 5)
		return true;
	return __get_cpuid(0x80000001, &a, &b, &c, &d) && c & 1u << 2;
}

static int probe(int dev_fd, struct engine_info *out, char *why, size_t why_len)
{
	out->gpa_bits = x86_gpa_bits(dev_fd);
	if (!has_hardware())
		fmt_print(why, why_len, "this processor shows neither VMX nor SVM, so its KVM emulates: small guests run, "
			  "slowly; the dbt engine (arm64) does not need it");
	return 0;
}

static void want_msr_exits(struct kvm_vm *k)
{
	struct kvm_enable_cap cap = {
		.cap = KVM_CAP_X86_USER_SPACE_MSR,
		.args = { KVM_MSR_EXIT_REASON_UNKNOWN | KVM_MSR_EXIT_REASON_INVAL | KVM_MSR_EXIT_REASON_FILTER },
	};

	x86_vm_of(k)->user_msr = kvm_has(k->fd, cap.cap) && !kvm_call(k->fd, KVM_ENABLE_CAP, &cap);
}

static int create_vm(struct kvm_vm *k, int *fd)
{
	struct x86_vm *x = calloc(1, sizeof(*x));
	uint64_t identity = IDENTITY_MAP;
	int err;

	if (!x)
		return -ENOMEM;
	x->vm = k;
	for (uint32_t pin = 0; pin < IOAPIC_PINS; pin++)
		x->watch[pin].fd = -1;
	k->arch = x;
	err = kvm_call(k->dev_fd, KVM_CREATE_VM, NULL);
	if (err < 0)
		return err;
	*fd = err;
	err = kvm_call(*fd, KVM_SET_IDENTITY_MAP_ADDR, &identity);
	if (!err && ioctl(*fd, KVM_SET_TSS_ADDR, (unsigned long)TSS) < 0)
		err = -errno;
	if (err)
		return err;
	want_msr_exits(k);
	err = x86_msr_filter(k);
	return err ? err : x86_cpuid_init(k);
}

static void destroy_vm(struct kvm_vm *k)
{
	struct x86_vm *x = x86_vm_of(k);

	if (!x)
		return;
	x86_irqchip_fini(k);
	free(x->cpuid);
	free(x);
	k->arch = NULL;
}

#define RTC_INDEX	0x70

static int vm_ready(struct kvm_vm *k)
{
	return kvm_coalesced_port(k, RTC_INDEX);
}

const struct kvm_arch kvm_arch = {
	.isa = ISA_X86_64,
	.needs = needs,
	.dirty_ring = has_hardware,
	.hole = ~0ull,
	.probe = probe,
	.vm_init = create_vm,
	.vm_fini = destroy_vm,
	.vm_ready = vm_ready,
	.vm_reset = x86_irqchip_reset,
	.irqchip_create = x86_irqchip_create,
	.fixed_routes = x86_fixed_routes,
	.vcpu_init = x86_vcpu_init,
	.vcpu_fini = x86_vcpu_fini,
	.vcpu_reset = x86_vcpu_reset,
	.vcpu_on = x86_vcpu_on,
	.before_run = x86_before_run,
	.pin = x86_pin,
	.regs = x86_regs,
	.exit = x86_exit,
	.dump = x86_dump,
	.fault = x86_fault,
	.debug = x86_debug,
	.clock_get = x86_clock_get,
	.clock_set = x86_clock_set,
	.cpu_print = x86_cpu_print,
};
