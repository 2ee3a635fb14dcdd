// SPDX-License-Identifier: MIT
/*
 * The CPU backend's elementary functions stay within the errors that vmath.h
 * states, and its kernels allocate nothing once they have run.
 */
#include "conform.h"

#include <float.h>

#include "../../libaccel/src/backend/cpu/vmath.h"
#include "../../libaccel/src/base/alloc.h"

#define COUNT(a) ((int)(sizeof(a) / sizeof(*(a))))

/* How far a result is from the true value, in units of its last place. */
static double ulps(float got, double want)
{
	float near = (float)want;
	int e;

	if (isnan(want))
		return isnan(got) ? 0 : 1e9;
	if (isinf(near) || isinf(got))
		return near == got ? 0 : 1e9;
	frexp(near, &e);
	return fabs((double)got - want) /
	       ldexp(1, (e < FLT_MIN_EXP ? FLT_MIN_EXP : e) - FLT_MANT_DIG);
}

static double sigmoid(double x)
{
	return 1 / (1 + exp(-x));
}

static const struct {
	const char *name;
	float (*f)(float);
	double (*want)(double);
	double most, from, to;
} functions[] = {
	{ "exp", v_exp, exp, 1.1, -INFINITY, INFINITY },
	{ "log", v_log, log, 1.2, -INFINITY, INFINITY },
	{ "tanh", v_tanh, tanh, 1.5, -INFINITY, INFINITY },
	{ "erf", v_erf, erf, 1.5, -INFINITY, INFINITY },
	{ "sigmoid", v_sigmoid, sigmoid, 1.5, -INFINITY, INFINITY },
};

/* Floats of all sizes and signs, not-a-numbers too. */
static void errors(void)
{
	static const float edges[] = { 0.0f,     -0.0f,     1.0f,    -1.0f,
				       0.625f,   0.9277f,   88.72f,  88.73f,
				       -87.33f,  -103.97f,  -104.0f, 1e-40f,
				       INFINITY, -INFINITY, NAN };
	int i, k;

	for (i = 0; i < COUNT(functions); i++) {
		double worst = 0;
		float at = 0;
		uint64_t u;

		for (u = 0; u < (uint64_t)1 << 32; u += 2003) {
			float x = bits_float((uint32_t)u);
			double e;

			if (x < functions[i].from || x > functions[i].to)
				continue;
			e = ulps(functions[i].f(x), functions[i].want(x));
			if (e > worst) {
				worst = e;
				at = x;
			}
		}
		for (k = 0; k < COUNT(edges); k++) {
			double e = ulps(functions[i].f(edges[k]),
					functions[i].want(edges[k]));

			if (edges[k] >= functions[i].from && e > worst) {
				worst = e;
				at = edges[k];
			}
		}
		CHECK(worst <= functions[i].most,
		      "%s: %.2f ulp at %.9g, %.1f are stated",
		      functions[i].name, worst, (double)at, functions[i].most);
	}
	CHECK(!signbit(v_tanh(0.0f)) && signbit(v_tanh(-0.0f)) &&
		      signbit(v_erf(-0.0f)),
	      "zero keeps its sign");
}

/* ---- nothing is allocated ------------------------------------------------- */

static accel_tensor *x4, *x3, *bytes, *index3, *half3;

static accel_tensor *argmax_(void)
{
	return accel_argmax(x3, 1, false);
}

static accel_tensor *argmin_(void)
{
	return accel_argmin(x3, 2, false);
}

static accel_tensor *cumsum_(void)
{
	return accel_cumsum(x3, 1);
}

static accel_tensor *topk_(void)
{
	accel_tensor *v, *i;

	return accel_topk(x3, 3, &v, &i) ? NULL : v;
}

static accel_tensor *max_pool_(void)
{
	return accel_max_pool2d(x4, .size = { 3, 3 });
}

static accel_tensor *avg_pool_(void)
{
	return accel_avg_pool2d(x4, .size = { 3, 2 });
}

static accel_tensor *resize_(void)
{
	return accel_resize(x4, 13, 9, ACCEL_BILINEAR);
}

static accel_tensor *bits_(void)
{
	return accel_unpack_bits(bytes, 8);
}

static accel_tensor *softmax_(void)
{
	return accel_softmax(x3, 1);
}

static accel_tensor *gather_(void)
{
	return accel_gather(x3, 2, index3);
}

static accel_tensor *sum_of_half(void)
{
	return accel_sum(half3, ACCEL_AXES(1), false);
}

static accel_tensor *argmax_of_i32(void)
{
	return accel_argmax(index3, 1, false);
}

static const struct {
	const char *name;
	accel_tensor *(*record)(void);
} kernels[] = {
	{ "argmax", argmax_ },         { "argmin", argmin_ },
	{ "cumsum", cumsum_ },         { "topk", topk_ },
	{ "max_pool2d", max_pool_ },   { "avg_pool2d", avg_pool_ },
	{ "resize", resize_ },         { "unpack_bits", bits_ },
	{ "softmax", softmax_ },       { "gather", gather_ },
	{ "sum of f16", sum_of_half }, { "argmax of i32", argmax_of_i32 },
};

static void allocations(void)
{
	uint64_t before = 0;
	static float out[4 * 5 * 70 * 9];
	accel_tensor *y;
	int i, run;

	x4 = make(ACCEL_F32, ACCEL_SHAPE(2, 3, 10, 11), -1, 1);
	x3 = make(ACCEL_F32, ACCEL_SHAPE(5, 70, 9), -1, 1);
	half3 = make(ACCEL_F16, ACCEL_SHAPE(5, 70, 9), -1, 1);
	bytes = make(ACCEL_U8, ACCEL_SHAPE(33), 0, 255);
	index3 = make(ACCEL_I32, ACCEL_SHAPE(5, 70, 4), 0, 8);
	for (i = 0; i < COUNT(kernels); i++) {
		for (run = 0; run < 4; run++) {
			if (run == 3)
				before = mem_count();
			accel_scope_begin(ctx);
			y = kernels[i].record();
			accel_read(y, out, (size_t)accel_tensor_count(y) * 4);
			accel_scope_end(ctx);
		}
		CHECK(mem_count() == before,
		      "%s: %s allocates nothing once it has run (%llu)", label,
		      kernels[i].name,
		      (unsigned long long)(mem_count() - before));
	}
	accel_tensor_destroy(x4);
	accel_tensor_destroy(x3);
	accel_tensor_destroy(half3);
	accel_tensor_destroy(bytes);
	accel_tensor_destroy(index3);
}

static void suite(void)
{
	allocations();
}

int main(void)
{
	errors();
	conform_device("cpu", NULL, suite);
	return tap_done();
}
