// SPDX-License-Identifier: MIT
/*
 * Promises of the model API towards sharing: layers, graphs, models and
 * optimizers that are in two places at once share, are copied or refused with a
 * text.
 */
#include "misuse.h"

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
	fine &= trains(m, t.s) && !accel_model_save(m, MODEL_FILE);
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

static void suite(void)
{
	CASE(two_models_of_a_graph);
	CASE(the_same_model_twice);
	CASE(nodes_after_their_models);
	CASE(nodes_without_a_model);
	CASE(nodes_after_context);
	CASE(one_layer_in_two_places);
	CASE(one_layer_in_two_models);
	CASE(one_layer_of_two_widths);
	CASE(one_layer_of_two_contexts);
	CASE(one_layer_built_in_two_contexts);
	CASE(a_layer_given_twice_in_a_row);
	CASE(two_layers_of_a_name);
	CASE(one_optimizer_in_two_models);
	CASE(one_optimizer_in_two_contexts);
	CASE(compiled_again_with_its_own);
	CASE(compiled_twice);
	CASE(a_model_in_itself);
	CASE(a_submodel_after_its_model);
	CASE(a_submodel_of_another_context);
	CASE(a_submodel_of_another_width);
	CASE(the_head_of_a_model_that_is_gone);
	CASE(a_new_head_outlives_the_base);
	CASE(nodes_of_what_is_not_built);
	CASE(other_parameters);
	CASE(parameters_gone_before_their_optimizer);
	CASE(a_model_and_its_optimizer_by_hand);
}

int main(int argc, char **argv)
{
	int rc;

	files_begin();
	rc = conform_main(argc, argv, suite);
	files_end();
	return rc;
}
