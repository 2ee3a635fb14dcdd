// SPDX-License-Identifier: MIT
/* IDX files, as MNIST's are. */
#include <stdio.h>
#include <unistd.h>

#include "../base/alloc.h"
#include "../base/error.h"
#include "raw.h"
#include "samples.h"

/* The type is the magic number's third byte, the dimensions its fourth. */
static const struct {
	char kind;
	int size;
} types[] = {
	[0x08] = { 'u', 1 }, [0x09] = { 'i', 1 }, [0x0b] = { 'i', 2 },
	[0x0c] = { 'i', 4 }, [0x0d] = { 'f', 4 }, [0x0e] = { 'f', 8 },
};

static accel_status read_header(gzFile in, struct raw *r)
{
	uint8_t magic[4], d[4];
	accel_status status = raw_read(in, r->path, magic, 4);
	int i;

	if (status)
		return status;
	if (magic[0] || magic[1] || magic[2] > 0x0e || !types[magic[2]].size ||
	    !magic[3] || magic[3] > ACCEL_MAX_DIMS)
		return accel_error(ACCEL_ERR_FORMAT,
				   "%s: no IDX file: it begins with %02x %02x "
				   "%02x %02x",
				   r->path, magic[0], magic[1], magic[2],
				   magic[3]);
	r->kind = types[magic[2]].kind;
	r->size = types[magic[2]].size;
	r->big_endian = true;
	r->ndim = magic[3];
	for (i = 0; i < r->ndim; i++) {
		status = raw_read(in, r->path, d, 4);
		if (status)
			return status;
		r->shape[i] = (int64_t)d[0] << 24 | d[1] << 16 | d[2] << 8 |
			      d[3];
	}
	return ACCEL_OK;
}

static accel_status read_idx(const char *path, struct raw *r)
{
	accel_status status;
	gzFile in;

	r->path = path;
	in = raw_open(path);
	if (!in)
		return ACCEL_ERR_IO;
	status = read_header(in, r);
	if (!status)
		status = raw_read_elements(in, r);
	gzclose(in);
	return status;
}

accel_samples *accel_samples_idx(const char *images, const char *labels)
{
	struct raw x = { 0 }, y = { 0 };

	if (!read_idx(images, &x) && (!labels || !read_idx(labels, &y)))
		return raw_samples(&x, &y);
	mem_free(x.data);
	return NULL;
}

/* Finds one of MNIST's files under the names it is known by. */
static accel_status find(const char *dir, const char *part, const char *what,
			 int dims, char *path, size_t size)
{
	static const char *const forms[] = { "%s/%s-%s-idx%d-ubyte",
					     "%s/%s-%s-idx%d-ubyte.gz",
					     "%s/%s-%s.idx%d-ubyte",
					     "%s/%s-%s.idx%d-ubyte.gz" };
	size_t i;

	for (i = 0; i < 4; i++) {
		snprintf(path, size, forms[i], dir, part, what, dims);
		if (!access(path, F_OK))
			return ACCEL_OK;
	}
	return accel_error(ACCEL_ERR_IO,
			   "%s: no %s-%s-idx%d-ubyte there, nor with .gz", dir,
			   part, what, dims);
}

static accel_samples *mnist_part(const char *dir, const char *part)
{
	char images[4096], labels[4096];
	accel_samples *s;

	if (find(dir, part, "images", 3, images, sizeof(images)) ||
	    find(dir, part, "labels", 1, labels, sizeof(labels)))
		return NULL;
	s = accel_samples_idx(images, labels);
	if (s && s->n_classes < 10)
		s->n_classes = 10;
	return s;
}

accel_dataset *accel_dataset_mnist(accel_context *ctx, const char *dir)
{
	accel_dataset *d = dataset_make();

	(void)ctx;
	if (!d)
		return NULL;
	d->train = mnist_part(dir, "train");
	if (d->train)
		d->test = mnist_part(dir, "t10k");
	if (d->test)
		return d;
	accel_dataset_destroy(d);
	return NULL;
}
