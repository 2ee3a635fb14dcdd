// SPDX-License-Identifier: MIT
/* What a forecast is worth beside saying that nothing changes. */
#include "accel.h"

#include <math.h>

bool persistence_score(const accel_samples *s, double *score, bool *accuracy)
{
	const float *now = s->persistence;
	double sum = 0, mean, std;
	int64_t i, n = 0;

	if (!now || !s->y.data || !s->preprocess)
		return false;
	*accuracy = s->n_classes > 0;
	accel_preprocess_target_scale(s->preprocess, &mean, &std);
	for (i = 0; i < s->count; i++) {
		if (isnan(now[i]))
			continue;
		n++;
		if (*accuracy)
			sum += ((const int32_t *)s->y.data)[i] == (int)now[i];
		else
			sum += std *
			       fabs((double)((const float *)s->y.data)[i] -
				    (double)now[i]);
	}
	*score = sum / (double)n;
	return n > 0;
}

void print_persistence(const accel_samples *s, bool json)
{
	bool accuracy;
	double score;

	if (!persistence_score(s, &score, &accuracy))
		return;
	if (json) {
		printf(", \"persistence_%s\": ",
		       accuracy ? "accuracy" : "mae_of_label");
		json_number(stdout, score);
		return;
	}
	printf("%-10s %.6g %s if nothing changed (persistence)\n", "", score,
	       accuracy ? "accuracy" : "in the unit of the label");
}
