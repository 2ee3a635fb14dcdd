// SPDX-License-Identifier: MIT
/* accelctl play: the kernel drives lines from what a file says. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <accel/accel.h>

#include "accelctl.h"
#include "samples.h"

static const struct usage usage = {
	"play FILE LINE... [--rate RATE|--period TIME] [--count N] "
	"[--active-low] [--json]",
	"Drives lines on the kernel's timer with what capture wrote: a value "
	"change dump, or\none little-endian integer a sample (--rate or "
	"--period says how long it stands),\n--count times. Then the lines "
	"go to 0, which is their safe state, and are given\nback.\n",
	2, WORDS_MAX
};

/* One integer a sample. */
static const char *raw_read(FILE *f, uint32_t lines, struct samples *out)
{
	uint32_t size = accel_stream_sample_size(ACCEL_STREAM_BITS, lines);
	uint64_t cap = 0, *more;
	uint8_t bytes[8];
	size_t got;

	if (!out->period_ns)
		return "it does not say how long a sample stands: give "
		       "--period or --rate";
	while ((got = fread(bytes, 1, size, f)) == size) {
		if (out->n == SAMPLES_MAX)
			return "it has more samples than fit";
		if (out->n == cap) {
			cap = cap ? 2 * cap : 4096;
			more = realloc(out->sample, cap * sizeof(*more));
			if (!more)
				return "there is no memory for its samples";
			out->sample = more;
		}
		out->sample[out->n++] = sample_load(bytes, size);
	}
	if (got)
		return "its last sample is cut off: was it for as many lines?";
	return out->n ? NULL : "it has no samples";
}

static int read_file(const char *path, uint32_t lines, struct samples *out)
{
	FILE *f = strcmp(path, "-") ? fopen(path, "rbe") : stdin;
	const char *wrong;
	int c;

	if (!f) {
		fprintf(stderr, "accelctl: %s: %s\n", path, strerror(errno));
		return EXIT_FAILED;
	}
	c = getc(f);
	ungetc(c, f);
	wrong = c == '$' ? vcd_read(f, lines, out) : raw_read(f, lines, out);
	if (!wrong && ferror(f))
		wrong = strerror(errno);
	if (f != stdin)
		fclose(f);
	if (wrong)
		fprintf(stderr, "accelctl: %s: %s\n", path, wrong);
	return wrong ? EXIT_FAILED : EXIT_DONE;
}

/* A block of less than 100 us is refused: the last sample stands longer. */
static void pad(struct samples *s)
{
	uint64_t least = 100000 / s->period_ns + 1, *more;

	if (s->n >= least)
		return;
	more = realloc(s->sample, least * sizeof(*more));
	if (!more)
		return;
	s->sample = more;
	while (s->n < least) {
		s->sample[s->n] = s->sample[s->n - 1];
		s->n++;
	}
}

static accel_status play_once(accel_lines *lines, const accel_dmabuf *buf,
			      const struct samples *s, uint32_t size,
			      accel_block *block)
{
	accel_stream *stream;
	accel_status st;
	uint32_t n = 0;

	stream = accel_playback(lines, buf->fd, .size = s->n * size,
				.period_ns = s->period_ns);
	if (!stream)
		return ACCEL_ERR_IO;
	do {
		st = accel_stream_read(stream, block, 1, 1000000000, &n);
	} while (st == ACCEL_ERR_TIMEOUT && !stopped);
	accel_stream_close(stream);
	return stopped && st == ACCEL_ERR_TIMEOUT ? ACCEL_OK : st;
}

static accel_status play(accel_lines *lines, const struct samples *s,
			 uint64_t count, bool json)
{
	uint32_t size = accel_stream_sample_size(ACCEL_STREAM_BITS,
						 accel_lines_count(lines));
	accel_block block = { 0 };
	uint64_t overruns = 0, late = 0, rounds = 0;
	accel_dmabuf buf;
	accel_status st;

	st = accel_dmabuf_alloc(&buf, s->n * size);
	if (!st)
		st = accel_dmabuf_begin(&buf, true);
	for (uint64_t i = 0; !st && i < s->n; i++)
		sample_store((uint8_t *)buf.data + i * size, size,
			     s->sample[i]);
	if (!st)
		st = accel_dmabuf_end(&buf, true);
	for (; !st && !stopped && rounds < count; rounds++) {
		st = play_once(lines, &buf, s, size, &block);
		overruns += block.overruns;
		if (block.max_late_ns > late)
			late = block.max_late_ns;
	}
	accel_dmabuf_free(&buf);
	if (st)
		return st;
	if (json)
		printf("{" JSON_SCHEMA ",\"samples\":%" PRIu64
		       ",\"period_ns\":%" PRIu64 ",\"rounds\":%" PRIu64
		       ",\"overruns\":%" PRIu64 ",\"max_late_ns\":%" PRIu64
		       "}\n",
		       s->n, s->period_ns, rounds, overruns, late);
	else
		printf("%" PRIu64 " samples, one every %.6g us, %" PRIu64
		       " time(s); %" PRIu64
		       " came too late (at most %.1f us)\n",
		       s->n, (double)s->period_ns / 1e3, rounds, overruns,
		       (double)late / 1e3);
	return ACCEL_OK;
}

int cmd_play(int argc, char **argv)
{
	uint64_t period = 0, count = 1, all;
	bool json = false, low = false;
	double rate = 0;
	const struct option options[] = {
		{ "--rate", OPTION_RATE, &rate, NULL },
		{ "--period", OPTION_TIME, &period, NULL },
		{ "--count", OPTION_WHOLE, &count, NULL },
		{ "--active-low", OPTION_FLAG, &low, NULL },
		{ "--json", OPTION_FLAG, &json, NULL },
		OPTIONS_END
	};
	struct samples samples = { 0 };
	struct words words, names;
	accel_lines *lines;
	char text[4096];
	accel_status st;
	int rc;

	rc = options_parse(argc, argv, &usage, options, &words);
	if (rc)
		return rc;
	names.n = words.n - 1;
	memcpy(names.word, words.word + 1, names.n * sizeof(names.word[0]));
	if (!join_words(&names, text, sizeof(text)) || rate < 0)
		return options_wrong(&usage, "a rate below zero, or too long a "
					     "list of names");
	all = UINT64_MAX >> (64 - names.n);
	samples.period_ns = period     ? period
			    : rate > 0 ? (uint64_t)(1e9 / rate + 0.5)
				       : 0;
	rc = read_file(words.word[0], names.n, &samples);
	if (!rc)
		rc = accelctl_module();
	if (rc) {
		free(samples.sample);
		return rc;
	}
	pad(&samples);
	lines = accel_lines_request(text, .consumer = "accelctl",
				    .outputs = all, .safe = all,
				    .active_low = low ? all : 0);
	if (!lines) {
		free(samples.sample);
		return fail(ACCEL_OK);
	}
	catch_signals();
	st = play(lines, &samples, count, json);
	free(samples.sample);
	if (!st)
		st = accel_lines_set(lines, all, 0);
	if (!st)
		st = accel_lines_disarm(lines);
	accel_lines_release(lines);
	return st ? fail(st) : EXIT_DONE;
}
