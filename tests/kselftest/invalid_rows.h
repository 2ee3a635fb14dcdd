/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * For invalid_test.c: the valid calls, and what makes each of them wrong.
 */
#ifndef INVALID_ROWS_H
#define INVALID_ROWS_H

#include <stddef.h>

#include "piaccel_test.h"

#define U32_MAX 0xffffffffU

/* What a request or call may be made wrong in. */
union arg {
	struct piaccel_info info;
	struct piaccel_buf_alloc alloc;
	struct piaccel_line_request req;
	struct piaccel_line_info info_line;
	struct piaccel_line_config cfg;
	struct piaccel_line_values val;
	struct piaccel_keepalive ka;
	struct piaccel_rearm rearm;
	struct piaccel_line_status status;
	struct piaccel_stream_request stream;
	struct piaccel_stream_status sstatus;
	char bytes[8192];
};

/* The machine under test. */
static struct {
	int dev;
	struct board b;
	int line;	/* a fail-safe request, see valid_request() */
	int plain;	/* one without fail-safe */
	int buf;	/* 64 KiB */
	int stream;	/* a ring capture on plain */
	int page;
	bool twins;	/* two chips of one label */
	uint64_t used;	/* bytes of buffers at the start */
} t;

/*
 * Lines of the fail-safe request: 0 and 1 outputs, 2 an interlock, 3 an input
 * with edges, 4 a debounced one. Outputs stand at 0x2, safe is 0x1.
 */
#define FIRST 8
#define OUT 0x3
#define LOCK 0x4

static void valid_request(union arg *a)
{
	struct piaccel_line_request *r = &a->req;

	*r = inputs(&t.b, FIRST, 5);
	r->config.output_mask = OUT;
	r->config.values = 0x2;
	r->config.rising_mask = 0x18;
	r->config.falling_mask = 0x8;
	r->config.debounce_mask = 0x10;
	r->config.debounce_us = 1000;
	r->event_buffer = 32;
	r->safe_mask = OUT;
	r->safe_values = 0x1;
	r->interlock_mask = LOCK;
	r->keepalive_ns = PIACCEL_KEEPALIVE_MAX_NS;
}

/* Two simulated chips have this label. */
#define TWINS "piaccel-twins"

static void valid_line_info(union arg *a)
{
	a->info_line = (struct piaccel_line_info){ .offset = FIRST };
	snprintf(a->info_line.chip, sizeof(a->info_line.chip), "%s",
		 t.b.label);
}

static void valid_config(union arg *a)
{
	union arg r = { 0 };

	valid_request(&r);
	memset(a, 0, sizeof(*a));
	a->cfg = r.req.config;
}

static void valid_alloc(union arg *a)
{
	a->alloc = (struct piaccel_buf_alloc){ .size = 1 };
}

static void valid_get(union arg *a)
{
	a->val = (struct piaccel_line_values){ .mask = 0x1f };
}

static void valid_set(union arg *a)
{
	/* the values they have: success changes nothing either */
	a->val = (struct piaccel_line_values){ .mask = 0x3, .bits = 0x2 };
}

static void valid_keepalive(union arg *a)
{
	a->ka.deadline_ns = 0;
}

static void valid_rearm(union arg *a)
{
	a->rearm.trip_seq = 0;
}

static void valid_none(union arg *a)
{
	(void)a;
}

/* A ring of 4 blocks of 100 samples, 10 ms each, one byte a sample. */
static void valid_stream(union arg *a)
{
	a->stream = (struct piaccel_stream_request){
		.mask = 0x1, .offset = 64, .size = 400, .period_ns = 100000,
		.dmabuf_fd = t.buf, .format = PIACCEL_FORMAT_BITS,
		.block_samples = 100, .flags = PIACCEL_STREAM_RING,
	};
}

/* Floats of two lines: elements of 4 bytes. */
static void valid_floats(union arg *a)
{
	valid_stream(a);
	a->stream.mask = 0x3;
	a->stream.format = PIACCEL_FORMAT_F32;
	a->stream.size = 4 * 100 * 8;
}

/* ---- the rows ---------------------------------------------------------------- */

enum { DEV, LINE, PLAIN, STREAM };

struct call {
	const char *name;
	unsigned int cmd;
	int on;
	void (*valid)(union arg *a);
};

static const struct call buf_alloc_call = {
	"BUF_ALLOC", PIACCEL_BUF_ALLOC, DEV, valid_alloc };
static const struct call request_call = {
	"LINE_REQUEST", PIACCEL_LINE_REQUEST, DEV, valid_request };
static const struct call line_info_call = {
	"LINE_INFO", PIACCEL_LINE_INFO, DEV, valid_line_info };
static const struct call get_call = {
	"GET", PIACCEL_LINE_GET, LINE, valid_get };
static const struct call set_call = {
	"SET", PIACCEL_LINE_SET, LINE, valid_set };
static const struct call reconfig_call = {
	"RECONFIG", PIACCEL_LINE_RECONFIG, LINE, valid_config };
static const struct call keepalive_call = {
	"KEEPALIVE", PIACCEL_LINE_KEEPALIVE, LINE, valid_keepalive };
static const struct call rearm_call = {
	"REARM", PIACCEL_LINE_REARM, LINE, valid_rearm };
static const struct call plain_keepalive_call = {
	"KEEPALIVE", PIACCEL_LINE_KEEPALIVE, PLAIN, NULL };
static const struct call plain_rearm_call = {
	"REARM", PIACCEL_LINE_REARM, PLAIN, NULL };
static const struct call plain_trip_call = {
	"TRIP", PIACCEL_LINE_TRIP, PLAIN, NULL };
static const struct call plain_disarm_call = {
	"DISARM", PIACCEL_LINE_DISARM, PLAIN, NULL };
static const struct call capture_call = {
	"CAPTURE", PIACCEL_LINE_CAPTURE, LINE, valid_stream };
static const struct call playback_call = {
	"PLAYBACK", PIACCEL_LINE_PLAYBACK, LINE, valid_stream };
static const struct call floats_call = {
	"CAPTURE of floats", PIACCEL_LINE_CAPTURE, LINE, valid_floats };
static const struct call busy_capture_call = {
	"CAPTURE beside another", PIACCEL_LINE_CAPTURE, PLAIN, NULL };
static const struct call busy_reconfig_call = {
	"RECONFIG beside a stream", PIACCEL_LINE_RECONFIG, PLAIN, NULL };
static const struct call fence_call = {
	"STREAM_FENCE of a ring", PIACCEL_STREAM_FENCE, STREAM, NULL };

/* Steps that one assignment does not say. */
static void label_unterminated(union arg *a)
{
	memset(a->req.chip, 'x', sizeof(a->req.chip));
}

static void label_unknown(union arg *a)
{
	snprintf(a->req.chip, sizeof(a->req.chip), "no-such-chip");
}

static void label_of_two(union arg *a)
{
	strcpy(a->req.chip, TWINS);
}

static void info_label_unterminated(union arg *a)
{
	memset(a->info_line.chip, 'x', sizeof(a->info_line.chip));
}

static void info_label_unknown(union arg *a)
{
	strcpy(a->info_line.chip, "no-such-chip");
}

static void info_label_of_two(union arg *a)
{
	strcpy(a->info_line.chip, TWINS);
}

static void consumer_of_two_lines(union arg *a)
{
	strcpy(a->req.consumer, "a\nb");
}

static void consumer_not_ascii(union arg *a)
{
	strcpy(a->req.consumer, "caf\xc3\xa9");
}

static void consumer_unterminated(union arg *a)
{
	memset(a->req.consumer, 'x', sizeof(a->req.consumer));
}

static void all_64_and_beyond(union arg *a)
{
	for (int i = 0; i < 64; i++)
		a->req.offsets[i] = i;
	a->req.num_lines = 65;
}

static void no_fail_safe(union arg *a)
{
	a->req.safe_mask = 0;
	a->req.safe_values = 0;
	a->req.interlock_mask = 0;
	a->req.interlock_values = 0;
	a->req.keepalive_ns = 0;
}

static void hold_alone(union arg *a)
{
	no_fail_safe(a);
	a->req.flags = PIACCEL_LINE_HOLD;
}

static void hold_some(union arg *a)
{
	a->req.flags = PIACCEL_LINE_HOLD;
	a->req.safe_mask = 0x1;
}

static void awake_alone(union arg *a)
{
	no_fail_safe(a);
	a->req.flags = PIACCEL_LINE_NO_SUSPEND;
}

static void interlock_alone(union arg *a)
{
	no_fail_safe(a);
	a->req.interlock_mask = LOCK;
}

static void keepalive_alone(union arg *a)
{
	no_fail_safe(a);
	a->req.keepalive_ns = PIACCEL_KEEPALIVE_MAX_NS;
}

static void debounced_interlock(union arg *a)
{
	a->req.config.debounce_mask |= LOCK;
}

static void not_a_buffer(union arg *a)
{
	a->stream.dmabuf_fd = t.dev;
}

static void soon_past(union arg *a)
{
	a->stream.start_ns = now_ns() - 1000000;
}

static void far_start(union arg *a)
{
	a->stream.start_ns = now_ns() + PIACCEL_START_MAX_NS + 60000000000ULL;
}

static void deadline_far(union arg *a)
{
	a->ka.deadline_ns = now_ns() + PIACCEL_KEEPALIVE_MAX_NS + 60000000000ULL;
}

static void deadline_past(union arg *a)
{
	a->ka.deadline_ns = now_ns() - 1;
}

static void second_capture(union arg *a)
{
	valid_stream(a);
}

static void plain_config(union arg *a)
{
	memset(a, 0, sizeof(*a));
	a->cfg.output_mask = 0x1;
}

struct row {
	const struct call *call;
	const char *what;
	int err;
	size_t at;		/* assign value to the size bytes at, or */
	size_t size;
	uint64_t value;
	void (*change)(union arg *a);
};

#define FIELD(call_, what_, err_, member, value_) {			\
	.call = &(call_), .what = (what_), .err = (err_),		\
	.at = offsetof(union arg, member),				\
	.size = sizeof(((union arg *)0)->member), .value = (value_) }
#define STEP(call_, what_, err_, fn) {					\
	.call = &(call_), .what = (what_), .err = (err_), .change = (fn) }

/* Every bit of a mask beyond the five lines, and the first of them. */
#define BEYOND(call_, member) \
	FIELD(call_, #member " beyond the lines", EINVAL, member, 0x20), \
	FIELD(call_, #member " with bit 63", EINVAL, member, 1ULL << 63)

#define CONFIG_ROWS(call_, c)						\
	BEYOND(call_, c.output_mask),					\
	BEYOND(call_, c.values),					\
	BEYOND(call_, c.active_low_mask),				\
	BEYOND(call_, c.pull_up_mask),					\
	BEYOND(call_, c.pull_down_mask),				\
	BEYOND(call_, c.pull_none_mask),				\
	BEYOND(call_, c.open_drain_mask),				\
	BEYOND(call_, c.open_source_mask),				\
	BEYOND(call_, c.rising_mask),					\
	BEYOND(call_, c.falling_mask),					\
	BEYOND(call_, c.debounce_mask),					\
	FIELD(call_, "values of an input", EINVAL, c.values, 0x8),	\
	FIELD(call_, "open drain of an input", EINVAL,			\
	      c.open_drain_mask, 0x8),					\
	FIELD(call_, "open source of an input", EINVAL,			\
	      c.open_source_mask, 0x8),					\
	FIELD(call_, "rising edge of an output", EINVAL,		\
	      c.rising_mask, 0x1),					\
	FIELD(call_, "falling edge of an output", EINVAL,		\
	      c.falling_mask, 0x1),					\
	FIELD(call_, "debounce of an output", EINVAL,			\
	      c.debounce_mask, 0x1),					\
	FIELD(call_, "debounce without a time", EINVAL,			\
	      c.debounce_us, 0),					\
	FIELD(call_, "a debounce time without lines", EINVAL,		\
	      c.debounce_mask, 0),					\
	FIELD(call_, "debounce above its bound", ERANGE,		\
	      c.debounce_us, PIACCEL_DEBOUNCE_MAX_US + 1),		\
	FIELD(call_, "the longest debounce there is", ERANGE,		\
	      c.debounce_us, U32_MAX),					\
	FIELD(call_, "config.pad", EINVAL, c.pad, 1),			\
	FIELD(call_, "config.reserved[0]", EINVAL, c.reserved[0], 1),	\
	FIELD(call_, "config.reserved[1]", EINVAL, c.reserved[1], 1ULL << 32), \
	FIELD(call_, "config.reserved[2]", EINVAL, c.reserved[2], 1ULL << 63)

/* Two masks that exclude each other need a step of their own. */
#define TWO(name, m, a_, b_, bits)					\
	static void name(union arg *a) { a->m.a_ = a->m.b_ = (bits); }
TWO(req_up_down, req.config, pull_up_mask, pull_down_mask, 0x8)
TWO(req_up_none, req.config, pull_up_mask, pull_none_mask, 0x8)
TWO(req_down_none, req.config, pull_down_mask, pull_none_mask, 0x8)
TWO(req_drain_source, req.config, open_drain_mask, open_source_mask, 0x1)
TWO(cfg_up_down, cfg, pull_up_mask, pull_down_mask, 0x8)
TWO(cfg_up_none, cfg, pull_up_mask, pull_none_mask, 0x8)
TWO(cfg_down_none, cfg, pull_down_mask, pull_none_mask, 0x8)
TWO(cfg_drain_source, cfg, open_drain_mask, open_source_mask, 0x1)

static void cfg_safe_becomes_input(union arg *a)
{
	a->cfg.output_mask = 0x1;
	a->cfg.values = 0;
}

static void cfg_lock_becomes_output(union arg *a)
{
	a->cfg.output_mask |= LOCK;
}

static void cfg_lock_debounced(union arg *a)
{
	a->cfg.debounce_mask |= LOCK;
}

static void cfg_safe_active_low(union arg *a)
{
	a->cfg.active_low_mask = 0x1;
}

static void cfg_lock_active_low(union arg *a)
{
	a->cfg.active_low_mask = LOCK;
}

static void cfg_lock_pulled_up(union arg *a)
{
	a->cfg.pull_up_mask = LOCK;
}

static void cfg_lock_pulled_down(union arg *a)
{
	a->cfg.pull_down_mask = LOCK;
}

static void cfg_lock_without_pull(union arg *a)
{
	a->cfg.pull_none_mask = LOCK;
}

static void cfg_new_drain(union arg *a)
{
	a->cfg.open_drain_mask = 0x1;
}

static void cfg_new_source(union arg *a)
{
	a->cfg.open_source_mask = 0x2;
}

#define STREAM_ROWS(c)							\
	FIELD(c, "no line", EINVAL, stream.mask, 0),			\
	FIELD(c, "mask beyond the lines", EINVAL, stream.mask, 0x20),	\
	FIELD(c, "mask with bit 63", EINVAL, stream.mask, 1ULL << 63),	\
	FIELD(c, "offset at the buffer's end", EINVAL,			\
	      stream.offset, 65536),					\
	FIELD(c, "offset + size one beyond the end", EINVAL,		\
	      stream.offset, 65536 - 399),				\
	FIELD(c, "offset + size that overflow", EINVAL,			\
	      stream.offset, UINT64_MAX - 399),				\
	FIELD(c, "no size", EINVAL, stream.size, 0),			\
	FIELD(c, "size not of whole blocks", EINVAL, stream.size, 401),	\
	FIELD(c, "size less than a block", EINVAL, stream.size, 99),	\
	FIELD(c, "size beyond the buffer", EINVAL, stream.size, 65600),	\
	FIELD(c, "size with bit 63", EINVAL,				\
	      stream.size, (1ULL << 63) + 400 - (1ULL << 63) % 100),	\
	FIELD(c, "no period", ERANGE, stream.period_ns, 0),		\
	FIELD(c, "period of 1 ns", ERANGE, stream.period_ns, 1),	\
	FIELD(c, "period above its bound", ERANGE,			\
	      stream.period_ns, PIACCEL_PERIOD_MAX_NS + 1),		\
	FIELD(c, "the longest period there is", ERANGE,			\
	      stream.period_ns, UINT64_MAX),				\
	FIELD(c, "start at 1 ns", ETIME, stream.start_ns, 1),		\
	STEP(c, "start in the past", ETIME, soon_past),			\
	STEP(c, "start too far away", ERANGE, far_start),		\
	FIELD(c, "the last start there is", ERANGE,			\
	      stream.start_ns, UINT64_MAX),				\
	FIELD(c, "no buffer", EBADF, stream.dmabuf_fd, U32_MAX),	\
	FIELD(c, "a buffer that is not open", EBADF,			\
	      stream.dmabuf_fd, 1000),					\
	STEP(c, "a file that is no buffer", EINVAL, not_a_buffer), \
	FIELD(c, "an unknown format", EINVAL, stream.format, 3),	\
	FIELD(c, "the last format there is", EINVAL,			\
	      stream.format, U32_MAX),					\
	FIELD(c, "blocks of nothing", EINVAL, stream.block_samples, 0),	\
	FIELD(c, "blocks that size holds no multiple of", EINVAL,	\
	      stream.block_samples, 99),				\
	FIELD(c, "the longest block there is", EINVAL,			\
	      stream.block_samples, U32_MAX),				\
	FIELD(c, "an unknown flag", EINVAL, stream.flags, 0x3),		\
	FIELD(c, "the last flag", EINVAL, stream.flags, 0x80000001),	\
	FIELD(c, "reserved[0]", EINVAL, stream.reserved[0], 1),		\
	FIELD(c, "reserved[1]", EINVAL, stream.reserved[1], 1ULL << 63)

static void short_block(union arg *a)
{
	a->stream.block_samples = 1;
	a->stream.period_ns = PIACCEL_BLOCK_MIN_NS - 1000;
}

static const struct row rows[] = {
	/* struct piaccel_buf_alloc */
	FIELD(buf_alloc_call, "no size", EINVAL, alloc.size, 0),
	FIELD(buf_alloc_call, "size beyond the cap", EDQUOT,
	      alloc.size, 1ULL << 48),
	FIELD(buf_alloc_call, "size whose rounding overflows", EDQUOT,
	      alloc.size, UINT64_MAX),
	FIELD(buf_alloc_call, "an unknown flag", EINVAL, alloc.flags, 0x4),
	FIELD(buf_alloc_call, "the last flag", EINVAL, alloc.flags, 1U << 31),
	FIELD(buf_alloc_call, "every flag", EINVAL, alloc.flags, U32_MAX),
	FIELD(buf_alloc_call, "pad", EINVAL, alloc.pad, 1),

	/* struct piaccel_line_info: what is out is zero on input */
	FIELD(line_info_call, "no chip", EINVAL, info_line.chip[0], 0),
	STEP(line_info_call, "a label without an end", EINVAL,
	     info_label_unterminated),
	STEP(line_info_call, "a label of no chip", ENODEV, info_label_unknown),
	STEP(line_info_call, "a label of two chips", ENOTUNIQ,
	     info_label_of_two),
	FIELD(line_info_call, "an offset beyond the chip", EINVAL,
	      info_line.offset, 1000),
	FIELD(line_info_call, "the last offset there is", EINVAL,
	      info_line.offset, U32_MAX),
	FIELD(line_info_call, "flags", EINVAL, info_line.flags, 1),
	FIELD(line_info_call, "changes", EINVAL, info_line.changes, 1ULL << 63),
	FIELD(line_info_call, "a consumer", EINVAL, info_line.consumer[31], 1),
	FIELD(line_info_call, "pid", EINVAL, info_line.pid, 1),
	FIELD(line_info_call, "uid", EINVAL, info_line.uid, U32_MAX),
	FIELD(line_info_call, "index", EINVAL, info_line.index, 1),
	FIELD(line_info_call, "trip_cause", EINVAL, info_line.trip_cause, 1),
	FIELD(line_info_call, "trip_seq", EINVAL, info_line.trip_seq, 1),
	FIELD(line_info_call, "keepalive_ns", EINVAL,
	      info_line.keepalive_ns, 1),
	FIELD(line_info_call, "deadline_ns", EINVAL, info_line.deadline_ns, 1),
	FIELD(line_info_call, "reserved[0]", EINVAL, info_line.reserved[0], 1),
	FIELD(line_info_call, "reserved[3]", EINVAL,
	      info_line.reserved[3], 1ULL << 63),

	/* struct piaccel_line_request */
	FIELD(request_call, "no chip", EINVAL, req.chip[0], 0),
	STEP(request_call, "a label without an end", EINVAL, label_unterminated),
	STEP(request_call, "a label of no chip", ENODEV, label_unknown),
	STEP(request_call, "a label of two chips", ENOTUNIQ, label_of_two),
	STEP(request_call, "a consumer of two lines", EINVAL,
	     consumer_of_two_lines),
	STEP(request_call, "a consumer that is not ASCII", EINVAL,
	     consumer_not_ascii),
	STEP(request_call, "NO_SUSPEND without safe values", EINVAL,
	     awake_alone),
	STEP(request_call, "a consumer without an end", EINVAL,
	     consumer_unterminated),
	FIELD(request_call, "no lines", EINVAL, req.num_lines, 0),
	STEP(request_call, "65 lines", EINVAL, all_64_and_beyond),
	FIELD(request_call, "the most lines there are", EINVAL,
	      req.num_lines, U32_MAX),
	FIELD(request_call, "an unknown flag", EINVAL, req.flags, 0x8),
	FIELD(request_call, "the last flag", EINVAL, req.flags, 1U << 31),
	STEP(request_call, "HOLD without safe values", EINVAL, hold_alone),
	STEP(request_call, "HOLD with an output that has no safe value", EINVAL,
	     hold_some),
	FIELD(request_call, "ADOPT of lines nobody held", ENOENT,
	      req.flags, PIACCEL_LINE_ADOPT),
	FIELD(request_call, "an offset beyond the chip", EINVAL,
	      req.offsets[4], 1000),
	FIELD(request_call, "the last offset there is", EINVAL,
	      req.offsets[0], U32_MAX),
	FIELD(request_call, "an offset twice", EINVAL, req.offsets[1], FIRST),
	FIELD(request_call, "an offset twice, at the end", EINVAL,
	      req.offsets[4], FIRST + 3),
	FIELD(request_call, "an offset behind num_lines", EINVAL,
	      req.offsets[5], 1),
	FIELD(request_call, "the last offset behind num_lines", EINVAL,
	      req.offsets[63], 1),
	FIELD(request_call, "event_buffer above its bound", EINVAL,
	      req.event_buffer, PIACCEL_EVENTS_MAX + 1),
	FIELD(request_call, "the longest event_buffer there is", EINVAL,
	      req.event_buffer, U32_MAX),
	FIELD(request_call, "pad", EINVAL, req.pad, 1),
	CONFIG_ROWS(request_call, req.config),
	STEP(request_call, "pull-up and pull-down", EINVAL, req_up_down),
	STEP(request_call, "pull-up and no pull", EINVAL, req_up_none),
	STEP(request_call, "pull-down and no pull", EINVAL, req_down_none),
	STEP(request_call, "open drain and open source", EINVAL,
	     req_drain_source),
	BEYOND(request_call, req.safe_mask),
	FIELD(request_call, "safe_mask with an input", EINVAL,
	      req.safe_mask, 0xb),
	FIELD(request_call, "safe_values without their mask", EINVAL,
	      req.safe_mask, 0x2),
	FIELD(request_call, "safe_values outside the mask", EINVAL,
	      req.safe_values, 0x9),
	BEYOND(request_call, req.safe_values),
	BEYOND(request_call, req.interlock_mask),
	FIELD(request_call, "an interlock that is an output", EINVAL,
	      req.interlock_mask, 0x5),
	FIELD(request_call, "an interlock that is debounced", EINVAL,
	      req.interlock_mask, 0x14),
	STEP(request_call, "a debounced line that is an interlock", EINVAL,
	     debounced_interlock),
	STEP(request_call, "an interlock without safe values", EINVAL,
	     interlock_alone),
	FIELD(request_call, "interlock_values outside the mask", EINVAL,
	      req.interlock_values, 0x8),
	BEYOND(request_call, req.interlock_values),
	STEP(request_call, "a deadline without safe values", EINVAL,
	     keepalive_alone),
	FIELD(request_call, "keepalive_ns below its bound", ERANGE,
	      req.keepalive_ns, PIACCEL_KEEPALIVE_MIN_NS - 1),
	FIELD(request_call, "keepalive_ns of 1", ERANGE, req.keepalive_ns, 1),
	FIELD(request_call, "keepalive_ns above its bound", ERANGE,
	      req.keepalive_ns, PIACCEL_KEEPALIVE_MAX_NS + 1),
	FIELD(request_call, "the longest keepalive_ns there is", ERANGE,
	      req.keepalive_ns, UINT64_MAX),
	FIELD(request_call, "reserved[0]", EINVAL, req.reserved[0], 1),
	FIELD(request_call, "reserved[1]", EINVAL, req.reserved[1], 1ULL << 32),
	FIELD(request_call, "reserved[2]", EINVAL, req.reserved[2], 1ULL << 63),

	/* struct piaccel_line_values */
	FIELD(get_call, "no line", EINVAL, val.mask, 0),
	FIELD(get_call, "mask beyond the lines", EINVAL, val.mask, 0x21),
	FIELD(get_call, "mask with bit 63", EINVAL, val.mask, 1ULL << 63),
	FIELD(set_call, "no line", EINVAL, val.mask, 0),
	FIELD(set_call, "mask beyond the lines", EINVAL, val.mask, 0x23),
	FIELD(set_call, "mask with bit 63", EINVAL,
	      val.mask, (1ULL << 63) | 0x3),
	FIELD(set_call, "mask with an input", EPERM, val.mask, 0xb),
	FIELD(set_call, "bits outside the mask", EINVAL, val.bits, 0x6),
	FIELD(set_call, "bits beyond the lines", EINVAL, val.bits, 1ULL << 63),

	/* struct piaccel_line_config, on a live request */
	CONFIG_ROWS(reconfig_call, cfg),
	STEP(reconfig_call, "pull-up and pull-down", EINVAL, cfg_up_down),
	STEP(reconfig_call, "pull-up and no pull", EINVAL, cfg_up_none),
	STEP(reconfig_call, "pull-down and no pull", EINVAL, cfg_down_none),
	STEP(reconfig_call, "open drain and open source", EINVAL,
	     cfg_drain_source),
	STEP(reconfig_call, "a safe line made an input", EPERM,
	     cfg_safe_becomes_input),
	STEP(reconfig_call, "an interlock made an output", EPERM,
	     cfg_lock_becomes_output),
	STEP(reconfig_call, "an interlock made debounced", EPERM,
	     cfg_lock_debounced),
	STEP(reconfig_call, "a safe line's active-low changed", EPERM,
	     cfg_safe_active_low),
	STEP(reconfig_call, "an interlock's active-low changed", EPERM,
	     cfg_lock_active_low),
	STEP(reconfig_call, "an interlock pulled up", EPERM, cfg_lock_pulled_up),
	STEP(reconfig_call, "an interlock pulled down", EPERM,
	     cfg_lock_pulled_down),
	STEP(reconfig_call, "an interlock without a pull", EPERM,
	     cfg_lock_without_pull),
	STEP(reconfig_call, "an output made open-drain", EOPNOTSUPP,
	     cfg_new_drain),
	STEP(reconfig_call, "an output made open-source", EOPNOTSUPP,
	     cfg_new_source),

	/* struct piaccel_keepalive, struct piaccel_rearm */
	STEP(keepalive_call, "deadline in the past", ERANGE, deadline_past),
	FIELD(keepalive_call, "deadline at 1 ns", ERANGE, ka.deadline_ns, 1),
	STEP(keepalive_call, "deadline too far away", ERANGE, deadline_far),
	FIELD(keepalive_call, "the last deadline there is", ERANGE,
	      ka.deadline_ns, UINT64_MAX),
	FIELD(rearm_call, "a trip that has not been", ESTALE,
	      rearm.trip_seq, 1),
	FIELD(rearm_call, "the last trip there is", ESTALE,
	      rearm.trip_seq, UINT64_MAX),

	/* a request without fail-safe has none of these */
	FIELD(plain_keepalive_call, "without keepalive_ns", EINVAL,
	      ka.deadline_ns, 0),
	FIELD(plain_rearm_call, "without safe_mask", EINVAL,
	      rearm.trip_seq, 0),
	STEP(plain_trip_call, "without safe_mask", EINVAL, valid_none),
	STEP(plain_disarm_call, "without safe_mask", EINVAL, valid_none),

	/* struct piaccel_stream_request */
	STREAM_ROWS(capture_call),
	STREAM_ROWS(playback_call),
	FIELD(playback_call, "an input to play to", EPERM, stream.mask, 0x8),
	FIELD(playback_call, "an input among the outputs", EPERM,
	      stream.mask, 0xb),
	STEP(capture_call, "a block too short", ERANGE, short_block),
	STEP(playback_call, "a block too short", ERANGE, short_block),
	FIELD(floats_call, "offset between two floats", EINVAL,
	      stream.offset, 66),
	FIELD(floats_call, "size of bytes for floats", EINVAL,
	      stream.size, 400),
	STEP(busy_capture_call, "on the same request", EBUSY, second_capture),
	STEP(busy_reconfig_call, "on the same request", EBUSY, plain_config),
	STEP(fence_call, "which never ends", EINVAL, valid_none),
};

#endif /* INVALID_ROWS_H */
