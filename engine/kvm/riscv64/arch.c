/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * riscv64: the machine as a whole, and exits that only it has. What its harts can do is asked of one in a machine made for
 * that, because a device tree may be wanted before there are any.
 */
#include <stdlib.h>
#include <unistd.h>

#include "base/bits.h"
#include "base/platform.h"
#include "engine/kvm/riscv64/riscv64.h"
#include "isa/riscv64/extension.h"
#include "isa/riscv64/reg_id.h"

#define GPA_BITS		41	/* Sv39x4, which every host has; newer kernels tell more */
#define SBI_ERR_NOT_SUPPORTED	(-2l)

static const struct kvm_need needs[] = {
	{ KVM_CAP_ONE_REG, "registers by number" },
	{ 0, NULL }
};

static const struct {
	uint32_t kvm, bit;
} extensions[] = {
	{ KVM_RISCV_ISA_EXT_SSTC, RISCV64_SSTC }, { KVM_RISCV_ISA_EXT_SVINVAL, RISCV64_SVINVAL },
	{ KVM_RISCV_ISA_EXT_SVPBMT, RISCV64_SVPBMT }, { KVM_RISCV_ISA_EXT_ZIHINTPAUSE, RISCV64_ZIHINTPAUSE },
};

/* kvm_riscv_config.satp_mode, which came after these headers; the mode as satp has it. */
#define CONFIG_SATP_MODE	(KVM_REG_RISCV | KVM_REG_SIZE_U64 | KVM_REG_RISCV_CONFIG | 6)
#define SATP_SV48		9u
#define SATP_SV57		10u

static uint64_t page_tables(int cpu_fd)
{
	uint64_t mode;

	if (riscv64_one_reg(cpu_fd, CONFIG_SATP_MODE, &mode, false))
		return 0;
	return (mode >= SATP_SV48 ? BIT(RISCV64_SV48) : 0) | (mode >= SATP_SV57 ? BIT(RISCV64_SV57) : 0);
}

static int ask_hart(int cpu_fd, struct engine_info *out)
{
	uint64_t letters, hz, on;
	int err = riscv64_one_reg(cpu_fd, RISCV64_REG(CONFIG, isa), &letters, false);

	if (!err)
		err = riscv64_one_reg(cpu_fd, RISCV64_REG(TIMER, frequency), &hz, false);
	if (err)
		return err;
	out->extensions = (letters & 0x3ffffff) | page_tables(cpu_fd);
	out->counter_hz = hz;
	for (size_t n = 0; n < ARRAY_SIZE(extensions); n++)
		if (!riscv64_one_reg(cpu_fd, KVM_REG_RISCV | KVM_REG_SIZE_U64 | KVM_REG_RISCV_ISA_EXT | extensions[n].kvm, &on,
				     false) && on)
			out->extensions |= BIT(extensions[n].bit);
	return 0;
}

static int probe(int dev_fd, struct engine_info *out, char *why, size_t why_len)
{
	int fd = kvm_call(dev_fd, KVM_CREATE_VM, NULL), cpu_fd, err, bits;

	(void)why;
	(void)why_len;
	if (fd < 0)
		return fd;
	bits = kvm_has(fd, KVM_CAP_VM_GPA_BITS);
	out->gpa_bits = bits ? (uint32_t)bits : GPA_BITS;
	cpu_fd = ioctl(fd, KVM_CREATE_VCPU, 0L);
	err = cpu_fd < 0 ? -errno : ask_hart(cpu_fd, out);
	out->msi_ids = err ? 0 : riscv64_aia_ids(fd);
	out->irqchips[0] = out->msi_ids ? "aia" : "plic";
	out->irqchips[1] = out->msi_ids ? "plic" : NULL;
	if (cpu_fd >= 0)
		close(cpu_fd);
	close(fd);
	return err;
}

static int create_vm(struct kvm_vm *k, int *fd)
{
	struct riscv64_vm *r = calloc(1, sizeof(*r));
	int err;

	if (!r)
		return -ENOMEM;
	r->vm = k;
	r->aia = -1;
	k->arch = r;
	err = kvm_call(k->dev_fd, KVM_CREATE_VM, NULL);
	if (err < 0)
		return err;
	*fd = err;
	return 0;
}

static void destroy_vm(struct kvm_vm *k)
{
	if (k->arch && riscv64_vm_of(k)->aia >= 0)
		close(riscv64_vm_of(k)->aia);
	free(k->arch);
	k->arch = NULL;
}

static void dump(struct kvm_cpu *c)
{
	uint64_t v;

	for (uint32_t x = 1; x <= RISCV64_REG_PC; x++)
		if (!riscv64_regs(c, &(struct reg){ x, 8, &v }, 1, false))
			log_error("vCPU %u:   %s%-2u %016llx", c->vcpu->index, x == RISCV64_REG_PC ? "pc" : "x", x,
				  (unsigned long long)v);
	for (uint32_t csr = CSR_SSTATUS; csr <= CSR_SATP; csr++)
		if (!riscv64_regs(c, &(struct reg){ RISCV64_REG_CSR + csr, 8, &v }, 1, false))
			log_error("vCPU %u:   csr %03x %016llx", c->vcpu->index, csr, (unsigned long long)v);
}

/* A firmware call that the kernel passes on. The machine may know it; a0 and a1 are the answer. */
static void sbi_call(struct kvm_cpu *c)
{
	struct kvm_run *run = c->run;
	struct vm *vm = c->vcpu->vm;
	uint64_t a[8] = { 0 };

	c->unfinished = true;
	for (unsigned n = 0; n < 6; n++)
		a[n] = run->riscv_sbi.args[n];
	a[6] = run->riscv_sbi.function_id;
	a[7] = run->riscv_sbi.extension_id;
	mem_reader_enter(&c->vcpu->reader);
	if (!vm->firmware_call || !vm->firmware_call(c->vcpu, false, a)) {
		a[0] = (uint64_t)SBI_ERR_NOT_SUPPORTED;
		a[1] = 0;
	}
	mem_reader_exit(&c->vcpu->reader);
	run->riscv_sbi.ret[0] = a[0];
	run->riscv_sbi.ret[1] = a[1];
}

static enum kvm_step handle_exit(struct kvm_cpu *c, enum vm_exit *what)
{
	switch (c->run->exit_reason) {
	case KVM_EXIT_RISCV_SBI:
		sbi_call(c);
		return KVM_GO_ON;
	case KVM_EXIT_RISCV_CSR:
		c->unfinished = true;
		c->run->riscv_csr.ret_value = 0;
		return KVM_GO_ON;
	default:
		log_error("vCPU %u: KVM stopped it for a reason that Cella does not know (%u)", c->vcpu->index,
			  c->run->exit_reason);
		dump(c);
		*what = EXIT_CRASH;
		return KVM_STOP;
	}
}

static int fault(struct kvm_cpu *c, const struct isa_fault *f)
{
	uint64_t pc, stvec, cause = f->syndrome, tval = f->has_address ? f->address : 0;
	struct reg get[] = { { RISCV64_REG_PC, 8, &pc }, { RISCV64_REG_CSR + CSR_STVEC, 8, &stvec } };
	struct reg set[] = { { RISCV64_REG_CSR + CSR_SEPC, 8, &pc }, { RISCV64_REG_CSR + CSR_SCAUSE, 8, &cause },
			     { RISCV64_REG_CSR + CSR_STVAL, 8, &tval }, { RISCV64_REG_PC, 8, &stvec } };
	int err = riscv64_regs(c, get, ARRAY_SIZE(get), false);

	stvec &= ~3ull;
	return err ? err : riscv64_regs(c, set, ARRAY_SIZE(set), true);
}

static int debug(struct kvm_cpu *c, const struct debug_points *p, struct kvm_guest_debug *d)
{
	(void)c;
	(void)d;
	return p->count || p->step ? -ENOTSUP : 0;
}

static int clock_access(struct kvm_vm *k, uint64_t *time, bool write)
{
	struct kvm_cpu *c = __atomic_load_n(&k->cpu[0], __ATOMIC_ACQUIRE);

	return c ? riscv64_one_reg(c->fd, RISCV64_REG(TIMER, time), time, write) : -ENODEV;
}

static int clock_get(struct kvm_vm *k, struct vm_clock *clock)
{
	clock->host_ns = platform_now_ns();
	return clock_access(k, &clock->counter, false);
}

static int clock_set(struct kvm_vm *k, const struct vm_clock *clock)
{
	uint64_t time = clock->counter;

	return clock_access(k, &time, true);
}

const struct kvm_arch kvm_arch = {
	.isa = ISA_RISCV64,
	.needs = needs,
	.hole = ~0ull,
	.probe = probe,
	.vm_init = create_vm,
	.vm_fini = destroy_vm,
	.vm_ready = riscv64_irqchip_ready,
	.vm_reset = riscv64_aia_reset,
	.irqchip_create = riscv64_irqchip_create,
	.fixed_routes = riscv64_fixed_routes,
	.vcpu_init = riscv64_vcpu_init,
	.vcpu_fini = riscv64_vcpu_fini,
	.vcpu_reset = riscv64_vcpu_reset,
	.vcpu_on = riscv64_vcpu_on,
	.pin = riscv64_pin,
	.regs = riscv64_regs,
	.exit = handle_exit,
	.dump = dump,
	.fault = fault,
	.debug = debug,
	.clock_get = clock_get,
	.clock_set = clock_set,
};
