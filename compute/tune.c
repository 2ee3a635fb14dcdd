// SPDX-License-Identifier: MIT
/* The table of accel tune: its classes, its choice and its file. */
#include "tune.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../libaccel/src/base/alloc.h"
#include "../libaccel/src/base/error.h"
#include "../libaccel/src/base/file.h"
#include "tile.h"

#define MEDIUM 64 /* the first size of its class */
#define LARGE 256

static const char *const class_name[TUNE_CLASSES] = { "small", "medium",
						      "large" };
static const char *const matmul_name[] = {
	"auto", "plain", "v3d", "texel", "tile", "coop", "tile32", "tile128"
};
static const char *const conv_name[] = { "auto", "direct", "texel",  "v3d",
					 "tile", "tile32", "tile128" };

static const struct {
	const char *name;
	const char *const *shape;
	uint32_t shapes;
} ops[TUNE_OPS] = {
	[TUNE_MATMUL] = { "matmul", matmul_name, 8 },
	[TUNE_CONV] = { "conv", conv_name, 7 },
};

static uint32_t class_of(uint64_t n)
{
	return n < MEDIUM ? 0 : n < LARGE ? 1 : 2;
}

uint32_t tune_bucket(uint64_t a, uint64_t b, uint64_t c)
{
	return (class_of(a) * TUNE_CLASSES + class_of(b)) * TUNE_CLASSES +
	       class_of(c);
}

const char *tune_op_name(enum tune_op op)
{
	return ops[op].name;
}

const char *tune_shape_name(enum tune_op op, uint32_t shape)
{
	return shape < ops[op].shapes ? ops[op].shape[shape] : NULL;
}

bool tune_fits(const struct compute_device *dev, enum tune_op op,
	       uint32_t shape)
{
	if (!shape || shape >= ops[op].shapes)
		return false;
	if (op == TUNE_CONV) {
		switch (shape) {
		case COMPUTE_CONV_TEXEL:
			return has_tiles(dev);
		case COMPUTE_CONV_TILE:
			return tile_fits(dev, 64);
		case COMPUTE_CONV_TILE32:
			return tile_fits(dev, 32);
		case COMPUTE_CONV_TILE128:
			return tile_fits(dev, 128);
		default:
			return true;
		}
	}
	switch (shape) {
	case COMPUTE_MATMUL_TEXEL:
		return has_tiles(dev);
	case COMPUTE_MATMUL_TILE:
		return tile_fits(dev, 64);
	case COMPUTE_MATMUL_TILE32:
		return tile_fits(dev, 32);
	case COMPUTE_MATMUL_TILE128:
		return tile_fits(dev, 128);
	case COMPUTE_MATMUL_COOP:
		/* not one for f32, which is measured: see compute_matmul() */
		return false;
	default:
		return true;
	}
}

uint32_t tune_choice(const struct compute_device *dev, enum tune_op op,
		     uint64_t a, uint64_t b, uint64_t c)
{
	uint32_t shape;

	if (!dev->tuned)
		return 0;
	shape = dev->tuned->shape[op][tune_bucket(a, b, c)];
	return tune_fits(dev, op, shape) ? shape : 0;
}

void compute_tune_use(struct compute_device *dev, const struct tune_table *t)
{
	if (!t) {
		mem_free(dev->tuned);
		dev->tuned = NULL;
		return;
	}
	if (!dev->tuned)
		dev->tuned = mem_alloc(sizeof(*dev->tuned));
	if (dev->tuned) /* without memory, the built-in choices */
		*dev->tuned = *t;
}

/* ---- the file ---------------------------------------------------------- */

accel_status compute_tune_path(const struct compute_device *dev, char *path,
			       size_t size)
{
	char suffix[32];

	snprintf(suffix, sizeof(suffix), "%s%s.tune",
		 *dev->limits.clamp ? "-" : "", dev->limits.clamp);
	if (vk_cache_path(dev, suffix, path, size))
		return ACCEL_OK;
	return accel_error(ACCEL_ERR_NOSYS,
			   "no folder for the kernel table: ACCEL_CACHE_DIR "
			   "is empty, or neither XDG_CACHE_HOME nor HOME is "
			   "set");
}

/* The first two lines, which must be just so. */
static void head(const struct compute_device *dev, char *out, size_t size)
{
	char hex[33];

	for (int i = 0; i < 16; i++)
		snprintf(hex + 2 * i, 3, "%02x", dev->info.uuid[i]);
	snprintf(out, size, "libaccel kernels 1\ndevice %s %08x %s\n", hex,
		 dev->info.driver_version,
		 *dev->limits.clamp ? dev->limits.clamp : "-");
}

accel_status compute_tune_save(const struct compute_device *dev,
			       const struct tune_table *t)
{
	char path[4096], text[160];
	struct file_save *f;
	accel_status s = compute_tune_path(dev, path, sizeof(path));

	if (s)
		return s;
	if (!t) {
		if (!unlink(path) || errno == ENOENT)
			return ACCEL_OK;
		return accel_error(ACCEL_ERR_IO, "cannot remove %s: %s", path,
				   strerror(errno));
	}
	vk_make_dirs(path);
	f = file_save_open(path);
	head(dev, text, sizeof(text));
	file_save_write(f, text, strlen(text));
	snprintf(text, sizeof(text),
		 "# small is below %d, medium below %d; written by accel "
		 "tune\n",
		 MEDIUM, LARGE);
	file_save_write(f, text, strlen(text));
	for (int op = 0; op < TUNE_OPS; op++)
		for (int i = 0; i < TUNE_BUCKETS; i++) {
			if (!t->shape[op][i])
				continue;
			snprintf(text, sizeof(text), "%s %s %s %s %s\n",
				 ops[op].name,
				 class_name[i / TUNE_CLASSES / TUNE_CLASSES],
				 class_name[i / TUNE_CLASSES % TUNE_CLASSES],
				 class_name[i % TUNE_CLASSES],
				 ops[op].shape[t->shape[op][i]]);
			file_save_write(f, text, strlen(text));
		}
	file_save_write(f, "end\n", 4);
	return file_save_close(f);
}

/* Where `word` is in the list, or -1. */
static int find(const char *word, const char *const *list, uint32_t n)
{
	for (uint32_t i = 0; word && i < n; i++)
		if (!strcmp(word, list[i]))
			return (int)i;
	return -1;
}

static bool parse_row(char *line, struct tune_table *t)
{
	char *rest = NULL, *word = strtok_r(line, " ", &rest);
	int op = 0, bucket = 0, shape;

	while (op < TUNE_OPS && word && strcmp(word, ops[op].name))
		op++;
	if (op == TUNE_OPS || !word)
		return false;
	for (int i = 0; i < 3; i++) {
		int k = find(strtok_r(NULL, " ", &rest), class_name,
			     TUNE_CLASSES);

		if (k < 0)
			return false;
		bucket = bucket * TUNE_CLASSES + k;
	}
	shape = find(strtok_r(NULL, " ", &rest), ops[op].shape, ops[op].shapes);
	if (shape < 0 || strtok_r(NULL, " ", &rest))
		return false;
	t->shape[op][bucket] = (uint8_t)shape;
	return true;
}

/* The number of the line that is wrong, 0 if none is. */
static int parse(const struct compute_device *dev, char *text, size_t size,
		 struct tune_table *t)
{
	char want[160], *rest = NULL;
	int line = 2;

	head(dev, want, sizeof(want));
	if (strlen(text) != size || strncmp(text, want, strlen(want)))
		return 1;
	text = strtok_r(text + strlen(want), "\n", &rest);
	for (; text; text = strtok_r(NULL, "\n", &rest)) {
		line++;
		if (!strcmp(text, "end"))
			return strtok_r(NULL, "\n", &rest) ? line + 1 : 0;
		if (*text != '#' && !parse_row(text, t))
			return line;
	}
	return line + 1; /* cut off */
}

void tune_load(struct compute_device *dev)
{
	static atomic_flag told = ATOMIC_FLAG_INIT;
	struct tune_table t = { 0 };
	char path[4096], *text;
	size_t size;
	int line;

	/* most have never been tuned: no file is no error to be left behind */
	if (compute_tune_path(dev, path, sizeof(path)) || access(path, F_OK))
		return;
	text = file_load(path, &size);
	line = text ? parse(dev, text, size, &t) : 1;
	mem_free(text);
	if (!line)
		compute_tune_use(dev, &t);
	else if (!atomic_flag_test_and_set(&told))
		fprintf(stderr,
			"accel: %s is damaged at line %d and ignored; accel "
			"tune writes it anew\n",
			path, line);
}
