/* SPDX-License-Identifier: BSD-2-Clause */
/* Scalar floating point. */
#include "bench.h"

#include <math.h>

#define MAT		96
#define NBODY_STEPS	6000
#define BODIES		5

static double mat_a[MAT][MAT], mat_b[MAT][MAT], mat_c[MAT][MAT];

struct body {
	double	pos[3], vel[3], mass;
};

static struct body body[BODIES];

static void matmul_setup(void)
{
	uint64_t seed = 5;

	for (int i = 0; i < MAT; i++)
		for (int j = 0; j < MAT; j++) {
			mat_a[i][j] = (double)(rnd(&seed) >> 40) / 65536;
			mat_b[i][j] = (double)(rnd(&seed) >> 40) / 65536;
		}
}

static void matmul_run(void)
{
	for (int i = 0; i < MAT; i++)
		for (int j = 0; j < MAT; j++) {
			double sum = 0;

			for (int k = 0; k < MAT; k++)
				sum += mat_a[i][k] * mat_b[k][j];
			mat_c[i][j] = sum;
		}
	sink((uintptr_t)mat_c);
}

static void nbody_setup(void)
{
	uint64_t seed = 6;

	for (int i = 0; i < BODIES; i++) {
		for (int d = 0; d < 3; d++) {
			body[i].pos[d] = (double)(rnd(&seed) % 20000) / 1000 + 3 * i;
			body[i].vel[d] = (double)(rnd(&seed) % 1000) / 1000 - 0.5;
		}
		body[i].mass = 1.0 + i;
	}
}

static void nbody_run(void)
{
	for (int step = 0; step < NBODY_STEPS; step++) {
		for (int i = 0; i < BODIES; i++)
			for (int j = i + 1; j < BODIES; j++) {
				double d[3], r2 = 0.01, mag;

				for (int k = 0; k < 3; k++) {
					d[k] = body[i].pos[k] - body[j].pos[k];
					r2 += d[k] * d[k];
				}
				mag = 0.001 / (r2 * sqrt(r2));
				for (int k = 0; k < 3; k++) {
					body[i].vel[k] -= d[k] * body[j].mass * mag;
					body[j].vel[k] += d[k] * body[i].mass * mag;
				}
			}
		for (int i = 0; i < BODIES; i++)
			for (int k = 0; k < 3; k++)
				body[i].pos[k] += 0.001 * body[i].vel[k];
	}
	sink(body[0].pos[0] > 0);
}

const struct row float_rows[] = {
	{ "matmul-f64", "multiply-add", MAT * MAT * MAT, matmul_setup, matmul_run, 1 },
	{ "nbody", "step", NBODY_STEPS, nbody_setup, nbody_run, 1 },
	{ 0 }
};
