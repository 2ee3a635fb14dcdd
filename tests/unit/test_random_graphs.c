// SPDX-License-Identifier: MIT
/*
 * Graphs that nobody thought of: some tens of ops over one another's values,
 * views and slices among them, some values kept, some leaves updated in place.
 * Whatever is folded, fused and reordered, each value is the double reference's.
 * Every op is continuous and keeps numbers small, so that rounding stays small.
 */
#include "conform.h"

#define N 6 /* every value is [N, N] */
#define LEAVES 3
#define NODES 40
#define KEPT 3

static const int64_t square[] = { N, N };

static uint32_t pick(uint32_t n)
{
	return (uint32_t)(noise() * n);
}

/* x with its columns, or rows, turned around by one. */
static accel_tensor *turned(accel_tensor *x, int axis)
{
	accel_tensor *part[2] = { accel_slice(x, axis, 1, N, 1),
				  accel_slice(x, axis, 0, 1, 1) };

	return accel_concat(2, part, axis);
}

/* Every second row, each for two. */
static accel_tensor *halved(accel_tensor *x)
{
	const int64_t half[] = { N / 2, 1, N }, both[] = { N / 2, 2, N };

	x = accel_reshape(accel_slice(x, 0, 0, N, 2), 3, half);
	return accel_reshape(accel_broadcast(x, 3, both), 2, square);
}

static accel_tensor *one_op(accel_tensor *a, accel_tensor *b)
{
	switch (pick(18)) {
	case 0:
		return accel_tanh(a);
	case 1:
		return accel_sigmoid(a);
	case 2:
		return accel_neg(a);
	case 3:
		return accel_relu(a);
	case 4:
		return accel_mul_scalar(accel_add(a, b), 0.5);
	case 5:
		return accel_mul(a, b);
	case 6:
		return accel_maximum(a, b);
	case 7:
		return accel_sub(a, accel_mul_scalar(b, 0.25));
	case 8:
		return accel_transpose(a, 0, 1);
	case 9:
		return accel_add(accel_mul_scalar(a, 0.5),
				 accel_transpose(b, 0, 1));
	case 10:
		return turned(a, (int)pick(2));
	case 11:
		return halved(a);
	case 12:
		return accel_sub(a, accel_mean(b, ACCEL_AXES(0), true));
	case 13:
		return accel_mul(accel_max(a, ACCEL_AXES(1), true), b);
	case 14:
		return accel_mul_scalar(accel_matmul(a, b), 1.0 / N);
	case 15:
		return accel_tanh(accel_add(
			accel_mul_scalar(accel_matmul(a, b,
						      .transpose_b = true),
					 1.0 / N),
			accel_slice(b, 0, 0, 1, 1)));
	case 16:
		return accel_softmax(a, 1);
	default:
		return accel_abs(a);
	}
}

static double wanted[NODES + LEAVES][N * N];

static bool right(accel_tensor *t, const double *want, double *worst)
{
	const double most = on_vulkan ? 1e-3 : 1e-5;
	float got[N * N];
	bool ok = !accel_read(t, got, sizeof(got));
	int i;

	for (i = 0; ok && i < N * N; i++) {
		double d = fabs(got[i] - want[i]);

		if (d > *worst || isnan(d))
			*worst = d;
	}
	return ok && *worst <= most;
}

/* Keeps a value, the last one among them, unless it is kept already. */
static uint32_t keep_some(accel_tensor **t, uint32_t n, uint32_t *kept)
{
	uint32_t i, k, count = 0;

	for (i = 0; i < KEPT; i++) {
		kept[count] = i ? LEAVES + pick(n - LEAVES) : n - 1;
		for (k = 0; kept[k] != kept[count]; k++)
			;
		if (k == count)
			accel_keep(t[kept[count++]]);
	}
	return count;
}

static bool graph(uint32_t seed)
{
	accel_tensor *t[LEAVES + NODES];
	uint32_t kept[KEPT], n_kept = 0, from[LEAVES], n, i;
	double worst = 0;
	bool ok = true;

	noise_state = seed;
	accel_scope_begin(ctx);
	for (n = 0; n < LEAVES; n++)
		t[n] = make(ACCEL_F32, 2, square, -1, 1);
	for (i = 8 + pick(NODES - 8); i--; n++) {
		/* often of what was just made: chains */
		accel_tensor *a = pick(2) ? t[n - 1] : t[pick(n)];

		t[n] = one_op(a, t[pick(n)]);
	}
	for (i = 0; i < n && ok; i++)
		ok = t[i] && !reference_eval(t[i], 0, NULL, NULL, wanted[i]);
	if (ok)
		n_kept = keep_some(t, n, kept);
	for (i = 0; i < LEAVES && ok; i++) {
		from[i] = pick(2) ? pick(n) : i;
		ok = from[i] == i || !accel_assign(t[i], t[from[i]]);
		/* what a leaf is from then on, the next one gets */
		if (from[i] < i)
			from[i] = from[from[i]];
	}
	for (i = 0; i < n_kept && ok; i++)
		ok = right(t[kept[i]], wanted[kept[i]], &worst);
	for (i = 0; i < LEAVES && ok; i++)
		ok = right(t[i], wanted[from[i]], &worst);
	if (!ok)
		printf("# seed %u, %u nodes: off by %g; %s\n", seed, n, worst,
		       accel_last_error());
	for (i = 0; i < n_kept; i++)
		accel_tensor_destroy(t[kept[i]]);
	accel_scope_end(ctx);
	return ok;
}

static void suite(void)
{
	uint32_t graphs = on_vulkan ? 20 : 500, seed, bad = 0;
	const char *more = getenv("ACCEL_GRAPHS");

	if (more)
		graphs = (uint32_t)atoi(more);
	for (seed = 1; seed <= graphs; seed++)
		bad += !graph(seed);
	CHECK(!bad, "%s: %u graphs at random are their reference", label,
	      graphs);
}

int main(int argc, char **argv)
{
	return conform_main(argc, argv, suite);
}
