/* SPDX-License-Identifier: BSD-2-Clause */
/* The order of letters is that of the ISA manual, volume I, "Subset Naming Convention"; names follow by the alphabet. */
#include "base/bits.h"
#include "base/errno.h"
#include "base/string.h"
#include "isa/riscv64/extension.h"

static const char letters[] = "imafdqcbvh";

static const struct {
	uint32_t bit;
	const char *name;
} named[] = {
	{ RISCV64_ZIHINTPAUSE, "zihintpause" }, { RISCV64_SSAIA, "ssaia" }, { RISCV64_SSTC, "sstc" },
	{ RISCV64_SVINVAL, "svinval" }, { RISCV64_SVPBMT, "svpbmt" },
};

static int append(char *text, size_t size, const char *more, size_t len)
{
	size_t used = strlen(text);

	if (used + len + 1 > size)
		return -ENOSPC;
	memcpy(text + used, more, len);
	text[used + len] = 0;
	return 0;
}

int riscv64_isa_string(uint64_t extensions, char *text, size_t size)
{
	int err;

	if (!size)
		return -ENOSPC;
	text[0] = 0;
	err = append(text, size, "rv64", 4);
	for (const char *c = letters; *c && !err; c++)
		if (extensions & RISCV64_LETTER(*c))
			err = append(text, size, c, 1);
	for (size_t n = 0; n < ARRAY_SIZE(named) && !err; n++) {
		if (!(extensions & BIT(named[n].bit)))
			continue;
		err = append(text, size, "_", 1);
		if (!err)
			err = append(text, size, named[n].name, strlen(named[n].name));
	}
	return err;
}
