// SPDX-License-Identifier: MIT
/*
 * A device that is lost while it works, by way of tests/unit/lost_icd.c: an
 * error from then on, no hang, no leak, and a new context works. The same driver
 * makes two devices of one name.
 */
#include <glob.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <accel/context.h>
#include <accel/ops.h>
#include <accel/tensor.h>

#include "tap.h"

/* The library of lavapipe, from its manifest. */
static bool find_driver(char *path, size_t size)
{
	char line[1024];
	bool found = false;
	glob_t g;
	FILE *f;

	if (glob("/usr/share/vulkan/icd.d/lvp_icd*.json", 0, NULL, &g))
		return false;
	f = fopen(g.gl_pathv[0], "r");
	while (f && fgets(line, sizeof(line), f)) {
		char *s = strstr(line, "\"library_path\"");

		s = s ? strchr(s + 14, '"') : NULL;
		if (!s)
			continue;
		s[1 + strcspn(s + 1, "\"")] = 0;
		found = snprintf(path, size, "%s", s + 1) < (int)size;
	}
	if (f)
		fclose(f);
	globfree(&g);
	return found;
}

/* From now on the loader finds lost_icd.so only. */
static bool install(const char *program, char *manifest)
{
	char driver[512], copy[512], *self;
	int fd = mkstemps(manifest, 5);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "w");

	snprintf(copy, sizeof(copy), "%s", program);
	self = realpath(dirname(copy), NULL);
	if (!f || !self || !find_driver(driver, sizeof(driver))) {
		free(self);
		if (f)
			fclose(f);
		return false;
	}
	fprintf(f,
		"{ \"file_format_version\": \"1.0.0\", \"ICD\": {\n"
		"\"library_path\": \"%s/lost_icd.so\",\n"
		"\"api_version\": \"1.1.0\" } }\n",
		self);
	fclose(f);
	free(self);
	setenv("LOST_DRIVER", driver, 1);
	setenv("VK_ICD_FILENAMES", manifest, 1);
	setenv("VK_DRIVER_FILES", manifest, 1);
	return true;
}

static accel_status step(accel_context *ctx, float *out)
{
	accel_tensor *x, *y;
	accel_status err;

	accel_scope_begin(ctx);
	x = accel_tensor_create(ctx, ACCEL_F32, ACCEL_SHAPE(3),
				(float[]){ 1, 2, 3 });
	y = accel_cumsum(accel_mul(x, x), 0);
	err = accel_read(y, out, 12);
	accel_scope_end(ctx);
	return err;
}

static void lost_in(const char *call)
{
	accel_context *ctx;
	accel_tensor *kept;
	float v[3] = { 0 };
	int i, good = 0, lost = 0;

	setenv("LOST_CALL", call, 1);
	setenv("LOST_AFTER", "3", 1);
	ctx = accel_open("vulkan");
	if (!CHECK(!!ctx, "%s: the device opens", call)) {
		printf("# %s\n", accel_last_error());
		return;
	}
	kept = accel_keep(
		accel_tensor_create(ctx, ACCEL_F32, ACCEL_SHAPE(3), NULL));
	for (i = 0; i < 3; i++)
		good += !step(ctx, v) && v[2] == 14;
	CHECK(good == 3, "%s: three steps work", call);
	CHECK(step(ctx, v) == ACCEL_ERR_LOST &&
		      strstr(accel_last_error(), "VK_ERROR_DEVICE_LOST"),
	      "%s: the fourth says that the device is lost", call);
	printf("# %s\n", accel_last_error());
	for (i = 0; i < 3; i++)
		lost += step(ctx, v) == ACCEL_ERR_LOST;
	CHECK(lost == 3, "%s: so does everything after it", call);
	CHECK(accel_sync(ctx) == ACCEL_ERR_LOST &&
		      strstr(accel_last_error(), "lost"),
	      "%s: and with nothing to do, too", call);
	accel_tensor_destroy(kept);
	accel_close(ctx);
	unsetenv("LOST_AFTER");
	ctx = accel_open("vulkan");
	CHECK(ctx && !step(ctx, v) && v[2] == 14,
	      "%s: closed and opened again, it works", call);
	accel_close(ctx);
}

/* A card whose memory the CPU cannot see, while bytes are on their way. */
static void lost_card(void)
{
	float v[3] = { 4, 5, 6 }, got[3] = { 0 };
	accel_context *ctx;
	accel_tensor *x;

	setenv("LOST_DISCRETE", "1", 1);
	ctx = accel_open("vulkan");
	x = accel_tensor_create(ctx, ACCEL_F32, ACCEL_SHAPE(3), v);
	CHECK(ctx && !step(ctx, got) && got[2] == 14 &&
		      !accel_read(x, got, 12) && got[2] == 6,
	      "card: memory that the CPU cannot see holds tensors");
	v[2] = 7;
	CHECK(!accel_write(x, v, 12) && !accel_read(x, got, 12) && got[2] == 7,
	      "card: a write reaches it");
	setenv("LOST_CALL", "vkQueueSubmit", 1);
	setenv("LOST_AFTER", "0", 1);
	CHECK(accel_write(x, v, 12) == ACCEL_ERR_LOST,
	      "card: a write that did not arrive is an error");
	CHECK(!accel_tensor_create(ctx, ACCEL_F32, ACCEL_SHAPE(3), v) &&
		      strstr(accel_last_error(), "lost"),
	      "card: so is a tensor without its data");
	accel_close(ctx);
	unsetenv("LOST_AFTER");
	unsetenv("LOST_DISCRETE");
}

/* What the CPU sees of a card is soon used up; the card has more. */
__attribute__((unused)) static void small_window(void)
{
	enum { N = 1 << 20 };
	float *v = calloc(N, sizeof(*v));
	accel_context *ctx;
	accel_tensor *x;

	setenv("LOST_BAR", "1", 1);
	ctx = accel_open("vulkan");
	v[N - 1] = 3;
	x = accel_tensor_create(ctx, ACCEL_F32, ACCEL_SHAPE(N), v);
	v[N - 1] = 0;
	if (!CHECK(x && !accel_read(accel_neg(x), v, N * sizeof(*v)) &&
			   v[N - 1] == -3,
		   "card: a tensor of 4 MiB where the CPU sees 1 MiB"))
		printf("# %s\n", accel_last_error());
	accel_close(ctx);
	unsetenv("LOST_BAR");
	free(v);
}

/* As SwiftShader's: no letter in it says that it is no index. */
static void digits_for_uuid(void)
{
	accel_context *ctx;
	float v[3] = { 0 };

	setenv("LOST_DIGITS", "1", 1);
	ctx = accel_open("12121212-1212-1212-1212-121212121212");
	CHECK(ctx && !step(ctx, v) && v[2] == 14,
	      "a UUID of decimal digits opens its device");
	accel_close(ctx);
	ctx = accel_open("12121212121212121212121212121212");
	if (!CHECK(ctx && !step(ctx, v) && v[2] == 14,
		   "without dashes it is no index either"))
		printf("# %s\n", accel_last_error());
	accel_close(ctx);
	CHECK(!accel_open("12121212121212121212121212121213") &&
		      strstr(accel_last_error(), "1213'"),
	      "a UUID that no device has is an error");
	unsetenv("LOST_DIGITS");
}

/* lavapipe itself, and by way of lost_icd.c. */
__attribute__((unused)) static void two_of_one_name(const char *manifest)
{
	char both[512], name[256];
	accel_context *ctx;
	float v[3];
	glob_t g;

	if (glob("/usr/share/vulkan/icd.d/lvp_icd*.json", 0, NULL, &g))
		return;
	snprintf(both, sizeof(both), "%s:%s", g.gl_pathv[0], manifest);
	globfree(&g);
	setenv("VK_ICD_FILENAMES", both, 1);
	setenv("VK_DRIVER_FILES", both, 1);
	ctx = accel_open("1");
	CHECK(ctx && !step(ctx, v) && v[2] == 14,
	      "the second of two devices is index 1");
	snprintf(name, sizeof(name), "%s",
		 ctx ? accel_context_device(ctx) : "");
	accel_close(ctx);
	CHECK(!accel_open("llvmpipe") &&
		      strstr(accel_last_error(), "several devices") &&
		      strstr(accel_last_error(), "0 'llvmpipe") &&
		      strstr(accel_last_error(), "1 'llvmpipe"),
	      "a part of both names is an error that lists them");
	printf("# %s\n", accel_last_error());
	CHECK(*name && !accel_open(name) &&
		      strstr(accel_last_error(), "several devices"),
	      "so is the name that both have");
	setenv("ACCEL_DEVICE", "1", 1);
	ctx = accel_open(NULL);
	CHECK(ctx && !strcmp(accel_context_backend(ctx), "vulkan"),
	      "ACCEL_DEVICE takes an index");
	accel_close(ctx);
	setenv("ACCEL_DEVICE", "2", 1);
	CHECK(!accel_open(NULL) && strstr(accel_last_error(), "'2'"),
	      "ACCEL_DEVICE beyond the last is an error");
	unsetenv("ACCEL_DEVICE");
}

static void no_driver(void)
{
	accel_context *ctx;
	float v[3];

	setenv("VK_ICD_FILENAMES", "/dev/null", 1);
	setenv("VK_DRIVER_FILES", "/dev/null", 1);
	ctx = accel_open("vulkan");
	CHECK(!ctx && strstr(accel_last_error(), "vulkan"),
	      "without a driver \"vulkan\" is an error");
	printf("# %s\n", accel_last_error());
	ctx = accel_open(NULL);
	CHECK(ctx && !strcmp(accel_context_backend(ctx), "cpu") &&
		      !step(ctx, v) && v[2] == 14,
	      "without a driver and a wish it is the cpu");
	accel_close(ctx);
}

int main(int argc, char **argv)
{
	char manifest[] = "/tmp/accel-lost-XXXXXX.json";

	(void)argc;
	unsetenv("ACCEL_DEVICE");
	if (install(argv[0], manifest)) {
		lost_in("vkQueueSubmit");
		lost_in("vkWaitForFences");
		lost_card();
		digits_for_uuid();
#ifndef __SANITIZE_ADDRESS__ /* drivers loaded twice leak now and then */
		small_window();
		two_of_one_name(manifest);
#endif
	} else {
		printf("ok %d - a lost device # SKIP no lavapipe here\n",
		       ++tap_run);
	}
	unlink(manifest);
	no_driver();
	return tap_done();
}
