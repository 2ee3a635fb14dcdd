// SPDX-License-Identifier: MIT
/* accel predict: what does a model say of each row? */
#include "accel.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* Logits as probabilities, in place. */
static void softmax(float *x, int64_t n)
{
	float top = x[0], sum = 0;
	int64_t i;

	for (i = 1; i < n; i++)
		top = x[i] > top ? x[i] : top;
	for (i = 0; i < n; i++)
		sum += x[i] = expf(x[i] - top);
	for (i = 0; i < n; i++)
		x[i] /= sum;
}

static void print_class(const accel_model *m, int64_t i, bool quoted)
{
	const char *name = accel_model_class(m, (int)i);

	if (!name)
		printf("%lld", (long long)i);
	else if (quoted)
		json_text(stdout, name);
	else
		printf("%s", name);
}

static void print_choice(const accel_model *m, int64_t class, double p,
			 bool json)
{
	printf(json ? "{\"class\": " : "");
	print_class(m, class, json);
	printf(json ? ", \"probability\": %.6g}\n" : "\t%.4f\n", p);
}

static void print_classified(const accel_model *m, float *x, int64_t n,
			     bool json)
{
	int64_t best = 0, i;

	softmax(x, n);
	for (i = 1; i < n; i++)
		if (x[i] > x[best])
			best = i;
	print_choice(m, best, (double)x[best], json);
}

/* One logit: above 0 it is class 1. */
static void print_binary(const accel_model *m, float x, bool json)
{
	print_choice(m, x > 0, 1 / (1 + exp(-fabs((double)x))), json);
}

/* Numbers, in the label's own unit where the model knows it. */
static void print_numbers(const accel_model *m, const float *x, int64_t n,
			  bool json)
{
	const accel_preprocess *p = accel_model_preprocess(m);
	bool unit = p && accel_preprocess_label(p) &&
		    !accel_model_options(m)->autoencode;
	int64_t i;

	printf(json ? "{\"output\": [" : "");
	for (i = 0; i < n; i++) {
		double v = unit ? accel_preprocess_target(p, x[i]) : x[i];

		printf("%s%.6g", i ? json ? ", " : "\t" : "", v);
	}
	printf(json ? "]}\n" : "\n");
}

/* How unlike its reconstruction the input is: the mean squared error. */
static void print_anomaly(const accel_samples *s, int64_t row, const float *x,
			  int64_t n, bool json)
{
	const float *in = (const float *)s->x.data + row * n;
	const uint8_t *shade = (const uint8_t *)s->x.data + row * n;
	bool floats = s->x.dtype == ACCEL_F32;
	double sum = 0, d;
	int64_t i;

	for (i = 0; i < n; i++) {
		d = x[i] - (floats ? in[i] : (float)shade[i] * s->x_scale);
		sum += d * d;
	}
	printf(json ? "{\"error\": %.6g}\n" : "%.6g\n", sum / (double)n);
}

static int predict(accel_model *m, const accel_samples *s, bool json)
{
	const accel_compile_options *o = accel_model_options(m);
	const int64_t *shape;
	int nd = accel_model_output(m, &shape), d;
	int64_t each = 1, i;
	accel_status err;
	float *out;

	for (d = 0; d < nd; d++)
		each *= shape[d];
	out = malloc((size_t)(s->count * each) * sizeof(*out));
	if (!out)
		return fail(ACCEL_ERR_NOMEM);
	err = accel_predict(m, s, out, (size_t)(s->count * each));
	for (i = 0; i < s->count && !err; i++) {
		float *x = out + i * each;

		if (o->loss <= ACCEL_CROSS_ENTROPY_LOGITS)
			print_classified(m, x, each, json);
		else if (o->loss == ACCEL_BINARY_CROSS_ENTROPY_LOGITS &&
			 each == 1 && !o->autoencode)
			print_binary(m, *x, json);
		else if (o->autoencode)
			print_anomaly(s, i, x, each, json);
		else
			print_numbers(m, x, each, json);
	}
	free(out);
	return err ? fail(err) : 0;
}

int cmd_predict(int argc, char **argv)
{
	struct data_args a = { 0 };
	const char *model = NULL, *device = NULL;
	bool json = false;
	const struct option specs[] = {
		{ "MODEL", OPTION_TEXT, &model, "" },
		{ "--input", OPTION_TEXT, &a.data,
		  "FILE.csv, X.npy, a directory of IDX files, digits or "
		  "sensors" },
		{ "--seed", OPTION_WHOLE, &a.seed,
		  "of data that is made up (0)" },
		{ "--device", OPTION_TEXT, &device,
		  "cpu, vulkan, INDEX, UUID or NAME" },
		{ "--json", OPTION_FLAG, &json, "an object a row" },
		OPTIONS_END,
	};
	int status = options_parse(
		argc, argv,
		&(const struct usage){
			.text = "predict MODEL --input FILE [OPTIONS]" },
		specs, NULL);
	accel_context *ctx;
	accel_samples *s;
	accel_model *m;

	if (status)
		return status;
	if (!a.data) {
		fprintf(stderr, "accel: --input is missing\n");
		return 2;
	}
	status = check_data(&a);
	if (status)
		return status;
	m = load_model(model, device, &ctx);
	if (!m)
		return fail(ACCEL_OK);
	s = data_for_model(m, &a);
	status = s ? predict(m, s, json) : fail(ACCEL_OK);
	accel_samples_destroy(s);
	accel_model_destroy(m);
	accel_close(ctx);
	return status;
}
