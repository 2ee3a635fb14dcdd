// SPDX-License-Identifier: MIT
/*
 * Finds broken sensors without ever having seen one: an autoencoder learns what
 * healthy rooms look like, and what it cannot rebuild is suspicious.
 */
#include <stdio.h>
#include <stdlib.h>

#include <accel/accel.h>

#define STEPS 32
#define WIDTH (STEPS * 4)

static double error_of(const float *x, const float *y)
{
	double sum = 0;
	int i;

	for (i = 0; i < WIDTH; i++)
		sum += (x[i] - y[i]) * (x[i] - y[i]);
	return sum / WIDTH;
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Reconstruction errors of all samples. */
static double *errors(accel_model *m, const accel_samples *s)
{
	size_t n = (size_t)s->count * WIDTH;
	float *out = malloc(n * sizeof(*out));
	double *e = malloc((size_t)s->count * sizeof(*e));
	int64_t i;

	if (!out || !e || accel_predict(m, s, out, n)) {
		fprintf(stderr, "anomaly: %s\n", accel_last_error());
		exit(1);
	}
	for (i = 0; i < s->count; i++)
		e[i] = error_of((float *)s->x.data + i * WIDTH,
				out + i * WIDTH);
	free(out);
	return e;
}

int main(void)
{
	accel_context *ctx = accel_open(NULL);
	accel_dataset *rooms = accel_dataset_sensors(
		ctx, STEPS, .train = 3000, .test = 400, .faults_test = 0.25);
	accel_model *m = accel_sequential(
		ctx, accel_flatten(), accel_dense(64, .activation = ACCEL_TANH),
		accel_dense(12, .activation = ACCEL_TANH),
		accel_dense(64, .activation = ACCEL_TANH), accel_dense(WIDTH),
		accel_unflatten(STEPS, 4));
	int64_t i, n, found = 0, broken = 0, alarms = 0;
	double *healthy, *test, limit;

	if (!rooms ||
	    accel_compile(m, .optimizer = accel_adam(.lr = 0.003),
			  .loss = ACCEL_MSE, .autoencode = true) ||
	    accel_fit(m, rooms->train, .epochs = 12)) {
		fprintf(stderr, "anomaly: %s\n", accel_last_error());
		return 1;
	}
	/* what one healthy room in a hundred exceeds is the limit */
	healthy = errors(m, rooms->train);
	qsort(healthy, (size_t)rooms->train->count, sizeof(double), ascending);
	limit = healthy[rooms->train->count * 99 / 100];
	test = errors(m, rooms->test);
	n = rooms->test->count;
	for (i = 0; i < n; i++) {
		int fault = ((int32_t *)rooms->test->y.data)[i] == 3;

		broken += fault;
		found += fault && test[i] > limit;
		alarms += !fault && test[i] > limit;
	}
	printf("limit %.4f: %lld of %lld broken sensors found, %lld false "
	       "alarms in %lld healthy rooms\n",
	       limit, (long long)found, (long long)broken, (long long)alarms,
	       (long long)(n - broken));
	free(healthy);
	free(test);
	accel_model_destroy(m);
	accel_dataset_destroy(rooms);
	accel_close(ctx);
	return !(found * 2 > broken && alarms * 10 < n);
}
