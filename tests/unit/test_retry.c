// SPDX-License-Identifier: MIT
/*
 * A step that fails is a step that was not made: whatever allocation of it
 * fails, in the plan's making or in its run, the retry assigns once. What fails
 * once steps have run leaves an error to read, never a number of unknown age.
 */
#include "conform.h"

#include "../../libaccel/src/base/alloc.h"
#include "../../libaccel/src/base/error.h"
#include "../../libaccel/src/tensor/node.h"

static accel_tensor *data(accel_dtype dtype, int ndim, const int64_t *shape)
{
	return accel_cast(make(ACCEL_F32, ndim, shape, 0, 7), dtype);
}

static accel_tensor *gradient(accel_tensor *y, accel_tensor *by)
{
	accel_tensor *g = NULL;

	return accel_grad(accel_sum(y, ACCEL_ALL_AXES, false), 1, &by, &g)
		       ? NULL
		       : g;
}

/* The steps: an op each, with and without a fast path on the cpu. */
static accel_tensor *op_of(int which, accel_tensor *x)
{
	accel_tensor *v = NULL, *flat = accel_reshape(x, ACCEL_SHAPE(2, 36));
	accel_tensor *turned = accel_transpose(flat, 0, 1);
	accel_tensor *half = accel_cast(x, ACCEL_F16);

	switch (which) {
	case 0:
		return accel_exp(x);
	case 1:
		return accel_argmax(flat, 1, false);
	case 2:
		return accel_cumsum(flat, 1);
	case 3:
		return accel_topk(flat, 3, &v, NULL) ? NULL : v;
	case 4:
		return accel_avg_pool2d(x, .size = { 2, 2 });
	case 5:
		return gradient(accel_avg_pool2d(x, .size = { 2, 2 }), x);
	case 6:
		return accel_max_pool2d(x, .size = { 2, 2 });
	case 7:
		return gradient(accel_max_pool2d(x, .size = { 2, 2 }), x);
	case 8:
		return accel_resize(x, 9, 9, ACCEL_BILINEAR);
	case 9:
		return gradient(accel_resize(x, 9, 9, ACCEL_BILINEAR), x);
	case 10:
		return accel_normalize(half, ACCEL_AXES(1, 2, 3), 1e-3);
	case 11:
		return accel_normalize(x, ACCEL_AXES(1), 1e-3);
	case 12:
		return accel_softmax(turned, 0);
	case 13:
		return accel_log_softmax(accel_cast(flat, ACCEL_F16), 1);
	case 14:
		return accel_matmul(flat, turned);
	case 15:
		return accel_matmul(accel_cast(turned, ACCEL_F16),
				    accel_cast(flat, ACCEL_F16));
	case 16:
		return accel_conv2d(x, data(ACCEL_F32, ACCEL_SHAPE(4, 1, 3, 3)),
				    .pad = { 1, 1 });
	case 17:
		v = data(ACCEL_F32, ACCEL_SHAPE(4, 1, 3, 3));
		return gradient(accel_conv2d(x, v), v);
	case 18:
		v = data(ACCEL_F32, ACCEL_SHAPE(4, 1, 3, 3));
		return gradient(accel_conv2d(x, v), x);
	case 19:
		return accel_gather(turned, 0, accel_cast(turned, ACCEL_I32));
	case 20:
		return accel_scatter_add(turned, 0,
					 accel_cast(turned, ACCEL_I32), turned);
	case 21:
		return accel_sum(half, ACCEL_AXES(2), false);
	case 22:
		return accel_prod(accel_cast(x, ACCEL_I8), ACCEL_AXES(2),
				  false);
	case 23:
		return accel_unpack_bits(accel_cast(flat, ACCEL_U8), 8);
	case 24:
		return accel_concat(2, (accel_tensor *[]){ flat, flat }, 1);
	case 25:
		return accel_random_normal(ctx, ACCEL_SHAPE(9));
	default:
		return NULL;
	}
}
#define OPS 26

/* w doubles and v counts: what a step updates in place, before and after an op
 * that may find no memory. */
struct state {
	accel_tensor *x, *w, *v;
};

static accel_status record(const struct state *s, int which)
{
	accel_tensor *y = accel_cast(op_of(which, s->x), ACCEL_F32), *more;
	accel_status err;

	more = accel_reshape(
		accel_mul_scalar(accel_sum(y, ACCEL_ALL_AXES, false), 0),
		ACCEL_SHAPE(1));
	if (!more)
		return ACCEL_ERR_NOMEM;
	err = accel_assign(s->w, accel_mul_scalar(s->w, 2));
	return err ? err
		   : accel_assign(s->v,
				  accel_add_scalar(accel_add(s->v, more), 1));
}

static bool one(accel_tensor *t, float want)
{
	float v = -1;

	if (!accel_read(t, &v, sizeof(v)) && v == want)
		return true;
	printf("# %g, not %g; %s\n", v, want, accel_last_error());
	return false;
}

/* The n-th allocation of a step and all after it fail; then it is tried again.
 * *done: there was no n-th. False: wrong. */
static bool attempt(const struct state *s, int which, uint64_t n, bool *done)
{
	accel_status err;
	bool ok;

	accel_scope_begin(ctx);
	accel_write(s->w, (float[]){ 4 }, 4);
	accel_write(s->v, (float[]){ 0 }, 4);
	accel_plan_clear(ctx);
	accel_trim(ctx);
	err = record(s, which);
	mem_fail_after(n);
	if (!err)
		err = accel_sync(ctx);
	mem_fail_after(0);
	*done = !err;
	if (err == ACCEL_ERR_NOMEM)
		err = accel_sync(ctx);
	if (err)
		printf("# failed with %s: %s\n", accel_status_name(err),
		       accel_last_error());
	ok = !err && one(s->w, 8) && one(s->v, 1);
	accel_scope_end(ctx);
	return ok;
}

static void every_allocation(const struct state *s)
{
	uint64_t n;
	int which;

	for (which = 0; which < OPS; which++) {
		bool done = false, ok = true;

		for (n = 1; ok && !done; n++)
			ok = attempt(s, which, n, &done);
		if (!CHECK(ok && n > 5,
			   "%s: step %d, each allocation fails once", label,
			   which))
			printf("# at allocation %llu\n", (unsigned long long)n);
	}
}

/* ---- what fails later than that ---- */

static const struct device_ops *real;

static accel_status fails_late(struct device *dev, struct plan *plan,
			       struct buffer *const *bind)
{
	accel_status err = real->run(dev, plan, bind);

	return err ? err : accel_error(ACCEL_ERR_IO, "the cable fell out");
}

static accel_status fails_early(struct device *dev, struct plan *plan,
				struct buffer *const *bind)
{
	(void)dev;
	(void)plan;
	(void)bind;
	return accel_error(ACCEL_ERR_IO, "the cable is not in");
}

static accel_status sync_with(accel_status (*run)(struct device *,
						  struct plan *,
						  struct buffer *const *))
{
	struct device_ops fake = *ctx->dev->ops;
	accel_status err;

	real = ctx->dev->ops;
	fake.run = run;
	ctx->dev->ops = &fake;
	err = accel_sync(ctx);
	ctx->dev->ops = real;
	return err;
}

static bool told(accel_status err, const char *a, const char *b)
{
	if (err && strstr(accel_last_error(), a) &&
	    strstr(accel_last_error(), b))
		return true;
	printf("# %s: %s\n", accel_status_name(err), accel_last_error());
	return false;
}

static void half_way(const struct state *s)
{
	accel_tensor *before, *y;
	float v, vs[72];

	accel_scope_begin(ctx);
	accel_write(s->w, (float[]){ 4 }, 4);
	accel_write(s->v, (float[]){ 0 }, 4);
	before = accel_neg(s->w);
	record(s, 0);
	CHECK(sync_with(fails_early) == ACCEL_ERR_IO && !accel_sync(ctx) &&
		      one(s->w, 8) && one(s->v, 1),
	      "%s: what fails before the first step is tried again", label);
	record(s, 0);
	CHECK(told(sync_with(fails_late), "the cable fell out",
		   "2 tensors may be half updated"),
	      "%s: what fails after it says so", label);
	CHECK(told(accel_read(s->w, &v, 4), "f32 [1]", "accel_write() it"),
	      "%s: what it was to assign is not read", label);
	y = accel_add(s->w, s->x);
	CHECK(told(accel_read(y, vs, sizeof(vs)), "f32 [1]", "accel_write()") &&
		      !accel_sync(ctx),
	      "%s: nor used, and holds nothing up", label);
	CHECK(told(accel_read(before, &v, 4), "neg [1]", "update of its input"),
	      "%s: nor by what was recorded before", label);
	accel_write(s->w, (float[]){ 3 }, 4);
	accel_write(s->v, (float[]){ 5 }, 4);
	CHECK(!record(s, 0) && !accel_sync(ctx) && one(s->w, 6) && one(s->v, 6),
	      "%s: until it is written", label);
	accel_scope_end(ctx);
}

static void suite(void)
{
	struct state s = {
		make(ACCEL_F32, ACCEL_SHAPE(2, 1, 6, 6), 0, 7),
		make(ACCEL_F32, ACCEL_SHAPE(1), 0, 1),
		make(ACCEL_F32, ACCEL_SHAPE(1), 0, 1),
	};

	every_allocation(&s);
	half_way(&s);
}

int main(int argc, char **argv)
{
	return conform_main(argc, argv, suite);
}
