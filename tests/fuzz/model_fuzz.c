// SPDX-License-Identifier: MIT
/* Fuzzes the reader of models. */
#include <stdlib.h>
#include <string.h>

#include "../../libaccel/src/format/model_file.h"
#include "fuzz.h"

#define TENSOR(name, shape, from, to)                                          \
	"\"" name "\":{\"dtype\":\"F32\",\"shape\":[" shape                    \
	"],\"data_offsets\":[" from "," to "]}"

const struct fuzz_seed fuzz_seeds[] = {
	FUZZ_SEED("\0\0\0\0\0\0\0\0"
		  "{\"__metadata__\":{\"format\":\"accel-model 1\","
		  "\"architecture\":\"{\\\"input\\\":[1],\\\"layers\\\":"
		  "[{\\\"kind\\\":\\\"dense\\\",\\\"name\\\":\\\"d\\\","
		  "\\\"in\\\":[0],\\\"units\\\":1}],\\\"output\\\":1}\","
		  "\"compile\":\"{\\\"loss\\\":\\\"mse\\\",\\\"metrics\\\":"
		  "[\\\"mae\\\"],\\\"optimizer\\\":{\\\"kind\\\":\\\"sgd\\\"}}"
		  "\",\"training\":\"{\\\"epochs\\\":[{\\\"rate\\\":1,"
		  "\\\"train\\\":{\\\"loss\\\":1}}],\\\"best\\\":0,"
		  "\\\"step\\\":1}\",\"classes\":\"[\\\"a\\\"]\"}," TENSOR(
			  "d/kernel", "1,1", "0",
			  "4") "," TENSOR("d/bias", "1", "4", "8") "}01234567"),
	FUZZ_SEED("\0\0\0\0\0\0\0\0"
		  "{\"__metadata__\":{\"format\":\"accel-model 1\","
		  "\"architecture\":\"{\\\"input\\\":[1,2,2],\\\"layers\\\":["
		  "{\\\"kind\\\":\\\"max_pooling2d\\\",\\\"name\\\":\\\"p\\\","
		  "\\\"in\\\":[0],\\\"size\\\":2,\\\"same\\\":true},"
		  "{\\\"kind\\\":\\\"add\\\",\\\"name\\\":\\\"a\\\","
		  "\\\"in\\\":[1,1]},{\\\"kind\\\":\\\"unflatten\\\","
		  "\\\"name\\\":\\\"u\\\",\\\"in\\\":[2],"
		  "\\\"shape\\\":[1,1]},{\\\"kind\\\":\\\"gru\\\","
		  "\\\"name\\\":\\\"g\\\",\\\"in\\\":[3],\\\"units\\\":1,"
		  "\\\"no_bias\\\":true}]}\"}," TENSOR(
			  "g/kernel", "1,3", "0",
			  "12") "," TENSOR("g/recurrent_kernel", "1,3", "12",
					   "24") "}0123456701234567"
						 "01234567"),
	/* two inputs, a layer in two places, two outputs with their losses */
	FUZZ_SEED("\0\0\0\0\0\0\0\0"
		  "{\"__metadata__\":{\"format\":\"accel-model 1\","
		  "\"architecture\":\"{\\\"inputs\\\":[[1],[1]],"
		  "\\\"layers\\\":[{\\\"kind\\\":\\\"dense\\\","
		  "\\\"name\\\":\\\"d\\\",\\\"in\\\":[0],"
		  "\\\"units\\\":1,\\\"untrained\\\":true},"
		  "{\\\"in\\\":[1],\\\"shared\\\":2},"
		  "{\\\"kind\\\":\\\"add\\\",\\\"name\\\":\\\"a\\\","
		  "\\\"in\\\":[2,3]}],\\\"outputs\\\":[4,2]}\","
		  "\"compile\":\"{\\\"loss\\\":\\\"mse\\\",\\\"outputs\\\":"
		  "[{\\\"loss\\\":\\\"mse\\\",\\\"loss_weight\\\":0.5},"
		  "{\\\"loss\\\":\\\"mae\\\",\\\"metrics\\\":"
		  "[\\\"mae\\\"]}],\\\"optimizer\\\":{\\\"kind\\\":"
		  "\\\"sgd\\\"}}\",\"training\":\"{\\\"epochs\\\":"
		  "[{\\\"rate\\\":1,\\\"train\\\":{\\\"loss\\\":1,"
		  "\\\"outputs\\\":[{\\\"loss\\\":1},{\\\"loss\\\":2}]}}]"
		  ",\\\"best\\\":0}\"}," TENSOR(
			  "d/kernel", "1,1", "0",
			  "4") "," TENSOR("d/bias", "1", "4", "8") "}01234567"),
	{ NULL, 0 },
};

const char *const fuzz_words[] = {
	"\\\"conv2d\\\"",
	"\\\"batch_normalization\\\"",
	"\\\"size\\\":3,",
	"\\\"units\\\":2147483647,",
	"\\\"rate\\\":0.5,",
	"\\\"in\\\":[0,0],",
	"\\\"shared\\\":0,",
	"\\\"untrained\\\":true,",
	"\\\"inputs\\\":[[2],[3]],",
	"\\\"outputs\\\":[1,1],",
	"\\\"adamw\\\"",
	"null",
	"-1",
	"1e300",
	"[",
	"{",
	NULL,
};

static accel_context *ctx;

static bool loads(const uint8_t *data, size_t size)
{
	accel_model *m = model_parse(ctx, data, size);

	if (m && accel_model_parameters(m) > 1 << 20)
		abort();
	accel_model_destroy(m);
	return m;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *end;
	uint64_t length;
	uint8_t *copy;

	if (!ctx)
		ctx = accel_open("cpu", .threads = 1, .memory_limit = 64 << 20);
	loads(data, size);
	/* once more with a length that suits the text */
	end = size > 8 ? memrchr(data + 8, '}', size - 8) : NULL;
	copy = end ? malloc(size) : NULL;
	if (!copy)
		return 0;
	memcpy(copy, data, size);
	length = (uint64_t)(end + 1 - data - 8);
	memcpy(copy, &length, 8);
	loads(copy, size);
	free(copy);
	return 0;
}
