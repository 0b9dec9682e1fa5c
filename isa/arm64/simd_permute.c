/* SPDX-License-Identifier: BSD-2-Clause */
/* Advanced SIMD, permutations and copies. ARM DDI 0487 C7.2. */
#include "isa/arm64/simd_impl.h"

/* Result lane i: element `index` of n followed by m, of which `lanes` each are used. */
#define PERMUTE(name, index) \
	SIMD_FN(name) \
	{ \
		unsigned size = desc_size(desc), lanes = desc_lanes(desc, size), half = lanes / 2; \
		union v128 r = { .d = { 0, 0 } }; \
		for (unsigned i = 0; i < lanes; i++) { \
			unsigned k = (index); \
			set_lane(&r, size, i, k < lanes ? lane(n, size, k) : lane(m, size, k - lanes)); \
		} \
		(void)half; \
		*d = r; \
	}
PERMUTE(zip1, i / 2 + (i & 1) * lanes)
PERMUTE(zip2, i / 2 + half + (i & 1) * lanes)
PERMUTE(uzp1, 2 * i)
PERMUTE(uzp2, 2 * i + 1)
PERMUTE(trn1, (i & ~1u) + (i & 1) * lanes)
PERMUTE(trn2, (i | 1) + (i & 1) * lanes)

SIMD_FN(ext)
{
	unsigned bytes = desc_lanes(desc, 0);
	union v128 r = { .d = { 0, 0 } };

	for (unsigned i = 0; i < bytes; i++) {
		unsigned k = i + desc_imm(desc);

		r.b[i] = k < bytes ? n->b[k] : m->b[k - bytes];
	}
	*d = r;
}

/* n is V0; the table is 1 to 4 registers from the immediate's on, V0 following V31. */
static void table(union v128 *d, const union v128 *v0, const union v128 *m, uint32_t desc, bool keep)
{
	unsigned bytes = 16 * (desc_index(desc) + 1);
	union v128 r = { .d = { 0, 0 } };

	for (unsigned i = 0; i < desc_lanes(desc, 0); i++) {
		unsigned k = m->b[i];

		if (k < bytes)
			r.b[i] = v0[(desc_imm(desc) + k / 16) % 32].b[k % 16];
		else if (keep)
			r.b[i] = d->b[i];
	}
	*d = r;
}
SIMD_FN(tbl) { table(d, n, m, desc, false); }
SIMD_FN(tbx) { table(d, n, m, desc, true); }

SIMD_FN(dup)
{
	unsigned size = desc_size(desc);
	union v128 r = { .d = { 0, 0 } };

	for (unsigned i = 0; i < desc_lanes(desc, size); i++)
		set_lane(&r, size, i, lane(n, size, desc_imm(desc)));
	*d = r;
}

SIMD_FN(ins)
{
	unsigned size = desc_size(desc);

	set_lane(d, size, desc_index(desc), lane(n, size, desc_imm(desc)));
}
