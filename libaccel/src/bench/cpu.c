// SPDX-License-Identifier: MIT
/* The same operations as a program of the library meets them. */
#include "bench.h"

#include <accel/ops.h>
#include <accel/tensor.h>

#include "libaccel/src/base/error.h"

accel_status bench_cpu_open(struct bench *b)
{
	const int64_t n = b->size, c = BENCH_CHANNELS;
	const int64_t shape[][2][4] = {
		[BENCH_MATMUL] = { { n, n }, { n, n } },
		[BENCH_CONV] = { { 1, c, n, n }, { c, c, 3, 3 } },
		[BENCH_ELEMENTWISE] = { { n * n }, { n * n } },
	};
	static const int rank[] = { 2, 4, 1 };

	if (b->op == BENCH_SUBMIT)
		return accel_error(ACCEL_ERR_NODEV,
				   "bench submit: the cpu has no submits");
	b->ctx = accel_open("cpu");
	for (int i = 0; i < 2; i++) {
		b->in[i] = accel_copy(accel_full(b->ctx, ACCEL_F32, rank[b->op],
						 shape[b->op][i], 0.25));
		accel_keep(b->in[i]);
	}
	if (!b->in[1])
		return ACCEL_ERR_NOMEM;
	b->flops = b->op == BENCH_MATMUL ? 2.0 * (double)(n * n * n)
		   : b->op == BENCH_CONV ? 2.0 * 9 * (double)(c * c * n * n)
					 : (double)(BENCH_CHAIN * n * n);
	return accel_sync(b->ctx);
}

/* Computes it now. */
static accel_tensor *compute(struct bench *b, accel_tensor *t,
			     accel_status *err)
{
	if (!accel_keep(t)) {
		*err = ACCEL_ERR_NOMEM;
		return NULL;
	}
	*err = accel_sync(b->ctx);
	return t;
}

static accel_tensor *chain(struct bench *b, accel_status *err)
{
	accel_tensor *x = b->in[0];

	for (int i = 0; i < BENCH_CHAIN && !*err; i++) {
		accel_tensor *last = x;

		x = i & 1 ? accel_mul(x, b->in[1]) : accel_add(x, b->in[1]);
		if (b->fused)
			continue;
		x = compute(b, x, err);
		if (i)
			accel_tensor_destroy(last);
	}
	return b->fused ? compute(b, x, err) : x;
}

accel_status bench_cpu_run(struct bench *b)
{
	accel_status err = ACCEL_OK;
	accel_tensor *y;

	accel_scope_begin(b->ctx);
	if (b->op == BENCH_MATMUL)
		y = compute(b, accel_matmul(b->in[0], b->in[1]), &err);
	else if (b->op == BENCH_CONV)
		y = compute(b,
			    accel_conv2d(b->in[0], b->in[1], .pad = { 1, 1 }),
			    &err);
	else
		y = chain(b, &err);
	accel_tensor_destroy(y);
	accel_scope_end(b->ctx);
	return err;
}
