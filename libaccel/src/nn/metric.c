// SPDX-License-Identifier: MIT
/* Metrics, computed on the host from a model's outputs. */
#include "metric.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../base/alloc.h"
#include "../base/error.h"
#include "loss.h"

#define OF_CONFUSION (ACCEL_PRECISION | ACCEL_RECALL | ACCEL_F1)

const char *accel_metric_name(accel_metric metric)
{
	switch (metric) {
#define ACCEL_X(name, bit, text)                                               \
	case ACCEL_##name:                                                     \
		return text;
		ACCEL_METRIC_MAP(ACCEL_X)
#undef ACCEL_X
	}
	return NULL;
}

static int bit_of(accel_metric metric)
{
	int b = 0;

	while (b < ACCEL_METRICS && metric != 1u << b)
		b++;
	return b;
}

double accel_scores_get(const accel_scores *s, accel_metric metric)
{
	return s->metrics & metric ? s->value[bit_of(metric)] : NAN;
}

/* One column where class 1 stands against 0, else one each. */
static int score_columns(const struct metrics *m)
{
	return m->classes == 2 ? 1 : m->classes;
}

accel_status metrics_init(struct metrics *m, unsigned which, accel_loss loss,
			  int outputs, int top_k, int64_t rows, bool confusion)
{
	const unsigned of_classes = ~(unsigned)ACCEL_MEAN_ABSOLUTE_ERROR;

	*m = (struct metrics){ .which = which, .top_k = top_k ?: 5 };
	m->binary = loss_is_binary(loss);
	m->logits = loss_desc_of(loss)->logits;
	if (m->binary)
		m->classes = 2;
	else if (loss_of_classes(loss))
		m->classes = outputs;
	if (!m->classes && ((which & of_classes) || confusion))
		return accel_error(ACCEL_ERR_INVALID,
				   "metrics: loss %s has no classes",
				   accel_loss_name(loss));
	if (m->classes && (which & ACCEL_MEAN_ABSOLUTE_ERROR))
		return accel_error(
			ACCEL_ERR_INVALID,
			"metrics: loss %s is of classes, %s of "
			"numbers",
			accel_loss_name(loss),
			accel_metric_name(ACCEL_MEAN_ABSOLUTE_ERROR));
	if ((which & OF_CONFUSION) || confusion) {
		if (m->classes > 4096)
			return accel_error(ACCEL_ERR_RANGE,
					   "metrics: a confusion matrix of %d "
					   "classes, the limit is 4096",
					   m->classes);
		m->confusion =
			mem_zalloc((size_t)m->classes * (size_t)m->classes *
				   sizeof(*m->confusion));
		if (!m->confusion)
			return ACCEL_ERR_NOMEM;
	}
	if (which & ACCEL_AUC) {
		m->cap = rows;
		m->score = mem_alloc((size_t)rows * (size_t)score_columns(m) *
				     sizeof(*m->score));
		m->label = mem_alloc((size_t)rows * sizeof(*m->label));
		if (!m->score || !m->label) {
			metrics_finish(m);
			return ACCEL_ERR_NOMEM;
		}
	}
	return ACCEL_OK;
}

void metrics_finish(struct metrics *m)
{
	mem_free(m->confusion);
	mem_free(m->score);
	mem_free(m->label);
	m->confusion = NULL;
	m->score = NULL;
	m->label = NULL;
}

void metrics_reset(struct metrics *m)
{
	m->batches = m->rows = m->numbers = m->samples = 0;
	m->loss_sum = m->correct = m->in_top = m->absolute = 0;
	if (m->confusion)
		memset(m->confusion, 0,
		       (size_t)m->classes * (size_t)m->classes *
			       sizeof(*m->confusion));
}

void metrics_add_loss(struct metrics *m, int64_t samples, double loss)
{
	m->loss_sum += loss * (double)samples;
	m->samples += samples;
	m->batches++;
}

/* ---- a batch ---- */

static int largest(const float *x, int n)
{
	int i, best = 0;

	for (i = 1; i < n; i++)
		if (x[i] > x[best])
			best = i;
	return best;
}

/* Outputs above that of the class, or equal and before it. */
static bool in_top(const float *x, int n, int class, int k)
{
	int i, above = 0;

	for (i = 0; i < n; i++)
		above += x[i] > x[class] || (x[i] == x[class] && i < class);
	return above < k;
}

/* p / (1 - p), ordered as p, with 1 - p the sum of the others: no two that are
 * nearly 1 are rounded to be equal. */
static void odds(const float *p, int n, float *score)
{
	double sum = 0;
	int i, k;

	for (i = 0; i < n; i++) {
		for (sum = 0, k = 0; k < n; k++)
			sum += k == i ? 0 : p[k];
		score[i] = p[i] > 0 ? (float)(p[i] / sum) : 0;
	}
}

static void keep_scores(struct metrics *m, int64_t row, int class,
			const float *x)
{
	double sum = 0, others = 0, top;
	int i, best;

	if (!m->score || row >= m->cap)
		return;
	m->label[row] = class;
	if (m->classes == 2) {
		m->score[row] = m->binary ? x[0] : x[1] - x[0];
		return;
	}
	if (!m->logits) {
		odds(x, m->classes, m->score + row * m->classes);
		return;
	}
	/* log(p / (1 - p)): ordered as p, but no two that are nearly 1 are
	 * rounded to be equal */
	best = largest(x, m->classes);
	top = x[best];
	for (i = 0; i < m->classes; i++) {
		sum += exp(x[i] - top);
		others += i == best ? 0 : exp(x[i] - top);
	}
	for (i = 0; i < m->classes; i++)
		m->score[row * m->classes + i] =
			(float)(x[i] - top -
				log(i == best ? others
					      : sum - exp(x[i] - top)));
}

static void add_row(struct metrics *m, int class, const float *x)
{
	float even = m->logits ? 0 : 0.5f; /* as probable as not */
	bool one = m->binary;
	int guess = one ? x[0] > even : largest(x, m->classes);

	m->correct += guess == class;
	if (m->which & ACCEL_TOP_K)
		m->in_top += one ? guess == class || m->top_k > 1
				 : in_top(x, m->classes, class, m->top_k);
	if (m->confusion)
		m->confusion[class * m->classes + guess]++;
	keep_scores(m, m->rows++, class, x);
}

void metrics_add(struct metrics *m, int64_t rows, const void *y, bool y_classes,
		 const float *out)
{
	bool one = m->binary || !m->classes;
	int width = one ? 1 : m->classes;
	const int32_t *class = y;
	const float *target = y;
	int64_t r;

	for (r = 0; r < rows; r++) {
		const float *x = out + r * width;
		int c;

		if (!m->classes) {
			m->absolute += fabs((double)x[0] -
					    (y_classes ? class[r] : target[r]));
			m->numbers++;
			continue;
		}
		if (y_classes)
			c = class[r];
		else if (one)
			c = target[r] > 0.5f;
		else
			c = largest(target + r * width, width);
		if (c >= 0 && c < m->classes)
			add_row(m, c, x);
	}
}

/* ---- results ---- */

struct ranked {
	float score;
	int32_t positive;
};

static int by_score(const void *a, const void *b)
{
	float x = ((const struct ranked *)a)->score;
	float y = ((const struct ranked *)b)->score;

	return (x > y) - (x < y);
}

/* Mann and Whitney's U: ranks of the positives, ties their mean. NaN without
 * both kinds. */
static double auc_of(const struct metrics *m, int column, int class,
		     struct ranked *r)
{
	int64_t i, j, n = m->rows < m->cap ? m->rows : m->cap, positive = 0;
	double ranks = 0;

	for (i = 0; i < n; i++) {
		r[i].score = m->score[i * score_columns(m) + column];
		r[i].positive = m->label[i] == class;
		positive += r[i].positive;
	}
	if (!positive || positive == n)
		return NAN;
	qsort(r, (size_t)n, sizeof(*r), by_score);
	for (i = 0; i < n; i = j) {
		double tied = 0;

		for (j = i; j < n && !(r[j].score > r[i].score); j++)
			tied += r[j].positive;
		ranks += tied * 0.5 * (double)(i + 1 + j); /* i + 1 to j */
	}
	n -= positive;
	ranks -= 0.5 * (double)positive * (double)(positive + 1);
	return ranks / ((double)positive * (double)n);
}

static double auc(const struct metrics *m)
{
	struct ranked *r = mem_alloc((size_t)(m->rows + 1) * sizeof(*r));
	double sum = 0, a;
	int i, n = 0;

	if (!r)
		return NAN;
	for (i = 0; i < score_columns(m); i++) {
		a = auc_of(m, i, m->classes == 2 ? 1 : i, r);
		if (isnan(a))
			continue;
		sum += a;
		n++;
	}
	mem_free(r);
	return n ? sum / n : NAN;
}

static double ratio(double a, double b)
{
	return b > 0 ? a / b : 0;
}

static void of_confusion(const struct metrics *m, double *precision,
			 double *recall, double *f1)
{
	int c, i, k = m->classes, first = k == 2;

	*precision = *recall = *f1 = 0;
	for (c = first; c < k; c++) {
		double hit = (double)m->confusion[c * k + c];
		double is = 0, said = 0, p, r;

		for (i = 0; i < k; i++) {
			is += (double)m->confusion[c * k + i];
			said += (double)m->confusion[i * k + c];
		}
		p = ratio(hit, said);
		r = ratio(hit, is);
		*precision += p / (k - first);
		*recall += r / (k - first);
		*f1 += ratio(2 * p * r, p + r) / (k - first);
	}
}

void metrics_scores(const struct metrics *m, accel_scores *s)
{
	double p = NAN, r = NAN, f1 = NAN, rows = (double)m->rows;

	*s = (accel_scores){ .metrics = m->which };
	s->loss = m->samples ? m->loss_sum / (double)m->samples : NAN;
	if (m->confusion && (m->which & OF_CONFUSION))
		of_confusion(m, &p, &r, &f1);
	if (m->which & ACCEL_ACCURACY)
		s->value[bit_of(ACCEL_ACCURACY)] = m->correct / rows;
	if (m->which & ACCEL_TOP_K)
		s->value[bit_of(ACCEL_TOP_K)] = m->in_top / rows;
	if (m->which & ACCEL_PRECISION)
		s->value[bit_of(ACCEL_PRECISION)] = p;
	if (m->which & ACCEL_RECALL)
		s->value[bit_of(ACCEL_RECALL)] = r;
	if (m->which & ACCEL_F1)
		s->value[bit_of(ACCEL_F1)] = f1;
	if (m->which & ACCEL_AUC)
		s->value[bit_of(ACCEL_AUC)] = auc(m);
	if (m->which & ACCEL_MEAN_ABSOLUTE_ERROR)
		s->value[bit_of(ACCEL_MEAN_ABSOLUTE_ERROR)] =
			m->absolute / (double)m->numbers;
}
