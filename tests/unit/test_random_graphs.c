// SPDX-License-Identifier: MIT
/*
 * Graphs that nobody thought of: some tens of ops over one another's values,
 * views and slices among them, some values kept, some leaves updated in place.
 * Whatever is folded, fused and reordered, each value is the double reference's.
 * And steps in a row, some not yet computed when the next one is recorded.
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

/* Places at random along an axis of N. */
static accel_tensor *places(void)
{
	int32_t v[N * N];
	int i;

	for (i = 0; i < N * N; i++)
		v[i] = (int32_t)pick(N);
	return accel_tensor_create(ctx, ACCEL_I32, 2, square, v);
}

/* A part of x with a border around it. */
static accel_tensor *shifted(accel_tensor *x)
{
	static const int64_t one[] = { 1, 1 };
	int64_t down = pick(3), right = pick(3);

	x = accel_pad(x, one, one, 0.5);
	x = accel_slice(x, 0, down, down + N, 1);
	return accel_slice(x, 1, right, right + N, 1);
}

/* Of x as an image: by b's corner, or its maxima, or its means. */
static accel_tensor *image_op(accel_tensor *x, accel_tensor *b)
{
	const int64_t wide[] = { N / 2, 2, N / 2, 2 };

	x = accel_reshape(x, ACCEL_SHAPE(1, 1, N, N));
	switch (pick(3)) {
	case 0:
		b = accel_slice(accel_slice(b, 0, 0, 3, 1), 1, 0, 3, 1);
		b = accel_reshape(b, ACCEL_SHAPE(1, 1, 3, 3));
		x = accel_mul_scalar(accel_conv2d(x, b, .pad = { 1, 1 }),
				     1.0 / 9);
		break;
	case 1:
		x = accel_max_pool2d(x, .size = { 2, 2 });
		x = accel_reshape(x, ACCEL_SHAPE(N / 2, 1, N / 2, 1));
		x = accel_broadcast(x, 4, wide);
		break;
	default:
		x = accel_avg_pool2d(x, .size = { 3, 3 }, .stride = { 1, 1 },
				     .pad = { 1, 1 });
	}
	return accel_reshape(x, 2, square);
}

static accel_tensor *moving_op(accel_tensor *a, accel_tensor *b)
{
	int axis = (int)pick(2);

	switch (pick(8)) {
	case 0:
		return accel_mul_scalar(accel_cumsum(a, axis), 1.0 / N);
	case 1:
		return shifted(a);
	case 2:
		return accel_where(accel_greater(a, b), a, b);
	case 3:
		return accel_gather(a, axis, places());
	case 4:
		return accel_mul_scalar(accel_scatter_add(a, axis, places(), b),
					0.3);
	case 5:
		return accel_broadcast(accel_slice(a, 0, 2, 3, 1), 2, square);
	case 6:
		return accel_mul(a, accel_scalar(ctx, ACCEL_F32, noise()));
	default:
		return image_op(a, b);
	}
}

static accel_tensor *one_op(accel_tensor *a, accel_tensor *b)
{
	if (!pick(3))
		return moving_op(a, b);
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

/* ---- several steps ---- */

#define LIVE (LEAVES + 8) /* leaves, and what was kept in earlier steps */
#define OPS 24

static accel_tensor *at[LIVE + OPS];
static double is[LIVE + OPS][N * N];

static bool overwrite(uint32_t leaf)
{
	float v[N * N];
	int i;

	for (i = 0; i < N * N; i++) {
		v[i] = (float)(noise() * 2 - 1);
		is[leaf][i] = v[i];
	}
	return !accel_write(at[leaf], v, sizeof(v));
}

/* One op, small enough; then perhaps an update. What is read or recorded later
 * than that is by the new value. */
static bool one_more(uint32_t n)
{
	accel_tensor *a = at[pick(2) ? n - 1 : pick(n)];
	uint32_t leaf, from, i;

	at[n] = one_op(a, at[pick(n)]);
	if (!at[n] || reference_eval(at[n], 0, NULL, NULL, is[n]))
		return false;
	for (i = 0; i < N * N && fabs(is[n][i]) < 2; i++)
		;
	if (i < N * N) {
		at[n] = accel_tanh(at[n]);
		if (reference_eval(at[n], 0, NULL, NULL, is[n]))
			return false;
	}
	if (pick(8))
		return true;
	leaf = pick(LEAVES);
	from = pick(n + 1);
	memmove(is[leaf], is[from], sizeof(is[0]));
	return !accel_assign(at[leaf], at[from]);
}

/*
 * A step on the first *live values, of which it keeps one more; it may end
 * before any of it is computed.
 */
static bool step(uint32_t *live, double *worst)
{
	uint32_t n, last = *live + 4 + pick(OPS - 4), kept;
	bool ok = pick(3) || overwrite(pick(LEAVES));

	accel_scope_begin(ctx);
	for (n = *live; n < last && ok; n++)
		ok = one_more(n);
	kept = *live + pick(last - *live);
	if (ok)
		accel_keep(at[kept]);
	if (ok && pick(2))
		ok = pick(2) ? !accel_sync(ctx)
			     : right(at[last - 1], is[last - 1], worst);
	accel_scope_end(ctx);
	if (!ok)
		return false;
	at[*live] = at[kept];
	memmove(is[*live], is[kept], sizeof(is[0]));
	if (++*live < LIVE && pick(3))
		return true;
	n = LEAVES + pick(*live - LEAVES);
	accel_tensor_destroy(at[n]);
	at[n] = at[--*live];
	memmove(is[n], is[*live], sizeof(is[0]));
	return true;
}

static bool steps(uint32_t seed)
{
	uint32_t live, i, n;
	double worst = 0;
	bool ok = true;

	noise_state = seed * 2654435761u;
	for (live = 0; live < LEAVES; live++) {
		at[live] = accel_keep(make(ACCEL_F32, 2, square, -1, 1));
		ok = ok && !reference_eval(at[live], 0, NULL, NULL, is[live]);
	}
	for (n = 1 + pick(8); n-- && ok;)
		ok = step(&live, &worst);
	for (i = 0; i < live && ok; i++)
		ok = right(at[i], is[i], &worst);
	if (!ok)
		printf("# seed %u: off by %g; %s\n", seed, worst,
		       accel_last_error());
	for (i = 0; i < live; i++)
		accel_tensor_destroy(at[i]);
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
	bad = 0;
	for (seed = 1; seed <= graphs; seed++)
		bad += !steps(seed);
	CHECK(!bad, "%s: and so are steps on one another's results", label);
}

int main(int argc, char **argv)
{
	return conform_main(argc, argv, suite);
}
