// SPDX-License-Identifier: MIT
/* A preprocess as JSON, in a model's file. */
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../base/alloc.h"
#include "../base/error.h"
#include "preprocess.h"
#include "samples.h"

#define ROWS_MAX 1000000000 /* of a window */
#define COLUMNS_MAX 100000 /* and features: far above what trains */

static const char *const missing_names[] = {
	[ACCEL_CSV_MISSING_FILL] = "fill",
	[ACCEL_CSV_MISSING_DROP] = "drop",
	[ACCEL_CSV_MISSING_ERROR] = "error",
};

static json_t *numbers_to_json(const struct column *c)
{
	json_t *j = json_pack("{s:s, s:f, s:f}", "name", c->name, "mean",
			      c->mean, "std", c->std);

	if (c->spelling)
		json_object_set_new(j, "spelling", json_integer(c->spelling));
	if (*c->unit)
		json_object_set_new(j, "unit", json_string(c->unit));
	return j;
}

static json_t *column_to_json(const struct column *c)
{
	json_t *texts;
	int i;

	if (c->kind == COLUMN_NUMBER)
		return numbers_to_json(c);
	if (c->kind == COLUMN_DATE)
		return json_pack("{s:s, s:b, s:i}", "name", c->name, "date", 1,
				 "order", c->order);
	texts = json_array();
	for (i = 0; i < c->n_texts; i++)
		json_array_append_new(texts, json_string(c->texts[i]));
	return json_pack("{s:s, s:o}", "name", c->name, "texts", texts);
}

/* What is 0 is left out. */
static int set_int(json_t *root, const char *key, int v)
{
	return v ? json_object_set_new(root, key, json_integer(v)) : 0;
}

char *accel_preprocess_to_json(const accel_preprocess *p)
{
	json_t *columns = json_array(), *root;
	char *text = NULL;
	int i, bad = 0;

	for (i = 0; i < p->n; i++)
		bad |= json_array_append_new(columns,
					     column_to_json(&p->columns[i]));
	root = json_pack("{s:i, s:s, s:b, s:s, s:o}", "version", 1, "missing",
			 missing_names[p->missing], "header", p->header,
			 "ignored", accel_preprocess_ignored(p), "columns",
			 columns);
	if (p->has_label)
		bad |= json_object_set_new(root, "label",
					   column_to_json(&p->label));
	if (p->missing_words)
		bad |= json_object_set_new(root, "missing_words",
					   json_string(p->missing_words));
	bad |= set_int(root, "window", p->window);
	bad |= set_int(root, "stride", p->stride);
	bad |= set_int(root, "ahead", p->ahead);
	if (p->gap > 0)
		bad |= json_object_set_new(root, "gap", json_real(p->gap));
	if (root && !bad)
		text = json_dumps(root, JSON_COMPACT);
	json_decref(root);
	return text ? text
		    : accel_error_null(ACCEL_ERR_NOMEM,
				       "out of memory for JSON text");
}

/* ---- back ---- */

static accel_status bad(const char *what)
{
	return accel_error(ACCEL_ERR_FORMAT, "preprocessing: %s", what);
}

static char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));
	size_t len = text ? strlen(text) + 1 : 0;
	char *copy = text ? mem_alloc(len) : NULL;

	return copy ? memcpy(copy, text, len) : NULL;
}

/* @sorted: they must be in order, so that they can be searched. */
static accel_status texts_from_json(struct column *c, const json_t *list,
				    bool sorted)
{
	size_t n = json_array_size(list), i;
	char **texts;

	if (!n || n > TEXTS_MAX)
		return bad("no list of texts, or one too long");
	texts = mem_alloc(n * sizeof(*texts));
	if (!texts)
		return ACCEL_ERR_NOMEM;
	for (i = 0; i < n; i++) {
		texts[i] = (char *)json_string_value(json_array_get(list, i));
		if (!texts[i] ||
		    (sorted && i && strcmp(texts[i - 1], texts[i]) >= 0))
			break;
	}
	if (i == n) {
		c->texts = names_copy((int)n, texts);
		c->n_texts = c->texts ? (int)n : 0;
	}
	mem_free(texts);
	if (i < n)
		return bad("its texts are not in order");
	return c->texts ? ACCEL_OK : ACCEL_ERR_NOMEM;
}

/* 0 to most, 0 where there is none; -1: it is none. */
static int int_of(const json_t *j, const char *key, int most)
{
	const json_t *v = json_object_get(j, key);
	json_int_t i = json_integer_value(v);

	return !v ? 0 : json_is_integer(v) && i >= 0 && i <= most ? (int)i : -1;
}

static accel_status column_from_json(struct column *c, const json_t *j,
				     bool label)
{
	const json_t *texts = json_object_get(j, "texts");
	const char *unit;
	int i;

	c->name = text_of(j, "name");
	if (!c->name)
		return bad("a column without a name");
	if (texts) {
		c->kind = COLUMN_TEXT;
		return texts_from_json(c, texts, !label);
	}
	if (!label && json_is_true(json_object_get(j, "date"))) {
		c->kind = COLUMN_DATE;
		c->order = int_of(j, "order", DATE_TIME_ONLY);
		return c->order < 0 ? bad("no order of dates") : ACCEL_OK;
	}
	i = int_of(j, "spelling", SPELLINGS - 1);
	if (i < 0)
		return bad("no spelling of numbers");
	c->spelling = (enum spelling)i;
	unit = json_string_value(json_object_get(j, "unit"));
	if (unit && strlen(unit) >= sizeof(c->unit))
		return bad("a unit that is too long");
	strcpy(c->unit, unit ? unit : "");
	c->mean = json_number_value(json_object_get(j, "mean"));
	c->std = json_number_value(json_object_get(j, "std"));
	if (!json_is_number(json_object_get(j, "mean")) || !(c->std > 0) ||
	    !isfinite(c->std) || !isfinite(c->mean))
		return bad("a mean or standard deviation is missing");
	return ACCEL_OK;
}

static accel_status fill(accel_preprocess *p, const json_t *root)
{
	const json_t *label = json_object_get(root, "label");
	const char *missing =
		json_string_value(json_object_get(root, "missing"));
	accel_status status = ACCEL_OK;
	int i, features = 0;

	for (i = 0; i < p->n && !status; i++) {
		status = column_from_json(
			&p->columns[i],
			json_array_get(json_object_get(root, "columns"),
				       (size_t)i),
			false);
		features += p->columns[i].n_texts;
	}
	if (!status && features > COLUMNS_MAX)
		status = bad("too many features");
	if (!status && label) {
		p->has_label = true;
		status = column_from_json(&p->label, label, true);
	}
	for (i = 0; missing && i < 3 && strcmp(missing, missing_names[i]);)
		i++;
	if (!status && (!missing || i == 3))
		status = bad("what to do with missing values is missing");
	p->missing = (accel_csv_missing)(i % 3);
	p->header = json_is_true(json_object_get(root, "header"));
	p->ignored = text_of(root, "ignored");
	p->missing_words = text_of(root, "missing_words");
	p->window = int_of(root, "window", ROWS_MAX);
	p->stride = int_of(root, "stride", ROWS_MAX);
	p->ahead = int_of(root, "ahead", ROWS_MAX);
	p->gap = json_number_value(json_object_get(root, "gap"));
	if (!status && (p->window < 0 || p->stride < 0 || p->ahead < 0 ||
			!(p->gap >= 0) || !isfinite(p->gap)))
		status = bad("windows that are none");
	return status ? status : preprocess_name_features(p);
}

accel_preprocess *accel_preprocess_from_json(const char *text)
{
	json_error_t error;
	json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, &error);
	accel_preprocess *p = NULL;
	size_t n;

	if (!root)
		return accel_error_null(ACCEL_ERR_FORMAT,
					"preprocessing: byte %d: %s",
					error.position, error.text);
	n = json_array_size(json_object_get(root, "columns"));
	if (json_integer_value(json_object_get(root, "version")) != 1)
		bad("no version 1");
	else if (!n || n > COLUMNS_MAX)
		bad("no columns, or too many");
	else
		p = preprocess_make((int)n);
	if (p && fill(p, root)) {
		accel_preprocess_destroy(p);
		p = NULL;
	}
	json_decref(root);
	return p;
}

accel_preprocess *preprocess_with_classes(const accel_preprocess *p, int n,
					  const int *classes)
{
	char *text = accel_preprocess_to_json(p);
	accel_preprocess *copy = text ? accel_preprocess_from_json(text) : NULL;
	char **texts = mem_alloc((size_t)n * sizeof(*texts));
	int i;

	free(text);
	for (i = 0; copy && texts && i < n; i++)
		texts[i] = p->label.texts[classes[i]];
	if (copy && texts) {
		mem_free(copy->label.texts);
		copy->label.texts = names_copy(n, texts);
		copy->label.n_texts = copy->label.texts ? n : 0;
	}
	mem_free(texts);
	if (copy && copy->label.n_texts == n)
		return copy;
	accel_preprocess_destroy(copy);
	return NULL;
}
