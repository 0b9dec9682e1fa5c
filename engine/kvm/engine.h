/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The engine's inside.
 *
 * A vCPU's file descriptor is used by its own thread, and by the control thread while all vCPUs are parked. Everything of
 * the machine (slots, lines, routes, doorbells) is one ioctl each, which the kernel takes from any thread.
 *
 * A kick sets run->immediate_exit and sends the kick signal. The owner clears immediate_exit and then looks at what it was
 * kicked for, so a kick at any time either is seen there or makes the next KVM_RUN return at once.
 *
 * The kernel owns power states on every architecture: a vCPU that is off sleeps inside KVM_RUN until another one of the
 * guest (SIPI, PSCI, HSM) or vcpu_power turns it on.
 */
#ifndef ENGINE_KVM_ENGINE_H
#define ENGINE_KVM_ENGINE_H

#include <linux/kvm.h>
#include <sys/ioctl.h>

#include "base/errno.h"
#include "base/lock.h"
#include "base/log.h"
#include "core/engine.h"
#include "core/irq_route.h"
#include "core/vm.h"
#include "engine/kvm/kvm.h"

struct kvm_vm;

struct kvm_cpu {
	struct kvm_vm *vm;
	struct vcpu *vcpu;
	int fd;
	uint32_t thread;		/* atomic: whom a kick's signal goes to; 0: nobody */
	struct kvm_run *run;
	void *ring;			/* the machine's coalesced writes, as this vCPU's pages have it; or NULL */
	struct kvm_dirty_gfn *dirty_ring;	/* or NULL; the next entry to look at: */
	uint32_t dirty_next;
	bool unfinished;		/* the kernel holds an access that the next KVM_RUN completes */
	struct lock power_lock;		/* the next two */
	struct vcpu_power power;
	bool power_change;		/* atomic */
	bool stepping;
	struct log_limit log;		/* for what the guest can cause */
	void *arch;			/* the architecture's own */
};

/* A GSI that a route has (kvm_vm.gsi, by number less KVM_FIRST_MSI). */
struct kvm_gsi {
	struct irq_route *route;	/* NULL: free */
	struct msi msi;
	bool known;			/* msi is one, and in the table */
	bool wanted, live;		/* its eventfd is to raise the message; and does */
};

#define KVM_FIRST_MSI	1024		/* below: the controllers' pins */
#define KVM_MAX_MSI	1024

struct kvm_vm {
	struct vm *vm;
	int dev_fd, fd;
	uint32_t run_bytes;
	struct mem_listener listener;
	struct kvm_cpu *cpu[VM_MAX_VCPUS];	/* atomic; filled by vcpu_init */
	struct lock slot_lock;			/* the next three, and what comes out of dirty rings */
	uint64_t dirty;				/* slots that are logged, by id */
	uint64_t *dirty_map[MEM_MAX_SLOTS];	/* what their rings said so far; NULL without rings */
	size_t dirty_words[MEM_MAX_SLOTS];
	uint32_t ring_entries;			/* of each vCPU's dirty ring; 0, after the first vCPU: KVM keeps bitmaps */
	struct lock ring_lock;			/* held while coalesced writes are done, in their order */
	struct lock route_lock;			/* the next two; never held by a signal */
	struct kvm_gsi *gsi;
	bool routes_stale;			/* the kernel does not have the table of now */
	bool msi_devid;				/* routes carry the requester (an ITS wants it) */
	uint32_t created;			/* atomic, futex: vCPUs made so far, or given up */
	void *arch;				/* the architecture's own */
};

/* A capability that the engine cannot do without. */
struct kvm_need {
	int cap;
	const char *what;		/* "lacks …" */
};

enum kvm_step { KVM_GO_ON, KVM_STOP };

/* One architecture. Hooks return 0 or a negative error; those that may be NULL say so. */
struct kvm_arch {
	enum isa_id isa;
	uint32_t caps;					/* enum engine_cap, besides what all have */
	const struct kvm_need *needs;			/* ended by what NULL */
	bool (*dirty_ring)(void);			/* can dirty rings be trusted on this host? NULL: no */
	uint64_t hole;					/* what a read reads where nothing is */
	/* Fills in gpa_bits, and may write a remark about a host that works, but badly. */
	int (*probe)(int dev_fd, struct engine_info *out, char *why, size_t why_len);
	int (*vm_init)(struct kvm_vm *k, int *fd);	/* creates the machine: *fd */
	void (*vm_fini)(struct kvm_vm *k);
	int (*vm_ready)(struct kvm_vm *k);		/* or NULL */
	int (*vm_reset)(struct kvm_vm *k);		/* the irqchip and what else belongs to the machine */
	int (*irqchip_create)(struct kvm_vm *k, const struct irqchip_desc *d, struct irqchip **out);
	/* Entries of the routing table that are always there, to e; their number. e NULL: how many at most. */
	unsigned (*fixed_routes)(const struct kvm_vm *k, struct kvm_irq_routing_entry *e);
	int (*vcpu_init)(struct kvm_cpu *c);		/* c->fd and c->run are there; leaves it off, in its reset state */
	void (*vcpu_fini)(struct kvm_cpu *c);
	int (*vcpu_reset)(struct kvm_cpu *c);		/* to power-on state, and off */
	int (*vcpu_on)(struct kvm_cpu *c, const struct vcpu_power *p);	/* p->reset is done already */
	void (*before_run)(struct kvm_cpu *c);		/* each time, by its owner; or NULL */
	void (*pin)(struct kvm_cpu *c, enum cpu_pin pin, bool level);	/* any thread; NULL: the kernel has the irqchip */
	int (*regs)(struct kvm_cpu *c, struct reg *list, unsigned n, bool write);
	/* An exit that not all architectures have. KVM_STOP: *what says why the vCPU stops. */
	enum kvm_step (*exit)(struct kvm_cpu *c, enum vm_exit *what);
	/* An access where nothing is, on an architecture whose answer is not `hole`; or NULL. */
	void (*abort)(struct kvm_cpu *c, gpa_t gpa, bool write);
	void (*dump)(struct kvm_cpu *c);		/* registers, to the log */
	int (*fault)(struct kvm_cpu *c, const struct isa_fault *f);
	int (*debug)(struct kvm_cpu *c, const struct debug_points *p, struct kvm_guest_debug *d);
	int (*clock_get)(struct kvm_vm *k, struct vm_clock *clock);
	int (*clock_set)(struct kvm_vm *k, const struct vm_clock *clock);
	void (*cpu_print)(int dev_fd, FILE *f);
};

extern const struct kvm_arch kvm_arch;		/* of the one folder that is built */

static inline struct kvm_vm *kvm_of(struct vm *vm)
{
	return vm->engine_vm;
}

/* NULL before vcpu_init. Kicks and pins come from any thread. */
static inline struct kvm_cpu *kvm_cpu_of(struct vcpu *v)
{
	return __atomic_load_n(&v->engine, __ATOMIC_ACQUIRE);
}

int kvm_call(int fd, unsigned long request, void *arg);	/* an ioctl, again after EINTR: its result or a negative error */
int kvm_has(int fd, int cap);				/* KVM_CHECK_EXTENSION; 0: no */

/* probe.c */
int kvm_open(char *why, size_t why_len);		/* the node, or a negative error */
int kvm_probe(enum isa_id isa, struct engine_info *out, char *why, size_t why_len);

/* slots.c */
int kvm_slots_init(struct kvm_vm *k);
void kvm_slots_fini(struct kvm_vm *k);
int kvm_dirty(struct vm *vm, uint32_t slot, enum dirty_op op, uint64_t *bitmap, size_t words);

/* dirty_ring.c */
#define KVM_RING_ENTRIES	4096
int kvm_ring_enable(struct kvm_vm *k);			/* before the first vCPU */
int kvm_ring_map(struct kvm_cpu *c);
void kvm_ring_unmap(struct kvm_cpu *c);
int kvm_ring_collect(struct kvm_vm *k);			/* slot_lock held: all rings, to dirty_map */
void kvm_ring_full(struct kvm_cpu *c);

/* run.c */
enum vm_exit kvm_vcpu_run(struct vcpu *v);
void kvm_vcpu_kick(struct vcpu *v);
int kvm_vcpu_power(struct vcpu *v, struct vcpu_power *p, bool write);

/* exits.c: what came out of KVM_RUN, status its result */
enum kvm_step kvm_exit_handle(struct kvm_cpu *c, int status, enum vm_exit *what);
/* To the bus in pieces of 1 2 4 8 bytes; fills data on reads. */
void kvm_bus(struct kvm_cpu *c, enum bus_space space, uint64_t addr, uint8_t *data, uint32_t len, bool write);

/* coalesced.c */
void kvm_coalesced_init(struct kvm_cpu *c);
int kvm_coalesced_port(struct kvm_vm *k, uint16_t port);	/* byte writes; 0 also where KVM cannot or nothing is there */
void kvm_coalesced_drain(struct kvm_cpu *c);

/* eventfd.c */
int kvm_doorbell(struct vm *vm, struct region *r, const struct doorbell *d, bool on);
int kvm_route(struct vm *vm, struct irq_route *const *list, unsigned n);
int kvm_routes_commit(struct kvm_vm *k);		/* the whole table, if there are changes; takes the lock */
/* The eventfd raises gsi; resample, unless -1, is signalled when the guest ends a level interrupt. */
int kvm_irqfd(struct kvm_vm *k, int fd, uint32_t gsi, int resample, bool on);

/* device.c */
int kvm_device_create(int vm_fd, uint32_t type, int *fd);
int kvm_device_attr(int fd, uint32_t group, uint64_t attr, void *val, bool write);
void kvm_line_set(struct kvm_vm *k, uint32_t irq, bool level);
int kvm_msi_send(struct kvm_vm *k, const struct msi *m);		/* as irqchip_ops.msi */
unsigned kvm_pin_routes(uint32_t pins, struct kvm_irq_routing_entry *e);	/* fixed_routes where GSI n is pin n */

#endif
