/* SPDX-License-Identifier: BSD-2-Clause */
/* Vectors of 16 bytes, by the compiler's vector types: NEON on arm64, SSE2 natively. */
#include "bench.h"

#define N		4096u
#define SAXPY_ROUNDS	400
#define BLEND_ROUNDS	400
#define SAD_ROUNDS	600

typedef float f32x4 __attribute__((vector_size(16)));
typedef uint8_t u8x16 __attribute__((vector_size(16)));
typedef uint8_t u8x8 __attribute__((vector_size(8)));
typedef uint16_t u16x8 __attribute__((vector_size(16)));
typedef uint32_t u32x4 __attribute__((vector_size(16)));

static f32x4 xs[N / 4], ys[N / 4];
static u8x8 pa[N / 8], pb[N / 8], pc[N / 8];
static u8x16 qa[N / 16], qb[N / 16];

static void saxpy_setup(void)
{
	for (uint32_t i = 0; i < N / 4; i++) {
		xs[i] = (f32x4){ i, i + 1, i + 2, i + 3 };
		ys[i] = (f32x4){ 1, 2, 3, 4 };
	}
}

static void saxpy_run(void)
{
	f32x4 a = { 0.5f, 0.25f, 0.125f, 0.75f };

	for (int r = 0; r < SAXPY_ROUNDS; r++) {
		for (uint32_t i = 0; i < N / 4; i++)
			ys[i] += a * xs[i];
		sink((uintptr_t)ys);
	}
}

static void pixels_setup(void)
{
	uint64_t seed = 7;

	for (uint32_t i = 0; i < N; i++) {
		((uint8_t *)pa)[i] = rnd(&seed);
		((uint8_t *)pb)[i] = rnd(&seed);
		((uint8_t *)qa)[i] = rnd(&seed);
		((uint8_t *)qb)[i] = rnd(&seed);
	}
}

static void blend_run(void)
{
	for (int r = 0; r < BLEND_ROUNDS; r++) {
		uint16_t alpha = opaque(r + 17);

		for (uint32_t i = 0; i < N / 8; i++) {
			u16x8 a = __builtin_convertvector(pa[i], u16x8);
			u16x8 b = __builtin_convertvector(pb[i], u16x8);

			a = (a * alpha + b * (uint16_t)(256 - alpha)) >> 8;
			pc[i] = __builtin_convertvector(a, u8x8);
		}
		sink((uintptr_t)pc);
	}
}

static void sad_run(void)
{
	u32x4 sum = { 0 };

	for (int r = 0; r < SAD_ROUNDS; r++) {
		for (uint32_t i = 0; i < N / 16; i++) {
			u8x16 more = (u8x16)(qa[i] > qb[i]);
			u8x16 diff = (more & (qa[i] - qb[i])) | (~more & (qb[i] - qa[i]));

			sum += (u32x4)diff & 0xff;
			sum += (u32x4)diff >> 8 & 0xff;
			sum += (u32x4)diff >> 16 & 0xff;
			sum += (u32x4)diff >> 24;
		}
		sink(r);
	}
	sink(sum[0] + sum[1] + sum[2] + sum[3]);
}

const struct row vector_rows[] = {
	{ "saxpy-f32", "element", SAXPY_ROUNDS * N, saxpy_setup, saxpy_run, 1 },
	{ "blend-u8", "pixel", BLEND_ROUNDS * N, pixels_setup, blend_run, 1 },
	{ "sad-u8", "pixel", SAD_ROUNDS * N, pixels_setup, sad_run, 1 },
	{ 0 }
};
