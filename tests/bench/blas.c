// SPDX-License-Identifier: MIT
/*
 * blas N RUNS: a direct OpenBLAS sgemm of N by N matrices, as accel bench
 * measures: prints the median GFLOP/s of wall time and of CPU time, and the
 * median in microseconds.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cblas.h>

static double now(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec * 1e-3;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
	int n = argc > 2 ? atoi(argv[1]) : 0, runs = n ? atoi(argv[2]) : 0;
	float *m[3];
	double *wall, *cpu, flop = 2e-3 * n * n * n;

	if (n < 1 || runs < 1) {
		fprintf(stderr, "usage: blas N RUNS\n");
		return 2;
	}
	wall = calloc((size_t)runs, sizeof(*wall));
	cpu = calloc((size_t)runs, sizeof(*cpu));
	for (int i = 0; i < 3; i++) {
		m[i] = malloc(sizeof(float) * (size_t)n * (size_t)n);
		for (int k = 0; m[i] && k < n * n; k++)
			m[i][k] = 0.25f;
	}
	if (!wall || !cpu || !m[0] || !m[1] || !m[2])
		return 1;
	for (int i = 0; i <= runs; i++) {
		double w = now(CLOCK_MONOTONIC);
		double c = now(CLOCK_PROCESS_CPUTIME_ID);
		int k = i ? i - 1 : 0;

		cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, n, n, n,
			    1, m[0], n, m[1], n, 0, m[2], n);
		wall[k] = now(CLOCK_MONOTONIC) - w;
		cpu[k] = now(CLOCK_PROCESS_CPUTIME_ID) - c;
	}
	qsort(wall, (size_t)runs, sizeof(*wall), compare);
	qsort(cpu, (size_t)runs, sizeof(*cpu), compare);
	printf("%.2f %.2f %.1f\n", flop / wall[runs / 2], flop / cpu[runs / 2],
	       wall[runs / 2]);
	return 0;
}
