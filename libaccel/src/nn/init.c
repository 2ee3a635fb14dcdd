// SPDX-License-Identifier: MIT
/*
 * First values of weights, made on the host: the same on every device. Element
 * i of weight number k comes from Philox's counter {block, k, 1, 0} under the
 * seed as key.
 */
#include <math.h>

#include "../base/alloc.h"
#include "../ops/philox.h"
#include "layer.h"

struct stream {
	uint32_t key[2], counter[4], bits[4];
	int left;
};

static void stream_start(struct stream *s, uint64_t seed, uint32_t index)
{
	*s = (struct stream){ .key = { (uint32_t)seed, (uint32_t)(seed >> 32) },
			      .counter = { 0, index, 1, 0 } };
}

/* In [0, 1), 24 bits. */
static double uniform(struct stream *s)
{
	if (!s->left) {
		philox(s->counter, s->key, s->bits);
		s->counter[0]++;
		s->left = 4;
	}
	return (double)(s->bits[--s->left] >> 8) * 0x1p-24;
}

static double normal(struct stream *s)
{
	double u = uniform(s) + 0x1p-24, v = uniform(s);

	return sqrt(-2 * log(u)) * cos(6.28318530717958647692 * v);
}

/* Cut off at two standard deviations, of variance `var` after the cut. */
static void truncated(struct stream *s, double var, int64_t n, float *out)
{
	double std = sqrt(var) / 0.87962566103423978, z;
	int64_t i;

	for (i = 0; i < n; i++) {
		do
			z = normal(s);
		while (fabs(z) > 2);
		out[i] = (float)(z * std);
	}
}

static void spread(struct stream *s, double limit, int64_t n, float *out)
{
	int64_t i;

	for (i = 0; i < n; i++)
		out[i] = (float)((2 * uniform(s) - 1) * limit);
}

/* Takes the part along the first k columns out of column k, and normalizes. */
static void orthogonalize(double *a, int64_t rows, int64_t k)
{
	double *v = a + k * rows, dot, norm = 0;
	int64_t i, j, pass;

	for (pass = 0; pass < 2; pass++) { /* twice is enough: Kahan, Parlett */
		for (j = 0; j < k; j++) {
			for (dot = 0, i = 0; i < rows; i++)
				dot += v[i] * a[j * rows + i];
			for (i = 0; i < rows; i++)
				v[i] -= dot * a[j * rows + i];
		}
	}
	for (i = 0; i < rows; i++)
		norm += v[i] * v[i];
	norm = sqrt(norm);
	for (i = 0; i < rows; i++)
		v[i] /= norm;
}

/* w [rows, cols] with orthonormal rows or columns, whichever are fewer. */
static accel_status orthogonal(struct stream *s, int64_t rows, int64_t cols,
			       float *out)
{
	int64_t few = rows < cols ? rows : cols, many = rows + cols - few;
	double *a = mem_alloc((size_t)(rows * cols) * sizeof(*a));
	int64_t i, j;

	if (!a)
		return ACCEL_ERR_NOMEM;
	for (i = 0; i < rows * cols; i++)
		a[i] = normal(s);
	for (j = 0; j < few; j++)
		orthogonalize(a, many, j);
	for (i = 0; i < rows; i++)
		for (j = 0; j < cols; j++)
			out[i * cols + j] = (float)(rows < cols
							    ? a[i * many + j]
							    : a[j * many + i]);
	mem_free(a);
	return ACCEL_OK;
}

accel_status weight_values(const struct weight *w, uint64_t seed,
			   uint32_t index, float *out)
{
	int64_t n = shape_count(&w->shape), i;
	double in = w->fan_in, fans = w->fan_in + w->fan_out;
	struct stream s;

	stream_start(&s, seed, index);
	for (i = 0; i < n; i++)
		out[i] = w->init == ACCEL_INIT_ONES;
	switch (w->init) {
	case ACCEL_INIT_ZEROS:
	case ACCEL_INIT_ONES:
		break;
	case ACCEL_INIT_GLOROT_NORMAL:
		truncated(&s, 2 / fans, n, out);
		break;
	case ACCEL_INIT_HE_UNIFORM:
		spread(&s, sqrt(6 / in), n, out);
		break;
	case ACCEL_INIT_HE_NORMAL:
		truncated(&s, 2 / in, n, out);
		break;
	case ACCEL_INIT_ORTHOGONAL:
		if (orthogonal(&s, w->shape.dim[0], n / w->shape.dim[0], out))
			return ACCEL_ERR_NOMEM;
		break;
	case ACCEL_INIT_UNIFORM:
		spread(&s, 0.05, n, out);
		break;
	default: /* glorot_uniform */
		spread(&s, sqrt(6 / fans), n, out);
	}
	for (i = w->ones_from; i < w->ones_to; i++)
		out[i] = 1;
	return ACCEL_OK;
}
