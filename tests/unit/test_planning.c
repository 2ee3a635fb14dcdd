// SPDX-License-Identifier: MIT
/*
 * What it costs to make a plan grows with the graph, not with its square, and
 * can be stopped.
 */
#include <signal.h>

#include <accel/accel.h>

#include "conform.h"

#include "../../libaccel/src/graph/cache.h"
#include "../../libaccel/src/graph/walk.h"

#define QUIET .verbose = -1

#ifdef __SANITIZE_ADDRESS__
#define LONG 1000 /* the same, only faster */
#else
#define LONG 4000
#endif

/* Of the pending graph: its plan's edges for a node; < 0: no plan. */
static double edges_a_node(accel_tensor *target)
{
	struct plan *p = graph_walk(ctx, target) ? NULL : plan_make(ctx);
	double n = p ? (double)p->n_edges / p->n_recorded : -1;

	if (p)
		plan_free(ctx, p);
	else
		printf("# %s\n", accel_last_error());
	return n;
}

/* A training step through time: the same few at any length. */
#define EDGES 20

static void few_edges(double edges, int steps)
{
	if (!CHECK(edges > 0 && edges <= EDGES,
		   "%s: %d steps through time: at most %d edges looked at a "
		   "node",
		   label, steps, EDGES))
		printf("# %.1f\n", edges);
}

/* Of a graph four times as long as another. */
static void no_more(const char *what, double shorter, double longer)
{
	if (!CHECK(shorter > 0 && longer > 0 && longer < 1.25 * shorter,
		   "%s: %s: a node costs in a long graph what it costs in a "
		   "short one",
		   label, what))
		printf("# %.1f edges and %.1f\n", shorter, longer);
}

/* A training step of a recurrent layer: gradients of every time step read what
 * was computed long before. */
static double recurrent(int steps)
{
	accel_model *m = accel_sequential(ctx, accel_gru(16), accel_dense(1));
	accel_tensor *w[16], *g[16], *x, *y, *loss = NULL;
	double edges;
	int n = 0, i;

	if (!accel_model_build(m, 2, (int64_t[]){ steps, 3 }))
		n = accel_model_weights(m, true, NULL);
	accel_scope_begin(ctx);
	x = make(ACCEL_F32, ACCEL_SHAPE(4, steps, 3), -1, 1);
	y = make(ACCEL_F32, ACCEL_SHAPE(4, 1), -1, 1);
	if (n > 0 && n <= 16) {
		accel_model_weights(m, true, w);
		loss = accel_loss_of(ACCEL_MSE, y,
				     accel_model_call(m, x, true));
	}
	if (loss && !accel_grad(loss, n, w, g))
		for (i = 0; i < n; i++)
			accel_assign(w[i],
				     accel_sub(w[i],
					       accel_mul_scalar(g[i], 0.01)));
	edges = edges_a_node(loss);
	graph_discard(ctx);
	accel_scope_end(ctx);
	accel_model_destroy(m);
	return edges;
}

/* One tensor that everything reads is updated in place, after all of it. */
static double one_read_by_all(int n)
{
	accel_tensor *w = make(ACCEL_F32, ACCEL_SHAPE(8, 8), -1, 1);
	accel_tensor *h;
	double edges;
	int i;

	accel_scope_begin(ctx);
	h = make(ACCEL_F32, ACCEL_SHAPE(8, 8), -1, 1);
	for (i = 0; i < n; i++)
		h = accel_tanh(accel_add(accel_matmul(h, w), w));
	accel_assign(w, accel_mul(w, h));
	edges = edges_a_node(h);
	graph_discard(ctx);
	accel_scope_end(ctx);
	accel_tensor_destroy(w);
	return edges;
}

/* Many branches from one value, of which one sum is made. */
static double many_branches(int n)
{
	accel_tensor *x, *sum = NULL, *b;
	double edges;
	int i;

	accel_scope_begin(ctx);
	x = accel_exp(make(ACCEL_F32, ACCEL_SHAPE(8, 8), -1, 1));
	for (i = 0; i < n; i++) {
		b = accel_sin(accel_add_scalar(x, i));
		if (i % 3 == 0)
			b = accel_matmul(b, x);
		sum = sum ? accel_add(sum, b) : b;
	}
	edges = edges_a_node(sum);
	accel_scope_end(ctx);
	return edges;
}

/* Layers with a weight of their own each, all updated at the end. */
static double deep(int n)
{
	accel_tensor **w = calloc((size_t)n, sizeof(accel_tensor *));
	accel_tensor **g = calloc((size_t)n, sizeof(accel_tensor *));
	accel_tensor *h, *loss;
	double edges;
	int i;

	for (i = 0; i < n; i++)
		w[i] = make(ACCEL_F32, ACCEL_SHAPE(8, 8), -1, 1);
	accel_scope_begin(ctx);
	h = make(ACCEL_F32, ACCEL_SHAPE(8, 8), -1, 1);
	for (i = 0; i < n; i++)
		h = accel_add(h, accel_relu(accel_matmul(h, w[i])));
	loss = accel_sum(accel_mul(h, h), ACCEL_ALL_AXES, false);
	if (!accel_grad(loss, n, w, g))
		for (i = 0; i < n; i++)
			accel_assign(w[i],
				     accel_sub(w[i],
					       accel_mul_scalar(g[i], 0.01)));
	edges = edges_a_node(loss);
	graph_discard(ctx);
	accel_scope_end(ctx);
	for (i = 0; i < n; i++)
		accel_tensor_destroy(w[i]);
	free(w);
	free(g);
	return edges;
}

/* ---- being stopped ---- */

/* A plan that is given up changes nothing, and can be made the next time. */
static void given_up(void)
{
	accel_tensor *w = make(ACCEL_F32, ACCEL_SHAPE(8), 1, 1);
	atomic_bool stop = true;
	accel_status err;
	float v[8] = { 0 };

	accel_plan_clear(ctx);
	accel_assign(w, accel_mul_scalar(w, 3));
	ctx->stop = &stop;
	err = accel_sync(ctx);
	ctx->stop = NULL;
	CHECK(err && ctx->stopped && !accel_read(w, v, sizeof(v)) && v[7] == 3,
	      "%s: a plan that was given up is made by the next call", label);
	accel_tensor_destroy(w);
}

static const struct device_ops *real;

/* Ctrl-C, as the first batch's data are handed over. */
static void *interrupted(struct device *dev, struct buffer *b, bool write)
{
	if (ctx->stop && !atomic_load(ctx->stop)) /* a second one would kill */
		raise(SIGINT);
	return real->access_begin(dev, b, write);
}

static void ctrl_c(void)
{
	accel_model *m = accel_sequential(ctx, accel_gru(4), accel_dense(1));
	float x[4 * 9 * 3] = { 0 }, y[4] = { 0 };
	accel_samples *s = accel_samples_create(
		x, .x_dtype = ACCEL_F32, .x_ndim = 3,
		.x_shape = (int64_t[]){ 4, 9, 3 }, .y = y, .y_dtype = ACCEL_F32,
		.y_ndim = 2, .y_shape = (int64_t[]){ 4, 1 });
	struct device_ops ops = *ctx->dev->ops;
	accel_counters before, after;
	accel_status err;

	signal(SIGINT, SIG_DFL); /* ignored in a job in the background */
	accel_plan_clear(ctx);
	err = accel_compile(m, .loss = ACCEL_MSE);
	accel_counters_get(ctx, &before);
	real = ctx->dev->ops;
	ops.access_begin = interrupted;
	ctx->dev->ops = &ops;
	if (!err)
		err = accel_fit(m, s, .epochs = 3, .batch_size = 4, QUIET);
	ctx->dev->ops = real;
	accel_counters_get(ctx, &after);
	CHECK(!err && accel_model_history(m).interrupted &&
		      !accel_model_history(m).n &&
		      after.plans_compiled == before.plans_compiled,
	      "%s: Ctrl-C ends training in the midst of compiling", label);
	CHECK(!accel_fit(m, s, .epochs = 3, .batch_size = 4, QUIET) &&
		      accel_model_history(m).n == 3,
	      "%s: and it can be gone on with", label);
	accel_model_destroy(m);
	accel_samples_destroy(s);
}

static void suite(void)
{
	few_edges(recurrent(1000), 1000);
	if (LONG > 1000)
		few_edges(recurrent(LONG), LONG);
	no_more("a chain that reads one tensor", one_read_by_all(LONG / 4),
		one_read_by_all(LONG));
	no_more("a sum of branches", many_branches(LONG / 4),
		many_branches(LONG));
	no_more("a training step of residual layers", deep(LONG / 16),
		deep(LONG / 4));
	given_up();
	ctrl_c();
}

int main(int argc, char **argv)
{
	return conform_main(argc, argv, suite);
}
