/* SPDX-License-Identifier: MIT */
/*
 * What the programs on wrong use share: each case begins with a context and
 * samples of its own, does what is wrong, and holds where that was an error with
 * a text, or right. AddressSanitizer watches (make check).
 */
#ifndef TESTS_UNIT_MISUSE_H
#define TESTS_UNIT_MISUSE_H

#include "conform.h"

#include <accel/model.h>

#include "files.h"

#define N 8 /* samples */
#define QUIET .batch_size = 4, .verbose = -1

/* Runs one case. */
#define CASE(f) CHECK(f(), "%s: %s", label, #f)

/* A model file. */
#define MODEL_FILE file_path("model.safetensors")

static inline accel_context *open_one(void)
{
	return accel_open(on_vulkan ? "vulkan" : "cpu", .seed = 3);
}

static float numbers[N * 4];

/* Zeros with storage. */
static inline accel_tensor *stored(accel_context *c, int n,
				   const int64_t *shape)
{
	return accel_tensor_create(c, ACCEL_F32, n, shape, NULL);
}

static inline accel_samples *data_of(int64_t x, int64_t y)
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
static inline accel_model *small(accel_context *c)
{
	accel_model *m = accel_sequential(
		c, accel_dense(3, .activation = ACCEL_TANH), accel_dense(2));

	accel_compile(m, .loss = ACCEL_MSE);
	accel_model_build(m, 1, (int64_t[]){ 4 });
	return m;
}

static inline bool trains(accel_model *m, const accel_samples *s)
{
	return !accel_fit(m, s, QUIET);
}

/* An error, with its text. */
static inline bool told(accel_status err)
{
	const char *text = accel_last_error();

	return err && text && strlen(text) > 8;
}

static inline bool refused(const void *p)
{
	return !p && told(ACCEL_ERR_INVALID);
}

/* A context, a node of four inputs and samples: what most cases begin with. */
struct setup {
	accel_context *c;
	accel_samples *s;
	accel_node *x;
};

static inline struct setup begin(void)
{
	struct setup t = { .c = open_one(), .s = data_of(4, 2) };

	t.x = accel_input(t.c, 1, (int64_t[]){ 4 });
	return t;
}

static inline bool end(struct setup t, bool fine)
{
	accel_samples_destroy(t.s);
	accel_close(t.c);
	return fine;
}

#endif /* TESTS_UNIT_MISUSE_H */
