// SPDX-License-Identifier: MIT
/* numpy's format: https://numpy.org/doc/stable/reference/generated/
 * numpy.lib.format.html */
#include <stdlib.h>
#include <string.h>

#include "../base/alloc.h"
#include "../base/error.h"
#include "raw.h"
#include "samples.h"

#define HEADER_MAX 65536

static accel_status no_npy(const struct raw *r, const char *why)
{
	return accel_error(ACCEL_ERR_FORMAT, "%s: no .npy file: %s", r->path,
			   why);
}

/* The value after 'key': in the header's Python dictionary. */
static const char *value_of(const char *dict, const char *key)
{
	const char *p = strstr(dict, key);

	if (!p)
		return NULL;
	p += strlen(key);
	p += strspn(p, " ");
	if (*p != ':')
		return NULL;
	p++;
	return p + strspn(p, " ");
}

static accel_status parse_descr(struct raw *r, const char *p)
{
	char quote = p ? *p : 0, order, kind, end;
	char *rest;
	int size;
	bool read;

	if (!p || (quote != '\'' && quote != '"'))
		return accel_error(ACCEL_ERR_DTYPE,
				   "%s: its type is a record, not a number",
				   r->path);
	order = p[1];
	kind = order ? p[2] : 0;
	size = kind ? (int)strtol(p + 3, &rest, 10) : 0;
	end = kind ? *rest : 0;
	read = size == 1 || size == 2 || size == 4 || size == 8;
	r->truth = kind == 'b' && size == 1;
	if (r->truth)
		kind = 'u';
	if (end != quote || !read || !strchr("<>|=", order) ||
	    !strchr("uif", kind) || (kind == 'f' && size == 1))
		return accel_error(ACCEL_ERR_DTYPE,
				   "%s: its type is '%c%c%d'; whole numbers "
				   "and f2, f4, f8 are read",
				   r->path, order ? order : ' ',
				   kind ? kind : ' ', size);
	r->kind = kind;
	r->size = size;
	r->big_endian = order == '>';
	return ACCEL_OK;
}

static accel_status parse_shape(struct raw *r, const char *p)
{
	char *end;

	if (!p || *p != '(')
		return no_npy(r, "it has no shape");
	for (p++; *p && *p != ')'; p = end + strspn(end, ", ")) {
		if (r->ndim == ACCEL_MAX_DIMS)
			return accel_error(ACCEL_ERR_SHAPE,
					   "%s: more than %d dimensions",
					   r->path, ACCEL_MAX_DIMS);
		r->shape[r->ndim++] = strtoll(p, &end, 10);
		if (end == p)
			return no_npy(r, "its shape is no list of numbers");
		end += *end == 'L'; /* a long of Python 2 */
	}
	return r->ndim ? ACCEL_OK
		       : accel_error(ACCEL_ERR_SHAPE, "%s: a single number",
				     r->path);
}

static accel_status parse_header(struct raw *r, const char *dict, bool *columns)
{
	const char *order = value_of(dict, "'fortran_order'");
	accel_status status = parse_descr(r, value_of(dict, "'descr'"));

	if (!status)
		status = parse_shape(r, value_of(dict, "'shape'"));
	if (status)
		return status;
	if (!order || (strncmp(order, "False", 5) && strncmp(order, "True", 4)))
		return no_npy(r, "it has no fortran_order");
	*columns = *order == 'T' && r->ndim > 1;
	return ACCEL_OK;
}

/* Column-major elements (pandas saves such), put in row-major order. */
static accel_status reorder(struct raw *r)
{
	int64_t at[ACCEL_MAX_DIMS] = { 0 }, step[ACCEL_MAX_DIMS], n = 1, from;
	size_t size = (size_t)r->size;
	uint8_t *rows, *to;
	int d;

	for (d = 0; d < r->ndim; d++) {
		step[d] = n;
		n *= r->shape[d];
	}
	rows = mem_alloc((size_t)n * size);
	if (!rows)
		return ACCEL_ERR_NOMEM;
	for (to = rows; n; n--, to += size) {
		for (from = 0, d = 0; d < r->ndim; d++)
			from += at[d] * step[d];
		memcpy(to, r->data + (size_t)from * size, size);
		for (d = r->ndim - 1; d >= 0 && ++at[d] == r->shape[d]; d--)
			at[d] = 0;
	}
	mem_free(r->data);
	r->data = rows;
	return ACCEL_OK;
}

static accel_status read_header(gzFile in, struct raw *r, bool *columns)
{
	uint8_t head[12];
	uint32_t len;
	accel_status status = raw_read(in, r->path, head, 10);
	char *dict;

	if (status)
		return status;
	if (memcmp(head, "\x93NUMPY", 6) || head[6] < 1 || head[6] > 3)
		return no_npy(r, memcmp(head, "PK\3\4", 4)
					 ? "it begins otherwise"
					 : "it is a zip archive, as .npz is: "
					   "unzip it, and name an array of it");
	len = head[8] | (uint32_t)head[9] << 8;
	if (head[6] > 1) {
		status = raw_read(in, r->path, head + 10, 2);
		len |= (uint32_t)head[10] << 16 | (uint32_t)head[11] << 24;
	}
	if (status)
		return status;
	if (len > HEADER_MAX)
		return no_npy(r, "its header is too long");
	dict = mem_zalloc(len + 1);
	if (!dict)
		return ACCEL_ERR_NOMEM;
	status = raw_read(in, r->path, dict, len);
	if (!status)
		status = parse_header(r, dict, columns);
	mem_free(dict);
	return status;
}

static accel_status read_npy(const char *path, struct raw *r)
{
	accel_status status;
	bool columns = false;
	gzFile in;

	r->path = path;
	in = raw_open(path);
	if (!in)
		return ACCEL_ERR_IO;
	status = read_header(in, r, &columns);
	if (!status)
		status = raw_read_elements(in, r);
	if (!status && columns)
		status = reorder(r);
	gzclose(in);
	return status;
}

accel_samples *accel_samples_npy(const char *x, const char *y)
{
	struct raw rx = { 0 }, ry = { 0 };

	if (!read_npy(x, &rx) && (!y || !read_npy(y, &ry)))
		return raw_samples(&rx, &ry);
	mem_free(rx.data);
	mem_free(ry.data);
	return NULL;
}
