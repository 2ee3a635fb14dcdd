// SPDX-License-Identifier: MIT
/*
 * A model of two inputs and two outputs with a layer in two places and a base
 * that is not trained takes PyTorch's steps: the numbers of twenty of them are in
 * pytorch.h, which tests/exchange/fit.py writes.
 */
#include "conform.h"

#include <accel/model.h>

#include "files.h"
#include "pytorch.h"

#define SAMPLES 18
#define BATCH 4
#define STEPS 20
#define EPOCHS 4
#define KINDS 3
#define AGES 2
#define NEAR 1e-4

/* Data and first weights, in the order that fit.py makes them in. */
struct setting {
	accel_context *c;
	accel_samples *data;
	accel_model *m;
	accel_tensor *base[6]; /* what must stay as it is */
	float kept[6][24];
};

static void fill(float *to, int n, double low, double high)
{
	int i;

	for (i = 0; i < n; i++)
		to[i] = (float)(low + (high - low) * noise());
}

static accel_samples *part(const float *x, int width, const void *y,
			   accel_dtype type, int y_width, const float *weight)
{
	accel_samples_options o = {
		.x = x,
		.x_dtype = ACCEL_F32,
		.x_ndim = 2,
		.x_shape = (int64_t[]){ SAMPLES, width },
		.y = y,
		.y_dtype = type,
		.y_ndim = y_width ? 2 : 1,
		.y_shape = (int64_t[]){ SAMPLES, y_width },
		.weight = weight,
	};

	return accel_samples_create_with(&o);
}

/* Each sample weighs what its class does, where @weighted. */
static accel_samples *make_data(bool weighted)
{
	static const float class_weight[KINDS] = { 1, 2, 0.5 };
	float weight[SAMPLES];
	float a[SAMPLES * 6], b[SAMPLES * 6], age[SAMPLES * AGES];
	int32_t kind[SAMPLES];
	accel_samples *parts[2], *all;
	int i;

	noise_state = 1;
	fill(a, SAMPLES * 6, -1, 1);
	fill(b, SAMPLES * 6, -1, 1);
	for (i = 0; i < SAMPLES; i++)
		kind[i] = (int32_t)(KINDS * noise());
	for (i = 0; i < SAMPLES; i++)
		weight[i] = class_weight[kind[i]];
	fill(age, SAMPLES * AGES, -1, 1);
	parts[0] = part(a, 6, kind, ACCEL_I32, 0, weighted ? weight : NULL);
	parts[1] = part(b, 6, age, ACCEL_F32, AGES, NULL);
	all = accel_samples_join(2, parts);
	accel_samples_destroy(parts[0]);
	accel_samples_destroy(parts[1]);
	return all;
}

static accel_node *put_together(accel_model *base, accel_node *a, accel_node *b)
{
	accel_layer *tower =
		accel_dense(5, .activation = ACCEL_TANH, .name = "tower");
	accel_node *left = accel_apply(tower, a);
	accel_node *right = accel_apply(tower, b);

	return accel_apply(
		accel_dense(8, .activation = ACCEL_TANH, .name = "join"),
		accel_apply_to(accel_concatenate_layer(),
			       ACCEL_NODES(left, right,
					   accel_model_apply(base, a))));
}

static accel_model *make_model(accel_context *c)
{
	accel_node *a = accel_input(c, ACCEL_SHAPE(6));
	accel_node *b = accel_input(c, ACCEL_SHAPE(6)), *h;
	accel_model *base, *m;

	base = accel_sequential(
		c, accel_dense(4, .activation = ACCEL_TANH, .name = "base"),
		accel_batch_normalization(.name = "norm"));
	accel_model_build(base, ACCEL_SHAPE(6));
	accel_model_set_trainable(base, false);
	h = put_together(base, a, b);
	m = accel_model_create_with(
		ACCEL_NODES(a, b),
		ACCEL_NODES(accel_apply(accel_dense(KINDS, .name = "kind"), h),
			    accel_apply(accel_dense(AGES, .name = "age"), h)));
	accel_model_destroy(base);
	return m;
}

static bool first_weights(struct setting *t)
{
	static const struct {
		const char *name;
		int n;
		bool stays;
	} list[] = {
		{ "tower/kernel", 30, false },
		{ "tower/bias", 5, false },
		{ "base/kernel", 24, true },
		{ "base/bias", 4, true },
		{ "norm/gamma", 4, true },
		{ "norm/beta", 4, true },
		{ "norm/moving_mean", 4, true },
		{ "norm/moving_variance", 4, true },
		{ "join/kernel", 14 * 8, false },
		{ "join/bias", 8, false },
		{ "kind/kernel", 8 * KINDS, false },
		{ "kind/bias", KINDS, false },
		{ "age/kernel", 8 * AGES, false },
		{ "age/bias", AGES, false },
	};
	float w[14 * 8];
	size_t i;
	int kept = 0;

	for (i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		double low = strstr(list[i].name, "variance") ? 0.5 : -0.8;
		accel_tensor *to = accel_model_weight(t->m, list[i].name);
		size_t bytes = (size_t)list[i].n * sizeof(float);

		fill(w, list[i].n, low, low + 1.6);
		if (!to || accel_write(to, w, bytes))
			return false;
		if (!list[i].stays)
			continue;
		memcpy(t->kept[kept], w, bytes);
		t->base[kept++] = to;
	}
	return true;
}

static bool begin(struct setting *t, accel_optimizer *o, bool weighted)
{
	*t = (struct setting){
		.c = accel_open(on_vulkan ? "vulkan" : "cpu", .threads = 2),
		.data = make_data(weighted),
	};
	t->m = make_model(t->c);
	return t->data && first_weights(t) &&
	       !accel_compile(
		       t->m, .optimizer = o,
		       ACCEL_OUTPUTS(
			       { .loss = ACCEL_SPARSE_CROSS_ENTROPY_LOGITS,
				 .metrics = ACCEL_ACCURACY },
			       { .loss = ACCEL_MSE, .loss_weight = 0.5 }));
}

static void end(struct setting *t)
{
	accel_model_destroy(t->m);
	accel_samples_destroy(t->data);
	accel_close(t->c);
}

/* The losses of all steps, one after another. */
struct heard {
	double loss[STEPS];
	int n;
};

static bool hear(void *user, const accel_progress *p)
{
	struct heard *h = user;

	if (h->n < STEPS)
		h->loss[h->n] = p->train.loss;
	h->n++;
	return true;
}

static bool train(struct setting *t, int epochs, struct heard *h)
{
	return !accel_fit(t->m, t->data, .epochs = epochs, .batch_size = BATCH,
			  .no_shuffle = true, .verbose = -1, .on_batch = hear,
			  .user = h);
}

static double loss_apart(const struct heard *h, const float *want)
{
	double far = h->n == STEPS ? 0 : INFINITY;
	int i;

	for (i = 0; i < STEPS; i++)
		far = fmax(far, fabs(h->loss[i] - (double)want[i]));
	return far;
}

static double outputs_apart(struct setting *t, const float *want)
{
	float kind[SAMPLES * KINDS], age[SAMPLES * AGES];
	double far = 0;
	int i, k;

	if (accel_predict_outputs(t->m, t->data, 2, (float *[]){ kind, age },
				  (size_t[]){ SAMPLES * KINDS,
					      SAMPLES * AGES }))
		return INFINITY;
	for (i = 0; i < SAMPLES; i++) {
		for (k = 0; k < KINDS; k++, want++)
			far = fmax(far, fabs((double)kind[i * KINDS + k] -
					     (double)*want));
		for (k = 0; k < AGES; k++, want++)
			far = fmax(far, fabs((double)age[i * AGES + k] -
					     (double)*want));
	}
	return far;
}

/* To the bit, its statistics included. */
static bool base_stays(const struct setting *t)
{
	float now[24];
	int i;

	for (i = 0; i < 6; i++) {
		size_t bytes = (i ? 4 : 24) * sizeof(float);

		if (accel_read(t->base[i], now, bytes) ||
		    memcmp(now, t->kept[i], bytes))
			return false;
	}
	return true;
}

static void same_steps(const char *name, accel_optimizer *o, bool weighted,
		       const float *loss, const float *output)
{
	struct heard h = { .n = 0 };
	struct setting t;
	bool fine = begin(&t, o, weighted) && train(&t, EPOCHS, &h);
	double far = loss_apart(&h, loss);

	CHECK(fine && far <= NEAR,
	      "%s: %s: the losses of %d steps are PyTorch's", label, name,
	      STEPS);
	if (!fine)
		printf("# %s\n", accel_last_error());
	printf("# %.1e apart\n", far);
	far = fine ? outputs_apart(&t, output) : INFINITY;
	CHECK(far <= NEAR, "%s: %s: and so are both outputs after them", label,
	      name);
	printf("# %.1e apart\n", far);
	CHECK(fine && base_stays(&t),
	      "%s: %s: the base is as it was, statistics included", label,
	      name);
	end(&t);
}

/* Half of the steps, a file, and the other half in another context. */
static void through_a_file(void)
{
	struct heard h = { .n = 0 };
	struct setting t;
	double far;
	bool fine =
		begin(&t, accel_adam(.lr = 0.02, .epsilon = 1e-10), false) &&
		train(&t, EPOCHS / 2, &h) &&
		!accel_model_save(t.m, file_path("half"));

	accel_model_destroy(t.m);
	accel_close(t.c);
	t.c = accel_open(on_vulkan ? "vulkan" : "cpu", .threads = 2);
	t.m = accel_model_load(t.c, file_path("half"));
	fine &= t.m && accel_model_trainable(t.m) ==
			       accel_model_parameters(t.m) - 24 - 5 * 4;
	fine = fine && train(&t, EPOCHS / 2, &h);
	far = fmax(loss_apart(&h, adam_loss), outputs_apart(&t, adam_output));
	CHECK(fine && far <= NEAR,
	      "%s: a file between them changes nothing: inputs, outputs, loss "
	      "weights, the shared layer and what is not trained are in it",
	      label);
	printf("# %.1e apart%s%s\n", far, fine ? "" : ": ",
	       fine ? "" : accel_last_error());
	end(&t);
}

static void suite(void)
{
	same_steps("sgd with momentum", accel_sgd(.lr = 0.1, .momentum = 0.9),
		   false, sgd_loss, sgd_output);
	same_steps("sgd with weights of classes",
		   accel_sgd(.lr = 0.1, .momentum = 0.9), true,
		   sgd_weighted_loss, sgd_weighted_output);
	same_steps("adam with weights of classes",
		   accel_adam(.lr = 0.02, .epsilon = 1e-10), true,
		   adam_weighted_loss, adam_weighted_output);
	same_steps("adam", accel_adam(.lr = 0.02, .epsilon = 1e-10), false,
		   adam_loss, adam_output);
	through_a_file();
}

int main(int argc, char **argv)
{
	int rc;

	files_begin();
	rc = conform_main(argc, argv, suite);
	files_end();
	return rc;
}
