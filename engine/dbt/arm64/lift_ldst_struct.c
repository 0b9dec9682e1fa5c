/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Advanced SIMD structure loads and stores (ARM DDI 0487 C4.1, "Advanced SIMD load/store ...").
 *
 * Whole registers move 16 (or 8) bytes at a time and are put apart or together by permutations. That is allowed where
 * nothing depends on the element size: not where elements must be aligned, nor for big-endian data; then each element is
 * an access of its own. Everything is loaded before a register changes, and the base is written last, so that an
 * instruction which faults can run again.
 */
#include "engine/dbt/arm64/lift_vec.h"

struct structs {
	struct lift *l;
	struct lift_mem mem;	/* base; imm is where the next access is */
	unsigned rt, size, count;	/* first register, log2 of element bytes, registers */
	bool q;
};

static struct structs begin(struct lift *l, const struct a64_args *a, unsigned count)
{
	return (struct structs){
		.l = l, .mem = lift_mem_base(l, a->rn, 0, 0), .rt = a->rt, .size = a->size, .count = count, .q = a->q,
	};
}

static struct lift_mem at(const struct structs *s, unsigned offset)
{
	struct lift_mem m = s->mem;

	m.imm += offset;
	return m;
}

static unsigned reg(const struct structs *s, unsigned k)
{
	return (s->rt + k) % 32;
}

static void set_all(const struct structs *s, const uint32_t *v)
{
	for (unsigned k = 0; k < s->count; k++)
		lift_set_v(s->l, reg(s, k), v[k]);
}

static bool by_element(const struct structs *s)
{
	const struct arm_mode *m = s->l->mode;

	return m->align_check || !m->mmu || m->big_endian;
}

static void writeback(const struct structs *s, const struct a64_args *a, unsigned bytes)
{
	uint32_t base = lift_get_sp(s->l, a->rn, true);

	if (a->rm == 31)
		base = emit_imm(s->l, IR_ADD, IR_I64, base, bytes);
	else
		base = emit2(s->l, IR_ADD, IR_I64, base, lift_get(s->l, a->rm, true));
	lift_set_sp(s->l, a->rn, true, base);
}

/* ---- element-wise; interleave: registers per structure ---- */

static unsigned element_offset(const struct structs *s, unsigned interleave, unsigned k, unsigned e)
{
	unsigned lanes = (s->q ? 16u : 8u) >> s->size;

	return (interleave == 1 ? k * lanes + e : e * interleave + k) << s->size;
}

static void load_elements(const struct structs *s, unsigned interleave)
{
	uint32_t v[4];
	unsigned lanes = (s->q ? 16u : 8u) >> s->size;

	for (unsigned k = 0; k < s->count; k++)
		v[k] = vec_const(s->l, 0, true);
	for (unsigned e = 0; e < lanes; e++)
		for (unsigned k = 0; k < s->count; k++) {
			struct lift_mem m = at(s, element_offset(s, interleave, k, e));
			uint32_t x = lift_load(s->l, m, lift_type(s->size == 3), s->size, false);

			v[k] = vec_set_lane(s->l, v[k], s->size, e, x);
		}
	set_all(s, v);
}

static void store_elements(const struct structs *s, unsigned interleave)
{
	unsigned lanes = (s->q ? 16u : 8u) >> s->size;

	for (unsigned e = 0; e < lanes; e++)
		for (unsigned k = 0; k < s->count; k++)
			lift_store(s->l, at(s, element_offset(s, interleave, k, e)), s->size,
				   vec_lane(s->l, vec_get(s->l, reg(s, k)), s->size, e));
}

/* ---- memory as a row of 16-byte vectors; bytes is a multiple of 8, the last may be a half one ---- */

static void load_row(const struct structs *s, unsigned bytes, uint32_t *v)
{
	unsigned k = 0;

	for (; bytes >= 32; bytes -= 32, k += 2)
		lift_load_pair(s->l, at(s, 16 * k), IR_V128, 4, false, &v[k]);
	for (; bytes >= 16; bytes -= 16, k++)
		v[k] = lift_load(s->l, at(s, 16 * k), IR_V128, 4, false);
	if (bytes)
		v[k] = vec_zext(s->l, lift_load(s->l, at(s, 16 * k), IR_F64, 3, false));
}

static void store_row(const struct structs *s, unsigned bytes, const uint32_t *v)
{
	unsigned k = 0;

	for (; bytes >= 32; bytes -= 32, k += 2)
		lift_store_pair(s->l, at(s, 16 * k), 4, v[k], v[k + 1]);
	for (; bytes >= 16; bytes -= 16, k++)
		lift_store(s->l, at(s, 16 * k), 4, v[k]);
	if (bytes)
		lift_store(s->l, at(s, 16 * k), 3, vec_elem(s->l, v[k], IR_F64, 0));
}

/* ---- LD1, ST1: registers one after the other ---- */

static void load_one(const struct structs *s)
{
	uint32_t v[4];

	if (s->q) {
		load_row(s, 16 * s->count, v);
	} else {
		for (unsigned k = 0; k < s->count; k++)
			v[k] = lift_load(s->l, at(s, 8 * k), IR_F64, 3, false);
	}
	set_all(s, v);
}

static void store_one(const struct structs *s)
{
	uint32_t v[4];

	for (unsigned k = 0; k < s->count; k++)
		v[k] = lift_get_v(s->l, reg(s, k), s->q ? IR_V128 : IR_F64);
	if (s->q) {
		store_row(s, 16 * s->count, v);
	} else {
		for (unsigned k = 0; k < s->count; k++)
			lift_store(s->l, at(s, 8 * k), 3, v[k]);
	}
}

/* ---- LD2, LD4, ST2, ST4: by halves ---- */

static uint32_t permute(const struct structs *s, enum simd_op op, uint32_t a, uint32_t b)
{
	return vec_op(s->l, op, s->size | SIMD_Q, a, b, NONE);
}

/* Even elements of the pair to even[0], odd ones to odd[0]. */
static void split(const struct structs *s, uint32_t a, uint32_t b, uint32_t *even, uint32_t *odd)
{
	*even = permute(s, SIMD_uzp1, a, b);
	*odd = permute(s, SIMD_uzp2, a, b);
}

static void load_two(const struct structs *s)
{
	uint32_t row[2], v[2];

	load_row(s, s->q ? 32 : 16, row);
	if (!s->q)
		row[1] = vec_const(s->l, 0, true);
	split(s, row[0], row[1], &v[0], &v[1]);
	set_all(s, v);
}

static void load_four(const struct structs *s)
{
	uint32_t row[4], even[2], odd[2], v[4];

	load_row(s, s->q ? 64 : 32, row);
	split(s, row[0], row[1], &even[0], &odd[0]);
	if (s->q)
		split(s, row[2], row[3], &even[1], &odd[1]);
	else
		even[1] = odd[1] = vec_const(s->l, 0, true);
	split(s, even[0], even[1], &v[0], &v[2]);
	split(s, odd[0], odd[1], &v[1], &v[3]);
	set_all(s, v);
}

/* Lower halves interleaved to out[0]; upper ones, if they are stored, to out[1]. */
static void join(const struct structs *s, uint32_t a, uint32_t b, uint32_t *out, bool both)
{
	out[0] = permute(s, SIMD_zip1, a, b);
	if (both)
		out[1] = permute(s, SIMD_zip2, a, b);
}

static void store_two(const struct structs *s)
{
	uint32_t row[2];

	join(s, vec_get(s->l, reg(s, 0)), vec_get(s->l, reg(s, 1)), row, s->q);
	store_row(s, s->q ? 32 : 16, row);
}

static void store_four(const struct structs *s)
{
	uint32_t even[2], odd[2], row[4];

	join(s, vec_get(s->l, reg(s, 0)), vec_get(s->l, reg(s, 2)), even, s->q);
	join(s, vec_get(s->l, reg(s, 1)), vec_get(s->l, reg(s, 3)), odd, s->q);
	join(s, even[0], odd[0], &row[0], true);
	if (s->q)
		join(s, even[1], odd[1], &row[2], true);
	store_row(s, s->q ? 64 : 32, row);
}

/* ---- LD3, ST3: by table look-up ---- */

/* The 16 indices, less `less`; what wraps is out of range. */
static uint32_t index_const(const struct structs *s, const uint8_t *index, unsigned less)
{
	uint64_t half[2] = { 0, 0 };
	uint32_t v;

	for (unsigned i = 0; i < 16; i++)
		half[i / 8] |= (uint64_t)(uint8_t)(index[i] - less) << (i % 8 * 8);
	v = vec_const(s->l, half[0], half[0] == half[1]);
	return half[0] == half[1] ? v : vec_set_lane(s->l, v, 3, 1, lift_const(s->l, IR_I64, half[1]));
}

/* Byte i: byte index[i] of the sources in a row, zero where there is none. */
static uint32_t gather(const struct structs *s, const uint32_t *src, unsigned sources, const uint8_t *index)
{
	uint32_t v = NONE;

	for (unsigned k = 0; k < sources; k++)
		v = vec_op(s->l, k ? SIMD_tbx : SIMD_tbl, SIMD_Q | SIMD_ELEM(0), src[k], index_const(s, index, 16 * k), v);
	return v;
}

static void load_three(const struct structs *s)
{
	unsigned bytes = s->q ? 16 : 8, mask = (1u << s->size) - 1;
	uint32_t row[3], v[3];

	load_row(s, 3 * bytes, row);
	for (unsigned k = 0; k < 3; k++) {
		uint8_t index[16];

		for (unsigned i = 0; i < 16; i++)
			index[i] = i < bytes ? (uint8_t)(3 * (i & ~mask) + (k << s->size) + (i & mask)) : 0xc0;
		v[k] = gather(s, row, s->q ? 3 : 2, index);
	}
	set_all(s, v);
}

static void store_three(const struct structs *s)
{
	unsigned bytes = s->q ? 16 : 8;
	uint32_t src[3], row[3];

	for (unsigned k = 0; k < 3; k++)
		src[k] = vec_get(s->l, reg(s, k));
	for (unsigned r = 0; r < (s->q ? 3u : 2u); r++) {
		uint8_t index[16];

		for (unsigned i = 0; i < 16; i++) {
			unsigned byte = 16 * r + i, element = byte >> s->size;

			index[i] = byte >= 3 * bytes ? 0xc0 :
				   (uint8_t)(16 * (element % 3) + (element / 3 << s->size) + (byte & ((1u << s->size) - 1)));
		}
		row[r] = gather(s, src, 3, index);
	}
	store_row(s, 3 * bytes, row);
}

/* ---- the instructions: multiple structures ---- */

static void load_multiple(struct lift *l, const struct a64_args *a, unsigned interleave, bool post)
{
	struct structs s = begin(l, a, interleave == 1 ? a->rpt : interleave);

	if (by_element(&s))
		load_elements(&s, interleave);
	else if (interleave == 1)
		load_one(&s);
	else if (interleave == 2)
		load_two(&s);
	else if (interleave == 3)
		load_three(&s);
	else
		load_four(&s);
	if (post)
		writeback(&s, a, (a->q ? 16 : 8) * s.count);
}

static void store_multiple(struct lift *l, const struct a64_args *a, unsigned interleave, bool post)
{
	struct structs s = begin(l, a, interleave == 1 ? a->rpt : interleave);

	if (by_element(&s))
		store_elements(&s, interleave);
	else if (interleave == 1)
		store_one(&s);
	else if (interleave == 2)
		store_two(&s);
	else if (interleave == 3)
		store_three(&s);
	else
		store_four(&s);
	if (post)
		writeback(&s, a, (a->q ? 16 : 8) * s.count);
}

/* ---- one lane; replicate ---- */

static void load_lane(struct lift *l, const struct a64_args *a, bool post)
{
	struct structs s = begin(l, a, a->selem);
	uint32_t v[4];

	for (unsigned k = 0; k < s.count; k++)
		v[k] = lift_load(l, at(&s, k << s.size), lift_type(s.size == 3), s.size, false);
	for (unsigned k = 0; k < s.count; k++)
		v[k] = vec_set_lane(l, vec_get(l, reg(&s, k)), s.size, a->index, v[k]);
	set_all(&s, v);
	if (post)
		writeback(&s, a, s.count << s.size);
}

static void store_lane(struct lift *l, const struct a64_args *a, bool post)
{
	struct structs s = begin(l, a, a->selem);

	for (unsigned k = 0; k < s.count; k++)
		lift_store(l, at(&s, k << s.size), s.size, vec_lane(l, vec_get(l, reg(&s, k)), s.size, a->index));
	if (post)
		writeback(&s, a, s.count << s.size);
}

static void load_replicate(struct lift *l, const struct a64_args *a, bool post)
{
	struct structs s = begin(l, a, a->selem);
	uint32_t v[4];

	for (unsigned k = 0; k < s.count; k++)
		v[k] = lift_load(l, at(&s, k << s.size), lift_type(s.size == 3), s.size, false);
	for (unsigned k = 0; k < s.count; k++)
		v[k] = emit_sub(l, ir_add(l->ir, IR_VDUP, IR_V128, v[k], NONE, NONE, !s.q), s.size);
	set_all(&s, v);
	if (post)
		writeback(&s, a, s.count << s.size);
}

#define STRUCTS(n) \
	LIFT(LD##n##_mult) { load_multiple(l, a, n, false); } LIFT(LD##n##_mult_post) { load_multiple(l, a, n, true); } \
	LIFT(ST##n##_mult) { store_multiple(l, a, n, false); } LIFT(ST##n##_mult_post) { store_multiple(l, a, n, true); } \
	LIFT(LD##n##_lane) { load_lane(l, a, false); } LIFT(LD##n##_lane_post) { load_lane(l, a, true); } \
	LIFT(ST##n##_lane) { store_lane(l, a, false); } LIFT(ST##n##_lane_post) { store_lane(l, a, true); } \
	LIFT(LD##n##R) { load_replicate(l, a, false); } LIFT(LD##n##R_post) { load_replicate(l, a, true); }
STRUCTS(1)
STRUCTS(2)
STRUCTS(3)
STRUCTS(4)
