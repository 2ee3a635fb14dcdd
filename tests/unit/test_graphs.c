// SPDX-License-Identifier: MIT
/*
 * Models of several inputs and outputs, models in models and layers in several
 * places give the right numbers, in files, too; weights go from one model to
 * another by name, and classes are numbered anew.
 */
#include "conform.h"

#include <accel/model.h>

#include "../../libaccel/src/base/alloc.h"
#include "../../libaccel/src/base/file.h"
#include "files.h"

#define N 10
#define QUIET .batch_size = 4, .verbose = -1

static float x_numbers[N * 4], z_numbers[N * 3], y_numbers[N * 2];

static void fill(float *to, int n)
{
	int i;

	for (i = 0; i < n; i++)
		to[i] = (float)(2 * noise() - 1);
}

static accel_samples *part(const float *x, int width, const void *y,
			   accel_dtype type, int y_width)
{
	accel_samples_options o = {
		.x = x,
		.x_dtype = ACCEL_F32,
		.x_ndim = 2,
		.x_shape = (int64_t[]){ N, width },
		.y = y,
		.y_dtype = type,
		.y_ndim = type == ACCEL_I32 ? 1 : 2,
		.y_shape = (int64_t[]){ N, y_width },
	};

	return accel_samples_create_with(&o);
}

/* Four numbers and three; classes of three and two numbers. */
static accel_samples *two_by_two(void)
{
	int32_t class[N];
	accel_samples *parts[2], *all;
	int i;

	fill(x_numbers, N * 4);
	fill(z_numbers, N * 3);
	fill(y_numbers, N * 2);
	for (i = 0; i < N; i++)
		class[i] = i * 7 % 3;
	parts[0] = part(x_numbers, 4, class, ACCEL_I32, 0);
	parts[1] = part(z_numbers, 3, y_numbers, ACCEL_F32, 2);
	all = accel_samples_join(2, parts);
	accel_samples_destroy(parts[0]);
	accel_samples_destroy(parts[1]);
	return all;
}

/* A layer in two places, three outputs' worth of merging. */
static accel_model *make_model(void)
{
	accel_node *x = accel_input(ctx, ACCEL_SHAPE(4));
	accel_node *z = accel_input(ctx, ACCEL_SHAPE(3)), *h, *g;
	accel_layer *same =
		accel_dense(4, .activation = ACCEL_TANH, .name = "same");
	accel_model *m;

	h = accel_apply(same, accel_apply(same, x));
	g = accel_apply(accel_dense(4, .name = "lift"), z);
	h = accel_merge(accel_add_layer(), h, g);
	m = accel_model_create_with(
		ACCEL_NODES(x, z),
		ACCEL_NODES(accel_apply(accel_dense(3, .name = "kind"), h),
			    accel_apply(accel_dense(2, .name = "size"), h)));
	accel_compile(m,
		      ACCEL_OUTPUTS({ .loss = ACCEL_SPARSE_CROSS_ENTROPY_LOGITS,
				      .loss_weight = 0.25,
				      .metrics = ACCEL_ACCURACY },
				    { .loss = ACCEL_MSE,
				      .loss_weight = 3,
				      .metrics = ACCEL_MEAN_ABSOLUTE_ERROR }));
	return m;
}

static bool predict(accel_model *m, const accel_samples *s, float *kind,
		    float *size)
{
	return !accel_predict_outputs(m, s, 2, (float *[]){ kind, size },
				      (size_t[]){ N * 3, N * 2 });
}

/* Loss and metrics of both outputs by their definitions. */
static void by_hand(const accel_samples *s, const float *kind,
		    const float *size, double *ce, double *mse, double *right,
		    double *mae)
{
	const int32_t *class = accel_samples_target(s, 0)->y.data;
	const float *y = accel_samples_target(s, 1)->y.data;
	int i, k;

	*ce = *mse = *right = *mae = 0;
	for (i = 0; i < N; i++, kind += 3) {
		double sum = 0;
		int best = 0;

		for (k = 0; k < 3; k++) {
			sum += exp((double)kind[k]);
			if (kind[k] > kind[best])
				best = k;
		}
		*ce += (log(sum) - (double)kind[class[i]]) / N;
		*right += (best == class[i]) / (double)N;
		for (k = 0; k < 2; k++) {
			double d = (double)(size[i * 2 + k] - y[i * 2 + k]);

			*mse += d * d / (2 * N);
			*mae += fabs(d) / (2 * N);
		}
	}
}

static bool near(double a, double b)
{
	return fabs(a - b) <= 1e-5 * (1 + fabs(b));
}

static void losses_are_weighted(void)
{
	accel_samples *s = two_by_two();
	accel_model *m = make_model();
	float kind[N * 3], size[N * 2];
	double ce, mse, right, mae;
	accel_scores got = { 0 };
	bool fine;

	fine = m && !accel_fit(m, s, .epochs = 3, QUIET) &&
	       predict(m, s, kind, size) && !accel_evaluate(m, s, &got);
	by_hand(s, kind, size, &ce, &mse, &right, &mae);
	CHECK(fine && near(got.loss, 0.25 * ce + 3 * mse),
	      "%s: the loss of two outputs is their weighted sum", label);
	CHECK(got.n_outputs == 2 && near(got.output[0].loss, ce) &&
		      near(got.output[1].loss, mse),
	      "%s: and each output's stands beside it", label);
	CHECK(near(accel_scores_get(&got, ACCEL_ACCURACY), right) &&
		      near(accel_scores_get(&got, ACCEL_MEAN_ABSOLUTE_ERROR),
			   mae) &&
		      near(got.output[0].value[0], right),
	      "%s: so do the metrics of its own", label);
	accel_model_destroy(m);
	accel_samples_destroy(s);
}

/* Bytes of a file; mem_free() them. */
static bool same_files(const char *a, const char *b)
{
	size_t n = 0, k = 1;
	char *x = file_load(a, &n), *y = file_load(b, &k);
	bool same = x && y && n == k && !memcmp(x, y, n);

	mem_free(x);
	mem_free(y);
	return same;
}

static void files_hold_all(void)
{
	float kind[N * 3], size[N * 2], kind2[N * 3], size2[N * 2];
	accel_samples *s = two_by_two();
	accel_model *m = make_model(), *back;
	bool fine = !accel_fit(m, s, .epochs = 2, QUIET) &&
		    !accel_model_save(m, file_path("one")) &&
		    predict(m, s, kind, size);

	back = accel_model_load(ctx, file_path("one"));
	CHECK(fine && back && accel_model_inputs(back) == 2 &&
		      accel_model_outputs(back) == 2 &&
		      accel_model_layers(back) == accel_model_layers(m) &&
		      !strcmp(accel_model_output_name(back, 1), "size") &&
		      predict(back, s, kind2, size2) &&
		      !memcmp(kind, kind2, sizeof(kind)) &&
		      !memcmp(size, size2, sizeof(size)),
	      "%s: a file gives the same model, to the bit", label);
	CHECK(back && !accel_model_save(back, file_path("two")) &&
		      same_files(file_path("one"), file_path("two")),
	      "%s: which writes the same file, loss weights, scores and the "
	      "layer in two places included",
	      label);
	fine = back && !accel_fit(m, s, .epochs = 2, QUIET) &&
	       !accel_fit(back, s, .epochs = 2, QUIET) &&
	       predict(m, s, kind, size) && predict(back, s, kind2, size2);
	CHECK(fine && !memcmp(kind, kind2, sizeof(kind)) &&
		      !memcmp(size, size2, sizeof(size)),
	      "%s: and trains on as the first does", label);
	accel_model_destroy(back);
	accel_model_destroy(m);
	accel_samples_destroy(s);
}

/* base(base'(x)) by nodes, and by predicting twice. */
static void models_are_layers(void)
{
	accel_node *x = accel_input(ctx, ACCEL_SHAPE(4));
	accel_model *base, *twice;
	float once[N * 4], again[N * 4], got[N * 4];
	accel_samples *s, *t;
	bool fine;

	fill(x_numbers, N * 4);
	base = accel_sequential(ctx, accel_dense(6, .activation = ACCEL_TANH),
				accel_dense(4));
	s = part(x_numbers, 4, NULL, ACCEL_F32, 0);
	fine = !accel_model_build(base, ACCEL_SHAPE(4)) &&
	       !accel_predict(base, s, once, N * 4);
	t = part(once, 4, NULL, ACCEL_F32, 0);
	fine &= !accel_predict(base, t, again, N * 4);
	twice = accel_model_create(
		x, accel_model_apply(base, accel_model_apply(base, x)));
	fine &= !accel_predict(twice, s, got, N * 4);
	CHECK(fine && !memcmp(got, again, sizeof(got)) &&
		      accel_model_parameters(twice) ==
			      accel_model_parameters(base),
	      "%s: a model in a model, twice, is applied twice and has its "
	      "weights once",
	      label);
	accel_model_destroy(base);
	CHECK(!accel_model_save(twice, file_path("twice")) &&
		      !accel_predict(twice, s, got, N * 4) &&
		      !memcmp(got, again, sizeof(got)),
	      "%s: and outlives it", label);
	accel_model_destroy(twice);
	twice = accel_model_load(ctx, file_path("twice"));
	CHECK(twice && !accel_predict(twice, s, got, N * 4) &&
		      !memcmp(got, again, sizeof(got)),
	      "%s: a file keeps it", label);
	accel_model_destroy(twice);
	accel_samples_destroy(s);
	accel_samples_destroy(t);
}

/* ---- frozen ---- */

static bool read_weight(accel_model *m, const char *name, float *to, int n)
{
	accel_tensor *w = accel_model_weight(m, name);

	return w && !accel_read(w, to, (size_t)n * sizeof(float));
}

/* Statistics of a batch normalisation move exactly where it is trained. */
static void statistics_stay(bool trained)
{
	float mean[4], after[4], kernel[16], kernel_after[16];
	accel_samples *s;
	accel_model *m;
	bool fine;

	fill(x_numbers, N * 4);
	fill(y_numbers, N * 2);
	s = part(x_numbers, 4, y_numbers, ACCEL_F32, 2);
	m = accel_sequential(
		ctx, accel_dense(4, .name = "base", .untrained = true),
		accel_batch_normalization(.name = "norm", .untrained = true),
		accel_dense(2, .name = "head"));
	fine = !accel_compile(m, .loss = ACCEL_MSE) &&
	       !accel_model_build(m, ACCEL_SHAPE(4)) &&
	       accel_model_trainable(m) == 10 &&
	       !accel_model_set_trainable(m, trained) &&
	       !accel_layer_set_trainable(accel_model_layer(m, "head"), true) &&
	       accel_model_trainable(m) == (trained ? 10 + 20 + 8 : 10);
	fine &= read_weight(m, "norm/moving_mean", mean, 4) &&
		read_weight(m, "base/kernel", kernel, 16) &&
		!accel_fit(m, s, .epochs = 2, QUIET) &&
		read_weight(m, "norm/moving_mean", after, 4) &&
		read_weight(m, "base/kernel", kernel_after, 16);
	CHECK(fine && !memcmp(mean, after, sizeof(mean)) == !trained &&
		      !memcmp(kernel, kernel_after, sizeof(kernel)) == !trained,
	      "%s: layers that are %strained %s, a normalisation's statistics "
	      "included",
	      label, trained ? "" : "not ", trained ? "change" : "stay");
	accel_model_destroy(m);
	accel_samples_destroy(s);
}

/* ---- weights by name ---- */

static accel_model *named(const char *first, const char *second, int outputs)
{
	accel_model *m = accel_sequential(ctx, accel_dense(5, .name = first),
					  accel_dense(outputs, .name = second));

	accel_compile(m, .loss = ACCEL_MSE);
	accel_model_build(m, ACCEL_SHAPE(4));
	return m;
}

static bool weights_equal(accel_model *a, const char *of_a, accel_model *b,
			  const char *of_b, int n)
{
	float x[64], y[64];

	return read_weight(a, of_a, x, n) && read_weight(b, of_b, y, n) &&
	       !memcmp(x, y, (size_t)n * sizeof(float));
}

static void what_fits_is_loaded(void)
{
	accel_model *base = named("body", "head", 2);
	accel_model *other = named("body", "head", 3);
	accel_restored r = { 0 };
	float head[15], after[15];
	bool fine;

	fill(x_numbers, 20); /* equal seeds gave both the same */
	fine = !accel_write(accel_model_weight(base, "body/kernel"), x_numbers,
			    20 * sizeof(float)) &&
	       !accel_model_save(base, file_path("base")) &&
	       read_weight(other, "head/kernel", head, 15);

	CHECK(fine &&
		      accel_model_restore(other, file_path("base")) ==
			      ACCEL_ERR_SHAPE &&
		      !weights_equal(other, "body/kernel", base, "body/kernel",
				     20),
	      "%s: a model of other shapes is refused and stays: %s", label,
	      accel_last_error());
	fine &= !accel_model_restore(other, file_path("base"), .partial = true,
				     .result = &r);
	CHECK(fine && r.loaded == 2 && r.misfit == 2 && !r.missing &&
		      !r.unused &&
		      weights_equal(other, "body/kernel", base, "body/kernel",
				    20) &&
		      read_weight(other, "head/kernel", after, 15) &&
		      !memcmp(head, after, sizeof(head)),
	      "%s: .partial takes what fits by name and shape, and counts",
	      label);
	accel_model_destroy(other);
	accel_model_destroy(base);
}

/* Two towers from one, where names differ. */
static void names_are_mapped(void)
{
	static const accel_name_pair both[] = { { "left", "body" },
						{ "right", "body" },
						{ NULL, NULL } };
	static const accel_name_pair one[] = { { "left/kernel", "body/kernel" },
					       { NULL, NULL } };
	static const accel_name_pair typo[] = { { "lfet", "body" },
						{ NULL, NULL } };
	accel_node *x = accel_input(ctx, ACCEL_SHAPE(4));
	accel_model *base = named("body", "head", 2);
	accel_model *m = accel_model_create(
		x,
		accel_merge(accel_add_layer(),
			    accel_apply(accel_dense(5, .name = "left"), x),
			    accel_apply(accel_dense(5, .name = "right"), x)));
	accel_restored r = { 0 };
	float before[20], after[20];
	accel_status err;
	bool fine = m && !accel_model_save(base, file_path("base")) &&
		    read_weight(m, "left/kernel", before, 20);

	err = accel_model_restore(m, file_path("base"), .map = typo,
				  .partial = true);
	CHECK(err == ACCEL_ERR_INVALID && strstr(accel_last_error(), "lfet"),
	      "%s: a map's name that the model does not have is refused: %s",
	      label, accel_last_error());
	err = accel_model_restore(m, file_path("base"), .map = one);
	CHECK(err == ACCEL_ERR_SHAPE &&
		      read_weight(m, "left/kernel", after, 20) &&
		      !memcmp(before, after, sizeof(before)),
	      "%s: without .partial all weights must be there, and nothing "
	      "changes where one is not: %s",
	      label, accel_last_error());
	fine &= !accel_model_restore(m, file_path("base"), .map = one,
				     .partial = true, .result = &r);
	CHECK(fine && r.loaded == 1 && r.missing == 3 && r.unused == 3 &&
		      weights_equal(m, "left/kernel", base, "body/kernel", 20),
	      "%s: a map takes one weight by its name", label);
	fine &= !accel_model_restore(m, file_path("base"), .map = both,
				     .result = &r);
	CHECK(fine && r.loaded == 4 && r.unused == 2 &&
		      weights_equal(m, "left/kernel", base, "body/kernel",
				    20) &&
		      weights_equal(m, "right/bias", base, "body/bias", 5),
	      "%s: or layers by theirs, one for two of the model's", label);
	accel_model_destroy(m);
	accel_model_destroy(base);
}

/* ---- some of the classes ---- */

static void classes_are_numbered_anew(void)
{
	static const char text[] = "a,b,kind\n1,2,dog\n2,1,cat\n3,4,cow\n"
				   "4,3,dog\n5,6,cat\n6,5,cow\n7,8,dog\n";
	accel_samples *all =
		accel_samples_csv(file_text("pets.csv", text), .label = "kind");
	int cow = -1, dog = -1, i;
	accel_samples *some, *again = NULL;
	const int32_t *y;
	bool fine;

	for (i = 0; all && i < all->n_classes; i++) {
		cow = strcmp(all->class_names[i], "cow") ? cow : i;
		dog = strcmp(all->class_names[i], "dog") ? dog : i;
	}
	some = accel_samples_select_classes(all, 2, (int[]){ dog, cow });
	y = some ? some->y.data : NULL;
	fine = y && some->count == 5 && some->n_classes == 2;
	for (i = 0; fine && i < 5; i++) /* dog cow dog cow dog */
		fine = y[i] == i % 2;
	CHECK(fine && !strcmp(some->class_names[0], "dog") &&
		      !strcmp(some->class_names[1], "cow"),
	      "%s: classes are numbered in the order that is asked for", label);
	if (some)
		again = accel_preprocess_csv(
			some->preprocess,
			file_text("more.csv", "a,b,kind\n3,4,cow\n1,2,dog\n"));
	y = again ? again->y.data : NULL;
	CHECK(y && again->n_classes == 2 && y[0] == 1 && y[1] == 0,
	      "%s: and so are those of files that are read like these", label);
	CHECK(!accel_samples_select_classes(all, 2, (int[]){ 0, 0 }) &&
		      !accel_samples_select_classes(all, 1, (int[]){ 3 }),
	      "%s: one twice, or one that is none, is refused", label);
	accel_samples_destroy(again);
	accel_samples_destroy(some);
	accel_samples_destroy(all);
}

static void what_is_said_of_samples_stays(void)
{
	accel_samples *all = accel_samples_csv(
		file_text("gap.csv", "a,b,kind\n1,2,x\n2,,y\n3,4,x\n4,3,y\n"
				     "5,5,x\n6,5,y\n"),
		.label = "kind", .missing = ACCEL_CSV_MISSING_DROP);
	accel_samples *some, *first = NULL, *second = NULL;
	bool fine = all && all->notes;

	some = accel_samples_select_classes(all, 2, (int[]){ 1, 0 });
	fine = fine && some && some->notes && !strcmp(some->notes, all->notes);
	fine = fine && !accel_samples_split(all, 0.4, true, 1, &first, &second);
	CHECK(fine && first->notes && second->notes &&
		      !strcmp(first->notes, all->notes) &&
		      !strcmp(second->notes, all->notes),
	      "%s: notes on the file stay with what is selected or split",
	      label);
	accel_samples_destroy(first);
	accel_samples_destroy(second);
	accel_samples_destroy(some);
	accel_samples_destroy(all);
}

static void joined_parts_stay_together(void)
{
	accel_samples *s = two_by_two(), *first = NULL, *second = NULL, *some;
	const accel_samples *x, *z;
	bool fine;

	some = accel_samples_select(s, (int64_t[]){ 7, 2 }, 2);
	x = accel_samples_input(some, 0);
	z = accel_samples_input(some, 1);
	fine = x && z && some->count == 2 &&
	       !memcmp(x->x.data, x_numbers + 7 * 4, 4 * sizeof(float)) &&
	       !memcmp(z->x.data, z_numbers + 7 * 3, 3 * sizeof(float)) &&
	       ((int32_t *)accel_samples_target(some, 0)->y.data)[1] ==
		       2 * 7 % 3 &&
	       !memcmp(accel_samples_target(some, 1)->y.data, y_numbers + 7 * 2,
		       2 * sizeof(float));
	fine = fine && !accel_samples_split(s, 0.3, false, 0, &first, &second);
	CHECK(fine && first->count == 7 && second->count == 3 &&
		      !memcmp(accel_samples_input(second, 1)->x.data,
			      z_numbers + 7 * 3, 9 * sizeof(float)),
	      "%s: select and split take all parts of a sample", label);
	accel_samples_destroy(first);
	accel_samples_destroy(second);
	accel_samples_destroy(some);
	accel_samples_destroy(s);
}

static void suite(void)
{
	losses_are_weighted();
	files_hold_all();
	models_are_layers();
	statistics_stay(false);
	statistics_stay(true);
	what_fits_is_loaded();
	names_are_mapped();
	classes_are_numbered_anew();
	what_is_said_of_samples_stays();
	joined_parts_stay_together();
}

int main(int argc, char **argv)
{
	int rc;

	files_begin();
	rc = conform_main(argc, argv, suite);
	files_end();
	return rc;
}
