/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What KVM_RUN comes back with. Accesses go to the bus on this thread; what ends a guest's life is named; what should not
 * happen at all prints the registers and ends this machine, never the process.
 */
#include <string.h>

#include "engine/kvm/engine.h"

/* The largest of 1 2 4 8 that fits: what the bus takes. */
static uint8_t piece(uint32_t len)
{
	return len >= 8 ? 8 : len >= 4 ? 4 : len >= 2 ? 2 : 1;
}

void kvm_bus(struct kvm_cpu *c, enum bus_space space, uint64_t addr, uint8_t *data, uint32_t len, bool write)
{
	struct vcpu *v = c->vcpu;

	mem_reader_enter(&v->reader);
	for (uint32_t at = 0; at < len;) {
		struct bus_access a = { .vcpu = v, .size = piece(len - at), .write = write };

		if (write)
			memcpy(&a.value, data + at, a.size);
		if (bus_access(&v->vm->bus, space, addr + at, &a) != BUS_OK) {
			a.value = kvm_arch.hole;
			if (kvm_arch.abort && space == BUS_MMIO) {
				kvm_arch.abort(c, addr + at, write);
				break;
			}
		}
		if (!write)
			memcpy(data + at, &a.value, a.size);
		at += a.size;
	}
	mem_reader_exit(&v->reader);
}

static void give_up(struct kvm_cpu *c, const char *why, unsigned long long detail)
{
	log_error("vCPU %u: %s (0x%llx)", c->vcpu->index, why, detail);
	kvm_arch.dump(c);
}

static const char *internal_reason(const struct kvm_run *run)
{
	switch (run->internal.suberror) {
	case KVM_INTERNAL_ERROR_EMULATION:
		return "KVM cannot carry out an instruction";
	case KVM_INTERNAL_ERROR_SIMUL_EX:
		return "KVM met an exception while it delivered one";
	case KVM_INTERNAL_ERROR_DELIVERY_EV:
		return "KVM could not deliver an event";
	default:
		return "KVM failed inside";
	}
}

static void internal_error(struct kvm_cpu *c)
{
	const struct kvm_run *run = c->run;

	give_up(c, internal_reason(run), run->internal.suberror);
	for (uint32_t n = 0; n < MIN(run->internal.ndata, ARRAY_SIZE(run->internal.data)); n++)
		log_error("vCPU %u:   data %u: %016llx", c->vcpu->index, n, (unsigned long long)run->internal.data[n]);
}

static enum kvm_step system_event(struct kvm_cpu *c, enum vm_exit *what)
{
	switch (c->run->system_event.type) {
	case KVM_SYSTEM_EVENT_SHUTDOWN:
		*what = EXIT_SHUTDOWN;
		break;
	case KVM_SYSTEM_EVENT_RESET:
		*what = EXIT_RESET;
		break;
	case KVM_SYSTEM_EVENT_SUSPEND:
		*what = EXIT_SUSPEND;
		break;
	case KVM_SYSTEM_EVENT_WAKEUP:
		return KVM_GO_ON;
	default:
		give_up(c, "the guest says that it crashed", c->run->system_event.type);
		*what = EXIT_CRASH;
	}
	return KVM_STOP;
}

/* KVM_RUN itself failed. */
static enum kvm_step run_failed(struct kvm_cpu *c, int err, enum vm_exit *what)
{
	switch (err) {
	case -EINTR:
	case -EAGAIN:		/* one that was off was turned on */
		return KVM_GO_ON;
	case -EFAULT:
		give_up(c, "KVM cannot reach the guest's memory", (unsigned)-err);
		break;
	default:
		give_up(c, strerror(-err), (unsigned)-err);
	}
	*what = EXIT_FAILED;
	return KVM_STOP;
}

enum kvm_step kvm_exit_handle(struct kvm_cpu *c, int status, enum vm_exit *what)
{
	struct kvm_run *run = c->run;

	kvm_coalesced_drain(c);
	if (status < 0)
		return run_failed(c, status, what);
	switch (run->exit_reason) {
	case KVM_EXIT_MMIO:
		c->unfinished = true;
		kvm_bus(c, BUS_MMIO, run->mmio.phys_addr, run->mmio.data, MIN(run->mmio.len, 8), run->mmio.is_write);
		return KVM_GO_ON;
	case KVM_EXIT_INTR:
	case KVM_EXIT_IRQ_WINDOW_OPEN:
		return KVM_GO_ON;
	case KVM_EXIT_DIRTY_RING_FULL:
		kvm_ring_full(c);
		return KVM_GO_ON;
	case KVM_EXIT_SYSTEM_EVENT:
		return system_event(c, what);
	case KVM_EXIT_DEBUG:
		*what = EXIT_DEBUG;
		return KVM_STOP;
	case KVM_EXIT_INTERNAL_ERROR:
		internal_error(c);
		break;
	case KVM_EXIT_FAIL_ENTRY:
		give_up(c, "the processor refuses the guest's state", run->fail_entry.hardware_entry_failure_reason);
		break;
	case KVM_EXIT_UNKNOWN:
		give_up(c, "KVM does not know this exit", run->hw.hardware_exit_reason);
		break;
	default:
		return kvm_arch.exit(c, what);
	}
	*what = EXIT_CRASH;
	return KVM_STOP;
}
