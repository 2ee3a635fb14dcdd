// SPDX-License-Identifier: MIT
/* The first program of every introduction: handwritten digits. */
#include <accel/accel.h>

int main(int argc, char **argv)
{
	accel_context *ctx = accel_open(NULL);
	accel_dataset *mnist =
		accel_dataset_mnist(ctx, argc > 1 ? argv[1] : "data/mnist");
	accel_model *m =
		accel_sequential(ctx, accel_flatten(),
				 accel_dense(128, .activation = ACCEL_RELU),
				 accel_dropout(0.2f), accel_dense(10));

	accel_compile(m, .optimizer = accel_adam(),
		      .loss = ACCEL_SPARSE_CROSS_ENTROPY_LOGITS,
		      .metrics = ACCEL_ACCURACY);
	accel_fit(m, mnist->train, .epochs = 5, .validation = mnist->test);
}
