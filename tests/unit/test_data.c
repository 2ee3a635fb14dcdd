// SPDX-License-Identifier: MIT
/* Samples from arrays, files and generators, and what is said of bad ones. */
#include <math.h>
#include <stdint.h>
#include <sys/stat.h>
#include <zlib.h>

#include <accel/accel.h>

#include "../../libaccel/src/base/alloc.h"
#include "../../libaccel/src/base/utf8.h"
#include "files.h"
#include "tap.h"

static const char *last(void)
{
	return accel_last_error();
}

static const float *fx(const accel_samples *s)
{
	return s->x.data;
}

static const int32_t *labels(const accel_samples *s)
{
	return s->y.data;
}

/* ---- arrays ---- */

static const float x6[6] = { 1, 2, 3, 4, 5, 6 };
static const int32_t y3[3] = { 0, 2, 1 };

static void test_create(void)
{
	static const uint8_t pixels[4] = { 0, 51, 102, 255 };
	static const int32_t bad[3] = { 0, 1, -1 };
	accel_samples *s = accel_samples_create(
		x6, ACCEL_F32, 2, (const int64_t[]){ 3, 2 }, .y = y3,
		.y_dtype = ACCEL_I32, .y_ndim = 1,
		.y_shape = (const int64_t[]){ 3 });
	float out[4];

	CHECK(s && s->count == 3 && s->n_classes == 3 && s->x_scale == 1,
	      "samples from arrays count their classes");
	accel_samples_destroy(s);
	s = accel_samples_create(pixels, ACCEL_U8, 1, (const int64_t[]){ 4 });
	CHECK(s && !s->y.data &&
		      !accel_samples_gather(s, (int64_t[]){ 3, 1 }, 2,
					    ACCEL_F32, out, NULL) &&
		      out[0] == 255 * (1 / 255.0f) &&
		      out[1] == 51 * (1 / 255.0f),
	      "u8 becomes 0 to 1");
	accel_samples_destroy(s);
	CHECK(!accel_samples_create(x6, ACCEL_F32, 2, (const int64_t[]){ 3, 2 },
				    .y = bad, .y_dtype = ACCEL_I32, .y_ndim = 1,
				    .y_shape = (const int64_t[]){ 3 },
				    .name = "mine") &&
		      strstr(last(), "mine: sample 2 has label -1"),
	      "a label below 0 is named with its sample");
	CHECK(!accel_samples_create(x6, ACCEL_F32, 2, (const int64_t[]){ 3, 2 },
				    .y = y3, .y_dtype = ACCEL_I32, .y_ndim = 1,
				    .y_shape = (const int64_t[]){ 3 },
				    .n_classes = 2) &&
		      strstr(last(), "label 2; labels are 0 to 1"),
	      "so is one past the classes");
	CHECK(!accel_samples_create(x6, ACCEL_F32, 2, (const int64_t[]){ 3, 2 },
				    .y = y3, .y_dtype = ACCEL_I32, .y_ndim = 1,
				    .y_shape = (const int64_t[]){ 2 }) &&
		      strstr(last(), "3 samples"),
	      "another count of labels is refused");
	CHECK(!accel_samples_create(x6, ACCEL_F32, 2,
				    (const int64_t[]){ 0, 2 }),
	      "no sample is refused");
	CHECK(!accel_samples_create(x6, ACCEL_I8, 2,
				    (const int64_t[]){ 3, 2 }) &&
		      strstr(last(), "i8"),
	      "i8 is refused by its name");
	CHECK(!accel_samples_create(x6, ACCEL_F32, 3,
				    (const int64_t[]){ INT64_MAX / 2,
						       INT64_MAX / 2, 2 }) &&
		      strstr(last(), "overflow"),
	      "sizes that overflow are refused");
	accel_samples_destroy(NULL);
	accel_dataset_destroy(NULL);
}

static void test_gather(void)
{
	float x[6] = { 1, 2, 3, NAN, 5, 6 }, out[6], y[3] = { 1, 2, INFINITY };
	accel_samples *s = accel_samples_create(
		x, ACCEL_F32, 2, (const int64_t[]){ 3, 2 }, .y = y,
		.y_dtype = ACCEL_F32, .y_ndim = 1,
		.y_shape = (const int64_t[]){ 3 }, .name = "room");
	float ty[3];

	CHECK(s && s->n_classes == 0 && s->y.ndim == 2, "targets are numbers");
	CHECK(!accel_samples_gather(s, (int64_t[]){ 0, 0 }, 2, ACCEL_F32, out,
				    ty) &&
		      out[2] == 1 && out[3] == 2 && ty[1] == 1,
	      "an index may come twice");
	CHECK(accel_samples_gather(s, (int64_t[]){ 0, 1 }, 2, ACCEL_F32, out,
				   ty) == ACCEL_ERR_RANGE &&
		      strstr(last(), "room: sample 1: x[1] is nan"),
	      "a NaN is named with its sample and place");
	CHECK(accel_samples_gather(s, (int64_t[]){ 2 }, 1, ACCEL_F32, out,
				   ty) == ACCEL_ERR_RANGE &&
		      strstr(last(), "sample 2: y[0] is inf"),
	      "so is an infinite target");
	CHECK(accel_samples_gather(s, (int64_t[]){ 3 }, 1, ACCEL_F32, out,
				   ty) == ACCEL_ERR_RANGE &&
		      strstr(last(), "no sample 3 of 3"),
	      "an index past the end is refused");
	CHECK(accel_samples_gather(s, (int64_t[]){ 0 }, 1, ACCEL_U8, out, ty) ==
		      ACCEL_ERR_DTYPE,
	      "so is a type that would lose");
	accel_samples_destroy(s);
}

static void test_shuffle(void)
{
	int64_t a[1000], b[1000], seen[1000] = { 0 };
	int i, same = 0, all = 1, fixed = 0;
	double sum = 0;

	accel_shuffle(a, 1000, 7, 0);
	accel_shuffle(b, 1000, 7, 0);
	CHECK(!memcmp(a, b, sizeof(a)), "the same seed, the same order");
	accel_shuffle(b, 1000, 7, 1);
	for (i = 0; i < 1000; i++) {
		seen[a[i]]++;
		same += a[i] == b[i];
		fixed += a[i] == i;
		sum += (double)i * (double)a[i];
	}
	for (i = 0; i < 1000; i++)
		all &= seen[i] == 1;
	CHECK(all, "every index comes once");
	CHECK(same < 10 && fixed < 10, "another epoch, another order");
	/* uncorrelated: 1000 * 499.5^2, deviation about 2.6e6 */
	CHECK(fabs(sum - 1000 * 499.5 * 499.5) < 1.1e7,
	      "the order has nothing to do with the index");
	accel_shuffle(a, 5, 1, 2);
	CHECK(a[0] == 3 && a[1] == 1 && a[2] == 4 && a[3] == 2 && a[4] == 0,
	      "and is the same on every machine");
}

static void test_split(void)
{
	accel_samples *s = accel_samples_create(
		x6, ACCEL_F32, 2, (const int64_t[]){ 3, 2 }, .y = y3,
		.y_dtype = ACCEL_I32, .y_ndim = 1,
		.y_shape = (const int64_t[]){ 3 });
	accel_samples *a, *b, *w;

	CHECK(!accel_samples_split(s, 0.34, false, 0, &a, &b) &&
		      a->count == 2 && b->count == 1 && fx(b)[0] == 5 &&
		      labels(b)[0] == 1 && b->n_classes == 3,
	      "a split keeps the order, and the classes");
	accel_samples_destroy(a);
	accel_samples_destroy(b);
	CHECK(!accel_samples_split(s, 0.34, true, 3, &a, &b) &&
		      a->count + b->count == 3 &&
		      fx(a)[0] + fx(a)[2] + fx(b)[0] == 9,
	      "a shuffled one loses nothing");
	accel_samples_destroy(a);
	accel_samples_destroy(b);
	CHECK(accel_samples_split(s, 0.1, false, 0, &a, &b) ==
			      ACCEL_ERR_RANGE &&
		      !a && !b && strstr(last(), "0.1"),
	      "a part without a sample is refused");
	CHECK(accel_samples_split(s, NAN, false, 0, &a, &b) == ACCEL_ERR_RANGE,
	      "so is NaN");
	w = accel_samples_window(s, 2);
	CHECK(w && w->count == 2 && w->x.ndim == 3 && fx(w)[4] == 3 &&
		      fx(w)[7] == 6 && labels(w)[0] == 2 && labels(w)[1] == 1,
	      "windows overlap and take the last row's label");
	accel_samples_destroy(w);
	CHECK(!accel_samples_window(s, 4) && strstr(last(), "4 steps in 3"),
	      "a window longer than the series is refused");
	CHECK(!accel_samples_select(s, (int64_t[]){ -1 }, 1),
	      "a sample below 0 is refused");
	accel_samples_destroy(s);
}

/* ---- IDX and npy ---- */

static const uint8_t idx_images[] = { 0, 0, 8, 3, 0, 0, 0, 2, 0,  0,  0,
				      1, 0, 0, 0, 3, 1, 2, 3, 40, 50, 60 };
static const uint8_t idx_labels[] = { 0, 0, 8, 1, 0, 0, 0, 2, 9, 4 };

static void gz_write(const char *path, const void *data, unsigned int size)
{
	gzFile f = gzopen(path, "wb");

	gzwrite(f, data, size);
	gzclose(f);
}

static void test_idx(void)
{
	const char *im = file_write("im", idx_images, sizeof(idx_images));
	const char *la = file_write("la", idx_labels, sizeof(idx_labels));
	static const uint8_t huge[] = { 0,   0,   8,   3,   255, 255, 255, 255,
					255, 255, 255, 255, 0,   0,   0,   3 };
	static const uint8_t words[] = {
		0, 0, 0x0b, 1, 0, 0, 0, 1, 0xff, 0xfe
	};
	accel_samples *s = accel_samples_idx(im, la);
	size_t i, refused = 0;

	CHECK(s && s->count == 2 && s->x.dtype == ACCEL_U8 && s->x.ndim == 3 &&
		      s->x.shape[2] == 3 && labels(s)[0] == 9 &&
		      s->n_classes == 10 && ((uint8_t *)s->x.data)[5] == 60,
	      "images and labels are read");
	accel_samples_destroy(s);
	gz_write(file_path("im.gz"), idx_images, sizeof(idx_images));
	s = accel_samples_idx(file_path("im.gz"), NULL);
	CHECK(s && s->count == 2 && !s->y.data, "from gzip, too");
	accel_samples_destroy(s);
	for (i = 0; i < sizeof(idx_images); i++) {
		s = accel_samples_idx(file_write("cut", idx_images, i), NULL);
		refused += !s && strstr(last(), "cut off");
		accel_samples_destroy(s);
	}
	CHECK(refused == sizeof(idx_images), "every cut-off file is refused");
	CHECK(!accel_samples_idx(file_write("huge", huge, sizeof(huge)),
				 NULL) &&
		      strstr(last(), "do not fit"),
	      "sizes that no memory can hold are refused");
	CHECK(!accel_samples_idx(file_path("la"), file_path("im")) &&
		      strstr(last(), "3 dimensions; labels have 1"),
	      "images are no labels");
	CHECK(!accel_samples_idx(file_text("t", "Hello, world"), NULL) &&
		      strstr(last(), "48 65 6c 6c"),
	      "text is no IDX file");
	CHECK(!accel_samples_idx(file_path("none"), NULL) &&
		      strstr(last(), "No such file"),
	      "a missing file is named");
	s = accel_samples_idx(file_write("w", words, sizeof(words)), NULL);
	CHECK(s && s->x.dtype == ACCEL_F32 && fx(s)[0] == -2,
	      "16-bit numbers become f32");
	accel_samples_destroy(s);
}

static void test_mnist_names(void)
{
	accel_dataset *d;

	CHECK(!accel_dataset_mnist(NULL, files_dir) &&
		      strstr(last(), "train-images-idx3-ubyte"),
	      "a missing MNIST file is named");
	file_write("train-images-idx3-ubyte", idx_images, sizeof(idx_images));
	gz_write(file_path("train-labels-idx1-ubyte.gz"), idx_labels,
		 sizeof(idx_labels));
	file_write("t10k-images.idx3-ubyte", idx_images, sizeof(idx_images));
	CHECK(!accel_dataset_mnist(NULL, files_dir) &&
		      strstr(last(), "t10k-labels-idx1-ubyte"),
	      "each of the four");
	file_write("t10k-labels.idx1-ubyte", idx_labels, sizeof(idx_labels));
	d = accel_dataset_mnist(NULL, files_dir);
	CHECK(d && d->train->count == 2 && d->test->count == 2 &&
		      d->test->n_classes == 10,
	      "plain, gzip and dotted names are found");
	accel_dataset_destroy(d);
}

/* A .npy file of version 1 with this dictionary. */
static const char *npy(const char *name, const char *dict, const void *data,
		       size_t size)
{
	uint8_t file[512] = "\x93NUMPY\x01";
	size_t len = strlen(dict);

	file[8] = (uint8_t)len;
	memcpy(file + 10, dict, len);
	memcpy(file + 10 + len, data, size);
	return file_write(name, file, 10 + len + size);
}

static void test_npy(void)
{
	static const double d[4] = { 1, -2.5, 1e-3, 4 };
	static const int64_t classes[2] = { 3, 0 };
	static const uint8_t truth[4] = { 1, 0, 0, 1 };
	static const uint8_t turned[12] = {
		0, 6, 2, 8, 4, 10, 1, 7, 3, 9, 5, 11
	};
	static const uint8_t swapped[4] = { 0x3f, 0xc0, 0, 0 };
	static const struct {
		const char *what, *dict, *says;
	} bad[] = {
		{ "no order", "{'descr': '<f8', 'shape': (2, 2), }",
		  "no fortran_order" },
		{ "complex",
		  "{'descr': '<c8', 'fortran_order': False, 'shape': (4,), }",
		  "'<c8'" },
		{ "a record",
		  "{'descr': [('a', '<f4')], 'fortran_order': False, "
		  "'shape': (4,), }",
		  "record" },
		{ "no shape", "{'descr': '<f8', 'fortran_order': False}",
		  "no shape" },
		{ "a shape of words",
		  "{'descr': '<f8', 'fortran_order': False, 'shape': (a,), }",
		  "list of numbers" },
		{ "a negative size",
		  "{'descr': '<f8', 'fortran_order': False, 'shape': (-4,), }",
		  "-4" },
		{ "too large a size",
		  "{'descr': '<f8', 'fortran_order': False, "
		  "'shape': (4000000000,), }",
		  "promised" },
		{ "nine dimensions",
		  "{'descr': '<f8', 'fortran_order': False, "
		  "'shape': (1,1,1,1,1,1,1,1,4), }",
		  "more than 8" },
		{ "one element less",
		  "{'descr': '<f8', 'fortran_order': False, 'shape': (3,), }",
		  "more follows" },
		{ "one element more",
		  "{'descr': '<f8', 'fortran_order': False, 'shape': (5,), }",
		  "cut off 8 bytes" },
	};
	const char *x, *y;
	accel_samples *s;
	size_t i;

	x = npy("x",
		"{'descr': '<f8', 'fortran_order': False, 'shape': (2, 2), }\n",
		d, sizeof(d));
	y = npy("y",
		"{'descr': '<i8', 'fortran_order': False, 'shape': (2,), }\n",
		classes, sizeof(classes));
	s = accel_samples_npy(x, y);
	CHECK(s && s->count == 2 && fx(s)[1] == -2.5f && fx(s)[2] == 1e-3f &&
		      labels(s)[0] == 3 && s->n_classes == 4,
	      "f8 and classes of i8 are read");
	accel_samples_destroy(s);
	s = accel_samples_npy(
		npy("b",
		    "{'descr': '|b1', 'fortran_order': False, 'shape': (2,2)}",
		    truth, sizeof(truth)),
		npy("t",
		    "{'descr': '|b1', 'fortran_order': False, 'shape': (2,)}",
		    truth, 2));
	CHECK(s && s->x.dtype == ACCEL_U8 && s->x_scale == 1 &&
		      labels(s)[0] == 1 && s->n_classes == 2,
	      "bool is 0 and 1, and two classes");
	accel_samples_destroy(s);
	s = accel_samples_npy(
		npy("b",
		    "{'descr': '|u1', 'fortran_order': True, 'shape': (2,3,2)}",
		    turned, sizeof(turned)),
		npy("t",
		    "{'descr': '|u1', 'fortran_order': False, 'shape': (2,1)}",
		    truth, 2));
	for (i = 0; s && i < 12; i++)
		if (((uint8_t *)s->x.data)[i] != i)
			break;
	CHECK(s && i == 12 && s->y.ndim == 1 && labels(s)[0] == 1,
	      "column-major is turned, and classes may be a column");
	accel_samples_destroy(s);
	s = accel_samples_npy(x, x);
	CHECK(s && s->y.dtype == ACCEL_F32 && s->y.shape[1] == 2,
	      "float y are targets");
	accel_samples_destroy(s);
	x = npy("s", "{'descr':'>f4','fortran_order':False,'shape':(1,)}",
		swapped, 4);
	s = accel_samples_npy(x, NULL);
	CHECK(s && fx(s)[0] == 1.5f, "the other byte order is read");
	CHECK(!accel_samples_npy(x, y) && strstr(last(), "1 samples"),
	      "other counts are refused");
	accel_samples_destroy(s);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		s = accel_samples_npy(npy("bad", bad[i].dict, d, sizeof(d)),
				      NULL);
		CHECK(!s && strstr(last(), bad[i].says), "refused: %s",
		      bad[i].what);
		if (!s && !strstr(last(), bad[i].says))
			printf("# %s\n", last());
		accel_samples_destroy(s);
	}
}

/* ---- tables ---- */

static accel_samples *csv(const char *text, const char *label)
{
	return accel_samples_csv(file_text("t.csv", text), .label = label);
}

static void test_csv(void)
{
	accel_samples *s = csv("a,b,c\n1,10,x\n3,20,y\n5,30,x\n", "c");
	const float r = 1.2247449f; /* sqrt(3/2) */

	CHECK(s && s->count == 3 && s->x.shape[1] == 2 &&
		      fabsf(fx(s)[0] + r) < 1e-6f && fx(s)[2] == 0 &&
		      fabsf(fx(s)[5] - r) < 1e-6f,
	      "numbers are standardised");
	CHECK(s && s->n_classes == 2 && !strcmp(s->class_names[1], "y") &&
		      labels(s)[1] == 1 && labels(s)[2] == 0,
	      "texts are classes, by the alphabet");
	CHECK(s && !strcmp(s->x_names[1], "b") && strstr(s->name, "t.csv"),
	      "columns keep their names");
	accel_samples_destroy(s);
	s = csv("\xef\xbb\xbf"
		"a;b\r\n1;2\r\n3;4,5\r\n5;2\r\n\r\n",
		"a");
	CHECK(s && s->count == 3 && s->x.shape[1] == 1 &&
		      fabs(fx(s)[1] - M_SQRT2) < 1e-6,
	      "a byte-order mark, CRLF, a blank line, semicolons with decimal "
	      "commas");
	accel_samples_destroy(s);
	s = csv("a\tb\n1\t2\n3\t4\n", "b");
	CHECK(s && s->x.shape[1] == 1 && !strcmp(s->x_names[0], "a"), "tabs");
	accel_samples_destroy(s);
	s = csv("1,2,0\n3,4,1\n4,4,1", "3");
	CHECK(s && s->count == 3 && s->n_classes == 2,
	      "no header, and no newline at the end");
	accel_samples_destroy(s);
	s = csv("name,\"a \"\"b\"\",\nc\"\nx,\"1\"\ny, 2 \n\"x\",3\n",
		"a \"b\",\nc");
	CHECK(s && s->count == 3 && s->x.shape[1] == 2 &&
		      !strcmp(s->x_names[1], "name=y") && fx(s)[0] == 1 &&
		      fx(s)[3] == 1,
	      "quotes hold separators, quotes and line ends");
	accel_samples_destroy(s);
	s = csv("\"v\",\"w\"\n\"1\",7,0\n\"2\",9,1\n\"3\",9,1\n", "w");
	CHECK(s && s->x.shape[1] == 1 && !strcmp(s->x_names[0], "v") &&
		      strstr(accel_preprocess_ignored(s->preprocess),
			     "row number"),
	      "R's row numbers have no name and are no input");
	accel_samples_destroy(s);
	s = accel_samples_csv(file_text("t.csv", "7,8\n9,9\n9,7\n"),
			      .header = ACCEL_CSV_HEADER_YES);
	CHECK(s && s->count == 2 && !strcmp(s->x_names[0], "7"),
	      "a header of numbers, if asked");
	accel_samples_destroy(s);
}

static void test_csv_columns(void)
{
	static const char text[] = "id,when,t,room,note,y\n"
				   "17,2015-02-04 17:51:00,1,a,n1,0.5\n"
				   "18,2015-02-04 18:00:00,2,b,n2,1.5\n"
				   "19,2015-02-05 06:00:00,4,a,n3,2.5\n"
				   "20,2015-02-08 12:00:00,9,a,n4,7.5\n";
	const char *path = file_text("t.csv", text);
	accel_samples *s = accel_samples_csv(path, .label = "y");
	double mean, std;

	CHECK(s &&
		      !strcmp(accel_preprocess_ignored(s->preprocess),
			      "id (row number), when (date)") &&
		      s->x.shape[1] == 7,
	      "row numbers and dates are left out, and it is said");
	CHECK(s && s->n_classes == 0 && s->y.dtype == ACCEL_F32,
	      "fractions are targets");
	accel_preprocess_target_scale(s->preprocess, &mean, &std);
	CHECK(mean == 3 && fabs(std - sqrt(29.0 / 4)) < 1e-12 &&
		      fabs(accel_preprocess_target(s->preprocess,
						   ((float *)s->y.data)[3]) -
			   7.5) < 1e-6,
	      "standardised, and the way back is exact to f32");
	accel_samples_destroy(s);
	s = accel_samples_csv(path, .label = "y", .columns = "t, 1");
	CHECK(s && s->x.shape[1] == 2 && !strcmp(s->x_names[0], "id"),
	      "columns are chosen by name and number, row numbers, too");
	accel_samples_destroy(s);
	s = accel_samples_csv(path, .columns = "when");
	CHECK(s && !s->y.data && s->x.shape[1] == 4 &&
		      fabsf(fx(s)[8] - 1) < 1e-6f &&
		      fabsf(fx(s)[13] + 1) < 1e-6f && fabsf(fx(s)[12]) < 1e-6f,
	      "a date asked for is hour and weekday on circles");
	CHECK(s && fabs(fx(s)[2] - sin(2 * M_PI * 2 / 7)) < 1e-6 &&
		      fabs(fx(s)[14] - sin(2 * M_PI * 6 / 7)) < 1e-6,
	      "4 February 2015 was a Wednesday, the 8th a Sunday");
	accel_samples_destroy(s);
	s = accel_samples_csv(path, .label = "y", .dates = true);
	CHECK(s && s->x.shape[1] == 11, "dates can be asked for as a whole");
	accel_samples_destroy(s);
	CHECK(!accel_samples_csv(path, .label = "z") &&
		      strstr(last(), "no column \"z\"; it has: id, when, t"),
	      "an unknown label is refused with what there is");
	CHECK(!accel_samples_csv(path, .label = "y", .columns = "t,u") &&
		      strstr(last(), "\"u\""),
	      "so is an unknown input");
	CHECK(!accel_samples_csv(path, .label = "y", .columns = "t,y") &&
		      strstr(last(), "is the label"),
	      "the label is no input");
	s = accel_samples_csv(path, .label = "room", .columns = "t");
	CHECK(s && s->n_classes == 2, "a text column can be the label");
	accel_samples_destroy(s);
}

/* What stands alone is no row number; names are whole or not there. */
static void test_csv_left_out(void)
{
	char text[8192];
	const char *ignored;
	accel_samples *s;
	int i, n = 0;

	s = csv("x,y\n1,0.5\n2,0.7\n3,0.9\n4,1.1\n", "y");
	CHECK(s && s->x.shape[1] == 1 && !strcmp(s->x_names[0], "x"),
	      "1, 2, 3, ... is an input where there is no other");
	accel_samples_destroy(s);
	for (i = 0; i < 60; i++)
		n += sprintf(text + n, "\u0442\u0435\u043c\u043f\u0435%d,", i);
	n += sprintf(text + n, "x,y\n");
	for (i = 0; i < 4; i++) {
		memset(text + n, ',', 60);
		n += 60;
		n += sprintf(text + n, "1.5,%d.5\n", i);
	}
	s = csv(text, "y");
	ignored = s ? accel_preprocess_ignored(s->preprocess) : "";
	CHECK(s && is_utf8(ignored) && strlen(ignored) > 900 &&
		      strstr(ignored, ", ..."),
	      "a list of many names ends with a whole one");
	accel_samples_destroy(s);
	s = csv("time,t,y\n1795655537.21,3,0.5\n1795655538.21,4,0.7\n"
		"1795655540.2,1,0.9\n",
		"y");
	CHECK(s && s->x.shape[1] == 1 &&
		      !strcmp(accel_preprocess_ignored(s->preprocess),
			      "time (time)"),
	      "the time of a record is no input");
	accel_samples_destroy(s);
	s = csv("a,b\n7,none\n9,left\n8,none\n1,None\n", "b");
	CHECK(s && s->count == 4 && s->n_classes == 3 &&
		      !strcmp(s->class_names[0], "None"),
	      "none and None are classes of a label of texts");
	accel_samples_destroy(s);
}

static void test_csv_classes(void)
{
	accel_samples *s = csv("a,y\n1,10\n2,9\n5,9.0\n6,2\n", "y");

	CHECK(s && s->n_classes == 3 && !strcmp(s->class_names[0], "2") &&
		      labels(s)[0] == 2 && labels(s)[1] == 1 &&
		      labels(s)[2] == 1,
	      "numbered classes are in order of value; 9 is 9.0");
	accel_samples_destroy(s);
	s = accel_samples_csv(file_path("t.csv"), .label = "y",
			      .task = ACCEL_CSV_REGRESS);
	CHECK(s && s->n_classes == 0 && s->y.ndim == 2,
	      "unless a regression is asked for");
	accel_samples_destroy(s);
	CHECK(!csv("a,y\n1,5\n2,5\n", "y") && strstr(last(), "one value"),
	      "one class is none");
	CHECK(!accel_samples_csv(file_text("t.csv", "a,y\n1,x\n2,3\n"),
				 .label = "y", .task = ACCEL_CSV_REGRESS) &&
		      strstr(last(), "t.csv:2:2: column \"y\": \"x\""),
	      "a text is no target");
}

static void test_csv_missing(void)
{
	static const char text[] = "a,b,y\n1,,0\nNA,u,1\n3,v,1\n5,u,\n6,u,0\n";
	const char *path = file_text("t.csv", text);
	accel_samples *s = accel_samples_csv(path, .label = "y");

	CHECK(s && s->count == 4 && s->x.shape[1] == 4 && fx(s)[4] == 0 &&
		      fx(s)[1] == 1 && !strcmp(s->x_names[1], "b="),
	      "missing: the mean, or a text of its own; no label, no row");
	accel_samples_destroy(s);
	s = accel_samples_csv(path, .label = "y",
			      .missing = ACCEL_CSV_MISSING_DROP);
	CHECK(s && s->count == 2, "rows can be dropped");
	accel_samples_destroy(s);
	CHECK(!accel_samples_csv(path, .label = "y",
				 .missing = ACCEL_CSV_MISSING_ERROR) &&
		      strstr(last(), "t.csv:2:2: column \"b\""),
	      "or refused, by line and column");
	CHECK(!accel_samples_csv(file_text("t.csv", "a,y\n,1\n,0\n"),
				 .label = "y") &&
		      strstr(last(), "no input column is left"),
	      "an empty column is no input");
	CHECK(!accel_samples_csv(file_path("t.csv"), .label = "y",
				 .columns = "a") &&
		      strstr(last(), "\"a\" has no value"),
	      "not even if asked for");
}

static void test_csv_bad(void)
{
	static const struct {
		const char *what, *text, *says;
	} files[] = {
		{ "an empty file", "", ":1:1: the file is empty" },
		{ "blank lines only", "\n\n \n", ":1:1: the file is empty" },
		{ "a header only", "a,b,y\n", ":1:1: no row" },
		{ "a short row", "a,b,y\n1,2,3\n1,2\n", ":3:2: 2 fields" },
		{ "a long row", "a,b,y\n1,2,3\n1,2,3,4,5\n", ":3:4: 5 fields" },
		{ "a word among numbers", "a,y\n1,2\n2,2\n3,1\nfour,1\n",
		  ":5:1: column \"a\": \"four\"" },
		{ "an open quote", "a,y\n1,2\n\"3,4\n5,6\n",
		  ":3:1: this quote is never closed" },
		{ "text behind a quote", "a,y\n1,2\n3,\"4\"5\n",
		  ":3:2: text follows" },
		{ "a column twice", "a,a,y\n1,2,3\n",
		  ":1:2: the column \"a\"" },
		{ "Latin-1", "a,y\ngr\xfcn,1\n", ":2:1: no UTF-8" },
		{ "an infinity", "a,y\n1,1\n2,0\n1e999,1\n",
		  ":4:1: column \"a\": \"1e999\"" },
	};
	accel_samples *s;
	size_t i;

	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		s = csv(files[i].text, "y");
		CHECK(!s && strstr(last(), files[i].says), "refused: %s",
		      files[i].what);
		if (!s && !strstr(last(), files[i].says))
			printf("# %s\n", last());
		accel_samples_destroy(s);
	}
	s = accel_samples_csv(file_write("t.csv", "a,y\n1,\0\n", 8),
			      .label = "y");
	CHECK(!s && strstr(last(), ":2:2: a NUL byte"), "refused: a NUL byte");
	CHECK(!accel_samples_csv(file_path("none.csv"), .label = "y") &&
		      strstr(last(), "No such file"),
	      "a missing file is named");
	mkdir(file_path("bare"), 0777);
	CHECK(!accel_samples_csv(file_path("bare"), .label = "y") &&
		      strstr(last(), "directory without tables"),
	      "so is a directory without tables");
	rmdir(file_path("bare"));
}

static void test_preprocess(void)
{
	accel_samples *s = csv("t,room,y\n0,a,no\n10,b,yes\n20,a,yes\n", "y");
	static const char *const names[] = { "room", "x", "t" };
	const char *values[] = { "b", "junk", "15" };
	accel_preprocess *p = NULL;
	char *json = NULL, *again = NULL;
	accel_samples *other;
	float x[3];

	json = accel_preprocess_to_json(s->preprocess);
	accel_samples_destroy(s);
	p = accel_preprocess_from_json(json);
	again = p ? accel_preprocess_to_json(p) : NULL;
	CHECK(again && !strcmp(json, again), "JSON there and back is the same");
	if (!again)
		return;
	CHECK(accel_preprocess_columns(p) == 2 &&
		      accel_preprocess_features(p) == 3 &&
		      !strcmp(accel_preprocess_feature(p, 2), "room=b") &&
		      !strcmp(accel_preprocess_label(p), "y") &&
		      accel_preprocess_classes(p) == 2 &&
		      !strcmp(accel_preprocess_class(p, 0), "no") &&
		      !accel_preprocess_column(p, 2),
	      "and knows its columns, features and classes");
	CHECK(!accel_preprocess_row(p, 3, names, values, x) &&
		      fabs(x[0] - 5 / sqrt(200 / 3.0)) < 1e-6 && x[1] == 0 &&
		      x[2] == 1,
	      "a row is encoded as the training was");
	values[0] = NULL;
	values[2] = "?";
	CHECK(!accel_preprocess_row(p, 3, names, values, x) && x[0] == 0 &&
		      x[1] == 0 && x[2] == 0,
	      "missing values are filled");
	CHECK(accel_preprocess_row(p, 2, names, values, x) ==
			      ACCEL_ERR_INVALID &&
		      strstr(last(), "\"t\""),
	      "a missing column is named");
	values[2] = "warm";
	CHECK(accel_preprocess_row(p, 3, names, values, x) ==
			      ACCEL_ERR_FORMAT &&
		      strstr(last(), "\"warm\""),
	      "so is a text where a number was");
	CHECK(accel_preprocess_numbers(p, (double[]){ 1, 2 }, x) ==
			      ACCEL_ERR_INVALID &&
		      strstr(last(), "\"room\""),
	      "numbers alone do not do for a text column");
	other = accel_preprocess_csv(
		p, file_text("o.csv", "z;room;t;y\n1;b;20;yes\n1;c;0;no\n"));
	CHECK(other && other->count == 2 && other->x.shape[1] == 3 &&
		      fx(other)[2] == 1 && fx(other)[4] + fx(other)[5] == 0 &&
		      labels(other)[0] == 1,
	      "another file's columns are found by name");
	accel_samples_destroy(other);
	other = accel_preprocess_csv(p, file_text("o.csv", "t,room\n1,a\n"));
	CHECK(other && !other->y.data, "without the label there is no y");
	accel_samples_destroy(other);
	CHECK(!accel_preprocess_csv(p, file_text("o.csv", "t,y\n1,no\n")) &&
		      strstr(last(), "no column \"room\"; it has: t, y"),
	      "a file without an input column is refused, by its name");
	CHECK(!accel_preprocess_csv(p, file_text("o.csv",
						 "t,room,y\n1,a,maybe\n")) &&
		      strstr(last(), ":2:3:") && strstr(last(), "maybe"),
	      "so is a class that the training did not know");
	accel_preprocess_destroy(p);
	accel_preprocess_destroy(NULL);
	free(json);
	free(again);
}

static void test_preprocess_numbers(void)
{
	accel_samples *s = csv("a,b,y\n0,5,0\n2,5,1\n", "y");
	float x[2];

	CHECK(s &&
		      !accel_preprocess_numbers(s->preprocess,
						(double[]){ 4, 7 }, x) &&
		      x[0] == 3 && x[1] == 2,
	      "numbers are normalised; what never varied by its mean");
	CHECK(s &&
		      !accel_preprocess_numbers(s->preprocess,
						(double[]){ NAN, 5 }, x) &&
		      x[0] == 0,
	      "NaN is missing");
	accel_samples_destroy(s);
}

static void test_preprocess_bad_json(void)
{
	static const char *const texts[] = {
		"",
		"[]",
		"{}",
		"{\"version\":2,\"columns\":[{}]}",
		"{\"version\":1,\"columns\":[]}",
		"{\"version\":1,\"missing\":\"fill\",\"columns\":[{}]}",
		"{\"version\":1,\"missing\":\"fill\",\"columns\":[{\"name\":"
		"\"a\","
		"\"mean\":0,\"std\":0}]}",
		"{\"version\":1,\"missing\":\"fill\",\"columns\":[{\"name\":"
		"\"a\","
		"\"texts\":[\"b\",\"a\"]}]}",
		"{\"version\":1,\"missing\":\"fill\",\"columns\":[{\"name\":"
		"\"a\","
		"\"texts\":[1]}]}",
		"{\"version\":1,\"missing\":\"what\",\"columns\":[{\"name\":"
		"\"a\","
		"\"mean\":0,\"std\":1}]}",
		"{\"version\":1,\"missing\":\"fill\",\"columns\":[{\"name\":"
		"\"a\","
		"\"mean\":0,\"std\":1}],\"label\":3}",
	};
	size_t i, refused = 0;
	accel_preprocess *p;

	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		p = accel_preprocess_from_json(texts[i]);
		refused += !p && strstr(last(), "preprocessing:");
		accel_preprocess_destroy(p);
	}
	CHECK(refused == i, "JSON of another kind is refused (%zu texts)", i);
}

static void test_csv_pair(void)
{
	char text[4000] = "a,y\n";
	accel_dataset *d;
	double sum = 0;
	size_t len = 4;
	int i;

	for (i = 0; i < 100; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len,
					"%d,%d\n", i * i % 97, i % 2);
	file_text("t.csv", text);
	d = accel_dataset_csv(NULL, file_path("t.csv"), .label = "y",
			      .holdout = 0.25, .shuffle = true, .seed = 5);
	CHECK(d && d->train->count == 75 && d->test->count == 25,
	      "a quarter is held out");
	for (i = 0; d && i < 75; i++)
		sum += fx(d->train)[i];
	CHECK(fabs(sum) < 1e-4, "the mean is that of the training part alone");
	CHECK(d && d->train->preprocess == d->test->preprocess,
	      "which both parts share");
	accel_dataset_destroy(d);
	d = accel_dataset_csv(NULL, file_path("t.csv"), .label = "y",
			      .test = file_text("u.csv", "y,a\n1,3\n"));
	CHECK(d && d->train->count == 100 && d->test->count == 1,
	      "or another file is the test");
	accel_dataset_destroy(d);
	CHECK(!accel_dataset_csv(NULL, file_path("t.csv"), .label = "y",
				 .test = file_text("u.csv", "y,b\n1,3\n")) &&
		      strstr(last(), "u.csv: no column \"a\""),
	      "whose columns must be there");
	CHECK(!accel_dataset_csv(NULL, file_path("t.csv"), .holdout = 1) &&
		      strstr(last(), "holdout of 1"),
	      "a holdout of everything is refused");
}

static void test_csv_no_memory(void)
{
	const char *path = file_text("t.csv", "a,b,y\n1,u,0\n2,v,1\n3,u,1\n");
	accel_samples *s = NULL;
	int n;

	for (n = 1; n < 200 && !s; n++) {
		mem_fail_after((uint64_t)n);
		s = accel_samples_csv(path, .label = "y");
		mem_fail_after(0);
	}
	CHECK(s && n > 20, "a table fails cleanly at each of %d allocations",
	      n - 2);
	accel_samples_destroy(s);
}

/* ---- generators ---- */

static void test_digits(void)
{
	accel_dataset *d = accel_dataset_digits(NULL, 300, 100, 1), *e;
	int count[10] = { 0 }, i, k, seen = 0, same = 0;
	const uint8_t *a, *b;
	double ink = 0;

	CHECK(d && d->train->x.dtype == ACCEL_U8 && d->train->x.ndim == 3 &&
		      d->train->x.shape[1] == 28 && d->train->n_classes == 10,
	      "digits are 28 by 28 bytes of ten classes");
	a = d->train->x.data;
	for (i = 0; i < 300; i++)
		count[labels(d->train)[i]]++;
	for (i = 0; i < 10; i++)
		seen += count[i] > 10;
	for (i = 0; i < 300 * 784; i++)
		ink += a[i];
	CHECK(seen == 10, "every digit comes");
	CHECK(ink / (300 * 784) > 20 && ink / (300 * 784) < 60,
	      "with as much ink as handwriting (%.1f)", ink / (300 * 784));
	b = d->test->x.data;
	for (i = 0; i < 300; i++)
		for (k = 0; k < 100; k++)
			same += !memcmp(a + i * 784, b + k * 784, 784);
	CHECK(!same, "no sample of the training is in the test");
	e = accel_dataset_digits(NULL, 20, 0, 1);
	CHECK(e && !e->test && !memcmp(e->train->x.data, a, 20 * 784),
	      "the same seed draws the same");
	accel_dataset_destroy(e);
	e = accel_dataset_digits(NULL, 20, 0, 2);
	CHECK(e && memcmp(e->train->x.data, a, 20 * 784), "another, others");
	accel_dataset_destroy(e);
	accel_dataset_destroy(d);
	CHECK(!accel_dataset_digits(NULL, 0, 1, 1) && strstr(last(), "0 to"),
	      "none to train on is refused");
}

static void test_sensors(void)
{
	accel_dataset *d = accel_dataset_sensors(
		NULL, 32, .train = 300, .test = 200, .faults_test = 0.25);
	int count[4] = { 0 }, finite = 1, i;
	double rise[4] = { 0 }, sum = 0, squares = 0;
	const float *x;

	CHECK(d && d->train->x.ndim == 3 && d->train->x.shape[1] == 32 &&
		      d->train->x.shape[2] == 4 && d->train->n_classes == 4 &&
		      !strcmp(d->train->class_names[3], "fault") &&
		      !strcmp(d->train->x_names[3], "co2"),
	      "series of four sensors in four classes");
	x = fx(d->train);
	for (i = 0; i < 300 * 32 * 4; i++) {
		finite &= isfinite(x[i]);
		sum += x[i];
		squares += x[i] * x[i];
	}
	sum /= 300 * 32 * 4;
	squares /= 300 * 32 * 4;
	CHECK(finite && fabs(sum) < 0.3 && squares > 0.5 && squares < 2,
	      "about standardised (mean %.2f, mean square %.2f)", sum, squares);
	for (i = 0; i < 300; i++) {
		int c = labels(d->train)[i];

		count[c]++;
		rise[c] += x[i * 128 + 127] - x[i * 128 + 3];
	}
	CHECK(!count[3] && count[0] > 60 && count[1] > 60 && count[2] > 60,
	      "without faults unless asked");
	CHECK(rise[1] / count[1] > 0 && rise[1] / count[1] > rise[0] / count[0],
	      "people raise the CO2");
	for (i = 0; i < 4; i++)
		count[i] = 0;
	for (i = 0; i < 200; i++)
		count[labels(d->test)[i]]++;
	CHECK(count[3] > 30 && count[3] < 70, "a quarter of faults");
	accel_dataset_destroy(d);
	CHECK(!accel_dataset_sensors(NULL, 1) && strstr(last(), "1 steps"),
	      "a series of one step is refused");
}

/* ---- real data, where there is some ---- */

static const char *shared(const char *name)
{
	static char path[512];
	const char *dir = getenv("ACCEL_TEST_DATA");

	snprintf(path, sizeof(path), "%s/%s", dir ? dir : "../shared/data",
		 name);
	if (!access(path, R_OK))
		return path;
	printf("ok %d - %s # SKIP not there (see ACCEL_TEST_DATA)\n", ++tap_run,
	       name);
	return NULL;
}

static void test_mnist(void)
{
	const char *dir = shared("mnist");
	accel_dataset *d;
	int64_t i, sum = 0;

	if (!dir)
		return;
	d = accel_dataset_mnist(NULL, dir);
	CHECK(d && d->train->count == 60000 && d->test->count == 10000,
	      "MNIST has 60000 and 10000 images");
	for (i = 0; d && i < 10000; i++)
		sum += labels(d->test)[i];
	CHECK(d && labels(d->train)[0] == 5 && labels(d->test)[0] == 7 &&
		      sum == 44434,
	      "and its labels");
	accel_dataset_destroy(d);
}

static void test_occupancy(void)
{
	const char *dir = shared("occupancy");
	char train[600], test[600];
	accel_dataset *d;

	if (!dir)
		return;
	snprintf(train, sizeof(train), "%s/datatraining.txt", dir);
	snprintf(test, sizeof(test), "%s/datatest2.txt", dir);
	d = accel_dataset_csv(NULL, train, .label = "Occupancy", .test = test);
	CHECK(d && d->train->count == 8143 && d->test->count == 9752 &&
		      d->train->x.shape[1] == 5 && d->train->n_classes == 2,
	      "Occupancy has 8143 and 9752 rows of 5 sensors");
	CHECK(d && strstr(accel_preprocess_ignored(d->train->preprocess),
			  "date (date)"),
	      "its date and row number are left out");
	accel_dataset_destroy(d);
}

int main(void)
{
	files_begin();
	test_create();
	test_gather();
	test_shuffle();
	test_split();
	test_idx();
	test_mnist_names();
	test_npy();
	test_csv();
	test_csv_columns();
	test_csv_left_out();
	test_csv_classes();
	test_csv_missing();
	test_csv_bad();
	test_preprocess();
	test_preprocess_numbers();
	test_preprocess_bad_json();
	test_csv_pair();
	test_csv_no_memory();
	test_digits();
	test_sensors();
	test_mnist();
	test_occupancy();
	files_end();
	return tap_done();
}
