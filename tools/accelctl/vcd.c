// SPDX-License-Identifier: MIT
/* Value change dumps: what PulseView and GTKWave open. */
#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <accel/accel.h>

#include "samples.h"

uint64_t sample_load(const void *data, uint32_t sample_size)
{
	const uint8_t *b = data;
	uint64_t v = 0;

	for (uint32_t i = 0; i < sample_size; i++)
		v |= (uint64_t)b[i] << 8 * i;
	return v;
}

void sample_store(void *data, uint32_t sample_size, uint64_t sample)
{
	uint8_t *b = data;

	for (uint32_t i = 0; i < sample_size; i++)
		b[i] = (uint8_t)(sample >> 8 * i);
}

/* 64 lines have one printable character each. */
static char id_of(uint32_t line)
{
	return (char)('!' + line);
}

void vcd_begin(FILE *f, const accel_lines *lines, uint64_t period_ns)
{
	fprintf(f,
		"$version accelctl $end\n"
		"$comment period %" PRIu64 " ns $end\n"
		"$timescale 1 ns $end\n$scope module pins $end\n",
		period_ns);
	for (uint32_t i = 0; i < accel_lines_count(lines); i++) {
		fprintf(f, "$var wire 1 %c ", id_of(i));
		/* a name is one word there */
		for (const char *c = accel_lines_pin(lines, i)->name; *c; c++)
			putc(isgraph((unsigned char)*c) ? *c : '_', f);
		fputs(" $end\n", f);
	}
	fputs("$upscope $end\n$enddefinitions $end\n", f);
}

void vcd_sample(FILE *f, uint32_t lines, uint64_t time_ns, uint64_t sample,
		uint64_t last, bool first)
{
	if (!first && sample == last)
		return;
	fprintf(f, "#%" PRIu64 "\n", time_ns);
	for (uint32_t i = 0; i < lines; i++)
		if (first || (sample ^ last) >> i & 1)
			fprintf(f, "%d%c\n", (int)(sample >> i & 1), id_of(i));
}

void vcd_end(FILE *f, uint64_t time_ns)
{
	fprintf(f, "#%" PRIu64 "\n", time_ns);
}

/* ---- reading -------------------------------------------------------------- */

#define VARS_MAX 64

struct reader {
	FILE *f;
	char word[64];
	char ids[VARS_MAX][8];
	uint32_t vars, lines;
	uint64_t unit_ns_num, unit_ns_den; /* of one tick */
	uint64_t value;
	uint64_t cap;
	struct samples *out;
};

static bool next_word(struct reader *r)
{
	return fscanf(r->f, "%63s", r->word) == 1;
}

static void skip_to_end(struct reader *r)
{
	while (strcmp(r->word, "$end") && next_word(r))
		;
}

/* "1 ns", "10us"; a tick below a nanosecond is rounded. */
static const char *read_timescale(struct reader *r)
{
	static const struct {
		const char *unit;
		uint64_t num, den;
	} units[] = { { "s", 1000000000, 1 }, { "ms", 1000000, 1 },
		      { "us", 1000, 1 },      { "ns", 1, 1 },
		      { "ps", 1, 1000 },      { "fs", 1, 1000000 } };
	char text[64] = "", *unit;
	uint64_t n;

	while (next_word(r) && strcmp(r->word, "$end"))
		if (strlen(text) + strlen(r->word) < sizeof(text))
			strcat(text, r->word);
	n = strtoull(text, &unit, 10);
	for (size_t i = 0; n && i < sizeof(units) / sizeof(units[0]); i++) {
		if (strcmp(unit, units[i].unit))
			continue;
		r->unit_ns_num = n * units[i].num;
		r->unit_ns_den = units[i].den;
		return NULL;
	}
	return "its timescale is none";
}

/* "$var wire 1 ! GPIO17 $end" */
static const char *read_var(struct reader *r)
{
	char type[16], id[8];
	int width;

	if (fscanf(r->f, "%15s %d %7s", type, &width, id) != 3)
		return "a $var is cut off";
	if (r->vars < VARS_MAX && width == 1)
		memcpy(r->ids[r->vars++], id, sizeof(id));
	skip_to_end(r);
	return NULL;
}

static const char *read_header(struct reader *r)
{
	const char *wrong = NULL;
	uint64_t period;

	while (!wrong && next_word(r)) {
		if (!strcmp(r->word, "$timescale")) {
			wrong = read_timescale(r);
		} else if (!strcmp(r->word, "$var")) {
			wrong = read_var(r);
		} else if (!strcmp(r->word, "$comment")) {
			if (fscanf(r->f, " period %" SCNu64, &period) == 1 &&
			    !r->out->period_ns)
				r->out->period_ns = period;
			skip_to_end(r);
		} else if (!strcmp(r->word, "$enddefinitions")) {
			skip_to_end(r);
			return NULL;
		} else if (r->word[0] == '$') {
			skip_to_end(r);
		}
	}
	return wrong ? wrong : "it has no $enddefinitions";
}

/* The value stands until `time_ns`. */
static const char *fill(struct reader *r, uint64_t time_ns)
{
	struct samples *out = r->out;
	uint64_t want = time_ns / out->period_ns;
	uint64_t *more;

	if (want > SAMPLES_MAX)
		return "it has more samples than fit; give a longer --period";
	if (want > r->cap) {
		r->cap = want * 2;
		more = realloc(out->sample, r->cap * sizeof(*more));
		if (!more)
			return "there is no memory for its samples";
		out->sample = more;
	}
	while (out->n < want)
		out->sample[out->n++] = r->value;
	return NULL;
}

static void change(struct reader *r)
{
	for (uint32_t i = 0; i < r->lines; i++) {
		if (strcmp(r->ids[i], r->word + 1))
			continue;
		if (r->word[0] == '1')
			r->value |= (uint64_t)1 << i;
		else
			r->value &= ~((uint64_t)1 << i);
	}
}

const char *vcd_read(FILE *f, uint32_t lines, struct samples *out)
{
	struct reader r = { .f = f,
			    .lines = lines,
			    .out = out,
			    .unit_ns_num = 1,
			    .unit_ns_den = 1 };
	const char *wrong = read_header(&r);
	uint64_t time = 0, start = 0, last = 0;
	bool any = false, changed = true;

	if (wrong)
		return wrong;
	if (r.vars < lines)
		return "it has fewer variables than there are lines";
	if (!out->period_ns)
		return "it does not say its period: give --period";
	while (!wrong && next_word(&r)) {
		if (r.word[0] == '#') {
			time = strtoull(r.word + 1, NULL, 10) * r.unit_ns_num /
			       r.unit_ns_den;
			if (!any)
				start = time;
			any = true;
			if (time < last)
				return "its times go backwards";
			last = time;
			wrong = fill(&r, time - start);
			changed = !out->n;
		} else if (r.word[0] == '0' || r.word[0] == '1' ||
			   strchr("xXzZ", r.word[0])) {
			change(&r);
			changed = true;
		}
	}
	/* a last value that has no end of its own stands for one period */
	if (!wrong && changed)
		wrong = fill(&r, (out->n + 1) * out->period_ns);
	return wrong;
}
