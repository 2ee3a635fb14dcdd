// SPDX-License-Identifier: MIT
/*
 * Bad input: each an error with the numbers in it, no abort, no leak, and the
 * context works afterwards.
 */
#include <fcntl.h>
#include <linux/udmabuf.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <accel/bench.h>
#include <accel/device.h>

#include "conform.h"

#include "../../libaccel/src/base/alloc.h"
#include "../../libaccel/src/base/error.h"

static void works(const char *after)
{
	float in[3] = { 1, 2, 3 }, out[3] = { 0 };
	accel_tensor *x;

	accel_scope_begin(ctx);
	x = accel_tensor_create(ctx, ACCEL_F32, ACCEL_SHAPE(3), in);
	CHECK(!accel_read(accel_neg(x), out, sizeof(out)) && out[2] == -3,
	      "%s: the context works after %s", label, after);
	accel_scope_end(ctx);
}

/* NULL, and both pieces in the text. */
static void refused(accel_tensor *t, const char *a, const char *b,
		    const char *what)
{
	const char *text = accel_last_error();

	if (!CHECK(!t && strstr(text, a) && strstr(text, b),
		   "%s: %s is refused with the numbers", label, what))
		printf("# %s\n", text);
}

static void shapes(void)
{
	accel_tensor *a, *b, *x, *bad[2];

	accel_scope_begin(ctx);
	a = make(ACCEL_F32, ACCEL_SHAPE(32, 784), -1, 1);
	b = make(ACCEL_F32, ACCEL_SHAPE(768, 128), -1, 1);
	x = make(ACCEL_F32, ACCEL_SHAPE(2, 3, 5, 7), -1, 1);
	refused(accel_matmul(a, b),
		"matmul: inner dimensions differ: a [32, 784], b [768, 128]",
		"", "a product of unequal inner dimensions");
	refused(accel_matmul(make(ACCEL_F32, ACCEL_SHAPE(4), 0, 1), b), "[4]",
		"matmul", "a product of a vector");
	refused(accel_matmul(make(ACCEL_F32, ACCEL_SHAPE(2, 4, 6), 0, 1),
			     make(ACCEL_F32, ACCEL_SHAPE(3, 6, 4), 0, 1)),
		"[2]", "[3]", "a product of unequal batches");
	refused(accel_add(a, b), "add", "[768, 128]", "an unequal sum");
	refused(accel_where(a, a, b), "where", "[32, 784]", "an unequal where");
	refused(accel_reshape(a, ACCEL_SHAPE(5, 5)), "25088", "25",
		"a reshape to another size");
	refused(accel_reshape(a, ACCEL_SHAPE(-1, 5)), "[32, 784]", "[-1, 5]",
		"a reshape that does not divide");
	refused(accel_reshape(a, ACCEL_SHAPE(-1, -1)), "reshape", "-1",
		"a reshape with two unknowns");
	refused(accel_permute(x, (int[]){ 0, 1, 1, 2 }), "axis 1",
		"named twice", "a repeated axis");
	refused(accel_transpose(x, 0, 9), "9", "[2, 3, 5, 7]", "a wrong axis");
	refused(accel_slice(x, 3, 5, 4, 1), "5:4:1", "[2, 3, 5, 7]",
		"a slice that ends before it starts");
	refused(accel_slice(x, 3, 0, 5, 0), "0:5:0", "", "a step of 0");
	refused(accel_slice(x, -5, 0, 5, 1), "-5", "", "a slice of no axis");
	refused(accel_broadcast(x, ACCEL_SHAPE(2, 4, 5, 7)), "[2, 3, 5, 7]",
		"[2, 4, 5, 7]", "a wrong broadcast");
	refused(accel_sum(x, ACCEL_AXES(4), false), "axis 4", "[2, 3, 5, 7]",
		"a sum over no axis");
	refused(accel_argmax(x, -5, false), "axis -5", "", "argmax of no axis");
	refused(accel_cumsum(x, 4), "axis 4", "", "cumsum of no axis");
	refused(accel_softmax(x, 4), "axis 4", "", "softmax of no axis");
	refused(accel_conv2d(x, make(ACCEL_F32, ACCEL_SHAPE(4, 2, 3, 3), 0, 1)),
		"[2, 3, 5, 7]", "[4, 2, 3, 3]", "a conv of other channels");
	refused(accel_conv2d(x, make(ACCEL_F32, ACCEL_SHAPE(4, 3, 6, 3), 0, 1)),
		"larger", "[4, 3, 6, 3]", "a conv larger than its input");
	refused(accel_conv2d(x, make(ACCEL_F32, ACCEL_SHAPE(4, 3, 3, 3), 0, 1),
			     .stride = { -1, 1 }),
		"stride -1", "", "a negative stride");
	refused(accel_conv2d(x, a), "[32, 784]", "4 dimensions",
		"a conv by a matrix");
	refused(accel_conv_transpose2d(
			x, make(ACCEL_F32, ACCEL_SHAPE(3, 2, 3, 3), 0, 1),
			.output_pad = { 2, 0 }),
		"output pad 2", "stride 1", "too much output padding");
	refused(accel_conv_transpose2d(
			x, make(ACCEL_F32, ACCEL_SHAPE(3, 2, 1, 1), 0, 1),
			.pad = { 4, 4 }),
		"conv2d_input", "-3", "a transposed conv of nothing");
	refused(accel_max_pool2d(x, .size = { 9, 9 }), "window 9",
		"[2, 3, 5, 7]", "a window larger than the image");
	refused(accel_max_pool2d(x), "window 0", "", "a pool without window");
	refused(accel_avg_pool2d(a, .size = { 2, 2 }), "[32, 784]", "",
		"a pool of a matrix");
	refused(accel_normalize(x, ACCEL_AXES(1), -1), "-1", "epsilon",
		"a negative epsilon");
	refused(accel_layer_norm(x, b, NULL, 1e-5), "gamma of [768, 128]",
		"[2, 3, 5, 7]", "a wrong gamma");
	refused(accel_gather(x, 0, a), "f32", "integer", "an index of floats");
	refused(accel_gather(x, 0, make(ACCEL_I32, ACCEL_SHAPE(2, 3), 0, 1)),
		"[2, 3]", "[2, 3, 5, 7]", "an index of another shape");
	refused(accel_one_hot(a, 3, ACCEL_F32), "f32", "", "one_hot of floats");
	bad[0] = a;
	bad[1] = b;
	refused(accel_concat(2, bad, 0), "[32, 784]", "[768, 128]",
		"concat of unequal parts");
	refused(accel_concat(65, bad, 0), "65", "64", "concat of 65 parts");
	refused(accel_pad(a, (int64_t[]){ -1, 0 }, (int64_t[]){ 0, 0 }, 0),
		"-1", "[32, 784]", "negative padding");
	refused(accel_resize(x, 0, 3, ACCEL_NEAREST), "0", "resize",
		"a resize to nothing");
	refused(accel_unpack_bits(a, 8), "f32", "8", "bits of floats");
	refused(accel_random_dropout(a, 1), "rate 1", "",
		"a dropout of everything");
	CHECK(accel_topk(a, 785, bad, NULL) == ACCEL_ERR_RANGE && !bad[0] &&
		      strstr(accel_last_error(), "785"),
	      "%s: top 785 of 784", label);
	CHECK(accel_split(a, 1, 5, bad) == ACCEL_ERR_SHAPE,
	      "%s: 784 in 5 parts", label);
	accel_scope_end(ctx);
	works("wrong shapes");
}

static void sizes(void)
{
	int64_t nine[9] = { 1, 1, 1, 1, 1, 1, 1, 1, 1 };
	accel_tensor *x;

	accel_scope_begin(ctx);
	refused(accel_tensor_create(ctx, ACCEL_F32, ACCEL_SHAPE(3, -2), NULL),
		"-2", "", "a negative size");
	refused(accel_tensor_create(ctx, ACCEL_F32, 9, nine, NULL), "9", "8",
		"a ninth dimension");
	refused(accel_tensor_create(ctx, ACCEL_F32, 2, NULL, NULL), "2", "",
		"a shape of NULL");
	refused(accel_tensor_create(ctx, (accel_dtype)9, ACCEL_SHAPE(3), NULL),
		"9", "data type", "an unknown type");
	refused(accel_tensor_create(ctx, ACCEL_F32,
				    ACCEL_SHAPE(1 << 20, 1 << 20), NULL),
		"1048576", "2147483647", "an over-large tensor");
	refused(accel_tensor_create(ctx, ACCEL_U8,
				    ACCEL_SHAPE(INT64_MAX, INT64_MAX), NULL),
		"9223372036854775807", "", "a size that overflows");
	x = make(ACCEL_F32, ACCEL_SHAPE(60000, 1), 0, 1);
	refused(accel_add(x, accel_transpose(x, 0, 1)), "[60000, 60000]",
		"limit", "a broadcast that is too large");
	refused(accel_expand(
			accel_reshape(x, ACCEL_SHAPE(1, 1, 1, 1, 1, 1, 1, -1)),
			0),
		"[1, 1, 1, 1, 1, 1, 1, 60000]", "", "one dimension too many");
	accel_scope_end(ctx);
	works("wrong sizes");
}

static void nulls(void)
{
	accel_context *other = accel_open("cpu");
	accel_tensor *x, *y, *g;
	float v = 0;

	accel_scope_begin(ctx);
	x = make(ACCEL_F32, ACCEL_SHAPE(2, 3), -1, 1);
	y = accel_matmul(x, x); /* fails */
	y = accel_relu(accel_add(accel_softmax(y, 1), x));
	y = accel_mean(accel_mul(y, y), ACCEL_ALL_AXES, false);
	CHECK(!y && accel_read(y, &v, 4) == ACCEL_ERR_INVALID &&
		      strstr(accel_last_error(), "inner dimensions"),
	      "%s: NULL goes through an expression, the first error stays",
	      label);
	CHECK(accel_grad(y, 1, &x, &g) == ACCEL_ERR_INVALID && !g,
	      "%s: NULL goes through a gradient", label);
	CHECK(!accel_keep(NULL) && !accel_tensor_shape(NULL) &&
		      !accel_tensor_count(NULL),
	      "%s: NULL has nothing", label);
	accel_tensor_destroy(NULL);
	accel_close(NULL);
	CHECK(accel_read(x, &v, 4) == ACCEL_ERR_RANGE &&
		      strstr(accel_last_error(), "24"),
	      "%s: a read of the wrong size", label);
	CHECK(accel_write(x, &v, 4) == ACCEL_ERR_RANGE,
	      "%s: a write of the wrong size", label);
	CHECK(accel_write(accel_neg(x), (float[6]){ 0 }, 24) ==
		      ACCEL_ERR_INVALID,
	      "%s: a write to what is not computed", label);
	CHECK(other != NULL, "%s: a second context", label);
	y = accel_tensor_create(other, ACCEL_F32, ACCEL_SHAPE(2, 3), NULL);
	refused(accel_add(x, y), "two contexts", "add",
		"a sum across contexts");
	accel_close(other);
	CHECK(accel_scope_end(ctx) == ACCEL_OK &&
		      accel_scope_end(ctx) == ACCEL_ERR_INVALID,
	      "%s: a scope that is not open cannot end", label);
	works("NULL");
}

/* Memory of our own behind a DMA-BUF, where the system has udmabuf. */
static int udmabuf(int memfd, size_t bytes)
{
	struct udmabuf_create create = { .memfd = (uint32_t)memfd,
					 .size = bytes };
	int dev = open("/dev/udmabuf", O_RDWR | O_CLOEXEC), fd;

	if (dev < 0)
		return -1;
	fd = ioctl(dev, UDMABUF_CREATE, &create);
	close(dev);
	return fd;
}

static void shared_memory(void)
{
	int mem = memfd_create("test", MFD_ALLOW_SEALING | MFD_CLOEXEC);
	int fd = -1, out = -1;
	float v[8] = { 0 };
	accel_tensor *x;

	accel_scope_begin(ctx);
	if (ftruncate(mem, 65536) || fcntl(mem, F_ADD_SEALS, F_SEAL_SHRINK))
		CHECK(false, "%s: a memfd", label);
	refused(accel_tensor_import(ctx, mem, 0, ACCEL_F32, ACCEL_SHAPE(4)),
		"no DMA-BUF", "import", "a memfd as a DMA-BUF");
	refused(accel_tensor_import(ctx, -1, 0, ACCEL_F32, ACCEL_SHAPE(4)),
		"-1", "DMA-BUF", "a closed descriptor");
	refused(accel_tensor_import(ctx, mem, 3, ACCEL_F32, ACCEL_SHAPE(4)),
		"offset 3", "f32", "an odd offset");
	x = make(ACCEL_F32, ACCEL_SHAPE(4, 2), -1, 1);
	CHECK(accel_tensor_export(accel_transpose(x, 0, 1), &out) ==
			      ACCEL_ERR_INVALID &&
		      out == -1,
	      "%s: a view is not exported", label);
	if (!on_vulkan)
		CHECK(accel_tensor_export(x, &out) == ACCEL_ERR_NOSYS,
		      "%s: memory without DMA-BUF is not exported", label);
	fd = udmabuf(mem, 65536);
	if (fd < 0) {
		printf("ok %d - %s: a DMA-BUF as a tensor # SKIP no udmabuf\n",
		       ++tap_run, label);
	} else if (pwrite(mem, (float[]){ 1, 2, 3, 4 }, 16, 4096) == 16) {
		refused(accel_tensor_import(ctx, fd, 0, ACCEL_F32,
					    ACCEL_SHAPE(65536)),
			"262144", "65536", "a DMA-BUF that is too small");
		x = accel_tensor_import(ctx, fd, 4096, ACCEL_F32,
					ACCEL_SHAPE(2, 2));
		CHECK(!accel_read(accel_neg(x), v, 16) && v[3] == -4,
		      "%s: a DMA-BUF as a tensor", label);
		CHECK(!accel_tensor_export(accel_tensor_import(ctx, fd, 0,
							       ACCEL_F32,
							       ACCEL_SHAPE(2)),
					   &out) &&
			      out >= 0,
		      "%s: an imported DMA-BUF is exported", label);
		close(out);
	}
	if (fd >= 0)
		close(fd);
	close(mem);
	accel_scope_end(ctx);
	works("shared memory");
}

static void nan_payloads(void)
{
	const uint32_t bits[6] = { 0x7fc00001, 0xffc12345, 0x7f800001,
				   0x7fbfffff, 0xff800000, 0x80000000 };
	const uint16_t half[4] = { 0x7e01, 0xfc01, 0x7fff, 0x8000 };
	accel_tensor *x;
	uint32_t got[6];
	uint16_t h[4];
	int i, same = 0;

	accel_scope_begin(ctx);
	x = accel_tensor_create(ctx, ACCEL_F32, ACCEL_SHAPE(2, 3), bits);
	accel_read(accel_transpose(x, 0, 1), got, sizeof(got));
	for (i = 0; i < 6; i++)
		same += got[i] == bits[i % 2 * 3 + i / 2];
	CHECK(same == 6, "%s: NaN payloads pass through storage and views",
	      label);
	x = accel_tensor_create(ctx, ACCEL_F16, ACCEL_SHAPE(4), half);
	accel_read(accel_reshape(x, ACCEL_SHAPE(2, 2)), h, sizeof(h));
	CHECK(!memcmp(h, half, sizeof(h)), "%s: those of f16 too", label);
	accel_scope_end(ctx);
}

static void halves(void)
{
	int i, bad = 0;

	for (i = 0; i < 65536; i++) {
		uint16_t h = (uint16_t)i, back;
		float f = half_to_float(h);

		back = half_from_float(f);
		if (f != f)
			bad += !(back & 0x3ff) || (back & 0x7c00) != 0x7c00;
		else
			bad += back != h;
	}
	CHECK(!bad, "every f16 survives f32");
	CHECK(half_from_float(65520.0f) == 0x7c00 &&
		      half_from_float(65519.0f) == 0x7bff,
	      "f16 overflows to infinity where it rounds to it");
	CHECK(half_from_float(0x1p-24f) == 1 &&
		      half_from_float(0x1p-25f) == 0 &&
		      half_from_float(0x1.8p-25f) == 1,
	      "f16 subnormals round to even");
	CHECK(half_from_float(1.00048828125f) == 0x3c00 &&
		      half_from_float(1.001464f) == 0x3c01,
	      "f16 rounds halves to even");
}

static void memory(void)
{
	accel_context *mine = ctx;
	accel_tensor *x, *y;
	accel_counters c;
	float *out = malloc(4 << 20);

	ctx = accel_open(on_vulkan ? "vulkan" : "cpu", .memory_limit = 6 << 20);
	accel_scope_begin(ctx);
	x = accel_tensor_create(ctx, ACCEL_F32, ACCEL_SHAPE(1024, 1024), NULL);
	CHECK(!!x, "%s: 4 MiB of 6", label);
	refused(accel_tensor_create(ctx, ACCEL_F32, ACCEL_SHAPE(1024, 1024),
				    NULL),
		"4194304 bytes needed", "2097152 free", "the next 4 MiB");
	y = accel_cumsum(accel_cumsum(x, 0), 1);
	CHECK(accel_read(y, out, 4 << 20) == ACCEL_ERR_NOMEM &&
		      strstr(accel_last_error(), "8388608") &&
		      strstr(accel_last_error(), "2097152"),
	      "%s: a plan's need and what was free are in the text", label);
	printf("# %s\n", accel_last_error());
	works("running out of memory");
	y = accel_sum(x, ACCEL_AXES(0), false);
	CHECK(!accel_read(y, out, 4096), "%s: what fits still runs", label);
	accel_scope_end(ctx);
	accel_counters_get(ctx, &c);
	CHECK(c.bytes_in_use == 0, "%s: a scope's end frees its tensors",
	      label);
	accel_close(ctx);
	ctx = mine;
	free(out);
}

/* Makes the n-th allocation fail for every n until all succeed. */
static void allocations(void)
{
	accel_context *mine = ctx;
	int n, finished = 0, wrong = 0;

	for (n = 1; n < 400 && !finished; n++) {
		accel_tensor *x, *y, *g;
		float v = 0;
		bool ok;

		ctx = accel_open("cpu", .threads = 1);
		if (!ctx)
			break;
		mem_fail_after((uint64_t)n);
		accel_scope_begin(ctx);
		x = accel_tensor_create(ctx, ACCEL_F32, ACCEL_SHAPE(4, 4),
					NULL);
		y = accel_matmul(accel_transpose(x, 0, 1),
				 accel_softmax(accel_add_scalar(x, 1), 1));
		y = accel_sum(accel_topk(y, 2, &g, NULL) ? NULL : g,
			      ACCEL_ALL_AXES, false);
		ok = y && !accel_grad(y, 1, &x, &g) &&
		     !accel_assign(x, accel_add(x, g)) && !accel_read(y, &v, 4);
		if (ok)
			finished = n;
		else if (!strstr(accel_last_error(), "memory"))
			wrong++;
		mem_fail_after(0);
		/* and then it works */
		y = accel_neg(
			x ? x
			  : accel_full(ctx, ACCEL_F32, ACCEL_SHAPE(4, 4), 1));
		if (accel_read(accel_sum(y, ACCEL_ALL_AXES, false), &v, 4)) {
			printf("# allocation %d: %s\n", n, accel_last_error());
			wrong++;
		}
		accel_close(ctx);
	}
	mem_fail_after(0);
	ctx = mine;
	CHECK(finished > 20 && !wrong, "%s: any of %d allocations may fail",
	      label, finished);
}

static void devices(void)
{
	accel_context *c = accel_open("no such device");

	CHECK(!c && strstr(accel_last_error(), "no such device"),
	      "an unknown device is refused by its name");
	accel_close(c);
}

/* Pointers that are missing, and numbers at the end of their range. */
static void arguments(void)
{
	int64_t ends[] = { INT32_MIN, INT32_MAX, INT64_MIN, INT64_MAX };
	accel_tensor *x, *y, *w;
	accel_status bad[16];
	int i, n = 0, ok = 0;
	accel_bench_result result;
	uint32_t count;

	accel_scope_begin(ctx);
	x = make(ACCEL_F32, ACCEL_SHAPE(1, 1, 2, 3), -1, 1);
	w = make(ACCEL_F32, ACCEL_SHAPE(1, 1, 1, 1), -1, 1);
	refused(accel_permute(x, NULL), "permute", "[1, 1, 2, 3]", "no order");
	refused(accel_concat(2, NULL, 0), "concat", "2", "no parts");
	refused(accel_pad(x, NULL, NULL, 0), "pad", "[1, 1, 2, 3]", "no pads");
	refused(accel_matmul_with(NULL), "matmul", "", "no options");
	refused(accel_conv1d_with(NULL), "conv1d", "", "no options");
	refused(accel_conv2d_with(NULL), "conv2d", "", "no options");
	refused(accel_conv_transpose2d_with(NULL), "conv_transpose2d", "",
		"no options");
	refused(accel_max_pool2d_with(NULL), "pool", "", "no options");
	bad[n++] = accel_scope_begin(NULL);
	bad[n++] = accel_scope_end(NULL);
	bad[n++] = accel_sync(NULL);
	bad[n++] = accel_tensor_export(x, NULL);
	bad[n++] = accel_grad(x, 1, NULL, NULL);
	bad[n++] = accel_grad(x, 1, &x, NULL);
	bad[n++] = accel_grad(x, -1, &x, &y);
	bad[n++] = accel_plan_print(x, NULL);
	bad[n++] = accel_device_list(NULL, 0, NULL);
	bad[n++] = accel_device_list(NULL, 1, &count);
	bad[n++] = accel_bench("matmul", "cpu", 8, 1, NULL);
	bad[n++] = accel_bench(NULL, "cpu", 8, 1, &result);
	bad[n++] = accel_tune_reset("cpu", NULL);
	for (i = 0; i < n; i++)
		ok += bad[i] == ACCEL_ERR_INVALID;
	CHECK(ok == n && accel_split(x, 0, 1, NULL) == ACCEL_ERR_SHAPE,
	      "%s: %d calls without what they need", label, n);
	accel_seed(NULL, 1);
	accel_plan_clear(NULL);
	accel_counters_get(ctx, NULL);
	accel_counters_get(NULL, &(accel_counters){ 0 });
	CHECK(!accel_context_device(NULL) && !accel_context_backend(NULL),
	      "%s: no context has no name", label);
	y = accel_slice(x, 3, 1, 3, INT64_MAX);
	CHECK(accel_tensor_dim(y, 3) == 1 && accel_tensor_count(y) == 2,
	      "%s: a step beyond the end takes the first", label);
	for (i = 0; i < 4; i++) {
		int v = (int)ends[i];

		accel_slice(x, 3, ends[i], ends[3 - i], 1);
		accel_reshape(x, ACCEL_SHAPE(ends[i], -1));
		accel_arange(ctx, ACCEL_I8, ends[i]);
		accel_resize(x, ends[i], ends[3 - i], ACCEL_BILINEAR);
		accel_topk(x, ends[i], &y, NULL);
		accel_expand(x, v);
		accel_transpose(x, v, 0);
		accel_conv2d(x, w, .stride = { v, v }, .same = true);
		accel_conv2d(x, w, .pad = { v, v }, .dilation = { v, v });
		accel_conv_transpose2d(x, w, .stride = { v, v },
				       .pad = { v, v });
		accel_max_pool2d(x, .size = { v, v }, .stride = { v, v },
				 .pad = { v, v });
		accel_avg_pool2d(x, .size = { v, v }, .same = true);
	}
	accel_scope_end(ctx);
	works("numbers at the end of their range");
}

static void suite(void)
{
	arguments();
	shapes();
	sizes();
	nulls();
	shared_memory();
	nan_payloads();
	memory();
	allocations();
}

int main(int argc, char **argv)
{
	halves();
	devices();
	return conform_main(argc, argv, suite);
}
