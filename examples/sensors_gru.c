// SPDX-License-Identifier: MIT
/*
 * Is the room empty, occupied, being aired, or is a sensor broken? A GRU reads
 * 48 minutes of temperature, humidity, light and CO2.
 */
#include <stdio.h>

#include <accel/accel.h>

int main(void)
{
	accel_context *ctx = accel_open(NULL);
	accel_dataset *rooms = accel_dataset_sensors(ctx, 48, .train = 1000,
						     .test = 300,
						     .faults_train = 0.25,
						     .faults_test = 0.25);
	accel_model *m = accel_sequential(ctx, accel_gru(24), accel_dense(4));
	accel_scores scores = { 0 };
	int64_t counts[16];
	int i, j;

	if (!rooms ||
	    accel_compile(m,
			  .optimizer = accel_adam(.lr = 0.005, .clip_norm = 1),
			  .loss = ACCEL_SPARSE_CROSS_ENTROPY_LOGITS,
			  .metrics = ACCEL_ACCURACY | ACCEL_F1) ||
	    accel_fit(m, rooms->train, .epochs = 6,
		      .validation = rooms->test) ||
	    accel_evaluate(m, rooms->test, &scores) ||
	    accel_confusion(m, rooms->test, 4, counts)) {
		fprintf(stderr, "sensors_gru: %s\n", accel_last_error());
		return 1;
	}
	for (i = 0; i < 4; i++) {
		printf("%-10s", rooms->test->class_names[i]);
		for (j = 0; j < 4; j++)
			printf(" %5lld", (long long)counts[i * 4 + j]);
		printf("\n");
	}
	accel_model_destroy(m);
	accel_dataset_destroy(rooms);
	accel_close(ctx);
	return !(accel_scores_get(&scores, ACCEL_ACCURACY) > 0.75);
}
