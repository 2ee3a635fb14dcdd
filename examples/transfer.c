// SPDX-License-Identifier: MIT
/*
 * Learns three new digits from 24 samples: a model that knows seven others lends
 * its layers, which stay as they are, and only a new head is trained.
 */
#include <stdio.h>

#include <accel/accel.h>

#define KNOWN 7
#define NEW 3
#define FEW 24

static const int known[KNOWN] = { 0, 1, 2, 3, 4, 5, 6 };
static const int fresh[NEW] = { 7, 8, 9 };

static accel_model *network(accel_context *ctx, int classes)
{
	return accel_sequential(ctx, accel_unflatten(1, 28, 28),
				accel_convolution2d(8, 3, .stride = 2,
						    .activation = ACCEL_RELU),
				accel_convolution2d(16, 3, .stride = 2,
						    .activation = ACCEL_RELU),
				accel_flatten(),
				accel_dense(48, .activation = ACCEL_RELU,
					    .name = "features"),
				accel_dense(classes, .name = "head"));
}

static accel_status train(accel_model *m, const accel_samples *s, int epochs)
{
	accel_status err =
		accel_compile(m, .optimizer = accel_adam(.lr = 0.005),
			      .loss = ACCEL_SPARSE_CROSS_ENTROPY_LOGITS,
			      .metrics = ACCEL_ACCURACY);

	return err ? err
		   : accel_fit(m, s, .epochs = epochs, .batch_size = 20,
			       .verbose = -1);
}

/* Another head on a base that is not trained; NULL where there is no base. */
static accel_model *with_a_new_head(accel_model *base)
{
	accel_node *features = accel_model_node(base, "features");

	accel_model_set_trainable(base, false);
	return accel_model_create(
		accel_model_input_node(base, 0),
		accel_apply(accel_dense(NEW, .name = "new_head"), features));
}

static double accuracy(accel_model *m, const accel_samples *s)
{
	accel_scores scores = { 0 };

	accel_evaluate(m, s, &scores);
	return accel_scores_get(&scores, ACCEL_ACCURACY);
}

static int failed(void)
{
	fprintf(stderr, "transfer: %s\n", accel_last_error());
	return 1;
}

int main(void)
{
	accel_context *ctx = accel_open(NULL);
	accel_model *base = network(ctx, KNOWN), *scratch, *m;
	accel_dataset *digits;
	accel_samples *old, *new, *test, *few;
	int64_t first[FEW];
	double lent, alone;
	int i;

	if (!base)
		return failed();
	digits = accel_dataset_digits(ctx, 3000, 1000, 1);
	if (!digits)
		return failed();
	old = accel_samples_select_classes(digits->train, KNOWN, known);
	new = accel_samples_select_classes(digits->train, NEW, fresh);
	test = accel_samples_select_classes(digits->test, NEW, fresh);
	for (i = 0; i < FEW; i++)
		first[i] = i;
	few = accel_samples_select(new, first, FEW);
	if (train(base, old, 4))
		return failed();

	m = with_a_new_head(base);
	scratch = network(ctx, NEW);
	if (train(m, few, 30) || train(scratch, few, 30))
		return failed();
	lent = accuracy(m, test);
	alone = accuracy(scratch, test);
	accel_model_summary(m, stdout);
	printf("%d samples of %d new digits: %.1f %% with the layers of a "
	       "model that knows %d others, %.1f %% without\n",
	       FEW, NEW, 100 * lent, KNOWN, 100 * alone);

	/* what is shared lives as long as anybody needs it */
	accel_model_destroy(base);
	accel_model_destroy(m);
	accel_model_destroy(scratch);
	accel_samples_destroy(few);
	accel_samples_destroy(test);
	accel_samples_destroy(new);
	accel_samples_destroy(old);
	accel_dataset_destroy(digits);
	accel_close(ctx);
	return !(lent > 0.75 && lent > alone);
}
