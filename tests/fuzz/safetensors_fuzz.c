// SPDX-License-Identifier: MIT
/* Fuzzes the reader of safetensors files. */
#include <stdlib.h>
#include <string.h>

#include "../../libaccel/src/format/safetensors.h"
#include "fuzz.h"

const struct fuzz_seed fuzz_seeds[] = {
	FUZZ_SEED("\x3c\0\0\0\0\0\0\0"
		  "{\"a\":{\"dtype\":\"F32\",\"shape\":[2,1],"
		  "\"data_offsets\":[0,8]}}      01234567"),
	FUZZ_SEED("\x98\0\0\0\0\0\0\0"
		  "{\"__metadata__\":{\"k\":\"v\"},"
		  "\"b\":{\"dtype\":\"BF16\",\"shape\":[],\"data_offsets\":[0,"
		  "2]},"
		  "\"c\":{\"dtype\":\"I64\",\"shape\":[1,1],"
		  "\"data_offsets\":[2,10]}}      0123456789"),
	FUZZ_SEED("\x02\0\0\0\0\0\0\0{}"),
	{ NULL, 0 },
};

const char *const fuzz_words[] = {
	"{",
	"}",
	"[",
	"]",
	"\"\"",
	"null",
	"-1",
	"1e9",
	"\"F64\"",
	"\"U32\"",
	"\"BOOL\"",
	"18446744073709551615",
	"\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[8,9]},",
	NULL,
};

/* Everything that an opened file offers. */
static void use(struct st_file *f)
{
	uint32_t i;

	if (!f)
		return;
	for (i = 0; i < st_count(f); i++) {
		const struct st_tensor *t = st_at(f, i);
		size_t size = (size_t)t->count * accel_dtype_size(t->dtype);
		void *data = malloc(size ? size : 1);

		if (st_find(f, t->name) != t || t->size > 1 << 20)
			abort();
		if (data)
			st_read(f, t, data);
		free(data);
	}
	st_metadata(f, "k");
	st_close(f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *end;
	uint64_t length;
	uint8_t *copy;

	use(st_parse(data, size, "input"));
	/* once more with a length that suits the text */
	end = size > 8 ? memrchr(data + 8, '}', size - 8) : NULL;
	copy = end ? malloc(size) : NULL;
	if (!copy)
		return 0;
	memcpy(copy, data, size);
	length = (uint64_t)(end + 1 - data - 8);
	memcpy(copy, &length, 8);
	use(st_parse(copy, size, "input"));
	free(copy);
	return 0;
}
