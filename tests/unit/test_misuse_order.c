// SPDX-License-Identifier: MIT
/*
 * Promises of the model API towards wrong order: whatever is destroyed, in any
 * order and however often, or used or destroyed in a callback, is an error with a
 * text, or right.
 */
#include "misuse.h"

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
	       told(accel_model_save(m, MODEL_FILE)) &
	       told(accel_model_restore(m, MODEL_FILE)) &
	       told(accel_model_restore(m, MODEL_FILE, .partial = true)) &
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
	       refused(accel_model_load(t.c, MODEL_FILE));
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
			      told(accel_model_save(m, MODEL_FILE)) &
			      told(accel_model_restore(m, MODEL_FILE)) &
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
	accel_layer *l = accel_dense(2), *fine = accel_dense(3);

	accel_layer_destroy(l);
	return end(t, refused(accel_sequential(t.c, fine, l)));
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
		    told(accel_model_restore(in->m, MODEL_FILE)) &
		    !accel_predict(in->m, in->t.s, out, N * 2) &
		    !accel_evaluate(in->m, in->t.s, NULL);
	return true;
}

static bool used_in_a_callback(void)
{
	struct inside in = { .t = begin(), .fine = true };
	bool fine;

	in.m = small(in.t.c);
	fine = !accel_model_save(in.m, MODEL_FILE) &&
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
		!accel_model_save(in.m, MODEL_FILE) &
		!accel_evaluate(in.m, in.t.s, NULL);
	accel_model_destroy(in.m);
	in.m = accel_model_load(in.t.c, MODEL_FILE);
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
	bool fine = !accel_model_save(a, MODEL_FILE);

	fine &= told(accel_model_restore(b, MODEL_FILE)); /* not built */
	accel_model_build(b, 1, (int64_t[]){ 4 });
	fine &= told(accel_model_restore(b, MODEL_FILE)) &
		told(accel_model_restore(b, MODEL_FILE, .partial = true)) &
		told(accel_model_restore(b, "/nonexistent", .partial = true)) &
		told(accel_model_restore(
			a, MODEL_FILE,
			.map = (accel_name_pair[]){ { "dense", "nowhere" },
						    { NULL } })) &
		!accel_model_restore(a, MODEL_FILE, .partial = true,
				     .result = &r) &
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

static void suite(void)
{
	CASE(model_after_context);
	CASE(used_after_context);
	CASE(built_after_context);
	CASE(model_of_closed_context);
	CASE(context_twice);
	CASE(context_twice_with_model);
	CASE(model_twice);
	CASE(model_used_after);
	CASE(layer_twice);
	CASE(layer_after_taken);
	CASE(layer_gone_applied);
	CASE(layer_gone_in_sequential);
	CASE(layer_outlives_its_models);
	CASE(optimizer_twice);
	CASE(optimizer_after_compile);
	CASE(optimizer_gone_compiled);
	CASE(samples_twice);
	CASE(samples_gone_in_fit);
	CASE(validation_gone);
	CASE(dataset_twice);
	CASE(destroyed_in_a_callback);
	CASE(used_in_a_callback);
	CASE(closed_in_a_callback);
	CASE(frozen_in_a_callback);
	CASE(restored_into_another);
	CASE(built_twice);
	CASE(weights_destroyed_by_the_user);
	CASE(many_failures_leave_nothing);
}

int main(int argc, char **argv)
{
	int rc;

	files_begin();
	rc = conform_main(argc, argv, suite);
	files_end();
	return rc;
}
