// SPDX-License-Identifier: MIT
/*
 * Graphs on a device whose kernel table asks for shared-memory tiles, as one of
 * a large GPU would: fused convolutions and products, and their gradients. Needs
 * a Vulkan device with the memory for them: lavapipe will do.
 */
#include <stdio.h>
#include <unistd.h>

#include "compute/tune.h"
#include "conform.h"

static char folder[] = "/tmp/accel-tiles-XXXXXX";
static char table[4096], log_path[128];

static bool write_table(uint8_t matmul, uint8_t conv)
{
	struct compute_device *dev;
	struct tune_table t;
	bool done;

	if (compute_open("vulkan", &dev) || !dev)
		return false;
	memset(t.shape[TUNE_MATMUL], matmul, TUNE_BUCKETS);
	memset(t.shape[TUNE_CONV], conv, TUNE_BUCKETS);
	done = tune_fits(dev, TUNE_CONV, conv) &&
	       !compute_tune_path(dev, table, sizeof(table)) &&
	       !compute_tune_save(dev, &t);
	compute_close(dev);
	return done;
}

static void convolution(accel_dtype d, int stride, int groups)
{
	const bool half = d == ACCEL_F16;
	accel_tensor *x, *w, *b, *r, *y, *loss, *g[3];

	accel_scope_begin(ctx);
	x = make(d, ACCEL_SHAPE(3, 16, 9, 7), -1, 1);
	w = make(d, ACCEL_SHAPE(36, 16 / groups, 3, 3), -1, 1);
	b = make(d, ACCEL_SHAPE(36, 1, 1), -1, 1);
	y = accel_conv2d(x, w, .pad = { 1, 1 }, .groups = groups,
			 .stride = { stride, stride });
	r = make(d, accel_tensor_ndim(y), accel_tensor_shape(y), -1, 1);
	check(accel_relu(accel_add(accel_add(y, b), r)), half ? CHAIN : SUM,
	      "conv, bias, residual, relu: %s, stride %d, groups %d",
	      accel_dtype_name(d), stride, groups);
	y = accel_tanh(accel_add(y, b));
	loss = accel_sum(accel_mul(y, r), ACCEL_AXES(0, 1, 2, 3), false);
	accel_grad(loss, 3, (accel_tensor *[]){ x, w, b }, g);
	for (int i = 0; i < 3; i++)
		check(g[i], half ? CHAIN : SUM,
		      "gradient %d of conv, bias, tanh: %s, stride %d, groups "
		      "%d",
		      i, accel_dtype_name(d), stride, groups);
	accel_scope_end(ctx);
}

static void product(void)
{
	accel_tensor *x, *w, *b, *y;

	accel_scope_begin(ctx);
	x = make(ACCEL_F32, ACCEL_SHAPE(70, 33), -1, 1);
	w = make(ACCEL_F32, ACCEL_SHAPE(45, 33), -1, 1);
	b = make(ACCEL_F32, ACCEL_SHAPE(45), -1, 1);
	y = accel_matmul(x, w, .transpose_b = true);
	check(accel_relu(accel_add(y, b)), SUM, "matmul, bias, relu");
	accel_scope_end(ctx);
}

static void suite(void)
{
	product();
	convolution(ACCEL_F32, 1, 1);
	convolution(ACCEL_F32, 2, 1);
	convolution(ACCEL_F32, 1, 2);
	convolution(ACCEL_F16, 1, 1);
}

/* The pipelines whose names start so. */
static int pipelines(const char *kernel)
{
	FILE *f = fopen(log_path, "r");
	char line[1024];
	int n = 0;

	while (f && fgets(line, sizeof(line), f))
		n += !strncmp(line, kernel, strlen(kernel));
	if (f)
		fclose(f);
	return n;
}

int main(void)
{
	if (!mkdtemp(folder))
		return 1;
	snprintf(log_path, sizeof(log_path), "%s/log", folder);
	setenv("ACCEL_CACHE_DIR", folder, 1);
	unsetenv("ACCEL_LIMITS");
	if (!write_table(COMPUTE_MATMUL_TILE32, COMPUTE_CONV_TILE32))
		return printf("1..0 # SKIP no Vulkan device with room for "
			      "tiles\n") < 0;
	setenv("ACCEL_KERNEL_LOG", log_path, 1);
	conform_device("vulkan", NULL, suite);
	CHECK(pipelines("matmul_tile 8 ") > 0, "the product went by tiles");
	CHECK(pipelines("conv_tile 8 ") >= 6,
	      "convolutions and their gradients went by tiles: %d pipelines",
	      pipelines("conv_tile 8 "));
	CHECK(!pipelines("conv ") && !pipelines("conv_input_grad") &&
		      !pipelines("conv_weight_grad"),
	      "and none by direct loops");
	unlink(table);
	unlink(log_path);
	strcpy(strrchr(table, '.'), ".bin"); /* the pipelines, beside it */
	unlink(table);
	rmdir(folder);
	return tap_done();
}
