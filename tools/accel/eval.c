// SPDX-License-Identifier: MIT
/* accel eval: how good is a model on some data? */
#include "accel.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define CLASSES_MAX 4096 /* of a confusion matrix */

void print_json_scores(const accel_scores *s, const char *prefix)
{
	int i;

	printf(", \"%sloss\": ", prefix);
	json_number(stdout, s->loss);
	for (i = 0; i < ACCEL_METRICS; i++) {
		accel_metric metric = (accel_metric)(1u << i);

		if (!(s->metrics & metric))
			continue;
		printf(", \"%s%s\": ", prefix, accel_metric_name(metric));
		json_number(stdout, accel_scores_get(s, metric));
	}
}

static void print_scores(const accel_scores *s)
{
	int i;

	printf("%-10s %.6g\n", "loss", s->loss);
	for (i = 0; i < ACCEL_METRICS; i++) {
		accel_metric metric = (accel_metric)(1u << i);

		if (s->metrics & metric)
			printf("%-10s %.6g\n", accel_metric_name(metric),
			       accel_scores_get(s, metric));
	}
}

static void print_class(const accel_model *m, int i, int width)
{
	const char *name = accel_model_class(m, i);
	char number[16];

	if (!name) {
		snprintf(number, sizeof(number), "%d", i);
		name = number;
	}
	printf("%*.*s", width, abs(width), name);
}

static void print_table(const accel_model *m, int n, const int64_t *counts)
{
	int i, j;

	printf("%-12s", "is, said:");
	for (i = 0; i < n; i++) {
		printf(" ");
		print_class(m, i, 7);
	}
	printf("\n");
	for (i = 0; i < n; i++) {
		print_class(m, i, -12);
		for (j = 0; j < n; j++)
			printf(" %7lld", (long long)counts[i * n + j]);
		printf("\n");
	}
}

/* Rows: what it is; columns: what it was taken for. */
static accel_status print_confusion(accel_model *m, const accel_samples *s,
				    bool json)
{
	int n = s->n_classes, i;
	int64_t *counts = calloc((size_t)n * (size_t)n + 1, sizeof(*counts));
	accel_status err = ACCEL_ERR_NOMEM;

	if (counts)
		err = accel_confusion(m, s, n, counts);
	if (!err && !json)
		print_table(m, n, counts);
	for (i = 0; !err && json && i < n * n; i++)
		printf("%s%lld%s",
		       !i      ? ", \"confusion\": [["
		       : i % n ? ", "
			       : "], [",
		       (long long)counts[i], i == n * n - 1 ? "]]" : "");
	free(counts);
	return err;
}

bool error_in_units(const accel_model *m, const accel_scores *s, double *error,
		    const char **label)
{
	const accel_preprocess *p = accel_model_preprocess(m);
	double mean, std;

	*label = p ? accel_preprocess_label(p) : NULL;
	if (!*label || accel_preprocess_classes(p) ||
	    accel_model_options(m)->autoencode)
		return false;
	accel_preprocess_target_scale(p, &mean, &std);
	*error = accel_scores_get(s, ACCEL_MEAN_ABSOLUTE_ERROR) * std;
	return isfinite(*error);
}

static int judge(accel_model *m, const accel_samples *data, bool json,
		 bool confusion)
{
	unsigned metrics = accel_model_options(m)->metrics;
	const int64_t *shape;
	bool logits;
	bool unusual = accel_model_options(m)->autoencode && data->n_classes &&
		       data->y.data;
	const char *label;
	double error;
	int nd;
	accel_scores s;
	accel_status err;

	nd = accel_model_output(m, &shape);
	if (answer_of(m, &logits) != ANSWER_NUMBERS)
		metrics |= ACCEL_ACCURACY;
	if (metrics & ACCEL_ACCURACY && nd && shape[nd - 1] <= CLASSES_MAX)
		metrics |= ACCEL_PRECISION | ACCEL_RECALL | ACCEL_F1 |
			   ACCEL_AUC;
	err = accel_model_set_metrics(m, metrics);
	if (!err)
		err = accel_evaluate(m, data, &s);
	if (err)
		return fail(err);
	if (!json) {
		print_scores(&s);
		if (error_in_units(m, &s, &error, &label))
			printf("%-10s %.6g in the unit of %s\n", "", error,
			       label);
		print_persistence(data, false);
		print_notes(data);
		if (unusual)
			err = judge_anomalies(m, data, false);
		else if (confusion && data->n_classes)
			err = print_confusion(m, data, false);
		return err ? fail(err) : 0;
	}
	printf("{" JSON_SCHEMA ", \"samples\": %lld", (long long)data->count);
	print_json_scores(&s, "");
	if (error_in_units(m, &s, &error, &label)) {
		printf(", \"mae_of_label\": ");
		json_number(stdout, error);
	}
	print_persistence(data, true);
	print_json_notes(data);
	if (unusual)
		err = judge_anomalies(m, data, true);
	else if (confusion && data->n_classes)
		err = print_confusion(m, data, true);
	printf("}\n");
	return err ? fail(err) : 0;
}

int cmd_eval(int argc, char **argv)
{
	struct data_args a = { 0 };
	const char *model = NULL, *device = NULL;
	bool json = false, confusion = false;
	const struct option specs[] = {
		{ "MODEL", OPTION_TEXT, &model, "" },
		DATA_SPEC(a, "--data"),
		{ "--label", OPTION_TEXT, &a.label,
		  "with X.npy a file Y.npy; of an autoencoder that learned\n"
		  "without one, the column that says what is unusual" },
		{ "--weight", OPTION_TEXT, &a.weight,
		  "column of how much each row counts in the loss" },
		{ "--window", OPTION_COUNT, &a.window,
		  "minutes of a series of made-up sensors" },
		TABLE_SPECS(a),
		{ "--seed", OPTION_WHOLE, &a.seed,
		  "of data that is made up (0)" },
		{ "--device", OPTION_TEXT, &device,
		  "cpu, vulkan, INDEX, UUID or NAME" },
		{ "--confusion", OPTION_FLAG, &confusion,
		  "which class was taken for which" },
		{ "--json", OPTION_FLAG, &json, "one object" },
		OPTIONS_END,
	};
	int status = options_parse(
		argc, argv,
		&(const struct usage){ .text = "eval MODEL [OPTIONS]" }, specs,
		NULL);
	accel_context *ctx;
	accel_samples *s;
	accel_model *m;

	if (status)
		return status;
	status = check_data(&a);
	if (status)
		return status;
	m = load_model(model, device, &ctx);
	if (!m)
		return fail(ACCEL_OK);
	if (!a.files.n && accel_model_preprocess(m)) {
		fprintf(stderr,
			"accel: --data is missing: %s learned from a table\n",
			model);
		s = NULL;
		status = 2;
	} else if (check_model_data(m, &a)) {
		s = NULL;
		status = EXIT_FAILED;
	} else {
		s = data_for_model(m, &a);
		status = s ? judge(m, s, json, confusion) : fail(ACCEL_OK);
	}
	accel_samples_destroy(s);
	accel_model_destroy(m);
	accel_close(ctx);
	return status;
}
