// SPDX-License-Identifier: MIT
/* Fuzzes the reader of tables and the JSON of a preprocess. */
#include <stdlib.h>
#include <string.h>

#include "../../libaccel/src/base/alloc.h"
#include "../../libaccel/src/data/clock.h"
#include "../../libaccel/src/data/preprocess.h"
#include "fuzz.h"

/* The first byte is the options, 0xff for JSON. */
const struct fuzz_seed fuzz_seeds[] = {
	FUZZ_SEED("\x00"
		  "a,b,y\n1,u,0\n2,v,1\n,u,1\n"),
	FUZZ_SEED("\x41"
		  "\"d\";\"x\"\r\n\"2015-02-04 17:51:00\";1,5\r\n"
		  "\"2015-02-05\";NA\r\n\"2015-02-05\";2\r\n"),
	FUZZ_SEED("\x1a"
		  "1\t2\tx\n3\t4\ty\n5\t6\tx\n"),
	FUZZ_SEED("\x05"
		  "\xef\xbb\xbf\"n\",\"y\"\n\"1\",\"a \"\"q\"\"\nb\",2\n"
		  "\"2\",\"b\",3\n\"3\",\"b\",4\n"),
	FUZZ_SEED("\x00"
		  "sep=|\nv|w|y\n1.234,5 kWh|21 \xc2\xb0"
		  "C|NA\n7,25 kWh|3 \xc2\xb0"
		  "C|a\n-9 kWh|1.#IND|+\n"),
	FUZZ_SEED("\x00"
		  "# room 7\n  t   x y\n1600000000   2 a\n # stopped\n"
		  "1600000060 -200 b\n1600000120 -200 a\n"),
	FUZZ_SEED("\x80"
		  "time,v,y\n23:59:50,1,a\n00:00:00,2,b\n,,\n00:00:10,3,a\n"
		  "00:00:20,4,b\n00:00:30,5,a\n"),
	FUZZ_SEED("\x80"
		  "\"v\",\"y\"\n\"1\",5,2,\n\"2\",\"Wed, 4 Feb 2015 17:51 "
		  "GMT\",3,\n\n\"3\",20150204175100,4,\n"),
	FUZZ_SEED("\xff"
		  "{\"version\":1,\"missing\":\"fill\",\"header\":true,"
		  "\"ignored\":\"\",\"columns\":[{\"name\":\"a\",\"mean\":1.5,"
		  "\"std\":2.0,\"unit\":\"W\"},{\"name\":\"b\",\"texts\":[\"\","
		  "\"u\"]},"
		  "{\"name\":\"d\",\"date\":true}],\"label\":{\"name\":\"y\","
		  "\"texts\":[\"0\",\"1\"]}}"),
	{ NULL, 0 },
};

const char *const fuzz_words[] = { "\"",
				   "\"\"",
				   ",",
				   "\r\n",
				   ";",
				   "NaN",
				   "1e308",
				   "-1e-320",
				   "0x1p3",
				   "12:60",
				   " kW",
				   "\xc2\xb0"
				   "C",
				   "1.#INF",
				   "+",
				   "-",
				   "#",
				   "-200",
				   "1'000",
				   "Feb 4 17:51:00 2015",
				   "?",
				   "1.02.2015",
				   "\xc3\xbc",
				   "\xed\xa0\x80",
				   "1,2,3\n4,5,6\n",
				   NULL };

/* JSON there and back must be the same text; returns what came back. */
static accel_preprocess *again(const accel_preprocess *p)
{
	char *text = accel_preprocess_to_json(p), *second;
	accel_preprocess *q = text ? accel_preprocess_from_json(text) : NULL;

	second = q ? accel_preprocess_to_json(q) : NULL;
	if (!second || strcmp(text, second))
		abort();
	free(text);
	free(second);
	return q;
}

static void fuzz_json(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	accel_preprocess *p;

	memcpy(text, data, size);
	text[size] = 0;
	p = accel_preprocess_from_json(text);
	if (p)
		accel_preprocess_destroy(again(p));
	accel_preprocess_destroy(p);
	free(text);
}

/* Bytes of all of x. */
static size_t bytes_of(const accel_samples *s)
{
	size_t n = 4;
	int i;

	for (i = 0; i < s->x.ndim; i++)
		n *= (size_t)s->x.shape[i];
	return n;
}

/* What was fitted is applied, directly and by way of JSON, to the same end. */
static void apply(accel_preprocess *p, struct table *t, const int64_t *rows,
		  int64_t n)
{
	accel_samples *a = preprocess_apply(p, t, rows, n), *b;
	accel_preprocess *q = again(p);

	b = preprocess_apply(q, t, rows, n);
	if (!a != !b)
		abort();
	if (a && (a->count != b->count || a->count > n ||
		  memcmp(a->x.data, b->x.data, bytes_of(a))))
		abort();
	accel_preprocess_destroy(q);
	accel_samples_destroy(a);
	accel_samples_destroy(b);
}

static void fuzz_table(uint8_t how, const uint8_t *data, size_t size)
{
	accel_csv_options o = {
		.label = how & 1 ? NULL : "y",
		.header = (accel_csv_header)((how >> 1) % 3),
		.missing = (accel_csv_missing)((how >> 3) % 3),
		.task = (accel_csv_task)((how >> 5) % 3),
		.dates = how & 64,
		.window = how & 128 ? 2 : 0,
	};
	char *text = mem_alloc(size + 1);
	accel_preprocess *p = NULL;
	int64_t *rows = NULL, n = 0;
	struct table t;

	memcpy(text, data, size);
	text[size] = 0;
	if (table_parse(&t, "input", text, size, &o))
		return;
	if (!o.window || !table_series(&t, &o))
		rows = series_rows(&t, o.window, 1, 0, &n);
	if (rows)
		p = preprocess_fit(&t, &o, rows, n);
	if (p)
		apply(p, &t, rows, n);
	accel_preprocess_destroy(p);
	mem_free(rows);
	table_finish(&t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!size)
		return 0;
	if (data[0] == 0xff)
		fuzz_json(data + 1, size - 1);
	else
		fuzz_table(data[0], data + 1, size - 1);
	return 0;
}
