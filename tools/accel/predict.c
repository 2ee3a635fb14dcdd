// SPDX-License-Identifier: MIT
/* accel predict: what does a model say of each row? */
#include "accel.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

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
	printf(json ? "{" JSON_SCHEMA ", \"class\": " : "");
	print_class(m, class, json);
	printf(json ? ", \"probability\": %.6g}\n" : "\t%.4f\n", p);
}

static void print_classified(const accel_model *m, const float *x, int64_t n,
			     bool json)
{
	int64_t best = 0, i;

	for (i = 1; i < n; i++)
		if (x[i] > x[best])
			best = i;
	print_choice(m, best, probability_of(m, x, n, best), json);
}

static void print_binary(const accel_model *m, const float *x, bool json)
{
	double yes = probability_of(m, x, 1, 1),
	       no = probability_of(m, x, 1, 0);

	print_choice(m, yes > no, yes > no ? yes : no, json);
}

/* Numbers, in the label's own unit where the model knows it. */
static void print_numbers(const accel_model *m, const float *x, int64_t n,
			  bool json)
{
	const accel_preprocess *p = accel_model_preprocess(m);
	bool unit = p && accel_preprocess_label(p) &&
		    !accel_model_options(m)->autoencode;
	int64_t i;

	printf(json ? "{" JSON_SCHEMA ", \"output\": [" : "");
	for (i = 0; i < n; i++) {
		double v = unit ? accel_preprocess_target(p, x[i]) : x[i];

		printf("%s%.6g", i ? json ? ", " : "\t" : "", v);
	}
	printf(json ? "]}\n" : "\n");
}

/* The error, and whether it is above the model's threshold. */
static void print_anomaly(double error, double threshold, bool json)
{
	bool known = !isnan(threshold), yes = error > threshold;

	printf(json ? "{" JSON_SCHEMA ", \"error\": %.6g" : "%.6g", error);
	if (known && json)
		printf(", \"anomaly\": %s", yes ? "true" : "false");
	else if (known)
		printf("\t%s", yes ? "yes" : "no");
	printf(json ? "}\n" : "\n");
}

/* Where a row cannot be answered. */
static void print_no_answer(const char *why, bool json)
{
	if (!json) {
		printf("?\t%s\n", why);
		return;
	}
	printf("{" JSON_SCHEMA ", \"unanswered\": ");
	json_text(stdout, why);
	printf("}\n");
}

/* What was predicted of samples. */
struct answers {
	const accel_model *m;
	float *out; /* [count, each] */
	double *error; /* [count] of an autoencoder */
	double threshold;
	int64_t each;
	bool json;
};

static void print_answer(const struct answers *a, int64_t i)
{
	bool logits;
	enum answer answer = answer_of(a->m, &logits);
	float *x = a->out + i * a->each;

	if (a->error)
		print_anomaly(a->error[i], a->threshold, a->json);
	else if (answer == ANSWER_CLASSES)
		print_classified(a->m, x, a->each, a->json);
	else if (answer == ANSWER_BINARY && a->each == 1)
		print_binary(a->m, x, a->json);
	else
		print_numbers(a->m, x, a->each, a->json);
}

/* @s: NULL: none can be answered. @rows: NULL: each sample is a row. */
static int predict(accel_model *m, const accel_samples *s,
		   const accel_rows *rows, bool json)
{
	struct answers a = {
		.m = m, .each = 1, .threshold = threshold_of(m), .json = json
	};
	int64_t count = s ? s->count : 0, i, n = rows ? rows->count : count;
	const int64_t *shape;
	int nd = accel_model_output(m, &shape), d;
	accel_status err = ACCEL_OK;

	for (d = 0; d < nd; d++)
		a.each *= shape[d];
	a.out = malloc((size_t)(count * a.each + 1) * sizeof(*a.out));
	if (!a.out)
		return fail(ACCEL_ERR_NOMEM);
	if (s && accel_model_options(m)->autoencode) {
		a.error = anomaly_errors(m, s);
		err = a.error ? ACCEL_OK : ACCEL_ERR_NOMEM;
	} else if (s) {
		err = accel_predict(m, s, a.out, (size_t)(count * a.each));
	}
	for (i = 0; i < n && !err; i++) {
		int64_t sample = rows ? rows->sample[i] : i;

		if (sample < 0)
			print_no_answer(rows->why[i], json);
		else
			print_answer(&a, sample);
	}
	free(a.out);
	free(a.error);
	return err ? fail(err) : 0;
}

/* A table's rows, each with a line. */
static int predict_table(accel_model *m, const struct data_args *a, bool json)
{
	const accel_preprocess *p = accel_model_preprocess(m);
	accel_csv_options o;
	accel_samples *s;
	accel_rows *rows;
	accel_status err;
	int status;

	if (table_options(a, &o))
		return EXIT_USAGE;
	err = accel_preprocess_rows(p, &o, &s, &rows);
	if (err)
		return fail(err);
	status = predict(m, s, rows, json);
	accel_samples_destroy(s);
	accel_rows_destroy(rows);
	return status;
}

/* By preprocessing that knows its windows; others are cut as they were. */
static bool answers_rows(const accel_model *m, const struct data_args *a)
{
	const accel_preprocess *p = accel_model_preprocess(m);
	const int64_t *shape;

	return p && data_is_table(a) &&
	       (accel_preprocess_window(p) || accel_model_input(m, &shape) < 2);
}

static int predict_all(accel_model *m, const struct data_args *a, bool json)
{
	accel_samples *s;
	int status;

	if (answers_rows(m, a))
		return predict_table(m, a, json);
	s = data_for_model(m, a);
	status = s ? predict(m, s, NULL, json) : fail(ACCEL_OK);
	accel_samples_destroy(s);
	return status;
}

int cmd_predict(int argc, char **argv)
{
	struct data_args a = { 0 };
	const char *model = NULL, *device = NULL;
	bool json = false;
	const struct option specs[] = {
		{ "MODEL", OPTION_TEXT, &model, "" },
		DATA_SPEC(a, "--input"),
		TABLE_SPECS(a),
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
	accel_model *m;

	if (status)
		return status;
	if (!a.files.n) {
		fprintf(stderr, "accel: --input is missing\n");
		return 2;
	}
	status = check_data(&a);
	if (status)
		return status;
	m = load_model(model, device, &ctx);
	if (!m)
		return fail(ACCEL_OK);
	status = check_model_data(m, &a);
	if (!status)
		status = predict_all(m, &a, json);
	accel_model_destroy(m);
	accel_close(ctx);
	return status;
}
