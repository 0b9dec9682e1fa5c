/* SPDX-License-Identifier: BSD-2-Clause */
/* See sbi_dbcn.h. A write takes what the back-end has room for, at most a piece at a time: the guest calls again with the rest. */
#include "core/chardev.h"
#include "fw/sbi_dbcn.h"

#define PIECE	1024u

static int64_t console_write(struct vm *vm, uint64_t bytes, uint64_t low, uint64_t high, uint64_t *written)
{
	struct chardev *c = vm->firmware_console;
	uint8_t piece[PIECE];
	size_t len = bytes < PIECE ? (size_t)bytes : PIECE;

	if (high || mem_read(&vm->mem, low, piece, len))
		return SBI_INVALID_PARAM;
	*written = c ? c->ops->write(c, piece, len) : len;
	return SBI_SUCCESS;
}

static int64_t console_write_byte(struct vm *vm, uint8_t byte)
{
	struct chardev *c = vm->firmware_console;

	return !c || c->ops->write(c, &byte, 1) == 1 ? SBI_SUCCESS : SBI_FAILED;
}

bool sbi_dbcn_call(struct vcpu *v, bool smc, uint64_t args[8])
{
	uint64_t value = 0;
	int64_t err;

	(void)smc;
	if (args[7] != SBI_DBCN)
		return false;
	switch (args[6]) {
	case SBI_DBCN_WRITE:
		err = console_write(v->vm, args[0], args[1], args[2], &value);
		break;
	case SBI_DBCN_READ:
		err = SBI_SUCCESS;
		break;
	case SBI_DBCN_WRITE_BYTE:
		err = console_write_byte(v->vm, (uint8_t)args[0]);
		break;
	default:
		return false;
	}
	args[0] = (uint64_t)err;
	args[1] = value;
	return true;
}
