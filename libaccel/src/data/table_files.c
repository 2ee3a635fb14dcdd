// SPDX-License-Identifier: MIT
/* Tables of one or several files and folders. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "../base/alloc.h"
#include "../base/error.h"
#include "../base/file.h"
#include "raw.h"
#include "samples.h"
#include "table.h"

#define DEPTH_MAX 8 /* folders in folders */

struct files {
	char **path;
	uint32_t n, cap;
};

static accel_status add_file(struct files *f, const char *path)
{
	char *copy = mem_alloc(strlen(path) + 1);

	if (!copy || mem_grow(&f->path, &f->cap, f->n + 1, sizeof(*f->path))) {
		mem_free(copy);
		return ACCEL_ERR_NOMEM;
	}
	f->path[f->n++] = strcpy(copy, path);
	return ACCEL_OK;
}

static void files_finish(struct files *f)
{
	uint32_t i;

	for (i = 0; i < f->n; i++)
		mem_free(f->path[i]);
	mem_free(f->path);
}

static bool is_table(const char *name)
{
	static const char *const ends[] = { ".csv",    ".tsv",    ".txt",
					    ".csv.gz", ".tsv.gz", ".txt.gz" };
	size_t n = strlen(name), i, k;

	for (i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		k = strlen(ends[i]);
		if (n > k && !strcasecmp(name + n - k, ends[i]))
			return true;
	}
	return false;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool is_folder(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISDIR(st.st_mode);
}

static accel_status add_folder(struct files *f, const char *path, int depth);

static accel_status add_entry(struct files *f, const char *dir,
			      const char *name, int depth)
{
	char path[4096];

	if (*name == '.' || (size_t)snprintf(path, sizeof(path), "%s/%s", dir,
					     name) >= sizeof(path))
		return ACCEL_OK;
	if (is_folder(path))
		return add_folder(f, path, depth + 1);
	return is_table(name) ? add_file(f, path) : ACCEL_OK;
}

static accel_status add_folder(struct files *f, const char *path, int depth)
{
	accel_status status = ACCEL_OK;
	struct files names = { 0 };
	struct dirent *e;
	uint32_t i;
	DIR *d;

	if (depth > DEPTH_MAX)
		return ACCEL_OK;
	d = opendir(path);
	if (!d)
		return accel_error(ACCEL_ERR_IO, "cannot open %s: %s", path,
				   strerror(errno));
	while (!status && (e = readdir(d)))
		status = add_file(&names, e->d_name);
	closedir(d);
	if (names.n)
		qsort(names.path, names.n, sizeof(*names.path), by_name);
	for (i = 0; i < names.n && !status; i++)
		status = add_entry(f, path, names.path[i], depth);
	files_finish(&names);
	return status;
}

static accel_status add_path(struct files *f, const char *path)
{
	uint32_t before = f->n;
	accel_status status;

	if (!is_folder(path))
		return add_file(f, path);
	status = add_folder(f, path, 0);
	if (!status && f->n == before)
		status = accel_error(ACCEL_ERR_IO,
				     "%s: a directory without tables (.csv, "
				     ".tsv, .txt, plain or .gz)",
				     path);
	return status;
}

/* ---- one file ---- */

/* All bytes of a gzip file, a 0 behind them. */
static char *load_gzip(const char *path, size_t *size)
{
	size_t cap = 1 << 16, n = 0;
	char *text = mem_alloc(cap), *grown;
	gzFile in = text ? raw_open(path) : NULL;
	int got = 1, code;

	while (in && text && got > 0) {
		if (cap - n < 1 << 15) {
			grown = mem_realloc(text, cap *= 2);
			if (!grown)
				break;
			text = grown;
		}
		got = gzread(in, text + n, (unsigned int)(1 << 14));
		n += got > 0 ? (size_t)got : 0;
	}
	if (in && got <= 0) {
		gzerror(in, &code);
		if (got < 0 || code == Z_BUF_ERROR) {
			accel_error(ACCEL_ERR_FORMAT,
				    "%s: damaged or cut off (gzip) after %zu "
				    "bytes",
				    path, n);
			got = 1;
		}
	}
	if (in)
		gzclose(in);
	if (in && text && got <= 0) {
		text[n] = 0;
		*size = n;
		return text;
	}
	mem_free(text);
	return NULL;
}

static char *load(const char *path, size_t *size)
{
	char *text = file_load(path, size);

	if (!text || *size < 2 || memcmp(text, "\x1f\x8b", 2))
		return text;
	mem_free(text);
	return load_gzip(path, size);
}

static accel_status read_one(struct table *t, const char *path,
			     const accel_csv_options *o)
{
	size_t size;
	char *text = load(path, &size);

	*t = (struct table){ .path = path };
	return text ? table_records(t, path, text, size, o) : ACCEL_ERR_IO;
}

/* ---- several ---- */

/* Where t's columns stand in another table. */
static int *column_map(const struct table *t, const struct table *from)
{
	int *map = mem_alloc((size_t)t->columns * sizeof(*map)), i;

	for (i = 0; map && i < t->columns; i++) {
		map[i] = t->header ? table_column(from, t->names[i]) : i;
		if (map[i] >= 0 && map[i] < from->columns)
			continue;
		table_no_column(from, t->names[i]);
		mem_free(map);
		return NULL;
	}
	if (map && t->columns != from->columns) {
		accel_error(ACCEL_ERR_FORMAT,
			    "%s has %d columns, where %s has %d", from->path,
			    from->columns, t->path, t->columns);
		mem_free(map);
		return NULL;
	}
	return map;
}

/* Makes room for `more` rows. */
static accel_status grow_rows(struct table *t, int64_t more)
{
	size_t rows = (size_t)(t->rows + more);
	char **cells = mem_realloc(t->cells,
				   rows * (size_t)t->columns * sizeof(*cells));
	uint32_t *lines;
	uint8_t *breaks;

	if (!cells)
		return ACCEL_ERR_NOMEM;
	t->cells = cells;
	lines = mem_realloc(t->lines, rows * sizeof(*lines));
	if (!lines)
		return ACCEL_ERR_NOMEM;
	t->lines = lines;
	breaks = mem_realloc(t->breaks, rows);
	if (!breaks)
		return ACCEL_ERR_NOMEM;
	t->breaks = breaks;
	return ACCEL_OK;
}

static accel_status append(struct table *t, struct table *from, const int *map)
{
	struct source *source = mem_realloc(
		t->source, (size_t)(t->n_sources + 1) * sizeof(*source));
	int64_t r;
	int k;

	if (!source)
		return ACCEL_ERR_NOMEM;
	t->source = source;
	if (grow_rows(t, from->rows))
		return ACCEL_ERR_NOMEM;
	for (r = 0; r < from->rows; r++)
		for (k = 0; k < t->columns; k++)
			t->cells[(t->rows + r) * t->columns + k] =
				from->cells[r * from->columns + map[k]];
	memcpy(t->lines + t->rows, from->lines,
	       (size_t)from->rows * sizeof(*t->lines));
	memcpy(t->breaks + t->rows, from->breaks, (size_t)from->rows);
	t->source[t->n_sources] = from->source[0];
	t->source[t->n_sources++].first = t->rows;
	t->rows += from->rows;
	from->n_sources = 0; /* handed over */
	return ACCEL_OK;
}

accel_status table_append(struct table *t, struct table *from)
{
	int *map = column_map(t, from);
	accel_status status;

	status = map ? append(t, from, map) : ACCEL_ERR_INVALID;
	mem_free(map);
	table_finish(from);
	return status;
}

/* "a/b/name.csv.gz": "name", or the folder's "b". */
static void origin(const char *path, bool folder, char *name, size_t size)
{
	char whole[4096];
	const char *slash, *begin;
	size_t len;

	if (folder && !strchr(path, '/') && realpath(path, whole))
		path = whole;
	slash = strrchr(path, '/');
	begin = slash ? slash + 1 : path;
	len = strcspn(begin, ".");
	if (folder) {
		len = slash ? (size_t)(slash - path) : 0;
		for (begin = path + len; begin > path && begin[-1] != '/';)
			begin--;
		len -= (size_t)(begin - path);
	}
	snprintf(name, size, "%.*s", (int)len, len ? begin : "");
}

/* The source's path, with the name of where it is from behind its 0. */
static char *path_and_origin(const struct source *s, bool folder)
{
	size_t len = strlen(s->path) + 1;
	char name[256], *both;

	origin(s->path, folder, name, sizeof(name));
	both = mem_alloc(len + strlen(name) + 1);
	if (!both)
		return NULL;
	memcpy(both, s->path, len);
	strcpy(both + len, name);
	return both;
}

/* One more column, of cells to be filled in. */
static accel_status widen(struct table *t, const char *name)
{
	size_t old = (size_t)t->columns, new = old + 1;
	char **cells = mem_zalloc((size_t)t->rows * new * sizeof(*cells));
	char **list = mem_alloc(new * sizeof(*list)), **names = NULL;
	int64_t r;

	if (cells && list) {
		memcpy(list, t->names, old * sizeof(*list));
		list[old] = (char *)name;
		names = names_copy((int)new, list);
	}
	mem_free(list);
	if (!names) {
		mem_free(cells);
		return ACCEL_ERR_NOMEM;
	}
	for (r = 0; r < t->rows; r++)
		memcpy(cells + (size_t)r * new, t->cells + (size_t)r * old,
		       old * sizeof(*cells));
	mem_free(t->cells);
	mem_free(t->names);
	t->cells = cells;
	t->names = names;
	t->columns = (int)new;
	return ACCEL_OK;
}

accel_status table_add_origin(struct table *t, const char *label)
{
	bool folder = !strcmp(label, "@folder");
	int64_t r, end;
	char *both;
	int i;

	if (widen(t, label))
		return ACCEL_ERR_NOMEM;
	for (i = 0; i < t->n_sources; i++) {
		struct source *s = &t->source[i];

		both = path_and_origin(s, folder);
		if (!both)
			return ACCEL_ERR_NOMEM;
		end = i + 1 < t->n_sources ? s[1].first : t->rows;
		for (r = s->first; r < end; r++)
			t->cells[(r + 1) * t->columns - 1] =
				both + strlen(both) + 1;
		if (t->path == s->path)
			t->path = both;
		mem_free(s->path);
		s->path = both;
	}
	return ACCEL_OK;
}

/* ---- all of it ---- */

static accel_status understand(struct table *t, const struct reading *r)
{
	const char *label = r->o->label, *weight = r->o->weight;
	accel_status status = ACCEL_OK;

	if (label && (!strcmp(label, "@folder") || !strcmp(label, "@file")))
		status = table_add_origin(t, label);
	if (!status && r->o->pivot)
		status = table_pivot(t, r->o->pivot);
	t->weight = !status && weight ? table_named(t, weight) : -1;
	if (!status && weight && t->weight < 0)
		status = table_no_column(t, weight);
	return status ? status : columns_settle(t, r);
}

accel_status table_parse(struct table *t, const char *path, char *text,
			 size_t size, const accel_csv_options *o)
{
	const struct reading r = { .o = o };
	accel_status status = table_records(t, path, text, size, o);

	if (!status)
		status = understand(t, &r);
	if (status)
		table_finish(t);
	return status;
}

static accel_status read_files(struct table *t, const struct files *f,
			       const struct reading *r)
{
	accel_status status = ACCEL_OK;
	struct table next;
	uint32_t i;

	for (i = 0; i < f->n && !status; i++) {
		status = read_one(i ? &next : t, f->path[i], r->o);
		if (!status && i)
			status = table_append(t, &next);
	}
	if (!status && f->n > 1)
		note(&t->notes, "%u files of the same columns", f->n);
	return status ? status : understand(t, r);
}

accel_status table_read(struct table *t, const struct reading *r)
{
	struct files f = { 0 };
	accel_status status = add_path(&f, r->o->path);
	int i;

	*t = (struct table){ .path = r->o->path };
	for (i = 0; i < r->o->n_more && !status; i++)
		status = add_path(&f, r->o->more[i]);
	if (!status)
		status = read_files(t, &f, r);
	files_finish(&f);
	if (status)
		table_finish(t);
	return status;
}
