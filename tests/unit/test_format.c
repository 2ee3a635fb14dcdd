// SPDX-License-Identifier: MIT
/* Files of tensors: what is written is read, and nothing else is believed. */
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <accel/accel.h>

#include "../../libaccel/src/base/alloc.h"
#include "../../libaccel/src/base/file.h"
#include "../../libaccel/src/format/safetensors.h"
#include "files.h"
#include "tap.h"

static const float weights[6] = { 1.5f, -2, 3e38f, 1e-42f, -0.0f, 7 };
static const uint16_t halves[3] = { 0x3c00, 0x8001, 0x7bff };
static const int8_t bytes[5] = { -128, -1, 0, 1, 127 };
static const int64_t s6[2] = { 2, 3 }, s3[1] = { 3 }, s5[1] = { 5 };
static const struct st_entry entries[] = {
	{ "bytes", ACCEL_I8, 1, s5, bytes, NULL },
	{ "dense/kernel", ACCEL_F32, 2, s6, weights, NULL },
	{ "grün", ACCEL_F16, 1, s3, halves, NULL },
	{ "step", ACCEL_I32, 0, NULL, &(int32_t){ -77 }, NULL },
};
static const struct st_pair pairs[] = {
	{ "arch", "dense:128\n\"quoted\"" },
	{ "history", "{\"loss\":[1,2]}" },
};

static void test_round_trip(void)
{
	const char *path = file_path("a.safetensors");
	const struct st_tensor *t;
	struct st_file *f;
	char *first, *second = NULL;
	size_t n, m;
	float w[6];
	int8_t b[5];
	int32_t step = 0;

	CHECK(!st_write(path, 4, entries, 2, pairs), "tensors are written");
	f = st_open(path);
	CHECK(f && st_count(f) == 4, "and read again");
	if (!f)
		return;
	t = st_find(f, "dense/kernel");
	CHECK(t && t->dtype == ACCEL_F32 && t->ndim == 2 && t->shape[0] == 2 &&
		      t->shape[1] == 3 && t->count == 6,
	      "with type and shape");
	CHECK(t && !st_read(f, t, w) && !memcmp(w, weights, sizeof(w)),
	      "bit for bit");
	CHECK(!st_read(f, st_find(f, "bytes"), b) &&
		      !memcmp(b, bytes, sizeof(b)),
	      "i8, too");
	t = st_find(f, "step");
	CHECK(t && t->ndim == 0 && t->count == 1 && !st_read(f, t, &step) &&
		      step == -77,
	      "a scalar, too");
	CHECK(st_find(f, "grün") && !st_find(f, "nothing"),
	      "names are found or not");
	CHECK(!strcmp(st_metadata(f, "arch"), pairs[0].value) &&
		      !st_metadata(f, "nothing"),
	      "the metadata, too");
	for (n = 0; n < st_count(f); n++)
		if (st_at(f, (uint32_t)n)->begin %
		    accel_dtype_size(st_at(f, (uint32_t)n)->dtype))
			break;
	CHECK(n == 4 && !st_at(f, 4), "every tensor is aligned to its element");
	st_close(f);
	first = file_load(path, &n);
	CHECK(!st_write(path, 4, entries, 2, pairs) &&
		      (second = file_load(path, &m)),
	      "written once more");
	CHECK(n == m && !memcmp(first, second, n), "it is the same bytes");
	mem_free(first);
	mem_free(second);
}

/* A file in memory: the header with its length before, and data behind. */
static struct st_file *parse(const char *header, size_t data)
{
	static uint8_t image[1 << 16];
	uint64_t len = strlen(header);

	memset(image, 0, sizeof(image));
	memcpy(image, &len, 8);
	memcpy(image + 8, header, len);
	return st_parse(image, 8 + len + data, "x.safetensors");
}

static void test_hostile(void)
{
	static const struct {
		const char *what, *header;
		size_t data;
		const char *says;
	} files[] = {
		{ "an empty header", "{}", 4, "4 bytes follow" },
		{ "no JSON", "{\"a\":", 0, "header, byte" },
		{ "something before {", " {}", 0, "does not begin" },
		{ "a list", "[1]", 0, "does not begin" },
		{ "words behind", "{} x", 0, "header, byte" },
		{ "bad UTF-8", "{\"\xff\":1}", 0, "header, byte" },
		{ "a doubled name",
		  "{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,"
		  "1]},"
		  "\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[1,2]"
		  "}}",
		  2, "duplicate" },
		{ "no dtype", "{\"a\":{\"shape\":[1],\"data_offsets\":[0,1]}}",
		  1, "no dtype" },
		{ "an unknown dtype",
		  "{\"a\":{\"dtype\":\"F8_E4M3\",\"shape\":[1],\"data_"
		  "offsets\":[0,1]}}",
		  1, "F8_E4M3" },
		{ "no shape",
		  "{\"a\":{\"dtype\":\"U8\",\"data_offsets\":[0,1]}}", 1,
		  "not a list" },
		{ "a negative size",
		  "{\"a\":{\"dtype\":\"U8\",\"shape\":[-1],\"data_offsets\":[0,"
		  "1]}}",
		  1, "whole number" },
		{ "half a size",
		  "{\"a\":{\"dtype\":\"U8\",\"shape\":[1.5],\"data_offsets\":["
		  "0,1]}}",
		  1, "whole number" },
		{ "a shape that overflows",
		  "{\"a\":{\"dtype\":\"F32\",\"shape\":[4294967296,4294967296],"
		  "\"data_offsets\":[0,0]}}",
		  0, "overflows" },
		{ "bytes that overflow",
		  "{\"a\":{\"dtype\":\"F32\",\"shape\":[4611686018427387904],"
		  "\"data_offsets\":[0,0]}}",
		  0, "4611686018427387904 elements" },
		{ "nine dimensions",
		  "{\"a\":{\"dtype\":\"U8\",\"shape\":[1,1,1,1,1,1,1,1,1],"
		  "\"data_offsets\":[0,1]}}",
		  1, "9 dimensions" },
		{ "another size",
		  "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,"
		  "4]}}",
		  4, "2 elements of F32 in 4 bytes" },
		{ "an end before the begin",
		  "{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[1,"
		  "0]}}",
		  1, "not [begin, end]" },
		{ "a negative begin",
		  "{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[-1,"
		  "0]}}",
		  1, "not [begin, end]" },
		{ "offsets that are no numbers",
		  "{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":["
		  "\"0\",1]}}",
		  1, "not [begin, end]" },
		{ "an end past the file",
		  "{\"a\":{\"dtype\":\"U8\",\"shape\":[9],\"data_offsets\":[0,"
		  "9]}}",
		  8, "cut off" },
		{ "a hole",
		  "{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,"
		  "1]},"
		  "\"b\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[2,3]"
		  "}}",
		  3, "a hole" },
		{ "an overlap",
		  "{\"a\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,"
		  "2]},"
		  "\"b\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[1,3]"
		  "}}",
		  3, "overlaps" },
		{ "bytes behind the last",
		  "{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,"
		  "1]}}",
		  3, "2 bytes follow" },
		{ "metadata that is no text", "{\"__metadata__\":{\"a\":1}}", 0,
		  "not a string" },
		{ "metadata that is a list", "{\"__metadata__\":[]}", 0,
		  "not an object" },
		{ "an integer beyond 64 bits",
		  "{\"a\":{\"dtype\":\"U8\",\"shape\":[99999999999999999999],"
		  "\"data_offsets\":[0,1]}}",
		  1, "header, byte" },
	};
	struct st_file *f;
	size_t i;

	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		f = parse(files[i].header, files[i].data);
		CHECK(!f && strstr(accel_last_error(), "x.safetensors") &&
			      strstr(accel_last_error(), files[i].says),
		      "refused: %s", files[i].what);
		if (!f && !strstr(accel_last_error(), files[i].says))
			printf("# %s\n", accel_last_error());
		st_close(f);
	}
}

static void test_depth_and_length(void)
{
	static char deep[20001];
	uint64_t big[2] = { UINT64_MAX, 0 };
	struct st_file *f;

	memset(deep, '[', 20000);
	memcpy(deep, "{\"a\":", 5);
	f = parse(deep, 0);
	CHECK(!f && strstr(accel_last_error(), "depth"),
	      "a header nested 20000 deep is refused");
	st_close(f);
	f = st_parse(big, 16, "x");
	CHECK(!f && strstr(accel_last_error(), "18446744073709551615"),
	      "a header length of 2^64 - 1 is refused");
	st_close(f);
	f = parse("{\"e\":{\"dtype\":\"F32\",\"shape\":[0,3],"
		  "\"data_offsets\":[0,0]}}  ",
		  0);
	CHECK(f && st_find(f, "e")->count == 0 &&
		      !st_read(f, st_find(f, "e"), deep),
	      "an empty tensor and padding are right");
	st_close(f);
}

static void test_cut_off(void)
{
	const char *path = file_path("cut.safetensors");
	struct st_file *f;
	size_t n, i, refused = 0;
	char *whole, *part;
	float w[6];

	st_write(path, 4, entries, 2, pairs);
	whole = file_load(path, &n);
	for (i = 0; i < n; i++) {
		part = malloc(i + 1); /* exactly, for the sanitizer */
		memcpy(part, whole, i);
		f = st_parse(part, i, "part");
		refused += !f;
		st_close(f);
		free(part);
	}
	CHECK(refused == n, "each of %zu cut-off files is refused", n);
	mem_free(whole);
	f = st_open(path);
	CHECK(f && !truncate(path, (off_t)n - 30),
	      "a file shrinks while it is open");
	CHECK(f && st_read(f, st_find(f, "dense/kernel"), w) == ACCEL_ERR_IO &&
		      strstr(accel_last_error(), "cut off"),
	      "reading it is an error, no crash");
	st_close(f);
}

static void test_conversion(void)
{
	static const char header[] = "{\"d\":{\"dtype\":\"F64\",\"shape\":[2],"
				     "\"data_offsets\":[0,16]},"
				     "\"l\":{\"dtype\":\"I64\",\"shape\":[2],"
				     "\"data_offsets\":[16,32]},"
				     "\"u\":{\"dtype\":\"U32\",\"shape\":[1],"
				     "\"data_offsets\":[32,36]},"
				     "\"b\":{\"dtype\":\"BF16\",\"shape\":[2],"
				     "\"data_offsets\":[36,40]},"
				     "\"s\":{\"dtype\":\"I16\",\"shape\":[1],"
				     "\"data_offsets\":[40,42]},"
				     "\"t\":{\"dtype\":\"U16\",\"shape\":[1],"
				     "\"data_offsets\":[42,44]},"
				     "\"o\":{\"dtype\":\"BOOL\",\"shape\":[1],"
				     "\"data_offsets\":[44,45]},"
				     "\"h\":{\"dtype\":\"F16\",\"shape\":[3],"
				     "\"data_offsets\":[45,51]}}";
	struct {
		uint64_t len;
		char header[sizeof(header) - 1];
		uint8_t data[51];
	} __attribute__((packed)) image = { .len = sizeof(header) - 1 };
	static const double d[2] = { 0.1, -1e300 };
	static const int64_t l[2] = { -5, 1ll << 31 };
	static const uint32_t u = 3000000000u;
	static const uint16_t b[2] = { 0x3fc0, 0xff80 }, s = 0xfffe, t = 0xfffe;
	/* the largest, the smallest above 0, and -2.5 */
	static const uint16_t h[3] = { 0x7bff, 0x0001, 0xc100 };
	struct st_file *f;
	float x[3];
	int32_t i[2];
	uint8_t o = 0;

	memcpy(image.header, header, sizeof(image.header));
	memcpy(image.data, d, 16);
	memcpy(image.data + 16, l, 16);
	memcpy(image.data + 32, &u, 4);
	memcpy(image.data + 36, b, 4);
	memcpy(image.data + 40, &s, 2);
	memcpy(image.data + 42, &t, 2);
	image.data[44] = 1;
	memcpy(image.data + 45, h, 6);
	f = st_parse(&image, sizeof(image), "x");
	CHECK(f, "the other types are opened");
	if (!f)
		return;
	CHECK(!st_read(f, st_find(f, "d"), x) && x[0] == 0.1f &&
		      x[1] == -__builtin_inff(),
	      "F64 becomes f32");
	CHECK(!st_read_f32(f, st_find(f, "h"), x) && x[0] == 65504 &&
		      x[1] == 0x1p-24f && x[2] == -2.5f,
	      "F16 becomes f32");
	CHECK(!st_read_f32(f, st_find(f, "d"), x) && x[0] == 0.1f,
	      "as F64 does, by the same call");
	CHECK(!st_read(f, st_find(f, "b"), x) && x[0] == 1.5f &&
		      x[1] == -__builtin_inff(),
	      "BF16 becomes f32");
	CHECK(!st_read(f, st_find(f, "s"), i) && i[0] == -2, "I16 becomes i32");
	CHECK(!st_read(f, st_find(f, "t"), i) && i[0] == 65534,
	      "U16 becomes i32");
	CHECK(!st_read(f, st_find(f, "o"), &o) && o == 1, "BOOL becomes u8");
	CHECK(st_read(f, st_find(f, "l"), i) == ACCEL_ERR_RANGE && i[0] == -5 &&
		      strstr(accel_last_error(), "element 1"),
	      "an I64 that does not fit is refused, by its place");
	CHECK(st_read(f, st_find(f, "u"), i) == ACCEL_ERR_RANGE,
	      "so is a U32 that does not");
	st_close(f);
}

static void test_open(void)
{
	CHECK(!st_open(file_path("nothing")) &&
		      strstr(accel_last_error(), "No such file"),
	      "a missing file is named with the reason");
	CHECK(!st_open(files_dir) && strstr(accel_last_error(), "regular"),
	      "a directory is no file");
	CHECK(!mkfifo(file_path("fifo"), 0600) && !st_open(file_path("fifo")),
	      "a FIFO does not hold us up");
}

static void test_bad_write(void)
{
	struct st_entry twice[2] = { entries[0], entries[0] };
	struct st_entry latin = entries[0];
	struct st_pair text = { "a", "\xff" };

	CHECK(st_write(file_path("b"), 2, twice, 0, NULL) ==
			      ACCEL_ERR_INVALID &&
		      strstr(accel_last_error(), "\"bytes\""),
	      "a name twice is refused");
	latin.name = "gr\xfcn";
	CHECK(st_write(file_path("b"), 1, &latin, 0, NULL) == ACCEL_ERR_INVALID,
	      "so is a name that is no UTF-8");
	CHECK(st_write(file_path("b"), 0, NULL, 1, &text) == ACCEL_ERR_INVALID,
	      "and a text that is none");
	CHECK(access(file_path("b"), F_OK), "nothing was written");
	CHECK(st_write(file_path("no/dir"), 1, entries, 0, NULL) ==
			      ACCEL_ERR_IO &&
		      strstr(accel_last_error(), "No such file"),
	      "a missing directory is an error");
	CHECK(st_write(files_dir, 1, entries, 0, NULL) == ACCEL_ERR_IO &&
		      strstr(accel_last_error(), "directory"),
	      "a directory is not replaced");
}

/* How many entries the directory has. */
static int files_count(void)
{
	DIR *d = opendir(files_dir);
	int n = 0;

	while (d && readdir(d))
		n++;
	closedir(d);
	return n;
}

/* A disk that fills, as far as a process can make one by itself. */
static void test_disk_full(void)
{
	static float big[65536];
	const int64_t shape[1] = { 65536 };
	struct st_entry e = { "big", ACCEL_F32, 1, shape, big, NULL };
	const char *path = file_path("full.safetensors");
	struct rlimit old, low;
	struct st_file *f;
	int before;

	st_write(path, 4, entries, 2, pairs);
	before = files_count();
	getrlimit(RLIMIT_FSIZE, &old);
	low = old;
	low.rlim_cur = 100000;
	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &low);
	CHECK(st_write(path, 1, &e, 0, NULL) == ACCEL_ERR_IO &&
		      strstr(accel_last_error(), path) &&
		      strstr(accel_last_error(), "too large"),
	      "a file that cannot grow is an error with its reason");
	setrlimit(RLIMIT_FSIZE, &old);
	CHECK(files_count() == before, "nothing is left beside it");
	f = st_open(path);
	CHECK(f && st_count(f) == 4 && st_metadata(f, "arch"),
	      "the old file is as it was");
	st_close(f);
	CHECK(!st_write(path, 1, &e, 0, NULL), "with room it is written");
}

/* Tensors are read when their turn comes, which may go wrong. */
static void test_tensors(void)
{
	const char *path = file_path("tensors.safetensors");
	accel_context *ctx = accel_open("cpu", .threads = 1);
	accel_tensor *t =
		accel_tensor_create(ctx, ACCEL_F32, ACCEL_SHAPE(2, 3), weights);
	struct st_entry e[2] = { entries[1],
				 { "from", ACCEL_F32, 2, s6, NULL, t } };
	accel_status err;
	struct st_file *f;
	float w[6] = { 0 };
	int before;

	CHECK(!st_write(path, 2, e, 0, NULL), "a tensor is written");
	f = st_open(path);
	CHECK(f && !st_read(f, st_find(f, "from"), w) &&
		      !memcmp(w, weights, sizeof(w)),
	      "as it is");
	st_close(f);
	before = files_count();
	e[1].shape = s3;
	e[1].ndim = 1;
	err = st_write(path, 2, e, 0, NULL);
	CHECK(err == ACCEL_ERR_RANGE && strstr(accel_last_error(), "12 bytes"),
	      "one that cannot be read is its error: %s", accel_last_error());
	f = st_open(path);
	CHECK(f && st_count(f) == 2 && files_count() == before,
	      "and the old file is as it was, with nothing beside it");
	st_close(f);
	accel_tensor_destroy(t);
	accel_close(ctx);
}

static void test_no_memory(void)
{
	const char *path = file_path("mem.safetensors");
	struct st_file *f = NULL;
	accel_status status = ACCEL_ERR_NOMEM;
	int n;

	for (n = 1; n < 50 && status; n++) {
		mem_fail_after((uint64_t)n);
		status = st_write(path, 4, entries, 2, pairs);
		mem_fail_after(0);
	}
	CHECK(!status && n > 2, "writing without memory fails cleanly");
	for (n = 1; n < 50 && !f; n++) {
		mem_fail_after((uint64_t)n);
		f = st_open(path);
		mem_fail_after(0);
	}
	CHECK(f && n > 3, "so does reading");
	st_close(f);
}

int main(void)
{
	files_begin();
	test_round_trip();
	test_hostile();
	test_depth_and_length();
	test_cut_off();
	test_conversion();
	test_open();
	test_bad_write();
	test_disk_full();
	test_tensors();
	test_no_memory();
	files_end();
	return tap_done();
}
