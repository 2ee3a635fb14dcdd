// SPDX-License-Identifier: MIT
/* accelctl capture: the kernel samples into a ring, and this empties it. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <accel/accel.h>

#include "accelctl.h"
#include "samples.h"

#define RING_BLOCKS 32
#define BLOCK_NS 25000000 /* how often there is something new */
#define BLOCK_MAX 100000 /* samples */
#define DRAW_NS 100000000

struct capture {
	accel_lines *lines;
	accel_dmabuf buf;
	accel_stream *stream;
	uint32_t sample_size;
	uint64_t period_ns, wanted, taken, overruns, lost_blocks, max_late_ns;
	uint64_t last; /* sample */
	FILE *out, *say; /* samples, and what is said of them */
	bool vcd, failed;
	struct live *live;
	bool terminal, drawn;
	uint64_t drawn_ns;
};

static void take_samples(struct capture *c, const uint8_t *data, uint64_t n)
{
	uint32_t lines = accel_lines_count(c->lines);

	if (c->out && !c->vcd && fwrite(data, c->sample_size, n, c->out) != n)
		c->failed = true;
	for (uint64_t i = 0; i < n; i++) {
		uint64_t s =
			sample_load(data + i * c->sample_size, c->sample_size);

		if (c->out && c->vcd)
			vcd_sample(c->out, lines, (c->taken + i) * c->period_ns,
				   s, c->last, c->taken + i == 0);
		if (c->live)
			live_sample(c->live, s);
		c->last = s;
	}
	c->taken += n;
	if (c->out && ferror(c->out))
		c->failed = true;
}

static accel_status take_block(struct capture *c, const accel_block *b)
{
	uint64_t n = b->samples, left = c->wanted - c->taken;
	accel_status st = accel_dmabuf_begin(&c->buf, false);

	if (st)
		return st;
	c->lost_blocks += b->lost;
	c->overruns += b->overruns;
	if (b->max_late_ns > c->max_late_ns)
		c->max_late_ns = b->max_late_ns;
	take_samples(c, (const uint8_t *)c->buf.data + b->offset,
		     n < left ? n : left);
	return accel_dmabuf_end(&c->buf, false);
}

static void draw(struct capture *c)
{
	uint64_t now = accel_now_ns();

	if (!c->live || !c->terminal || now - c->drawn_ns < DRAW_NS)
		return;
	live_draw(c->live, c->say, c->drawn);
	c->drawn = true;
	c->drawn_ns = now;
}

static accel_status run(struct capture *c)
{
	accel_block blocks[RING_BLOCKS];
	bool ended = false;
	accel_status st;
	uint32_t n;

	while (!stopped && !ended && !c->failed && c->taken < c->wanted) {
		st = accel_stream_read(c->stream, blocks, RING_BLOCKS,
				       1000000000, &n);
		if (st && st != ACCEL_ERR_TIMEOUT)
			return st;
		ended = !st && !n;
		for (uint32_t i = 0; i < n && c->taken < c->wanted; i++) {
			st = take_block(c, &blocks[i]);
			if (st)
				return st;
			ended = ended || blocks[i].last;
		}
		draw(c);
	}
	return accel_stream_stop(c->stream);
}

static accel_status start(struct capture *c, uint64_t time_ns)
{
	uint64_t block = BLOCK_NS / c->period_ns;
	accel_status st;

	/* a short capture is one block of its own length */
	c->wanted = time_ns ? time_ns / c->period_ns : UINT64_MAX;
	if (!c->wanted)
		c->wanted = 1;
	if (block < 2)
		block = 2;
	if (block > BLOCK_MAX) /* no chip is as fast: the kernel will say so */
		block = BLOCK_MAX;
	if (block > c->wanted && c->wanted * c->period_ns >= 200000)
		block = c->wanted;
	st = accel_dmabuf_alloc(&c->buf, RING_BLOCKS * block * c->sample_size);
	if (st)
		return st;
	c->stream = accel_capture(c->lines, c->buf.fd,
				  .size = RING_BLOCKS * block * c->sample_size,
				  .period_ns = c->period_ns,
				  .block_samples = (uint32_t)block,
				  .ring = true);
	return c->stream ? ACCEL_OK : ACCEL_ERR_IO;
}

static void report(const struct capture *c, bool json)
{
	if (json) {
		fprintf(c->say,
			"{" JSON_SCHEMA ",\"samples\":%" PRIu64
			",\"period_ns\":%" PRIu64
			",\"sample_size\":%u,\"overruns\":%" PRIu64
			",\"lost_blocks\":%" PRIu64 ",\"max_late_ns\":%" PRIu64
			"}\n",
			c->taken, c->period_ns, c->sample_size, c->overruns,
			c->lost_blocks, c->max_late_ns);
		return;
	}
	fprintf(stderr,
		"%" PRIu64 " samples of %u byte(s), one every %.6g us; %" PRIu64
		" came too late (at most %.1f us), %" PRIu64 " blocks lost\n",
		c->taken, c->sample_size, (double)c->period_ns / 1e3,
		c->overruns, (double)c->max_late_ns / 1e3, c->lost_blocks);
}

static int finish(struct capture *c, accel_status st, const char *path,
		  bool json)
{
	int rc = EXIT_DONE;

	if (st)
		rc = fail(st);
	if (c->live && !st)
		live_draw(c->live, json ? stderr : c->say, c->drawn);
	if (c->out && c->vcd)
		vcd_end(c->out, c->taken * c->period_ns);
	if (c->out && c->out != stdout && fclose(c->out))
		c->failed = true;
	if (!rc && c->failed) {
		fprintf(stderr,
			"accelctl: %s: %s after %" PRIu64
			" samples; what was written is incomplete\n",
			path, strerror(errno), c->taken);
		rc = EXIT_FAILED;
	}
	if (c->stream)
		report(c, json);
	accel_stream_close(c->stream);
	accel_dmabuf_free(&c->buf);
	accel_lines_release(c->lines);
	live_free(c->live);
	return rc;
}

static bool ends_with(const char *s, const char *end)
{
	return strlen(s) >= strlen(end) &&
	       !strcmp(s + strlen(s) - strlen(end), end);
}

static const struct usage usage = {
	"capture LINE... [--out FILE] [--vcd] [--live] [--rate RATE|--period "
	"TIME]\n"
	"                [--for TIME] [--window TIME] [--pull up|down|none] "
	"[--active-low] [--json]",
	"Samples lines on the kernel's timer, 10000 times a second unless told "
	"otherwise,\nfor --for or until Ctrl-C. FILE gets one little-endian "
	"integer a sample, bit 0 the\nfirst line; with --vcd or as *.vcd a "
	"value change dump for PulseView and GTKWave;\n- is standard output. "
	"--live, which is the default without --out, draws the last\n--window "
	"(1s) in the terminal. Where samples go to standard output, all else "
	"goes to\nstandard error.\n",
	1, WORDS_MAX
};

int cmd_capture(int argc, char **argv)
{
	const char *path = NULL, *pull = NULL;
	uint64_t period = 0, time = 0, window = 1000000000, all;
	bool json = false, low = false, live = false;
	double rate = 10000;
	struct capture c = { .buf.fd = -1 };
	const struct option options[] = {
		{ "--out", OPTION_TEXT, &path, NULL },
		{ "--vcd", OPTION_FLAG, &c.vcd, NULL },
		{ "--live", OPTION_FLAG, &live, NULL },
		{ "--rate", OPTION_RATE, &rate, NULL },
		{ "--period", OPTION_TIME, &period, NULL },
		{ "--for", OPTION_TIME, &time, NULL },
		{ "--window", OPTION_TIME, &window, NULL },
		{ "--pull", OPTION_TEXT, &pull, NULL },
		{ "--active-low", OPTION_FLAG, &low, NULL },
		{ "--json", OPTION_FLAG, &json, NULL },
		OPTIONS_END
	};
	accel_lines_config k = { .consumer = "accelctl" };
	char names[4096];
	struct words words;
	accel_status st;
	int rc;

	rc = options_parse(argc, argv, &usage, options, &words);
	if (rc)
		return rc;
	all = UINT64_MAX >> (64 - words.n);
	if (!(rate > 0.01) || !parse_pull(pull, all, &k) ||
	    !join_words(&words, names, sizeof(names)))
		return options_wrong(&usage,
				     "a rate is above 0.01 Hz, and --pull "
				     "is up, down or none");
	k.names = names;
	k.active_low = low ? all : 0;
	c.period_ns = period ? period : (uint64_t)(1e9 / rate + 0.5);
	if (!c.period_ns)
		return options_wrong(&usage, "%g Hz is too fast", rate);
	c.vcd = c.vcd || (path && ends_with(path, ".vcd"));
	rc = accelctl_module();
	if (rc)
		return rc;
	c.lines = accel_lines_request_with(&k);
	if (!c.lines)
		return fail(ACCEL_OK);
	c.sample_size = accel_stream_sample_size(ACCEL_STREAM_BITS, words.n);
	if (path) {
		c.out = strcmp(path, "-") ? fopen(path, "wbe") : stdout;
		if (!c.out) {
			fprintf(stderr, "accelctl: %s: %s\n", path,
				strerror(errno));
			accel_lines_release(c.lines);
			return EXIT_FAILED;
		}
	}
	if (live || !path)
		c.live = live_new(c.lines, c.period_ns, window);
	c.say = c.out == stdout ? stderr : stdout;
	c.terminal = !json && isatty(fileno(c.say));
	if (c.vcd && c.out)
		vcd_begin(c.out, c.lines, c.period_ns);
	catch_signals();
	st = start(&c, time);
	if (!st)
		st = run(&c);
	return finish(&c, st, path ? path : "-", json);
}
