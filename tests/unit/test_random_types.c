// SPDX-License-Identifier: MIT
/*
 * Graphs that nobody thought of, of every type and shape: as
 * test_random_graphs, but of whole numbers small enough for every type that
 * holds them, so that each result is exactly the double reference's, wrapped
 * integers and NaN included.
 *
 * ACCEL_GRAPHS: how many; ACCEL_SEED: only this one.
 */
#include "conform.h"

#include "../../libaccel/src/base/alloc.h"
#include "../../libaccel/src/tensor/node.h"

#define LEAVES 4
#define NODES 24
#define LIVE (LEAVES + 6) /* leaves, and what earlier steps kept */
#define MOST 600 /* elements */
#define SMALL 64 /* products of two, summed, are exact in f32 */

static uint32_t failed;
static bool failing; /* allocations, on purpose */
static accel_tensor *at[LIVE + NODES];
static double *is[LIVE + NODES]; /* what each one's elements are */

static uint32_t pick(uint32_t n)
{
	return (uint32_t)(noise() * n);
}

static accel_dtype any_type(void)
{
	return (accel_dtype)pick(5);
}

static int64_t dim(accel_tensor *t, int axis)
{
	return accel_tensor_dim(t, axis);
}

static int any_axis(accel_tensor *t)
{
	return (int)pick((uint32_t)accel_tensor_ndim(t));
}

static accel_tensor *leaf(accel_dtype d, int ndim, const int64_t *shape)
{
	static const double low[] = { -6, -6, -128, 0, -60 };
	static const double high[] = { 7, 7, 128, 256, 61 };
	int64_t n = 1, i;
	uint8_t bytes[MOST * 4];

	for (i = 0; i < ndim; i++)
		n *= shape[i];
	for (i = 0; i < n; i++)
		dtype_store(d, bytes, i,
			    floor(low[d] + (high[d] - low[d]) * noise()));
	return accel_tensor_create(ctx, d, ndim, shape, bytes);
}

static accel_tensor *any_leaf(void)
{
	int64_t shape[ACCEL_MAX_DIMS], n = 1;
	int ndim = (int)pick(ACCEL_MAX_DIMS + 1), i;

	for (i = 0; i < ndim; i++) {
		shape[i] = 1 + pick(5);
		if (n * shape[i] > MOST / 2)
			shape[i] = 1;
		n *= shape[i];
	}
	return leaf(any_type(), ndim, shape);
}

/* One that broadcasts with x: some dimensions gone, some of size 1. */
static accel_tensor *beside(accel_tensor *x)
{
	int nd = accel_tensor_ndim(x), gone = nd ? (int)pick(2) : 0, i;
	int64_t shape[ACCEL_MAX_DIMS];

	for (i = gone; i < nd; i++)
		shape[i - gone] = pick(4) ? dim(x, i) : 1;
	switch (pick(6)) {
	case 0:
		return accel_scalar(ctx, any_type(), pick(5));
	case 1:
		return accel_full(ctx, any_type(), nd - gone, shape, pick(3));
	case 2:
		return nd ? accel_max(x, ACCEL_AXES(any_axis(x)), true) : x;
	default:
		return leaf(any_type(), nd - gone, shape);
	}
}

static accel_tensor *binary(accel_tensor *a, accel_tensor *b)
{
	switch (pick(9)) {
	case 0:
		return accel_sub(a, b);
	case 1:
		return accel_mul(a, b);
	case 2:
		return accel_minimum(a, b);
	case 3:
		return accel_maximum(a, b);
	case 4:
		return accel_less(a, b);
	case 5:
		return accel_greater_equal(a, b);
	case 6:
		return accel_not_equal(a, b);
	case 7:
		return accel_where(accel_equal(a, b), a, b);
	default:
		return accel_add(a, b);
	}
}

static accel_tensor *unary(accel_tensor *x)
{
	switch (pick(9)) {
	case 0:
		return accel_neg(x);
	case 1:
		return accel_abs(x);
	case 2:
		return accel_sign(x);
	case 3:
		return accel_relu(x);
	case 4:
		return accel_floor(x);
	case 5:
		return accel_copy(x);
	case 6:
		return accel_add_scalar(x, pick(600) - 300.0);
	case 7:
		return accel_mul_scalar(x, pick(600) - 300.0);
	default:
		return accel_cast(x, any_type());
	}
}

static accel_tensor *any_reshape(accel_tensor *x)
{
	int64_t n = accel_tensor_count(x), shape[ACCEL_MAX_DIMS];
	int nd = 0, k;

	while (n > 1 && nd < 5) {
		k = 1 + (int)pick(6);
		if (n % k)
			continue;
		shape[nd++] = k;
		n /= k;
		if (!pick(4))
			break;
	}
	shape[nd++] = n;
	return accel_reshape(x, nd, shape);
}

static accel_tensor *view(accel_tensor *x)
{
	int nd = accel_tensor_ndim(x), order[ACCEL_MAX_DIMS], i, axis, other;
	int64_t shape[ACCEL_MAX_DIMS], n, first;

	for (i = 0; i < nd; i++)
		order[i] = i;
	for (i = nd - 1; i > 0; i--) {
		other = (int)pick((uint32_t)i + 1);
		axis = order[i];
		order[i] = order[other];
		order[other] = axis;
	}
	switch (nd ? pick(5) : 0) {
	case 0:
		return any_reshape(x);
	case 1:
		return accel_permute(x, order);
	case 2:
		axis = any_axis(x);
		n = dim(x, axis);
		first = pick((uint32_t)n);
		return accel_slice(x, axis, first,
				   first + 1 + pick((uint32_t)n), 1 + pick(3));
	case 3:
		return nd < 6 ? accel_expand(x, any_axis(x)) : x;
	default:
		n = accel_tensor_count(x);
		for (i = 0; i < nd; i++) {
			shape[i] = dim(x, i);
			if (shape[i] == 1 && n * 3 < MOST) {
				shape[i] = 1 + pick(3);
				n *= shape[i];
			}
		}
		return accel_broadcast(x, nd, shape);
	}
}

static accel_tensor *reduction(accel_tensor *x)
{
	accel_axes axes = { 0 };
	bool keep = pick(2);
	int i;

	for (i = 0; i < accel_tensor_ndim(x); i++)
		if (pick(2))
			axes.axis[axes.n++] = i;
	switch (accel_tensor_ndim(x) ? pick(8) : 0) {
	case 0:
		return accel_sum(x, axes, keep);
	case 1:
		return accel_max(x, axes, keep);
	case 2:
		return accel_min(x, axes, keep);
	case 3:
		return accel_argmax(x, any_axis(x), keep);
	case 4:
		return accel_argmin(x, any_axis(x), keep);
	case 5: /* of at most 3 factors */
		return accel_prod(accel_slice(x, 0, 0, 3, 1), ACCEL_AXES(0),
				  keep);
	default:
		return accel_cumsum(x, any_axis(x));
	}
}

/* Places along an axis; some are outside. */
static accel_tensor *places(accel_tensor *x, int axis)
{
	int64_t shape[ACCEL_MAX_DIMS], n = dim(x, axis), count, i;
	int32_t v[MOST];
	int k;

	for (k = 0; k < accel_tensor_ndim(x); k++)
		shape[k] = dim(x, k);
	shape[axis] = 1 + pick((uint32_t)n);
	for (count = 1, k = 0; k < accel_tensor_ndim(x); k++)
		count *= shape[k];
	for (i = 0; i < count; i++)
		v[i] = (int32_t)(pick(40) ? pick((uint32_t)(2 * n)) - n : n);
	return accel_tensor_create(ctx, ACCEL_I32, accel_tensor_ndim(x), shape,
				   v);
}

static accel_tensor *moving(accel_tensor *x)
{
	int64_t before[ACCEL_MAX_DIMS] = { 0 }, after[ACCEL_MAX_DIMS] = { 0 };
	accel_tensor *part[3] = { x, NULL, x }, *values;
	int axis = any_axis(x), nd = accel_tensor_ndim(x);
	int64_t n = dim(x, axis);

	switch (pick(7)) {
	case 0:
		part[1] = accel_cast(accel_slice(x, axis, 0, n, 2), any_type());
		return accel_concat(2 + (int)pick(2), part, axis);
	case 1:
		before[axis] = pick(3);
		after[any_axis(x)] = pick(3);
		return accel_pad(x, before, after, pick(600) - 300.0);
	case 2:
		return accel_gather(x, axis, places(x, axis));
	case 3:
		part[1] = places(x, axis);
		return accel_scatter_add(x, axis, part[1],
					 accel_slice(x, axis, 0,
						     dim(part[1], axis), 1));
	case 4:
		n = 1 + pick((uint32_t)dim(x, -1));
		return accel_topk(x, n, &values, &part[1]) ? NULL
		       : pick(2)                           ? values
							   : part[1];
	case 5:
		if (n % 2 || accel_split(x, axis, 2, part))
			return x;
		return accel_concat(2, (accel_tensor *[]){ part[1], part[0] },
				    axis);
	default:
		if (nd > 5 || dtype_is_float(accel_tensor_dtype(x)))
			return x;
		return pick(2) ? accel_one_hot(x, 3, any_type())
			       : accel_unpack_bits(x, 1 + (int)pick(8));
	}
}

/* Products, and windows over an image. */
static accel_tensor *heavy(accel_tensor *x)
{
	int64_t n = accel_tensor_count(x), h, wide;
	accel_tensor *w;

	if (pick(2) && accel_tensor_ndim(x) >= 2) {
		wide = 1 + pick(6);
		if (wide * dim(x, -1) > MOST)
			wide = 1;
		if (pick(2))
			return accel_matmul(x, x, .transpose_b = true);
		w = leaf(any_type(), ACCEL_SHAPE(wide, dim(x, -1)));
		return accel_matmul(x, w, .transpose_b = true);
	}
	for (h = 5; n % h; h--)
		;
	x = accel_reshape(x, ACCEL_SHAPE(1, h, -1, 1));
	n = dim(x, 2);
	for (wide = 7; n % wide; wide--)
		;
	x = accel_reshape(x, ACCEL_SHAPE(1, h, n / wide, wide));
	switch (pick(4)) {
	case 0:
		w = leaf(any_type(), ACCEL_SHAPE(3, h, 1, 1));
		return accel_conv2d(x, w, .stride = { 1 + (int)pick(2), 1 });
	case 1:
		w = leaf(pick(2) ? ACCEL_F32 : ACCEL_F16,
			 ACCEL_SHAPE(h, 1, 3, 3));
		return accel_conv2d(x, w, .pad = { 1, 1 }, .groups = (int)h);
	case 2:
		return accel_max_pool2d(x, .size = { 2, 3 },
					.stride = { 1 + (int)pick(2), 1 },
					.same = true);
	default:
		return accel_resize(x, 1 + pick(6), 1 + pick(6), ACCEL_NEAREST);
	}
}

static accel_tensor *one_op(accel_tensor *x)
{
	bool flat = !accel_tensor_ndim(x);

	switch (pick(14)) {
	case 0:
	case 1:
		return view(x);
	case 2:
	case 3:
		return unary(x);
	case 4:
		return reduction(x);
	case 5:
		return flat ? unary(x) : moving(x);
	case 6:
		return heavy(x);
	default:
		return pick(2) ? binary(x, beside(x)) : binary(beside(x), x);
	}
}

/* Evaluates at[n]; larger than what stays exact, it is limited. */
static bool settle(uint32_t n)
{
	int64_t count = accel_tensor_count(at[n]), i;
	bool large = false;

	if (!at[n] || count > MOST)
		return false;
	if (reference_eval(at[n], 0, NULL, NULL, is[n]))
		return false;
	for (i = 0; i < count; i++)
		large = large || fabs(is[n][i]) > SMALL;
	if (large && (accel_tensor_dtype(at[n]) == ACCEL_I32 ||
		      dtype_is_float(accel_tensor_dtype(at[n])))) {
		at[n] = accel_minimum(accel_add_scalar(at[n], 0),
				      accel_full(ctx, ACCEL_I8, ACCEL_SCALAR,
						 3));
		at[n] = accel_maximum(at[n], accel_full(ctx, ACCEL_I8,
							ACCEL_SCALAR, -3));
		return !reference_eval(at[n], 0, NULL, NULL, is[n]);
	}
	return true;
}

static bool right(accel_tensor *t, const double *want)
{
	accel_dtype d = accel_tensor_dtype(t);
	int64_t n = accel_tensor_count(t), i;
	uint8_t got[MOST * 4];
	double v;

	if (accel_read(t, got, (size_t)n * accel_dtype_size(d)))
		return false;
	for (i = 0; i < n; i++) {
		v = dtype_load(d, got, i);
		if (v == want[i] || (isnan(v) && isnan(want[i])))
			continue;
		printf("# %s %s [%lld]: %g, not %g\n", accel_dtype_name(d),
		       shape_text(accel_tensor_ndim(t), accel_tensor_shape(t)),
		       (long long)i, v, want[i]);
		return false;
	}
	return true;
}

/* What d makes of a value of type `from`. */
static double converted(accel_dtype from, accel_dtype d, double v)
{
	if (dtype_is_float(d))
		return v;
	if (dtype_is_float(from))
		v = isnan(v) ? 0 : trunc(v);
	return dtype_wrap(d, v);
}

/* Gives a leaf of the same shape, if there is one, the value of at[from]. */
static bool update(uint32_t from)
{
	accel_tensor *x = at[from];
	accel_dtype d;
	uint32_t i, k = pick(LEAVES);
	int64_t n;

	if (accel_tensor_count(at[k]) != accel_tensor_count(x) || k == from)
		return true;
	d = accel_tensor_dtype(at[k]);
	n = accel_tensor_count(x);
	for (i = 0; i < n; i++)
		is[k][i] = converted(accel_tensor_dtype(x), d, is[from][i]);
	x = accel_reshape(x, accel_tensor_ndim(at[k]),
			  accel_tensor_shape(at[k]));
	return x && !accel_assign(at[k], x);
}

static bool overwrite(uint32_t k)
{
	accel_dtype d = accel_tensor_dtype(at[k]);
	int64_t n = accel_tensor_count(at[k]), i;
	uint8_t bytes[MOST * 4];

	for (i = 0; i < n; i++) {
		is[k][i] = pick(9);
		dtype_store(d, bytes, i, is[k][i]);
	}
	return !accel_write(at[k], bytes, (size_t)n * accel_dtype_size(d));
}

static void move(uint32_t to, uint32_t from)
{
	double *swap = is[to];

	at[to] = at[from];
	is[to] = is[from];
	is[from] = swap;
}

/* Ops on the first *live values and on one another, of which one more is
 * kept; leaves are updated in between, and perhaps nothing is computed yet. */
static bool step(uint32_t *live)
{
	uint32_t n, last = *live + 4 + pick(NODES - 4), kept;
	bool ok = pick(3) || overwrite(pick(LEAVES));
	accel_tensor *keep;

	if (!ok || accel_scope_begin(ctx))
		return false;
	for (n = *live; n < last && ok; n++) {
		uint32_t from = pick(2) ? n - 1 : pick(n);

		at[n] = one_op(at[from]);
		if (at[n] == at[from] ||
		    (at[n] && accel_tensor_count(at[n]) > MOST))
			at[n] = accel_neg(at[from]);
		ok = settle(n) && (pick(5) || update(pick(n + 1)));
	}
	kept = *live + pick(last - *live);
	keep = ok ? accel_keep(at[kept]) : NULL;
	if (ok && pick(2))
		ok = pick(2) ? !accel_sync(ctx)
			     : right(at[last - 1], is[last - 1]);
	accel_scope_end(ctx);
	if (!ok) {
		accel_tensor_destroy(keep);
		return false;
	}
	move(*live, kept);
	if (++*live < LIVE && pick(3))
		return true;
	n = LEAVES + pick(*live - LEAVES);
	accel_tensor_destroy(at[n]);
	move(n, --*live);
	return true;
}

static bool steps(uint32_t seed)
{
	uint32_t live, n, i;
	bool ok = true;

	noise_state = seed * 2654435761u;
	for (live = 0; live < LEAVES && ok; live++) {
		at[live] = accel_keep(any_leaf());
		ok = settle(live);
	}
	for (n = 1 + pick(4); n-- && ok;)
		ok = step(&live);
	for (i = 0; i < live && ok; i++)
		ok = right(at[i], is[i]);
	if (!ok && !failing)
		printf("# seed %u: %s\n", seed, accel_last_error());
	for (i = 0; i < live; i++)
		accel_tensor_destroy(at[i]);
	return ok;
}

/* The same while memory runs out: what was made of it is given back, and then
 * all is well again. */
static bool running_out(uint32_t seed)
{
	accel_counters c;
	bool ok;

	accel_plan_clear(ctx);
	failing = true;
	mem_fail_after(1 + (seed * 7919) % 200);
	ok = steps(seed);
	failed += !ok;
	if (!ok && !strstr(accel_last_error(), "memory"))
		printf("# seed %u: %s\n", seed, accel_last_error());
	mem_fail_after(0);
	failing = false;
	ok = !accel_sync(ctx);
	accel_counters_get(ctx, &c);
	if (ok && !ctx->nodes && !c.bytes_in_use && !ctx->n_kept)
		return steps(seed);
	printf("# seed %u: %llu bytes, %u kept, %s left; %s\n", seed,
	       (unsigned long long)c.bytes_in_use, ctx->n_kept,
	       ctx->nodes ? "nodes" : "nothing", accel_last_error());
	return false;
}

static void all_running_out(uint32_t graphs, const char *one)
{
	uint32_t seed, bad = 0;

	for (seed = 1; seed <= graphs; seed++)
		bad += (!one || seed == (uint32_t)atoi(one)) &&
		       !running_out(seed);
	CHECK(!bad && (one || failed > graphs / 10),
	      "%s: and when any allocation fails, nothing is left behind",
	      label);
	printf("# %u of them failed\n", failed);
}

static void suite(void)
{
	uint32_t graphs = on_vulkan ? 40 : 600, seed, bad = 0, i;
	const char *more = getenv("ACCEL_GRAPHS"), *one = getenv("ACCEL_SEED");

	if (more)
		graphs = (uint32_t)atoi(more);
	for (i = 0; i < LIVE + NODES; i++)
		is[i] = malloc(MOST * sizeof(double));
	for (seed = 1; seed <= graphs; seed++)
		bad += (!one || seed == (uint32_t)atoi(one)) && !steps(seed);
	CHECK(!bad, "%s: %u graphs of any type are exactly their reference",
	      label, graphs);
	if (!on_vulkan)
		all_running_out(graphs, one);
	for (i = 0; i < LIVE + NODES; i++)
		free(is[i]);
}

int main(int argc, char **argv)
{
	return conform_main(argc, argv, suite);
}
