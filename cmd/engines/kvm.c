/* SPDX-License-Identifier: BSD-2-Clause */
/* The engines of a host that the translator has no back end for. */
#include <errno.h>

#include "cmd/cmd.h"
#include "ctl/options.h"
#include "engine/kvm/kvm.h"

const struct engine_ops *const engine_table[] = { &kvm_engine, NULL };

int engine_options_parse(const struct run_options *o, void **out, struct ctl_error *e)
{
	const char *other = run_options_of_dbt(o);

	if (other)
		return ctl_fail(e, -EINVAL, "--%s: for the dbt engine, which runs on x86-64 hosts: leave it out", other);
	*out = NULL;
	return 0;
}

void engine_options_free(void *options)
{
	(void)options;
}

int engine_cpu_print(FILE *f, char *why, size_t why_len)
{
	snprintf(why, why_len, "only x86-64 hosts have CPUID");
	return -ENOTSUP;
}
