// SPDX-License-Identifier: MIT
/* Operations as a program of the library meets them: recorded, planned once,
 * replayed. */
#include "bench.h"

#include <accel/ops.h>
#include <accel/tensor.h>

#include "libaccel/src/base/error.h"

accel_status bench_graph_open(struct bench *b, const char *device)
{
	const int64_t n = b->size, c = BENCH_CHANNELS;
	const int64_t shape[][2][4] = {
		[BENCH_MATMUL] = { { n, n }, { n, n } },
		[BENCH_CONV] = { { 1, c, n, n }, { c, c, 3, 3 } },
		[BENCH_ELEMENTWISE] = { { n * n }, { n * n } },
		[BENCH_SUBMIT] = { { 8, 8 }, { 8, 8 } },
	};
	static const int rank[] = { 2, 4, 1, 2 };

	b->ctx = accel_open(device);
	for (int i = 0; i < 2; i++) {
		b->in[i] = accel_copy(accel_full(b->ctx, ACCEL_F32, rank[b->op],
						 shape[b->op][i], 0.25));
		accel_keep(b->in[i]);
	}
	if (!b->in[1])
		return ACCEL_ERR_NOMEM;
	b->flops = b->op == BENCH_MATMUL ? 2.0 * (double)(n * n * n)
		   : b->op == BENCH_CONV ? 2.0 * 9 * (double)(c * c * n * n)
		   : b->op == BENCH_ELEMENTWISE ? (double)(BENCH_CHAIN * n * n)
						: 0;
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

/* As many kernels as b->size: these do not fuse. */
static accel_tensor *kernels(struct bench *b, accel_status *err)
{
	accel_tensor *x = b->in[0];

	for (uint32_t i = 0; i < b->size; i++)
		x = accel_cumsum(x, i & 1);
	return compute(b, x, err);
}

accel_status bench_graph_run(struct bench *b)
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
	else if (b->op == BENCH_ELEMENTWISE)
		y = chain(b, &err);
	else
		y = kernels(b, &err);
	accel_tensor_destroy(y);
	accel_scope_end(b->ctx);
	return err;
}
