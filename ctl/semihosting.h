/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Arm semihosting ("Semihosting for AArch32 and AArch64", Arm 100863 / ABI 2022Q1): a guest's HLT 0xf000 asks for console
 * output, files, time, its command line, or its end. Off unless --semihosting is given.
 *
 * Files are those below one directory and nothing else (openat2 RESOLVE_BENEATH; regular files only); without a directory
 * there are none. Addresses in parameter blocks are taken as physical: images that use semihosting run with the MMU off or
 * an identity map (docs/deviations.md).
 *
 * semihosting_call runs on the vCPU's thread, which may block in file I/O.
 */
#ifndef CTL_SEMIHOSTING_H
#define CTL_SEMIHOSTING_H

#include "core/chardev.h"
#include "core/vm.h"
#include "ctl/error.h"

struct semihosting;

/* dir: NULL or "" for no files. cmdline and console are borrowed; console may be NULL. */
int semihosting_new(const char *dir, const char *cmdline, struct chardev *console, struct semihosting **out,
		    struct ctl_error *e);
void semihosting_free(struct semihosting *s);
/* What vm->semihosting is set to; vm->semihosting_ctx is the struct semihosting. */
uint64_t semihosting_call(struct vcpu *v, uint64_t op, uint64_t param);
int semihosting_exit_status(const struct semihosting *s);	/* 0..255, or -1: the guest has not ended itself */
void semihosting_reset(struct semihosting *s);			/* closes the guest's files */

#endif
