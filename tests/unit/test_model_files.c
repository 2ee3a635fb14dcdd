// SPDX-License-Identifier: MIT
/* Model files for what only predicts: without the optimizer, and with weights
 * in half the bytes. */
#include "conform.h"
#include "files.h"

#include <sys/stat.h>

#include <accel/model.h>

#include "../../libaccel/src/format/safetensors.h"

#define N 24
#define IN 32
#define QUIET .verbose = -1

static accel_samples *samples(void)
{
	static float x[N][IN];
	static int32_t y[N];
	int i, k;

	for (i = 0; i < N; i++) {
		for (k = 0; k < IN; k++)
			x[i][k] = (float)((i * 5 + k * 3) % 17) / 8 - 1;
		y[i] = i % 3;
	}
	return accel_samples_create(x, .x_dtype = ACCEL_F32, .x_ndim = 2,
				    .x_shape = (int64_t[]){ N, IN }, .y = y,
				    .y_dtype = ACCEL_I32, .y_ndim = 1,
				    .y_shape = (int64_t[]){ N });
}

static accel_model *model(void)
{
	accel_model *m =
		accel_sequential(ctx, accel_dense(64, .activation = ACCEL_TANH),
				 accel_batch_normalization(), accel_dense(3));

	accel_compile(m, .loss = ACCEL_SPARSE_CROSS_ENTROPY_LOGITS);
	return m;
}

static off_t size_of(const char *path)
{
	struct stat st;

	return stat(path, &st) ? -1 : st.st_size;
}

static bool same(accel_model *a, accel_model *b, const accel_samples *s)
{
	static float x[N * 3], y[N * 3];

	return a && b && !accel_predict(a, s, x, N * 3) &&
	       !accel_predict(b, s, y, N * 3) && !memcmp(x, y, sizeof(x));
}

static void slim(accel_model *m, const accel_samples *s)
{
	const char *whole = file_path("whole"), *slim = file_path("slim");
	accel_model *loaded;

	CHECK(!accel_model_save(m, whole) &&
		      !accel_save(m, slim, .weights_only = true) &&
		      size_of(slim) * 2 < size_of(whole),
	      "%s: weights alone are less than half the file", label);
	loaded = accel_model_load(ctx, slim);
	CHECK(same(m, loaded, s), "%s: and predict the same bits", label);
	CHECK(loaded && accel_model_history(loaded).n == 3 &&
		      accel_model_history(loaded).best == -1,
	      "%s: the history is there, no epoch is the best", label);
	CHECK(loaded && !accel_fit(loaded, s, .epochs = 2, QUIET) &&
		      accel_model_history(loaded).n == 5,
	      "%s: training begins anew from there", label);
	accel_model_destroy(loaded);
}

static bool told(accel_status err, const char *text)
{
	bool fine = err == ACCEL_ERR_INVALID &&
		    strstr(accel_last_error(), text);

	if (!fine)
		printf("# status %d: %s\n", err, accel_last_error());
	return fine;
}

static void not_resumed(accel_model *m, const accel_samples *s)
{
	const char *slim = file_path("slim");
	accel_model *other = model(), *first;

	accel_fit(other, s, .epochs = 1, QUIET);
	accel_model_save(other, file_path("first"));
	first = accel_model_load(ctx, file_path("first"));
	CHECK(told(accel_model_restore(other, slim),
		   "was saved without its optimizer") &&
		      same(first, other, s),
	      "%s: no run goes on from weights alone", label);
	CHECK(told(accel_fit(other, s, .checkpoint = slim, .resume = true,
			     QUIET),
		   "was saved without its optimizer") &&
		      same(first, other, s),
	      "%s: nor is one resumed", label);
	CHECK(!accel_model_restore(other, slim, .partial = true) &&
		      same(m, other, s),
	      "%s: they are taken by name", label);
	accel_model_destroy(first);
	accel_model_destroy(other);
}

static void sizes(accel_model *m)
{
	struct {
		accel_save_options o;
		size_t later;
	} newer = { { .size = sizeof(newer), .path = file_path("newer") }, 0 };
	accel_save_options older = { .size = offsetof(accel_save_options,
						      weights_only),
				     .path = file_path("older"),
				     .weights_only = true };

	CHECK(!accel_save_with(m, &newer.o),
	      "%s: options of a newer header, none used", label);
	newer.later = 1;
	CHECK(told(accel_save_with(m, &newer.o), "of another size"),
	      "%s: one that is not known yet is refused", label);
	CHECK(!accel_save_with(m, &older) &&
		      size_of(older.path) == size_of(file_path("whole")),
	      "%s: options of an older header have fewer", label);
	CHECK(told(accel_save_with(m, NULL), "no options"), "%s: no options",
	      label);
}

/* ---- F16 ---- */

static bool write_halves(const char *from, const char *to)
{
	static const char *const keys[] = { "format", "architecture", "compile",
					    "training" };
	static uint16_t half[8192];
	static float value[8192];
	struct st_file *f = st_open(from);
	struct st_entry e[16];
	struct st_pair pair[4];
	size_t used = 0, k;
	uint32_t i, n = f ? st_count(f) : 0;
	bool fine = f && n <= 16;

	for (i = 0; i < n && fine; i++) {
		const struct st_tensor *t = st_at(f, i);

		fine = used + (size_t)t->count <= 8192 &&
		       !st_read_f32(f, t, value + used);
		for (k = 0; fine && k < (size_t)t->count; k++)
			half[used + k] = half_from_float(value[used + k]);
		e[i] = (struct st_entry){ t->name,  ACCEL_F16,   t->ndim,
					  t->shape, half + used, NULL };
		used += (size_t)t->count;
	}
	for (i = 0; i < 4 && fine; i++)
		pair[i] = (struct st_pair){ keys[i], st_metadata(f, keys[i]) };
	fine = fine && !st_write(to, n, e, 4, pair);
	st_close(f);
	return fine;
}

static void round_weights(accel_model *m)
{
	static float value[8192];
	accel_tensor *list[16];
	int i, n = accel_model_weights(m, false, NULL);
	int64_t k;

	accel_model_weights(m, false, list);
	for (i = 0; i < n; i++) {
		size_t bytes = (size_t)accel_tensor_count(list[i]) * 4;

		accel_read(list[i], value, bytes);
		for (k = 0; k < accel_tensor_count(list[i]); k++)
			value[k] = half_to_float(half_from_float(value[k]));
		accel_write(list[i], value, bytes);
	}
}

static void halves(accel_model *m, const accel_samples *s)
{
	const char *path = file_path("halves");
	accel_model *loaded, *other = model();

	CHECK(write_halves(file_path("slim"), path) &&
		      size_of(path) * 3 < size_of(file_path("slim")) * 2,
	      "%s: F16 weights are less than two thirds", label);
	loaded = accel_model_load(ctx, path);
	round_weights(m);
	CHECK(same(m, loaded, s), "%s: and are read as they are", label);
	accel_model_build(other, 1, (int64_t[]){ IN });
	CHECK(!accel_model_restore(other, path, .partial = true) &&
		      same(m, other, s),
	      "%s: by name, too", label);
	accel_model_destroy(other);
	accel_model_destroy(loaded);
}

static void suite(void)
{
	accel_samples *s = samples();
	accel_model *m = model();

	accel_fit(m, s, .epochs = 3, .batch_size = 8, QUIET);
	slim(m, s);
	not_resumed(m, s);
	sizes(m);
	halves(m, s);
	accel_model_destroy(m);
	accel_samples_destroy(s);
}

int main(int argc, char **argv)
{
	int status;

	files_begin();
	status = conform_main(argc, argv, suite);
	files_end();
	return status;
}
