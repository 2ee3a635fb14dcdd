// SPDX-License-Identifier: MIT
/* Safetensors files written. */
#include <endian.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "../base/alloc.h"
#include "../base/error.h"
#include "../base/file.h"
#include "safetensors.h"

static const char *const stored[] = {
#define X(NAME, name, bytes, floating) #NAME,
	ACCEL_DTYPE_MAP(X)
#undef X
};

static uint64_t entry_size(const struct st_entry *e)
{
	uint64_t n = accel_dtype_size(e->dtype);
	int i;

	for (i = 0; i < e->ndim; i++)
		n *= (uint64_t)e->shape[i];
	return n;
}

/* Appends; a NULL value (no memory, no UTF-8) makes it fail. */
static int set(json_t *object, const char *key, json_t *value)
{
	if (json_object_get(object, key)) {
		json_decref(value);
		return -1;
	}
	return json_object_set_new(object, key, value);
}

static json_t *entry_json(const struct st_entry *e, uint64_t begin)
{
	json_t *shape = json_array(), *entry;
	int i, bad = 0;

	for (i = 0; i < e->ndim; i++)
		bad |= json_array_append_new(shape, json_integer(e->shape[i]));
	entry = json_pack("{s:s, s:o, s:[I, I]}", "dtype", stored[e->dtype],
			  "shape", shape, "data_offsets", (json_int_t)begin,
			  (json_int_t)(begin + entry_size(e)));
	if (!bad)
		return entry;
	json_decref(entry);
	return NULL;
}

/* Larger elements first: every tensor is aligned to its own element. */
#define FOR_EACH_BY_SIZE(size, i, entries, n)                                  \
	for (size = 4; size; size /= 2)                                        \
		for (i = 0; i < n; i++)                                        \
			if (accel_dtype_size(entries[i].dtype) == size)

/* The header's text, free() it; NULL and *bad: what was no name or text. */
static char *header_text(uint32_t n, const struct st_entry *entries,
			 uint32_t n_pairs, const struct st_pair *metadata,
			 const char **bad)
{
	json_t *root = json_object(), *meta = json_object();
	uint64_t at = 0;
	char *text = NULL;
	size_t size;
	uint32_t i;

	*bad = NULL;
	for (i = 0; i < n_pairs && !*bad; i++)
		if (set(meta, metadata[i].key, json_string(metadata[i].value)))
			*bad = metadata[i].key;
	if (n_pairs)
		json_object_set(root, "__metadata__", meta);
	FOR_EACH_BY_SIZE(size, i, entries, n)
	{
		if (!*bad &&
		    set(root, entries[i].name, entry_json(&entries[i], at)))
			*bad = entries[i].name;
		at += entry_size(&entries[i]);
	}
	if (!*bad)
		text = json_dumps(root, JSON_COMPACT);
	json_decref(meta);
	json_decref(root);
	return text;
}

/* Memory for the largest of those that are read. NULL: none is, or *err. */
static void *room_for_one(uint32_t n, const struct st_entry *e,
			  accel_status *err)
{
	uint64_t most = 0;
	void *room;
	uint32_t i;

	for (i = 0; i < n; i++)
		if (!e[i].data && entry_size(&e[i]) > most)
			most = entry_size(&e[i]);
	*err = ACCEL_OK;
	if (!most)
		return NULL;
	room = mem_alloc(most);
	if (!room)
		*err = ACCEL_ERR_NOMEM;
	return room;
}

static void write_entry(struct file_save *s, const struct st_entry *e,
			void *room)
{
	size_t size = entry_size(e);
	accel_status err = ACCEL_OK;

	if (!e->data && size)
		err = accel_read(e->from, room, size);
	if (err)
		file_save_fail(s, err);
	else
		file_save_write(s, e->data ? e->data : room, size);
}

accel_status st_write(const char *path, uint32_t n,
		      const struct st_entry *entries, uint32_t n_pairs,
		      const struct st_pair *metadata)
{
	static const char blanks[8] = "        ";
	struct file_save *s;
	const char *bad;
	accel_status err;
	uint64_t length;
	size_t len, size;
	uint32_t i;
	void *room;
	char *text = header_text(n, entries, n_pairs, metadata, &bad);

	if (!text && bad)
		return accel_error(ACCEL_ERR_INVALID,
				   "%s: \"%.200s\" is there twice, or is not "
				   "UTF-8",
				   path, bad);
	if (!text)
		return accel_error(ACCEL_ERR_NOMEM,
				   "%s: no memory for %u names", path, n);
	room = room_for_one(n, entries, &err);
	if (err) {
		free(text);
		return err;
	}
	len = strlen(text);
	length = htole64((len + 7) / 8 * 8);
	s = file_save_open(path);
	file_save_write(s, &length, 8);
	file_save_write(s, text, len);
	file_save_write(s, blanks, (8 - len % 8) % 8);
	FOR_EACH_BY_SIZE(size, i, entries, n)
	{
		write_entry(s, &entries[i], room);
	}
	mem_free(room);
	free(text);
	return file_save_close(s);
}
