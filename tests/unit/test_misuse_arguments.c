// SPDX-License-Identifier: MIT
/*
 * Promises of the model API towards wrong arguments: NULL, one thing for
 * another, graphs that are none, too few and too many are errors with a text.
 */
#include "misuse.h"

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

/* However often it is handed on, a NULL tells its first reason once. */
static bool a_null_tells_its_reason_once(void)
{
	const char *text, *reason = "epsilon -1";
	accel_model *m = accel_sequential_with(
		ctx, 1,
		(accel_layer *[]){ accel_layer_normalization(.epsilon = -1) });

	accel_compile(m, .loss = ACCEL_MSE);
	accel_fit(m, NULL, .epochs = 1);
	text = strstr(accel_last_error(), reason);
	return told(accel_evaluate(m, NULL, NULL)) && text &&
	       strstr(accel_last_error(), reason) &&
	       !strstr(accel_last_error(), "fit") &&
	       !strstr(accel_last_error(), "compile");
}

static bool parts_without_a_place(void)
{
	struct setup t = begin();
	accel_samples *one = NULL;
	bool fine = told(accel_samples_split(t.s, 0.5, false, 0, NULL, &one)) &
		    told(accel_samples_split(t.s, 0.5, false, 0, &one, NULL));

	return end(t, fine && !one);
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

static void suite(void)
{
	CASE(null_everywhere);
	CASE(a_null_tells_its_reason_once);
	CASE(parts_without_a_place);
	CASE(null_options);
	CASE(null_data);
	CASE(null_layers);
	CASE(null_nodes);
	CASE(one_kind_for_another);
	CASE(an_input_as_output);
	CASE(an_output_as_input);
	CASE(an_output_of_another_input);
	CASE(an_input_left_out);
	CASE(an_input_for_nothing);
	CASE(an_input_twice);
	CASE(an_output_twice);
	CASE(nodes_of_two_contexts);
	CASE(too_many);
	CASE(as_many_as_it_takes);
	CASE(shapes_that_do_not_fit);
	CASE(an_input_of_no_shape);
	CASE(too_few_of_several);
	CASE(too_many_of_several);
	CASE(losses_of_several);
	CASE(joined_twice);
	CASE(joined_of_two_lengths);
	CASE(called_with_the_wrong_tensors);
}

int main(int argc, char **argv)
{
	return conform_main(argc, argv, suite);
}
