// SPDX-License-Identifier: MIT
/* The first program of every introduction: handwritten digits.
 * mnist [DIRECTORY]: the four files of MNIST; without them, made-up digits. */
#include <stdio.h>

#include <accel/accel.h>

int main(int argc, char **argv)
{
	accel_context *ctx = accel_open(NULL);
	accel_dataset *mnist =
		argc > 1 ? accel_dataset_mnist(ctx, argv[1])
			 : accel_dataset_digits(ctx, 12000, 2000, 0);
	accel_model *m =
		accel_sequential(ctx, accel_flatten(),
				 accel_dense(128, .activation = ACCEL_RELU),
				 accel_dropout(0.2f), accel_dense(10));
	bool failed;

	failed = !mnist ||
		 accel_compile(m, .optimizer = accel_adam(),
			       .loss = ACCEL_SPARSE_CROSS_ENTROPY_LOGITS,
			       .metrics = ACCEL_ACCURACY) ||
		 accel_fit(m, mnist->train, .epochs = 5,
			   .validation = mnist->test);
	if (failed)
		fprintf(stderr, "mnist: %s\n", accel_last_error());
	accel_model_destroy(m);
	accel_dataset_destroy(mnist);
	accel_close(ctx);
	return failed;
}
