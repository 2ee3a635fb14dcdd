// SPDX-License-Identifier: MIT
/*
 * From pins into a model without the CPU touching a sample: the kernel's timer
 * fills a ring of DMA-BUF memory, the ring is a tensor, and the counter of copied
 * bytes shows the model's few outputs and nothing else. Beside it the same by
 * copies, which must give the same numbers and show up in the counter.
 *
 * The ring needs the module, and the simulated board, whose lines move as
 * steps() says; tests/vm runs it there. Elsewhere only the counter is tested.
 */
#include "conform.h"

#include <accel/model.h>
#include <accel/stream.h>

#include "../vm/testboard/tb.h"

#define LINES 4
#define BLOCK 256 /* samples, a byte each */
#define BLOCKS 16
#define OUT 3
#define SECOND 1000000000ull

static uint64_t copied(void)
{
	accel_counters c;

	accel_counters_get(ctx, &c);
	return c.bytes_copied;
}

static uint64_t host_steps(void)
{
	accel_counters c;

	accel_counters_get(ctx, &c);
	return c.host_steps;
}

/* ---- the counter -------------------------------------------------------- */

static void counter(void)
{
	float data[100] = { 1, 2, 3 };
	accel_tensor *x, *y, *part;
	uint64_t before;

	accel_scope_begin(ctx);
	before = copied();
	x = accel_tensor_create(ctx, ACCEL_F32, ACCEL_SHAPE(100), data);
	CHECK(x && copied() - before == sizeof(data),
	      "%s: making a tensor copies its data, and that is counted",
	      label);
	before = copied();
	y = accel_keep(accel_mul_scalar(x, 2));
	CHECK(!accel_sync(ctx) && copied() == before,
	      "%s: computing copies nothing", label);
	part = accel_slice(y, 0, 1, 3, 1);
	CHECK(!accel_read(part, data, 8) && data[1] == 6 &&
		      copied() - before == 8,
	      "%s: reading counts what was read", label);
	before = copied();
	CHECK(!accel_write(x, data, sizeof(data)) &&
		      copied() - before == sizeof(data),
	      "%s: so does writing", label);
	accel_tensor_destroy(y);
	accel_scope_end(ctx);
}

/* ---- the ring ----------------------------------------------------------- */

struct ring {
	int board;
	accel_lines *lines;
	accel_dmabuf buf;
	accel_stream *stream;
	accel_model *model;
	accel_tensor *all; /* u8 [BLOCKS, BLOCK], over the buffer */
};

/* Lines 5 and 6 turn over every 4 and 8 ms or so; 12 stays high, 13 low. */
static bool steps(int board)
{
	struct tb_step s[] = {
		tb_step(4000000, 5, 1), tb_step(4000000, 5, 0),
		tb_step(0, 6, 1),       tb_step(4000000, 5, 1),
		tb_step(4000000, 5, 0), tb_step(0, 6, 0),
	};
	struct tb_play p = {
		.steps = (uintptr_t)s,
		.nsteps = sizeof(s) / sizeof(s[0]),
	};

	return !tb_reset(board) &&
	       !tb_drive_mask(board, TB_BIT(12) | TB_BIT(13), TB_BIT(12)) &&
	       !tb_play_args(board, &p);
}

static bool ring_open(struct ring *r)
{
	r->buf.fd = -1;
	r->board = tb_open();
	if (r->board < 0 || !steps(r->board))
		return false;
	r->lines = accel_lines_request("GPIO5, GPIO6, GPIO12, GPIO13");
	if (!r->lines || accel_dmabuf_alloc(&r->buf, BLOCK * BLOCKS))
		return false;
	r->all = accel_keep(accel_tensor_import(ctx, r->buf.fd, 0, ACCEL_U8,
						ACCEL_SHAPE(BLOCKS, BLOCK)));
	r->model = accel_sequential(ctx, accel_flatten(),
				    accel_dense(8, .activation = ACCEL_RELU),
				    accel_dense(OUT));
	if (!r->all || accel_model_build(r->model, ACCEL_SHAPE(BLOCK, LINES)))
		return false;
	r->stream = accel_capture(r->lines, r->buf.fd, .size = BLOCK * BLOCKS,
				  .period_ns = 200000, .block_samples = BLOCK,
				  .ring = true);
	return !!r->stream;
}

static void ring_close(struct ring *r)
{
	accel_stream_close(r->stream);
	accel_model_destroy(r->model);
	accel_tensor_destroy(r->all);
	accel_dmabuf_free(&r->buf);
	accel_lines_release(r->lines);
	if (r->board >= 0) {
		tb_reset(r->board);
		close(r->board);
	}
}

/* What is computed of a block: the model's outputs, and for each line the part
 * of the time that it was high. */
struct answer {
	float out[OUT], high[LINES];
};

/* @x: u8 [1, BLOCK] */
static bool think(struct ring *r, accel_tensor *x, struct answer *a)
{
	accel_tensor *bits = accel_unpack_bits(x, LINES); // [1, BLOCK, LINES]
	accel_tensor *out = accel_model_call(r->model, bits, false); // [1, OUT]
	accel_tensor *high = accel_mean(bits, ACCEL_AXES(0, 1), false);

	return !accel_read(out, a->out, sizeof(a->out)) &&
	       !accel_read(high, a->high, sizeof(a->high));
}

static bool by_reference(struct ring *r, int64_t k, struct answer *a)
{
	bool ok;

	accel_scope_begin(ctx);
	ok = think(r, accel_slice(r->all, 0, k, k + 1, 1), a);
	accel_scope_end(ctx);
	return ok;
}

static bool by_copy(struct ring *r, int64_t k, struct answer *a)
{
	uint8_t *data = (uint8_t *)r->buf.data + k * BLOCK;
	accel_tensor *x;
	bool ok;

	accel_scope_begin(ctx);
	accel_dmabuf_begin(&r->buf, false);
	x = accel_tensor_create(ctx, ACCEL_U8, ACCEL_SHAPE(1, BLOCK), data);
	accel_dmabuf_end(&r->buf, false);
	ok = think(r, x, a);
	accel_scope_end(ctx);
	return ok;
}

/* Lines 12 and 13 stand still. How long 5 and 6 are high a slow machine decides,
 * whose timers come late. */
static bool as_played(const struct answer *a)
{
	return a->high[0] >= 0 && a->high[0] <= 1 && a->high[1] >= 0 &&
	       a->high[1] <= 1 && a->high[2] == 1 && a->high[3] == 0;
}

/* Reads blocks until `want` of them were still there when they had been thought
 * about; the number of those. */
static int live(struct ring *r, int want, uint64_t *last)
{
	struct answer a;
	accel_block b;
	accel_stream_state s;
	int good = 0;
	uint32_t n;

	while (good < want &&
	       !accel_stream_read(r->stream, &b, 1, 20 * SECOND, &n) && n) {
		if (!by_reference(r, (int64_t)b.offset / BLOCK, &a) ||
		    accel_stream_state_get(r->stream, &s))
			break;
		*last = b.seq;
		/* the timer may be writing its successor's successor there */
		if (s.samples / BLOCK - b.seq >= BLOCKS)
			continue;
		if (!as_played(&a))
			break;
		good++;
	}
	return good;
}

static void ring(void)
{
	struct ring r = { .board = -1, .buf.fd = -1 };
	struct answer zero[BLOCKS], copy;
	uint64_t before, last = 0, host;
	int k, same = 0, played = 0, moved = 0;
	accel_stream_state s;

	if (!ring_open(&r)) {
		printf("ok %d - %s: a capture ring is read in place # SKIP "
		       "%s\n",
		       ++tap_run, label,
		       r.board < 0 ? "no simulated board" : accel_last_error());
		ring_close(&r);
		return;
	}
	host = host_steps();
	before = copied();
	CHECK(live(&r, BLOCKS + 4, &last) == BLOCKS + 4 && last >= BLOCKS,
	      "%s: blocks of a running ring are answered as they come", label);
	printf("# %llu bytes copied for %llu blocks of %d\n",
	       (unsigned long long)(copied() - before),
	       (unsigned long long)last + 1, BLOCK);
	CHECK(copied() - before <= (last + 1) * sizeof(struct answer),
	      "%s: none of their samples is copied", label);
	/* now nothing changes any more */
	CHECK(!accel_stream_stop(r.stream) &&
		      !accel_stream_state_get(r.stream, &s) &&
		      s.samples > BLOCK * BLOCKS,
	      "%s: the ring went round", label);
	before = copied();
	for (k = 0; k < BLOCKS; k++)
		if (!by_reference(&r, k, &zero[k]))
			break;
	CHECK(k == BLOCKS && copied() - before == BLOCKS * sizeof(zero[0]),
	      "%s: in place: only the answers are copied, %zu bytes a block",
	      label, sizeof(zero[0]));
	before = copied();
	for (k = 0; k < BLOCKS && by_copy(&r, k, &copy); k++) {
		same += !memcmp(&copy, &zero[k], sizeof(copy));
		played += as_played(&copy);
		moved += copy.high[0] > 0 && copy.high[0] < 1;
	}
	CHECK(k == BLOCKS &&
		      copied() - before == BLOCKS * (BLOCK + sizeof(zero[0])),
	      "%s: by copies: the samples, too, %zu bytes a block", label,
	      BLOCK + sizeof(zero[0]));
	CHECK(same == BLOCKS, "%s: both give the same bits for every block",
	      label);
	CHECK(played == BLOCKS && moved, "%s: and what the lines did", label);
	CHECK(host_steps() == host, "%s: the device did all of it", label);
	ring_close(&r);
}

static void suite(void)
{
	counter();
	ring();
}

int main(int argc, char **argv)
{
	return conform_main(argc, argv, suite);
}
