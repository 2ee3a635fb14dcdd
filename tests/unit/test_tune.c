// SPDX-License-Identifier: MIT
/*
 * The kernel table: what it says is chosen, results stay right, and a file that
 * is damaged or another device's changes nothing. Needs a Vulkan device:
 * lavapipe will do.
 */
#include "compute_test.h"

#include <fcntl.h>
#include <unistd.h>

#include <accel/bench.h>

#include "compute/tune.h"

static char cache[] = "/tmp/accel-tune-XXXXXX";
static char path[4096];

/* What a device opened now takes for 100 by 100 by 100; 0: it cannot be. */
static uint32_t chosen(void)
{
	static struct compute_buffer *none = (void *)64; /* only sizes count */
	struct compute_matmul m = { 0 };
	struct compute_device *dev;
	uint32_t shape;

	m.a = (struct compute_view){ .buffer = none,
				     .rank = 2,
				     .size = { 100, 100 },
				     .stride = { 100, 1 } };
	m.b = m.out = m.a;
	if (compute_open("vulkan", &dev) || !dev)
		return 0;
	shape = compute_matmul_select(dev, &m);
	compute_close(dev);
	return shape;
}

/* Every bucket of matmul and conv. */
static void fill(struct tune_table *t, uint8_t matmul, uint8_t conv)
{
	memset(t->shape[TUNE_MATMUL], matmul, TUNE_BUCKETS);
	memset(t->shape[TUNE_CONV], conv, TUNE_BUCKETS);
}

static accel_status store(const struct tune_table *t)
{
	struct compute_device *dev;
	accel_status s = compute_open("vulkan", &dev);

	if (!s)
		s = compute_tune_path(dev, path, sizeof(path));
	if (!s)
		s = compute_tune_save(dev, t);
	compute_close(dev);
	return s;
}

static bool write_file(const char *text, size_t size)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	bool done = fd >= 0 && write(fd, text, size) == (ssize_t)size;

	close(fd);
	return done;
}

static void test_choice(uint32_t built_in)
{
	struct tune_table t;
	char text[96];

	for (uint32_t i = 1; tune_shape_name(TUNE_MATMUL, i); i++) {
		struct compute_device *dev;
		bool fits;

		if (compute_open("vulkan", &dev) || !dev)
			return;
		fits = tune_fits(dev, TUNE_MATMUL, i);
		compute_close(dev);
		fill(&t, (uint8_t)i, 0);
		snprintf(text, sizeof(text), "a table of %s is %s",
			 tune_shape_name(TUNE_MATMUL, i),
			 fits ? "followed" : "not what this device can do");
		ok(!store(&t) && chosen() == (fits ? i : built_in), text);
	}
	setenv("ACCEL_LIMITS", "v3d42", 1);
	ok(chosen() == COMPUTE_MATMUL_V3D,
	   "a table is of the limits that it was measured in");
	unlink(path);
	fill(&t, COMPUTE_MATMUL_TILE, COMPUTE_CONV_TEXEL);
	ok(!store(&t) && strstr(path, "-v3d42.tune") &&
		   chosen() == COMPUTE_MATMUL_V3D,
	   "a shape beyond the limits is not taken from a table");
	fill(&t, COMPUTE_MATMUL_PLAIN, 0);
	ok(!store(&t) && chosen() == COMPUTE_MATMUL_PLAIN,
	   "one within them is");
	unlink(path);
	unsetenv("ACCEL_LIMITS");
}

static void test_damage(uint32_t built_in, uint32_t other)
{
	static const struct {
		const char *what, *from, *to;
	} change[] = {
		{ "an unknown kernel", "plain", "plane" },
		{ "an unknown size", "matmul small", "matmul tiny!" },
		{ "an unknown operation", "\nmatmul", "\nmatnul" },
		{ "a word too many", "small plain", "smal plain" },
		{ "another format", "kernels 1", "kernels 2" },
		{ "another device", "device ", "device f" },
		{ "no end", "\nend\n", "\n\n\n\n\n" },
		{ "something behind its end", "\nend\n", "\nend\nx\n" },
	};
	static char good[8192], bad[8192];
	struct tune_table t;
	char text[96], *at;
	ssize_t n = 0;
	int fd;

	fill(&t, (uint8_t)other, 0);
	ok(!store(&t) && (fd = open(path, O_RDONLY)) >= 0 &&
		   (n = read(fd, good, sizeof(good) - 1)) > 0 && !close(fd) &&
		   chosen() == other,
	   "a table is written and read");
	for (size_t i = 0; i < sizeof(change) / sizeof(*change); i++) {
		at = strstr(good, change[i].from);
		if (at)
			snprintf(bad, sizeof(bad), "%.*s%s%s", (int)(at - good),
				 good, change[i].to,
				 at + strlen(change[i].from));
		snprintf(text, sizeof(text), "a table with %s is ignored",
			 change[i].what);
		ok(at && write_file(bad, strlen(bad)) && chosen() == built_in,
		   text);
	}
	ok(write_file("", 0) && chosen() == built_in,
	   "an empty one is ignored");
	ok(write_file(good, (size_t)n / 2) && chosen() == built_in,
	   "one cut short is ignored");
	memcpy(bad, good, (size_t)n);
	bad[n / 2] = 0;
	ok(write_file(bad, (size_t)n) && chosen() == built_in,
	   "one with a zero byte is ignored");
	ok(!store(&t) && chosen() == other, "and each is written anew");
	unlink(path);
}

static int stop(const accel_tune_row *row, void *arg)
{
	*(accel_tune_row *)arg = *row;
	return row->done == 2;
}

static void test_measuring(uint32_t built_in)
{
	accel_tune_row row = { 0 };
	accel_tune_result r;
	struct tune_table t;

	ok(accel_tune("cpu", 1, NULL, NULL, &r) == ACCEL_ERR_NODEV,
	   "the cpu is not tuned");
	ok(accel_tune("no such GPU", 1, NULL, NULL, &r) == ACCEL_ERR_NODEV,
	   "nor is a device that is not there");
	fill(&t, COMPUTE_MATMUL_PLAIN, 0);
	ok(!store(&t) &&
		   accel_tune("vulkan", 1, stop, &row, &r) ==
			   ACCEL_ERR_INVALID &&
		   row.done == 2 && row.total == 54 && row.gflops > 0 &&
		   row.builtin_gflops > 0 && !strcmp(r.path, path) &&
		   chosen() == COMPUTE_MATMUL_PLAIN,
	   "measuring that is stopped leaves the table as it was");
	ok(!accel_tune_reset("vulkan", &r) && access(path, F_OK) &&
		   chosen() == built_in && !accel_tune_reset("vulkan", &r),
	   "a table is removed, twice without an error");
	setenv("ACCEL_CACHE_DIR", "", 1);
	ok(accel_tune("vulkan", 1, stop, &row, &r) == ACCEL_ERR_NOSYS,
	   "without a folder for it nothing is measured");
	setenv("ACCEL_CACHE_DIR", "/proc/nowhere", 1);
	ok(store(&t) == ACCEL_ERR_IO && strstr(accel_last_error(), path),
	   "a folder that cannot be written is an error with its name");
}

int main(void)
{
	uint32_t built_in;

	if (!mkdtemp(cache))
		return 1;
	setenv("ACCEL_CACHE_DIR", cache, 1);
	setenv("ACCEL_DEVICE", "vulkan", 1);
	unsetenv("ACCEL_LIMITS");
	built_in = chosen();
	if (!built_in)
		return tap_skip_all("no Vulkan device");
	test_choice(built_in);
	test_damage(built_in, built_in == COMPUTE_MATMUL_PLAIN
				      ? COMPUTE_MATMUL_V3D
				      : COMPUTE_MATMUL_PLAIN);
	test_measuring(built_in);
	rmdir(cache);
	return tap_end();
}
