// SPDX-License-Identifier: MIT
/*
 * Losses, metrics and optimizers against their formulas in double precision.
 */
#include "conform.h"

#include <accel/model.h>
#include <accel/tape.h>

#include "../../libaccel/src/nn/metric.h"

#define N 5
#define STEPS 6

/* ---- optimizers: f(w) = sum(c w^2 / 2), so g = c w ---- */

static const double c0[N] = { 1, -2, 0.5, 3, 10 };
static const double w0[N] = { 1, 2, -3, 0.1, -0.5 };

struct state {
	double w[N], m[N], v[N];
};

typedef void rule(struct state *s, int i, double g, int t);

static accel_tensor *vector(const double *v)
{
	float f[N];
	int i;

	for (i = 0; i < N; i++)
		f[i] = (float)v[i];
	return accel_tensor_create(ctx, ACCEL_F32, ACCEL_SHAPE(N), f);
}

static accel_tensor *gradient_of(accel_tensor *w, double scale)
{
	return accel_mul(accel_mul_scalar(vector(c0), scale), w);
}

static void follows(const char *name, accel_optimizer *o, rule *r)
{
	struct state s = { .m = { 0 } };
	accel_tensor *w = accel_keep(vector(w0)), *g;
	double worst = 0;
	float got[N];
	int i, t;

	for (i = 0; i < N; i++)
		s.w[i] = (float)w0[i];
	for (t = 1; t <= STEPS; t++) {
		accel_scope_begin(ctx);
		g = gradient_of(w, 1);
		if (!o || accel_optimizer_apply(o, 1, &w, &g))
			printf("# %s\n", accel_last_error());
		accel_sync(ctx);
		accel_scope_end(ctx);
		for (i = 0; i < N; i++)
			r(&s, i, c0[i] * s.w[i], t);
	}
	accel_read(w, got, sizeof(got));
	for (i = 0; i < N; i++)
		worst = fmax(worst,
			     fabs(got[i] - s.w[i]) / (fabs(s.w[i]) + 0.1));
	CHECK(worst < 2e-5, "%s: %s", label, name);
	if (!(worst < 2e-5))
		printf("# off by %g\n", worst);
	accel_optimizer_destroy(o);
	accel_tensor_destroy(w);
}

static void sgd(struct state *s, int i, double g, int t)
{
	(void)t;
	s->w[i] -= 0.01 * g;
}

static void decayed(struct state *s, int i, double g, int t)
{
	(void)t;
	s->w[i] -= 0.01 * (g + 0.1 * s->w[i]);
}

static void momentum(struct state *s, int i, double g, int t)
{
	(void)t;
	s->m[i] = 0.9 * s->m[i] - 0.01 * g;
	s->w[i] += s->m[i];
}

static void nesterov(struct state *s, int i, double g, int t)
{
	(void)t;
	s->m[i] = 0.9 * s->m[i] - 0.01 * g;
	s->w[i] += 0.9 * s->m[i] - 0.01 * g;
}

static void rmsprop(struct state *s, int i, double g, int t)
{
	(void)t;
	s->v[i] = 0.9 * s->v[i] + 0.1 * g * g;
	s->w[i] -= 0.001 * g / sqrt(s->v[i] + 1e-7);
}

static void rmsprop_momentum(struct state *s, int i, double g, int t)
{
	(void)t;
	s->v[i] = 0.9 * s->v[i] + 0.1 * g * g;
	s->m[i] = 0.5 * s->m[i] + 0.001 * g / sqrt(s->v[i] + 1e-7);
	s->w[i] -= s->m[i];
}

static void adam(struct state *s, int i, double g, int t)
{
	s->m[i] = 0.9 * s->m[i] + 0.1 * g;
	s->v[i] = 0.999 * s->v[i] + 0.001 * g * g;
	s->w[i] -= 0.001 * sqrt(1 - pow(0.999, t)) / (1 - pow(0.9, t)) *
		   s->m[i] / (sqrt(s->v[i]) + 1e-7);
}

static void adamw(struct state *s, int i, double g, int t)
{
	s->w[i] -= 0.001 * 0.02 * s->w[i];
	adam(s, i, g, t);
}

static void clipped_value(struct state *s, int i, double g, int t)
{
	sgd(s, i, fmax(-1, fmin(1, g)), t);
}

/* Two weights of the same values: each norm by itself, or of both. */
static double norm_now;

static void clipped_norm(struct state *s, int i, double g, int t)
{
	double sum = 0;
	int k;

	if (!i) {
		for (k = 0; k < N; k++)
			sum += c0[k] * s->w[k] * c0[k] * s->w[k];
		norm_now = sqrt(sum);
	}
	sgd(s, i, g * 2 / fmax(2, norm_now), t);
}

static void stepped(struct state *s, int i, double g, int t)
{
	(void)t;
	s->w[i] -= 0.01 * pow(0.5, (t - 1) / 2) * g;
}

static void cosine(struct state *s, int i, double g, int t)
{
	double lr =
		t <= 2 ? t / 2.0
		       : 0.1 + 0.9 * (1 + cos(M_PI * fmin(1, (t - 3) / 3.0))) /
					 2;

	s->w[i] -= 0.01 * lr * g;
}

static void optimizers(void)
{
	follows("SGD", accel_sgd(), sgd);
	follows("SGD with weight decay", accel_sgd(.weight_decay = 0.1),
		decayed);
	follows("SGD with momentum", accel_sgd(.momentum = 0.9), momentum);
	follows("SGD with Nesterov's momentum",
		accel_sgd(.momentum = 0.9, .nesterov = true), nesterov);
	follows("RMSprop", accel_rmsprop(), rmsprop);
	follows("RMSprop with momentum", accel_rmsprop(.momentum = 0.5),
		rmsprop_momentum);
	follows("Adam", accel_adam(), adam);
	follows("AdamW", accel_adamw(.weight_decay = 0.02), adamw);
	follows("clipping by value", accel_sgd(.clip_value = 1), clipped_value);
	follows("clipping by norm", accel_sgd(.clip_norm = 2), clipped_norm);
	follows("clipping by global norm", accel_sgd(.clip_global_norm = 2),
		clipped_norm);
	follows("a rate that halves",
		accel_sgd(.schedule = { .kind = ACCEL_SCHEDULE_STEP,
					.steps = 2,
					.factor = 0.5 }),
		stepped);
	follows("warm-up, then a cosine",
		accel_sgd(.schedule = { .kind = ACCEL_SCHEDULE_COSINE,
					.warmup = 2,
					.steps = 3,
					.factor = 0.1 }),
		cosine);
}

static void gathered(void)
{
	accel_optimizer *o = accel_sgd(.accumulate = 3);
	accel_tensor *w = accel_keep(vector(w0)), *g;
	float got[N];
	double worst = 0;
	int i, k;

	for (k = 0; k < 6; k++) {
		accel_scope_begin(ctx);
		g = gradient_of(w, k % 3 + 1); /* 1, 2, 3: their mean is 2 */
		accel_optimizer_apply(o, 1, &w, &g);
		accel_sync(ctx);
		accel_scope_end(ctx);
	}
	accel_read(w, got, sizeof(got));
	for (i = 0; i < N; i++) {
		double want = w0[i] * pow(1 - 0.01 * 2 * c0[i], 2);

		worst = fmax(worst, fabs(got[i] - want));
	}
	CHECK(worst < 1e-5, "%s: three batches make one step of their mean",
	      label);
	accel_optimizer_destroy(o);
	accel_tensor_destroy(w);
	CHECK(!accel_adam(.lr = -1) && strstr(accel_last_error(), "lr is -1"),
	      "%s: a negative rate is refused", label);
	CHECK(!accel_adam(.beta1 = 1), "%s: beta1 of 1 is refused", label);
}

static void together(void)
{
	accel_tensor *g[2];
	float a[N], b[N];
	double sum = 0;
	int i;

	accel_scope_begin(ctx);
	g[0] = vector(w0);
	g[1] = vector(c0);
	for (i = 0; i < N; i++)
		sum += w0[i] * w0[i] + c0[i] * c0[i];
	accel_clip_global_norm(2, g, 3);
	accel_read(g[0], a, sizeof(a));
	accel_read(g[1], b, sizeof(b));
	CHECK(fabs(a[1] - w0[1] * 3 / sqrt(sum)) < 1e-6 &&
		      fabs(b[4] - c0[4] * 3 / sqrt(sum)) < 1e-6,
	      "%s: a global norm scales all alike", label);
	accel_scope_end(ctx);
}

/* ---- losses ---- */

static void loss_is(accel_loss kind, accel_tensor *target, accel_tensor *x,
		    double want, double derivative)
{
	accel_tensor *loss = accel_loss_of(kind, target, x), *g = NULL;
	float value = NAN, d[6] = { NAN };

	if (accel_grad(loss, 1, &x, &g) || accel_read(loss, &value, 4) ||
	    accel_read(g, d, (size_t)accel_tensor_count(x) * 4))
		printf("# %s\n", accel_last_error());
	CHECK(fabs(value - want) < 2e-6 * (1 + fabs(want)) &&
		      fabs(d[0] - derivative) < 2e-6,
	      "%s: %s and its derivative", label, accel_loss_name(kind));
	if (fabs(value - want) >= 2e-6 * (1 + fabs(want)))
		printf("# %.9g, not %.9g; %.9g, not %.9g\n", value, want, d[0],
		       derivative);
}

static void losses(void)
{
	const float x[6] = { 1, 2, -1, 0.5f, -3, 100 };
	const float p[6] = { 0.2f, 0.5f, 0.3f, 1, 0, 0 };
	const float t[6] = { 0, 1, 1, 0, 0, 1 };
	const float zero[1] = { 0 };
	const int32_t class[2] = { 2, 0 };
	double soft[2] = { log(exp(1) + exp(2) + exp(-1)), 100 }, sum = 0;
	double se = 0, ae = 0, hu = 0;
	accel_tensor *out;
	int i;

	for (i = 0; i < 6; i++) {
		double d = x[i] - t[i];

		sum += log1p(exp(-fabs(x[i]))) + fmax(x[i], 0) - x[i] * t[i];
		se += d * d / 6;
		ae += fabs(d) / 6;
		hu += (fabs(d) <= 1 ? d * d / 2 : fabs(d) - 0.5) / 6;
	}
	accel_scope_begin(ctx);
#define T(dtype, data, ...)                                                    \
	accel_tensor_create(ctx, ACCEL_##dtype, ACCEL_SHAPE(__VA_ARGS__), data)
	loss_is(ACCEL_SPARSE_CROSS_ENTROPY_LOGITS, T(I32, class, 2),
		T(F32, x, 2, 3), (soft[0] + 1 + soft[1] - 0.5) / 2,
		exp(1 - soft[0]) / 2);
	loss_is(ACCEL_CROSS_ENTROPY_LOGITS, T(F32, p, 2, 3), T(F32, x, 2, 3),
		(soft[0] - 0.2 - 1 + 0.3 + soft[1] - 0.5) / 2,
		(exp(1 - soft[0]) - 0.2) / 2);
	loss_is(ACCEL_BINARY_CROSS_ENTROPY_LOGITS, T(F32, t, 2, 3),
		T(F32, x, 2, 3), sum / 6, 1 / (1 + exp(-1)) / 6);
	loss_is(ACCEL_BINARY_CROSS_ENTROPY_LOGITS, T(F32, zero, 1),
		T(F32, zero, 1), log(2), 0.5);
	loss_is(ACCEL_MSE, T(F32, t, 6), T(F32, x, 6), se, 2.0 / 6);
	loss_is(ACCEL_MAE, T(F32, t, 6), T(F32, x, 6), ae, 1.0 / 6);
	loss_is(ACCEL_HUBER, T(F32, t, 6), T(F32, x, 6), hu, 1.0 / 6);
	out = accel_loss_of(ACCEL_MSE, T(F32, t, 6), T(F32, x, 2, 3));
	CHECK(!out && strstr(accel_last_error(), "[6]") &&
		      strstr(accel_last_error(), "[2, 3]"),
	      "%s: a loss of unequal shapes names both", label);
	accel_scope_end(ctx);
}

/* ---- metrics: of known rows ---- */

static accel_scores scores_of(accel_loss loss, unsigned which, int classes,
			      int64_t rows, const void *y, bool y_classes,
			      const float *out)
{
	accel_scores s = { .loss = NAN };
	struct metrics m;

	if (metrics_init(&m, which, loss, classes, 2, rows, false))
		printf("# %s\n", accel_last_error());
	metrics_add(&m, rows, y, y_classes, out);
	metrics_scores(&m, &s);
	metrics_finish(&m);
	return s;
}

static void metrics(void)
{
	const int32_t y[6] = { 0, 1, 1, 0, 1, 0 };
	const float one[6] = { -1, 2, -0.5f, 0.3f, 1, -1 };
	const int32_t y3[4] = { 0, 1, 2, 2 };
	const float x3[12] = { 3, 1, 0, 2, 1, 0, 0, 1, 2, 1, 2, 0 };
	const float t[3] = { 1, 2, 3 }, o[3] = { 1.5f, 2, 1 };
	const unsigned all = ACCEL_ACCURACY | ACCEL_PRECISION | ACCEL_RECALL |
			     ACCEL_F1 | ACCEL_AUC;
	struct metrics bad;
	accel_scores s;

	/* taken for 1: rows 1, 3, 4; pairs in order: 8 of 9 */
	s = scores_of(ACCEL_BINARY_CROSS_ENTROPY_LOGITS, all, 1, 6, y, true,
		      one);
#define IS(metric, want)                                                       \
	(fabs(accel_scores_get(&s, ACCEL_##metric) - (want)) < 1e-12)
	CHECK(IS(ACCURACY, 4 / 6.0) && IS(PRECISION, 2 / 3.0) &&
		      IS(RECALL, 2 / 3.0) && IS(F1, 2 / 3.0),
	      "accuracy, precision, recall and F1 of two classes");
	CHECK(IS(AUC, 8 / 9.0), "area under the ROC curve");
	s = scores_of(ACCEL_SPARSE_CROSS_ENTROPY_LOGITS, all | ACCEL_TOP_K, 3,
		      4, y3, true, x3);
	/* taken for 0, 0, 2, 1 */
	CHECK(IS(ACCURACY, 0.5) && IS(TOP_K, 0.75), "accuracy and top 2 of 3");
	CHECK(IS(PRECISION, (0.5 + 0 + 1) / 3) && IS(RECALL, (1 + 0 + 0.5) / 3),
	      "precision and recall are means over classes");
	s = scores_of(ACCEL_MSE, ACCEL_MEAN_ABSOLUTE_ERROR, 1, 3, t, false, o);
	CHECK(IS(MEAN_ABSOLUTE_ERROR, 2.5 / 3), "mean absolute error");
	CHECK(isnan(accel_scores_get(&s, ACCEL_AUC)),
	      "what was not measured is no number");
	CHECK(metrics_init(&bad, ACCEL_ACCURACY, ACCEL_MSE, 1, 0, 1, false) ==
		      ACCEL_ERR_INVALID,
	      "accuracy of numbers is refused");
}

/* ---- tapes and functions ---- */

static void tapes(void)
{
	accel_tensor *x, *y, *g, *gg, *kept;
	float value = 3, d = NAN;
	accel_tape *tape, *inner;

	x = accel_keep(
		accel_tensor_create(ctx, ACCEL_F32, ACCEL_SCALAR, &value));
	tape = accel_tape_begin(ctx);
	y = accel_mul(accel_mul(x, x), x);
	accel_read(y, &value, 4);
	CHECK(!accel_tape_gradient(tape, y, 1, &x, &g) &&
		      !accel_read(g, &d, 4) && value == 27 && d == 27,
	      "%s: a gradient of a value that was read", label);
	CHECK(!accel_tape_gradient(tape, g, 1, &x, &gg) &&
		      !accel_read(gg, &d, 4) && d == 18,
	      "%s: and the gradient's gradient", label);
	inner = accel_tape_begin(ctx);
	CHECK(accel_tape_end(tape) == ACCEL_ERR_INVALID,
	      "%s: the innermost tape ends first", label);
	accel_tape_end(inner);
	kept = accel_keep(accel_neg(y));
	accel_sync(ctx);
	CHECK(!accel_tape_end(tape) && !accel_read(kept, &d, 4) && d == -27,
	      "%s: what is kept outlives the tape", label);
	accel_tensor_destroy(kept);
	accel_tensor_destroy(x);
}

static accel_status body(void *user, int n_in, accel_tensor *const *in,
			 int n_out, accel_tensor **out)
{
	(void)n_in;
	(void)n_out;
	out[0] = accel_mul(in[0], in[0]);
	if (*(int *)user)
		out[0] = accel_add_scalar(out[0], *(int *)user);
	return ACCEL_OK;
}

static void functions(void)
{
	int extra = 0, i, fine = 0;
	accel_function *f = accel_function_create(ctx, body, &extra, 1);
	accel_tensor *x, *y;
	accel_counters a, b;
	float v[4] = { 1, 2, 3, 4 };

	x = accel_keep(accel_tensor_create(ctx, ACCEL_F32, ACCEL_SHAPE(4), v));
	accel_function_call(f, 1, &x, &y);
	accel_tensor_destroy(y);
	accel_counters_get(ctx, &a);
	for (i = 0; i < 5; i++) {
		fine += !accel_function_call(f, 1, &x, &y) &&
			!accel_read(y, v, sizeof(v)) && v[3] == 16;
		accel_tensor_destroy(y);
	}
	accel_counters_get(ctx, &b);
	CHECK(fine == 5 && a.plans_compiled == b.plans_compiled &&
		      b.submits == a.submits + 5,
	      "%s: a function is compiled once, then one submit a call", label);
	extra = 1;
	CHECK(accel_function_call(f, 1, &x, &y) == ACCEL_ERR_INVALID && !y &&
		      strstr(accel_last_error(), "accel_scalar"),
	      "%s: one that records something else is told so", label);
	accel_tensor_destroy(x);
	accel_function_destroy(f);
}

static void suite(void)
{
	optimizers();
	gathered();
	together();
	losses();
	metrics();
	tapes();
	functions();
}

int main(int argc, char **argv)
{
	return conform_main(argc, argv, suite);
}
