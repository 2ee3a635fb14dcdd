// SPDX-License-Identifier: MIT
/*
 * Promises of the model API towards wrong use: whatever is destroyed, in any
 * order and however often, shared, given twice, NULL or used in a callback, is an
 * error with a text, or right. AddressSanitizer watches (make check).
 */
#include "conform.h"

#include <unistd.h>

#include <accel/model.h>

#define N 8 /* samples */
#define QUIET .batch_size = 4, .verbose = -1

static char dir[] = "/tmp/accel-misuse-XXXXXX";
static char path[64];

/* ---- what the cases share ---- */

static accel_context *open_one(void)
{
	return accel_open(on_vulkan ? "vulkan" : "cpu", .seed = 3);
}

static float numbers[N * 4];

/* Zeros with storage. */
static accel_tensor *stored(accel_context *c, int n, const int64_t *shape)
{
	return accel_tensor_create(c, ACCEL_F32, n, shape, NULL);
}

static accel_samples *data_of(int64_t x, int64_t y)
{
	int i;

	for (i = 0; i < N * 4; i++)
		numbers[i] = (float)(i * 7 % 11) / 11 - 0.4f;
	return accel_samples_create(numbers, .x_dtype = ACCEL_F32, .x_ndim = 2,
				    .x_shape = (int64_t[]){ N, x },
				    .y = numbers, .y_dtype = ACCEL_F32,
				    .y_ndim = 2,
				    .y_shape = (int64_t[]){ N, y });
}

/* [4] to [2], compiled. */
static accel_model *small(accel_context *c)
{
	accel_model *m = accel_sequential(
		c, accel_dense(3, .activation = ACCEL_TANH), accel_dense(2));

	accel_compile(m, .loss = ACCEL_MSE);
	accel_model_build(m, 1, (int64_t[]){ 4 });
	return m;
}

static bool trains(accel_model *m, const accel_samples *s)
{
	return !accel_fit(m, s, QUIET);
}

/* An error, with its text. */
static bool told(accel_status err)
{
	const char *text = accel_last_error();

	return err && text && strlen(text) > 8;
}

static bool refused(const void *p)
{
	return !p && told(ACCEL_ERR_INVALID);
}

/* A context, a node of four inputs and samples: what most cases begin with. */
struct setup {
	accel_context *c;
	accel_samples *s;
	accel_node *x;
};

static struct setup begin(void)
{
	struct setup t = { .c = open_one(), .s = data_of(4, 2) };

	t.x = accel_input(t.c, 1, (int64_t[]){ 4 });
	return t;
}

static bool end(struct setup t, bool fine)
{
	accel_samples_destroy(t.s);
	accel_close(t.c);
	return fine;
}

/* ---- the order of destruction ---- */

static bool model_after_context(void)
{
	struct setup t = begin();
	accel_model *m = small(t.c);
	bool fine = trains(m, t.s);

	accel_close(t.c);
	fine &= told(accel_fit(m, t.s, QUIET));
	accel_model_destroy(m);
	accel_samples_destroy(t.s);
	return fine;
}

static bool used_after_context(void)
{
	struct setup t = begin();
	accel_model *m = small(t.c);
	float out[N * 2];
	accel_scores scores;
	bool fine;

	accel_close(t.c);
	fine = told(accel_evaluate(m, t.s, &scores)) &
	       told(accel_predict(m, t.s, out, N * 2)) &
	       told(accel_model_save(m, path)) &
	       told(accel_model_restore(m, path)) &
	       told(accel_model_restore(m, path, .partial = true)) &
	       refused(accel_model_call(m, NULL, false));
	accel_model_destroy(m);
	accel_samples_destroy(t.s);
	return fine;
}

static bool built_after_context(void)
{
	struct setup t = begin();
	accel_model *m = accel_sequential(t.c, accel_dense(2));
	bool fine;

	accel_close(t.c);
	fine = told(accel_model_build(m, 1, (int64_t[]){ 4 }));
	accel_model_destroy(m);
	accel_samples_destroy(t.s);
	return fine;
}

static bool model_of_closed_context(void)
{
	struct setup t = begin();
	accel_model *keep = small(t.c);
	bool fine;

	accel_close(t.c);
	fine = refused(accel_sequential(t.c, accel_dense(2))) &
	       refused(accel_input(t.c, 1, (int64_t[]){ 4 })) &
	       refused(accel_model_load(t.c, path));
	accel_model_destroy(keep);
	accel_samples_destroy(t.s);
	return fine;
}

static bool context_twice(void)
{
	struct setup t = begin();

	accel_close(t.c);
	accel_close(t.c);
	accel_samples_destroy(t.s);
	return true;
}

static bool context_twice_with_model(void)
{
	struct setup t = begin();
	accel_model *m = small(t.c);

	accel_close(t.c);
	accel_close(t.c);
	accel_model_destroy(m);
	accel_close(t.c);
	accel_samples_destroy(t.s);
	return true;
}

static bool model_twice(void)
{
	struct setup t = begin();
	accel_model *m = small(t.c);

	accel_model_destroy(m);
	accel_model_destroy(m);
	return end(t, true);
}

static bool model_used_after(void)
{
	struct setup t = begin();
	accel_model *m = small(t.c);
	const int64_t *shape;
	float out[N * 2];

	accel_model_destroy(m);
	return end(t, told(accel_fit(m, t.s, QUIET)) &
			      told(accel_evaluate(m, t.s, NULL)) &
			      told(accel_predict(m, t.s, out, N * 2)) &
			      told(accel_compile(m, .loss = ACCEL_MSE)) &
			      told(accel_model_build(m, 1, (int64_t[]){ 4 })) &
			      told(accel_model_save(m, path)) &
			      told(accel_model_restore(m, path)) &
			      told(accel_model_summary(m, stdout)) &
			      told(accel_confusion(m, t.s, 2, NULL)) &
			      told(accel_model_set_metrics(m, 0)) &
			      told(accel_model_set_note(m, "a", "b")) &
			      told(accel_model_set_trainable(m, false)) &
			      refused(accel_model_apply(m, t.x)) &
			      !accel_model_note(m, "a") &
			      !accel_model_weight(m, "dense/kernel") &
			      !accel_model_input(m, &shape) &
			      !accel_model_parameters(m) &
			      !accel_model_optimizer(m));
}

static bool layer_twice(void)
{
	accel_layer *l = accel_dense(2);

	accel_layer_destroy(l);
	accel_layer_destroy(l);
	return told(accel_layer_set_trainable(l, false)) &
	       !accel_layer_trainable(l);
}

static bool layer_after_taken(void)
{
	struct setup t = begin();
	accel_layer *l = accel_dense(2);
	accel_model *m = accel_sequential(t.c, l);
	bool fine;

	accel_layer_destroy(l);
	accel_layer_destroy(l);
	accel_compile(m, .loss = ACCEL_MSE);
	fine = trains(m, t.s) && accel_layer_trainable(l);
	accel_model_destroy(m);
	return end(t, fine & !accel_layer_trainable(l));
}

static bool layer_gone_applied(void)
{
	struct setup t = begin();
	accel_layer *l = accel_dense(2);

	accel_layer_destroy(l);
	return end(t, refused(accel_apply(l, t.x)));
}

static bool layer_gone_in_sequential(void)
{
	struct setup t = begin();
	accel_layer *l = accel_dense(2);

	accel_layer_destroy(l);
	return end(t, refused(accel_sequential(t.c, accel_dense(3), l)));
}

static bool layer_outlives_its_models(void)
{
	struct setup t = begin();
	accel_layer *l = accel_dense(2);

	accel_model_destroy(accel_sequential(t.c, l));
	return end(t, refused(accel_apply(l, t.x)));
}

static bool optimizer_twice(void)
{
	accel_optimizer *o = accel_adam();

	accel_optimizer_destroy(o);
	accel_optimizer_destroy(o);
	return told(accel_optimizer_apply(o, 0, NULL, NULL));
}

static bool optimizer_after_compile(void)
{
	struct setup t = begin();
	accel_optimizer *o = accel_sgd(.lr = 0.1);
	accel_model *m = small(t.c);
	bool fine = !accel_compile(m, .optimizer = o, .loss = ACCEL_MSE);

	accel_optimizer_destroy(o);
	fine &= trains(m, t.s);
	accel_model_destroy(m);
	accel_optimizer_destroy(o);
	return end(t, fine);
}

static bool optimizer_gone_compiled(void)
{
	struct setup t = begin();
	accel_optimizer *o = accel_sgd(.lr = 0.1);
	accel_model *m = small(t.c);
	bool fine;

	accel_optimizer_destroy(o);
	fine = told(accel_compile(m, .optimizer = o, .loss = ACCEL_MSE)) &&
	       trains(m, t.s); /* as it was compiled before */
	accel_model_destroy(m);
	return end(t, fine);
}

static bool samples_twice(void)
{
	accel_samples *s = data_of(4, 2);

	accel_samples_destroy(s);
	accel_samples_destroy(s);
	return refused(accel_samples_select(s, (int64_t[]){ 0 }, 1)) &
	       refused(accel_samples_window(s, 2)) & !accel_samples_input(s, 0);
}

static bool samples_gone_in_fit(void)
{
	struct setup t = begin();
	accel_model *m = small(t.c);
	bool fine;

	accel_samples_destroy(t.s);
	fine = told(accel_fit(m, t.s, QUIET));
	t.s = data_of(4, 2);
	accel_model_destroy(m);
	return end(t, fine);
}

static bool validation_gone(void)
{
	struct setup t = begin();
	accel_model *m = small(t.c);
	accel_samples *v = data_of(4, 2);
	bool fine;

	accel_samples_destroy(v);
	fine = told(accel_fit(m, t.s, .validation = v, QUIET));
	accel_model_destroy(m);
	return end(t, fine);
}

static bool dataset_twice(void)
{
	accel_dataset *d = accel_dataset_digits(ctx, 20, 10, 1);

	accel_dataset_destroy(d);
	accel_dataset_destroy(d);
	return true;
}

/* ---- sharing ---- */

static bool two_models_of_a_graph(void)
{
	struct setup t = begin();
	accel_node *code = accel_apply(accel_dense(2), t.x);
	accel_node *out = accel_apply(accel_dense(4), code);
	accel_model *whole = accel_model_create(t.x, out);
	accel_model *encoder = accel_model_create(t.x, code);
	float before[2 * N], after[2 * N];
	bool fine = whole && encoder && whole != encoder;

	accel_compile(whole, .loss = ACCEL_MSE, .autoencode = true,
		      .optimizer = accel_sgd(.lr = 0.5));
	fine &= !accel_predict(encoder, t.s, before, 2 * N);
	fine &= trains(whole, t.s);
	fine &= !accel_predict(encoder, t.s, after, 2 * N) &&
		memcmp(before, after, sizeof(before));
	accel_model_destroy(whole);
	fine &= !accel_predict(encoder, t.s, before, 2 * N) &&
		!memcmp(before, after, sizeof(before));
	accel_model_destroy(encoder);
	return end(t, fine);
}

static bool the_same_model_twice(void)
{
	struct setup t = begin();
	accel_node *out = accel_apply(accel_dense(2), t.x);
	accel_model *a = accel_model_create(t.x, out);
	accel_model *b = accel_model_create(t.x, out);
	bool fine = a && b && a != b;

	accel_model_destroy(b);
	accel_compile(a, .loss = ACCEL_MSE);
	fine &= trains(a, t.s);
	accel_model_destroy(a);
	return end(t, fine);
}

static bool nodes_after_their_models(void)
{
	struct setup t = begin();
	accel_node *out = accel_apply(accel_dense(2), t.x);

	accel_model_destroy(accel_model_create(t.x, out));
	return end(t, refused(accel_model_create(t.x, out)) &
			      refused(accel_apply(accel_dense(2), out)));
}

static bool nodes_without_a_model(void)
{
	struct setup t = begin();

	return end(t, accel_apply(accel_dense(2),
				  accel_apply(accel_dense(2), t.x)));
}

static bool nodes_after_context(void)
{
	struct setup t = begin();
	accel_node *out = accel_apply(accel_dense(2), t.x);
	bool fine = out;

	accel_close(t.c);
	fine &= refused(accel_apply(accel_dense(2), out)) &
		refused(accel_model_create(t.x, out));
	accel_samples_destroy(t.s);
	return fine;
}

/* A pair's distance changes nothing where the two are the same. */
static bool one_layer_in_two_places(void)
{
	struct setup t = begin();
	accel_layer *l = accel_dense(4, .no_bias = true);
	accel_node *h = accel_apply(l, t.x);
	accel_model *m;
	bool fine;

	h = accel_apply(l, h);
	m = accel_model_create(t.x, accel_apply(accel_dense(2), h));
	fine = m && accel_model_parameters(m) == 16 + 10 &&
	       accel_model_layers(m) == 2;
	accel_compile(m, .loss = ACCEL_MSE);
	fine &= trains(m, t.s);
	accel_model_destroy(m);
	return end(t, fine);
}

static bool one_layer_in_two_models(void)
{
	struct setup t = begin();
	accel_layer *l = accel_dense(2);
	accel_model *a = accel_sequential(t.c, l);
	accel_model *b = accel_sequential(t.c, l);
	accel_tensor *w;
	bool fine;

	accel_compile(a, .loss = ACCEL_MSE);
	accel_compile(b, .loss = ACCEL_MSE);
	fine = trains(a, t.s) & trains(b, t.s);
	w = accel_model_weight(a, "dense/kernel");
	fine &= w && w == accel_model_weight(b, "dense/kernel");
	accel_model_destroy(a);
	fine &= trains(b, t.s);
	accel_model_destroy(b);
	return end(t, fine);
}

static bool one_layer_of_two_widths(void)
{
	struct setup t = begin();
	accel_layer *l = accel_dense(3);
	accel_node *h = accel_apply(l, t.x);
	bool fine = refused(accel_model_create(t.x, accel_apply(l, h)));

	return end(t, fine);
}

static bool one_layer_of_two_contexts(void)
{
	struct setup t = begin(), u = begin();
	accel_layer *l = accel_dense(2);
	accel_model *m = accel_model_create(t.x, accel_apply(l, t.x));
	bool fine = m && refused(accel_apply(l, u.x)) &&
		    refused(accel_sequential(u.c, l));

	accel_model_destroy(m);
	return end(t, fine) & end(u, true);
}

/* Unbuilt, a layer belongs to no context yet; built in one, not to the other. */
static bool one_layer_built_in_two_contexts(void)
{
	struct setup t = begin(), u = begin();
	accel_layer *l = accel_dense(2);
	accel_model *a = accel_sequential(t.c, l);
	accel_model *b = accel_sequential(u.c, l);
	bool fine = !b;

	if (b) {
		fine = !accel_model_build(a, 1, (int64_t[]){ 4 }) &&
		       told(accel_model_build(b, 1, (int64_t[]){ 4 }));
		accel_close(t.c);
		accel_compile(b, .loss = ACCEL_MSE);
		fine &= told(accel_fit(b, u.s, QUIET));
	}
	accel_model_destroy(b);
	accel_model_destroy(a);
	return end(t, fine) & end(u, true);
}

static bool a_layer_given_twice_in_a_row(void)
{
	struct setup t = begin();
	accel_layer *l = accel_dense(4);
	accel_model *m = accel_sequential(t.c, l, l, accel_dense(2));
	bool fine;

	accel_compile(m, .loss = ACCEL_MSE);
	fine = trains(m, t.s) && accel_model_layers(m) == 2;
	accel_model_destroy(m);
	return end(t, fine);
}

static bool two_layers_of_a_name(void)
{
	struct setup t = begin();

	return end(t,
		   refused(accel_sequential(t.c, accel_dense(3, .name = "same"),
					    accel_dense(2, .name = "same"))));
}

static bool one_optimizer_in_two_models(void)
{
	struct setup t = begin();
	accel_optimizer *o = accel_adam(.lr = 0.02);
	accel_model *a = small(t.c), *b = small(t.c);
	bool fine = !accel_compile(a, .optimizer = o, .loss = ACCEL_MSE);

	fine &= !accel_compile(b, .optimizer = o, .loss = ACCEL_MSE);
	fine &= accel_model_optimizer(a) != accel_model_optimizer(b);
	fine &= trains(a, t.s) & trains(b, t.s) & trains(a, t.s);
	accel_model_destroy(a);
	fine &= trains(b, t.s);
	accel_model_destroy(b);
	return end(t, fine);
}

static bool one_optimizer_in_two_contexts(void)
{
	struct setup t = begin(), u = begin();
	accel_optimizer *o = accel_adam(.lr = 0.02);
	accel_model *a = small(t.c), *b = small(u.c);
	bool fine = !accel_compile(a, .optimizer = o, .loss = ACCEL_MSE);

	fine &= trains(a, t.s);
	fine &= !accel_compile(b, .optimizer = o, .loss = ACCEL_MSE);
	accel_model_destroy(a);
	accel_close(t.c);
	fine &= trains(b, u.s);
	accel_model_destroy(b);
	accel_samples_destroy(t.s);
	return end(u, fine);
}

static bool compiled_again_with_its_own(void)
{
	struct setup t = begin();
	accel_model *m = small(t.c);
	bool fine = trains(m, t.s);

	fine &= !accel_compile(m, .optimizer = accel_model_optimizer(m),
			       .loss = ACCEL_MSE);
	fine &= trains(m, t.s);
	accel_model_destroy(m);
	return end(t, fine);
}

static bool compiled_twice(void)
{
	struct setup t = begin();
	accel_model *m = small(t.c);
	bool fine = trains(m, t.s);

	fine &= !accel_compile(m, .loss = ACCEL_HUBER) & trains(m, t.s);
	accel_model_destroy(m);
	return end(t, fine);
}

static bool a_model_in_itself(void)
{
	struct setup t = begin();
	accel_node *out = accel_apply(accel_dense(4), t.x);
	accel_model *m = accel_model_create(t.x, out), *twice;
	bool fine;

	twice = accel_model_create(t.x, accel_model_apply(m, out));
	fine = twice && accel_model_layers(twice) == 1 &&
	       accel_model_parameters(twice) == 20;
	accel_model_destroy(m);
	accel_compile(twice, .loss = ACCEL_MSE, .autoencode = true);
	fine &= trains(twice, t.s);
	accel_model_destroy(twice);
	return end(t, fine);
}

static bool a_submodel_after_its_model(void)
{
	struct setup t = begin();
	accel_model *base = small(t.c), *m;
	bool fine;

	m = accel_model_create(t.x, accel_model_apply(base, t.x));
	accel_model_destroy(base);
	fine = m && !accel_compile(m, .loss = ACCEL_MSE);
	fine &= trains(m, t.s) && !accel_model_save(m, path);
	accel_model_destroy(m);
	return end(t, fine);
}

static bool a_submodel_of_another_context(void)
{
	struct setup t = begin(), u = begin();
	accel_model *base = small(u.c);
	bool fine = refused(accel_model_apply(base, t.x));

	accel_model_destroy(base);
	return end(t, fine) & end(u, true);
}

static bool a_submodel_of_another_width(void)
{
	struct setup t = begin();
	accel_model *base = small(t.c);
	accel_node *x = accel_input(t.c, 1, (int64_t[]){ 5 });
	accel_node *y = accel_model_apply(base, x);
	bool fine = refused(accel_model_create(x, y));

	accel_compile(base, .loss = ACCEL_MSE);
	fine &= trains(base, t.s);
	accel_model_destroy(base);
	return end(t, fine);
}

static bool the_head_of_a_model_that_is_gone(void)
{
	struct setup t = begin();
	accel_model *base = small(t.c);
	accel_node *x = accel_model_input_node(base, 0);
	accel_node *h = accel_model_node(base, "dense");

	accel_model_destroy(base);
	return end(t, refused(accel_apply(accel_dense(2), h)) &
			      refused(accel_model_create(x, h)));
}

static bool a_new_head_outlives_the_base(void)
{
	struct setup t = begin();
	accel_model *base = small(t.c), *m;
	accel_node *h = accel_model_node(base, "dense");
	bool fine;

	m = accel_model_create(accel_model_input_node(base, 0),
			       accel_apply(accel_dense(2), h));
	accel_model_destroy(base);
	fine = m && !accel_compile(m, .loss = ACCEL_MSE) && trains(m, t.s);
	accel_model_destroy(m);
	return end(t, fine);
}

static bool nodes_of_what_is_not_built(void)
{
	struct setup t = begin();
	accel_model *m = accel_sequential(t.c, accel_dense(2));
	bool fine = refused(accel_model_input_node(m, 0)) &
		    refused(accel_model_output_node(m, 0)) &
		    refused(accel_model_node(m, "dense"));

	accel_model_destroy(m);
	return end(t, fine);
}

/* ---- NULL, and what is no such thing ---- */

static bool null_everywhere(void)
{
	accel_close(NULL);
	accel_model_destroy(NULL);
	accel_layer_destroy(NULL);
	accel_optimizer_destroy(NULL);
	accel_samples_destroy(NULL);
	accel_dataset_destroy(NULL);
	return told(accel_fit_with(NULL, NULL)) &
	       told(accel_compile_with(NULL, NULL)) &
	       told(accel_evaluate(NULL, NULL, NULL)) &
	       told(accel_predict(NULL, NULL, NULL, 0)) &
	       told(accel_model_save(NULL, NULL)) &
	       told(accel_model_restore_with(NULL, NULL)) &
	       told(accel_model_summary(NULL, NULL)) &
	       told(accel_layer_set_trainable(NULL, true)) &
	       refused(accel_model_create(NULL, NULL)) &
	       refused(accel_model_apply(NULL, NULL)) &
	       refused(accel_apply(NULL, NULL)) &
	       refused(accel_merge(NULL, NULL, NULL)) &
	       refused(accel_input(NULL, 1, NULL)) &
	       refused(accel_model_load(NULL, NULL)) &
	       refused(accel_samples_join(0, NULL)) &
	       !accel_model_layer_name(NULL, 0) & !accel_model_node(NULL, NULL);
}

static bool null_options(void)
{
	struct setup t = begin();
	accel_model *m = small(t.c);
	bool fine = told(accel_fit_with(m, NULL)) &
		    told(accel_compile_with(m, NULL)) &
		    told(accel_model_restore_with(m, NULL)) &
		    refused(accel_layer_create(ACCEL_LAYER_DENSE, NULL)) &
		    refused(accel_optimizer_create(ACCEL_ADAM, NULL)) &
		    told(accel_compile(m, .loss = ACCEL_MSE)) & /* for it */
		    refused(accel_samples_create_with(NULL)) &
		    refused(accel_sequential_with(t.c, 1, NULL)) &
		    trains(m, t.s);

	accel_model_destroy(m);
	return end(t, fine);
}

static bool null_data(void)
{
	struct setup t = begin();
	accel_model *m = small(t.c);
	accel_scores scores;
	float out[N * 2];
	bool fine = told(accel_fit(m, NULL, QUIET)) &
		    told(accel_evaluate(m, NULL, &scores)) &
		    told(accel_predict(m, NULL, out, N * 2)) &
		    told(accel_predict(m, t.s, NULL, N * 2)) &
		    told(accel_confusion(m, NULL, 2, NULL)) &
		    told(accel_predict_outputs(m, t.s, 1, NULL, NULL)) &
		    told(accel_model_save(m, NULL)) &
		    told(accel_model_restore(m, NULL)) &
		    told(accel_model_summary(m, NULL)) &
		    !accel_evaluate(m, t.s, NULL);

	accel_model_destroy(m);
	return end(t, fine);
}

static bool null_layers(void)
{
	struct setup t = begin();

	return end(t,
		   refused(accel_sequential(t.c, accel_dense(3), NULL,
					    accel_dense(2))) &
			   refused(accel_apply(NULL, t.x)) &
			   refused(accel_apply(accel_dense(2), NULL)) &
			   refused(accel_merge(accel_add_layer(), t.x, NULL)) &
			   refused(accel_merge(accel_add_layer(), NULL, t.x)));
}

static bool null_nodes(void)
{
	struct setup t = begin();
	accel_node *y = accel_apply(accel_dense(2), t.x);

	return end(
		t,
		refused(accel_model_create(t.x, NULL)) &
			refused(accel_model_create(NULL, y)) &
			refused(accel_model_create_with(
				1, NULL, 1, (accel_node *[]){ y })) &
			refused(accel_model_create_with(
				1, (accel_node *[]){ t.x }, 0, NULL)) &
			refused(accel_model_create_with(
				-1, (accel_node *[]){ t.x }, 1,
				(accel_node *[]){ y })) &
			refused(accel_apply_to(accel_add_layer(), -2, &t.x)) &
			refused(accel_apply_to(accel_add_layer(), 2, NULL)));
}

static bool one_kind_for_another(void)
{
	struct setup t = begin();
	accel_model *m = small(t.c);
	void *p = m, *q = t.s, *x = t.x;
	bool fine;

	accel_layer_destroy(p);
	accel_optimizer_destroy(p);
	accel_samples_destroy(p);
	accel_model_destroy(q);
	accel_close(x);
	fine = told(accel_fit(m, p, QUIET)) & told(accel_fit(q, t.s, QUIET)) &
	       refused(accel_apply(p, t.x)) & refused(accel_apply(x, t.x)) &
	       refused(accel_model_create(p, q)) & trains(m, t.s);
	accel_model_destroy(m);
	return end(t, fine);
}

/* ---- graphs that are none ---- */

static bool an_input_as_output(void)
{
	struct setup t = begin();

	return end(t, refused(accel_model_create(t.x, t.x)));
}

static bool an_output_as_input(void)
{
	struct setup t = begin();
	accel_node *h = accel_apply(accel_dense(3), t.x);
	accel_node *y = accel_apply(accel_dense(2), h);

	return end(t, refused(accel_model_create(h, y)));
}

static bool an_output_of_another_input(void)
{
	struct setup t = begin();
	accel_node *other = accel_input(t.c, 1, (int64_t[]){ 4 });
	accel_node *y = accel_apply(accel_dense(2), other);
	accel_model *m;
	bool fine = refused(accel_model_create(t.x, y));

	m = accel_model_create(other, y); /* which is as it was */
	fine &= m && !accel_compile(m, .loss = ACCEL_MSE) && trains(m, t.s);
	accel_model_destroy(m);
	return end(t, fine);
}

static bool an_input_left_out(void)
{
	struct setup t = begin();
	accel_node *other = accel_input(t.c, 1, (int64_t[]){ 4 });
	accel_node *y = accel_merge(accel_add_layer(), t.x, other);

	return end(t, refused(accel_model_create(t.x, y)));
}

static bool an_input_for_nothing(void)
{
	struct setup t = begin();
	accel_node *other = accel_input(t.c, 1, (int64_t[]){ 4 });
	accel_node *y = accel_apply(accel_dense(2), t.x);

	return end(t, refused(accel_model_create_with(ACCEL_NODES(t.x, other),
						      ACCEL_NODES(y))));
}

static bool an_input_twice(void)
{
	struct setup t = begin();
	accel_node *y = accel_apply(accel_dense(2), t.x);

	return end(t, refused(accel_model_create_with(ACCEL_NODES(t.x, t.x),
						      ACCEL_NODES(y))));
}

static bool an_output_twice(void)
{
	struct setup t = begin();
	accel_node *y = accel_apply(accel_dense(2), t.x);
	accel_model *m =
		accel_model_create_with(ACCEL_NODES(t.x), ACCEL_NODES(y, y));
	accel_samples *s =
		accel_samples_join(2, (accel_samples *[]){ t.s, t.s });
	bool fine = !m || !accel_compile(m, .loss = ACCEL_MSE);

	if (m) /* two targets for one output, but as many inputs as parts */
		fine &= told(accel_fit(m, s, QUIET));
	accel_samples_destroy(s);
	accel_model_destroy(m);
	return end(t, fine);
}

static bool nodes_of_two_contexts(void)
{
	struct setup t = begin(), u = begin();
	accel_node *y = accel_apply(accel_dense(2), u.x);

	return end(t, refused(accel_merge(accel_add_layer(), t.x, u.x)) &
			      refused(accel_model_create(t.x, y)) &
			      refused(accel_model_create_with(
				      ACCEL_NODES(t.x, u.x), ACCEL_NODES(y)))) &
	       end(u, true);
}

static bool too_many(void)
{
	struct setup t = begin();
	accel_node *many[20], *y;
	int i;

	for (i = 0; i < 20; i++)
		many[i] = accel_input(t.c, 1, (int64_t[]){ 4 });
	y = accel_apply_to(accel_add_layer(), 16, many);
	return end(t,
		   y && refused(accel_apply_to(accel_add_layer(), 17, many)) &&
			   refused(accel_model_create_with(16, many, 1, &y)));
}

static bool as_many_as_it_takes(void)
{
	struct setup t = begin();

	return end(t, refused(accel_apply(accel_add_layer(), t.x)) &
			      refused(accel_merge(accel_dense(2), t.x, t.x)) &
			      refused(accel_apply_to(accel_dense(2), 0, &t.x)));
}

static bool shapes_that_do_not_fit(void)
{
	struct setup t = begin();
	accel_node *y = accel_apply(accel_dense(3), t.x), *sum;
	accel_model *m;
	bool fine;

	sum = accel_merge(accel_add_layer(), t.x, y);
	fine = refused(accel_model_create(t.x, sum));
	m = accel_model_create(t.x, y); /* the rest is for another try */
	fine &= m != NULL;
	accel_model_destroy(m);
	return end(t, fine);
}

static bool an_input_of_no_shape(void)
{
	struct setup t = begin();

	return end(t, refused(accel_input(t.c, -1, (int64_t[]){ 4 })) &
			      refused(accel_input(t.c, 9, (int64_t[]){ 4 })) &
			      refused(accel_input(t.c, 1, (int64_t[]){ 0 })) &
			      refused(accel_input(t.c, 1, (int64_t[]){ -3 })) &
			      refused(accel_input(t.c, 1, NULL)));
}

/* ---- several inputs and outputs ---- */

/* [4] and [4] to [2] and [2], compiled. */
static accel_model *double_model(accel_context *c)
{
	accel_node *a = accel_input(c, 1, (int64_t[]){ 4 });
	accel_node *b = accel_input(c, 1, (int64_t[]){ 4 });
	accel_layer *shared = accel_dense(3, .activation = ACCEL_TANH);
	accel_node *h = accel_merge(accel_concatenate_layer(),
				    accel_apply(shared, a),
				    accel_apply(shared, b));
	accel_model *m = accel_model_create_with(
		ACCEL_NODES(a, b), ACCEL_NODES(accel_apply(accel_dense(2), h),
					       accel_apply(accel_dense(2), h)));

	accel_compile(m, .loss = ACCEL_MSE);
	return m;
}

static bool too_few_of_several(void)
{
	struct setup t = begin();
	accel_model *m = double_model(t.c);
	accel_samples *both =
		accel_samples_join(2, (accel_samples *[]){ t.s, t.s });
	float out[N * 2];
	bool fine = m &&
		    told(accel_fit(m, t.s, QUIET)) &
			    told(accel_evaluate(m, t.s, NULL)) &
			    told(accel_predict(m, both, out, N * 2)) &
			    told(accel_confusion(m, both, 2, NULL)) &
			    told(accel_model_build(m, 1, (int64_t[]){ 4 })) &
			    refused(accel_model_apply(m, t.x)) &
			    told(accel_model_set_metrics(m, ACCEL_ACCURACY)) &
			    trains(m, both);

	accel_samples_destroy(both);
	accel_model_destroy(m);
	return end(t, fine);
}

static bool too_many_of_several(void)
{
	struct setup t = begin();
	accel_model *m = small(t.c), *two = double_model(t.c);
	accel_samples *s =
		accel_samples_join(3, (accel_samples *[]){ t.s, t.s, t.s });
	bool fine = told(accel_fit(m, s, QUIET)) &
		    told(accel_fit(two, s, QUIET));

	accel_samples_destroy(s);
	accel_model_destroy(m);
	accel_model_destroy(two);
	return end(t, fine);
}

static bool losses_of_several(void)
{
	struct setup t = begin();
	accel_model *m = double_model(t.c);
	bool fine =
		told(accel_compile(m, ACCEL_OUTPUTS({ .loss = ACCEL_MSE }))) &
		told(accel_compile(m, ACCEL_OUTPUTS({ .loss = ACCEL_MSE },
						    { .loss = 99 }))) &
		told(accel_compile(m, .n_outputs = 2)) &
		told(accel_compile(m, ACCEL_OUTPUTS({ .loss = ACCEL_MSE },
						    { .loss = ACCEL_MSE,
						      .loss_weight = -1 }))) &
		told(accel_compile(m, .loss = ACCEL_MSE, .autoencode = true));

	accel_model_destroy(m);
	return end(t, fine);
}

static bool joined_twice(void)
{
	accel_samples *a = data_of(4, 2), *b;
	accel_samples *s = accel_samples_join(2, (accel_samples *[]){ a, a });
	bool fine = s && refused(accel_samples_join(1, &s)) &&
		    refused(accel_samples_join(
			    2, (accel_samples *[]){ a, NULL })) &&
		    refused(accel_samples_window(s, 2)) &&
		    told(accel_samples_gather(s, (int64_t[]){ 0 }, 1, ACCEL_F32,
					      NULL, NULL));

	accel_samples_destroy(a); /* the joined ones keep it */
	b = accel_samples_select(s, (int64_t[]){ 7, 0 }, 2);
	fine &= b && b->n_parts == 2 && accel_samples_input(b, 1)->count == 2;
	accel_samples_destroy(s);
	accel_samples_destroy(b);
	return fine;
}

static bool joined_of_two_lengths(void)
{
	accel_samples *a = data_of(4, 2);
	accel_samples *b = accel_samples_select(a, (int64_t[]){ 0, 1 }, 2);
	bool fine = refused(accel_samples_join(2, (accel_samples *[]){ a, b }));

	accel_samples_destroy(a);
	accel_samples_destroy(b);
	return fine;
}

static bool called_with_the_wrong_tensors(void)
{
	struct setup t = begin();
	accel_context *other = open_one();
	accel_model *m = double_model(t.c);
	accel_tensor *a = accel_full(t.c, ACCEL_F32, ACCEL_SHAPE(2, 4), 0);
	accel_tensor *b = accel_full(t.c, ACCEL_F32, ACCEL_SHAPE(3, 4), 0);
	accel_tensor *w = accel_full(t.c, ACCEL_F32, ACCEL_SHAPE(2, 5), 0);
	accel_tensor *s = accel_full(t.c, ACCEL_F32, ACCEL_SCALAR, 0);
	accel_tensor *o = accel_full(other, ACCEL_F32, ACCEL_SHAPE(2, 4), 0);
	accel_tensor *out[2];
	bool fine = true;
	size_t i;
	accel_tensor *const wrong[][2] = {
		{ a, b }, { a, w },    { a, s },
		{ a, o }, { a, NULL }, { NULL, a },
	};

	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		fine &= told(
			accel_model_call_with(m, 2, wrong[i], 2, out, false));
	fine &= told(accel_model_call_with(m, 1, &a, 2, out, false)) &
		told(accel_model_call_with(m, 2, NULL, 2, out, false)) &
		told(accel_model_call_with(m, 2, wrong[0], 2, NULL, false)) &
		refused(accel_model_call(m, a, false));
	accel_model_destroy(m);
	accel_close(other);
	return end(t, fine);
}

/* ---- optimizers by hand ---- */

static bool other_parameters(void)
{
	accel_tensor *p = stored(ctx, ACCEL_SHAPE(2, 3));
	accel_tensor *q = stored(ctx, ACCEL_SHAPE(3, 2));
	accel_tensor *g = accel_full(ctx, ACCEL_F32, ACCEL_SHAPE(2, 3), 1);
	accel_optimizer *o = accel_adam();
	bool fine = !accel_sync(ctx) && !accel_optimizer_apply(o, 1, &p, &g);

	fine &= !accel_sync(ctx) &
		told(accel_optimizer_apply(o, 1, &q, &g)) & /* its shape */
		told(accel_optimizer_apply(o, 2, (accel_tensor *[]){ p, q },
					   (accel_tensor *[]){ g, g })) &
		told(accel_optimizer_apply(o, 1, &p, &q)) &
		told(accel_optimizer_apply(o, 1, &p,
					   (accel_tensor *[]){ NULL })) &
		told(accel_optimizer_apply(o, 0, &p, &g)) &
		told(accel_optimizer_apply(o, 1, NULL, &g));
	accel_optimizer_destroy(o);
	o = accel_adam();
	fine &= told(accel_optimizer_apply(o, 1, &q, &g)); /* [3,2] by [2,3] */
	accel_optimizer_destroy(o);
	accel_tensor_destroy(p);
	accel_tensor_destroy(q);
	accel_tensor_destroy(g);
	return fine;
}

static bool parameters_gone_before_their_optimizer(void)
{
	struct setup t = begin();
	accel_tensor *p = stored(t.c, ACCEL_SHAPE(4));
	accel_tensor *g = accel_full(t.c, ACCEL_F32, ACCEL_SHAPE(4), 1), *q;
	accel_optimizer *o = accel_adam();
	bool fine = !accel_sync(t.c) && !accel_optimizer_apply(o, 1, &p, &g) &&
		    !accel_sync(t.c);

	accel_tensor_destroy(p);
	q = stored(t.c, ACCEL_SHAPE(4));
	fine &= told(accel_optimizer_apply(o, 1, &q, &g));
	accel_close(t.c);
	accel_optimizer_destroy(o);
	accel_samples_destroy(t.s);
	return fine;
}

static bool a_model_and_its_optimizer_by_hand(void)
{
	struct setup t = begin();
	accel_model *m = small(t.c);
	accel_optimizer *o = accel_model_optimizer(m);
	accel_tensor *w = accel_model_weight(m, "dense/kernel");
	accel_tensor *g = accel_full(t.c, ACCEL_F32, ACCEL_SHAPE(4, 3), 0);
	bool fine = trains(m, t.s) && told(accel_optimizer_apply(o, 1, &w, &g));

	accel_optimizer_destroy(o); /* the model's */
	fine &= trains(m, t.s);
	accel_model_destroy(m);
	fine &= told(accel_optimizer_apply(o, 1, &w, &g));
	return end(t, fine);
}

/* ---- in callbacks ---- */

struct inside {
	struct setup t;
	accel_model *m;
	bool fine;
};

static bool destroy_all(void *user, const accel_progress *p)
{
	struct inside *in = user;

	accel_model_destroy(in->m);
	accel_samples_destroy(in->t.s);
	in->fine &= p->model == in->m;
	return true;
}

static bool destroyed_in_a_callback(void)
{
	struct inside in = { .t = begin(), .fine = true };
	bool fine;

	in.m = small(in.t.c);
	fine = !accel_fit(in.m, in.t.s, .epochs = 3, .on_batch = destroy_all,
			  .on_epoch = destroy_all, .user = &in, QUIET);
	fine &= told(accel_fit(in.m, in.t.s, QUIET));
	accel_close(in.t.c);
	return fine & in.fine;
}

static bool use_all(void *user, const accel_progress *p)
{
	struct inside *in = user;
	float out[N * 2];

	(void)p;
	in->fine &= told(accel_fit(in->m, in->t.s, QUIET)) &
		    told(accel_compile(in->m, .loss = ACCEL_MSE)) &
		    told(accel_model_restore(in->m, path)) &
		    !accel_predict(in->m, in->t.s, out, N * 2) &
		    !accel_evaluate(in->m, in->t.s, NULL);
	return true;
}

static bool used_in_a_callback(void)
{
	struct inside in = { .t = begin(), .fine = true };
	bool fine;

	in.m = small(in.t.c);
	fine = !accel_model_save(in.m, path) &&
	       !accel_fit(in.m, in.t.s, .epochs = 2, .on_batch = use_all,
			  .on_epoch = use_all, .user = &in, QUIET);
	accel_model_destroy(in.m);
	return end(in.t, fine & in.fine);
}

static bool close_all(void *user, const accel_progress *p)
{
	struct inside *in = user;

	(void)p;
	accel_close(in->t.c);
	return true;
}

static bool closed_in_a_callback(void)
{
	struct inside in = { .t = begin() };
	bool fine;

	in.m = small(in.t.c);
	fine = told(accel_fit(in.m, in.t.s, .epochs = 2, .on_batch = close_all,
			      .user = &in, QUIET));
	accel_model_destroy(in.m);
	return end(in.t, fine);
}

static bool freeze(void *user, const accel_progress *p)
{
	struct inside *in = user;

	(void)p;
	in->fine &= !accel_model_set_trainable(in->m, false);
	return true;
}

/* It counts from the next fit on. */
static bool frozen_in_a_callback(void)
{
	struct inside in = { .t = begin(), .fine = true };
	bool fine;

	in.m = small(in.t.c);
	fine = !accel_fit(in.m, in.t.s, .epochs = 2, .on_batch = freeze,
			  .on_epoch = freeze, .user = &in, QUIET);
	fine &= told(accel_fit(in.m, in.t.s, QUIET)) &
		!accel_model_save(in.m, path) &
		!accel_evaluate(in.m, in.t.s, NULL);
	accel_model_destroy(in.m);
	in.m = accel_model_load(in.t.c, path);
	fine &= in.m && !accel_model_trainable(in.m);
	accel_model_destroy(in.m);
	return end(in.t, fine & in.fine);
}

/* ---- twice, at once, again ---- */

static bool restored_into_another(void)
{
	struct setup t = begin();
	accel_model *a = small(t.c);
	accel_model *b = accel_sequential(t.c, accel_dense(7));
	accel_restored r = { 0 };
	bool fine = !accel_model_save(a, path);

	fine &= told(accel_model_restore(b, path)); /* not built */
	accel_model_build(b, 1, (int64_t[]){ 4 });
	fine &= told(accel_model_restore(b, path)) &
		told(accel_model_restore(b, path, .partial = true)) &
		told(accel_model_restore(b, "/nonexistent", .partial = true)) &
		told(accel_model_restore(
			a, path,
			.map = (accel_name_pair[]){ { "dense", "nowhere" },
						    { NULL } })) &
		!accel_model_restore(a, path, .partial = true, .result = &r) &
		(r.loaded == 4 && !r.missing && !r.misfit);
	accel_model_destroy(a);
	accel_model_destroy(b);
	return end(t, fine);
}

static bool built_twice(void)
{
	struct setup t = begin();
	accel_model *m = small(t.c);
	bool fine = !accel_model_build(m, 1, (int64_t[]){ 4 }) &
		    told(accel_model_build(m, 1, (int64_t[]){ 5 })) &
		    told(accel_model_build(m, 1, NULL)) &
		    told(accel_model_build(m, -1, (int64_t[]){ 5 })) &
		    trains(m, t.s);

	accel_model_destroy(m);
	return end(t, fine);
}

static bool weights_destroyed_by_the_user(void)
{
	struct setup t = begin();
	accel_model *m = small(t.c);
	accel_tensor *w = accel_model_weight(m, "dense/kernel");
	float out[N * 2];
	bool fine;

	accel_tensor_destroy(w);
	accel_tensor_destroy(w);
	fine = !accel_predict(m, t.s, out, N * 2) && isfinite(out[0]);
	accel_model_destroy(m);
	return end(t, fine);
}

static bool many_failures_leave_nothing(void)
{
	struct setup t = begin();
	accel_model *m;
	int i;

	for (i = 0; i < 100; i++) {
		accel_sequential(t.c, accel_dense(2), NULL);
		accel_model_create(t.x, accel_apply(accel_dense(-1), t.x));
		accel_apply(accel_dense(2), NULL);
		accel_merge(accel_dense(2), t.x, t.x);
	}
	m = small(t.c);
	i = trains(m, t.s);
	accel_model_destroy(m);
	return end(t, i);
}

/* ---- all of them ---- */

#define CASE(f)                                                                \
	{                                                                      \
#f, f                                                          \
	}
static const struct {
	const char *name;
	bool (*run)(void);
} cases[] = {
	CASE(model_after_context),
	CASE(used_after_context),
	CASE(built_after_context),
	CASE(model_of_closed_context),
	CASE(context_twice),
	CASE(context_twice_with_model),
	CASE(model_twice),
	CASE(model_used_after),
	CASE(layer_twice),
	CASE(layer_after_taken),
	CASE(layer_gone_applied),
	CASE(layer_gone_in_sequential),
	CASE(layer_outlives_its_models),
	CASE(optimizer_twice),
	CASE(optimizer_after_compile),
	CASE(optimizer_gone_compiled),
	CASE(samples_twice),
	CASE(samples_gone_in_fit),
	CASE(validation_gone),
	CASE(dataset_twice),
	CASE(two_models_of_a_graph),
	CASE(the_same_model_twice),
	CASE(nodes_after_their_models),
	CASE(nodes_without_a_model),
	CASE(nodes_after_context),
	CASE(one_layer_in_two_places),
	CASE(one_layer_in_two_models),
	CASE(one_layer_of_two_widths),
	CASE(one_layer_of_two_contexts),
	CASE(one_layer_built_in_two_contexts),
	CASE(a_layer_given_twice_in_a_row),
	CASE(two_layers_of_a_name),
	CASE(one_optimizer_in_two_models),
	CASE(one_optimizer_in_two_contexts),
	CASE(compiled_again_with_its_own),
	CASE(compiled_twice),
	CASE(a_model_in_itself),
	CASE(a_submodel_after_its_model),
	CASE(a_submodel_of_another_context),
	CASE(a_submodel_of_another_width),
	CASE(the_head_of_a_model_that_is_gone),
	CASE(a_new_head_outlives_the_base),
	CASE(nodes_of_what_is_not_built),
	CASE(null_everywhere),
	CASE(null_options),
	CASE(null_data),
	CASE(null_layers),
	CASE(null_nodes),
	CASE(one_kind_for_another),
	CASE(an_input_as_output),
	CASE(an_output_as_input),
	CASE(an_output_of_another_input),
	CASE(an_input_left_out),
	CASE(an_input_for_nothing),
	CASE(an_input_twice),
	CASE(an_output_twice),
	CASE(nodes_of_two_contexts),
	CASE(too_many),
	CASE(as_many_as_it_takes),
	CASE(shapes_that_do_not_fit),
	CASE(an_input_of_no_shape),
	CASE(too_few_of_several),
	CASE(too_many_of_several),
	CASE(losses_of_several),
	CASE(joined_twice),
	CASE(joined_of_two_lengths),
	CASE(called_with_the_wrong_tensors),
	CASE(other_parameters),
	CASE(parameters_gone_before_their_optimizer),
	CASE(a_model_and_its_optimizer_by_hand),
	CASE(destroyed_in_a_callback),
	CASE(used_in_a_callback),
	CASE(closed_in_a_callback),
	CASE(frozen_in_a_callback),
	CASE(restored_into_another),
	CASE(built_twice),
	CASE(weights_destroyed_by_the_user),
	CASE(many_failures_leave_nothing),
};

static void suite(void)
{
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		CHECK(cases[i].run(), "%s: %s", label, cases[i].name);
}

int main(int argc, char **argv)
{
	int rc;

	if (!mkdtemp(dir))
		return 1;
	snprintf(path, sizeof(path), "%s/model.safetensors", dir);
	rc = conform_main(argc, argv, suite);
	unlink(path);
	rmdir(dir);
	return rc;
}
