// SPDX-License-Identifier: MIT
/* What a model's outputs say, by the loss that it was trained for. */
#include "accel.h"

#include <math.h>

enum answer answer_of(const accel_model *m, bool *logits)
{
	*logits = false;
	switch (accel_model_options(m)->loss) {
	case ACCEL_SPARSE_CROSS_ENTROPY_LOGITS:
	case ACCEL_CROSS_ENTROPY_LOGITS:
		*logits = true;
		return ANSWER_CLASSES;
	case ACCEL_SPARSE_CROSS_ENTROPY:
	case ACCEL_CROSS_ENTROPY:
		return ANSWER_CLASSES;
	case ACCEL_BINARY_CROSS_ENTROPY_LOGITS:
		*logits = true;
		return ANSWER_BINARY;
	case ACCEL_BINARY_CROSS_ENTROPY:
		return ANSWER_BINARY;
	default:
		return ANSWER_NUMBERS;
	}
}

static double softmax_of(const float *x, int64_t n, int64_t i)
{
	double top = x[0], sum = 0;
	int64_t k;

	for (k = 1; k < n; k++)
		top = x[k] > top ? x[k] : top;
	for (k = 0; k < n; k++)
		sum += exp(x[k] - top);
	return exp(x[i] - top) / sum;
}

double probability_of(const accel_model *m, const float *x, int64_t n,
		      int64_t class)
{
	bool logits;
	enum answer answer = answer_of(m, &logits);
	double p;

	if (answer == ANSWER_CLASSES)
		return logits ? softmax_of(x, n, class) : x[class];
	if (n > 1)
		return logits ? 1 / (1 + exp(-(double)x[class])) : x[class];
	p = x[0];
	if (logits)
		return 1 / (1 + exp(class ? -p : p));
	return class ? p : 1 - p;
}
