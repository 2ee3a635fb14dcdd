// SPDX-License-Identifier: MIT
/* Fuzzes the reader of tables and the JSON of a preprocess. */
#include <stdlib.h>
#include <string.h>

#include "../../libaccel/src/base/alloc.h"
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
	FUZZ_SEED("\xff"
		  "{\"version\":1,\"missing\":\"fill\",\"header\":true,"
		  "\"ignored\":\"\",\"columns\":[{\"name\":\"a\",\"mean\":1.5,"
		  "\"std\":2.0},{\"name\":\"b\",\"texts\":[\"\",\"u\"]},"
		  "{\"name\":\"d\",\"date\":true}],\"label\":{\"name\":\"y\","
		  "\"texts\":[\"0\",\"1\"]}}"),
	{ NULL, 0 },
};

const char *const fuzz_words[] = {
	"\"",  "\"\"",      ",",        "\r\n",         ";",
	"NaN", "1e308",     "-1e-320",  "0x1p3",        "12:60",
	"?",   "1.02.2015", "\xc3\xbc", "\xed\xa0\x80", "1,2,3\n4,5,6\n",
	NULL
};

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

/* What was fitted is applied, directly and by way of JSON, to the same end. */
static void apply(accel_preprocess *p, struct table *t, const int64_t *rows)
{
	accel_samples *a = preprocess_apply(p, t, rows, t->rows), *b;
	accel_preprocess *q = again(p);

	b = preprocess_apply(q, t, rows, t->rows);
	if (!a != !b)
		abort();
	if (a && (a->count != b->count || a->count > t->rows ||
		  memcmp(a->x.data, b->x.data,
			 (size_t)(a->count * a->x.shape[1]) * 4)))
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
	};
	char *text = mem_alloc(size + 1);
	accel_preprocess *p;
	struct table t;
	int64_t *rows;

	memcpy(text, data, size);
	text[size] = 0;
	if (table_parse(&t, "input", text, size, &o))
		return;
	rows = row_list(t.rows);
	p = preprocess_fit(&t, &o, rows, t.rows);
	if (p)
		apply(p, &t, rows);
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
