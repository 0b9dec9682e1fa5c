/* SPDX-License-Identifier: BSD-2-Clause */
#include "engine/dbt/x64/vec.h"

const struct vop_rule *vop_rule_find(const struct gen *g, unsigned op, uint32_t desc)
{
	return NULL;
}
