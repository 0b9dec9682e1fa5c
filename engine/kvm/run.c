/* SPDX-License-Identifier: BSD-2-Clause */
/* The loop of a vCPU's thread, kicks and power; see engine.h for how a kick is not lost. */
#include "engine/kvm/engine.h"
#include "os/thread.h"

void kvm_vcpu_kick(struct vcpu *v)
{
	struct kvm_cpu *c = kvm_cpu_of(v);
	uint32_t thread;

	if (!c)
		return;
	__atomic_store_n(&c->run->immediate_exit, 1, __ATOMIC_SEQ_CST);
	thread = __atomic_load_n(&c->thread, __ATOMIC_SEQ_CST);
	if (thread)
		thread_kick_id(thread);
}

/* The kernel lets nobody look while the owner is in KVM_RUN, which may be for ever. */
static void read_power(struct vcpu *v, void *arg)
{
	struct vcpu_power *p = arg;
	struct kvm_mp_state mp;

	p->state = VCPU_OFF;
	if (kvm_call(kvm_cpu_of(v)->fd, KVM_GET_MP_STATE, &mp))
		return;
	if (mp.mp_state == KVM_MP_STATE_RUNNABLE)
		p->state = VCPU_ON;
	else if (mp.mp_state == KVM_MP_STATE_HALTED)
		p->state = VCPU_WAITING;
}

int kvm_vcpu_power(struct vcpu *v, struct vcpu_power *p, bool write)
{
	struct kvm_cpu *c = kvm_cpu_of(v);
	bool pending;

	if (!c)
		return -ENODEV;
	lock_acquire(&c->power_lock);
	if (write) {
		c->power = *p;
		__atomic_store_n(&c->power_change, true, __ATOMIC_SEQ_CST);
	} else {
		*p = c->power;
	}
	pending = c->power_change;
	lock_release(&c->power_lock);
	if (write)
		kvm_vcpu_kick(v);
	else if (!pending && vcpu_call(v, read_power, p))	/* nobody runs it: not yet, or no more */
		read_power(v, p);
	return 0;
}

/* The owner: does what somebody asked of this vCPU's power. */
static int apply_power(struct kvm_cpu *c)
{
	struct vcpu_power p;
	int err = 0;

	if (!__atomic_load_n(&c->power_change, __ATOMIC_SEQ_CST))
		return 0;
	lock_acquire(&c->power_lock);
	p = c->power;
	__atomic_store_n(&c->power_change, false, __ATOMIC_SEQ_CST);
	lock_release(&c->power_lock);
	if (p.reset || p.state == VCPU_OFF)
		err = kvm_arch.vcpu_reset(c);
	return err || p.state == VCPU_OFF ? err : kvm_arch.vcpu_on(c, &p);
}

static int enter(struct kvm_cpu *c)
{
	c->unfinished = false;
	return ioctl(c->fd, KVM_RUN, 0L) < 0 ? -errno : 0;
}

/*
 * Lets the kernel finish the access it holds. It may be one of several of the same instruction, and each of them comes
 * out here; immediate_exit keeps the guest from going on.
 */
static enum kvm_step finish(struct kvm_cpu *c, enum vm_exit *what)
{
	while (c->unfinished) {
		__atomic_store_n(&c->run->immediate_exit, 1, __ATOMIC_SEQ_CST);
		if (kvm_exit_handle(c, enter(c), what) == KVM_STOP)
			return KVM_STOP;
	}
	return KVM_GO_ON;
}

enum vm_exit kvm_vcpu_run(struct vcpu *v)
{
	struct kvm_cpu *c = kvm_cpu_of(v);
	enum vm_exit what = EXIT_FAILED;

	for (;;) {
		__atomic_store_n(&c->run->immediate_exit, 0, __ATOMIC_SEQ_CST);
		if (__atomic_load_n(&c->vcpu->pause_request, __ATOMIC_SEQ_CST))
			return finish(c, &what) == KVM_STOP ? what : EXIT_PAUSED;
		if (__atomic_load_n(&c->power_change, __ATOMIC_SEQ_CST)) {
			if (finish(c, &what) == KVM_STOP)
				return what;
			if (apply_power(c))
				return EXIT_FAILED;
			continue;		/* finish may have set immediate_exit for good */
		}
		if (kvm_arch.before_run)
			kvm_arch.before_run(c);
		if (kvm_exit_handle(c, enter(c), &what) == KVM_STOP)
			return what;
	}
}
