// SPDX-License-Identifier: MIT
#include <math.h>
#include <string.h>

#include "../base/alloc.h"
#include "../base/error.h"
#include "preprocess.h"
#include "samples.h"

/* Fits on the first n - n_test rows of the list, and applies to both parts. */
static accel_status make_parts(const struct table *t,
			       const accel_csv_options *o, const int64_t *rows,
			       int64_t n, int64_t n_test, accel_dataset *d)
{
	accel_preprocess *p = preprocess_fit(t, o, rows, n - n_test);

	if (!p)
		return ACCEL_ERR_INVALID;
	d->train = preprocess_apply(p, t, rows, n - n_test);
	if (d->train && n_test)
		d->test = preprocess_apply(p, t, rows + n - n_test, n_test);
	if (d->train && o->test)
		d->test = accel_preprocess_csv(p, o->test);
	accel_preprocess_destroy(p);
	return d->train && (d->test || (!n_test && !o->test))
		       ? ACCEL_OK
		       : ACCEL_ERR_INVALID;
}

static accel_status make_pair(const accel_csv_options *o, accel_dataset *d)
{
	accel_status status;
	struct table t;
	int64_t *rows, n_test;

	status = table_read(&t, o->path, o);
	if (status)
		return status;
	n_test = (int64_t)llround(o->holdout * (double)t.rows);
	rows = row_list(t.rows);
	if (o->holdout != 0 && (!(o->holdout > 0 && o->holdout < 1) ||
				!n_test || n_test == t.rows)) {
		status = accel_error(ACCEL_ERR_RANGE,
				     "%s: a holdout of %g of %lld rows leaves "
				     "one part empty",
				     o->path, o->holdout, (long long)t.rows);
	} else if (!rows) {
		status = ACCEL_ERR_NOMEM;
	} else {
		if (o->shuffle && n_test)
			accel_shuffle(rows, t.rows, o->seed, 0);
		status = make_parts(&t, o, rows, t.rows, n_test, d);
	}
	mem_free(rows);
	table_finish(&t);
	return status;
}

accel_dataset *accel_dataset_csv_with(accel_context *ctx,
				      const accel_csv_options *o)
{
	accel_dataset *d;

	(void)ctx;
	if (!o->path)
		return accel_error_null(ACCEL_ERR_INVALID, "no path");
	if (o->test && o->holdout != 0)
		return accel_error_null(ACCEL_ERR_INVALID,
					"%s: a test file and a holdout: choose "
					"one",
					o->path);
	d = mem_zalloc(sizeof(*d));
	if (d && make_pair(o, d)) {
		accel_dataset_destroy(d);
		d = NULL;
	}
	return d;
}

accel_samples *accel_samples_csv_with(const accel_csv_options *options)
{
	accel_csv_options whole = *options;
	accel_samples *s = NULL;
	accel_dataset *d;

	whole.test = NULL;
	whole.holdout = 0;
	d = accel_dataset_csv_with(NULL, &whole);
	if (d) {
		s = d->train;
		mem_free(d);
	}
	return s;
}
