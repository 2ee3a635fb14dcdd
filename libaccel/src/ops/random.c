// SPDX-License-Identifier: MIT
/*
 * Random numbers. The input is the state {seed low, seed high, call, 0}, i32
 * [4]; element i comes from counter {i / 4, call, 0, 0} under the seed as key.
 * attr.mode: 0 uniform in [0, 1), 1 normal.
 */
#include <math.h>

#include "../base/error.h"
#include "philox.h"
#include "rules.h"

#define TWO_PI 6.28318530717958647692

bool ref_random(const struct ref_call *c)
{
	uint32_t key[2], counter[4] = { 0 }, bits[4] = { 0 };
	int64_t i, n = layout_count(c->out);

	key[0] = (uint32_t)(int64_t)c->x[0][0];
	key[1] = (uint32_t)(int64_t)c->x[0][1];
	counter[1] = (uint32_t)(int64_t)c->x[0][2];
	for (i = 0; i < n; i++) {
		double u, v;

		counter[0] = (uint32_t)(i / 4);
		if (i % 4 == 0)
			philox(counter, key, bits);
		if (!c->attr->mode) {
			c->y[i] = (double)(bits[i % 4] >> 8) * 0x1p-24;
			continue;
		}
		/* pairs: lanes 0 and 1, 2 and 3 */
		u = ((double)(bits[i % 4 & 2] >> 8) + 1) * 0x1p-24;
		v = TWO_PI * ((double)(bits[i % 4 | 1] >> 8) * 0x1p-24);
		c->y[i] = sqrt(-2 * log(u)) * (i % 2 ? sin(v) : cos(v));
	}
	return true;
}

static accel_tensor *record_parts(accel_context *ctx, int ndim,
				  const int64_t *shape, int mode)
{
	struct op_attr attr = { .mode = mode };
	const int64_t four = 4;
	accel_tensor *state;
	int32_t *words;
	struct layout l;

	if (!ctx || layout_init(&l, "random", ACCEL_I32, 1, &four))
		return NULL;
	state = node_create(ctx, OP_SCALAR, 0, NULL, &l);
	if (!state || layout_init(&l, "random", ACCEL_F32, ndim, shape))
		return NULL;
	words = (int32_t *)state->attr.lo;
	words[0] = (int32_t)(uint32_t)ctx->seed;
	words[1] = (int32_t)(uint32_t)(ctx->seed >> 32);
	words[2] = (int32_t)(uint32_t)ctx->random_calls++;
	return op_record1(OP_RANDOM, state, &l, &attr);
}

static accel_tensor *record(accel_context *ctx, int ndim, const int64_t *shape,
			    int mode)
{
	return OP_WHOLE(ctx, record_parts(ctx, ndim, shape, mode));
}

accel_tensor *accel_random_uniform(accel_context *ctx, int ndim,
				   const int64_t *shape)
{
	return record(ctx, ndim, shape, 0);
}

accel_tensor *accel_random_normal(accel_context *ctx, int ndim,
				  const int64_t *shape)
{
	return record(ctx, ndim, shape, 1);
}

static accel_tensor *random_dropout_parts(accel_tensor *x, double rate)
{
	accel_tensor *u, *keep;

	if (!x)
		return NULL;
	if (!(rate >= 0 && rate < 1))
		return accel_error_null(ACCEL_ERR_RANGE,
					"dropout: rate %g is not in [0, 1)",
					rate);
	x = op_as_float(x);
	if (!x)
		return NULL;
	if (rate == 0) /* a tensor of its own all the same */
		return accel_reshape(x, x->l.ndim, x->l.shape);
	u = accel_random_uniform(x->ctx, x->l.ndim, x->l.shape);
	keep = accel_greater_equal(u, op_number(u, rate));
	keep = op_as(keep, x->l.dtype);
	return accel_mul(accel_mul(x, keep), op_number(x, 1 / (1 - rate)));
}

accel_tensor *accel_random_dropout(accel_tensor *x, double rate)
{
	return OP_WHOLE(op_context(x), random_dropout_parts(x, rate));
}
