// SPDX-License-Identifier: MIT
/* accelctl buf: a buffer of the module, filled, verified and measured. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <accel/accel.h>

#include "accelctl.h"

static const struct usage usage = {
	"buf SIZE [--contiguous] [--uncached] [--rounds N] [--json]",
	"Allocates a DMA-BUF of SIZE bytes (K, M, G), checks that it comes "
	"zeroed, fills it\nwith a pattern and verifies it, and measures how "
	"fast the CPU writes and reads it\n(the best of --rounds, 5).\n",
	1, 1
};

static bool parse_size(const char *text, uint64_t *size)
{
	char *end;
	unsigned int shift;

	*size = strtoull(text, &end, 0);
	shift = *end == 'K' ? 10 : *end == 'M' ? 20 : *end == 'G' ? 30 : 0;
	if (shift)
		end++;
	if (*text == '-' || end == text || *end || !*size ||
	    *size > UINT64_MAX >> shift)
		return false;
	*size <<= shift;
	return true;
}

static uint64_t pattern(uint64_t i)
{
	return (i + 1) * 0x9e3779b97f4a7c15ull;
}

/* Words that are not what they should be. */
static uint64_t wrong_words(const uint64_t *w, uint64_t n, bool zero)
{
	uint64_t wrong = 0;

	for (uint64_t i = 0; i < n; i++)
		wrong += w[i] != (zero ? 0 : pattern(i));
	return wrong;
}

struct result {
	uint64_t not_zero, wrong, write_ns, read_ns;
};

static accel_status exercise(const accel_dmabuf *buf, uint64_t rounds,
			     struct result *r)
{
	uint64_t *w = buf->data, n = buf->size / 8, t;
	accel_status st;

	*r = (struct result){ .write_ns = UINT64_MAX, .read_ns = UINT64_MAX };
	st = accel_dmabuf_begin(buf, true);
	if (st)
		return st;
	r->not_zero = wrong_words(w, n, true);
	for (uint64_t k = 0; k < rounds; k++) {
		t = accel_now_ns();
		for (uint64_t i = 0; i < n; i++)
			w[i] = pattern(i);
		t = accel_now_ns() - t;
		r->write_ns = t < r->write_ns ? t : r->write_ns;
	}
	st = accel_dmabuf_end(buf, true);
	if (!st)
		st = accel_dmabuf_begin(buf, false);
	for (uint64_t k = 0; !st && k < rounds; k++) {
		t = accel_now_ns();
		r->wrong += wrong_words(w, n, false);
		t = accel_now_ns() - t;
		r->read_ns = t < r->read_ns ? t : r->read_ns;
	}
	return st ? st : accel_dmabuf_end(buf, false);
}

static double rate(uint64_t bytes, uint64_t ns)
{
	return ns ? (double)bytes / (double)ns : 0; /* GB/s */
}

int cmd_buf(int argc, char **argv)
{
	accel_dmabuf_options how = { 0 };
	uint64_t rounds = 5;
	bool json = false;
	const struct option options[] = {
		{ "--contiguous", OPTION_FLAG, &how.contiguous, NULL },
		{ "--uncached", OPTION_FLAG, &how.uncached, NULL },
		{ "--rounds", OPTION_WHOLE, &rounds, NULL },
		{ "--json", OPTION_FLAG, &json, NULL },
		OPTIONS_END
	};
	struct words words;
	struct result r;
	accel_dmabuf buf;
	accel_status st;
	int rc;

	rc = options_parse(argc, argv, &usage, options, &words);
	if (rc)
		return rc;
	if (!parse_size(words.word[0], &how.size) || !rounds)
		return options_wrong(&usage, "'%s' is no size, or no rounds",
				     words.word[0]);
	st = accel_dmabuf_alloc_with(&buf, &how);
	if (st)
		return fail(st);
	st = exercise(&buf, rounds, &r);
	if (st) {
		accel_dmabuf_free(&buf);
		return fail(st);
	}
	if (json)
		printf("{" JSON_SCHEMA ",\"size\":%" PRIu64
		       ",\"cached\":%s,\"contiguous\":%s,"
		       "\"words_not_zero\":%" PRIu64 ",\"words_wrong\":%" PRIu64
		       ",\"write_gb_per_s\":%.3f,\"read_gb_per_s\":%.3f}\n",
		       buf.size, how.uncached ? "false" : "true",
		       how.contiguous ? "true" : "false", r.not_zero, r.wrong,
		       rate(buf.size, r.write_ns), rate(buf.size, r.read_ns));
	else
		printf("%" PRIu64 " bytes%s%s: zeroed %s, pattern %s\n"
		       "  the CPU writes %.2f GB/s and reads %.2f GB/s\n",
		       buf.size, how.uncached ? ", uncached" : "",
		       how.contiguous ? ", contiguous" : "",
		       r.not_zero ? "NOT" : "yes",
		       r.wrong ? "WRONG" : "verified",
		       rate(buf.size, r.write_ns), rate(buf.size, r.read_ns));
	accel_dmabuf_free(&buf);
	return r.not_zero || r.wrong ? EXIT_FAILED : EXIT_DONE;
}
