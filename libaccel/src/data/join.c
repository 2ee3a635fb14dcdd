// SPDX-License-Identifier: MIT
/* Samples of several inputs and outputs, and of some of the classes. */
#include <string.h>

#include "../base/alloc.h"
#include "../base/error.h"
#include "../base/object.h"
#include "preprocess.h"
#include "samples.h"

static accel_status check_parts(int n, accel_samples *const *parts)
{
	accel_status err = ACCEL_OK;
	int i;

	if (n < 1 || !parts)
		return accel_error(ACCEL_ERR_INVALID, "join: %d parts", n);
	for (i = 0; i < n && !err; i++) {
		err = object_check(parts[i], OBJECT_SAMPLES, "join");
		if (err)
			break;
		if (parts[i]->n_parts)
			err = accel_error(ACCEL_ERR_INVALID,
					  "join: part %d is joined already", i);
		else if (parts[i]->count != parts[0]->count)
			err = accel_error(ACCEL_ERR_SHAPE,
					  "join: part %d has %lld samples, "
					  "part 0 has %lld",
					  i, (long long)parts[i]->count,
					  (long long)parts[0]->count);
	}
	return err;
}

accel_samples *accel_samples_join(int n, accel_samples *const *parts)
{
	accel_samples *s;
	int i;

	if (check_parts(n, parts))
		return NULL;
	s = samples_make(parts[0]->name);
	if (!s)
		return NULL;
	s->parts = mem_alloc((size_t)n * sizeof(accel_samples *));
	if (!s->parts) {
		accel_samples_destroy(s);
		return NULL;
	}
	s->count = parts[0]->count;
	s->n_parts = n;
	for (i = 0; i < n; i++) {
		object_ref(parts[i]);
		s->parts[i] = parts[i];
	}
	return s;
}

accel_samples *samples_select_parts(const accel_samples *s,
				    const int64_t *index, int64_t n)
{
	accel_samples **part, *t = NULL;
	int i, made;

	part = mem_alloc((size_t)s->n_parts * sizeof(accel_samples *));
	if (!part)
		return NULL;
	for (made = 0; made < s->n_parts; made++) {
		part[made] = accel_samples_select(s->parts[made], index, n);
		if (!part[made])
			break;
	}
	if (made == s->n_parts)
		t = accel_samples_join(made, part);
	for (i = 0; i < made; i++) /* they are the joined one's now */
		accel_samples_destroy(part[i]);
	mem_free(part);
	return t;
}

static const accel_samples *part_with(const accel_samples *s, bool y, int i)
{
	int k;

	if (i < 0 || !object_live(s, OBJECT_SAMPLES))
		return NULL;
	if (!s->n_parts)
		return !i && (y ? s->y.data : s->x.data) ? s : NULL;
	for (k = 0; k < s->n_parts; k++) {
		const accel_samples *part = s->parts[k];

		if ((y ? part->y.data : part->x.data) && !i--)
			return part;
	}
	return NULL;
}

const accel_samples *accel_samples_input(const accel_samples *s, int i)
{
	return part_with(s, false, i);
}

const accel_samples *accel_samples_target(const accel_samples *s, int i)
{
	return part_with(s, true, i);
}

/* ---- some of the classes ---- */

/* number[c]: what class c will be, or -1. */
static accel_status number_classes(const accel_samples *s, int n,
				   const int *classes, int *number)
{
	int i;

	for (i = 0; i < s->n_classes; i++)
		number[i] = -1;
	for (i = 0; i < n; i++) {
		if (classes[i] < 0 || classes[i] >= s->n_classes)
			return accel_error(ACCEL_ERR_RANGE,
					   "%s: no class %d of %d", s->name,
					   classes[i], s->n_classes);
		if (number[classes[i]] >= 0)
			return accel_error(ACCEL_ERR_RANGE,
					   "%s: class %d is there twice",
					   s->name, classes[i]);
		number[classes[i]] = i;
	}
	return ACCEL_OK;
}

static accel_status rename_classes(accel_samples *t, int n, const int *classes)
{
	char **all = t->class_names, **names;
	int i;

	t->n_classes = n;
	if (!all)
		return ACCEL_OK;
	names = mem_alloc((size_t)n * sizeof(*names));
	if (!names)
		return ACCEL_ERR_NOMEM;
	for (i = 0; i < n; i++)
		names[i] = all[classes[i]];
	t->class_names = names_copy(n, names);
	mem_free(names);
	mem_free(all);
	return t->class_names ? ACCEL_OK : ACCEL_ERR_NOMEM;
}

/* What reads other files must give the classes these numbers, too. */
static accel_status renumber_preprocess(accel_samples *t, int n_before, int n,
					const int *classes)
{
	accel_preprocess *all = t->preprocess;

	if (!all || all->label.n_texts != n_before)
		return ACCEL_OK;
	t->preprocess = preprocess_with_classes(all, n, classes);
	accel_preprocess_destroy(all);
	return t->preprocess ? ACCEL_OK : ACCEL_ERR_NOMEM;
}

static accel_samples *select_numbered(const accel_samples *s, int n,
				      const int *classes, const int *number,
				      int64_t *index)
{
	const int32_t *y = s->y.data;
	int64_t found = 0, i;
	accel_samples *t;

	for (i = 0; i < s->count; i++)
		if (y[i] >= 0 && y[i] < s->n_classes && number[y[i]] >= 0)
			index[found++] = i;
	if (!found)
		return accel_error_null(ACCEL_ERR_RANGE,
					"%s: no sample of the %d classes",
					s->name, n);
	t = accel_samples_select(s, index, found);
	if (!t)
		return NULL;
	for (i = 0; i < found; i++)
		((int32_t *)t->y.data)[i] = number[((int32_t *)t->y.data)[i]];
	if (!rename_classes(t, n, classes) &&
	    !renumber_preprocess(t, s->n_classes, n, classes))
		return t;
	accel_samples_destroy(t);
	return NULL;
}

accel_samples *accel_samples_select_classes(const accel_samples *s, int n,
					    const int *classes)
{
	accel_samples *t = NULL;
	int64_t *index;
	int *number;

	if (object_check(s, OBJECT_SAMPLES, "select_classes"))
		return NULL;
	if (n < 1 || !classes)
		return accel_error_null(ACCEL_ERR_RANGE, "%s: %d classes",
					s->name, n);
	if (!s->n_classes || !s->y.data || s->y.dtype != ACCEL_I32)
		return accel_error_null(ACCEL_ERR_DTYPE,
					"%s: its y is no class", s->name);
	number = mem_alloc((size_t)s->n_classes * sizeof(*number));
	index = mem_alloc((size_t)s->count * sizeof(*index));
	if (number && index && !number_classes(s, n, classes, number))
		t = select_numbered(s, n, classes, number, index);
	mem_free(number);
	mem_free(index);
	return t;
}
