/* SPDX-License-Identifier: BSD-2-Clause */
/* Exits that only x86 has: port I/O, MSRs that KVM does not know, and a triple fault. */
#include "engine/kvm/x86/x86.h"

/* INS and OUTS bring several elements at once, all for one port. */
static void port_io(struct kvm_cpu *c)
{
	struct kvm_run *run = c->run;
	uint8_t *data = (uint8_t *)run + run->io.data_offset;

	c->unfinished = true;
	for (uint32_t n = 0; n < run->io.count; n++, data += run->io.size)
		kvm_bus(c, BUS_PIO, run->io.port, data, run->io.size, run->io.direction == KVM_EXIT_IO_OUT);
}

/* #GP, as the processor does for an MSR that it does not have, or that msr_filter.c keeps from it. */
static void refuse_msr(struct kvm_cpu *c, bool write)
{
	struct kvm_run *run = c->run;
	const char *why = run->msr.reason == KVM_MSR_EXIT_REASON_FILTER ? "not for guests" : "there is none";

	c->unfinished = true;
	run->msr.error = 1;
	if (write)
		log_limited(&c->log, LOG_INFO, "vCPU %u: write of 0x%llx to MSR 0x%x: %s (#GP)", c->vcpu->index,
			    (unsigned long long)run->msr.data, run->msr.index, why);
	else
		log_limited(&c->log, LOG_INFO, "vCPU %u: read of MSR 0x%x: %s (#GP)", c->vcpu->index, run->msr.index, why);
}

enum kvm_step x86_exit(struct kvm_cpu *c, enum vm_exit *what)
{
	switch (c->run->exit_reason) {
	case KVM_EXIT_IO:
		port_io(c);
		return KVM_GO_ON;
	case KVM_EXIT_X86_RDMSR:
	case KVM_EXIT_X86_WRMSR:
		refuse_msr(c, c->run->exit_reason == KVM_EXIT_X86_WRMSR);
		return KVM_GO_ON;
	case KVM_EXIT_IOAPIC_EOI:
		x86_split_eoi(c);
		return KVM_GO_ON;
	case KVM_EXIT_X86_BUS_LOCK:
	case KVM_EXIT_SET_TPR:
		return KVM_GO_ON;
	case KVM_EXIT_SHUTDOWN:
		log_info("vCPU %u: triple fault", c->vcpu->index);
		*what = EXIT_FAULTED;
		return KVM_STOP;
	default:
		log_error("vCPU %u: KVM stopped it for a reason that Cella does not know (%u)", c->vcpu->index,
			  c->run->exit_reason);
		x86_dump(c);
		*what = EXIT_CRASH;
		return KVM_STOP;
	}
}
