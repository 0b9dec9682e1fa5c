/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel's APLIC and IMSICs (RISC-V AIA 1.0, chapters 3 and 4; Linux, arch/riscv/include/uapi/asm/kvm.h from 6.5 on, of which
 * the numbers are here because older headers lack them).
 *
 * Pins are the APLIC's sources, and so are the numbers (GSIs) that routes know them by. The APLIC sends a message to an IMSIC for
 * each, as PCI functions do. The kernel wants to know where IMSICs are when all vCPUs are there. It has no reset: registers are
 * written.
 */
#include <string.h>
#include <unistd.h>

#include "engine/kvm/riscv64/riscv64.h"

enum { DEV_TYPE_AIA = 11 };
enum { GRP_CONFIG, GRP_ADDR, GRP_CTRL, GRP_APLIC, GRP_IMSIC };
enum { CONFIG_IDS = 1, CONFIG_SOURCES = 2, CONFIG_HART_BITS = 5 };
enum { ADDR_APLIC, ADDR_IMSIC0 };
enum { CTRL_INIT };
#define IMSIC_VCPU_SHIFT	12
#define IMSIC_BYTES		4096u

/* Registers: the APLIC's by offset (§4.5), an IMSIC's by number (§3.8). */
enum { DOMAINCFG = 0, SOURCECFG = 4, IN_CLRIP = 0x1d00, CLRIE = 0x1f00, TARGET = 0x3004 };
enum { EIDELIVERY = 0x70, EITHRESHOLD = 0x72, EIP0 = 0x80, EIE0 = 0xc0 };

static struct riscv64_vm *vm_of(struct irqchip *chip)
{
	return container_of(chip, struct riscv64_vm, chip);
}

static void set(struct irqchip *chip, uint32_t pin, bool level)
{
	kvm_line_set(vm_of(chip)->vm, pin, level);
}

static int send_msi(struct irqchip *chip, const struct msi *m)
{
	return kvm_msi_send(vm_of(chip)->vm, m);
}

static int reset(struct irqchip *chip)
{
	return riscv64_aia_reset(vm_of(chip)->vm);
}

static const struct irqchip_ops ops = { .set = set, .msi = send_msi, .reset = reset };

uint32_t riscv64_aia_ids(int vm_fd)
{
	uint32_t ids = 0;
	int fd;

	if (kvm_device_create(vm_fd, DEV_TYPE_AIA, &fd))
		return 0;
	if (kvm_device_attr(fd, GRP_CONFIG, CONFIG_IDS, &ids, false))
		ids = 0;
	close(fd);
	return ids;
}

int riscv64_irqchip_create(struct kvm_vm *k, const struct irqchip_desc *d, struct irqchip **out)
{
	struct riscv64_vm *r = riscv64_vm_of(k);
	uint32_t sources = d->spis - 1;		/* source 0 is none */
	uint64_t aplic = d->dist_base;
	int err;

	if (strcmp(d->type, "aia"))
		return -ENOTSUP;		/* a model serves */
	err = kvm_device_create(k->fd, DEV_TYPE_AIA, &r->aia);
	if (!err)
		err = kvm_device_attr(r->aia, GRP_CONFIG, CONFIG_IDS, &r->ids, false);
	if (!err)
		err = kvm_device_attr(r->aia, GRP_CONFIG, CONFIG_SOURCES, &sources, true);
	if (!err)
		err = kvm_device_attr(r->aia, GRP_ADDR, ADDR_APLIC, &aplic, true);
	if (err)
		return err;
	r->imsics = d->msi_base;
	r->chip = (struct irqchip){ .ops = &ops, .name = "aia", .pins = d->spis };
	*out = &r->chip;
	return 0;
}

static int place_imsics(const struct riscv64_vm *r)
{
	uint32_t harts = r->vm->vm->vcpu_count, bits = 0;
	int err;

	while (1u << bits < harts)
		bits++;
	err = kvm_device_attr(r->aia, GRP_CONFIG, CONFIG_HART_BITS, &bits, true);
	for (uint32_t n = 0; n < harts && !err; n++) {
		uint64_t at = r->imsics + n * IMSIC_BYTES;

		err = kvm_device_attr(r->aia, GRP_ADDR, ADDR_IMSIC0 + n, &at, true);
	}
	return err;
}

int riscv64_irqchip_ready(struct kvm_vm *k)
{
	struct riscv64_vm *r = riscv64_vm_of(k);
	int err;

	if (r->aia < 0)
		return 0;
	err = place_imsics(r);
	if (!err)
		err = kvm_device_attr(r->aia, GRP_CTRL, CTRL_INIT, NULL, true);
	if (err)
		return err;
	k->routes_stale = true;			/* the kernel has made a table of its own */
	return kvm_routes_commit(k);
}

unsigned riscv64_fixed_routes(const struct kvm_vm *k, struct kvm_irq_routing_entry *e)
{
	return kvm_pin_routes(((const struct riscv64_vm *)k->arch)->chip.pins, e);
}

static int put_aplic(const struct riscv64_vm *r, uint32_t offset, uint32_t count, uint32_t val)
{
	int err = 0;

	for (uint32_t n = 0; n < count && !err; n++)
		err = kvm_device_attr(r->aia, GRP_APLIC, offset + 4 * n, &val, true);
	return err;
}

/* Nothing is sent meanwhile: domaincfg is first. What is pending goes before the source's kind does. */
static int reset_aplic(const struct riscv64_vm *r)
{
	uint32_t sources = r->chip.pins - 1, words = (r->chip.pins + 31) / 32;
	int err = put_aplic(r, DOMAINCFG, 1, 0);

	if (!err)
		err = put_aplic(r, CLRIE, words, ~0u);
	if (!err)
		err = put_aplic(r, IN_CLRIP, words, ~0u);
	if (!err)
		err = put_aplic(r, SOURCECFG, sources, 0);
	return err ? err : put_aplic(r, TARGET, sources, 0);
}

static int put_imsic(const struct riscv64_vm *r, uint32_t hart, uint32_t reg)
{
	uint64_t zero = 0;

	return kvm_device_attr(r->aia, GRP_IMSIC, (uint64_t)hart << IMSIC_VCPU_SHIFT | reg, &zero, true);
}

/* Arrays of bits have 64 of them in each second register. */
static int reset_imsic(const struct riscv64_vm *r, uint32_t hart)
{
	int err = put_imsic(r, hart, EIDELIVERY);

	if (!err)
		err = put_imsic(r, hart, EITHRESHOLD);
	for (uint32_t n = 0; n <= r->ids / 64 && !err; n++) {
		err = put_imsic(r, hart, EIE0 + 2 * n);
		if (!err)
			err = put_imsic(r, hart, EIP0 + 2 * n);
	}
	return err;
}

int riscv64_aia_reset(struct kvm_vm *k)
{
	const struct riscv64_vm *r = riscv64_vm_of(k);
	int err;

	if (r->aia < 0)
		return 0;
	err = reset_aplic(r);
	for (uint32_t n = 0; n < k->vm->vcpu_count && !err; n++)
		err = reset_imsic(r, n);
	return err;
}
