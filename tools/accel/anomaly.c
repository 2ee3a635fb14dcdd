// SPDX-License-Identifier: MIT
/* Autoencoders that find what is unusual: errors, a threshold, their worth. */
#include "accel.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static double error_of(const accel_samples *s, int64_t row, const float *x,
		       int64_t n)
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
	return sum / (double)n;
}

double *anomaly_errors(accel_model *m, const accel_samples *s)
{
	const int64_t *shape;
	int nd = accel_model_output(m, &shape), d;
	int64_t each = 1, i;
	double *error;
	float *out;

	for (d = 0; d < nd; d++)
		each *= shape[d];
	error = malloc((size_t)s->count * sizeof(*error));
	out = malloc((size_t)(s->count * each) * sizeof(*out));
	if (!error || !out ||
	    accel_predict(m, s, out, (size_t)(s->count * each))) {
		free(error);
		error = NULL;
	}
	for (i = 0; error && i < s->count; i++)
		error[i] = error_of(s, i, out + i * each, each);
	free(out);
	return error;
}

int normal_class(const accel_samples *s)
{
	const int32_t *y = s->y.data;
	int64_t most = 0, n, i;
	int best = -1, c;

	for (c = 0; y && c < s->n_classes; c++) {
		for (n = 0, i = 0; i < s->count; i++)
			n += y[i] == c;
		if (n > most) {
			most = n;
			best = c;
		}
	}
	return best;
}

accel_samples *normal_samples(const accel_samples *s, int normal)
{
	int64_t *index = malloc((size_t)s->count * sizeof(*index)), n = 0, i;
	const int32_t *y = s->y.data;
	accel_samples *some;

	for (i = 0; index && i < s->count; i++)
		if (y[i] == normal)
			index[n++] = i;
	some = index ? accel_samples_select(s, index, n) : NULL;
	free(index);
	return some;
}

static int by_value(const void *a, const void *b)
{
	double v = *(const double *)a, w = *(const double *)b;

	return v < w ? -1 : v > w;
}

accel_status keep_threshold(accel_model *m, const accel_samples *normal,
			    double quantile)
{
	double *error = anomaly_errors(m, normal);
	char text[64];
	int64_t at;

	if (!error)
		return ACCEL_ERR_NOMEM;
	qsort(error, (size_t)normal->count, sizeof(*error), by_value);
	at = (int64_t)ceil(quantile * (double)normal->count) - 1;
	at = at < 0 ? 0 : at;
	snprintf(text, sizeof(text), "%.17g", error[at]);
	free(error);
	return accel_model_set_note(m, "threshold", text);
}

double threshold_of(const accel_model *m)
{
	const char *text = accel_model_note(m, "threshold");

	return text ? read_number(text, NULL) : NAN;
}

/* ---- how good it is ---- */

struct scored {
	double error;
	bool unusual;
};

static int by_error(const void *a, const void *b)
{
	const struct scored *p = a, *q = b;

	return p->error < q->error ? -1 : p->error > q->error;
}

/* The chance that an unusual sample has a larger error than a usual one: ranks,
 * those of equal errors shared. */
static double auc(struct scored *list, int64_t n)
{
	double ranks = 0, unusual = 0;
	int64_t i, k, j;

	qsort(list, (size_t)n, sizeof(*list), by_error);
	for (i = 0; i < n; i = k) {
		for (k = i; k < n && list[k].error == list[i].error; k++)
			;
		for (j = i; j < k; j++) {
			ranks += list[j].unusual ? (double)(i + k + 1) / 2 : 0;
			unusual += list[j].unusual;
		}
	}
	return (ranks - unusual * (unusual + 1) / 2) /
	       (unusual * ((double)n - unusual));
}

/* What the label's rare classes are called. */
static void print_normal(const accel_samples *s, int normal, int64_t unusual)
{
	const char *name = s->class_names ? s->class_names[normal] : NULL;

	printf("%lld of %lld samples are not of class %s\n", (long long)unusual,
	       (long long)s->count, name ? name : "0");
}

accel_status judge_anomalies(accel_model *m, const accel_samples *s, bool json)
{
	double *error = anomaly_errors(m, s), limit = threshold_of(m), area;
	struct scored *list = malloc((size_t)s->count * sizeof(*list));
	int64_t i, unusual = 0, said = 0, right = 0;
	const char *kept = accel_model_note(m, "normal");
	int normal = normal_class(s), c;
	double precision, recall;

	for (c = 0; kept && s->class_names && c < s->n_classes; c++)
		if (!strcmp(s->class_names[c], kept))
			normal = c;
	for (i = 0; error && list && i < s->count; i++) {
		list[i] =
			(struct scored){ error[i],
					 ((int32_t *)s->y.data)[i] != normal };
		unusual += list[i].unusual;
		said += error[i] > limit;
		right += error[i] > limit && list[i].unusual;
	}
	free(error);
	if (!error || !list) {
		free(list);
		return ACCEL_ERR_NOMEM;
	}
	area = auc(list, s->count);
	free(list);
	precision = said ? (double)right / (double)said : NAN;
	recall = unusual ? (double)right / (double)unusual : NAN;
	if (json) {
		printf(", \"anomalies\": %lld, \"auc\": ", (long long)unusual);
		json_number(stdout, area);
		printf(", \"threshold\": ");
		json_number(stdout, limit);
		printf(", \"precision\": ");
		json_number(stdout, precision);
		printf(", \"recall\": ");
		json_number(stdout, recall);
		return ACCEL_OK;
	}
	print_normal(s, normal, unusual);
	printf("%-10s %.6g\n", "auc", area);
	if (!isnan(limit))
		printf("%-10s %.6g\n%-10s %.6g\n%-10s %.6g\n", "threshold",
		       limit, "precision", precision, "recall", recall);
	return ACCEL_OK;
}
